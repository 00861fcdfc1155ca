"""Readers of the kinds of files that people have: each turns one file into blocks, and the blocks into a document.

They run in a process of their own (`corpus.worker`), with limits on time and memory, because files come from anywhere.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from corpus.errors import ReadingError
from corpus.readers.blocks import Document

# The suffix of a file, and the module here that reads it. A module is imported only when a file needs it.
KINDS = {
    ".md": "markdown",
    ".txt": "plain",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}

# The first bytes that a kind must or must not have: a file's name may say anything.
_PDF, _ZIP, _OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# A PDF may begin with some other bytes before its mark.
_SEARCHED = 1024


def read_file(path: Path) -> Document:
    """The document in this file. Raises ReadingError."""
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        raise ReadingError(
            path, f"is of a kind that cannot be read ({suffix or 'no suffix'})", f"Use {', '.join(KINDS)}"
        )
    try:
        with path.open("rb") as stream:
            start = stream.read(_SEARCHED)
    except OSError as error:
        raise ReadingError(path, f"cannot be read ({error.strerror})", "Check the file and its permissions") from error
    if not start.strip():
        raise ReadingError(path, "is empty", "Get the file again")
    _require_kind(path, suffix, start)
    read = cast(Callable[[Path], Document], import_module(f"corpus.readers.{KINDS[suffix]}").read)
    document = read(path)
    if not any(block.kind != "heading" for block in document.blocks):
        raise ReadingError(path, "holds no text", "Add the text, or remove the file")
    return document


def _require_kind(path: Path, suffix: str, start: bytes) -> None:
    if suffix == ".docx" and start.startswith(_OLE):
        raise ReadingError(path, "is protected by a password, or is an old .doc", "Save it as .docx without a password")
    found = ".pdf" if _PDF in start else ".docx" if start.startswith(_ZIP) else None
    if suffix in (".pdf", ".docx") and found != suffix:
        raise ReadingError(path, f"is not a {suffix} file, whatever its name says", "Give it the suffix of its kind")
    if suffix not in (".pdf", ".docx") and (found or b"\x00" in start):
        kind = f"a {found} file" if found else "no text file"
        raise ReadingError(path, f"is {kind}, whatever its name says", "Give it the suffix of its kind")
