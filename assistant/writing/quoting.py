"""The default writer: it quotes. It chooses the statements that answer and adds no word of its own."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from assistant.domain import Draft, Quote
from assistant.ranking import Ranked, stems
from corpus.domain import Unit
from corpus.splitting import units

NAME = "quoting"

# An answer's length in words, unless a whole list is asked for: readers quote it in meetings. On the bank's development
# part all facts asked for were found in 69 % of answers at 60 words, 74 % at 70, 75 % at 85 and 77 % at 100.
WORDS = 70

# As long as this where the statements quoted so far answer with a chance below SURE: too short an answer is no use in a meeting
# either. Right as a whole on the development part, with the median of words: 0.837 (72) at 120, 0.849 (72) at 160, 0.852 (72) at 200;
# 0.864 (77) at 200 and 0.85. With the five originals: 0.787 (70) at 120, 0.811 (70) at 200, 0.830 (77) at 250 and 0.85.
LONGEST = 160
SURE = 0.7

# A further statement must score at least this share of the best one's score (0.3 found the facts of 66 % of answers there,
# 0.45 of 65 %); a list item this share to bring the whole list along (0.7: right source cited in 92 %; 0.5: in 90 %).
FURTHER = 0.3
WHOLE_LIST = 0.7
# Of a comparison's side, a further one this share of the side's best: as many are right from 0.3 to 0.85, with fewer words.
FURTHER_OF_SIDE = 0.7

# A list of at most this many words is shown whole whatever was asked: one item of three misleads.
WHOLE_UP_TO = 40

# Two statements that share this much of their words say the same: two sources often repeat one text.
SAME = 0.7

_ASKS_LIST = re.compile(
    r"\b(?:list|all\s+the|what\s+are|what\s+were|which\s+(?:\w+\s+){0,3}(?:themes|groups|headings|aims|findings|areas|ways|things|reasons|parts)|name\s+the|what\s+(?:\w+\s+){0,3}(?:themes|groups|headings|aims|reasons|things|barriers|figures|purposes|steps)|break\s?down|summar\w+|bullet|everything|what\s+can|what\s+do(?:es)?\b.{0,40}\boffer)\b",
    re.IGNORECASE,
)
# Asks for the parts of a thing: a statement of the whole then brings the list right below it.
_ASKS_PARTS = re.compile(
    r"\bbreak\b.{0,20}\bdown\b|\bbreakdowns?\b|\beverything\b|\blist\b|\beach\b|\bitemi[sz]e", re.IGNORECASE
)


def write(question: str, ranked: Sequence[Ranked], sides: Sequence[Sequence[Ranked]] = ()) -> Draft:
    """The best supported statements, in reading order within a passage, passages by their best statement; at most
    about WORDS words, LONGEST while they are not SURE to answer, but a list that is asked for stays whole with its lead-in. Of a
    comparison the best statement of each of its `sides` (ranked likewise) comes first, whatever its length, and then the sides
    take turns."""
    if not ranked:
        return Draft(())
    whole: set[tuple[str, int]] = set().union(*(_lists_to_keep(question, one) for one in sides or [ranked]))
    ranked = list({_key(r): r for one in (ranked, *sides) for r in one}.values())
    if sides:
        turns = [r for row in zip_longest(*(_supported(side, FURTHER_OF_SIDE) for side in sides)) for r in row if r]
    else:
        turns = _supported(ranked, FURTHER)
    chosen: dict[tuple[str, Unit], Ranked] = {}
    words, doubt = 0, 1.0  # doubt: the chance that nothing chosen so far answers
    for number, candidate in enumerate(turns):
        if _key(candidate) in chosen or _said(candidate, chosen.values()):
            continue
        together = _together(candidate, ranked, whole)
        length = sum(len(r.text.split()) for r in together if _key(r) not in chosen)
        room = WORDS if doubt <= 1 - SURE else LONGEST
        if number >= max(1, len(sides)) and words + length > room:
            continue
        chosen.update({_key(r): r for r in together})
        words += length
        doubt *= 1 - candidate.score
    return _draft(list(chosen.values()))


def _supported(ranked: Sequence[Ranked], share: float) -> list[Ranked]:
    return [r for r in ranked if r.score >= share * ranked[0].score]


def _said(candidate: Ranked, chosen: Iterable[Ranked]) -> bool:
    """Whether a statement already chosen says nearly the same words."""
    words = stems(candidate.text)
    return any(len(words & stems(other.text)) >= SAME * len(words | stems(other.text)) for other in chosen)


def _key(ranked: Ranked) -> tuple[str, Unit]:
    return ranked.passage.id, ranked.unit


def _lists_to_keep(question: str, ranked: Sequence[Ranked]) -> set[tuple[str, int]]:
    """The (passage, list) pairs to show whole: where a list is asked for, the one with the best unit, if that answers about
    as well as the best unit of all; every list more than half of whose items do; where parts are asked for, the list right below
    the best unit."""
    near = [r for r in ranked if r.score >= WHOLE_LIST * ranked[0].score]
    lists = list(dict.fromkeys((r.passage.id, group) for r in near if (group := _group(r)) is not None))
    whole = set(lists[:1]) if _ASKS_LIST.search(question) else set()
    for passage_id, group in lists:
        mates = [r for r in ranked if r.passage.id == passage_id and r.unit.group == group]
        if sum(r.unit.group == group and r.passage.id == passage_id for r in near) > len(mates) / 2:
            whole.add((passage_id, group))
    below = _list_below(ranked[0]) if _ASKS_PARTS.search(question) else None
    return whole if below is None else whole | {(ranked[0].passage.id, below)}


def _is_lead(ranked: Ranked) -> bool:
    return any(unit.lead == (ranked.unit.start, ranked.unit.end) for unit in units(ranked.passage.text))


def _group(ranked: Ranked) -> int | None:
    """The list a unit belongs to, as an item or as its lead-in."""
    if ranked.unit.group is not None:
        return ranked.unit.group
    span = (ranked.unit.start, ranked.unit.end)
    return next((unit.group for unit in units(ranked.passage.text) if unit.lead == span), None)


def _list_below(ranked: Ranked) -> int | None:
    """The list whose lead-in comes right after a unit."""
    after = next((unit for unit in units(ranked.passage.text) if unit.start > ranked.unit.start), None)
    return _group(replace(ranked, unit=after)) if after and after.group is None else None


def _together(candidate: Ranked, ranked: Sequence[Ranked], whole: set[tuple[str, int]]) -> list[Ranked]:
    """The units that must be shown with this one: a lead-in with its list, an item with its lead-in."""
    group = _group(candidate)
    if group is None:
        below = _list_below(candidate)
        shown = below is not None and (candidate.passage.id, below) in whole
        return [candidate, *_mates(candidate, ranked, below)] if shown else [candidate]
    mates = _mates(candidate, ranked, group)
    if (candidate.passage.id, group) in whole or _is_lead(candidate) or _length(mates) <= WHOLE_UP_TO:
        return mates
    return [r for r in mates if r.unit.group is None] + [candidate]


def _mates(candidate: Ranked, ranked: Sequence[Ranked], group: int | None) -> list[Ranked]:
    return [r for r in ranked if r.passage.id == candidate.passage.id and _group(r) == group]


def _length(ranked: Sequence[Ranked]) -> int:
    return sum(len(r.text.split()) for r in ranked)


def _draft(chosen: Sequence[Ranked]) -> Draft:
    places: dict[str, int] = {}
    for ranked in chosen:
        places.setdefault(ranked.passage.id, len(places))
    ordered = sorted(chosen, key=lambda r: (places[r.passage.id], r.unit.start))
    quotes = tuple(Quote(r.passage, r.unit.start, r.unit.end) for r in ordered)
    return Draft(quotes, frozenset(n for n, r in enumerate(ordered) if r.unit.group is not None))
