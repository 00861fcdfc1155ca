"""Pages that are pictures: their lines by optical character recognition, where the extra `ocr` is installed."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from corpus.errors import ReadingError
from corpus.readers.blocks import plain
from corpus.readers.layout import Line, in_order

# Dots an inch at which pages are read: what makers of such programs ask for is 200 to 300; more takes longer.
_DOTS = 200
_POINTS = 72.0
# Heights of recognised lines vary by the letters in them: within these shares of the usual one they are of one size.
_SAME_SIZE = (0.75, 1.3)


def lines(path: Path) -> list[Line]:
    """The lines of all pages in reading order. Raises ReadingError where nothing is installed that could read them."""
    try:
        import pypdfium2
        from rapidocr import RapidOCR
    except ImportError as error:
        raise _no_text(path, "Install the extra 'ocr', or make a copy with text (for example by ocrmypdf)") from error
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    read = RapidOCR(params={"Global.log_level": "error"})
    found: list[Line] = []
    with pypdfium2.PdfDocument(path) as document:
        for number in range(len(document)):
            page = document[number]
            here = _page(read(page.render(scale=_DOTS / _POINTS).to_numpy()), number + 1, page.get_height())
            found += [line for *_, line in in_order([(line.top, line.x0, line.x1, line) for line in here])]
            page.close()
    if not found:
        raise _no_text(path, "Scan it again, sharper, or make a copy with text")
    return _sized(found)


def _no_text(path: Path, mend: str) -> ReadingError:
    return ReadingError(path, "has no text: its pages are pictures (a scan)", mend)


def _page(result: Any, number: int, height: float) -> Iterator[Line]:
    if result.boxes is None:
        return
    for box, text in zip(result.boxes * (_POINTS / _DOTS), result.txts, strict=True):
        (left, top), (right, bottom) = box.min(axis=0).tolist(), box.max(axis=0).tolist()
        if plain(text):
            yield Line(plain(text), number, left, right, top, bottom, bottom - top, False, height)


def _sized(found: Sequence[Line]) -> list[Line]:
    usual = median(line.size for line in found)
    low, high = (share * usual for share in _SAME_SIZE)
    return [replace(line, size=round(usual if low <= line.size <= high else line.size, 1)) for line in found]
