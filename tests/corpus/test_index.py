"""The index says exactly what the files say, is never half, and never leaks a nation."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from corpus.__main__ import main as corpus_command
from corpus.errors import DataFolderError, IndexUnavailable, UnknownSource
from corpus.gathering import PUBLICATION, gather
from corpus.index import COLLECTION, open_chroma, open_index
from corpus.indexing import write_index
from corpus.settings import CorpusSettings
from corpus.splitting import units
from tests.fakes import WordEncoder, no_progress


@pytest.fixture
def own_corpus(settings, tmp_path) -> CorpusSettings:
    """The shipped corpus in folders that a test may change, with an empty data folder."""
    shutil.copytree(settings.digests, tmp_path / "digests")
    (tmp_path / "originals").mkdir()
    return settings.model_copy(
        update={"digests": tmp_path / "digests", "originals": tmp_path / "originals", "data": tmp_path / "own"}
    )


def index_it(settings: CorpusSettings, encoder=None):
    return write_index(settings.data, gather(settings), encoder or WordEncoder(), no_progress)


def test_a_second_run_changes_nothing_and_says_so(own_data, capsys):
    def contents():
        # Chroma touches its own files when it is opened; `Index` counts and compares what is in them.
        return {
            path: path.read_bytes() for path in own_data.rglob("*") if path.is_file() and "chroma" not in path.parts
        }

    before = contents()
    assert corpus_command(["index", "--data", str(own_data)]) == 0
    assert "Nothing to do" in capsys.readouterr().out
    after = contents()
    assert [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)] == []


def test_only_new_words_are_embedded_and_old_ones_leave(own_corpus):
    index_it(own_corpus)
    digest = own_corpus.digests / "dfe-2021-role-extension.md"
    digest.write_text(digest.read_text().replace("The guidance calls this whole group", "Zebra calls this whole group"))
    encoder = WordEncoder()
    report = index_it(own_corpus, encoder)
    assert report.changed
    assert report.embedded == 1
    assert all("Zebra" in text or "Defining the cohort" in text for text in encoder.asked)
    index = open_index(own_corpus.data)
    assert index.lexical("zebra", 5)
    stored = " ".join(p.text for source_id in index.renditions for p in index.passages_of(source_id))
    assert "The guidance calls this whole group" not in stored
    assert len(list((own_corpus.data / "versions").iterdir())) == 2  # this one, and the one to go back to


def test_reused_vectors_are_the_vectors_of_a_fresh_run(own_corpus, tmp_path):
    index_it(own_corpus)
    digest = own_corpus.digests / "drew-banerjee-2019.md"
    digest.write_text(digest.read_text() + "\n\nOne more sentence.\n")
    index_it(own_corpus)
    fresh = own_corpus.model_copy(update={"data": tmp_path / "fresh"})
    index_it(fresh)
    one, two = open_index(own_corpus.data), open_index(fresh.data)
    assert one.version == two.version
    for source_id in one.renditions:
        for passage in one.passages_of(source_id):
            # Chroma scales a vector to length one as it stores it: equal to the last bit of rounding.
            assert np.array_equal(one.unit_vectors(passage), two.unit_vectors(passage))
            assert np.allclose(
                one.passage_vectors([passage.id])[passage.id], two.passage_vectors([passage.id])[passage.id], atol=1e-6
            )


def test_an_original_replaces_its_digest_in_the_index(own_corpus):
    index_it(own_corpus)
    (own_corpus.originals / "drew-banerjee-2019.txt").write_text("# Article\n\nThe zebra survey covered zebras.\n")
    index_it(own_corpus)
    index = open_index(own_corpus.data)
    passage, ours = index.passages_of("drew-banerjee-2019")
    assert (passage.rendition, passage.text) == ("original", "The zebra survey covered zebras.")
    assert (ours.rendition, ours.heading[-1]) == ("digest", PUBLICATION)


def test_a_broken_digest_names_its_line_and_the_old_index_serves(own_corpus, monkeypatch, capsys):
    report = index_it(own_corpus)
    digest = own_corpus.digests / "drew-banerjee-2019.md"
    digest.write_text("---\nsource: [broken\n---\n# T\n\nx\n")
    monkeypatch.setenv("VSA_DIGESTS", str(own_corpus.digests))
    assert corpus_command(["index", "--data", str(own_corpus.data)]) == 1
    assert "drew-banerjee-2019.md:2: its front matter is not valid YAML" in capsys.readouterr().err
    assert open_index(own_corpus.data).version == report.version


@pytest.mark.parametrize(
    "lost",
    [
        "manifest.json",
        "rows.json",
        "units.npy",
        "bm25/vocab.index.json",
        "bm25/data.csc.index.npy",
        "chroma/chroma.sqlite3",
    ],
)
def test_a_half_index_is_unavailable_and_the_next_run_mends_it(own_corpus, lost):
    report = index_it(own_corpus)
    (own_corpus.data / "versions" / report.version / lost).unlink()
    with pytest.raises(IndexUnavailable, match="Run: python -m corpus index"):
        open_index(own_corpus.data)
    assert index_it(own_corpus).changed
    assert open_index(own_corpus.data).version == report.version


@pytest.mark.parametrize("content", ["", "nowhere", "\x00"])
def test_a_pointer_to_nothing_is_unavailable(own_corpus, content):
    index_it(own_corpus)
    (own_corpus.data / "current").write_text(content)
    with pytest.raises(IndexUnavailable):
        open_index(own_corpus.data)


def test_no_index_is_unavailable_and_names_the_mend(tmp_path):
    with pytest.raises(IndexUnavailable, match=r"holds no index\. Run: python -m corpus index"):
        open_index(tmp_path)


def test_a_killed_run_leaves_the_old_index_serving(own_data, settings, tmp_path):
    old = open_index(own_data).version
    digests = Path(shutil.copytree(settings.digests, tmp_path / "digests"))
    (digests / "drew-banerjee-2019.md").write_text(
        "---\nsource: drew-banerjee-2019\n---\n# T\n\n"
        + "\n\n".join(f"Zebra sentence number {n} is new." for n in range(3000))
    )
    command = [sys.executable, "-m", "corpus", "index", "--data", str(own_data)]
    environment = {**os.environ, "VSA_DIGESTS": str(digests)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((own_data / "versions").glob("building-*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert open_index(own_data).version == old
    assert corpus_command(["index", "--data", str(own_data)]) == 0
    assert open_index(own_data).version == old
    assert (
        not list((own_data / "versions").glob("building-*")) or corpus_command(["index", "--data", str(own_data)]) == 0
    )


def test_two_writers_never_write_at_once(own_corpus):
    own_corpus.data.mkdir()
    with (own_corpus.data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DataFolderError, match="is being indexed by another run"):
            index_it(own_corpus)
    assert index_it(own_corpus).changed


def test_a_folder_that_cannot_be_written_is_named_with_its_mend(capsys):
    # /proc takes no new folders, from any user.
    assert corpus_command(["index", "--data", "/proc/vsa"]) == 1
    assert "/proc/vsa: cannot be written" in capsys.readouterr().err


def test_a_file_where_the_data_folder_should_be_is_named(tmp_path, capsys):
    (tmp_path / "data").write_text("in the way")
    assert corpus_command(["index", "--data", str(tmp_path / "data")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("nation", ["england", "scotland", "wales"])
def test_the_nation_filter_fails_closed(own_corpus, nation):
    encoder = WordEncoder()
    index_it(own_corpus, encoder)
    index = open_index(own_corpus.data)
    vector = encoder.encode(["virtual school head training"])[0]
    found = index.passages(
        list(index.dense(vector, 100, nation) | index.lexical("virtual school head training", 100, nation))
    )
    assert all(nation in passage.nation for passage in found.values())
    assert bool(found) == (nation != "wales")


def test_every_unit_has_its_own_vector(own_corpus):
    encoder = WordEncoder()
    index_it(own_corpus, encoder)
    index = open_index(own_corpus.data)
    for source_id in index.renditions:
        for passage in index.passages_of(source_id):
            assert len(index.unit_vectors(passage)) == len(units(passage.text))


def test_an_unknown_passage_is_an_error_of_its_own(own_corpus):
    index_it(own_corpus)
    with pytest.raises(UnknownSource):
        open_index(own_corpus.data).passage("none")


def test_plain_llama_index_reads_the_collection(data):
    from llama_index.core import VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

    index = open_index(data)
    vector = index.passage_vectors([index.rows[0].id])[index.rows[0].id].tolist()

    class Known(BaseEmbedding):
        def _get_query_embedding(self, query):
            return vector

        def _get_text_embedding(self, text):
            return vector

        async def _aget_query_embedding(self, query):
            return vector

    collection = open_chroma(data / "versions" / index.version / "chroma").get_collection(
        COLLECTION, embedding_function=None
    )
    plain = VectorStoreIndex.from_vector_store(ChromaVectorStore(chroma_collection=collection), embed_model=Known())
    (node,) = plain.as_retriever(similarity_top_k=1).retrieve("anything")
    assert node.node_id == index.rows[0].id
    assert node.text == index.passage(node.node_id).text
    assert node.metadata["source_id"] in index.sources


def test_new_bytes_with_the_same_words_keep_serving_and_the_next_run_leaves_them(own_corpus):
    original = own_corpus.originals / "drew-banerjee-2019.txt"
    original.write_text("The zebra survey covered zebras.\n")
    version = index_it(own_corpus).version
    original.write_text("The zebra survey covered zebras.  \n\n")
    assert index_it(own_corpus).version == version
    for _ in range(2):
        assert not index_it(own_corpus).changed
        with open_index(own_corpus.data) as index:
            assert index.version == version
            assert index.lexical("zebra", 5)
