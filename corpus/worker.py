"""Reads files in a process of its own, with limits: a hostile or broken file costs a bounded time and memory, and no more.

The process is started once and asked again and again; one that dies or takes too long is replaced.
"""

import json
import os
import resource
import select
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from corpus.errors import ReadingError
from corpus.readers import read_file
from corpus.readers.blocks import Block, Document

_PART = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one file may cost. The longest file in the tests, 300 pages of PDF, takes about a quarter of each."""

    file_bytes: int = 200 * 1024 * 1024
    seconds: int = 300
    memory_bytes: int = 2 * 1024**3
    text_bytes: int = 64 * 1024 * 1024


class Reader:
    """Reads files, one at a time. Use it in a `with`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: _Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def read(self, path: Path) -> Document:
        """The document in this file. Raises ReadingError, also where it would cost more than the limits allow."""
        try:
            size = path.stat().st_size
        except OSError as error:
            raise ReadingError(
                path, f"cannot be read ({error.strerror})", "Check the file and its permissions"
            ) from error
        if size > self._limits.file_bytes:
            raise ReadingError(
                path, f"has {size // 1024**2} MB; the most is {self._limits.file_bytes // 1024**2} MB", "Split it up"
            )
        if self._process is None or self._process.ended:
            self._stop()
            self._process = _Process(self._limits)
        try:
            answer = self._process.ask(path)
        except ReadingError:
            self._stop()
            raise
        if "error" in answer:
            raise ReadingError(path, answer["error"][0], answer["error"][1])
        return _document(answer)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


class _Process:
    """The reading process and the pipes to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        asked, self._questions = os.pipe()
        self._answers, answered = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "corpus.worker", str(limits.memory_bytes)],
            stdin=asked,
            stdout=answered,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
        )
        os.close(asked)
        os.close(answered)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, path: Path) -> dict[str, Any]:
        """The process's answer, in time and within the size allowed. Raises ReadingError, after which it is of no use."""
        try:
            os.write(self._questions, json.dumps(str(path.absolute())).encode() + b"\n")
        except BrokenPipeError as error:
            raise ReadingError(path, "could not be read: the reading process ended", "Run again") from error
        held, deadline = bytearray(), time.monotonic() + self._limits.seconds
        while not held.endswith(b"\n"):
            ready, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ReadingError(path, f"took longer than {self._limits.seconds} seconds to read", "Split it up")
            part = os.read(self._answers, _PART)
            if not part:
                raise ReadingError(
                    path,
                    f"made the reading process end (status {self._process.wait()})",
                    "Save it again in another way, or leave it out",
                )
            held += part
            if len(held) > self._limits.text_bytes:
                raise ReadingError(
                    path, f"holds more than {self._limits.text_bytes // 1024**2} MB of text", "Split it up"
                )
        answer: dict[str, Any] = json.loads(held)
        return answer

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._questions)
        os.close(self._answers)


def _document(answer: dict[str, Any]) -> Document:
    blocks = tuple(
        Block(b["kind"], b["text"], b["level"], tuple((o, p) for o, p in b["pages"]), b["number"])
        for b in answer["blocks"]
    )
    return Document(blocks, answer["pages"], answer["title"], answer["published"], answer["scanned"])


def serve(memory_bytes: int) -> None:
    """Answers each path on standard input with one line: the document, or why it cannot be read."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it reads; it never writes a file
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not reach the answers
    for line in sys.stdin.buffer:
        path = Path(json.loads(line))
        try:
            answer: dict[str, Any] = asdict(read_file(path))
        except ReadingError as error:
            answer = {"error": [error.what, error.mend]}
        except MemoryError:
            answer = {"error": ["needs more memory than reading may take", "Split it up, or save it in another way"]}
        except RecursionError:
            answer = {"error": ["is nested too deep to be read", "Save it in another way"]}
        except Exception as error:  # noqa: BLE001 - a library's own fault on one file is that file's error
            answer = {"error": [f"cannot be read ({type(error).__name__})", "Save it again in another way"]}
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
