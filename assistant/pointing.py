"""Where to look instead: the nearest questions this corpus answers, and official documents the catalogue knows of."""

from collections.abc import Sequence

from assistant.domain import Reason
from assistant.ranking import asked_nations, stems
from assistant.replies import Suggestion
from assistant.retrieval import Retrieved
from corpus.domain import Nation, Source
from corpus.index import Index

# How many of each are offered: enough to choose from, few enough to read.
SUGGESTIONS = 3
OFFICIALS = 2

# Nations that this service holds no text of: a question that names one is pointed to that nation's own documents.
ELSEWHERE: frozenset[Nation] = frozenset({"wales", "northern-ireland"})

_INSTEAD: dict[Reason, tuple[str, ...]] = {
    Reason.INDIVIDUAL_CHILD: (
        "What can the virtual school offer schools and social workers?",
        "What are Virtual School Heads not being asked to do?",
    ),
    Reason.PARENT_OR_CARER: (
        "What are Virtual School Heads not being asked to do?",
        "How does the 2021 guidance define the cohort of children with a social worker?",
    ),
    Reason.SEND_OUT_OF_COHORT: (
        "How does the 2021 guidance define the cohort of children with a social worker?",
        "What can the virtual school offer schools and social workers?",
    ),
    Reason.OVERRIDE_ATTEMPT: (
        "What are Virtual School Heads not being asked to do?",
        "What are the aims of the extended role?",
    ),
    Reason.PERSONAL_DATA: (
        "What are the aims of the extended role?",
        "What can the virtual school offer schools and social workers?",
    ),
}
_INSTEAD_SCOTLAND = (
    "What did Scottish virtual heads say about connections with social workers?",
    "What did the Scottish paper say about work with families?",
)


def instead(known: Sequence[Suggestion], reason: Reason, nation: Nation) -> tuple[str, ...]:
    """General questions to ask in place of a declined one."""
    wanted = _INSTEAD_SCOTLAND if nation == "scotland" else _INSTEAD[reason]
    return tuple(s.question for s in known if s.question in wanted)


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
