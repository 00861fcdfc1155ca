"""PDF, by pdfplumber: words with their places and sizes, put back into lines, columns, headings, lists and paragraphs."""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFNoOutlines, PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from corpus.errors import ReadingError
from corpus.readers.blocks import Block, Document, ends, joined, numbered, plain, rows, without_contents

# Shares of a page's height at its top and bottom in which running headers and footers, and page numbers, stand.
_MARGIN = 0.1
# The share of pages on which a running line stands at least: left and right pages may have their own.
_RUNNING = 0.2
# Sizes against the body's: a heading's, a footnote's, and a raised mark's.
_HEADING, _NOTE, _RAISED = 1.1, 0.93, 0.75
# A gap between lines above this many times the usual one starts a paragraph; words further apart than this many times
# their size stand in two columns or cells.
_GAP, _APART = 1.35, 1.3
_HEADING_WORDS = 25
# Where more of the text than this is bold, bold does not mark headings.
_MOST_BOLD = 0.3
# Fewer characters than this a page, on average: pictures of pages, not text.
_LEAST_CHARACTERS = 10

_PAGE_NUMBER = re.compile(r"(?:page\s*)?[-–]?\s*\d{1,4}\s*[-–]?(?:\s*(?:of|/|\|)\s*\d{1,4})?", re.IGNORECASE)
# A bullet may be a sign of a font of its own, for which there is no letter.
_BULLET = re.compile(r"(?:[•▪◦‣●○■□➢✓\uf0b7\uf0a7·–—*-]|\(cid:\d+\)|o)\s+|[•▪●\uf0b7\uf0a7]")
_ALONE = re.compile(r"\(?\w{1,4}[.)]|\d{1,3}(?:\.\d+)*")
_LETTERED = re.compile(r"\(?(?:[a-z]|[ivx]{1,4})\)\s+", re.IGNORECASE)
_LISTED = re.compile(r"\d{1,3}[.)]\s+")
_SECTION_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s+[A-Z]")
_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")
_FIGURES = re.compile(r"\d+")


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


def read(path: Path) -> Document:
    """Raises ReadingError where the file is broken, protected or a scan."""
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    try:
        with pdfplumber.open(path) as file:
            outline = _outline(file)
            found: list[Line | Block] = []
            characters = 0
            for page in file.pages:
                characters += len(page.chars)
                found.extend(_page(page))
                page.close()  # else every page's characters stay in memory
            pages, about = len(file.pages), file.metadata
    except (PDFPasswordIncorrect, PDFEncryptionError) as error:
        raise _protected(path) from error
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect | PDFEncryptionError):
            raise _protected(path) from error
        raise _broken(path, error) from error
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # whatever a broken file makes the library raise
        raise _broken(path, error) from error
    if characters < _LEAST_CHARACTERS * pages:
        raise ReadingError(
            path, "has no text: its pages are pictures (a scan)", "Make a copy with text (OCR, for example by ocrmypdf)"
        )
    lines = _without_running([entry for entry in found if isinstance(entry, Line)], pages)
    kept = set(map(id, lines))
    body = _body_size(lines)
    blocks = _blocks([e for e in found if isinstance(e, Block) or id(e) in kept], body, outline)
    blocks = numbered(joined(without_contents(blocks)))
    return Document(tuple(blocks), pages, _title(about, blocks), _date(about))


def _protected(path: Path) -> ReadingError:
    return ReadingError(path, "is protected by a password", "Save a copy without it")


def _broken(path: Path, error: Exception) -> ReadingError:
    cause = error.args[0] if isinstance(error, PdfminerException) and error.args else error
    return ReadingError(path, f"is a broken PDF ({type(cause).__name__})", "Get the file again")


def _outline(file: Any) -> dict[str, int]:
    """{bookmark's words: its level}: what the file itself says its headings are."""
    try:
        return {_key(plain(title)): level for level, title, *_ in file.doc.get_outlines() if title}
    except PDFNoOutlines:
        return {}


def _key(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def _page(page: Any) -> Iterator[Line | Block]:
    """The page's lines in reading order, its tables' rows where they stand."""
    tables = [t for t in page.find_tables() if len(t.rows) > 1 and max(len(r.cells) for r in t.rows) > 1]
    words = page.extract_words(extra_attrs=["fontname", "size"], x_tolerance_ratio=0.2, return_chars=False)
    words = [w for w in words if w["upright"] and not any(_within(w, table.bbox) for table in tables)]
    entries: list[tuple[float, float, float, Line | list[Block]]] = [
        (line.top, line.x0, line.x1, line) for line in _lines(words, page.page_number, float(page.height))
    ]
    for table in tables:
        x0, top, x1, _ = table.bbox
        cells = [[cell or "" for cell in row] for row in table.extract()]
        entries.append((top, x0, x1, rows(cells, ((0, page.page_number),))))
    for *_, entry in _in_order(entries):
        if isinstance(entry, Line):
            yield entry
        else:
            yield from entry


def _within(word: dict[str, Any], box: tuple[float, float, float, float]) -> bool:
    middle, centre = (word["top"] + word["bottom"]) / 2, (word["x0"] + word["x1"]) / 2
    return bool(box[0] <= centre <= box[2] and box[1] <= middle <= box[3])


def _lines(words: Sequence[dict[str, Any]], page: int, height: float) -> list[Line]:
    """Words of one height side by side; those far apart are of different columns."""
    ordered = sorted(words, key=lambda w: (w["bottom"], w["x0"]))
    found: list[list[dict[str, Any]]] = []
    for word in ordered:
        middle = (word["top"] + word["bottom"]) / 2
        row = next((r for r in reversed(found[-4:]) if r[0]["top"] - 1 <= middle <= r[0]["bottom"] + 1), None)
        if row is None:
            # A raised mark may come before the words that it stands by.
            row = next(
                (
                    r
                    for r in reversed(found[-4:])
                    if word["top"] <= (r[0]["top"] + r[0]["bottom"]) / 2 <= word["bottom"]
                ),
                None,
            )
        if row is None:
            found.append([word])
        else:
            row.append(word)
    out = []
    for row in found:
        row.sort(key=lambda w: w["x0"])
        part = [row[0]]
        for word in row[1:]:
            wide = _APART * max(word["size"], part[-1]["size"])
            first = part[0]["text"]
            leading = len(part) == 1 and (_BULLET.fullmatch(first + " ") or _ALONE.fullmatch(first))
            if word["x0"] - part[-1]["x1"] > wide and not leading:
                out.append(_line(part, page, height))
                part = []
            part.append(word)
        out.append(_line(part, page, height))
    return [line for line in out if line.text]


def _line(words: Sequence[dict[str, Any]], page: int, height: float) -> Line:
    size = max(_lengths(words).items(), key=lambda item: (item[1], item[0]))[0]
    kept = [w for n, w in enumerate(words) if not (n and w["size"] < _RAISED * size and _FIGURES.fullmatch(w["text"]))]
    bold = all(re.search("bold|black|heavy|semibold", w["fontname"], re.IGNORECASE) for w in kept)
    return Line(
        plain(" ".join(w["text"] for w in kept)),
        page,
        kept[0]["x0"],
        kept[-1]["x1"],
        min(w["top"] for w in kept),
        max(w["bottom"] for w in kept),
        round(float(size), 1),
        bold,
        height,
    )


def _lengths(words: Iterable[dict[str, Any]]) -> Counter[float]:
    out: Counter[float] = Counter()
    for word in words:
        out[word["size"]] += len(word["text"])
    return out


def _in_order(entries: list[Any]) -> list[Any]:
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
        return _FIGURES.sub("#", line.text).lower()

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


def _blocks(entries: Sequence[Line | Block], body: float, outline: dict[str, int]) -> list[Block]:
    """Lines gathered into headings, items, footnotes and paragraphs."""
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
    bullet = _BULLET.match(line.text)
    if bullet and len(line.text) > bullet.end():
        return "item", 0, line.text[bullet.end() :]
    if _key(line.text) in outline and len(line.text.split()) <= _HEADING_WORDS and line.size >= body:
        return "heading", outline[_key(line.text)], line.text
    level = levels.get((line.size, line.bold))
    if level and _may_head(line):
        return "heading", level + (max(outline.values()) if outline else 0), line.text
    if line.size < _NOTE * body and line.top > line.height / 2 and _FIGURES.match(line.text):
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
        return last.kind == "note" and not _FIGURES.match(line.text) and line.size == before.size
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


def _title(about: dict[str, Any], blocks: Sequence[Block]) -> str:
    named = plain(str(about.get("Title") or ""))
    if named and not re.search(r"\.\w{2,4}$|^microsoft word|^untitled|^\(?anonymous", named, re.IGNORECASE):
        return named
    heads = [block for block in blocks[:20] if block.kind == "heading"]
    return min(heads, key=lambda block: block.level).text if heads else ""


def _date(about: dict[str, Any]) -> str:
    match = _DATE.match(str(about.get("CreationDate") or ""))
    return "-".join(match.groups()) if match else ""
