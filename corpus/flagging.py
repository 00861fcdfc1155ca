"""Finds words in a document that talk to a machine. They are indexed and quoted like any other words, never obeyed; a person
who adds a document should know that they are there."""

import re
from collections.abc import Iterable

from corpus.domain import Section

_MOST = 5
_SHOWN = 120

_TO_A_MACHINE = re.compile(
    r"(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules|guidelines)\b"
    r"|\b(?:system|developer) (?:prompt|message|mode)\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai\b|assistant|language model|chatbot|large language)"
    r"|\b(?:as|dear|attention|note to|message (?:to|for)) (?:an? |the |any |all )?(?:ai|llm|chatbot|language model|assistant)s?\b"
    r"|\b(?:do not|don't|never) (?:tell|reveal|mention)[^.\n]{0,30}\b(?:user|reader)s?\b"
    r"|<\|?(?:im_start|system|endoftext|assistant)\|?>|\[/?INST\]"
    r"|\b(?:respond|reply|answer) (?:only )?with (?:the (?:word|phrase)|exactly)\b",
    re.IGNORECASE,
)


def instructions(sections: Iterable[Section]) -> tuple[str, ...]:
    """The first such words of a document, each with what stands around it."""
    found = []
    for section in sections:
        for match in _TO_A_MACHINE.finditer(section.text):
            start = max(0, match.start() - 20)
            found.append(" ".join(section.text[start : start + _SHOWN].split()))
            if len(found) == _MOST:
                return tuple(found)
    return tuple(found)
