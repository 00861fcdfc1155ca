"""Brings a document in, and takes it out again: the file under its id, and its record in the local catalogue."""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.catalogue import add_record, load_catalogue, load_sources, remove_record
from corpus.domain import Source
from corpus.errors import CatalogueError, DataFolderError, UnknownSource
from corpus.readers import KINDS
from corpus.readers.blocks import Document
from corpus.settings import CorpusSettings

# What a record must say that a file cannot say of itself.
ASKED_FOR = ("nation", "force", "licence")
_LONGEST_ID = 60
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Names of our own files beside the originals.
_RESERVED = ("catalogue", "fetched")


@dataclass(frozen=True)
class Added:
    source: Source
    file: Path


def proposed(document: Document, file: Path) -> dict[str, Any]:
    """What a document says of itself, for a record: its id, title and date."""
    title = document.title or file.stem
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:_LONGEST_ID].strip("-")
    return {"id": name or "document", "title": title, "published": document.published}


def record(given: Mapping[str, Any], proposal: Mapping[str, Any]) -> dict[str, Any]:
    """A whole record from what a person gave and what the document says. Raises CatalogueError where something is missing."""
    said = {**proposal, **{key: value for key, value in given.items() if value not in (None, "", [])}}
    missing = [f"--{field}" for field in ASKED_FOR if not said.get(field)]
    if missing:
        raise CatalogueError(
            said["id"],
            f"has no record in the catalogue and {', '.join(missing)} are not given",
            "Give them, then run again",
        )
    return {
        "authors": [],
        "publisher": "",
        "status": "current",
        "review_by": None,
        "superseded_by": None,
        "applies_to": [],
        "url": "",
        "url_checked": False,
        **said,
    }


def add(settings: CorpusSettings, file: Path, source_id: str, new: Mapping[str, Any] | None) -> Added:
    """Copies a file that was read into the originals and writes its record, where it has a new one. Nothing is half done: the
    copy is switched in as a whole, and a file of another kind under the same id goes. Raises CatalogueError, DataFolderError."""
    suffix = file.suffix.lower()
    if suffix not in KINDS:
        raise CatalogueError(file, "is of a kind that cannot be read", f"Use {', '.join(KINDS)}")
    _require_id("--id", source_id)
    target = settings.originals / f"{source_id}{suffix}"
    beside = settings.originals / f".{source_id}{suffix}.new"
    try:
        settings.originals.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, beside)
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        if new is not None:
            add_record(settings.local_catalogue, new, load_catalogue(settings.catalogue))
        source = load_sources(settings)[source_id]
        beside.replace(target)
        for other in settings.originals.glob(f"{source_id}.*"):
            if other != target:
                other.unlink()
    except OSError as error:
        raise DataFolderError(
            settings.originals,
            f"cannot be written ({error.strerror})",
            "Choose a folder you may write to: VSA_ORIGINALS",
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return Added(source, target)


def _require_id(where: str, source_id: str) -> None:
    """An id becomes a file's name and part of a pattern, so it is nothing but one. Raises CatalogueError."""
    if not _ID.fullmatch(source_id) or source_id in _RESERVED:
        raise CatalogueError(where, f"{source_id!r} is no id", "Use small letters, digits and single hyphens")


def remove(settings: CorpusSettings, source_id: str) -> bool:
    """Takes a document's file and its local record away; returns whether a shipped record (and its digest) stays. Raises
    CatalogueError where that is no id, UnknownSource where nothing of it was added."""
    _require_id("remove", source_id)
    files = [*settings.originals.glob(f"{source_id}.*"), *settings.originals.glob(f".{source_id}.*.new")]
    shipped = load_catalogue(settings.catalogue)
    for file in files:
        file.unlink()
    recorded = remove_record(settings.local_catalogue, source_id, shipped)
    if not files and not recorded:
        known = source_id in shipped
        raise UnknownSource(
            source_id,
            "has no file that was added" if known else "is not in the catalogue",
            "It is shipped with the service and stays" if known else "See: python -m corpus status",
        )
    return source_id in shipped


def orphans(settings: CorpusSettings, sources: Mapping[str, Source]) -> list[Path]:
    """Files in the originals that no record names: they are not indexed."""
    return sorted(
        file
        for file in settings.originals.glob("*.*")
        if file.suffix.lower() in KINDS
        and file.stem not in sources
        and not file.name.startswith(".")
        and file.stem != "README"
    )
