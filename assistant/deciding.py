"""Is there enough evidence to answer? Decided from several signals, not from one cosine."""

from collections.abc import Sequence

from assistant.ranking import Ranked, load_weights, stems
from assistant.retrieval import Retrieved
from corpus.index import AskedLike, Index, Likeness

# The features of a question, in the order of the fitted weights.
EVIDENCE_FEATURES = ("best unit", "best cosine", "best passage cosine", "covered", "covered near", "unknown", "lexical")
# With the questions that staff ask, these too.
ASKED_EVIDENCE_FEATURES = (
    *EVIDENCE_FEATURES,
    *("nearest asked", "nearest asked in vain", "asked in vain"),
    *("nearest asked, plain", "nearest asked in vain, plain", "asked in vain, plain"),
    "matcher's chance",
)

# How many of the best units count as the evidence.
_EVIDENCE_UNITS = 4


def evidence_features(
    index: Index, question: str, retrieved: Retrieved, ranked: Sequence[Ranked], asked: AskedLike | None
) -> tuple[float, ...]:
    """Signals of the evidence as a whole: the best unit's chance and cosine; the best passage's cosine; the share of the
    question's words (weighed by rarity) that the best units hold, and that they hold with their headings; the share
    that no passage holds at all; the best BM25 score against the most it could be; the cosines of the nearest question
    among those staff ask that is answered here and that is not, and the share of the latter, in the eyes of the matcher and
    of the plain encoder; and the matcher's chance."""
    wanted = dict(index.rarity(question))
    total = sum(wanted.values()) or 1.0
    best = ranked[:_EVIDENCE_UNITS]
    held = frozenset().union(*(stems(r.text) for r in best)) if best else frozenset()
    near = held.union(*(stems(" ".join((r.passage.label, *r.passage.heading))) for r in best)) if best else frozenset()
    known = index.vocabulary
    return (
        ranked[0].score if ranked else 0.0,
        max((r.features[0] for r in ranked), default=0.0),
        max((hit.dense for hit in retrieved.hits), default=0.0),
        sum(weight for stem, weight in wanted.items() if stem in held) / total,
        sum(weight for stem, weight in wanted.items() if stem in near) / total,
        sum(weight for stem, weight in wanted.items() if stem not in known) / total,
        min(1.0, max((hit.lexical for hit in retrieved.hits), default=0.0) / total),
        *(_likeness(asked.taught) if asked else ()),
        *(_likeness(asked.plain) if asked else ()),
        *((asked.chance,) if asked else ()),
    )


def _likeness(seen: Likeness) -> tuple[float, ...]:
    return seen.nearest, seen.nearest_open, seen.open_share


def enough(
    index: Index,
    question: str,
    retrieved: Retrieved,
    ranked: Sequence[Ranked],
    asked: AskedLike | None,
    strict: bool = False,
) -> bool:
    """Whether the evidence supports an answer, at the threshold that was fitted; at a higher one where it is to be `strict`."""
    if not ranked:
        return False
    weights = load_weights("evidence" if asked else "evidence alone")
    if max(hit.dense for hit in retrieved.hits) < weights.floor:
        return False  # off the topic altogether: the chances below were fitted on its neighbours
    chance = weights.chance(evidence_features(index, question, retrieved, ranked, asked))
    return chance >= (weights.strict if strict else weights.threshold)
