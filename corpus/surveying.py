"""What is held, how old it is, and what a new edition would change: for the person who looks after the documents."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path

from corpus.asking import load_asked
from corpus.domain import Passage, Source
from corpus.fetching import Fetched
from corpus.index import Index
from corpus.settings import HERE, CorpusSettings
from corpus.splitting import units

# How alike two statements are, from which one is the other in new words.
_CHANGED_FROM = 0.6
_BANK = HERE.parent / "evals" / "questions"


@dataclass(frozen=True)
class Line:
    """One source as `status` shows it: `passages` of the document itself. `warnings` are what a person should look at."""

    id: str
    title: str
    held: str
    pages: int | None
    passages: int
    published: str
    fetched: str
    warnings: tuple[str, ...]


def status(
    index: Index | None, sources: Mapping[str, Source], fetched: Mapping[str, Fetched], today: date
) -> list[Line]:
    """The catalogue's sources, and those that the index still holds without a record."""
    counts: dict[str, int] = {}
    if index:
        held = index.renditions
        counts = {key: sum(p.rendition == held[key] for p in found) for key, found in index.by_source().items()}
    known = {**(index.sources if index else {}), **sources}
    return [
        Line(
            source.id,
            source.title,
            index.files[source.id].rendition if index and source.id in index.files else "link only",
            index.files[source.id].pages if index and source.id in index.files else None,
            counts.get(source.id, 0),
            source.published,
            fetched[source.id].fetched_at if source.id in fetched else "",
            tuple(_warnings(source, index, known, sources, today)),
        )
        for source in known.values()
    ]


def _warnings(
    source: Source, index: Index | None, known: Mapping[str, Source], sources: Mapping[str, Source], today: date
) -> Iterator[str]:
    held = index.files.get(source.id) if index else None
    if source.id not in sources:
        yield "has no record any more: run python -m corpus index"
    if source.superseded_by:
        newer = known.get(source.superseded_by)
        yield f"superseded by {newer.title if newer else source.superseded_by}"
    if source.status == "past review date" or (source.review_by and source.review_by < today.isoformat()):
        yield f"past its review date{f' ({source.review_by})' if source.review_by else ''}"
    if source.published and held:
        years = today.year - int(source.published[:4])
        if years >= 1:
            yield f"{years} year{'s' if years > 1 else ''} old"
    if held and held.scanned:
        yield "a scan: its words were recognised in pictures of its pages and may hold mistakes"
    for flag in held.flags if held else ():
        yield f'holds words that talk to a machine (quoted as text, never obeyed): "{flag}"'


@dataclass(frozen=True)
class Diff:
    """What a new edition changes: statements added, removed and changed (before, after), and what rests on them."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, str], ...]
    passages: tuple[str, ...]
    asked: tuple[str, ...]
    bank: tuple[str, ...]


def diff(source_id: str, old: Sequence[Passage], new: Sequence[Passage], settings: CorpusSettings) -> Diff:
    """Compares two editions statement by statement. `passages` are ids of passages whose words go or change, `asked` the
    questions of corpus/asked.jsonl that they answer, `bank` the ids of bank items that rest on their sections."""
    before, after = _statements(old), _statements(new)
    gone = [text for text in before if text not in after]
    come = [text for text in after if text not in before]
    changed: list[tuple[str, str]] = []
    for text in gone:
        best = max(come, key=lambda other: _likeness(text, other), default=None)
        if best is not None and _likeness(text, best) >= _CHANGED_FROM:
            changed.append((text, best))
            come.remove(best)
    rewritten = {text for text, _ in changed}
    removed = [text for text in gone if text not in rewritten]
    passages = list(dict.fromkeys(before[text].id for text in gone))
    sections = {before[text].heading[-1] for text in gone}
    asked = [
        one.text
        for one in load_asked(settings.asked)
        if any(source == source_id and any(text.startswith(starts) for text in gone) for source, starts in one.places)
    ]
    return Diff(
        tuple(come), tuple(removed), tuple(changed), tuple(passages), tuple(asked), tuple(_bank(source_id, sections))
    )


def _statements(passages: Iterable[Passage]) -> dict[str, Passage]:
    return {passage.text[unit.start : unit.end]: passage for passage in passages for unit in units(passage.text)}


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one.split(), other.split(), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _CHANGED_FROM else 0.0


def _bank(source_id: str, sections: set[str], folder: Path = _BANK) -> Iterator[str]:
    """Ids alone: some parts of the bank are not to be read by who tunes."""
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            named = {re.sub(r".* > ", "", section) for section in item.get("sections", [])}
            if source_id in item.get("sources", []) and (not named or named & sections):
                yield item["id"]
