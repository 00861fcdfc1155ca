"""Finds faults in the bank before a run does: items that disagree with themselves, repeats, and leaks between what weights
are fitted on and what is only scored."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from assistant.replies import Suggestion
from corpus.domain import Passage, Source
from corpus.embedding import Encoder
from evals.bank import Item

# Two questions are near-duplicates where their vectors are this near and they share this much of their words. Pairs that
# differ in one word on purpose name each other in `pair` and are let be.
_NEAR = 0.93
_SHARED = 0.7
# Texts compared with all others at once: as large a table as fits anywhere.
_AT_ONCE = 200


@dataclass(frozen=True)
class Fault:
    """What is wrong with an item. Faults of held-out parts name no words, so that nobody reads that part by accident."""

    item: str
    kind: str
    what: str


def lint(
    items: Sequence[Item],
    examples: Mapping[str, str],
    suggestions: Sequence[Suggestion],
    sources: Mapping[str, Source],
    passages: Mapping[str, Sequence[Passage]],
    encoder: Encoder,
) -> list[Fault]:
    """`examples` are what models were taught on, by name; `passages` by source id."""
    faults = [fault for item in items for fault in _alone(item, sources, passages)]
    by_id = {item.id: item for item in items}
    for item in items:
        if item.pair and (item.pair not in by_id or by_id[item.pair].pair != item.id):
            faults.append(Fault(item.id, "pair", f"its twin {item.pair} does not name it"))
    return faults + _repeats(items, examples, suggestions, encoder)


def _alone(item: Item, sources: Mapping[str, Source], passages: Mapping[str, Sequence[Passage]]) -> list[Fault]:
    """Faults that an item has by itself."""
    faults = []
    reference = item.reference.lower()
    if item.answerable and not item.reference:
        faults.append(Fault(item.id, "reference", "an answerable item has none"))
    if reference:
        for fact in item.facts:
            if not fact.search(reference):
                faults.append(Fault(item.id, "facts", f"the reference does not match {fact.pattern}"))
        for words in item.forbidden:
            if words.search(reference):
                faults.append(Fault(item.id, "forbidden", f"the reference says {words.pattern}"))
    for source_id in item.sources:
        if source_id not in sources:
            faults.append(Fault(item.id, "source", f"{source_id} is not in the catalogue"))
    if item.answerable and not item.sources:
        faults.append(Fault(item.id, "source", "an answerable item names none"))
    held = " | ".join(" > ".join(p.heading) for source_id in item.sources for p in passages.get(source_id, ())).lower()
    for section in item.sections:
        if section.lower() not in held:
            faults.append(Fault(item.id, "section", f"{section!r} is no heading of its sources"))
    if bool(item.reasons) != ("declined" in item.outcomes):
        faults.append(Fault(item.id, "reasons", "reasons and the outcome 'declined' go together"))
    return faults


def _repeats(
    items: Sequence[Item], examples: Mapping[str, str], suggestions: Sequence[Suggestion], encoder: Encoder
) -> list[Fault]:
    names = [item.id for item in items]
    texts = [" ".join((*item.turns, item.question)) for item in items]
    faults = []
    for one, two in _near(texts, texts, encoder, same=True):
        if items[one].pair != names[two]:
            kind = "duplicate" if items[one].part == items[two].part else "leak between parts"
            faults.append(Fault(names[two], kind, f"is nearly {names[one]}"))
    held_out = [n for n, item in enumerate(items) if item.part != "development"]
    outside = {**examples, **{f"suggestion {n}": s.question for n, s in enumerate(suggestions, start=1)}}
    held_texts, other_texts = [texts[n] for n in held_out], list(outside.values())
    for one, two in _near(held_texts, other_texts, encoder):
        faults.append(Fault(names[held_out[one]], "leak", f"is nearly {list(outside)[two]}"))
    return faults


def _near(first: Sequence[str], second: Sequence[str], encoder: Encoder, same: bool = False) -> list[tuple[int, int]]:
    """Index pairs of near-duplicates; of the `same` texts each pair once."""
    pairs = [(a, b) for a, b in _overlapping(first, second) if not same or a < b]
    texts = list({first[a] for a, _ in pairs} | {second[b] for _, b in pairs})
    if not texts:
        return []
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return [(a, b) for a, b in pairs if float(vectors[first[a]] @ vectors[second[b]]) >= _NEAR]


def _overlapping(first: Sequence[str], second: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Index pairs of texts that share enough of their words: few, so that only these need be encoded."""
    if not first or not second:
        return
    words = CountVectorizer(binary=True, analyzer=_words).fit([*first, *second])
    others = words.transform(second)
    sizes = np.asarray(others.sum(axis=1)).ravel()
    for start in range(0, len(first), _AT_ONCE):
        some = words.transform(first[start : start + _AT_ONCE])
        shared = (some @ others.T).tocoo()
        whole = np.asarray(some.sum(axis=1)).ravel()[shared.row] + sizes[shared.col] - shared.data
        for n in np.flatnonzero(shared.data >= _SHARED * whole):
            yield start + int(shared.row[n]), int(shared.col[n])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
