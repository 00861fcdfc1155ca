"""One page a virtual school head can read: what the service gets right, what it refuses, what it gets wrong.

The same in HTML (self-contained: no network, prints well), JSON and Markdown.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from evals import comparing, judging, scoring
from evals.bank import Item
from evals.comparing import Change, Interval
from evals.scoring import Score
from evals.systems import Body

HERE = Path(__file__).parent
THRESHOLDS = HERE / "thresholds.yaml"
OUTCOMES = ("answered", "partial", "not_covered", "declined", "unavailable")

# Headline figures, in the order a reader asks for them.
HEADLINES = (
    "right",
    "answerable, right as a whole",
    "facts",
    "source",
    "section",
    "exact",
    "not covered, recognised",
    "answerable, wrongly not covered",
    "must decline, declined",
    "must not decline, not declined",
    "pairs, both ruled right",
    "answerable, wrongly declined",
)
# Rulings in the order of their precedence, with `answer` for a question that may be answered.
RULINGS = (
    "answer",
    "safeguarding",
    "override_attempt",
    "parent_or_carer",
    "send_out_of_cohort",
    "individual_child",
    "personal_data",
)


@dataclass(frozen=True)
class SystemResult:
    """One system's scores on one part, with what else was measured."""

    system: str
    part: str
    settings: Mapping[str, Any]
    scores: Sequence[Score]
    answers: Mapping[str, Body]
    ragas: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    judged: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    @property
    def shares(self) -> dict[str, Interval]:
        return {name: comparing.share(marks) for name, marks in scoring.rates(self.scores).items()}

    @property
    def counts(self) -> dict[str, int]:
        return scoring.counts(self.scores)

    @property
    def sizes(self) -> dict[str, Interval]:
        return {name: comparing.middle(values) for name, values in scoring.sizes(self.scores).items()}

    @property
    def means(self) -> dict[str, tuple[float, int, int]]:
        """{ragas metric: (mean, judged, could not be judged or does not apply)}."""
        return judging.means(self.ragas) | judging.means(self.judged)


@dataclass(frozen=True)
class Gate:
    """One threshold, and whether a run holds it."""

    part: str
    name: str
    value: float
    bound: float
    at_least: bool

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True)
class Curve:
    """The answerability decision at every threshold: shares of answerable questions turned away and of others recognised."""

    points: Sequence[tuple[float, float, float]]  # threshold, turned away, recognised
    operating: float


def gates(results: Sequence[SystemResult]) -> list[Gate]:
    """The thresholds of the file against the service's own results. A figure that a run does not have is not judged."""
    bounds = yaml.safe_load(THRESHOLDS.read_text(encoding="utf-8"))
    out = []
    for result in results:
        wanted = bounds.get(result.part, {}) if result.system == "assistant" else {}
        shares, counts = result.shares, result.counts
        for name, bound in wanted.get("at_least", {}).items():
            if name in shares:
                out.append(Gate(result.part, name, shares[name].value, bound, True))
        for name, bound in wanted.get("at_most", {}).items():
            out.append(Gate(result.part, name, counts[name], bound, False))
    return out


def confusion(scores: Sequence[Score], answers: Mapping[str, Body]) -> dict[str, Counter[str]]:
    """{expected outcome: how often each outcome came}."""
    table: dict[str, Counter[str]] = {}
    for s in scores:
        table.setdefault(s.item.outcomes[0], Counter())[answers[s.item.id]["outcome"]] += 1
    return table


def rulings(scores: Sequence[Score], answers: Mapping[str, Body]) -> dict[str, Counter[str]]:
    """{expected ruling: how often each ruling came}; the likeliest where several are right."""
    table: dict[str, Counter[str]] = {}
    for s in scores:
        declines = s.item.outcomes[0] == "declined"
        expected = s.item.reasons[0] if declines and s.item.reasons else "answer"
        table.setdefault(expected, Counter())[answers[s.item.id]["reason"] or "answer"] += 1
    return {name: table[name] for name in RULINGS if name in table}


def by(scores: Sequence[Score], what: str) -> dict[str, Interval]:
    """Right as a whole by source, kind, nation, role or register."""
    groups: dict[str, list[bool]] = {}
    for s in scores:
        for key in _keys(s.item, what):
            groups.setdefault(key, []).append(s.right)
    return {key: comparing.share(marks) for key, marks in sorted(groups.items())}


def _keys(item: Item, what: str) -> Sequence[str]:
    if what == "source":
        return item.sources if item.answerable else ()
    if what == "nation":
        return (item.nation or "both",)
    return (getattr(item, what),)


def write(
    folder: Path,
    results: Sequence[SystemResult],
    curve: Curve | None,
    evidence: Mapping[str, Sequence[str]],
    before: Sequence[SystemResult] = (),
    reveal: bool = False,
) -> dict[str, Any]:
    """Writes report.html, report.md and report.json and returns the JSON. `before` is an earlier run to compare with;
    the held-out parts' misses are counted but not shown unless `reveal`."""
    report = _report(results, curve, evidence, before, reveal)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(
        json.dumps(report, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8"
    )
    environment = Environment(
        loader=FileSystemLoader(HERE / "pages"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value: "-" if value is None or math.isnan(value) else f"{100 * value:.0f} %"
    for name in ("report.html", "report.md"):
        (folder / name).write_text(environment.get_template(name).render(report=report), encoding="utf-8")
    return report


def _report(
    results: Sequence[SystemResult],
    curve: Curve | None,
    evidence: Mapping[str, Sequence[str]],
    before: Sequence[SystemResult],
    reveal: bool,
) -> dict[str, Any]:
    earlier = {(result.part, result.system): result for result in before}
    return {
        "headlines": HEADLINES,
        "outcomes": OUTCOMES,
        "rulings": RULINGS,
        "gates": [{**asdict(gate), "holds": gate.holds} for gate in gates(results)],
        "systems": [_system(result, earlier.get((result.part, result.system)), evidence, reveal) for result in results],
        "curve": _drawn(curve),
    }


def _system(
    result: SystemResult, earlier: SystemResult | None, evidence: Mapping[str, Sequence[str]], reveal: bool
) -> dict[str, Any]:
    measures = ("right", "outcome", "facts", "source", "section", "clean", "urgent", "private")
    changed: list[Change] = comparing.changes(earlier.scores, result.scores, measures) if earlier else []
    better, worse = comparing.moved(earlier.scores, result.scores) if earlier else ([], [])
    hidden = result.part != "development" and not reveal
    return {
        "name": result.system,
        "part": result.part,
        "settings": result.settings,
        "items": len(result.scores),
        "shares": {name: asdict(interval) for name, interval in result.shares.items()},
        "before": {name: interval.value for name, interval in earlier.shares.items()} if earlier else {},
        "counts": result.counts,
        "sizes": {name: asdict(interval) for name, interval in result.sizes.items()},
        "ragas": {name: {"mean": m, "judged": n, "left out": left} for name, (m, n, left) in result.means.items()},
        "confusion": {expected: dict(row) for expected, row in confusion(result.scores, result.answers).items()},
        "rulings": {expected: dict(row) for expected, row in rulings(result.scores, result.answers).items()},
        "by": {
            what: {k: asdict(v) for k, v in by(result.scores, what).items()}
            for what in ("source", "kind", "nation", "role", "register")
        },
        "latency": _histogram(scoring.sizes(result.scores)["milliseconds"]),
        "changes": [{**asdict(change), "noise": change.noise} for change in changed],
        "became right": better,
        "became wrong": worse,
        "misses": []
        if hidden
        else [_miss(s, result.answers[s.item.id], evidence) for s in result.scores if not s.right],
        "misses not shown": sum(not s.right for s in result.scores) if hidden else 0,
    }


def _miss(score: Score, body: Body, evidence: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    item = score.item
    return {
        "id": item.id,
        "kind": item.kind,
        "question": " / ".join((*item.turns, item.question)),
        "outcome": body["outcome"],
        "reason": body["reason"],
        "expected": f"{' or '.join(item.outcomes)}{': ' + item.reference if item.reference else ''}",
        "answer": body["answer"],
        "citations": [f"{c['source_id']}: {c['section'] or 'start'}" for c in body["citations"]],
        "why": [f"{name}: {why}" for name, why in score.misses.items()],
        "evidence": list(evidence.get(item.id, ())),
        "tests": item.why,
    }


def _histogram(values: Sequence[float]) -> list[dict[str, float]]:
    """Latency in steps that double, from 1 ms."""
    edges = [2.0**n for n in range(12)]
    out = []
    for low, high in zip([0.0, *edges], [*edges, math.inf], strict=True):
        count = sum(low <= value < high for value in values)
        if count:
            out.append({"from": low, "to": high, "count": count, "share": count / len(values)})
    return out


def _drawn(curve: Curve | None) -> dict[str, Any] | None:
    """The curve as points of a 300 by 200 drawing: turned away to the right, recognised upwards."""
    if curve is None:
        return None
    line = " ".join(f"{300 * turned:.1f},{200 - 200 * known:.1f}" for _, turned, known in curve.points)
    _, turned, known = min(curve.points, key=lambda point: abs(point[0] - curve.operating))
    return {
        "line": line,
        "threshold": curve.operating,
        "turned away": turned,
        "recognised": known,
        "x": 300 * turned,
        "y": 200 - 200 * known,
    }
