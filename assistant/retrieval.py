"""Hybrid search: dense and BM25 candidates, their scores fused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.domain import Hit, Nation
from corpus.embedding import Vectors
from corpus.index import Index

# Candidates taken from each side before fusing: enough that a passage which only one side likes is still seen.
CANDIDATES = 50

# Share of the dense score in the fused one (min-max scaled sum). The better of the two fusions in the published
# baselines of condqa, mtrag_govt and orsharc, not tuned further: see docs/decisions/0002-fusion.md.
DENSE_SHARE = 0.6


@dataclass(frozen=True)
class Retrieved:
    """Hits, best first, and the question's own vector for the steps that follow."""

    hits: tuple[Hit, ...]
    vector: Vectors


def retrieve(index: Index, vector: Vectors, words: str, nations: Sequence[Nation | None], limit: int) -> Retrieved:
    """The best `limit` passages for a question's vector and its words (with their synonyms), an equal share from each of
    `nations`; None stands for all. Of a nation that has no such passage there is none."""
    hits = [hit for nation in nations for hit in _of_one(index, vector, words, nation, limit // len(nations))]
    return Retrieved(tuple(sorted(hits, key=lambda hit: -hit.score)), vector)


def _of_one(index: Index, vector: Vectors, words: str, nation: Nation | None, limit: int) -> Iterator[Hit]:
    dense = index.dense(vector, CANDIDATES, nation)
    lexical = index.lexical(words, CANDIDATES, nation)
    scores = fuse(dense, lexical)
    best = sorted(scores, key=lambda key: (-scores[key], key))[:limit]
    found = index.passages(best)
    return (Hit(found[key], scores[key], dense.get(key, 0.0), lexical.get(key, 0.0)) for key in best)


def fuse(dense: dict[str, float], lexical: dict[str, float]) -> dict[str, float]:
    """{passage id: fused score in 0..1}: a weighted sum of both scores, each scaled to 0..1 over its candidates; a
    passage that one side did not return counts as that side's lowest."""
    scaled_dense, scaled_lexical = _scaled(dense), _scaled(lexical)
    keys = dense.keys() | lexical.keys()
    return {
        key: DENSE_SHARE * scaled_dense.get(key, 0.0) + (1 - DENSE_SHARE) * scaled_lexical.get(key, 0.0) for key in keys
    }


def _scaled(scores: dict[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}
