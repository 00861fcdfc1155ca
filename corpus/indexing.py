"""The one path that writes the index: read, split, embed what is new, write beside, verify, switch, remove the old."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import bm25s
import numpy as np

from corpus import splitting
from corpus.asking import Place, resolve
from corpus.catalogue import load_catalogue
from corpus.domain import Asked, Passage, Source
from corpus.embedding import Encoder, Vectors
from corpus.errors import DataFolderError, IndexUnavailable, ReadingError
from corpus.index import COLLECTION, FORMAT, Index, Row, metadata, open_chroma, open_index, tokenise
from corpus.matching import Matcher
from corpus.reading import find_file, read_document
from corpus.settings import CorpusSettings

# Lucene's values, which the field's baselines use.
BM25_K1, BM25_B = 1.2, 0.75

# How many nodes go to Chroma at once; its own limit is about 5,000.
_WRITE_BATCH = 1000

Progress = Callable[[str, int], Callable[[int], object]]


@dataclass(frozen=True)
class Report:
    """What a run did: `changed` is False where the index said it all already."""

    version: str
    changed: bool
    passages: int
    embedded: int
    reused: int


def read_corpus(settings: CorpusSettings) -> tuple[dict[str, Source], list[Passage]]:
    """The catalogue, and the passages of every source that has a digest or an original. Raises CatalogueError or
    ReadingError; nothing has been written by then."""
    sources = load_catalogue(settings.catalogue)
    passages: list[Passage] = []
    for source in sources.values():
        found = find_file(source, settings)
        if found:
            path, rendition = found
            passages.extend(splitting.split(read_document(path, source.id, rendition), source.nation, source.label))
    if not passages:
        raise ReadingError(
            settings.digests, "holds no digest of any source in the catalogue", "Add one, or mend VSA_DIGESTS"
        )
    return sources, passages


def write_index(
    data: Path,
    sources: Mapping[str, Source],
    passages: Sequence[Passage],
    encoder: Encoder,
    progress: Progress,
    asked: Sequence[Asked] = (),
    matcher: Matcher | None = None,
) -> Report:
    """Makes the index say exactly `passages`; `asked` are kept beside them where a matcher reads them. A run that is
    killed leaves the old version serving.
    Raises DataFolderError where the folder cannot be written or another run holds it."""
    with _writer(data):
        held = resolve(asked, passages) if matcher else []
        version = _version(sources, passages, encoder, held, matcher)
        (data / "versions").mkdir(exist_ok=True)
        for leftover in (data / "versions").glob("building-*"):
            shutil.rmtree(leftover)
        with _opened(data) as old:
            if old and old.version == version:
                return Report(version, False, len(passages), 0, len(passages))
            building = Path(tempfile.mkdtemp(prefix="building-", dir=data / "versions"))
            try:
                embedded = _write(building, sources, passages, encoder, old, progress)
                _write_asked(building, held, matcher, progress)
                _write_manifest(building, sources, passages, encoder, version)
                folder = data / "versions" / version
                shutil.rmtree(folder, ignore_errors=True)  # a broken one of the same name
                building.rename(folder)
            finally:
                shutil.rmtree(building, ignore_errors=True)
        _verify(folder, passages)
        _switch(data, version)
        for other in (data / "versions").iterdir():
            if other.name != version:
                shutil.rmtree(other, ignore_errors=True)
        return Report(version, True, len(passages), embedded, len(passages) - embedded)


@contextmanager
def _writer(data: Path) -> Iterator[None]:
    """Holds the data folder's lock."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "lock").open("w")
    except OSError as error:
        raise DataFolderError(
            data, f"cannot be written ({error.strerror})", "Choose a folder you may write to: --data DIR or VSA_DATA"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataFolderError(
                data, "is being indexed by another run", "Wait until it ends, then run again"
            ) from error
        yield


def _version(
    sources: Mapping[str, Source],
    passages: Sequence[Passage],
    encoder: Encoder,
    asked: Sequence[tuple[Asked, tuple[Place, ...]]],
    matcher: Matcher | None,
) -> str:
    said = [
        FORMAT,
        encoder.fingerprint,
        [asdict(source) for source in sources.values()],
        [passage.id for passage in passages],
        [asdict(one) for one, _ in asked],
        matcher.fingerprint if matcher else "",
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


@contextmanager
def _opened(data: Path) -> Iterator[Index | None]:
    """The version that serves, or None where there is none or it is broken: then all is written anew."""
    try:
        index = open_index(data)
    except IndexUnavailable:
        yield None
        return
    with closing(index):
        yield index


def _write(
    folder: Path,
    sources: Mapping[str, Source],
    passages: Sequence[Passage],
    encoder: Encoder,
    old: Index | None,
    progress: Progress,
) -> int:
    """Writes all files of a version and returns how many passages were embedded anew."""
    vectors, unit_vectors = _known_vectors(old, passages, encoder)
    new = [passage for passage in passages if passage.id not in vectors]
    texts = [splitting.embedding_text(passage) for passage in new]
    spans = [splitting.units(passage.text) for passage in new]
    unit_texts = [
        splitting.unit_embedding_text(passage, unit)
        for passage, found in zip(new, spans, strict=True)
        for unit in found
    ]
    made = encoder.encode(texts + unit_texts, progress("Embedding", len(texts) + len(unit_texts)))
    position = len(new)
    for number, (passage, found) in enumerate(zip(new, spans, strict=True)):
        vectors[passage.id] = made[number]
        unit_vectors[passage.id] = made[position : position + len(found)]
        position += len(found)

    rows: list[Row] = []
    for passage in passages:
        start = rows[-1].end if rows else 0
        rows.append(Row(passage.id, passage.nation, start, start + len(unit_vectors[passage.id])))
    empty: Vectors = np.zeros((0, encoder.dimension), dtype=np.float32)
    np.save(folder / "units.npy", np.concatenate([empty, *(unit_vectors[passage.id] for passage in passages)]))
    (folder / "rows.json").write_text(json.dumps([[r.id, r.nation, r.start, r.end] for r in rows]), encoding="utf-8")
    _write_bm25(folder / "bm25", passages)
    _write_chroma(folder / "chroma", sources, passages, vectors, progress("Writing", len(passages)))
    return len(new)


def _write_asked(
    folder: Path, asked: Sequence[tuple[Asked, tuple[Place, ...]]], matcher: Matcher | None, progress: Progress
) -> None:
    """The vectors of the questions that staff ask, and the places that answer each."""
    vectors: Vectors = np.zeros((0, 0), dtype=np.float32)
    if matcher and asked:
        vectors, _ = matcher.read([one.text for one, _ in asked], progress("Reading questions", len(asked)))
    np.save(folder / "asked.npy", vectors)
    (folder / "asked.json").write_text(json.dumps([places for _, places in asked]), encoding="utf-8")


def _write_manifest(
    folder: Path, sources: Mapping[str, Source], passages: Sequence[Passage], encoder: Encoder, version: str
) -> None:
    """Written last: a folder without it is no index."""
    manifest = {
        "format": FORMAT,
        "version": version,
        "encoder": encoder.fingerprint,
        "passages": len(passages),
        "renditions": {passage.source_id: passage.rendition for passage in passages},
        "sources": [asdict(source) for source in sources.values()],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")


def _known_vectors(
    old: Index | None, passages: Sequence[Passage], encoder: Encoder
) -> tuple[dict[str, Vectors], dict[str, Vectors]]:
    if old is None or old.encoder != encoder.fingerprint:
        return {}, {}
    held = {row.id for row in old.rows}
    kept = [passage for passage in passages if passage.id in held]
    return old.passage_vectors([p.id for p in kept]), {p.id: np.array(old.unit_vectors(p)) for p in kept}


def _write_bm25(folder: Path, passages: Sequence[Passage]) -> None:
    bm25 = bm25s.BM25(k1=BM25_K1, b=BM25_B, method="lucene")
    bm25.index(tokenise([splitting.embedding_text(passage) for passage in passages]), show_progress=False)
    bm25.save(str(folder))


def _write_chroma(
    folder: Path,
    sources: Mapping[str, Source],
    passages: Sequence[Passage],
    vectors: Mapping[str, Vectors],
    progress: Callable[[int], object],
) -> None:
    """Through llama-index's own adapter, so that plain llama-index can read the collection."""
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    client = open_chroma(folder)
    collection = client.create_collection(
        COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    store = ChromaVectorStore(chroma_collection=collection)
    for start in range(0, len(passages), _WRITE_BATCH):
        batch = passages[start : start + _WRITE_BATCH]
        store.add(
            [
                TextNode(
                    id_=p.id, text=p.text, metadata=metadata(p, sources[p.source_id]), embedding=vectors[p.id].tolist()
                )
                for p in batch
            ]
        )
        progress(len(batch))
    client.close()


def _verify(folder: Path, passages: Sequence[Passage]) -> None:
    """Opens the new version as a reader would and compares every passage. Raises IndexUnavailable."""
    with closing(Index(folder)) as index:
        for start in range(0, len(passages), _WRITE_BATCH):
            batch = passages[start : start + _WRITE_BATCH]
            if index.passages([passage.id for passage in batch]) != {passage.id: passage for passage in batch}:
                raise IndexUnavailable(
                    folder,
                    "does not hold what was written",
                    "The old index still serves; check the disk, then run again",
                )


def _switch(data: Path, version: str) -> None:
    temporary = data / "current.new"
    temporary.write_text(version, encoding="utf-8")
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.replace(data / "current")
