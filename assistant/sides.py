"""The sides of a comparison: what a question asks of which sources, where it names several of them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

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


@dataclass(frozen=True)
class Target:
    """Sources (their ids), and the nation by which they were named, if it was a nation."""

    sources: frozenset[str]
    nation: Nation | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Side:
    """`text` is asked of `sources` (their ids), and about `nation` where it was that which named them."""

    text: str
    sources: frozenset[str]
    nation: Nation | None


def sides(text: str, sources: Mapping[str, Source]) -> tuple[Side, ...]:
    """The sides of a question that names two or more sources, or the sources of two or more nations; else none. `sources`
    are those whose words are held."""
    shared: list[str] = []
    asked: dict[Target, list[str]] = {}
    last: list[str] = shared
    for clause in filter(None, map(str.strip, _CLAUSES.split(text))):
        found = [asked.setdefault(target, []) for target in _targets(clause, sources)] or [last]
        for clauses in found:
            clauses.append(clause)
        last = found[-1]
    if len(asked) == 1 and _EACH.search(text):
        (several,) = asked
        asked = {Target(frozenset({source_id}), several.nation): [] for source_id in sorted(several.sources)}
    if len(asked) < 2:
        return ()
    return tuple(
        Side(_question(text, shared, own, sources), target.sources, target.nation)
        for target, own in _apart(asked).items()
    )


def _targets(clause: str, sources: Mapping[str, Source]) -> list[Target]:
    """The sources that a clause names, each by itself; else those of a nation that it names: none of one that nothing is held
    of."""
    whole = expand(clause)
    words = stems(whole)
    named: dict[str, set[str]] = {}
    for source in sources.values():
        publisher = source.publisher.split(",")[0]
        distinctive = stems(publisher) - COMMON
        surnames = stems(" ".join(author.split()[-1] for author in source.authors))
        if words & surnames or any(stems(name) <= words for name in source.called):
            named.setdefault(source.id, set()).add(source.id)
        elif distinctive <= words if distinctive else publisher and publisher.casefold() in whole.casefold():
            named.setdefault(publisher, set()).add(source.id)
    if named:
        return [Target(frozenset(found)) for found in named.values()]
    nations = sorted(asked_nations(clause))
    return [Target(frozenset(s.id for s in sources.values() if nation in s.nation), nation) for nation in nations]


def _apart(asked: Mapping[Target, list[str]]) -> dict[Target, list[str]]:
    """Targets without what a narrower one of the same question takes: "McIver" leaves the other Scottish papers."""
    out: dict[Target, list[str]] = {}
    for target, clauses in asked.items():
        narrower = frozenset().union(*(other.sources for other in asked if other.sources < target.sources))
        out.setdefault(replace(target, sources=target.sources - narrower or target.sources), []).extend(clauses)
    return out


def _question(text: str, shared: list[str], own: list[str], sources: Mapping[str, Source]) -> str:
    """What is asked of a side: its clauses with those of no side before them, or the whole question where its own ask too
    little; without names, which would find what a source says of itself."""
    named = _names(stems(text), sources.values())
    if len(stems(" ".join(own)) - named - _SAY_NOTHING) < _LEAST_WORDS:
        return _without(text, named)
    return _without(", ".join((*shared, *own)), named)


def _names(words: frozenset[str], sources: Iterable[Source]) -> frozenset[str]:
    """The words of sources' names; what else a source is called where these `words` name it by nothing else."""
    named: set[str] = set()
    for source in sources:
        publisher = source.publisher.split(",")[0]
        short = [term for group in vocabulary() for term in group.missing(publisher) if " " not in term]
        proper = (
            stems(" ".join((*(author.split()[-1] for author in source.authors), *short))) | stems(publisher) - COMMON
        )
        called = [stems(name) for name in source.called] if not proper & words else []
        named |= proper | stems(" ".join(source.nation)) | set().union(*(name for name in called if name <= words))
    return frozenset(named)


def _without(text: str, named: Collection[str]) -> str:
    return re.sub(r"[^\W_]+(?:['’]s\b)?", lambda word: "" if stems(word.group()) & set(named) else word.group(), text)
