import json

from evals.__main__ import main


def test_run_prints_and_writes_its_figures(data, tmp_path, capsys, monkeypatch):
    import evals.bank

    # A small bank keeps this quick; it is read by the same code as the whole one.
    lines = (evals.bank.QUESTIONS / "development.jsonl").read_text().splitlines()[:12]
    monkeypatch.setattr(
        "evals.__main__.load_part", lambda part: [evals.bank._item(json.loads(line), part) for line in lines]
    )
    figures = tmp_path / "figures.json"
    assert (
        main(
            [
                "run",
                "--data",
                str(data),
                "--part",
                "development",
                "--json",
                str(figures),
                "--out",
                str(tmp_path / "run"),
            ]
        )
        == 0
    )
    assert "development: outcome right" in capsys.readouterr().out
    assert json.loads(figures.read_text())["development: items"] == 12
    assert len((tmp_path / "run" / "development" / "answers.jsonl").read_text().splitlines()) == 12


def test_without_an_index_it_says_the_mend(tmp_path, capsys):
    assert main(["run", "--data", str(tmp_path)]) == 1
    assert "Run: python -m corpus index" in capsys.readouterr().err


def test_a_folder_that_is_no_beir_set_is_named(data, tmp_path, capsys):
    assert main(["retrieval", "--beir", str(tmp_path), "--data", str(data)]) == 1
    assert "cannot be read" in capsys.readouterr().err
