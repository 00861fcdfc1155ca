"""Ranks the units (sentences, list items) of the passages that were found: which words answer the question?"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from assistant.retrieval import Retrieved
from corpus.domain import Hit, Nation, Passage, Unit
from corpus.index import AskedLike, Index, tokenise
from corpus.splitting import REMARK, units

WEIGHTS_FILE = Path(__file__).parent / "weights.json"

# The features of a unit, in the order of the fitted weights.
UNIT_FEATURES = ("cosine", "overlap", "near", "passage", "dense", "count", "note", "named", "nation")
# With the questions that staff ask, these too.
ASKED_UNIT_FEATURES = (*UNIT_FEATURES, "asked", "asked share", "asked, plain", "asked share, plain")

_COUNT = re.compile(
    r"\bhow\s+(?:many|much|old|often|long)\b|\bnumber\b|\bno\.?\s+of\b|\bcount\b|\bfigures?\b|\btotal\b|\bpercent\w*|%|\bproportion\b|\bwhen\b|\bwhat\s+(?:year|date|age)\b|\bsince\s+when\b|\bhow\s+big\b",
    re.IGNORECASE,
)
_NATIONS: dict[Nation, re.Pattern[str]] = {
    "england": re.compile(r"\b(?:england|english|dfe|ofsted)\b", re.IGNORECASE),
    "scotland": re.compile(r"\b(?:scot\w*|vshts?|cets?|celcis)\b", re.IGNORECASE),
    "wales": re.compile(r"\b(?:wales|welsh)\b", re.IGNORECASE),
    "northern-ireland": re.compile(r"\b(?:northern\s+ireland|northern\s+irish)\b", re.IGNORECASE),
}
_DIGIT = re.compile(r"\d")
# Words of publishers' names that say nothing of which publisher it is.
COMMON = frozenset({"univers", "council", "counti", "depart", "educ", "journal", "of", "psycholog", "european"})


@dataclass(frozen=True)
class Ranked:
    """A unit with its score: the fitted chance that it answers, 0..1."""

    passage: Passage
    unit: Unit
    score: float
    features: tuple[float, ...]

    @property
    def text(self) -> str:
        return self.passage.text[self.unit.start : self.unit.end]


@dataclass(frozen=True)
class Weights:
    """A logistic model fitted by `python -m evals fit` on the bank's development part. `floor` is the least cosine of the
    nearest passage at which its chance counts; at the threshold `strict` it errs as often one way as the other."""

    names: tuple[str, ...]
    coefficients: tuple[float, ...]
    intercept: float
    threshold: float
    floor: float = -1.0
    strict: float = 1.0

    def chance(self, features: Sequence[float]) -> float:
        logit = self.intercept + sum(c * f for c, f in zip(self.coefficients, features, strict=True))
        return float(1 / (1 + np.exp(-logit)))


@lru_cache(maxsize=8)
def load_weights(name: str) -> Weights:
    """The fitted weights of one model. Raises KeyError where the file does not hold it."""
    raw = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))[name]
    return Weights(**{**raw, "names": tuple(raw["names"]), "coefficients": tuple(raw["coefficients"])})


def rank(index: Index, question: str, retrieved: Retrieved, asked: AskedLike | None) -> tuple[Ranked, ...]:
    """All units of the hits, best first. Equal scores keep reading order, so the result is always the same. Where no
    questions that staff ask are kept (`asked` is None), weights fitted without them decide."""
    weights = load_weights("unit" if asked else "unit alone")
    ranked = [
        Ranked(hit.passage, unit, weights.chance(features), features)
        for hit in retrieved.hits
        for unit, features in unit_features(index, question, hit, retrieved, asked)
    ]
    return tuple(sorted(ranked, key=lambda r: -r.score))


def unit_features(
    index: Index, question: str, hit: Hit, retrieved: Retrieved, asked: AskedLike | None
) -> list[tuple[Unit, tuple[float, ...]]]:
    """Each unit of a hit with its features, all about 0..1: cosine to the question; share of the question's words
    (weighed by rarity) in the unit, and in the unit with its heading and lead-in; the passage's fused score and
    cosine; whether a count is asked and the unit has a figure; whether it is a note of ours; whether the question names
    the source's author, publisher or year; whether it names the passage's nation (1), another (-1) or none or both (0);
    the cosine of the nearest question among those staff ask that the unit answers, and its share of them, in the eyes of the
    matcher and of the plain encoder."""
    wanted = dict(index.rarity(question))
    total = sum(wanted.values()) or 1.0
    asks_count = bool(_COUNT.search(question))
    text = hit.passage.text
    found = units(text)
    cosines = index.unit_vectors(hit.passage) @ retrieved.vector
    heading = stems(" ".join((hit.passage.label, *hit.passage.heading)))
    named = float(bool(stems(question) & (stems(hit.passage.label) - COMMON)))
    nation = named_nation(question, hit.passage)
    rows: list[tuple[Unit, tuple[float, ...]]] = []
    for number, (unit, cosine) in enumerate(zip(found, cosines, strict=True)):
        words = text[unit.start : unit.end]
        own = stems(words)
        around = own | heading | (stems(text[slice(*unit.lead)]) if unit.lead else frozenset())
        overlap = sum(weight for stem, weight in wanted.items() if stem in own) / total
        near = sum(weight for stem, weight in wanted.items() if stem in around) / total
        counted = float(asks_count and bool(_DIGIT.search(words)))
        rows.append(
            (
                unit,
                (
                    float(cosine),
                    overlap,
                    near,
                    hit.score,
                    hit.dense,
                    counted,
                    float(words.startswith(REMARK)),
                    named,
                    nation,
                    *(asked.taught.units.get((hit.passage.id, number), (0.0, 0.0)) if asked else ()),
                    *(asked.plain.units.get((hit.passage.id, number), (0.0, 0.0)) if asked else ()),
                ),
            )
        )
    return rows


def asked_nations(question: str) -> frozenset[Nation]:
    """The nations that a question names."""
    return frozenset(nation for nation, pattern in _NATIONS.items() if pattern.search(question))


def named_nation(question: str, passage: Passage) -> float:
    asked = asked_nations(question)
    if len(asked) != 1:
        return 0.0
    return 1.0 if asked <= set(passage.nation) else -1.0


@lru_cache(maxsize=50_000)
def stems(text: str) -> frozenset[str]:
    """The stemmed words of a text, as BM25 sees them."""
    return frozenset(tokenise([text])[0])
