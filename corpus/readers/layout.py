"""Lines of a page with their places and sizes, put back into reading order, headings, lists and paragraphs."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

from corpus.readers.blocks import Block, ends

# Shares of a page's height at its top and bottom in which running headers and footers, and page numbers, stand.
_MARGIN = 0.1
# The share of pages on which a running line stands at least: left and right pages may have their own.
_RUNNING = 0.2
# Sizes against the body's: a heading's and a footnote's.
_HEADING, _NOTE = 1.1, 0.93
# A gap between lines above this many times the usual one starts a paragraph.
_GAP = 1.35
_HEADING_WORDS = 25
# Where more of the text than this is bold, bold does not mark headings.
_MOST_BOLD = 0.3

_PAGE_NUMBER = re.compile(r"(?:page\s*)?[-–]?\s*\d{1,4}\s*[-–]?(?:\s*(?:of|/|\|)\s*\d{1,4})?", re.IGNORECASE)
# A bullet may be a sign of a font of its own, for which there is no letter.
BULLET = re.compile(r"(?:[•▪◦‣●○■□➢✓\uf0b7\uf0a7·–—*-]|\(cid:\d+\)|o)\s+|[•▪●\uf0b7\uf0a7]")
_LETTERED = re.compile(r"\(?(?:[a-z]|[ivx]{1,4})\)\s+", re.IGNORECASE)
_LISTED = re.compile(r"\d{1,3}[.)]\s+")
_SECTION_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s+[A-Z]")
FIGURES = re.compile(r"\d+")


@dataclass(frozen=True)
class Line:
    """A line of one column. Lengths are in points, from the page's upper left corner."""

    text: str
    page: int
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    bold: bool
    height: float  # the page's


def heading_key(text: str) -> str:
    """A heading's letters and figures alone, by which a bookmark finds it."""
    return re.sub(r"\W+", "", text).lower()


def in_order(entries: list[Any]) -> list[Any]:
    """Reading order: where a page has two columns, what stands between two lines that cross the gutter is read left, then right."""
    entries = sorted(entries, key=lambda e: (round(e[0]), e[1]))
    gutter = _gutter(entries)
    if gutter is None:
        return entries
    out: list[Any] = []
    left: list[Any] = []
    right: list[Any] = []
    for entry in entries:
        if entry[1] < gutter < entry[2]:
            out += [*left, *right, entry]
            left, right = [], []
        else:
            (left if entry[2] <= gutter else right).append(entry)
    return out + left + right


def _gutter(entries: Sequence[Any]) -> float | None:
    """Where two columns part: a place near the middle that few lines cross, with several lines at either side."""
    if not entries:
        return None
    low, high = min(e[1] for e in entries), max(e[2] for e in entries)
    best: tuple[int, float] | None = None
    for step in range(35, 66):
        x = low + (high - low) * step / 100
        left, right = sum(e[2] <= x for e in entries), sum(e[1] >= x for e in entries)
        crossing = len(entries) - left - right
        if min(left, right) >= 4 and crossing <= 0.5 * min(left, right) and (best is None or crossing < best[0]):
            best = crossing, x
    return best[1] if best else None


def _without_running(lines: Sequence[Line], pages: int) -> list[Line]:
    """The lines without running headers and footers and page numbers."""
    on: dict[str, set[int]] = defaultdict(set)

    def outer(line: Line) -> bool:
        return line.bottom < _MARGIN * line.height or line.top > (1 - _MARGIN) * line.height

    def words(line: Line) -> str:
        return FIGURES.sub("#", line.text).lower()

    for line in lines:
        if outer(line):
            on[words(line)].add(line.page)
    least = max(2, _RUNNING * pages)
    running = {text for text, where in on.items() if pages > 1 and len(where) >= least}
    return [
        line
        for line in lines
        if not (
            outer(line)
            and (_PAGE_NUMBER.fullmatch(line.text) or (words(line) in running and not line.text[0].islower()))
        )
    ]


def _body_size(lines: Sequence[Line]) -> float:
    counted: Counter[float] = Counter()
    for line in lines:
        counted[line.size] += len(line.text)
    return counted.most_common(1)[0][0] if counted else 1.0


def blocks(entries: Sequence[Line | Block], pages: int, outline: dict[str, int]) -> list[Block]:
    """Lines in reading order, and rows of tables among them, gathered into headings, items, footnotes and paragraphs, without what
    runs along the edges of the document's `pages`. `outline` is {heading_key of a bookmark's words: its level}."""
    lines = _without_running([entry for entry in entries if isinstance(entry, Line)], pages)
    kept = set(map(id, lines))
    return _gathered([e for e in entries if isinstance(e, Block) or id(e) in kept], _body_size(lines), outline)


def _gathered(entries: Sequence[Line | Block], body: float, outline: dict[str, int]) -> list[Block]:
    lines = [entry for entry in entries if isinstance(entry, Line)]
    levels = _levels(lines, body)
    leading = _leading(lines, body)
    words = _vocabulary(lines)
    out: list[Block] = []
    before: Line | None = None
    for entry in entries:
        if isinstance(entry, Block):
            # A table that goes on overleaf: its rows have their names already.
            out.append(entry)
            before = None
            continue
        kind, level, text = _kind(entry, body, levels, outline)
        last = out[-1] if out else None
        goes_on = (
            before is not None
            and last is not None
            and last.kind != "row"
            and (
                kind == "paragraph"
                or (kind == last.kind == "heading" and level == last.level)
                or kind == last.kind == "note"
            )
            and _continues(last, before, entry, kind, leading, body)
        )
        if goes_on and last:
            out[-1] = _longer(last, text, entry.page, words)
        else:
            out.append(Block(kind, text, level, ((0, entry.page),)))
        before = entry
    return out


def _kind(
    line: Line, body: float, levels: dict[tuple[float, bool], int], outline: dict[str, int]
) -> tuple[Any, int, str]:
    bullet = BULLET.match(line.text)
    if bullet and len(line.text) > bullet.end():
        return "item", 0, line.text[bullet.end() :]
    if heading_key(line.text) in outline and len(line.text.split()) <= _HEADING_WORDS and line.size >= body:
        return "heading", outline[heading_key(line.text)], line.text
    level = levels.get((line.size, line.bold))
    if level and _may_head(line):
        return "heading", level + (max(outline.values()) if outline else 0), line.text
    if line.size < _NOTE * body and line.top > line.height / 2 and FIGURES.match(line.text):
        return "note", 0, line.text
    if _LETTERED.match(line.text):
        return "item", 0, line.text
    return "paragraph", 0, line.text


def _may_head(line: Line) -> bool:
    return (
        len(line.text.split()) <= _HEADING_WORDS and any(c.isalpha() for c in line.text) and line.text[-1] not in ".;,"
    )


def _levels(lines: Sequence[Line], body: float) -> dict[tuple[float, bool], int]:
    """{(size, bold) of lines that are headings: level}, largest first; bold lines of the body's size come last."""
    faces = {(line.size, line.bold) for line in lines if line.size > _HEADING * body and _may_head(line)}
    bold = sum(len(line.text) for line in lines if line.size == body and line.bold)
    if bold < _MOST_BOLD * sum(len(line.text) for line in lines):
        faces |= {(line.size, True) for line in lines if line.bold and line.size >= body and _may_head(line)}
    ranked = sorted(faces, key=lambda face: (-face[0], not face[1]))
    return {face: n for n, face in enumerate(ranked, start=1)}


def _leading(lines: Sequence[Line], body: float) -> float:
    """The usual distance from one line of a paragraph to the next."""
    gaps = [
        b.top - a.top
        for a, b in pairwise(lines)
        if a.page == b.page and a.size == b.size == body and 0 < b.top - a.top < 3 * body
    ]
    return median(sorted(gaps)[: max(1, len(gaps) * 3 // 4)]) if gaps else 1.2 * body


def _continues(last: Block, before: Line, line: Line, kind: str, leading: float, body: float) -> bool:
    """Whether a line goes on with what the line before it began."""
    if kind == "heading" or last.kind == "heading":
        aligned = abs(line.x0 - before.x0) < body / 2 or abs(line.x0 + line.x1 - before.x0 - before.x1) < body
        near = before.page == line.page and 0 < line.top - before.top < _GAP * line.size
        return kind == last.kind and near and aligned and before.size == line.size
    if kind == "note" or last.kind == "note":
        return last.kind == "note" and not FIGURES.match(line.text) and line.size == before.size
    if line.page != before.page or line.top < before.top:  # another page or column
        return not ends(last.text) and not _starts_number(line)
    gap = line.top - before.top
    if abs(line.size - before.size) > 0.6 or gap > _GAP * max(leading, before.bottom - before.top):
        return False
    if _starts_number(line) and before.text[-1:] in ".:;!?":
        return False
    # An indented first line begins a paragraph where there is no gap.
    return not (last.kind == "paragraph" and line.x0 - before.x0 > body and before.text[-1:] in ".!?:")


def _starts_number(line: Line) -> bool:
    return bool(_LISTED.match(line.text) or _SECTION_NUMBER.match(line.text))


def _vocabulary(lines: Sequence[Line]) -> Counter[str]:
    """How often each word stands within lines, where no line break can have cut it."""
    counted: Counter[str] = Counter()
    for line in lines:
        counted.update(word.strip(".,;:()'’\"").lower() for word in line.text.split()[:-1])
    return counted


def _longer(block: Block, text: str, page: int, words: Counter[str]) -> Block:
    """The block with one more line; a word that the line break cut is whole again."""
    glue = " "
    held = block.text
    match = re.search(r"(\w+)-$", held)
    if match and text[:1].islower():
        first, second = match.group(1).lower(), text.split()[0].strip(".,;:()'’\"").lower()
        glue = ""
        if words[f"{first}-{second}"] < max(1, words[first + second]):
            whole = words[first + second] > 0 or first not in words
            held = held[:-1] if whole else held
    pages = block.pages
    if not pages or pages[-1][1] != page:
        pages = (*pages, (len(held) + len(glue), page))
    return replace(block, text=held + glue + text, pages=pages)
