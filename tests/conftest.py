"""One real index a test run, and an environment that says nothing."""

import os
import shutil
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.build import build_assistant
from corpus.__main__ import main as corpus_command
from corpus.settings import CorpusSettings

CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting from outside: a green run means the same everywhere."""
    for name in os.environ:
        if name.startswith(("VSA_", "HOST", "PORT")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the shipped corpus indexed by the shipped command. Read, do not write."""
    folder = tmp_path_factory.mktemp("data")
    assert corpus_command(["index", "--data", str(folder)]) == 0
    return folder


@pytest.fixture
def own_data(data: Path, tmp_path: Path) -> Path:
    """A copy of the data folder that a test may break."""
    return Path(shutil.copytree(data, tmp_path / "data"))


@pytest.fixture(scope="session")
def settings(data: Path) -> CorpusSettings:
    return CorpusSettings(data=data)


@pytest.fixture(scope="session")
def assistant(settings: CorpusSettings) -> Assistant:
    built = build_assistant(settings)
    assert built.library is not None, built.fault
    return built


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests need a Chromium on the machine; where there is none the run says so in its last lines."""
    if CHROMIUM is None:
        left_out = [item for item in items if "browser" in item.keywords]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
        config.stash[_LEFT_OUT] = len(left_out)


_LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            "No Chromium found: browser tests were not run. Install it, or name it in CHROMIUM."
        )
