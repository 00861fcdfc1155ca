"""A run that is killed, or that meets a full disk, leaves the index that serves; the next one completes."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus.gathering import gather
from corpus.index import open_index
from corpus.indexing import write_index
from corpus.settings import CorpusSettings
from tests.fakes import WordEncoder, no_progress

# Moments of the run at which it is killed: spread over all of it.
KILLS = 16

RUN = """
import sys, time
from corpus.gathering import gather
from corpus.index import open_index
from corpus.indexing import write_index
from corpus.settings import CorpusSettings
from tests.fakes import WordEncoder, no_progress
import llama_index.vector_stores.chroma  # so that the time below is the run's own
settings = CorpusSettings()
print("ready", flush=True)
began = time.monotonic()
write_index(settings.data, gather(settings), WordEncoder(), no_progress)
print(time.monotonic() - began, flush=True)
"""


@pytest.fixture
def changed(settings, tmp_path, monkeypatch) -> tuple[CorpusSettings, str]:
    """An index, and digests that have changed since: what a run would have to do. With the old version's name."""
    digests = Path(shutil.copytree(settings.digests, tmp_path / "digests"))
    monkeypatch.setenv("VSA_DIGESTS", str(digests))
    monkeypatch.setenv("VSA_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("VSA_ORIGINALS", str(tmp_path / "originals"))
    own = CorpusSettings()
    version = write_index(own.data, gather(own), WordEncoder(), no_progress).version
    digest = digests / "drew-banerjee-2019.md"
    digest.write_text(digest.read_text() + "\n\n" + "\n\n".join(f"Zebra sentence {n} is new." for n in range(400)))
    return own, version


def run(**more) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_run_killed_at_any_moment_leaves_a_whole_index(changed):
    own, old = changed
    backup = Path(shutil.copytree(own.data, own.data.with_name("backup")))
    whole = run()
    seconds = float(whole.communicate()[0])
    with open_index(own.data) as index:
        new = index.version
    assert new != old
    served = []
    for kill in range(KILLS):
        shutil.rmtree(own.data)
        shutil.copytree(backup, own.data)
        process = run()
        time.sleep(seconds * (kill + 0.5) / KILLS)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with open_index(own.data) as index:
            served.append(index.version)
            assert sum(map(len, index.by_source().values())) == len(index.rows)
        report = write_index(own.data, gather(own), WordEncoder(), no_progress)
        assert report.version == new
        assert {folder.name for folder in (own.data / "versions").iterdir()} <= {old, new}
    assert set(served) <= {old, new}
    assert served[0] == old


def test_a_full_disk_leaves_the_old_index_and_says_so(changed):
    own, old = changed
    process = run(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)))
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "DataFolderError" in errors.splitlines()[-1]
    assert "The old index still serves" in errors.splitlines()[-1]
    with open_index(own.data) as index:
        assert index.version == old
    assert write_index(own.data, gather(own), WordEncoder(), no_progress).changed


def test_a_second_writer_is_told_who_holds_the_lock(changed):
    process = run()
    try:
        deadline = time.monotonic() + 30
        held = ""
        while "process" not in held and time.monotonic() < deadline:
            held = (changed[0].data / "lock").read_text()
        os.kill(process.pid, signal.SIGSTOP)
        second = subprocess.run(
            [sys.executable, "-m", "corpus", "index"], capture_output=True, text=True, env=dict(os.environ), check=False
        )
    finally:
        os.kill(process.pid, signal.SIGCONT)
        process.communicate()
    assert second.returncode == 1
    assert f"is being indexed by another run (process {process.pid}, since " in second.stderr
