"""Turns feedback into candidate items for a person to label.

Feedback is what `POST /v1/feedback` stores: the question with its personal data removed, how it ended, and whether it helped.
A candidate has every field of an item; what only a person can know is left empty, and a candidate is no item until it is moved
into the bank by hand.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.scope.privacy import redact

CANDIDATES = Path("runs") / "candidates.jsonl"


class FeedbackError(Exception):
    """A line of feedback cannot be read; the message names the file and line."""


def add(feedback: Path, out: Path = CANDIDATES) -> int:
    """Appends a candidate for each new question in the feedback and returns how many. Raises FeedbackError."""
    known = {json.loads(line)["question"] for line in _lines(out)} if out.exists() else set()
    candidates = []
    for number, line in enumerate(_lines(feedback), start=1):
        try:
            raw = json.loads(line)
            question, turns = redact(raw["question"])[0], [redact(turn)[0] for turn in raw.get("turns", [])]
        except (ValueError, KeyError, TypeError) as error:
            raise FeedbackError(
                f"{feedback}:{number}: is no feedback ({type(error).__name__}). Mend that line"
            ) from error
        if question and question not in known:
            known.add(question)
            candidates.append(_candidate(len(known), question, turns, raw))
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(candidate, ensure_ascii=False) + "\n" for candidate in candidates)
    return len(candidates)


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    except OSError as error:
        raise FeedbackError(
            f"{path}: cannot be read ({error.strerror}). Give the file that the service writes"
        ) from error


def _candidate(number: int, question: str, turns: list[str], raw: Mapping[str, Any]) -> dict[str, Any]:
    helpful = raw.get("helpful")
    helped = "was not rated" if helpful is None else "helped" if helpful else "did not help"
    return {
        "id": f"candidate-{number}",
        "kind": "",
        "role": "not said",
        "register": "",
        "turns": turns,
        "question": question,
        "nation": raw.get("nation"),
        "outcomes": [],
        "reasons": [],
        "urgent": False,
        "sources": [],
        "sources_rule": "any",
        "sections": [],
        "facts": [],
        "forbidden": [],
        "pii": [],
        "pair": None,
        "reference": "",
        "why": f"from feedback: ended {raw.get('outcome') or 'unknown'}, {helped}",
    }
