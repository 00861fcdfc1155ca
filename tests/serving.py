"""Starts the real service as people do, and stops it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(data: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """`python -m ui` over a data folder; yields its address once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "ui", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(environment or {})}
    ) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + 60
            while True:
                if process.poll() is not None:
                    raise AssertionError(f"the service ended: {process.stdout.read() if process.stdout else ''}")
                try:
                    httpx.get(f"{address}/health/live", timeout=1).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert time.monotonic() < deadline, "the service did not start in a minute"
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(20)
