"""Tells progress from noise: intervals for one run, and a paired test between two."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evals.scoring import Score

# Resamples of a bootstrap: enough that the ends of an interval move by less than a point from one seed to another.
_RESAMPLES = 2000
_SEED = 20260401
# The chance below which a difference between two runs is not called noise.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its 95 % interval and how many items it rests on."""

    value: float
    low: float
    high: float
    items: int


def share(marks: Sequence[bool]) -> Interval:
    """A share with the percentile bootstrap interval (Efron, 1979). Resampling a share is drawing from a binomial."""
    if not marks:
        return Interval(math.nan, math.nan, math.nan, 0)
    value = sum(marks) / len(marks)
    drawn = np.random.default_rng(_SEED).binomial(len(marks), value, _RESAMPLES) / len(marks)
    return Interval(value, float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), len(marks))


def middle(values: Sequence[float]) -> Interval:
    """A median with its percentile bootstrap interval."""
    if not values:
        return Interval(math.nan, math.nan, math.nan, 0)
    sample = np.asarray(values)
    drawn = np.median(np.random.default_rng(_SEED).choice(sample, (_RESAMPLES, len(sample))), axis=1)
    return Interval(
        float(np.median(sample)), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), len(sample)
    )


@dataclass(frozen=True)
class Change:
    """One measure in two runs over the same items: how many only the first, only the second got right, and the chance of a
    split at least so uneven if both were equally good."""

    measure: str
    items: int
    only_first: int
    only_second: int
    chance: float

    @property
    def noise(self) -> bool:
        return self.chance >= SIGNIFICANT


def mcnemar(first: Mapping[str, bool], second: Mapping[str, bool], measure: str = "") -> Change:
    """McNemar's test (1947), exact: the items on which two runs differ, against a fair coin."""
    both = first.keys() & second.keys()
    lost = sum(first[key] and not second[key] for key in both)
    won = sum(second[key] and not first[key] for key in both)
    differ = lost + won
    tail = sum(math.comb(differ, k) for k in range(min(lost, won) + 1)) / 2**differ if differ else 1.0
    return Change(measure, len(both), lost, won, min(1.0, 2 * tail))


def changes(first: Sequence[Score], second: Sequence[Score], measures: Sequence[str]) -> list[Change]:
    """McNemar's test for each measure over the items both runs have a mark for."""
    out = []
    for measure in measures:
        one = {s.item.id: bool(s.marks[measure]) for s in first if s.marks[measure] is not None}
        two = {s.item.id: bool(s.marks[measure]) for s in second if s.marks[measure] is not None}
        if one.keys() & two.keys():
            out.append(mcnemar(one, two, measure))
    return out


def moved(first: Sequence[Score], second: Sequence[Score]) -> tuple[list[str], list[str]]:
    """(ids that became right, ids that became wrong), by the mark for the whole."""
    before = {s.item.id: s.right for s in first}
    better = [s.item.id for s in second if s.item.id in before and s.right and not before[s.item.id]]
    worse = [s.item.id for s in second if s.item.id in before and not s.right and before[s.item.id]]
    return better, worse
