"""Makes a question's words the sources' words: abbreviations and the other nation's terms, from vocabulary.yaml."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from assistant.errors import SettingsError

VOCABULARY_FILE = Path(__file__).parent / "vocabulary.yaml"

# Terms this short are abbreviations: they count only in the letters' own case (DT is not "dt" in "width").
_SHORT = 2


@dataclass(frozen=True)
class Group:
    """Terms that mean the same, each with the pattern that finds it."""

    terms: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def missing(self, text: str) -> tuple[str, ...]:
        """The group's terms that the text does not use, if it uses one of them."""
        used = [pattern.search(text) is not None for pattern in self.patterns]
        return tuple(term for term, here in zip(self.terms, used, strict=True) if not here) if any(used) else ()


@lru_cache(maxsize=1)
def vocabulary() -> tuple[Group, ...]:
    """Raises SettingsError where the file is malformed."""
    try:
        raw = yaml.safe_load(VOCABULARY_FILE.read_text(encoding="utf-8"))
        return tuple(Group(tuple(entry["terms"]), tuple(_pattern(term) for term in entry["terms"])) for entry in raw)
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{VOCABULARY_FILE}: cannot be used ({error}). Each entry needs 'terms', a list of words"
        ) from error


def _pattern(term: str) -> re.Pattern[str]:
    flags = re.NOFLAG if len(term) <= _SHORT else re.IGNORECASE
    plural = "s?" if term.isupper() else ""
    return re.compile(rf"(?<![\w-]){re.escape(term)}{plural}(?![\w-])", flags)


def expand(question: str) -> str:
    """The question, then the terms that mean the same as its own."""
    added = dict.fromkeys(term for group in vocabulary() for term in group.missing(question))
    return f"{question} ({'; '.join(added)})" if added else question
