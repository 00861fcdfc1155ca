"""Questions as staff ask them, kept beside the digests: what the sources' own words do not say of how people ask."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpus.domain import Asked, Passage
from corpus.errors import CatalogueError
from corpus.splitting import units

# Where a unit stands in an index: its passage and its number there.
Place = tuple[str, int]

# The share of answered questions that must have their place for the unanswered ones to be still unanswered.
_WHOLE = 0.8


def load_asked(path: Path) -> list[Asked]:
    """One JSON object a line: `question`, the `turns` before it, and its `answers`. Raises CatalogueError with the line."""
    out = []
    for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), start=1):
        try:
            raw = json.loads(line)
            places = tuple((place["source"], place["starts"]) for place in raw["answers"])
            out.append(Asked(raw["hand"], " ".join((*raw["turns"], raw["question"])), places))
        except (ValueError, KeyError, TypeError) as error:
            raise CatalogueError(
                f"{path}:{number}",
                f"{type(error).__name__} {error}",
                "Mend that line: see docs/decisions/0006-asked-questions.md",
            ) from error
    return out


def resolve(
    asked: Sequence[Asked],
    passages: Sequence[Passage],
    shadowed: Sequence[Passage] = (),
    same: Mapping[Place, Place] | None = None,
) -> list[tuple[Asked, tuple[Place, ...]]]:
    """The questions whose places all stand in these passages' digests, with them; a place in a `shadowed` digest, whose
    original took over, is the one that `same` gives it. Where many do not stand (an original says other things than its
    digest), questions that nothing answers are left out too: the new words may answer them."""
    starts, same = places_of([*passages, *shadowed]), same or {}
    gone = {passage.id for passage in shadowed}

    def find(source_id: str, words: str) -> Place | None:
        place = next((place for text, place in starts.get(source_id, ()) if text.startswith(words)), None)
        return same.get(place) if place and place[0] in gone else place

    found = [(one, tuple(find(*place) for place in one.places)) for one in asked]
    answered = [places for _, places in found if places]
    whole = sum(None not in places for places in answered) >= _WHOLE * len(answered)
    return [
        (one, tuple(dict.fromkeys(place for place in places if place is not None)))
        for one, places in found
        if None not in places and (places or whole)
    ]


def places_of(passages: Sequence[Passage]) -> Mapping[str, list[tuple[str, Place]]]:
    """{source id: its digest's units, each with its place}."""
    out: dict[str, list[tuple[str, Place]]] = {}
    for passage in passages:
        if passage.rendition == "digest":
            rows = out.setdefault(passage.source_id, [])
            rows.extend((passage.text[u.start : u.end], (passage.id, n)) for n, u in enumerate(units(passage.text)))
    return out
