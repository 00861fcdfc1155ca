"""Reads and checks the catalogue: one record a source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from corpus.domain import FORCES, STATUSES, Nation, Source
from corpus.errors import CatalogueError
from corpus.settings import CorpusSettings


class _Record(BaseModel):
    """A record as it stands in the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Annotated[str, Field(min_length=1)]
    authors: list[str]
    publisher: str
    published: Annotated[str, Field(pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$")]
    nation: Annotated[list[Nation], Field(min_length=1)]
    force: str
    status: str
    review_by: str | None
    superseded_by: str | None
    applies_to: list[str]
    licence: Annotated[str, Field(min_length=1)]
    # A copy on the machine itself may be served without encryption.
    url: Annotated[str, Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)(:\d+)?/|$)")]
    url_checked: bool
    topics: list[str] = []
    notes: str = ""
    # Two words or more: a lone one ("survey") stands in questions that name no document.
    called: list[Annotated[str, Field(pattern=r"\S\s+\S")]] = []

    @field_validator("force")
    @classmethod
    def _force(cls, value: str) -> str:
        if value not in FORCES:
            raise ValueError(f"must be one of: {', '.join(FORCES)}")
        return value

    @field_validator("status")
    @classmethod
    def _status(cls, value: str) -> str:
        if value not in STATUSES:
            raise ValueError(f"must be one of: {', '.join(STATUSES)}")
        return value


def source_from_record(record: Mapping[str, Any]) -> Source:
    """A source from plain JSON or YAML fields, which have lists where a source has tuples."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()}
    return Source(**fields)


def load_sources(settings: CorpusSettings) -> dict[str, Source]:
    """{source id: Source} of the shipped catalogue and of the local one, where there is one. Raises CatalogueError."""
    shipped = load_catalogue(settings.catalogue)
    local = settings.local_catalogue
    return shipped if not local.is_file() else shipped | load_catalogue(local, shipped)


def add_record(path: Path, record: Mapping[str, Any], known: Mapping[str, Source]) -> Source:
    """Writes one more record to the local catalogue and returns its source. Raises CatalogueError, with nothing written."""
    try:
        held = _Record.model_validate(record).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "record"
        raise CatalogueError(
            f"--{field.replace('_', '-')}", first["msg"].removeprefix("Value error, "), "Mend it"
        ) from error
    records = [] if not path.is_file() else yaml.safe_load(path.read_text(encoding="utf-8")) or []
    _write(path, [*(r for r in records if r["id"] != held["id"]), held], known)
    return source_from_record(held)


def remove_record(path: Path, source_id: str, known: Mapping[str, Source]) -> bool:
    """Takes a record out of the local catalogue; False where it is not in it. Raises CatalogueError."""
    records = [] if not path.is_file() else yaml.safe_load(path.read_text(encoding="utf-8")) or []
    kept = [record for record in records if record["id"] != source_id]
    if len(kept) < len(records):
        _write(path, kept, known)
    return len(kept) < len(records)


def _write(path: Path, records: Sequence[Mapping[str, Any]], known: Mapping[str, Source]) -> None:
    """Checked beside, then switched, so that a killed run leaves the file whole."""
    beside = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(yaml.safe_dump(list(records), allow_unicode=True, sort_keys=False), encoding="utf-8")
    try:
        load_catalogue(beside, known)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load_catalogue(path: Path, known: Mapping[str, Source] | None = None) -> dict[str, Source]:
    """Returns {source id: Source} in the file's order; `known` are other records that these may name, and whose ids they may
    not take. Raises CatalogueError."""
    known = known or {}
    try:
        records = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(
            path, f"cannot be read ({error.strerror})", "Check the path and its permissions"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else path
        raise CatalogueError(where, "is not valid YAML", "Mend that line, then run: python -m corpus check") from error
    if not isinstance(records, list):
        raise CatalogueError(path, "is not a list of records", "Start each record with '- id: ...'")
    sources: dict[str, Source] = {}
    for number, raw in enumerate(records, start=1):
        name = raw.get("id") if isinstance(raw, dict) else None
        where = f"{path}, record {number}" + (f" ({name})" if name else "")
        try:
            record = _Record.model_validate(raw)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "record"
            raise CatalogueError(where, f"{field}: {first['msg']}", "Mend that field") from error
        if record.id in sources or record.id in known:
            raise CatalogueError(where, "its id is used twice", "Give each record an id of its own")
        sources[record.id] = source_from_record(record.model_dump())
    called: dict[str, str] = {name.casefold(): source.id for source in known.values() for name in source.called}
    for source in sources.values():
        for name in source.called:
            if called.setdefault(name.casefold(), source.id) != source.id:
                raise CatalogueError(
                    f"{path} ({source.id})",
                    f"called: another record is called {name!r} too",
                    "Give each source names of its own",
                )
        if source.superseded_by and source.superseded_by not in sources and source.superseded_by not in known:
            raise CatalogueError(
                f"{path} ({source.id})",
                f"superseded_by names no record: {source.superseded_by}",
                "Add that record or mend the id",
            )
    return sources
