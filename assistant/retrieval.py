"""Hybrid search: dense and BM25 candidates; their scores, and that of each one's best statement, fused."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpus.domain import Hit, Nation
from corpus.embedding import Vectors
from corpus.index import AskedLike, Index

# Candidates taken from each side before fusing, over which scores are scaled.
CANDIDATES = 200

# How many of the units that answer the likest asked questions bring their passages along.
ASKED_UNITS = 6

# Shares of the passage's cosine, its best unit's cosine and BM25 in the fused score. Chosen on the development sets of
# condqa, mtrag_govt and orsharc as the middle of where all three do well: see docs/decisions/0002-fusion.md.
SHARES = (0.4, 0.25, 0.35)


@dataclass(frozen=True)
class Retrieved:
    """Hits, best first, and the question's own vector for the steps that follow."""

    hits: tuple[Hit, ...]
    vector: Vectors


def retrieve(
    index: Index,
    vector: Vectors,
    words: str,
    nations: Sequence[Nation | None],
    limit: int,
    asked: AskedLike | None = None,
    sources: Collection[str] | None = None,
) -> Retrieved:
    """The best `limit` passages for a question's vector and its words (with their synonyms), an equal share from each of
    `nations`; None stands for all. Of a nation that has no such passage there is none. Beside them those that answer the
    questions likest to this one among those that staff ask. With `sources`, of these alone."""
    told = asked.passages(ASKED_UNITS) if asked else ()
    each = limit // len(nations)
    hits = [hit for nation in nations for hit in _of_one(index, vector, words, nation, each, told, sources)]
    return Retrieved(tuple(sorted(hits, key=lambda hit: -hit.score)), vector)


def _of_one(
    index: Index,
    vector: Vectors,
    words: str,
    nation: Nation | None,
    limit: int,
    told: Sequence[str],
    sources: Collection[str] | None,
) -> Iterator[Hit]:
    dense = index.dense(vector, CANDIDATES, nation)
    lexical = index.lexical(words, CANDIDATES, nation)
    scores = fuse(dense, index.best_units(vector, [*dense, *lexical]), lexical)
    best = sorted(scores, key=lambda key: (-scores[key], key))
    if sources is not None:
        whose = index.passages([*best, *told])
        best, told = ([key for key in keys if whose[key].source_id in sources] for keys in (best, told))
    best = best[:limit]
    keys = list(dict.fromkeys((*best, *told)))
    found = index.passages(keys)
    return (
        Hit(found[key], scores.get(key, 0.0), dense.get(key, 0.0), lexical.get(key, 0.0))
        for key in keys
        if nation is None or nation in found[key].nation
    )


def fuse(*signals: Mapping[str, float]) -> dict[str, float]:
    """{passage id: fused score in 0..1}: a sum weighed by SHARES of the signals, each scaled to 0..1 over its own candidates; a
    passage that a signal does not have counts as its lowest."""
    scaled = [_scaled(signal) for signal in signals]
    keys = dict.fromkeys(key for signal in signals for key in signal)
    return {key: sum(s * one.get(key, 0.0) for s, one in zip(SHARES, scaled, strict=True)) for key in keys}


def _scaled(scores: Mapping[str, float]) -> Mapping[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}
