"""What the files say: every source's file, found, read where it is new, and split into passages."""

import calendar
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus import splitting
from corpus.catalogue import load_sources
from corpus.domain import Passage, Progress, Rendition, Section, Source
from corpus.errors import ReadingError
from corpus.flagging import instructions
from corpus.index import Held, Index
from corpus.readers import KINDS
from corpus.reading import READING, find_file, read_document
from corpus.settings import CorpusSettings
from corpus.worker import Reader

# The heading of what the catalogue knows of an original; our digests' own is called so too.
PUBLICATION = "Publication details"

_UNSAFE = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 80


def _silent(_: int) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Corpus:
    """What an index is to say: sources, their passages in order, and the file that each source's passages came from.
    `shadowed` are passages of digests whose place an original took: not indexed, but questions and replies know their
    words. `failures` are files that could not be read; what was last read of them stays. `catalogued` is False for a folder
    of documents without a catalogue."""

    sources: Mapping[str, Source]
    passages: Sequence[Passage]
    files: Mapping[str, Held]
    shadowed: Sequence[Passage] = ()
    failures: tuple[ReadingError, ...] = ()
    catalogued: bool = True


def gather(settings: CorpusSettings, old: Index | None = None, progress: Progress | None = None) -> Corpus:
    """The catalogue's sources with the text that is held of them. An unchanged file is not read again: its passages come
    from `old`. Raises CatalogueError, and ReadingError where a digest is broken or there is nothing at all to index."""
    sources = load_sources(settings)
    gathered = _Gathered(old)
    step = progress("Reading", len(sources)) if progress else _silent
    shadowed: list[Passage] = []
    with Reader() as reader:
        for source in sources.values():
            try:
                found = find_file(source, settings)
                if found:
                    gathered.add(source, *found, reader)
            except ReadingError as error:
                if not any(settings.originals.glob(f"{source.id}.*")):
                    raise  # a digest is ours, so nothing is written until it is mended
                gathered.failed(source, error)
                digest = settings.digests / f"{source.id}.md"
                if source.id not in gathered.files and digest.is_file():
                    gathered.add(source, digest, "digest", reader)
            held, digest = gathered.files.get(source.id), settings.digests / f"{source.id}.md"
            if held and held.rendition == "original" and digest.is_file():
                read = read_document(digest, source.id, "digest")
                shadowed.extend(splitting.split(read.sections, source.nation, source.label))
            if held and held.rendition == "original":
                gathered.passages.extend(splitting.split(publication(source), source.nation, source.label))
            step(1)
    if not gathered.passages:
        raise next(
            iter(gathered.failures),
            ReadingError(
                settings.digests, "holds no digest of any source in the catalogue", "Add one, or mend VSA_DIGESTS"
            ),
        )
    return Corpus(sources, gathered.passages, gathered.files, shadowed, tuple(gathered.failures))


def publication(source: Source) -> tuple[Section, ...]:
    """What the catalogue knows of a document, in words of ours: an original seldom says of itself who published it, when, and
    of what force it is."""
    kind = "document" if source.force == "not stated" else source.force
    published = f"published by {source.publisher}" if source.publisher else "published"
    if source.authors:
        names = " and ".join(filter(None, (", ".join(source.authors[:-1]), source.authors[-1])))
        told = [f"{names} wrote this {kind}, {published}{_on(source.published)}."]
    else:
        told = [f"This {kind} was {published}{_on(source.published)}."]
    if source.review_by:
        told.append(f"It was to be reviewed by {_in_words(source.review_by)}.")
    return (Section(source.id, "digest", (source.title, PUBLICATION), "\n\n".join(told)),)


def _on(date: str) -> str:
    if not date:
        return " without a date"
    return f" {'on' if date.count('-') == 2 else 'in'} {_in_words(date)}"


def _in_words(date: str) -> str:
    """A date of the catalogue in words: "2021", "February 2021", "21 January 2020"."""
    year, month, day = (*date.split("-"), "", "")[:3]
    return " ".join(filter(None, (day.lstrip("0"), month and calendar.month_name[int(month)], year)))


def gather_folder(folder: Path, old: Index | None = None, progress: Progress | None = None) -> Corpus:
    """Every readable file below a folder as a source of its own, without a catalogue: its title and date are what the file
    says of itself. Raises ReadingError where there is none."""
    files = sorted(_files(folder))
    if not files:
        raise ReadingError(folder, f"holds no file that can be read ({', '.join(KINDS)})", "Choose another folder")
    gathered = _Gathered(old)
    sources: dict[str, Source] = {}
    step = progress("Reading", len(files)) if progress else _silent
    with Reader() as reader:
        for file in files:
            source = _uncatalogued(file.relative_to(folder), sources)
            known = old.sources.get(source.id) if old else None
            if known:
                source = replace(source, title=known.title, published=known.published)
            try:
                source = gathered.add(source, file, "original", reader, titled=True)
            except ReadingError as error:
                gathered.failed(source, error)
            if source.id in gathered.files:
                sources[source.id] = source
            step(1)
    if not gathered.passages:
        raise gathered.failures[0]
    return Corpus(sources, gathered.passages, gathered.files, (), tuple(gathered.failures), catalogued=False)


def _files(folder: Path) -> Iterator[Path]:
    """Files of a kind that can be read, hidden ones and links out of the folder left out."""
    root = folder.resolve()
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            file = Path(above) / name
            if (
                Path(name).suffix.lower() in KINDS
                and not name.startswith(".")
                and file.is_file()
                and file.resolve().is_relative_to(root)
            ):
                yield file


def _uncatalogued(file: Path, taken: Mapping[str, Source]) -> Source:
    """A source that nothing is known of but its file's name."""
    name = _UNSAFE.sub("-", str(file.with_suffix("")).lower()).strip("-")
    base = name[:_LONGEST_ID].strip("-") or "document"
    if base != str(file.with_suffix("")).lower() or base in taken:
        base = f"{base}-{hashlib.sha256(os.fsencode(str(file))).hexdigest()[:8]}"
    title = file.stem.encode("utf-8", "replace").decode()
    return Source(base, title, (), "", "", (), "not stated", "current", None, None, (), "not stated", "", False)


class _Gathered:
    """Collects passages and files; reuses what the old index holds of unchanged files."""

    def __init__(self, old: Index | None) -> None:
        self.passages: list[Passage] = []
        self.files: dict[str, Held] = {}
        self.failures: list[ReadingError] = []
        self._old = old
        self._kept: dict[str, list[Passage]] | None = None

    def add(self, source: Source, path: Path, rendition: Rendition, reader: Reader, titled: bool = False) -> Source:
        """Adds a source's passages; returns it, with the title and date of its file where `titled`. Raises ReadingError."""
        checksum = _checksum(path)
        before = self._before(source)
        if before and (before.sha256, before.rendition, before.reading) == (checksum, rendition, READING):
            self._reuse(source, before)
            return source
        read = read_document(path, source.id, rendition, reader, source.title)
        if titled:
            source = replace(source, title=read.title or source.title, published=read.published)
        flags = instructions(read.sections)
        self.passages.extend(splitting.split(read.sections, source.nation, source.label))
        self.files[source.id] = Held(path.name, checksum, rendition, READING, read.pages, flags, read.scanned)
        return source

    def failed(self, source: Source, error: ReadingError) -> None:
        """Notes a file that cannot be read; what was last read of it stays."""
        before = self._before(source)
        if before:
            self._reuse(source, before)
            error = ReadingError(error.where, error.what, f"{error.mend}. Until then its last readable text serves")
        self.failures.append(error)

    def _before(self, source: Source) -> Held | None:
        """The old index's file of a source, where its passages would be named alike today."""
        known = self._old.sources.get(source.id) if self._old else None
        if (
            self._old is None
            or known is None
            or (known.nation, known.label, known.title) != (source.nation, source.label, source.title)
        ):
            return None
        return self._old.files.get(source.id)

    def _reuse(self, source: Source, held: Held) -> None:
        if self._kept is None:
            self._kept = self._old.by_source() if self._old else {}
        self.passages.extend(p for p in self._kept.get(source.id, ()) if p.rendition == held.rendition)
        self.files[source.id] = held


def _checksum(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ReadingError(path, f"cannot be read ({error.strerror})", "Check the file and its permissions") from error
