"""The one path that writes the index: embed what is new, write beside, verify, switch, remove the old."""

import fcntl
import hashlib
import json
import logging
import multiprocessing
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import bm25s
import numpy as np
from chromadb.errors import ChromaError

from corpus import splitting
from corpus.aligning import align, remarks
from corpus.asking import Place, places_of, resolve
from corpus.domain import Asked, Passage, Progress, Source
from corpus.embedding import Encoder, Vectors
from corpus.errors import DataFolderError, IndexUnavailable
from corpus.gathering import Corpus
from corpus.index import (
    COLLECTION,
    FORMAT,
    Index,
    Row,
    current_version,
    metadata,
    open_chroma,
    plain_words,
    serving_index,
    tokenise,
)
from corpus.matching import Matcher

# Lucene's values, which the field's baselines use.
BM25_K1, BM25_B = 1.2, 0.75

# How many nodes go to Chroma at once; its own limit is about 5,000.
_WRITE_BATCH = 1000
# Chroma keeps its graph on disk from this many entries on; sooner than its own default, or readers would write it.
_LEAST_SYNC = 2

# Seconds to wait for services that still read a version which must go: they look for a new one every second.
_PATIENCE = 10.0

_AGAIN = "The old index still serves; mend that, then run again"


@dataclass(frozen=True)
class Report:
    """What a run did: `changed` is False where the index said it all already; `in_use` names old versions that are still
    being read and will go at the next run."""

    version: str
    changed: bool
    passages: int
    embedded: int
    reused: int
    in_use: tuple[str, ...] = ()


def write_index(
    data: Path,
    corpus: Corpus,
    encoder: Encoder,
    progress: Progress,
    asked: Sequence[Asked] = (),
    matcher: Matcher | None = None,
) -> Report:
    """Makes the index say exactly what `corpus` does; `asked` are kept beside it where a matcher reads them. A run that is
    killed or fails leaves the old version serving; the next run clears up after it.
    Raises DataFolderError where the folder cannot be written or another run holds it."""
    with writing(data):
        version = _version(corpus, encoder, asked if matcher else (), matcher)
        (data / "versions").mkdir(exist_ok=True)
        for leftover in (data / "versions").glob("building-*"):
            shutil.rmtree(leftover)
        count = len(corpus.passages)
        with serving_index(data) as old:
            if old and old.version == version and old.files == dict(corpus.files):
                serving = old.folder.name
                in_use = _remove_old(data, {serving, *_newest_other(data, serving)}, patience=0)
                return Report(version, False, count, 0, count, in_use)
            keep = old is not None and not _withdraws(old, corpus)
            before = old.folder.name if old else None
            building = Path(tempfile.mkdtemp(prefix="building-", dir=data / "versions"))
            try:
                corpus, same = _beside_digests(corpus, encoder, progress)
                count = len(corpus.passages)
                with _disk(data):
                    embedded = _write(
                        building, corpus, same, encoder, old, progress, asked, matcher, afresh=bool(old) and not keep
                    )
                    _write_manifest(building, corpus, encoder, version)
                    _to_disk(building)
                folder = _free_name(data / "versions", version)
                building.rename(folder)
            finally:
                shutil.rmtree(building, ignore_errors=True)
        _verify(folder, corpus.passages)
        _switch(data, folder.name)
        kept = {folder.name} | ({before} if keep and before else set())
        in_use = _remove_old(data, kept, patience=0 if keep else _PATIENCE)
        return Report(version, True, count, embedded, count - embedded, in_use)


def rollback(data: Path) -> str:
    """Makes the version before the one that serves serve again, and returns it. Raises DataFolderError where none is kept."""
    with writing(data):
        try:
            serving = current_version(data)
        except IndexUnavailable:
            serving = ""
        others = _newest_other(data, serving)
        if not others:
            raise DataFolderError(
                data,
                "keeps no earlier version (none was made, or it held a document that was withdrawn since)",
                "Run: python -m corpus index",
            )
        Index(data / "versions" / others[0]).close()
        _switch(data, others[0])
        return others[0]


def _newest_other(data: Path, serving: str) -> list[str]:
    """Whole versions beside the one that serves, the newest alone."""
    whole = [folder for folder in (data / "versions").glob("*") if (folder / "manifest.json").is_file()]
    others = sorted((f for f in whole if f.name != serving), key=lambda f: (f / "manifest.json").stat().st_mtime)
    return [others[-1].name] if others else []


def _withdraws(old: Index, corpus: Corpus) -> bool:
    """Whether the old version holds a document that is gone: such a version is not kept to go back to."""
    return any(
        source_id not in corpus.files
        or (held.rendition == "original" and corpus.files[source_id].rendition == "digest")
        for source_id, held in old.files.items()
    )


def _free_name(versions: Path, version: str) -> Path:
    """A folder name for a version. One of this name may be there: the same words, kept or broken; a reader may hold it."""
    folder = versions / version
    if not folder.exists() or _remove(folder):
        return folder
    return versions / f"{version}-{int(time.time())}"


@contextmanager
def writing(data: Path) -> Iterator[None]:
    """Holds the data folder's lock. Raises DataFolderError, which says who holds it, where another run does."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise DataFolderError(
            data, f"cannot be written ({error.strerror})", "Choose a folder you may write to: --data DIR or VSA_DATA"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read(100).strip()
            raise DataFolderError(
                data,
                f"is being indexed by another run{f' ({holder})' if holder else ''}",
                "Wait until it ends, then run again",
            ) from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}")
        lock.flush()
        yield
        lock.truncate(0)


@contextmanager
def _disk(data: Path) -> Iterator[None]:
    """A full or broken disk as our error."""
    try:
        yield
    except OSError as error:
        raise DataFolderError(data, f"cannot be written ({error.strerror or error})", _AGAIN) from error
    except ChromaError as error:
        raise DataFolderError(data, f"cannot be written ({type(error).__name__})", _AGAIN) from error


def _to_disk(folder: Path) -> None:
    """Waits until the disk has what was written: only then may the version serve."""
    for path in folder.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_old(data: Path, kept: set[str], patience: float) -> tuple[str, ...]:
    """Removes all versions but `kept`; those that are being read once they no longer are, or not at all in `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        left = [f for f in (data / "versions").iterdir() if f.name not in kept and not _remove(f)]
        if not left or time.monotonic() >= deadline:
            return tuple(folder.name for folder in left)
        time.sleep(0.1)


def _remove(folder: Path) -> bool:
    """Removes a version; False where somebody reads it."""
    try:
        with (folder / "manifest.json").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return False
    return True


def _version(corpus: Corpus, encoder: Encoder, asked: Sequence[Asked], matcher: Matcher | None) -> str:
    said = [
        FORMAT,
        encoder.fingerprint,
        [asdict(source) for source in corpus.sources.values()],
        [passage.id for passage in corpus.passages],
        [passage.id for passage in corpus.shadowed],
        [asdict(one) for one in asked],
        matcher.fingerprint if matcher else "",
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


def _write(
    folder: Path,
    corpus: Corpus,
    same: Mapping[Place, Place],
    encoder: Encoder,
    old: Index | None,
    progress: Progress,
    asked: Sequence[Asked],
    matcher: Matcher | None,
    afresh: bool,
) -> int:
    """Writes all files of a version but its manifest and returns how many passages were embedded anew. Where a document was
    withdrawn, Chroma writes in a process `afresh`, which never held its words: Chroma's files keep unused memory as it was."""
    passages = corpus.passages
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
    chroma = (folder / "chroma", corpus.sources, passages, vectors)
    if afresh:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            process.submit(_write_chroma, *chroma).result()
    else:
        _write_chroma(*chroma, progress("Writing", len(passages)))
    _write_same(folder, corpus.shadowed, same)
    held = resolve(asked, passages, corpus.shadowed, same) if matcher else []
    _write_asked(folder, held, matcher, encoder, old, progress)
    _write_words(folder, passages)
    return len(new)


def _beside_digests(corpus: Corpus, encoder: Encoder, progress: Progress) -> tuple[Corpus, dict[Place, Place]]:
    """The corpus with the remarks of digests whose place an original took, each a passage of its own; and {a unit of such a
    digest: the unit that says the same now}."""
    if not corpus.shadowed:
        return corpus, {}
    digests, originals = _by_source(corpus.shadowed), _by_source(corpus.passages)
    count = sum(len(splitting.units(p.text)) for s, ps in digests.items() for p in (*ps, *originals[s]))
    same: dict[Place, Place] = {}
    ours: list[Passage] = []
    step = progress("Comparing with digests", 2 * count)
    for source_id, digest in digests.items():
        same |= align(digest, originals[source_id], encoder, step)
        kept, moved = remarks(digest, same, originals[source_id])
        ours += kept
        same |= moved
    return replace(corpus, passages=[*corpus.passages, *ours]), same


def _by_source(passages: Sequence[Passage]) -> dict[str, list[Passage]]:
    out: dict[str, list[Passage]] = {}
    for passage in passages:
        out.setdefault(passage.source_id, []).append(passage)
    return out


def _write_same(folder: Path, shadowed: Sequence[Passage], same: Mapping[Place, Place]) -> None:
    """The words of digests' units, with the place in the original that says the same."""
    rows: dict[str, list[tuple[str, str, int]]] = {}
    for source_id, found in places_of(shadowed).items():
        rows[source_id] = [(text, *same[place]) for text, place in found if place in same]
    (folder / "same.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def _write_words(folder: Path, passages: Sequence[Passage]) -> None:
    """The words that passages and their headings use, each with how often."""
    used = Counter(word for p in passages for text in (p.text, p.label, *p.heading) for word in plain_words(text))
    (folder / "words.json").write_text(json.dumps(used, ensure_ascii=False), encoding="utf-8")


def _write_asked(
    folder: Path,
    asked: Sequence[tuple[Asked, tuple[Place, ...]]],
    matcher: Matcher | None,
    encoder: Encoder,
    old: Index | None,
    progress: Progress,
) -> None:
    """The vectors of the questions that staff ask, by both models, and the places that answer each."""
    texts = [one.text for one, _ in asked]
    taught: dict[str, Vectors] = {}
    plain: dict[str, Vectors] = {}
    if old and old.has_asked:
        held = old.asked_vectors
        if matcher and held.matcher == matcher.fingerprint:
            taught = dict(zip(held.texts, held.taught, strict=True))
        if old.encoder == encoder.fingerprint:
            plain = dict(zip(held.texts, held.plain, strict=True))
    new = [text for text in dict.fromkeys(texts) if text not in plain]
    plain |= dict(zip(new, encoder.encode(new, progress("Embedding questions", len(new))), strict=True))
    if matcher:
        new = [text for text in dict.fromkeys(texts) if text not in taught]
        taught |= dict(zip(new, matcher.read(new, progress("Reading questions", len(new)))[0], strict=True))
    for name, vectors in (("asked", taught), ("asked_plain", plain)):
        empty: Vectors = np.zeros((0, 0), dtype=np.float32)
        np.save(folder / f"{name}.npy", np.stack([vectors[text] for text in texts]) if texts else empty)
    said = {
        "matcher": matcher.fingerprint if matcher else "",
        "texts": texts,
        "places": [places for _, places in asked],
    }
    (folder / "asked.json").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def _write_manifest(folder: Path, corpus: Corpus, encoder: Encoder, version: str) -> None:
    """Written last: a folder without it is no index."""
    manifest = {
        "format": FORMAT,
        "version": version,
        "encoder": encoder.fingerprint,
        "passages": len(corpus.passages),
        "catalogued": corpus.catalogued,
        "files": {source_id: asdict(held) for source_id, held in corpus.files.items()},
        "sources": [asdict(source) for source in corpus.sources.values()],
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
    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it writes its steps to the terminal
    bm25 = bm25s.BM25(k1=BM25_K1, b=BM25_B, method="lucene")
    bm25.index(tokenise([splitting.embedding_text(passage) for passage in passages]), show_progress=False)
    bm25.save(str(folder))


def _write_chroma(
    folder: Path,
    sources: Mapping[str, Source],
    passages: Sequence[Passage],
    vectors: Mapping[str, Vectors],
    progress: Callable[[int], object] | None = None,
) -> None:
    """Through llama-index's own adapter, so that plain llama-index can read the collection."""
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    client = open_chroma(folder)
    collection = client.create_collection(
        COLLECTION,
        embedding_function=None,
        configuration={
            "hnsw": {"space": "cosine", "sync_threshold": max(_LEAST_SYNC, min(len(passages), _WRITE_BATCH))}
        },
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
        if progress:
            progress(len(batch))
    client.close()


def _verify(folder: Path, passages: Sequence[Passage]) -> None:
    """Opens the new version as a reader would and compares every passage. Raises IndexUnavailable."""
    with Index(folder) as index:
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
