"""The index as it is read: dense vectors in Chroma, BM25 beside it, vectors of single units in one mapped file.

On disk, under the data folder: `current` names the version that serves; `versions/<version>/` holds `chroma/`,
`bm25/`, `units.npy`, `asked.npy`, `asked_plain.npy`, `asked.json`, `same.json`, `words.json`, `rows.json` and, written last,
`manifest.json`. `corpus.indexing` is the only writer. Who reads a version holds a shared lock on its manifest, so that the writer does not remove it under them.
"""

import fcntl
import json
import os
import re
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, cast

import bm25s
import chromadb
import numpy as np
import Stemmer
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError

from corpus.catalogue import source_from_record
from corpus.domain import NATIONS, Mark, Nation, Passage, Rendition, Source, Unit
from corpus.embedding import Vectors
from corpus.errors import IndexUnavailable, UnknownSource
from corpus.splitting import units

FORMAT = 10  # raise when the layout below changes, so that an old index is rebuilt and not misread
COLLECTION = "passages"
# How sharply likeness weighs: a question at a cosine 0.1 lower counts e times less.
_SHARP = 10.0
# Passages kept in memory once read: a version never changes. About 20 MB.
_KEPT = 10_000
_WORD = re.compile(r"[^\W\d_]+")
REBUILD = "Run: python -m corpus index"
# A version may be replaced between reading its name and opening it; hardly more than once.
_TRIES = 3


@dataclass(frozen=True)
class Row:
    """A passage's place: its position is its BM25 row, `start:end` its rows in units.npy."""

    id: str
    nation: tuple[Nation, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Held:
    """The file that a source's passages came from: its name and checksum, the edition of the reader that read it, its pages,
    words in it that talk to a machine, and whether its words were recognised in pictures of its pages."""

    name: str
    sha256: str
    rendition: Rendition
    reading: int
    pages: int | None
    flags: tuple[str, ...]
    scanned: bool = False


@dataclass(frozen=True)
class Likeness:
    """What is like a question among those that staff ask, in one model's eyes. `units`: {(passage id, unit number): (cosine
    of the nearest question that it answers, its share of all questions weighed by likeness)}; then the cosines of the
    nearest question that is answered and of the nearest that nothing answers, and the latter kind's share."""

    units: Mapping[tuple[str, int], tuple[float, float]]
    nearest: float
    nearest_open: float
    open_share: float


@dataclass(frozen=True)
class AskedLike:
    """Likeness in the eyes of the matcher, which was taught on those questions, and of the plain encoder, which was not;
    and the matcher's chance that the sources answer."""

    taught: Likeness
    plain: Likeness
    chance: float

    def passages(self, count: int) -> tuple[str, ...]:
        """The passages of the `count` units that answer the likest questions in the eyes of both."""
        likest = sorted(
            self.taught.units, key=lambda place: (-self.taught.units[place][0] - self.plain.units[place][0], place)
        )
        return tuple(dict.fromkeys(passage_id for passage_id, _ in likest[:count]))


@dataclass(frozen=True)
class AskedVectors:
    """What an index keeps of the questions that staff ask: (count, dimension) by the matcher and by the encoder."""

    matcher: str
    texts: tuple[str, ...]
    taught: Vectors
    plain: Vectors


def open_chroma(folder: Path) -> Any:
    """An embedded Chroma client that sends nothing home."""
    return chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False))


def tokenise(texts: Sequence[str]) -> Any:
    """Stemmed English words without stopwords, for BM25: the same for passages and questions."""
    return bm25s.tokenize(
        list(texts), stopwords="en", stemmer=Stemmer.Stemmer("english"), return_ids=False, show_progress=False
    )


def plain_words(text: str) -> list[str]:
    """The words of a text in small letters, as written."""
    return _WORD.findall(text.lower())


class Index:
    """One version of the index, open for reading. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Opens one version's folder. Raises IndexUnavailable where it is not whole."""
        self.folder = folder
        self._read: dict[str, Passage] = {}
        # What is held open is let go with the last reference to this, so that nobody loses a version that is in use.
        self._held: list[weakref.finalize[..., Index]] = []
        try:
            lock = os.open(folder / "manifest.json", os.O_RDONLY)
            self._held.append(weakref.finalize(self, os.close, lock))
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if manifest["format"] != FORMAT:
                raise IndexUnavailable(
                    folder, f"is of format {manifest['format']}, this version reads {FORMAT}", REBUILD
                )
            self.version: str = manifest["version"]
            self.sources = {record["id"]: source_from_record(record) for record in manifest["sources"]}
            self.encoder: str = manifest["encoder"]
            self.catalogued: bool = manifest["catalogued"]
            self.files = {key: _held(record) for key, record in manifest["files"].items()}
            self.renditions: dict[str, str] = {key: held.rendition for key, held in self.files.items()}
            self._same: dict[str, list[tuple[str, str, int]]] = json.loads(
                (folder / "same.json").read_text(encoding="utf-8")
            )
            self.rows = [
                Row(r[0], tuple(r[1]), r[2], r[3])
                for r in json.loads((folder / "rows.json").read_text(encoding="utf-8"))
            ]
            self._row = {row.id: number for number, row in enumerate(self.rows)}
            self._units: Vectors = np.load(folder / "units.npy", mmap_mode="r")
            self.words: Mapping[str, int] = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
            self.asked_vectors = AskedVectors(
                asked["matcher"],
                tuple(asked["texts"]),
                np.load(folder / "asked.npy"),
                np.load(folder / "asked_plain.npy"),
            )
            self._asked_places = [tuple((place[0], place[1]) for place in places) for places in asked["places"]]
            self._bm25 = bm25s.BM25.load(str(folder / "bm25"), mmap=True, load_corpus=False)
            client = open_chroma(folder / "chroma")
            self._held.append(weakref.finalize(self, client.close))
            self._collection = client.get_collection(COLLECTION, embedding_function=None)
            counted = (manifest["passages"], len(self.rows), self._collection.count(), self._bm25.scores["num_docs"])
        except (OSError, ValueError, KeyError, TypeError, IndexError, ChromaError) as error:
            self.close()
            raise IndexUnavailable(folder, f"is not whole ({type(error).__name__})", REBUILD) from error
        if len(set(counted)) != 1 or (self.rows and self.rows[-1].end != len(self._units)):
            self.close()
            raise IndexUnavailable(folder, f"is not whole (passages counted: {counted})", REBUILD)
        self._asked_open = np.array([not places for places in self._asked_places], dtype=bool)
        # One row a (question, unit that answers it): the question, the unit, and the unit's part in the answer.
        pairs = [(n, place, 1 / len(places)) for n, places in enumerate(self._asked_places) for place in places]
        self._asked_units = list(dict.fromkeys(place for _, place, _ in pairs))
        number = {place: n for n, place in enumerate(self._asked_units)}
        self._asked_row = np.array([row for row, _, _ in pairs], dtype=np.int64)
        self._asked_unit = np.array([number[place] for _, place, _ in pairs], dtype=np.int64)
        self._asked_part = np.array([part for _, _, part in pairs])
        self._masks = {nation: np.array([nation in row.nation for row in self.rows], dtype=bool) for nation in NATIONS}

    def close(self) -> None:
        """Lets go of the version's files now."""
        for release in reversed(self._held):
            release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _adapted(self) -> Iterator[None]:
        """Chroma's errors as ours."""
        try:
            yield
        except ChromaError as error:
            raise IndexUnavailable(self.version, f"cannot be searched ({type(error).__name__})", REBUILD) from error

    def dense(self, vector: Vectors, limit: int, nation: Nation | None = None) -> dict[str, float]:
        """{passage id: cosine} of the nearest passages, nearest first; with `nation`, of that nation's alone."""
        if not self.rows:
            return {}
        with self._adapted():
            found = self._collection.query(
                query_embeddings=[vector.tolist()],
                n_results=min(limit, len(self.rows)),
                where=cast(Any, {f"nation_{nation}": 1}) if nation else None,
                include=["distances"],
            )
        return {key: 1.0 - distance for key, distance in zip(found["ids"][0], found["distances"][0], strict=True)}

    def lexical(self, text: str, limit: int, nation: Nation | None = None) -> dict[str, float]:
        """{passage id: BM25 score} of passages that share a word with the text, best first."""
        tokens = [token for token in tokenise([text])[0] if token in self._bm25.vocab_dict]
        if not tokens:
            return {}
        scores = self._bm25.get_scores(tokens)
        if nation:
            scores = np.where(self._masks[nation], scores, 0.0)
        best = np.argsort(-scores, kind="stable")[:limit]
        return {self.rows[n].id: float(scores[n]) for n in best if scores[n] > 0}

    def best_units(self, vector: Vectors, ids: Iterable[str]) -> dict[str, float]:
        """{passage id: the highest cosine of its units}."""
        rows = [self.rows[self._row[key]] for key in dict.fromkeys(ids)]
        if not rows:
            return {}
        cosines = np.concatenate([self._units[row.start : row.end] for row in rows]) @ vector
        starts = np.cumsum([0, *(row.end - row.start for row in rows[:-1])])
        best = np.maximum.reduceat(cosines, starts)
        return {row.id: float(cosine) for row, cosine in zip(rows, best, strict=True)}

    @property
    def vocabulary(self) -> Collection[str]:
        """Every stem that a passage holds."""
        return cast(Collection[str], self._bm25.vocab_dict)

    def rarity(self, text: str) -> list[tuple[str, float]]:
        """(stem, inverse document frequency) of each of the text's words; a word no passage has gets the highest."""
        stems = dict.fromkeys(tokenise([text])[0])
        count = len(self.rows)
        return [(stem, float(np.log(1 + count / (0.5 + self._document_frequency(stem))))) for stem in stems]

    def _document_frequency(self, stem: str) -> int:
        column = self._bm25.vocab_dict.get(stem)
        if column is None:
            return 0
        pointers = self._bm25.scores["indptr"]
        return int(pointers[column + 1] - pointers[column])

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """{id: passage} of those ids that the index holds."""
        held = {key: self._read[key] for key in ids if key in self._read}
        new = [key for key in dict.fromkeys(ids) if key not in held]  # Chroma refuses an id named twice
        if new:
            with self._adapted():
                found = self._collection.get(ids=new, include=["documents", "metadatas"])
            fresh = {
                key: _passage(key, text, meta)
                for key, text, meta in zip(found["ids"], found["documents"], found["metadatas"], strict=True)
            }
            if len(self._read) + len(fresh) > _KEPT:
                self._read = {}
            self._read |= fresh
            held |= fresh
        return held

    def passage(self, passage_id: str) -> Passage:
        """Raises UnknownSource where the index has no such passage."""
        try:
            return self.passages([passage_id])[passage_id]
        except KeyError as error:
            raise UnknownSource(
                passage_id, "is not a passage of this index", "It may have changed since; search again"
            ) from error

    def passages_of(self, source_id: str) -> list[Passage]:
        """All passages of a source, in reading order."""
        with self._adapted():
            found = self._collection.get(where={"source_id": source_id}, include=["documents", "metadatas"])
        passages = [
            _passage(key, text, meta)
            for key, text, meta in zip(found["ids"], found["documents"], found["metadatas"], strict=True)
        ]
        return sorted(passages, key=lambda passage: self._row[passage.id])

    def by_source(self) -> dict[str, list[Passage]]:
        """{source id: its passages in reading order} of all sources."""
        out: dict[str, list[Passage]] = {}
        for start in range(0, len(self.rows), _KEPT):
            ids = [row.id for row in self.rows[start : start + _KEPT]]
            found = self.passages(ids)
            for key in ids:
                out.setdefault(found[key].source_id, []).append(found[key])
        return out

    def find(self, source_id: str, starts: str) -> tuple[Passage, Unit] | None:
        """The unit of a source that begins with these words; where an original took its digest's place, the original's unit
        that says what the digest's does."""
        for passage in self.passages_of(source_id):
            for unit in units(passage.text):
                if passage.text.startswith(starts, unit.start):
                    return passage, unit
        for text, passage_id, number in self._same.get(source_id, ()):
            if text.startswith(starts):
                passage = self.passage(passage_id)
                return passage, units(passage.text)[number]
        return None

    def unit_vectors(self, passage: Passage) -> Vectors:
        """(number of units, dimension), in the order of `splitting.units(passage.text)`."""
        row = self.rows[self._row[passage.id]]
        return self._units[row.start : row.end]

    @cached_property
    def asked_sources(self) -> frozenset[str]:
        """Sources of which questions that staff ask are kept; of others, such as documents that were added, none are."""
        found = self.passages(list(dict.fromkeys(passage_id for passage_id, _ in self._asked_units)))
        return frozenset(passage.source_id for passage in found.values())

    @property
    def has_asked(self) -> bool:
        """Whether questions that staff ask are kept beside the passages."""
        return len(self.asked_vectors.texts) > 0

    def asked(self, taught: Vectors, plain: Vectors, chance: float) -> AskedLike:
        """How questions that staff ask compare with one that the matcher read as `taught` and `chance`, the encoder as `plain`."""
        return AskedLike(
            self._likeness(self.asked_vectors.taught @ taught), self._likeness(self.asked_vectors.plain @ plain), chance
        )

    def _likeness(self, cosines: Vectors) -> Likeness:
        weights = np.exp(_SHARP * (cosines - 1.0))
        weights /= weights.sum()
        best = np.zeros(len(self._asked_units))
        np.maximum.at(best, self._asked_unit, cosines[self._asked_row])
        share = np.bincount(self._asked_unit, weights[self._asked_row] * self._asked_part, len(self._asked_units))
        units = dict(zip(self._asked_units, zip(best.tolist(), share.tolist(), strict=True), strict=True))
        return Likeness(
            units,
            float(cosines[~self._asked_open].max(initial=0.0)),
            float(cosines[self._asked_open].max(initial=0.0)),
            float(weights[self._asked_open].sum()),
        )

    def passage_vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """{id: vector} of those ids that the index holds; for reuse when the next version is written."""
        if not ids:
            return {}
        with self._adapted():
            found = self._collection.get(ids=list(ids), include=["embeddings"])
        return {
            key: np.asarray(vector, dtype=np.float32)
            for key, vector in zip(found["ids"], found["embeddings"], strict=True)
        }


def open_index(data: Path) -> Index:
    """The version that `current` names. Raises IndexUnavailable where there is none or it is not whole."""
    for _ in range(_TRIES - 1):
        version = current_version(data)
        try:
            return Index(data / "versions" / version)
        except IndexUnavailable:
            if current_version(data) == version:
                raise
    return Index(data / "versions" / current_version(data))


@contextmanager
def serving_index(data: Path) -> Iterator[Index | None]:
    """The version that serves, for as long as this lasts; None where there is none or it is not whole."""
    try:
        index = open_index(data)
    except IndexUnavailable:
        yield None
        return
    with index:
        yield index


def current_version(data: Path) -> str:
    """The version that serves. Raises IndexUnavailable where there is none."""
    try:
        return (data / "current").read_text(encoding="utf-8").strip() or "none"
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnavailable(data, "holds no index", REBUILD) from error


def metadata(passage: Passage, source: Source) -> dict[str, Any]:
    """A passage's fields as Chroma keeps them: flat, with a flag of 1 or 0 a nation, which llama-index's filters can name."""
    flat: dict[str, Any] = {
        "source_id": passage.source_id,
        "title": source.title,
        "heading": json.dumps(passage.heading, ensure_ascii=False),
        "rendition": passage.rendition,
        "page": passage.page if passage.page is not None else -1,
        "marks": json.dumps([astuple(mark) for mark in passage.marks]),
        "label": passage.label,
    }
    flat.update({f"nation_{nation}": int(nation in passage.nation) for nation in NATIONS})
    return flat


def _passage(key: str, text: str, meta: dict[str, Any]) -> Passage:
    nation = tuple(n for n in NATIONS if meta[f"nation_{n}"])
    marks = tuple(Mark(*mark) for mark in json.loads(meta["marks"]))
    return Passage(
        key,
        meta["source_id"],
        meta["rendition"],
        tuple(json.loads(meta["heading"])),
        text,
        nation,
        marks,
        meta["label"],
    )


def _held(record: dict[str, Any]) -> Held:
    return Held(**{**record, "flags": tuple(record["flags"])})
