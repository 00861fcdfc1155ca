"""Markdown, by markdown-it."""

from pathlib import Path
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.errors import ReadingError
from corpus.readers.blocks import Block, Document, numbered, plain, rows

# Deeper quoting and nesting than any document has; markdown-it then leaves the rest as text.
_NESTING = 50


def read(path: Path) -> Document:
    """Raises ReadingError where the file is not UTF-8."""
    text = as_text(path)
    found = numbered(blocks(text))
    return Document(tuple(found), title=next((block.text for block in found if block.kind == "heading"), ""))


def as_text(path: Path) -> str:
    """The file's characters. Raises ReadingError where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingError(path, f"is not UTF-8 text (byte {error.start})", "Save it as UTF-8") from error
    except OSError as error:
        raise ReadingError(path, f"cannot be read ({error.strerror})", "Check the file and its permissions") from error


def blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text."""
    tokens = (
        MarkdownIt("commonmark", {"maxNesting": _NESTING, "html": False}).enable("table").parse(_plain_bullets(text))
    )
    out: list[Block] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open":
            title = _words(tokens[position + 1])
            if title:
                out.append(Block("heading", title, level=int(token.tag[1])))
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            end = _matching(tokens, position)
            out.extend(_items(tokens[position : end + 1]))
            position = end
        elif token.type == "table_open":
            end = _matching(tokens, position)
            out.extend(_rows(tokens[position:end]))
            position = end
        elif token.type == "paragraph_open":
            out.append(Block("paragraph", _words(tokens[position + 1])))
        elif token.type in ("fence", "code_block"):
            out.append(Block("paragraph", plain(token.content)))
        position += 1
    return [block for block in out if block.text]


def _plain_bullets(text: str) -> str:
    """Word processors' bullets as Markdown ones, so that plain-text originals keep their lists."""
    return "\n".join(
        "- " + line.lstrip()[1:].lstrip() if line.lstrip()[:1] in ("•", "▪", "◦") else line for line in text.split("\n")
    )


def _matching(tokens: list[Token], start: int) -> int:
    closing = tokens[start].type.replace("_open", "_close")
    return next(
        n for n in range(start, len(tokens)) if tokens[n].type == closing and tokens[n].level == tokens[start].level
    )


def _items(tokens: list[Token]) -> list[Block]:
    """One block an item; nested items follow their parent at the same level."""
    out: list[str] = []
    numbers: list[str] = []
    fresh, number = False, ""
    for token in tokens:
        if token.type == "list_item_open":
            fresh = True
            number = token.info
        elif token.type in ("inline", "fence", "code_block"):
            words = _words(token) if token.type == "inline" else plain(token.content)
            if fresh:
                out.append(words)
                numbers.append(number)
            else:
                out[-1] += " " + words
            fresh = False
    return [Block("item", text, number=number or None) for text, number in zip(out, numbers, strict=True)]


def _rows(tokens: list[Token]) -> list[Block]:
    table: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            table.append([])
        elif token.type == "inline":
            table[-1].append(_words(token))
    return rows(table)


def _words(token: Token) -> str:
    """An inline token's words without its marks, on one line."""
    pieces = []
    for child in cast(list[Token], token.children or []):
        pieces.append(" " if child.type in ("softbreak", "hardbreak") else child.content)
    return plain("".join(pieces))
