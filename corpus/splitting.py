"""Cuts sections into passages, never across a heading and never through a list, and passages into units."""

import hashlib
import json
import re
from functools import lru_cache

from corpus.domain import Nation, Passage, Section, Unit

# Longest passage, in words. all-MiniLM-L6-v2 reads 256 word pieces and English runs to about 1.3 pieces a word, so
# 150 words and the heading path fit. A list is kept whole even where it is longer (its items have vectors of their own).
MAX_WORDS = 150

# A full stop after these does not end a sentence; after the second kind it does not where a number follows.
_ABBREVIATIONS = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs?|dr|mr|mrs|ms|st|al|eds?)|\b[a-z])\.$", re.IGNORECASE)
_BEFORE_NUMBERS = re.compile(r"\b(?:no|para|pp?|ss?|vol|art)\.$", re.IGNORECASE)
_BOUNDARY = re.compile(r"[.!?][\"'’”)\]]*\s+(?=[\"'‘“(\[]?[A-Z0-9])")


def split(sections: list[Section], nation: tuple[Nation, ...], label: str = "") -> list[Passage]:
    """Passages in reading order. Equal sections (a heading used twice over the same words) stay apart by their
    position among equals, so ids are unique."""
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    for section in sections:
        about = section.nation or nation
        for text in _pieces(section.text):
            key = _digest(section, text, about, label, 0)
            copy = seen.get(key, 0)
            seen[key] = copy + 1
            identity = _digest(section, text, about, label, copy) if copy else key
            passages.append(
                Passage(
                    identity, section.source_id, section.rendition, section.heading, text, about, section.page, label
                )
            )
    return passages


def _digest(section: Section, text: str, nation: tuple[Nation, ...], label: str, copy: int) -> str:
    shown = [section.source_id, section.rendition, section.heading, text, section.page, nation, label, copy]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()[:16]


def _pieces(text: str) -> list[str]:
    """Blocks joined up to MAX_WORDS; a list stays with the paragraph that leads into it."""
    groups: list[str] = []
    for block in text.split("\n\n"):
        if block.startswith("- ") and groups and groups[-1].endswith(":"):
            groups[-1] += "\n\n" + block
        elif len(block.split()) > MAX_WORDS and not block.startswith("- "):
            groups.extend(_shorter(block))
        else:
            groups.append(block)
    pieces: list[str] = []
    for group in groups:
        if pieces and len(pieces[-1].split()) + len(group.split()) <= MAX_WORDS:
            pieces[-1] += "\n\n" + group
        else:
            pieces.append(group)
    return pieces


def _shorter(paragraph: str) -> list[str]:
    """A long paragraph as runs of whole sentences, each at most MAX_WORDS where its sentences allow."""
    runs: list[list[str]] = [[]]
    for start, end in sentences(paragraph):
        sentence = paragraph[start:end]
        if runs[-1] and sum(len(s.split()) for s in runs[-1]) + len(sentence.split()) > MAX_WORDS:
            runs.append([])
        runs[-1].append(sentence)
    return [" ".join(run) for run in runs if run]


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
            lead = (offset + spans[-1][0], offset + spans[-1][1]) if spans and block.endswith(":") else None
        offset += len(block) + 2
    return tuple(found)


def embedding_text(passage: Passage) -> str:
    """What is embedded and searched for a passage: its source's label and heading path, then its words."""
    return ": ".join(part for part in (passage.label, " > ".join(passage.heading)) if part) + "\n" + passage.text


def unit_embedding_text(passage: Passage, unit: Unit) -> str:
    """What is embedded for a unit: its nearest heading and its list's lead-in, then its words."""
    lead = passage.text[slice(*unit.lead)] + " " if unit.lead else ""
    return f"{passage.heading[-1]}: {lead}{passage.text[unit.start : unit.end]}"
