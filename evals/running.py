"""Answers the bank's questions once and stores the answers, so that scores can be changed without asking again."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant.answering import Assistant
from assistant.domain import Answer, Message, Question
from evals.bank import Item


def run(assistant: Assistant, items: Sequence[Item]) -> dict[str, Answer]:
    """{item id: answer}. Earlier turns are asked too, so that an item's history holds the service's own replies."""
    return {item.id: ask(assistant, item) for item in tqdm(items, desc="Asking", unit="question")}


def ask(assistant: Assistant, item: Item) -> Answer:
    """The answer to the item's last message."""
    history: tuple[Message, ...] = ()
    for turn in item.turns:
        reply = assistant.answer(Question(turn, history, item.nation))
        history = (*history, Message("user", turn), Message("assistant", reply.answer))
    return assistant.answer(Question(item.question, history, item.nation))


def store(folder: Path, answers: dict[str, Answer], settings: dict[str, Any], figures: dict[str, Any]) -> None:
    """Writes run.json (settings and figures) and answers.jsonl into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({"item": key, **asdict(answer)}, ensure_ascii=False) for key, answer in answers.items())
    _write(folder / "answers.jsonl", lines)
    _write(folder / "run.json", [json.dumps({"settings": settings, "figures": figures}, ensure_ascii=False, indent=1)])


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
