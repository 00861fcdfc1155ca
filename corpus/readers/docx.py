"""Word documents, by python-docx: paragraphs and tables in order, headings by style or outline level, footnotes, page breaks."""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree

from corpus.errors import ReadingError
from corpus.readers.blocks import Block, Document, numbered, plain, rows, without_contents

# What the parts of a file may unpack to together, and how many times its own size: text packs to about a tenth.
_MOST_UNPACKED = 200 * 1024 * 1024
_MOST_RATIO = 100
_RATIO_FROM = 5 * 1024 * 1024
_MACROS = ("vbaproject.bin", "macroenabled")
_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)
_HEADING_WORDS = 25
_FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_BULLET = re.compile(r"[•▪◦‣●○■□\uf0b7–-]\s+")


def read(path: Path) -> Document:
    """Raises ReadingError where the file is broken, holds macros or entities, or unpacks to more than it may."""
    _require_safe(path)
    try:
        document = docx.Document(str(path))
        lists = _Lists(document)
        body = list(_body(document, lists))
        notes = _notes(document)
    except (
        PackageNotFoundError,
        KeyError,
        ValueError,
        etree.XMLSyntaxError,
        zipfile.BadZipFile,
        AttributeError,
    ) as error:
        raise _broken(path, error) from error
    found = numbered(without_contents([*body, *notes]))
    about = document.core_properties
    title = plain(about.title or "") or next((b.text for b in found if b.kind == "heading"), "")
    date = about.created or about.modified
    pages = max((page for block in found for _, page in block.pages), default=None)
    return Document(tuple(found), pages, title, date.strftime("%Y-%m-%d") if date else "")


def _broken(path: Path, error: Exception) -> ReadingError:
    return ReadingError(path, f"is a broken Word file ({type(error).__name__})", "Save it again as .docx")


def _require_safe(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            total = sum(part.file_size for part in parts)
            if total > _MOST_UNPACKED or (total > _RATIO_FROM and total > _MOST_RATIO * path.stat().st_size):
                raise ReadingError(
                    path, f"unpacks to {total // 1_000_000} MB, far more than a document", "Do not open it"
                )
            if any(part.flag_bits & 1 for part in parts):
                raise ReadingError(path, "is protected by a password", "Save a copy without it")
            if any(part.filename.lower().endswith(_MACROS[0]) for part in parts):
                raise ReadingError(path, "holds macros", "Save it as .docx, which has none")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        if b"<!DOCTYPE" in stream.read(4096):
                            raise ReadingError(
                                path, f"declares entities of its own in {part.filename}", "Do not open it"
                            )
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError) as error:
        raise _broken(path, error) from error


class _Lists:
    """Which paragraphs are list items, and the numbers that Word gives them."""

    def __init__(self, document: Any) -> None:
        self._formats: dict[tuple[str, str], tuple[str, str, int]] = {}
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        try:
            numbering = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return
        abstract: dict[str, Any] = {a.get(qn("w:abstractNumId")): a for a in numbering.findall(qn("w:abstractNum"))}
        for num in numbering.findall(qn("w:num")):
            held = abstract.get(num.find(qn("w:abstractNumId")).get(qn("w:val")))
            for level in held.findall(qn("w:lvl")) if held is not None else ():
                kind, text, start = (level.find(qn(f"w:{name}")) for name in ("numFmt", "lvlText", "start"))
                self._formats[num.get(qn("w:numId")), level.get(qn("w:ilvl"))] = (
                    kind.get(qn("w:val")) if kind is not None else "bullet",
                    text.get(qn("w:val")) if text is not None else "",
                    int(start.get(qn("w:val"))) if start is not None else 1,
                )

    def of(self, paragraph: Paragraph) -> tuple[bool, str | None]:
        """(whether it is a list item, its number where it counts)."""
        properties = paragraph._p.pPr
        held = properties.numPr if properties is not None else None
        style = paragraph.style
        while held is None and style is not None and style.element.pPr is not None:
            held = style.element.pPr.numPr
            style = style.base_style
        if held is None or held.numId is None:
            return (paragraph.style is not None and (paragraph.style.name or "").startswith("List")), None
        level = str(held.ilvl.val) if held.ilvl is not None else "0"
        key = str(held.numId.val), level
        if key[0] == "0" or key not in self._formats:
            return False, None
        kind, text, start = self._formats[key]
        if kind != "decimal" or text.count("%") != 1:
            return True, None
        self._counts[key] += 1
        for other in list(self._counts):
            if other[0] == key[0] and int(other[1]) > int(level):
                self._counts[other] = 0
        return True, str(self._counts[key] + start - 1)


def _body(document: Any, lists: _Lists) -> Iterator[Block]:
    """The body in order. Pages are known only where Word has saved where it broke them."""
    paged = bool(document.element.body.findall(f".//{qn('w:lastRenderedPageBreak')}"))
    page = 1
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            where = ((0, page),) if paged else ()
            page += len(part._tbl.findall(f".//{qn('w:lastRenderedPageBreak')}"))
            yield from rows(_cells(part), where)
            continue
        text, breaks = _words(part._p)
        first = page
        page += len(breaks)
        if not text:
            continue
        pages: tuple[tuple[int, int], ...] = ()
        if paged:
            places = {0: first}
            for n, offset in enumerate(breaks, start=1):
                places[min(offset, len(text))] = first + n
            pages = tuple(sorted(places.items()))
        level = _level(part, text)
        listed, number = lists.of(part)
        bullet = _BULLET.match(text)
        if level:
            yield Block("heading", text, level, pages)
        elif listed:
            yield Block("item", text, 0, pages, number)
        elif bullet:
            yield Block("item", text[bullet.end() :], 0, tuple((max(0, o - bullet.end()), p) for o, p in pages))
        else:
            yield Block("paragraph", text, 0, pages)


def _cells(table: Table) -> list[list[str]]:
    """Words of each cell once, also where cells are merged."""
    out = []
    for row in table.rows:
        seen: list[Any] = []
        for cell in row.cells:
            if not any(cell._tc is tc for tc in seen):
                seen.append(cell._tc)
        out.append([" ".join(filter(None, (_words(p)[0] for p in tc.iter(qn("w:p"))))) for tc in seen])
    return out


def _words(paragraph: Any) -> tuple[str, list[int]]:
    """A paragraph's words as they read with all changes accepted, and the characters at which pages were broken."""
    text, breaks = "", []
    left_out = {qn("w:del"), qn("w:moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
    for node in paragraph.iter():
        if any(above.tag in left_out for above in node.iterancestors()) or _nested(node, paragraph):
            continue
        if node.tag == qn("w:t"):
            text += node.text or ""
        elif node.tag in (qn("w:tab"), qn("w:br"), qn("w:cr")):
            text += " "
        elif node.tag == qn("w:noBreakHyphen"):
            text += "-"
        elif node.tag == qn("w:lastRenderedPageBreak"):
            breaks.append(len(plain(text + "x")) - 1)
    return plain(text), breaks


def _nested(node: Any, paragraph: Any) -> bool:
    """Words of a text box stand in paragraphs of its own."""
    above = node.getparent()
    while above is not None and above is not paragraph:
        if above.tag == qn("w:p"):
            return True
        above = above.getparent()
    return False


def _level(paragraph: Paragraph, text: str) -> int:
    """A heading's level, by its style, its outline level, or as a short line all in bold; 0 for other text."""
    style = paragraph.style
    while style is not None:
        match = _HEADING_STYLE.fullmatch(style.name or "")
        if match:
            return int(match.group(1)) + 1
        if (style.name or "").lower() == "title":
            return 1
        outline = style.element.find(f".//{qn('w:outlineLvl')}")
        if outline is not None and int(outline.get(qn("w:val"))) < 9:
            return int(outline.get(qn("w:val"))) + 2
        style = style.base_style
    own = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    if own is not None and int(own.get(qn("w:val"))) < 9:
        return int(own.get(qn("w:val"))) + 2
    runs = [run for run in paragraph.runs if run.text.strip()]
    bold = bool(runs) and all(run.bold for run in runs)
    return 8 if bold and len(text.split()) <= _HEADING_WORDS and text[-1] not in ".;,:" else 0


def _notes(document: Any) -> Iterator[Block]:
    """Footnotes, after the text, each with its number."""
    for relation in document.part.rels.values():
        if relation.reltype == _FOOTNOTES and not relation.is_external:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            number = 0
            for note in etree.fromstring(relation.target_part.blob, parser).findall(qn("w:footnote")):
                if note.get(qn("w:type")) in ("separator", "continuationSeparator", "continuationNotice"):
                    continue
                number += 1
                text = plain(" ".join(_words(p)[0] for p in note.iter(qn("w:p"))))
                if text:
                    yield replace(Block("note", text), text=f"{number} {text}")
