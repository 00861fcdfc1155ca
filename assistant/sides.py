"""The sides of a comparison: what a question asks of which sources, where it names several of them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from assistant.ranking import COMMON, asked_nations, stems
from assistant.wording import expand, vocabulary
from corpus.domain import Nation, Source

# What sets two sides apart: marks, and the words with which people compare.
_CLAUSES = re.compile(
    r"[?;:.()\n]+\s*|,\s+|\s+[-–—/]\s+"
    r"|\s+(?:and|but|while|whereas|vs\.?|versus|against|plus|next\s+to|alongside|compared?\s+(?:with|to))\s+",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"\b(?:each|both|two|either)\b.{0,40}\b(?:papers?|documents?|sources?|stud(?:y|ies)|articles?)\b", re.IGNORECASE
)

# Fewer words than this beside the name ask nothing: then the whole question is asked of that side.
_LEAST_WORDS = 2
# Nor do words with which questions begin, by which people name a document, or say that they compare ("how do the Scottish
# papers", "and the council's page sounds contradictory").
_SAY_NOTHING = stems(
    "how do does did what which who when where why can could should Scottish English "
    "page paper document guidance survey study article source report abstract website text excerpt workshop interview "
    "sound contradictory seem pull different way say said conclude think each both one find found compare accord take give name"
)

Target = frozenset[str]


@dataclass(frozen=True)
class Side:
    """`text` is asked of `sources` (their ids), and about `nation` where it was that which named them."""

    text: str
    sources: Target
    nation: Nation | None


def sides(text: str, sources: Mapping[str, Source]) -> tuple[Side, ...]:
    """The sides of a question that names two or more sources, or the sources of two or more nations; else none. `sources`
    are those whose words are held."""
    shared: list[str] = []
    asked: dict[Target, list[str]] = {}
    nations: dict[Target, Nation | None] = {}
    last: list[str] = shared
    for clause in filter(None, map(str.strip, _CLAUSES.split(text))):
        found = _targets(clause, sources)
        for target, nation in found:
            asked.setdefault(target, []).append(clause)
            nations[target] = nation if nations.get(target, nation) == nation else None
        if found:
            last = asked[found[-1][0]]
        else:
            last.append(clause)
    if len(asked) == 1 and _EACH.search(text):
        (several,) = asked
        nations = {frozenset({source_id}): nations[several] for source_id in sorted(several)}
        asked = {target: [] for target in nations}
    if len(asked) < 2:
        return ()
    return tuple(
        Side(_question(text, shared, own, sources), _apart(target, asked), nations[target])
        for target, own in asked.items()
    )


def _targets(clause: str, sources: Mapping[str, Source]) -> list[tuple[Target, Nation | None]]:
    """The sources that a clause names, each by itself; else those of a nation that it names: none of one that nothing is held
    of. What a source is called counts where no source is named properly, nor a nation that is not its own."""
    whole = expand(clause)
    words = stems(whole)
    nations = sorted(asked_nations(clause))
    named: dict[str, set[str]] = {}
    for source in sources.values():
        publisher = source.publisher.split(",")[0]
        distinctive = stems(publisher) - COMMON
        if words & _surnames(source):
            named.setdefault(source.id, set()).add(source.id)
        elif distinctive <= words if distinctive else publisher and publisher.casefold() in whole.casefold():
            named.setdefault(publisher, set()).add(source.id)
    if not named:
        named = {s.id: {s.id} for s in sources.values() if _called(s, clause) and set(nations) <= set(s.nation)}
    if named:
        return [(frozenset(found), None) for found in named.values()]
    return [(frozenset(s.id for s in sources.values() if nation in s.nation), nation) for nation in nations]


def _surnames(source: Source) -> frozenset[str]:
    return stems(" ".join(author.split()[-1] for author in source.authors))


def _called(source: Source, text: str) -> list[str]:
    """What the source is called in a text, beside its proper names."""
    return [name for name in source.called if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)]


def _apart(target: Target, asked: Collection[Target]) -> Target:
    """A target without what a narrower one of the same question takes: "McIver" leaves the other Scottish papers."""
    return target - frozenset().union(*(other for other in asked if other < target)) or target


def _question(text: str, shared: list[str], own: list[str], sources: Mapping[str, Source]) -> str:
    """What is asked of a side: its clauses with those of no side before them, or the whole question where its own ask too
    little; without names, which would find what a source says of itself."""
    named = _names(text, sources.values())
    if len(stems(" ".join(own)) - named - _SAY_NOTHING) < _LEAST_WORDS:
        return _without(text, named)
    return _without(", ".join((*shared, *own)), named)


def _names(text: str, sources: Iterable[Source]) -> frozenset[str]:
    """The words of sources' names; what else one is called where the text names it by nothing else."""
    named: set[str] = set()
    for source in sources:
        publisher = source.publisher.split(",")[0]
        short = [term for group in vocabulary() for term in group.missing(publisher) if " " not in term]
        proper = _surnames(source) | stems(" ".join(short)) | stems(publisher) - COMMON
        named |= proper | stems(" ".join(source.nation))
        if not proper & stems(text):
            named |= stems(" ".join(_called(source, text)))
    return frozenset(named)


def _without(text: str, named: frozenset[str]) -> str:
    return re.sub(r"[^\W_]+(?:['’]s\b)?", lambda word: "" if stems(word.group()) & named else word.group(), text)
