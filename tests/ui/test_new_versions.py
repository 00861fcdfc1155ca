"""A running service takes each new version of the index without a restart, a wait or a failed request."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from corpus.settings import CorpusSettings
from tests.serving import serving

QUESTION = {"question": "When was the Virtual School Head role extended?"}


def index(data: Path, digests: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "corpus", "index", "--data", str(data)]
    return subprocess.run(
        command, env={**os.environ, "VSA_DIGESTS": str(digests)}, capture_output=True, text=True, check=True
    )


def until(address: str, version: str) -> dict:
    deadline = time.monotonic() + 60
    while True:
        body = httpx.post(f"{address}/v1/ask", json=QUESTION, timeout=30).json()
        if body["corpus_version"] == version:
            return body
        assert time.monotonic() < deadline, "the new version was never taken"
        time.sleep(0.2)


def test_new_versions_are_taken_while_questions_go_on(own_data, tmp_path):
    digests = Path(shutil.copytree(CorpusSettings().digests, tmp_path / "digests"))
    changed = digests / "worcestershire-extended-role.md"
    with serving(own_data) as address:
        statuses: list[int] = []
        ended = threading.Event()

        def ask() -> None:
            with httpx.Client(timeout=30) as client:
                while not ended.is_set():
                    statuses.append(client.post(f"{address}/v1/ask", json=QUESTION).status_code)
                    statuses.append(client.get(f"{address}/sources/worcestershire-extended-role").status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        seen = []
        try:
            for number in range(3):
                changed.write_text(changed.read_text() + f"\n\nZebra edition {number} was added.\n")
                version = index(own_data, digests).stdout.split("Version ")[1].strip()
                seen.append(until(address, version)["corpus_version"])
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        assert len(set(seen)) == 3
        assert set(statuses) == {200}
        assert len(statuses) > 10
        page = httpx.get(f"{address}/sources/worcestershire-extended-role").text
        assert "Zebra edition 2 was added." in page


def test_a_service_that_began_without_an_index_answers_once_there_is_one(tmp_path):
    with serving(tmp_path / "new") as address:
        assert httpx.post(f"{address}/v1/ask", json=QUESTION, timeout=30).status_code == 503
        version = index(tmp_path / "new", CorpusSettings().digests).stdout.split("Version ")[1].strip()
        assert until(address, version)["outcome"] == "answered"
