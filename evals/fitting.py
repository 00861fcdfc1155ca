"""Fits every weight of the service, on committed data alone, never on the bank's held-out part.

`python -m evals fit` writes assistant/weights.json (which units answer, and whether the evidence is enough) from the bank's
development part. Both models are logistic regressions. Figures printed are cross-validated: each item is predicted by a
model that did not see it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from assistant import ranking
from assistant.answering import PASSAGES, Assistant, Library, nations_to_search
from assistant.deciding import ASKED_EVIDENCE_FEATURES, EVIDENCE_FEATURES, evidence_features
from assistant.domain import Message, Question
from assistant.ranking import ASKED_UNIT_FEATURES, UNIT_FEATURES, WEIGHTS_FILE, Weights
from assistant.retrieval import Retrieved, retrieve
from assistant.wording import expand
from corpus.domain import Passage, Unit
from corpus.index import AskedLike
from evals.bank import Item, items_for_fitting
from evals.retrieval import auroc

_FOLDS = 5
# Share of answerable questions that may be turned away: the operating point is the threshold that turns away no more.
TURNED_AWAY = 0.06
# How little the evidence's weights are held back: of 0.3 to 100, unanswered questions are seen best from 10 on (fourteen features
# of unlike spread, 552 questions, each predicted by a model that did not see it).
WEAK = 30.0
# Share of answerable questions whose nearest passage may lie farther than the floor.
BELOW_FLOOR = 0.005
_SEED = 7


@dataclass(frozen=True)
class Found:
    """What `Assistant.answer` has of a question when it ranks."""

    item: Item
    text: str
    retrieved: Retrieved
    asked: AskedLike | None


def fit(assistant: Assistant, library: Library) -> dict[str, float]:
    """Fits the models, with and without the questions that staff ask, writes the weights and returns the cross-validated
    figures."""
    items = [item for item in items_for_fitting() if item.answerable or item.kind in ("not_covered", "off_topic")]
    models: dict[str, object] = {}
    figures: dict[str, float] = {}
    for suffix, shelf in (("", library), (" alone", replace(library, matcher=None))):
        found = [find(assistant, shelf, item) for item in tqdm(items, desc="Asking")]
        unit_names = ASKED_UNIT_FEATURES if not suffix else UNIT_FEATURES
        evidence_names = ASKED_EVIDENCE_FEATURES if not suffix else EVIDENCE_FEATURES
        models["unit" + suffix], unit_figures = _fit_units(library, found, unit_names)
        _write(models)  # the evidence is what the new model ranks, so it goes first
        models["evidence" + suffix], evidence_figures = _fit_evidence(library, found, evidence_names)
        figures |= {f"{name}{suffix and ', without asked questions'}": v for name, v in unit_figures.items()}
        figures |= {f"{name}{suffix and ', without asked questions'}": v for name, v in evidence_figures.items()}
    _write(models)
    return figures


def _write(models: Mapping[str, object]) -> None:
    WEIGHTS_FILE.write_text(json.dumps(models, indent=1) + "\n", encoding="utf-8")
    ranking.load_weights.cache_clear()


def find(assistant: Assistant, library: Library, item: Item) -> Found:
    """The question as it is ranked, and what was found, as `Assistant.answer` would."""
    history = tuple(Message("user", turn) for turn in item.turns)
    text = assistant.searched(Question(item.question, history, item.nation))
    vector = library.encoder.encode([text])[0]
    asked = library.asked(text, vector)
    retrieved = retrieve(library.index, vector, expand(text), nations_to_search(text, item.nation), PASSAGES, asked)
    return Found(item, text, retrieved, asked)


def answers(item: Item, passage: Passage, unit: Unit) -> bool:
    """Whether a unit holds at least half of the facts asked for, from a source that may be cited."""
    if passage.source_id not in item.sources:
        return False
    lead = passage.text[slice(*unit.lead)] + " " if unit.lead else ""
    words = (lead + passage.text[unit.start : unit.end]).lower()
    held = sum(1 for fact in item.facts if fact.search(words))
    return held > 0 and held >= len(item.facts) / 2


def _fit_units(
    library: Library, found: Sequence[Found], names: Sequence[str]
) -> tuple[dict[str, object], dict[str, float]]:
    rows, labels, groups = [], [], []
    for number, one in enumerate(found):
        if not one.item.answerable:
            continue
        for hit in one.retrieved.hits:
            for unit, features in ranking.unit_features(library.index, one.text, hit, one.retrieved, one.asked):
                rows.append(features)
                labels.append(answers(one.item, hit.passage, unit))
                groups.append(number)
    x, y, g = np.array(rows), np.array(labels), np.array(groups)
    scores = np.zeros(len(y))
    for train, test in GroupKFold(_FOLDS, shuffle=True, random_state=_SEED).split(x, y, g):
        scores[test] = _model(balanced=False).fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    first = [bool(y[g == n][np.argmax(scores[g == n])]) for n in np.unique(g) if y[g == n].any()]
    reachable = np.mean([y[g == n].any() for n in np.unique(g)])
    model = _model(balanced=False).fit(x, y)
    return _weights(names, model, 0.5), {
        "unit: questions with an answering unit among the hits": float(reachable),
        "unit: of these, answering unit first": float(np.mean(first)),
    }


def _fit_evidence(
    library: Library, found: Sequence[Found], names: Sequence[str]
) -> tuple[dict[str, object], dict[str, float]]:
    rows = []
    for one in found:
        ranked = ranking.rank(library.index, one.text, one.retrieved, one.asked)
        rows.append(evidence_features(library.index, one.text, one.retrieved, ranked, one.asked))
    x, y = np.array(rows), np.array([one.item.answerable for one in found])
    scores = np.zeros(len(y))
    for train, test in GroupKFold(_FOLDS, shuffle=True, random_state=_SEED).split(x, y, np.arange(len(y))):
        scores[test] = _model().fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    threshold = float(np.quantile(scores[y], TURNED_AWAY))
    figures = {
        "evidence: AUROC, answerable against not covered": auroc(list(scores[y]), list(scores[~y])),
        "evidence: not covered recognised at the threshold": float(np.mean(scores[~y] < threshold)),
        "evidence: answerable turned away at the threshold": float(np.mean(scores[y] < threshold)),
        "evidence: questions": float(len(y)),
    }
    nearest = [max(hit.dense for hit in one.retrieved.hits) for one in found if one.item.answerable]
    floor = float(np.quantile(nearest, BELOW_FLOOR))
    return _weights(names, _model().fit(x, y), threshold, floor, _equal_error(scores, y)), figures


def _equal_error(scores: np.ndarray, y: np.ndarray) -> float:
    """The threshold at which as large a share of answerable questions is turned away as of the others is let through."""
    return float(min(np.unique(scores), key=lambda t: abs(np.mean(scores[y] < t) - np.mean(scores[~y] >= t))))


def _model(balanced: bool = True) -> LogisticRegression:
    """Balanced to tell two kinds of question apart; not so for units, whose chances are compared with one another."""
    if balanced:
        return LogisticRegression(C=WEAK, class_weight="balanced", max_iter=5000)
    return LogisticRegression(C=1.0, max_iter=2000)


def _weights(
    names: Sequence[str], model: LogisticRegression, threshold: float, floor: float = -1.0, strict: float = 1.0
) -> dict[str, object]:
    weights = Weights(
        tuple(names),
        tuple(round(float(c), 4) for c in model.coef_[0]),
        round(float(model.intercept_[0]), 4),
        round(threshold, 4),
        round(floor, 4),
        round(strict, 4),
    )
    return asdict(weights)
