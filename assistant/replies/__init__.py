"""The fixed words of the service: one file an outcome or reason, read once when the service is built."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assistant.domain import Reason, SafetyPanel
from assistant.errors import SettingsError
from assistant.scope.signposts import Contacts
from corpus.domain import Nation

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Limit:
    """Words of a source that a declined reply cites: the unit of `source` that starts with `starts`."""

    source: str
    starts: str


@dataclass(frozen=True)
class Suggestion:
    """A general question, and the source and section that answer it."""

    question: str
    source: str
    section: str


@dataclass(frozen=True)
class Topic:
    """What a declined question is about: what the sources say of it in general, by nation, and the question to ask instead."""

    name: str
    words: re.Pattern[str]
    general: Mapping[Nation, tuple[Limit, ...]]
    ask: Mapping[Nation, str]


@dataclass(frozen=True)
class Replies:
    """All fixed words, in memory: they must not need the disk when something is broken."""

    safety: SafetyPanel
    danger: str
    declined: Mapping[Reason, str]
    young_person: str
    safeguarding_young: str
    role_limit: str
    in_general: str
    not_covered: str
    part_not_covered: str
    other_language: str
    unavailable: str
    redacted: str
    nothing_passed_on: str
    limits: Mapping[tuple[Reason, Nation], tuple[Limit, ...]]
    suggestions: tuple[Suggestion, ...]
    topics: tuple[Topic, ...]


def load_replies(contacts: Contacts) -> Replies:
    """Raises SettingsError where a file is missing or malformed."""
    try:
        limits: dict[str, dict[Nation, list[dict[str, str]]]] = _yaml("limits.yaml")
        return Replies(
            safety=SafetyPanel(_words("safety"), contacts.for_safety()),
            danger=_words("danger"),
            young_person=_words("young_person"),
            safeguarding_young=_words("safeguarding_young"),
            role_limit=_words("role_limit"),
            in_general=_words("in_general"),
            declined={reason: _words(reason.value) for reason in Reason},
            not_covered=_words("not_covered"),
            part_not_covered=_words("part_not_covered"),
            other_language=_words("other_language"),
            unavailable=_words("unavailable"),
            redacted=_words("redacted"),
            nothing_passed_on=_words("nothing_passed_on"),
            limits={
                (Reason(name), nation): tuple(Limit(**entry) for entry in entries)
                for name, by_nation in limits.items()
                for nation, entries in by_nation.items()
            },
            suggestions=tuple(Suggestion(**entry) for entry in _yaml("suggestions.yaml")),
            topics=tuple(_topic(entry) for entry in _yaml("topics.yaml")),
        )
    except (OSError, yaml.YAMLError, TypeError, ValueError, KeyError, re.error) as error:
        raise SettingsError(
            f"{HERE}: the fixed replies cannot be read ({error}). Restore the folder from the release"
        ) from error


def _topic(entry: Mapping[str, Any]) -> Topic:
    general: Mapping[Nation, list[dict[str, str]]] = entry.get("general", {})
    return Topic(
        name=entry["name"],
        words=re.compile("|".join(entry["words"]), re.IGNORECASE),
        general={nation: tuple(Limit(**place) for place in places) for nation, places in general.items()},
        ask=entry.get("ask", {}),
    )


def _words(name: str) -> str:
    return (HERE / f"{name}.md").read_text(encoding="utf-8").strip()


def _yaml(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
