"""Plain text: headings are told by their shape, since nothing marks them."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from corpus.readers import markdown
from corpus.readers.blocks import Block, Document, joined, numbered, plain, without_contents
from corpus.readers.markdown import as_text

_MARKED = re.compile(r"^#{1,6}\s+\S", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[•▪◦‣●○■□*+–-]|\d{1,3}[.)])\s+")
_MARKS = re.compile(r"\*\*|__")
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
_NOT_HEADING = re.compile(r"https?://|www\.|@|\[|\||^\W*$|\d{4}[-/]\d{2}")
_CHARACTERS = re.compile(r"[.;:,]$")
# A heading has no more words than this, and what stands below it more than it.
_HEADING_WORDS = 14
# In a text whose lines are broken by hand, at least this share of lines goes on, in lower case, with the line above; and a
# line of less than this share of the usual width ends its paragraph.
_WRAPPED, _WIDTH = 0.3, 0.6
# The document's first line may be longer than other headings.
_TITLE_WORDS = 25
# A line that ends with one of these leads into the list below it.
_LEADS = re.compile(
    r"\b(?:to|that|by|are|is|be|of|with|for|and|or|in|on|at|from|as|can|will|should|must|may|include|includes|including|following|the|their|our)$",
    re.IGNORECASE,
)


def read(path: Path) -> Document:
    """Raises ReadingError where the file is not UTF-8."""
    text = as_text(path).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    found = markdown.blocks(text) if _MARKED.search(text) else _blocks(text)
    found = numbered(joined(without_contents(found)))
    return Document(tuple(found), title=next((block.text for block in found if block.kind == "heading"), ""))


def _blocks(text: str) -> list[Block]:
    paragraphs = _paragraphs(text)
    out: list[Block] = []
    titled = False
    for place, (bullet, words) in enumerate(paragraphs):
        if bullet:
            out.append(Block("item", words))
        elif not (_may_head(words, _HEADING_WORDS if place else _TITLE_WORDS) and _stands_over(paragraphs, place)):
            out.append(Block("paragraph", words))
        elif not titled:
            out.append(Block("heading", words, level=1))
        elif words != next(block.text for block in out if block.kind == "heading"):
            out.append(Block("heading", words, level=2))
        titled = titled or out[-1].kind == "heading"
    return out


def _paragraphs(text: str) -> list[tuple[bool, str]]:
    """(whether it is a list item, its words) of each paragraph; lines that were broken by hand are joined."""
    lines = text.split("\n")
    pairs = [
        (a, b) for a, b in pairwise(lines) if a.strip() and b.strip() and not _BULLET.match(b) and not b[0].isspace()
    ]
    going_on = sum(two.lstrip()[0].islower() and one.rstrip()[-1] not in ".!?:;" for one, two in pairs)
    width = median([len(one) for one, _ in pairs]) if pairs and going_on >= _WRAPPED * len(pairs) else None
    out: list[tuple[bool, str]] = []
    fresh, before = True, ""
    for line in lines:
        words = plain(_LINK.sub(r"\1", _MARKS.sub("", line)))
        bullet = _BULLET.match(line)
        if not words:
            fresh = True
        elif bullet and not line.strip()[0].isdigit():
            out.append((True, plain(_LINK.sub(r"\1", _MARKS.sub("", line[bullet.end() :])))))
            fresh = False
        elif not fresh and ((width and len(before) >= _WIDTH * width) or (out[-1][0] and line[:1].isspace())):
            out[-1] = (out[-1][0], f"{out[-1][1]} {words}")
        else:
            out.append((False, words))
            fresh = False
        before = line
    return [(bullet, words) for bullet, words in out if words]


def _may_head(words: str, most: int = _HEADING_WORDS) -> bool:
    """Short, begins like a heading, and does not end like a sentence."""
    return (
        len(words.split()) <= most
        and (words[0].isupper() or words[0].isdigit() or words[0] in "'‘“\"")
        and not _CHARACTERS.search(words)
        and not _NOT_HEADING.search(words)
        and not _LEADS.search(words)
    )


def _stands_over(paragraphs: Sequence[tuple[bool, str]], place: int) -> bool:
    """Whether text follows it before the next line that looks like a heading; the document's first line stands over all."""
    if place == 0:
        return True
    following = paragraphs[place + 1] if place + 1 < len(paragraphs) else None
    return following is not None and (following[0] or not _may_head(following[1]))
