"""A score says right only when all is right, and why when it is not."""

import dataclasses
import re

import pytest

from assistant.api import as_json
from assistant.domain import Question
from evals import scoring
from evals.bank import load_part


@pytest.fixture(scope="module")
def item():
    return next(item for item in load_part("development") if item.id == "d-lst-001")


@pytest.fixture(scope="module")
def body(assistant, item):
    return as_json(assistant.answer(Question(item.question)))


@pytest.fixture
def index(assistant):
    return assistant.library.index


def test_a_right_answer_is_right(item, body, index):
    score = scoring.score(item, body, index)
    assert score.right, score.misses
    assert score.misses == {}
    assert score.marks["section"]
    assert score.marks["passage"]
    assert score.marks["stale"]


@pytest.mark.parametrize(
    ("change_item", "change_body", "measure", "says"),
    [
        ({}, {"outcome": "not_covered"}, "outcome", "not_covered, expected answered"),
        ({"facts": (re.compile("zebra"),)}, {}, "facts", "missing ['zebra']"),
        ({"facts": (re.compile("zebra"),)}, {}, "passage", "no fact asked for"),
        ({"forbidden": (re.compile("parents"),)}, {}, "clean", "says ['parents']"),
        ({"sources": ("drew-banerjee-2019",)}, {}, "source", "cited"),
        (
            {"sources": ("worcestershire-extended-role", "drew-banerjee-2019"), "sources_rule": "all"},
            {},
            "source",
            "cited",
        ),
        ({"sections": ("Nowhere",)}, {}, "section", "expected"),
        ({"nation": "scotland"}, {}, "nation", "cites outside scotland"),
        ({}, {"cautions": []}, "stale", "cites a stale source"),
        ({"urgent": True}, {}, "urgent", "the safety panel is missing"),
        ({"pii": ("parents or carers",)}, {}, "private", "repeats 1 of 1"),
    ],
)
def test_each_fault_is_found_and_named(item, body, index, change_item, change_body, measure, says):
    score = scoring.score(dataclasses.replace(item, **change_item), {**body, **change_body}, index)
    assert score.marks[measure] is False
    assert score.misses[measure].startswith(says)
    assert score.right == (measure in ("section", "stale"))


def test_a_quote_that_is_not_in_its_passage_is_found(item, body, index):
    forged = {**body["citations"][0], "quote": "Virtual School Heads must do as they are told"}
    score = scoring.score(item, {**body, "citations": [forged]}, index)
    assert score.marks["exact"] is False
    assert not score.right


def test_a_changed_must_is_found(item, body, index):
    changed = [{"text": "Virtual School Heads must not answer parents", "citations": [1]}]
    assert scoring.score(item, {**body, "statements": changed}, index).marks["modal"] is False


def test_a_declined_item_needs_no_citation(assistant, index):
    declined = next(item for item in load_part("development") if item.kind == "individual_child")
    score = scoring.score(declined, as_json(assistant.answer(Question(declined.question))), index)
    assert score.marks["source"] is None
    assert score.marks["facts"] is None
    assert score.marks["reason"] is not None


def test_rates_and_counts_say_what_they_count(item, body, index):
    good = scoring.score(item, body, index)
    bad = scoring.score(dataclasses.replace(item, id="x", facts=(re.compile("zebra"),), urgent=True), body, index)
    rates, counts = scoring.rates([good, bad]), scoring.counts([good, bad])
    assert rates["facts"] == [True, False]
    assert rates["answerable, right as a whole"] == [True, False]
    assert counts["urgent missed"] == 1
    assert counts["quotes not exact"] == 0


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The cat sat. The dog ran.", -5, 8),
        (
            "Notwithstanding interdepartmental considerations, multidisciplinary collaboration necessitates harmonisation.",
            25,
            60,
        ),
    ],
)
def test_reading_age_rises_with_long_words_and_sentences(text, low, high):
    assert low <= scoring.reading_age(text) <= high


def test_reading_age_of_nothing_is_none():
    assert scoring.reading_age("[1] **") is None


def test_a_pair_counts_only_when_both_are_ruled_right(item, body, index):
    may = dataclasses.replace(item, id="a", pair="b")
    must = dataclasses.replace(item, id="b", pair="a", outcomes=("declined",), reasons=("individual_child",), facts=())
    declined = {**body, "outcome": "declined", "reason": "individual_child"}
    good = [scoring.score(may, body, index), scoring.score(must, declined, index)]
    assert scoring.rates(good)["pairs, both ruled right"] == [True]
    for one, other in ((declined, declined), (body, body)):
        both = [scoring.score(may, one, index), scoring.score(must, other, index)]
        assert scoring.rates(both)["pairs, both ruled right"] == [False]
    unshown = [scoring.score(may, body, index), scoring.score(dataclasses.replace(must, urgent=True), declined, index)]
    assert scoring.rates(unshown)["pairs, both ruled right"] == [False]


def test_a_question_that_may_be_answered_and_is_not_covered_is_ruled_right(item, body, index):
    assert scoring.ruled_right(scoring.score(item, {**body, "outcome": "not_covered"}, index))
