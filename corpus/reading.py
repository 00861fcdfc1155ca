"""Turns a digest or an original into sections: headings with their plain text."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.domain import NATIONS, Nation, Rendition, Section, Source
from corpus.errors import ReadingError
from corpus.settings import CorpusSettings

READABLE = (".md", ".txt")
_FENCE = "---"


def find_file(source: Source, settings: CorpusSettings) -> tuple[Path, Rendition] | None:
    """The original of this source if a user has added one, else its digest, else None. Raises ReadingError where
    two originals share the id or none of our readers knows the file's kind."""
    originals = sorted(settings.originals.glob(f"{source.id}.*"))
    if len(originals) > 1:
        names = " and ".join(file.name for file in originals)
        raise ReadingError(settings.originals, f"{names} are both originals of {source.id}", "Keep one of them")
    if originals:
        if originals[0].suffix.lower() not in READABLE:
            raise ReadingError(
                originals[0], "is of a kind this version cannot read", f"Save it as {' or '.join(READABLE)}"
            )
        return originals[0], "original"
    digest = settings.digests / f"{source.id}.md"
    return (digest, "digest") if digest.is_file() else None


def read_document(path: Path, source_id: str, rendition: Rendition) -> list[Section]:
    """Sections in reading order. A digest must carry front matter that names its source. Raises ReadingError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingError(path, f"is not UTF-8 text (byte {error.start})", "Save it as UTF-8") from error
    except OSError as error:
        raise ReadingError(path, f"cannot be read ({error.strerror})", "Check the file and its permissions") from error
    nations: dict[str, tuple[Nation, ...]] = {}
    if rendition == "digest":
        text, nations = _without_front_matter(text, path, source_id)
    sections = [
        replace(section, nation=nations.get(section.heading[-1], ()))
        for section in read_markdown(text, source_id, rendition)
    ]
    if not sections:
        raise ReadingError(path, "holds no text", "Add the text, or remove the file")
    return sections


def _without_front_matter(text: str, path: Path, source_id: str) -> tuple[str, dict[str, tuple[Nation, ...]]]:
    """The text below the front matter, with its line numbers kept, and the nations of headings that have their own."""
    lines = text.split("\n")
    if not lines or lines[0].strip() != _FENCE:
        raise ReadingError(
            f"{path}:1", "has no front matter", f"Start the file with '---', 'source: {source_id}', '---'"
        )
    try:
        end = next(n for n, line in enumerate(lines[1:], start=1) if line.strip() == _FENCE)
    except StopIteration:
        raise ReadingError(
            f"{path}:{len(lines)}", "its front matter is never closed", "Add a line '---' below it"
        ) from None
    try:
        front = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # YAML notices a fault at the line after it or at its own; `problem_mark` counts from the line below the fence.
        line = min(mark.line + 2, end) if mark else 2
        raise ReadingError(f"{path}:{line}", "its front matter is not valid YAML", "Mend that line") from error
    if not isinstance(front, dict) or front.get("source") != source_id:
        raise ReadingError(
            f"{path}:2",
            f"its front matter does not say 'source: {source_id}'",
            "Mend the source's id or the file's name",
        )
    own = front.get("nations", {})
    if not isinstance(own, dict) or any(nation not in NATIONS for nations in own.values() for nation in nations):
        raise ReadingError(f"{path}:2", "its 'nations' is no map of headings to nations", f"Use {', '.join(NATIONS)}")
    nations = {heading: tuple(nations) for heading, nations in own.items()}
    return "\n".join([""] * (end + 1) + lines[end + 1 :]), nations


def read_markdown(text: str, source_id: str, rendition: Rendition) -> list[Section]:
    """Sections of a Markdown or plain text; text above the first heading stands under the source's id."""
    tokens = MarkdownIt("commonmark").enable("table").parse(_plain_bullets(text))
    sections: list[Section] = []
    path: list[tuple[int, str]] = []
    blocks: list[str] = []

    def close() -> None:
        if blocks:
            heading = tuple(title for _, title in path) or (source_id,)
            sections.append(Section(source_id, rendition, heading, "\n\n".join(blocks)))
            blocks.clear()

    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open":
            close()
            level = int(token.tag[1])
            path = [entry for entry in path if entry[0] < level]
            path.append((level, _plain(tokens[position + 1])))
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            end = _matching(tokens, position)
            blocks.append("\n".join(_items(tokens[position : end + 1])))
            position = end
        elif token.type == "tr_open":
            end = _matching(tokens, position)
            blocks.append(" | ".join(_plain(cell) for cell in tokens[position:end] if cell.type == "inline"))
            position = end
        elif token.type == "paragraph_open":
            blocks.append(_plain(tokens[position + 1]))
        elif token.type in ("fence", "code_block"):
            blocks.append(" ".join(token.content.split()))
        position += 1
    close()
    return sections


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


def _items(tokens: list[Token]) -> list[str]:
    """One line an item; nested items follow their parent at the same level."""
    lines: list[str] = []
    fresh = False
    for token in tokens:
        if token.type == "list_item_open":
            fresh = True
        elif token.type == "inline":
            if fresh:
                lines.append("- " + _plain(token))
            else:
                lines[-1] += " " + _plain(token)
            fresh = False
    return lines


def _plain(token: Token) -> str:
    """An inline token's words without its marks, on one line."""
    pieces = []
    for child in cast(list[Token], token.children or []):
        pieces.append(" " if child.type in ("softbreak", "hardbreak") else child.content)
    return " ".join("".join(pieces).split())
