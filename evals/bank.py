"""The question bank: items a person can edit, in parts that are kept apart.

`questions/development*.jsonl` may be read by anything, and weights are fitted on it. `questions/held_out.jsonl`,
`scope_held_out.jsonl` (rulings alone) and `answers_held_out.jsonl` (answers alone) are only ever scored: they were written from
the sources and the rulings by people who do not build, and nothing may be fitted on them.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from corpus.domain import Nation

QUESTIONS = Path(__file__).parent / "questions"
Part = Literal["development", "held_out", "scope_held_out", "answers_held_out"]
PARTS: tuple[Part, ...] = ("development", "held_out", "scope_held_out", "answers_held_out")

KINDS = (
    "direct",
    "list",
    "two_source",
    "trap",
    "followup",
    "not_covered",
    "off_topic",
    "individual_child",
    "parent_or_carer",
    "send_out_of_cohort",
    "safeguarding",
    "override_attempt",
    "hard_negative",
    "personal_data",
)


ROLES = (
    "teacher",
    "designated teacher",
    "safeguarding lead",
    "head teacher",
    "school staff",
    "social worker",
    "virtual school",
    "council",
    "parent or carer",
    "young person",
    "researcher",
    "other",
    "not said",
)
REGISTERS = (
    "plain",
    "terse",
    "formal",
    "rambling",
    "typos",
    "dialect",
    "scots",
    "welsh",
    "polish",
    "other language",
    "web search",
)


class BankError(Exception):
    """An item of the bank is malformed; the message names the file and line."""


@dataclass(frozen=True)
class Item:
    """One question with what is expected of its answer. `outcomes` and `reasons` are those that are right, best
    first; `facts` must each be found in the lower-cased answer and `forbidden` never; `sources` are the ones that may
    be cited, one (`sources_rule` any) or every one (all)."""

    id: str
    part: Part
    kind: str
    role: str
    register: str
    turns: tuple[str, ...]
    question: str
    nation: Nation | None
    outcomes: tuple[str, ...]
    reasons: tuple[str, ...]
    urgent: bool
    sources: tuple[str, ...]
    sources_rule: Literal["any", "all"]
    sections: tuple[str, ...]
    facts: tuple[re.Pattern[str], ...]
    forbidden: tuple[re.Pattern[str], ...]
    pii: tuple[str, ...]
    pair: str | None
    reference: str
    why: str

    @property
    def answerable(self) -> bool:
        """Whether an answer from the sources is what is expected."""
        return self.outcomes[0] in ("answered", "partial") and bool(self.facts)


def load_part(part: Part, folder: Path = QUESTIONS) -> list[Item]:
    """All items of one part. Raises BankError, also where code that fits or trains asks for another part than development."""
    if part != "development" and _fitting():
        raise BankError(f"{part}: nothing may be fitted or trained on it. Use evals.bank.items_for_fitting")
    items: list[Item] = []
    for path in sorted(folder.glob(f"{part}*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), start=1):
            try:
                items.append(_item(json.loads(line), part))
            except (ValueError, KeyError, TypeError, IndexError, re.error) as error:
                raise BankError(f"{path}:{number}: {type(error).__name__} {error}. Mend that line") from error
    if not items:
        raise BankError(f"{folder}: holds no {part}*.jsonl. Restore the bank")
    names = [item.id for item in items]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BankError(f"{folder}: ids used twice in {part}: {', '.join(doubled)}. Give each item an id of its own")
    return items


def _fitting() -> bool:
    """Whether a module that fits or trains is among the callers."""
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
        if frame.f_globals.get("__name__") in ("evals.fitting", "evals.training_scope", "evals.training_matcher"):
            return True
    return False


def items_for_fitting() -> list[Item]:
    """What weights may be fitted on: the development part and nothing else."""
    return load_part("development")


def _item(raw: Mapping[str, Any], part: Part) -> Item:
    if raw["kind"] not in KINDS:
        raise ValueError(f"kind {raw['kind']!r} is none of {', '.join(KINDS)}")
    if raw["role"] not in ROLES or raw["register"] not in REGISTERS:
        raise ValueError(f"role {raw['role']!r} or register {raw['register']!r} is none of those in evals/bank.py")
    return Item(
        id=raw["id"],
        part=part,
        kind=raw["kind"],
        role=raw["role"],
        register=raw["register"],
        turns=tuple(raw["turns"]),
        question=raw["question"],
        nation=raw["nation"],
        outcomes=tuple(raw["outcomes"]),
        reasons=tuple(raw["reasons"]),
        urgent=bool(raw["urgent"]),
        sources=tuple(raw["sources"]),
        sources_rule=raw["sources_rule"],
        sections=tuple(raw["sections"]),
        facts=tuple(re.compile(pattern) for pattern in raw["facts"]),
        forbidden=tuple(re.compile(pattern) for pattern in raw["forbidden"]),
        pii=tuple(raw["pii"]),
        pair=raw["pair"],
        reference=raw["reference"],
        why=raw["why"],
    )
