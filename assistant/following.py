"""A follow-up becomes a question that stands alone."""

import re
from collections.abc import Callable

from assistant.domain import Message
from assistant.scope.privacy import REMOVED

# A question at most this long may lean on the turn before it ("who'll do it", "from when", "any about training?").
SHORT = 8

_LEANS = re.compile(
    r"^\W*(?:and|but|so|or|also|ok(?:ay)?|right|then|what\s+about|how\s+about|why|who'?ll|which\s+(?:one|ones|of)|any|same|really)\b"
    r"|\b(?:it|its|they|them|their|those|these|that|this|there|one|ones|both|the\s+same|the\s+other|others|the\s+rest|in\s+there)\b",
    re.IGNORECASE,
)

# Where one question ends and another begins.
_ASK = r"(?:how|what|which|who|whom|whose|when|where|why|is|are|was|were|do|does|did|can|could|should|must|may|has|have|will)\b"
_PARTS = re.compile(rf"(?<=\?)\s+|,?\s+(?:and|but|also|plus|&)\s+(?:also\s+)?(?={_ASK})", re.IGNORECASE)
_ASKS = re.compile(rf"\b{_ASK}", re.IGNORECASE)
_LEAST_WORDS = 3

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\s+[-–>]+>?\s+|\s*\n+\s*")


def standalone(text: str, history: tuple[Message, ...], may_answer: Callable[[str, tuple[Message, ...]], bool]) -> str:
    """The question with the earlier turns it leans on before it; alone where it leans on none. Turns that were
    declined never feed a search: `may_answer` rules on each again, given the turns before it."""
    text = asked(text)
    if not _follows(text):
        return text
    leaned_on: list[str] = []
    turns = [message for message in history if message.role == "user"]
    for place in range(len(turns) - 1, -1, -1):
        turn = turns[place].content
        if not may_answer(turn, tuple(turns[:place])):
            continue
        leaned_on.insert(0, turn)
        if not _follows(turn):
            break
    return " ".join((*leaned_on, text))


def parts(text: str) -> tuple[str, ...]:
    """The questions that a message asks, where it asks several, each with what stands before it; else none."""
    found = [part.strip(" ,;") for part in _PARTS.split(text)]
    asks = [part for part in found if _ASKS.search(part) and len(part.split()) >= _LEAST_WORDS]
    return tuple(asks) if len(asks) == len(found) > 1 else ()


def asked(text: str) -> str:
    """The text without the sentences that personal data was taken out of, where others are left to ask something."""
    sentences = [sentence for sentence in _SENTENCE.split(text) if sum(map(str.isalpha, sentence)) > 2]
    clean = [sentence for sentence in sentences if REMOVED not in sentence]
    return " ".join(clean) if clean and len(clean) < len(sentences) else text.replace(REMOVED, " ")


def _follows(text: str) -> bool:
    return (bool(_LEANS.search(text)) and len(text.split()) <= 2 * SHORT) or len(text.split()) <= SHORT // 2
