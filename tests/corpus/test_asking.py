"""Questions as staff ask them: each has its place in the digests, and none outlives the words that answer it."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from corpus.asking import load_asked, resolve
from corpus.domain import Asked, Passage
from corpus.errors import CatalogueError, ModelError
from corpus.gathering import gather
from corpus.matching import MATCHER_FOLDER, Matcher, load_matcher
from corpus.settings import CorpusSettings
from corpus.splitting import units

DIGEST = Passage("p1", "s", "digest", ("Title",), "Ten heads met. They spoke of data.", ("scotland",))
ANSWERED = Asked("m", "how many heads", (("s", "Ten heads"),))
OPEN = Asked("m", "who paid", ())


def test_every_committed_question_has_its_place():
    settings = CorpusSettings()
    passages = gather(settings).passages
    asked = load_asked(settings.asked)
    found = resolve(asked, passages)
    assert len(found) == len(asked) > 2000
    texts = {passage.id: [passage.text[u.start : u.end] for u in units(passage.text)] for passage in passages}
    for one, places in found:
        for (_, starts), (passage_id, number) in zip(one.places, places, strict=True):
            assert texts[passage_id][number].startswith(starts)
    assert 0.2 < sum(not one.places for one in asked) / len(asked) < 0.5


def test_an_original_takes_the_digests_questions_away_and_with_them_the_claim_that_nothing_answers():
    assert [one for one, _ in resolve([ANSWERED, OPEN], [DIGEST])] == [ANSWERED, OPEN]
    original = Passage("p2", "s", "original", ("Title",), "Ten heads met. The council paid.", ("scotland",))
    assert resolve([ANSWERED, OPEN], [original]) == []


@pytest.mark.parametrize(
    "line",
    ["{", '{"hand": "m", "question": "x", "turns": []}', '{"hand": "m", "question": "x", "turns": [], "answers": [1]}'],
)
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "asked.jsonl"
    path.write_text(json.dumps({"hand": "m", "question": "x", "turns": [], "answers": []}) + f"\n{line}\n")
    with pytest.raises(CatalogueError, match=r"asked\.jsonl:2"):
        load_asked(path)


def test_like_questions_point_at_the_unit_that_answers_them(assistant):
    index = assistant.library.index
    text = "how many of the 32 had a VSHT by 2023"
    like = assistant.library.asked(text, assistant.library.encoder.encode([text])[0])
    assert like.plain.nearest > 0.5
    like = like.taught
    passage_id, number = max(like.units, key=lambda place: like.units[place][1])
    passage = index.passage(passage_id)
    unit = units(passage.text)[number]
    assert "18 of the 32" in passage.text[unit.start : unit.end]
    assert like.nearest > like.nearest_open
    assert 0 <= like.open_share < 0.5


def test_an_index_without_such_questions_answers_all_the_same(assistant):
    from assistant import ranking
    from assistant.answering import Library
    from assistant.retrieval import retrieve

    library = Library(assistant.library.index, assistant.library.encoder)
    assert library.asked("anything", assistant.library.encoder.encode(["anything"])[0]) is None
    text = "What are virtual school heads not being asked to do?"
    found = retrieve(library.index, library.encoder.encode([text])[0], text, (None,), 12)
    best = ranking.rank(library.index, text, found, None)[0]
    assert best.passage.section == "Virtual School Heads are not being asked to"


def test_the_passage_that_answers_a_like_question_is_found_though_its_own_words_are_far(assistant):
    from assistant.retrieval import retrieve

    library = assistant.library
    for one in load_asked(CorpusSettings().asked):
        vector = library.encoder.encode([one.text])[0]
        asked = library.asked(one.text, vector)
        alone = {hit.passage.id for hit in retrieve(library.index, vector, one.text, (None,), 12).hits}
        told = set(asked.passages(6)) - alone
        if told:
            break
    found = [hit.passage for hit in retrieve(library.index, vector, one.text, (None,), 12, asked).hits]
    assert {passage.id for passage in found} == alone | told
    nations = {library.index.passage(passage_id).nation for passage_id in told}
    other = "england" if nations == {("scotland",)} else "scotland"
    of_other = retrieve(library.index, vector, one.text, (other,), 12, asked).hits
    assert of_other
    assert all(other in hit.passage.nation for hit in of_other)


def test_the_matcher_reads_each_text_alone_and_is_checked(tmp_path):
    texts = ["how many heads", "what training is there for schools and social workers in England", "why"]
    matcher = load_matcher()
    vectors, chances = matcher.read(texts)
    for text, vector, chance in zip(texts, vectors, chances, strict=True):
        alone, (one,) = matcher.read([text])
        assert np.array_equal(alone[0], vector)
        assert one == chance
        assert 0 < chance < 1
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)
    folder = Path(shutil.copytree(MATCHER_FOLDER, tmp_path / "matcher"))
    (folder / "model.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match="is not the model its card describes"):
        Matcher(folder)
    (folder / "card.json").unlink()
    with pytest.raises(ModelError, match="Restore it from the release"):
        Matcher(folder)


def test_the_matcher_was_taught_on_the_questions_that_are_here():
    card = json.loads((MATCHER_FOLDER / "card.json").read_text())
    assert card["asked_sha256"] == hashlib.sha256(CorpusSettings().asked.read_bytes()).hexdigest()
