"""Keeps what people say of answers, without personal data: one JSON line each, in a file that a council may read and delete."""

import json
from dataclasses import dataclass
from pathlib import Path

from assistant.answering import Assistant
from assistant.domain import Question, Reason
from assistant.scope.privacy import redact

# Of a question that may be about one child nothing is kept but how it ended.
_NOT_KEPT = (Reason.INDIVIDUAL_CHILD, Reason.PARENT_OR_CARER, Reason.SAFEGUARDING, Reason.PERSONAL_DATA)


@dataclass(frozen=True)
class Feedback:
    """`helpful` None means: not rated. `comment` is free text."""

    question: str
    outcome: str
    helpful: bool | None = None
    comment: str = ""


def keep(assistant: Assistant, feedback: Feedback, path: Path) -> bool:
    """Appends the feedback and returns whether its words were kept. Raises OSError where the file cannot be written."""
    verdict = assistant.ruling(Question(feedback.question))
    about_a_child = verdict is None or verdict.reason in _NOT_KEPT
    line = {
        "question": "" if about_a_child else redact(feedback.question)[0],
        "outcome": feedback.outcome,
        "helpful": feedback.helpful,
        "comment": "" if about_a_child else redact(feedback.comment)[0],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    return not about_a_child
