"""Every statement against its passage: what the passage does not hold is dropped."""

from collections.abc import Iterable
from dataclasses import replace

from assistant.domain import Draft
from corpus.domain import Passage


def check(found: Iterable[Passage], draft: Draft) -> Draft:
    """The draft without quotes that are empty, that come from a passage which was not found for this question, or
    whose words are not, letter for letter, the passage's own."""
    texts = {passage.id: passage.text for passage in found}
    kept = [
        n
        for n, quote in enumerate(draft.quotes)
        if quote.text.strip() and quote.text in texts.get(quote.passage.id, "")
    ]
    return replace(
        draft,
        quotes=tuple(draft.quotes[n] for n in kept),
        items=frozenset(place for place, n in enumerate(kept) if n in draft.items),
    )
