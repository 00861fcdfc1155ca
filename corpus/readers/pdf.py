"""PDF, by pdfplumber: words with their places and sizes, put back into lines, and tables."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFNoOutlines, PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from corpus.errors import ReadingError
from corpus.readers import scan
from corpus.readers.blocks import Block, Document, joined, numbered, plain, rows, without_contents
from corpus.readers.layout import BULLET, FIGURES, Line, blocks, heading_key, in_order

# A raised mark's size against the line's; words further apart than this many times their size stand in two columns or cells.
_RAISED, _APART = 0.75, 1.3
# Fewer characters than this a page, on average: pictures of pages, not text.
_LEAST_CHARACTERS = 10

_ALONE = re.compile(r"\(?\w{1,4}[.)]|\d{1,3}(?:\.\d+)*")
_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")


def read(path: Path) -> Document:
    """Raises ReadingError where the file is broken or protected, or a scan that nothing here can read."""
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
    scanned = characters < _LEAST_CHARACTERS * pages
    if scanned:
        found, about = (
            [*scan.lines(path)],
            {},
        )  # what such a file says of itself is of the scanning, not of the document
    said = numbered(joined(without_contents(blocks(found, pages, outline))))
    return Document(tuple(said), pages, _title(about, said), _date(about), scanned)


def _protected(path: Path) -> ReadingError:
    return ReadingError(path, "is protected by a password", "Save a copy without it")


def _broken(path: Path, error: Exception) -> ReadingError:
    cause = error.args[0] if isinstance(error, PdfminerException) and error.args else error
    return ReadingError(path, f"is a broken PDF ({type(cause).__name__})", "Get the file again")


def _outline(file: Any) -> dict[str, int]:
    """{bookmark's words: its level}: what the file itself says its headings are."""
    try:
        return {heading_key(plain(title)): level for level, title, *_ in file.doc.get_outlines() if title}
    except PDFNoOutlines:
        return {}


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
    for *_, entry in in_order(entries):
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
            leading = len(part) == 1 and (BULLET.fullmatch(first + " ") or _ALONE.fullmatch(first))
            if word["x0"] - part[-1]["x1"] > wide and not leading:
                out.append(_line(part, page, height))
                part = []
            part.append(word)
        out.append(_line(part, page, height))
    return [line for line in out if line.text]


def _line(words: Sequence[dict[str, Any]], page: int, height: float) -> Line:
    size = max(_lengths(words).items(), key=lambda item: (item[1], item[0]))[0]
    kept = [w for n, w in enumerate(words) if not (n and w["size"] < _RAISED * size and FIGURES.fullmatch(w["text"]))]
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


def _title(about: dict[str, Any], blocks: Sequence[Block]) -> str:
    named = plain(str(about.get("Title") or ""))
    if named and not re.search(r"\.\w{2,4}$|^microsoft word|^untitled|^\(?anonymous", named, re.IGNORECASE):
        return named
    heads = [block for block in blocks[:20] if block.kind == "heading"]
    return min(heads, key=lambda block: block.level).text if heads else ""


def _date(about: dict[str, Any]) -> str:
    match = _DATE.match(str(about.get("CreationDate") or ""))
    return "-".join(match.groups()) if match else ""
