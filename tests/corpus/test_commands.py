from corpus.__main__ import main


def test_check_counts_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 0
    assert "5 with a document" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_search_shows_the_place(data, capsys):
    assert main(["search", "what are virtual heads not asked to do", "--data", str(data), "--top", "2"]) == 0
    out = capsys.readouterr().out
    assert "Virtual School Heads are not being asked to" in out


def test_search_keeps_to_the_nation(data, capsys):
    assert main(["search", "virtual school", "--data", str(data), "--nation", "scotland", "--top", "20"]) == 0
    assert "Worcestershire" not in capsys.readouterr().out


def test_search_without_an_index_says_the_mend(tmp_path, capsys):
    assert main(["search", "x", "--data", str(tmp_path)]) == 1
    assert "Run: python -m corpus index" in capsys.readouterr().err


def test_sources_lists_the_catalogue_with_what_is_not_checked(data, capsys):
    assert main(["sources", "--data", str(data)]) == 0
    out = capsys.readouterr().out
    assert "mciver-2023-in-both-camps" in out
    assert "link only" in out
    assert "(link not checked)" in out
