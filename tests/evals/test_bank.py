"""The bank is whole, and its held-out part is kept apart."""

import ast
import itertools
import json
import re
from pathlib import Path

import pytest

import evals
from evals.bank import KINDS, PARTS, BankError, items_for_fitting, load_part

ITEMS = {part: load_part(part) for part in PARTS}
EVERY = [item for items in ITEMS.values() for item in items]
OUTCOMES = {"answered", "partial", "not_covered", "declined"}


def test_there_are_enough_items_over_every_outcome_and_kind():
    for part, items in ITEMS.items():
        assert len(items) >= 120, part
        if part in ("scope_held_out", "answers_held_out"):  # rulings alone, answers alone
            continue
        assert {item.kind for item in items} == set(KINDS), part
        assert {item.outcomes[0] for item in items} >= {"answered", "not_covered", "declined"}, part


@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.id)
def test_an_item_agrees_with_itself(item):
    assert set(item.outcomes) <= OUTCOMES
    assert bool(item.reasons) == ("declined" in item.outcomes)
    reference = item.reference.lower()
    if reference:
        assert [fact.pattern for fact in item.facts if not fact.search(reference)] == []
        assert [words.pattern for words in item.forbidden if words.search(reference)] == []
    if item.answerable:
        assert item.sources
        assert item.reference
    assert not item.pii or any(piece in item.question + " ".join(item.turns) for piece in item.pii)
    assert item.why


def test_ids_are_unique_across_parts_and_pairs_point_at_each_other():
    by_id = {item.id: item for item in EVERY}
    assert len(by_id) == len(EVERY)
    for item in EVERY:
        if item.pair:
            assert by_id[item.pair].pair == item.id
            assert by_id[item.pair].part == item.part


def test_no_question_stands_in_two_parts():
    asked = {part: {" ".join((*item.turns, item.question)).lower() for item in items} for part, items in ITEMS.items()}
    for one, other in itertools.combinations(PARTS, 2):
        assert asked[one] & asked[other] == set(), (one, other)


@pytest.mark.parametrize("module", ["evals.fitting", "evals.training_scope", "evals.training_matcher"])
def test_code_that_fits_is_refused_the_held_out_part(module):
    caller = {"__name__": module, "load_part": load_part}
    with pytest.raises(BankError, match="nothing may be fitted or trained on it"):
        exec("load_part('held_out')", caller)  # noqa: S102 - stands for a line of that module
    with pytest.raises(BankError, match="nothing may be fitted or trained on it"):
        exec("load_part('scope_held_out')", caller)  # noqa: S102
    exec("load_part('development')", caller)  # noqa: S102


@pytest.mark.parametrize("module", ["fitting", "training_scope"])
def test_nothing_is_fitted_or_trained_on_the_held_out_part(module):
    assert {item.part for item in items_for_fitting()} == {"development"}
    source = (Path(evals.__file__).parent / f"{module}.py").read_text()
    tree = ast.parse(source)
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "evals.bank"
        for alias in node.names
    }
    assert imported - {"BankError"} == {"Item", "items_for_fitting"}
    assert "load_part" not in source
    assert "held_out" not in source


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", ":1: JSONDecodeError"),
        ("{}", ":1: KeyError"),
        (json.dumps({"kind": "strange"}), "kind 'strange' is none of"),
        (json.dumps({"kind": "direct", "id": "a"}), "KeyError 'role'"),
    ],
)
def test_a_malformed_item_names_its_file_and_line(tmp_path, line, says):
    (tmp_path / "development.jsonl").write_text(line)
    with pytest.raises(BankError, match=says.replace("'", ".")):
        load_part("development", tmp_path)


def test_an_empty_bank_is_an_error(tmp_path):
    with pytest.raises(BankError, match="holds no development"):
        load_part("development", tmp_path)


GOOD = '{"hand": "x", "group": "x1", "label": "answer", "turns": [], "text": "what do virtual schools do"}'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", ":2: JSONDecodeError"),
        (GOOD.replace('"answer"', '"maybe"'), ":2: ValueError label 'maybe' is none of answer, individual_child"),
        (GOOD.replace("what do virtual schools do", " "), ":2: ValueError the text is empty"),
        (GOOD, ":2: ValueError this message stands in the file already"),
        ('{"hand": "x"}', ":2: KeyError 'group'"),
    ],
)
def test_a_bad_scope_example_is_named_with_its_line(tmp_path, line, says):
    from evals.training_scope import load_examples

    path = tmp_path / "examples.jsonl"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(BankError, match=re.escape(says)):
        load_examples(path)


def test_the_committed_scope_examples_are_whole():
    from evals.training_scope import AGAINST, EXAMPLES, load_examples

    found = load_examples(EXAMPLES)
    assert len(found) > 5000
    assert {example.hand for example in found} >= AGAINST
    assert {example.label for example in found} == {
        "answer",
        "individual_child",
        "parent_or_carer",
        "send_out_of_cohort",
        "safeguarding",
        "override_attempt",
    }


def test_an_item_that_is_best_declined_teaches_declining_even_where_answering_is_accepted():
    from evals.training_scope import examples

    bank = {example.text: example.label for example in examples() if example.hand == "bank"}
    declined = [item for item in items_for_fitting() if item.outcomes[0] == "declined" and item.reasons]
    assert any(len(item.outcomes) > 1 for item in declined)
    assert {item.question: item.reasons[0] for item in declined}.items() <= bank.items()
