"""What every reader makes: blocks in reading order, and the sections that they become."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.domain import Mark, Rendition, Section

Kind = Literal["heading", "paragraph", "item", "row", "note"]


@dataclass(frozen=True)
class Block:
    """A heading, paragraph, list item, table row or footnote. `level` is a heading's, 1 the highest. `pages` are
    (character, page) from which a page goes on; `number` is the paragraph's own in the document, which its text leaves out."""

    kind: Kind
    text: str
    level: int = 0
    pages: tuple[tuple[int, int], ...] = ()
    number: str | None = None


@dataclass(frozen=True)
class Document:
    """A file that was read: its blocks, how many pages it has, and the title and date that it proposes for itself
    (a date as YYYY, YYYY-MM or YYYY-MM-DD); `scanned` where its words were recognised in pictures of its pages."""

    blocks: tuple[Block, ...]
    pages: int | None = None
    title: str = ""
    published: str = ""
    scanned: bool = False


# Letters that typesetting joins, the soft hyphen, and white space that is not a plain space.
_PLAIN = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00ad": None, "\ufeff": None}
)
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u2060\ufffe\uffff]")
_ENDS = re.compile(r"[.!?:;][\"'’”)\]]*$")
_CONTENTS_LINE = re.compile(r"(?:\.\s?){3,}\s*\d{1,4}$|…+\s*\d{1,4}$")
_CONTENTS = re.compile(r"(?:table of )?contents(?: page)?", re.IGNORECASE)
_PAGE_AT_END = re.compile(r"\s\d{1,4}$")
_NUMBER = re.compile(r"(\d{1,3})(?:[.)]\s+|\s+(?=[A-Z‘“]))(?=\S)")
_DOTTED = re.compile(r"(\d{1,3}(?:\.\d{1,3})+)\.?\s+(?=[A-Z‘“\"'(])")

# The parts of a structured abstract, printed in one paragraph (the headings that journals and PubMed use).
_PART = re.compile(
    r"(?:^|(?<=[.!?] ))(Background|Context|Introduction|Aims?(?: and objectives)?|Objectives?|Purpose|Design"
    r"|Method(?:s|ology)?|Results?|Findings|Discussion(?: ?/ ?conclusions?)?|Conclusions?|Implications(?: for practice)?"
    r"|Recommendations|Limitations):? (?=[A-Z‘“'\"])"
)
# So many of them make a paragraph such an abstract.
_LEAST_PARTS = 3

# A run of this many numbers in order, over the whole document, numbers its paragraphs; a list starts again sooner.
_NUMBERED_FROM = 4
# Numbered lines of fewer words are headings or list items, not paragraphs.
_PARAGRAPH_WORDS = 8


def ends(text: str) -> bool:
    """Whether a sentence ends with this text."""
    return bool(_ENDS.search(text))


def plain(text: str) -> str:
    """One line without joined letters, soft hyphens and characters that nobody sees."""
    return " ".join(_NOT_TEXT.sub(" ", text.translate(_PLAIN)).split())


def joined(blocks: Iterable[Block]) -> list[Block]:
    """Paragraphs that a page or column cut in two, mended: the first half does not end, the second begins in lower case."""
    out: list[Block] = []
    notes: list[Block] = []
    for block in blocks:
        before = out[-1] if out else None
        if block.kind == "note":
            notes.append(block)
        elif (
            before
            and before.kind in ("paragraph", "item")
            and block.kind == "paragraph"
            and not ends(before.text)
            and block.text[:1].islower()
        ):
            offset = len(before.text) + 1
            pages = tuple((offset + start, page) for start, page in block.pages)
            if before.pages and pages and before.pages[-1][1] == pages[0][1]:
                pages = pages[1:]
            out[-1] = replace(before, text=f"{before.text} {block.text}", pages=before.pages + pages)
        else:
            if block.kind == "heading":
                out.extend(notes)
                notes.clear()
            out.append(block)
    return out + notes


def without_contents(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without a table of contents: what stands in it stands again where it belongs."""
    out: list[Block] = []
    inside = False
    for block in blocks:
        if _CONTENTS.fullmatch(block.text):
            inside = True
        elif _CONTENTS_LINE.search(block.text) or (inside and _PAGE_AT_END.search(block.text) and not ends(block.text)):
            continue
        else:
            inside = False
            out.append(block)
    return out


def without_run_in_headings(blocks: Iterable[Block]) -> list[Block]:
    """The blocks with each part of a structured abstract under a heading of its own."""
    out: list[Block] = []
    level = 0
    for block in blocks:
        if block.kind == "heading":
            level = block.level
        parts = list(_PART.finditer(block.text)) if block.kind == "paragraph" else []
        if len(parts) < _LEAST_PARTS:
            out.append(block)
            continue
        if parts[0].start():
            out.append(_piece(block, 0, parts[0].start()))
        for part, end in zip(parts, [*(p.start() for p in parts[1:]), len(block.text)], strict=True):
            out += [Block("heading", part.group(1), level=level + 1), _piece(block, part.end(), end)]
    return out


def _piece(block: Block, start: int, end: int) -> Block:
    """A part of a paragraph, with its pages."""
    before = [page for at, page in block.pages if at <= start]
    pages = (
        *((0, page) for page in before[-1:]),
        *((at - start, page) for at, page in block.pages if start < at < end),
    )
    return replace(block, text=block.text[start:end].strip(), pages=pages, number=None if start else block.number)


def numbered(blocks: Sequence[Block]) -> list[Block]:
    """Paragraphs with the number that they begin with as their own, where the document numbers its paragraphs: 1, 2, 3 and
    so on past its headings, or 2.1, 2.2. The numbers of list items are left out."""
    out = [replace(block, number=None) for block in blocks]
    chain: list[int] = []
    for place, block in enumerate(blocks):
        if block.kind not in ("paragraph", "item") or len(block.text.split()) <= _PARAGRAPH_WORDS:
            continue
        dotted = _DOTTED.match(block.text)
        if dotted:
            out[place] = _cut(block, dotted)
        elif _number(block) == str(len(chain) + 1):
            chain.append(place)
    if len(chain) >= _NUMBERED_FROM and any(block.kind == "heading" for block in blocks[chain[0] : chain[-1]]):
        for place in chain:
            block = blocks[place]
            match = None if block.number else _NUMBER.match(block.text)
            out[place] = replace(_cut(block, match) if match else block, kind="paragraph")
    return out


def _number(block: Block) -> str | None:
    """The number that a list gave the block, or that its text begins with."""
    match = _NUMBER.match(block.text)
    return block.number or (match.group(1) if match else None)


def _cut(block: Block, number: re.Match[str]) -> Block:
    cut = number.end()
    pages = tuple((max(0, start - cut), page) for start, page in block.pages)
    return replace(block, text=block.text[cut:], number=number.group(1), pages=pages)


def titled(blocks: Sequence[Block], title: str) -> list[Block]:
    """The blocks under one heading that names the document: its own where it begins with one above all others, else `title`.
    A paragraph below that prints the title again is left out; where it prints a longer one, that is the title."""
    levels = [block.level for block in blocks if block.kind == "heading"]
    own = bool(levels) and blocks[0].kind == "heading" and blocks[0].level == min(levels) < min([*levels[1:], 99])
    top, *rest = blocks if own else [Block("heading", title, level=0), *blocks]
    while rest and _repeats(top, rest[0]):
        top = replace(top, text=rest.pop(0).text)
    return [top, *rest]


def _repeats(title: Block, block: Block) -> bool:
    return (
        block.kind == "paragraph" and not ends(block.text) and block.text.casefold().startswith(title.text.casefold())
    )


def sections(blocks: Iterable[Block], source_id: str, rendition: Rendition) -> list[Section]:
    """Headings with the text below them; text above the first heading stands under the source's id."""
    out: list[Section] = []
    path: list[tuple[int, str]] = []
    held: list[Block] = []

    def close() -> None:
        if held:
            heading = tuple(title for _, title in path) or (source_id,)
            text, marks = _assembled(held)
            out.append(Section(source_id, rendition, heading, text, marks))
            held.clear()

    for block in blocks:
        if block.kind == "heading":
            close()
            path = [entry for entry in path if entry[0] < block.level]
            path.append((block.level, block.text))
        else:
            held.append(block)
    close()
    return out


def _assembled(blocks: Sequence[Block]) -> tuple[str, tuple[Mark, ...]]:
    text, marks = "", [Mark(0, None, None)]
    number: str | None = None
    before: Kind | None = None
    for block in blocks:
        listed = block.kind in ("item", "row")
        if text:
            text += "\n" if listed and block.kind == before else "\n\n"
        # A list belongs to the numbered paragraph above it.
        number = block.number or (number if listed else None)
        start = len(text) + 2 * listed
        for offset, page in block.pages or ((0, None),):
            mark = Mark(start + offset if offset else len(text), page, number)
            if (mark.page, mark.paragraph) != (marks[-1].page, marks[-1].paragraph):
                marks.append(mark)
        text += ("- " if listed else "") + block.text
        before = block.kind
    if len(marks) > 1 and marks[1].start == 0:
        marks = marks[1:]
    return text, tuple(marks) if len(marks) > 1 or marks[0].page or marks[0].paragraph else ()


def row_text(header: Sequence[str], cells: Sequence[str]) -> str:
    """A table row that makes sense alone: each cell behind its column's name."""
    named = [
        f"{name}: {cell}" if name and name != cell else cell for name, cell in zip(header, cells, strict=False) if cell
    ]
    return " | ".join(named + [cell for cell in cells[len(header) :] if cell])


def rows(table: Sequence[Sequence[str]], pages: tuple[tuple[int, int], ...] = ()) -> list[Block]:
    """A table's rows as blocks: the first row names the columns where all its cells hold words and none is a figure."""
    cells = [[plain(cell) for cell in row] for row in table]
    cells = [row for row in cells if any(row)]
    if not cells:
        return []
    first = cells[0]
    heads = len(cells) > 1 and all(cell and not cell[0].isdigit() for cell in first[1:]) and len(first) > 1
    header, body = (first, cells[1:]) if heads else ([], cells)
    return [Block("row", row_text(header, row), pages=pages) for row in body]
