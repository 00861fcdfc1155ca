"""Intervals and the paired test against values worked out by hand."""

import math

import pytest

from evals.comparing import mcnemar, middle, share


def test_an_interval_holds_the_value_and_narrows_with_more_items():
    few, many = share([True] * 8 + [False] * 2), share([True] * 800 + [False] * 200)
    assert few.value == many.value == 0.8
    assert few.low < many.low < 0.8 < many.high < few.high
    assert many.high - many.low == pytest.approx(2 * 1.96 * math.sqrt(0.8 * 0.2 / 1000), abs=0.006)


def test_an_interval_is_the_same_each_time():
    assert share([True, False, True]) == share([True, False, True])


def test_nothing_gives_no_figure():
    assert math.isnan(share([]).value)
    assert math.isnan(middle([]).value)


def test_the_middle():
    found = middle([1.0, 2.0, 3.0, 4.0, 100.0])
    assert found.value == 3
    assert 1 <= found.low <= 3 <= found.high <= 100


@pytest.mark.parametrize(
    ("lost", "won", "chance"),
    [
        (0, 0, 1.0),
        (1, 1, 1.0),
        (0, 5, 2 / 32),
        (0, 10, 2 / 1024),
        (5, 10, 2 * sum(math.comb(15, k) for k in range(6)) / 2**15),
    ],
)
def test_mcnemar_is_exact(lost, won, chance):
    first = {f"l{n}": True for n in range(lost)} | {f"w{n}": False for n in range(won)} | {"both": True}
    second = {f"l{n}": False for n in range(lost)} | {f"w{n}": True for n in range(won)} | {"both": True}
    change = mcnemar(first, second)
    assert change.chance == pytest.approx(chance)
    assert (change.only_first, change.only_second, change.items) == (lost, won, lost + won + 1)
    assert change.noise == (chance >= 0.05)
