"""Cuts sections into passages, never across a heading and never through a list, and passages into units."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from functools import lru_cache
from itertools import accumulate

from corpus.domain import Mark, Nation, Passage, Section, Unit

# Longest passage, in words. all-MiniLM-L6-v2 reads 256 word pieces and English runs to about 1.3 pieces a word, so
# 150 words and the heading path fit. A list is kept whole even where it is longer (its items have vectors of their own).
MAX_WORDS = 150
# A longer list, or text without any full stop, is cut all the same: about three pages.
MAX_LIST_WORDS = 8 * MAX_WORDS
# A longer paragraph above a list is text of its own.
MAX_LEAD_WORDS = 60

# How a digest's remark begins: what the document does not say itself, such as that its figures do not add up.
REMARK = "Note:"

# A full stop after these does not end a sentence; after the second kind it does not where a number follows.
_ABBREVIATIONS = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs?|dr|mr|mrs|ms|st|al|eds?)|\b[a-z])\.$", re.IGNORECASE)
_BEFORE_NUMBERS = re.compile(r"\b(?:no|para|pp?|ss?|vol|art)\.$", re.IGNORECASE)
_BOUNDARY = re.compile(r"[.!?][\"'’”)\]]*\s+(?=[\"'‘“(\[]?[A-Z0-9])")


def split(sections: Iterable[Section], nation: tuple[Nation, ...], label: str = "") -> list[Passage]:
    """Passages in reading order. Equal sections (a heading used twice over the same words) stay apart by their
    position among equals, so ids are unique."""
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    for section in sections:
        about = section.nation or nation
        for start, end in _pieces(section.text):
            text, marks = section.text[start:end], _marks(section.marks, start, end)
            key = _digest(section, text, marks, about, label, 0)
            copy = seen.get(key, 0)
            seen[key] = copy + 1
            identity = _digest(section, text, marks, about, label, copy) if copy else key
            passages.append(
                Passage(identity, section.source_id, section.rendition, section.heading, text, about, marks, label)
            )
    return passages


def _digest(
    section: Section, text: str, marks: tuple[Mark, ...], nation: tuple[Nation, ...], label: str, copy: int
) -> str:
    places = [astuple(mark) for mark in marks]
    shown = [section.source_id, section.rendition, section.heading, text, places, nation, label, copy]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()[:16]


def _marks(marks: tuple[Mark, ...], start: int, end: int) -> tuple[Mark, ...]:
    """The marks of `text[start:end]`, counted from there."""
    before = [mark for mark in marks if mark.start <= start]
    inside = [replace(mark, start=mark.start - start) for mark in marks if start < mark.start < end]
    return (*(replace(mark, start=0) for mark in before[-1:]), *inside)


def _pieces(text: str) -> list[tuple[int, int]]:
    """Spans of blocks joined up to MAX_WORDS; a list stays with the paragraph that leads into it."""
    groups: list[tuple[int, int]] = []
    offset = 0
    for block in text.split("\n\n"):
        start, end = offset, offset + len(block)
        offset = end + 2
        words = len(block.split())
        listed = block.startswith("- ")
        if listed and words > MAX_LIST_WORDS:
            groups.extend(_runs(text, start, _lines(block), "\n"))
        elif listed and groups and leads(text[slice(*groups[-1])]):
            groups[-1] = groups[-1][0], end
        elif words > MAX_WORDS and not listed:
            groups.extend(_runs(text, start, sentences(block), " "))
        else:
            groups.append((start, end))
    pieces: list[tuple[int, int]] = []
    for start, end in groups:
        if pieces and len(text[pieces[-1][0] : pieces[-1][1]].split()) + len(text[start:end].split()) <= MAX_WORDS:
            pieces[-1] = pieces[-1][0], end
        else:
            pieces.append((start, end))
    return pieces


def _lines(block: str) -> list[tuple[int, int]]:
    """(start, end) of each line of a block."""
    ends = list(accumulate(len(line) + 1 for line in block.split("\n")))
    return [(start, end - 1) for start, end in zip([0, *ends], ends, strict=False)]


def _runs(text: str, offset: int, spans: Sequence[tuple[int, int]], gap: str) -> list[tuple[int, int]]:
    """Neighbouring spans gathered into runs of at most MAX_WORDS each, where a single one allows."""
    runs: list[tuple[int, int]] = []
    for start, end in spans:
        start, end = offset + start, offset + end
        if runs and len(text[runs[-1][0] : end].split()) <= MAX_WORDS and text[runs[-1][1] : start] == gap:
            runs[-1] = runs[-1][0], end
        else:
            runs.append((start, end))
    return [part for run in runs for part in _cut(text, *run)]


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A span that is far longer than a sentence (words without a full stop), cut between words."""
    words = [(start + m.start(), start + m.end()) for m in re.finditer(r"\S+", text[start:end])]
    if len(words) <= MAX_LIST_WORDS:
        return [(start, end)]
    return [(words[n][0], words[min(n + MAX_WORDS, len(words)) - 1][1]) for n in range(0, len(words), MAX_WORDS)]


def leads(paragraph: str) -> bool:
    """Whether a list right below belongs to this paragraph: a short one, whose items make sense with its last sentence alone."""
    return not paragraph.startswith("- ") and len(paragraph.split()) <= MAX_LEAD_WORDS


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence of one paragraph."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        end = match.start() + len(match.group().rstrip())
        before = text[start : match.start() + 1]
        if _ABBREVIATIONS.search(before) or (text[match.end()].isdigit() and _BEFORE_NUMBERS.search(before)):
            continue
        spans.append((start, end))
        start = match.end()
    if text[start:].strip():
        spans.append((start, len(text.rstrip())))
    return spans


@lru_cache(maxsize=20_000)
def units(text: str) -> tuple[Unit, ...]:
    """The sentences and list items of a passage's text, in order, as spans of it."""
    found: list[Unit] = []
    offset = 0
    lead: tuple[int, int] | None = None
    group = 0
    for block in text.split("\n\n"):
        if block.startswith("- "):
            group += 1
            position = offset
            for line in block.split("\n"):
                found.append(Unit(position + 2, position + len(line), lead, group))
                position += len(line) + 1
            lead = None
        else:
            spans = sentences(block)
            found.extend(Unit(offset + start, offset + end) for start, end in spans)
            lead = (offset + spans[-1][0], offset + spans[-1][1]) if spans and leads(block) else None
        offset += len(block) + 2
    return tuple(found)


def embedding_text(passage: Passage) -> str:
    """What is embedded and searched for a passage: its source's label and heading path, then its words."""
    return ": ".join(part for part in (passage.label, " > ".join(passage.heading)) if part) + "\n" + passage.text


def unit_embedding_text(passage: Passage, unit: Unit) -> str:
    """What is embedded for a unit: its nearest heading and its list's lead-in, then its words."""
    lead = passage.text[slice(*unit.lead)] + " " if unit.lead else ""
    return f"{passage.heading[-1]}: {lead}{passage.text[unit.start : unit.end]}"
