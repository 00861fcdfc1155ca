"""A score says right only when all is right, and why when it is not."""

import dataclasses
import re

import pytest

from assistant.domain import Outcome, Question
from evals import running, scoring
from evals.bank import load_part


@pytest.fixture(scope="module")
def item():
    return next(item for item in load_part("development") if item.id == "d-lst-001")


@pytest.fixture(scope="module")
def answer(assistant, item):
    return assistant.answer(Question(item.question))


@pytest.fixture
def index(assistant):
    return assistant.library.index


def test_a_right_answer_is_right(item, answer, index):
    score = scoring.score(item, answer, index)
    assert score.right
    assert score.misses == ()
    assert score.section


@pytest.mark.parametrize(
    ("change_item", "change_answer", "miss"),
    [
        ({}, {"outcome": Outcome.NOT_COVERED}, "outcome: not_covered, expected answered"),
        ({"facts": (re.compile("zebra"),)}, {}, "facts: missing ['zebra']"),
        ({"forbidden": (re.compile("parents"),)}, {}, "forbidden: says ['parents']"),
        ({"sources": ("drew-banerjee-2019",)}, {}, "source: cited"),
        (
            {"sources": ("worcestershire-extended-role", "drew-banerjee-2019"), "sources_rule": "all"},
            {},
            "source: cited",
        ),
        ({"urgent": True}, {}, "urgent: the safety panel is missing"),
        ({"pii": ("parents or carers",)}, {}, "personal data: repeats 1 of 1"),
    ],
)
def test_each_fault_is_found_and_named(item, answer, index, change_item, change_answer, miss):
    score = scoring.score(dataclasses.replace(item, **change_item), dataclasses.replace(answer, **change_answer), index)
    assert not score.right
    assert any(found.startswith(miss) for found in score.misses), score.misses


def test_a_quote_that_is_not_in_its_passage_is_found(item, answer, index):
    forged = dataclasses.replace(answer.citations[0], quote="Virtual School Heads must do as they are told")
    score = scoring.score(item, dataclasses.replace(answer, citations=(forged,)), index)
    assert score.exact is False
    assert not score.right


def test_figures_count_what_they_say(assistant, item, answer, index):
    scores = [
        scoring.score(item, answer, index),
        scoring.score(dataclasses.replace(item, id="x", facts=(re.compile("zebra"),)), answer, index),
    ]
    figures = scoring.figures(scores, {item.id: answer, "x": answer})
    assert figures["answerable: all facts found"] == 0.5
    assert figures["citations: quotes exact"] == 1
    assert figures["urgent missed (count)"] == 0


def test_earlier_turns_are_asked_too(assistant):
    followup = next(item for item in load_part("development") if item.kind == "followup")
    assert running.ask(assistant, followup).outcome in Outcome


def test_a_run_is_stored(tmp_path, item, answer):
    running.store(tmp_path / "run", {item.id: answer}, {"part": "development"}, {"figure": 1.0})
    assert item.id in (tmp_path / "run" / "answers.jsonl").read_text()
    assert '"figure": 1.0' in (tmp_path / "run" / "run.json").read_text()
