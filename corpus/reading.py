"""Turns a digest or an original into sections: headings with their plain text."""

from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from corpus.domain import NATIONS, Nation, Rendition, Section, Source
from corpus.errors import ReadingError
from corpus.readers import KINDS
from corpus.readers.blocks import Document, numbered, sections, titled, without_run_in_headings
from corpus.readers.markdown import as_text
from corpus.readers.markdown import blocks as markdown_blocks
from corpus.settings import CorpusSettings
from corpus.worker import Reader

# Raise when a reader or the splitter changes what it makes of the same file, so that files are read again.
READING = 3
_FENCE = "---"


@dataclass(frozen=True)
class Read:
    """A source's file as it was read."""

    sections: tuple[Section, ...]
    pages: int | None = None
    title: str = ""
    published: str = ""
    scanned: bool = False


def find_file(source: Source, settings: CorpusSettings) -> tuple[Path, Rendition] | None:
    """The original of this source if a user has added one, else its digest, else None. Raises ReadingError where
    two originals share the id or none of our readers knows the file's kind."""
    originals = sorted(file for file in settings.originals.glob(f"{source.id}.*") if file.is_file())
    if len(originals) > 1:
        names = " and ".join(file.name for file in originals)
        raise ReadingError(settings.originals, f"{names} are both originals of {source.id}", "Keep one of them")
    if originals:
        if originals[0].suffix.lower() not in KINDS:
            raise ReadingError(originals[0], "is of a kind that cannot be read", f"Save it as {', '.join(KINDS)}")
        return originals[0], "original"
    digest = settings.digests / f"{source.id}.md"
    return (digest, "digest") if digest.is_file() else None


def read_document(
    path: Path, source_id: str, rendition: Rendition, reader: Reader | None = None, title: str = ""
) -> Read:
    """A file's sections in reading order. A digest must carry front matter that names its source; an original is read by
    `reader`, in a process of its own, and stands under `title` where it has none itself. Raises ReadingError."""
    if rendition == "digest":
        text, nations = _without_front_matter(as_text(path), path, source_id)
        found = read_markdown(text, source_id, rendition)
        if not found:
            raise ReadingError(path, "holds no text", "Add the text, or remove the file")
        return Read(tuple(replace(section, nation=nations.get(section.heading[-1], ())) for section in found))
    if reader is None:
        with Reader() as own:
            return from_document(own.read(path), source_id, title)
    return from_document(reader.read(path), source_id, title)


def from_document(document: Document, source_id: str, title: str = "") -> Read:
    """What a reader made of an original."""
    blocks = without_run_in_headings(titled(document.blocks, title or document.title or source_id))
    found = sections(blocks, source_id, "original")
    return Read(tuple(found), document.pages, document.title, document.published, document.scanned)


def read_markdown(text: str, source_id: str, rendition: Rendition) -> list[Section]:
    """Sections of a Markdown text; text above the first heading stands under the source's id."""
    return sections(numbered(markdown_blocks(text)), source_id, rendition)


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
