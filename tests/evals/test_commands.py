import dataclasses
import json

import pytest
import yaml

from evals.__main__ import main
from evals.bank import PARTS, load_part


@pytest.fixture
def small_bank(monkeypatch):
    """The first items of the bank, read by the same code as the whole of it."""
    items = {part: load_part(part)[:14] for part in PARTS}
    monkeypatch.setattr("evals.__main__.load_part", lambda part: items[part])
    return items


def test_a_run_is_reported_compared_and_scored_again_without_asking(data, tmp_path, small_bank, capsys, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setattr("evals.reporting.THRESHOLDS", _thresholds(tmp_path, 0.0))
    assert main(["run", "--data", str(data), "--part", "development", "--out", str(first), "--peers", "--misses"]) == 0
    assert "development, assistant: outcome" in capsys.readouterr().out
    page = (first / "report.html").read_text()
    assert "<script src" not in page
    assert "https://" not in page.split("<body>")[0]
    for name in ("assistant", "bm25", "dense", "llama-index"):
        assert (first / "development" / name / "answers.jsonl").exists()
        assert f">{name}</th>" in page
    assert json.loads((first / "report.json").read_text())["systems"][0]["items"] == 14

    def unused(*_):
        raise AssertionError("asked again")

    monkeypatch.setattr("assistant.answering.Assistant.answer", unused)
    figures = tmp_path / "figures.json"
    again = ["score", "--data", str(data), "--part", "development", "--out", str(first), "--json", str(figures)]
    assert main(again) == 0
    assert "development, assistant: facts" in json.loads(figures.read_text())
    monkeypatch.undo()

    monkeypatch.setattr("evals.__main__.load_part", lambda part: small_bank[part])
    monkeypatch.setattr("evals.reporting.THRESHOLDS", _thresholds(tmp_path, 0.0))
    run = ["run", "--data", str(data), "--part", "development", "--out", str(second), "--against", str(first)]
    assert main(run) == 0
    assert "Since the run before" in (second / "report.html").read_text()
    assert main(["compare", str(first), str(second), "--data", str(data)]) == 0
    assert "became right 0, became wrong 0" in capsys.readouterr().out


def test_a_missed_threshold_ends_with_exit_code_1(data, tmp_path, small_bank, capsys, monkeypatch):
    monkeypatch.setattr("evals.reporting.THRESHOLDS", _thresholds(tmp_path, 1.01))
    assert main(["run", "--data", str(data), "--part", "development", "--out", str(tmp_path / "run")]) == 1
    assert "BELOW THRESHOLD  development: outcome" in capsys.readouterr().out


@pytest.mark.parametrize("part", [part for part in PARTS if part != "development"])
def test_the_held_out_parts_misses_are_counted_and_not_shown(data, tmp_path, small_bank, monkeypatch, part):
    monkeypatch.setattr("evals.reporting.THRESHOLDS", _thresholds(tmp_path, 0.0))
    assert main(["run", "--data", str(data), "--part", part, "--out", str(tmp_path / "run"), "--no-peers"]) == 0
    report = (tmp_path / "run" / "report.html").read_text() + (tmp_path / "run" / "report.json").read_text()
    assert not any(item.question in report for item in small_bank[part])


def test_the_report_shows_each_ruling_and_the_evidence_of_a_miss(data, tmp_path, small_bank, capsys, monkeypatch):
    monkeypatch.setattr("evals.reporting.THRESHOLDS", _thresholds(tmp_path, 0.0))
    missed = dataclasses.replace(small_bank["development"][0], outcomes=("declined",), reasons=("individual_child",))
    small_bank["development"][0] = missed
    run = [
        "run",
        "--data",
        str(data),
        "--part",
        "development",
        "--out",
        str(tmp_path / "run"),
        "--misses",
        "--no-peers",
    ]
    assert main(run) == 0
    printed = capsys.readouterr().out
    assert ", expected declined" in printed
    assert "chance that it may be answered" in printed
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["systems"][0]["rulings"]["individual_child"] == {"answer": 1}
    assert "<h3>Rulings</h3>" in (tmp_path / "run" / "report.html").read_text()


def test_a_ragas_dataset_goes_out_and_is_scored(data, tmp_path, small_bank, capsys, monkeypatch):
    monkeypatch.setattr("evals.reporting.THRESHOLDS", _thresholds(tmp_path, 0.0))
    run, dataset = tmp_path / "run", tmp_path / "dataset.jsonl"
    assert main(["run", "--data", str(data), "--part", "development", "--out", str(run), "--no-ragas"]) == 0
    assert main(["export", "--data", str(data), "--out", str(run), "--to", str(dataset)]) == 0
    capsys.readouterr()
    assert main(["dataset", str(dataset), "--data", str(data)]) == 0
    assert "quoted spans alignment" in capsys.readouterr().out


def _thresholds(folder, bound):
    path = folder / "thresholds.yaml"
    path.write_text(yaml.safe_dump({part: {"at_least": {"outcome": bound}, "at_most": {}} for part in PARTS}))
    return path


def test_feedback_becomes_candidates_once_and_without_personal_data(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    feedback = tmp_path / "feedback.jsonl"
    feedback.write_text(
        json.dumps({"question": "How many themes? Lacey-Mae Thornber", "outcome": "answered", "helpful": False}) + "\n"
    )
    assert main(["add", str(feedback)]) == 0
    assert main(["add", str(feedback)]) == 0
    (line,) = (tmp_path / "runs" / "candidates.jsonl").read_text().splitlines()
    assert "Thornber" not in line
    assert "did not help" in line
    feedback.write_text("broken")
    assert main(["add", str(feedback)]) == 2
    assert "feedback.jsonl:1: is no feedback" in capsys.readouterr().err


def test_without_an_index_it_says_the_mend(tmp_path, capsys):
    assert main(["run", "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    assert "Run: python -m corpus index" in capsys.readouterr().err


def test_a_folder_that_is_no_beir_set_is_named(data, tmp_path, capsys):
    assert main(["retrieval", "--beir", str(tmp_path), "--data", str(data)]) == 2
    assert "cannot be read" in capsys.readouterr().err
