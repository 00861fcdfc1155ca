"""Measures of retrieval against values worked out by hand, and the BEIR path end to end on a small set."""

import json
import math

import pytest

from evals.retrieval import BeirError, _ndcg, _recall, _reciprocal_rank, auroc, load_beir, measure
from tests.fakes import WordEncoder, no_progress


def test_measures():
    ranked, relevant = ["a", "b", "c", "d"], frozenset({"b", "d"})
    assert _recall(ranked, relevant, 2) == 0.5
    assert _reciprocal_rank(ranked, relevant, 10) == 0.5
    assert _ndcg(ranked, relevant, 10) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))
    assert _ndcg(["x"], relevant, 10) == 0


def test_auroc():
    assert auroc([3, 2], [1, 0]) == 1
    assert auroc([1, 1], [1, 1]) == 0.5
    assert auroc([0], [1]) == 0
    assert math.isnan(auroc([], [1]))


@pytest.fixture
def beir(tmp_path):
    rows = [
        {"_id": "d1", "title": "Apples", "text": "## Growing\nApples grow on trees.\n- red ones\n- green ones"},
        {"_id": "d2", "title": "Boats", "text": "Boats float on water."},
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    questions = [
        {"_id": "q1", "text": "where do apples grow"},
        {"_id": "q2", "text": "boats on water"},
        {"_id": "q3", "text": "who sings"},
    ]
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, questions)))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
    return tmp_path


def test_peers_are_measured_beside_it(beir):
    figures = measure(load_beir(beir), WordEncoder(), progress=no_progress, peers=True)
    for name in ("", "bm25, ", "dense, ", "llama-index, "):
        assert figures[f"{name}nDCG@10"] > 0.5, name


def test_a_set_is_measured_end_to_end(beir):
    figures = measure(load_beir(beir), WordEncoder(), progress=no_progress)
    assert figures["nDCG@10"] == figures["MRR@10"] == figures["Recall@5"] == 1
    assert figures["answerability AUROC"] == 1


@pytest.mark.parametrize(
    ("lost", "says"),
    [("corpus.jsonl", "cannot be read"), ("queries.jsonl", "cannot be read"), ("qrels/dev.tsv", "holds no .tsv file")],
)
def test_a_folder_that_is_no_set_is_named(beir, lost, says):
    (beir / lost).unlink()
    with pytest.raises(BeirError, match=says):
        load_beir(beir)


def test_a_broken_line_is_named(beir):
    (beir / "queries.jsonl").write_text('{"_id": "q1", "text": "a"}\nbroken')
    with pytest.raises(BeirError, match=r"queries\.jsonl:2: is not JSON"):
        load_beir(beir)
