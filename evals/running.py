"""Asks a system the bank's questions once and stores what it said, so that scores can be changed without asking again.

A run is a folder: `settings.json` says what was asked of whom, `answers.jsonl` holds one line an item, written as each answer
comes. A run that stops goes on where it was; a folder whose settings are others' is refused.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant.domain import Message
from evals.bank import Item
from evals.systems import Body, System


class RunError(Exception):
    """A run's folder cannot be used; the message says why and how to mend it."""


def run(folder: Path, system: System, items: Sequence[Item], settings: dict[str, Any]) -> dict[str, Body]:
    """{item id: answer} for every item, asked now or read from an earlier, unfinished run of the same settings.
    Raises RunError where the folder holds a run of other settings or a damaged one."""
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder, settings)
    answers = {key: body for key, body in _stored(folder) if key in {item.id for item in items}}
    left = [item for item in items if item.id not in answers]
    with (folder / "answers.jsonl").open("a", encoding="utf-8") as stream:
        for item in tqdm(left, desc=f"Asking {system.name}", unit="question", disable=not left):
            answers[item.id] = ask(system, item)
            stream.write(json.dumps({"item": item.id, "answer": answers[item.id]}, ensure_ascii=False) + "\n")
            stream.flush()
    return {item.id: answers[item.id] for item in items}


def load(folder: Path) -> tuple[dict[str, Any], dict[str, Body]]:
    """(settings, answers by item id) of a stored run. Raises RunError."""
    try:
        settings: dict[str, Any] = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{folder}: holds no run. Run: python -m evals run --out {folder}") from error
    return settings, dict(_stored(folder))


def ask(system: System, item: Item) -> Body:
    """The answer to the item's last message. Its earlier turns are asked too, so that the history holds the system's own
    replies."""
    history: list[Message] = []
    for turn in item.turns:
        reply = system.ask(turn, history, item.nation)
        history += [Message("user", turn), Message("assistant", reply["answer"])]
    return system.ask(item.question, history, item.nation)


def _claim(folder: Path, settings: dict[str, Any]) -> None:
    path = folder / "settings.json"
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) != settings:
            raise RunError(f"{folder}: holds a run of other settings. Choose another --out, or delete the folder")
    else:
        path.write_text(json.dumps(settings, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _stored(folder: Path) -> Iterator[tuple[str, Body]]:
    path = folder / "answers.jsonl"
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            row = json.loads(line)
            yield row["item"], row["answer"]
        except (ValueError, KeyError) as error:
            if number == len(lines):
                path.write_text(
                    "\n".join(lines[:-1]) + "\n", encoding="utf-8"
                )  # a line that a stop cut off is asked again
                return
            raise RunError(f"{path}:{number}: is damaged. Delete that line, then run again") from error
