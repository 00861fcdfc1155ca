"""How much a search supports an answer, told from the documents alone: for folders of which nobody has written down what is asked.

The level of such a signal differs from folder to folder, so its threshold is found in the folder itself: what the documents' own
statements find elsewhere is what a question finds that the documents do not answer.
"""

from statistics import median

from assistant.retrieval import Retrieved, retrieve
from corpus.embedding import Encoder
from corpus.index import Index
from corpus.splitting import units

# Where a matter is covered, one document says much about it: of so many of the best passages it counts how few documents they are of,
# with this weight beside the best cosine. On condqa's development set it tells answerable questions from the others with an AUROC of
# 0.906 (from 0.2 to 0.5: 0.900 to 0.906; with 5 or 10 passages 0.901; the cosine alone 0.849).
BEST = 8
_TOGETHER = 0.3

# So many statements show the usual support to within a few hundredths; in fewer documents than _LEAST they find too little elsewhere.
_STATEMENTS = 100
_LEAST = 2 * BEST
_WORDS = range(6, 31)


def support(retrieved: Retrieved) -> float:
    """The best cosine, and how few documents the best passages come from."""
    best = retrieved.hits[:BEST]
    if not best:
        return 0.0
    documents = {hit.passage.source_id for hit in best}
    return max(hit.dense for hit in best) + _TOGETHER * (1 - len(documents) / BEST)


def usual_support(index: Index, encoder: Encoder) -> float | None:
    """The support that half of the documents' own statements find in the other documents: a question that finds no more is not
    answered. None where there are too few documents to tell. Raises CorpusError."""
    if len(index.files) < _LEAST:
        return None
    found = []
    for row in sorted(index.rows, key=lambda row: row.id):  # ids are hashes: an order by chance that stays the same
        passage = index.passage(row.id)
        texts = (passage.text[unit.start : unit.end] for unit in units(passage.text))
        text = next((text for text in texts if len(text.split()) in _WORDS), None)
        if text:
            others = index.files.keys() - {passage.source_id}
            found.append(support(retrieve(index, encoder.encode([text])[0], text, (None,), BEST, sources=others)))
        if len(found) == _STATEMENTS:
            break
    return median(found) if found else None
