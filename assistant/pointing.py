"""Where to look instead: the nearest questions this corpus answers, and official documents the catalogue knows of."""

import re
from collections.abc import Sequence

from assistant.domain import Reason
from assistant.ranking import asked_nations, stems
from assistant.replies import Suggestion, Topic
from assistant.retrieval import Retrieved
from corpus.domain import Nation, Source
from corpus.index import Index

# How many of each are offered: enough to choose from, few enough to read.
SUGGESTIONS = 3
OFFICIALS = 2
TOPICS = 2

# Nations that this service holds no text of: a question that names one is pointed to that nation's own documents.
ELSEWHERE: frozenset[Nation] = frozenset({"wales", "northern-ireland"})

# What else a question that is declined for its manner, and not for a topic, may be about.
_INSTEAD = (
    "What are Virtual School Heads not being asked to do?",
    "What are the aims of the extended role?",
)

# Words of Scotland's schools and services that England does not use.
_SCOTTISH = re.compile(
    r"\b(?:vshts?|wean|bairn|wee (?:boy|girl|man|one|yin)|lassie|care experienced|gtcs|girfec|children'?s (?:panel|reporter|hearing)|named person|guidance teacher|p[1-7]|s[1-6]|asn|scn|chi number|education scotland)\b",
    re.IGNORECASE,
)


def nation_of(text: str, chosen: Nation | None) -> Nation:
    """The nation whose limit and contacts a declined reply gives: the chosen one, else the one that the words tell of,
    else England, where the extended role is."""
    named = asked_nations(text)
    if chosen == "scotland" or (not chosen and ("scotland" in named or (not named and _SCOTTISH.search(text)))):
        return "scotland"
    return "england"


def topics(known: Sequence[Topic], text: str) -> tuple[Topic, ...]:
    """The topics whose words a question has, the first few of them."""
    return tuple(topic for topic in known if topic.words.search(text))[:TOPICS]


def instead(found: Sequence[Topic], reason: Reason, nation: Nation) -> tuple[str, ...]:
    """General questions to ask in place of a declined one."""
    if reason in (Reason.OVERRIDE_ATTEMPT, Reason.PERSONAL_DATA):
        return _INSTEAD
    return tuple(dict.fromkeys(topic.ask[nation] for topic in found if nation in topic.ask))


def suggestions(known: Sequence[Suggestion], retrieved: Retrieved) -> tuple[str, ...]:
    """The covered questions whose own place was found nearest to what was asked."""
    places = {
        (hit.passage.source_id, hit.passage.section or ""): place
        for place, hit in reversed(list(enumerate(retrieved.hits)))
    }
    near = sorted((places[key], s.question) for s in known if (key := (s.source, s.section)) in places)
    return tuple(question for _, question in near[:SUGGESTIONS])


def official_documents(question: str, nation: Nation | None, index: Index) -> tuple[Source, ...]:
    """Catalogue records that this service holds no text of and one of whose topics the question names in full; of the
    nation that was chosen or that the question names."""
    named = asked_nations(question)
    nations = {nation} if nation else named
    asked = stems(question)
    matches: list[tuple[int, Source]] = []
    for source in index.sources.values():
        if source.id in index.renditions or (nations and not nations & set(source.nation)):
            continue
        lengths = [len(words) for topic in source.topics if (words := stems(topic)) and words <= asked]
        if lengths or named & ELSEWHERE & set(source.nation):
            matches.append((max(lengths, default=0), source))
    matches.sort(key=lambda match: -match[0])
    return tuple(source for _, source in matches[:OFFICIALS])


def provenance(source: Source) -> str:
    """Nation, force and date of a source, for people."""
    parts = [
        " and ".join(nation.replace("-", " ").title() for nation in source.nation),
        source.force,
        source.published or "undated",
    ]
    if not source.url_checked:
        parts.append("link not checked")
    return ", ".join(parts)
