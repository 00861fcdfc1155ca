"""Takes personal data out of a question before anything else sees or logs it.

Recognisers err to taking out too much: a lost word costs a search term, a kept name costs a child's privacy.
"""

import re
from functools import lru_cache
from pathlib import Path

REMOVED = "[removed]"

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_BIRTH = r"(?:d\.?o\.?b\.?|born(?:\s+on)?|birth\s*day|date\s+of\s+birth)"

# (kind, pattern), in order: an address with a postcode goes before the postcode alone.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("email", r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"),
        (
            "birth date",
            rf"\b{_BIRTH}\W{{0,3}}\d{{1,2}}(?:st|nd|rd|th)?[\s./-]+(?:{_MONTH}|\d{{1,2}})[\s./,-]+\d{{2,4}}\b",
        ),
        ("date", r"\b\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})\b"),
        (
            "street address",
            r"\b\d{1,4}[a-z]?,?\s+(?:[A-Za-z'’-]+\s+){1,3}(?:street|st|road|rd|avenue|ave|lane|close|drive|rise|way|court|crescent|terrace|gardens|grove|place)\b",
        ),
        ("postcode", r"\b[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}\b"),
        ("national insurance number", r"\b[a-z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[a-d]\b"),
        ("unique pupil number", r"\b[a-z]\d{11}[a-z\d]\b"),
        ("phone", r"(?<!\d)(?:\+44\s?\(?0?\)?|0)\d{2,4}[\s-]?\d{3,4}[\s-]?\d{3,4}(?!\d)"),
        ("nhs number", r"\b\d{3}[\s-]\d{3}[\s-]\d{4}\b"),
        (
            "record number",
            r"\b(?:upn|uln|chi|nhs|scn|case|pupil|child|record|mosaic|liquidlogic)\s*(?:id|no\.?|number|ref(?:erence)?)?\s*[:#]?\s*[a-z]{0,3}-?\d{4,}\b",
        ),
        ("long number", r"\b\d{8,12}\b"),
    )
)

# Two or more capitalised words in a row, hyphens and apostrophes within them allowed.
_NAME_RUN = re.compile(
    r"\b[A-Z][a-zà-ÿ]+(?:['’-][A-Z]?[a-zà-ÿ]+)*(?:\s+(?:[A-Z]\.?\s+)?(?:(?:de|van|von|al|bin|ap)\s+)?[A-Z][a-zà-ÿ]*(?:['’-]?[A-Z]?[a-zà-ÿ]+)+)+"
)
_WORD = re.compile(r"[A-Za-zà-ÿ][\wà-ÿ'’-]*")


@lru_cache(maxsize=1)
def not_names() -> frozenset[str]:
    """Lower-case words that people capitalise and that are no child's name."""
    lines = (Path(__file__).parent / "not_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word.lower() for line in lines if not line.startswith("#") for word in line.split())


def redact(text: str) -> tuple[str, int]:
    """(the text with personal data replaced by a mark, how many pieces were replaced)."""
    count = 0
    for _, pattern in _PATTERNS:
        text, found = pattern.subn(REMOVED, text)
        count += found
    for match in reversed(list(_NAME_RUN.finditer(text))):
        span = _name_span(text, match)
        if span:
            text = text[: span[0]] + REMOVED + text[span[1] :]
            count += 1
    return text, count


def _name_span(text: str, match: re.Match[str]) -> tuple[int, int] | None:
    """The part of a run of capitalised words that may be a person's name: at least two words in a row that are no
    known terms. A first word that only opens the sentence is left out of the run."""
    words = [(match.start() + m.start(), match.start() + m.end(), m.group()) for m in _WORD.finditer(match.group())]
    if _opens_sentence(text, words[0][0]) and len(words) > 2:
        words = words[1:]
    unknown = [word for word in words if not _known(word[2])]
    if len(unknown) < 2:
        return None
    return unknown[0][0], unknown[-1][1]


def _known(word: str) -> bool:
    lowered = word.lower().replace("’", "'")
    return lowered in not_names() or lowered.removesuffix("'s") in not_names()


def _opens_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in ".!?:\n>"


def lone_names(text: str) -> list[tuple[int, str]]:
    """(position, word) of capitalised words that are no known term and do not open a sentence. None where most of the
    text is capitalised, as in a heading or in shouting: capitals tell nothing there."""
    words = [(match.start(), match.group()) for match in _WORD.finditer(text)]
    capitalised = [(start, word) for start, word in words if word[0].isupper() and not word.isupper()]
    if len(words) > 3 and len(capitalised) > 0.6 * len(words):
        return []
    return [(start, word) for start, word in capitalised if not _known(word) and not _opens_sentence(text, start)]
