"""What is made of words that nobody knows: slips of the keyboard are mended; a question of little else is in another language."""

import re
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.wording import vocabulary
from corpus.embedding import bundled_tokeniser
from corpus.index import plain_words

# Shorter words have too many neighbours; from the second length on, two slips are mended. A slip in the first letter is rare. On
# the bank's development part 67 words change so, some 57 of them into the word that was meant; from four letters on 19 more do, a
# third of them wrongly; two slips from seven letters on change eight more, six of them wrongly.
_LEAST, _LEAST_FOR_TWO = 5, 8

# Endings of a word that is another form of a known one, which itself is long enough to be mended.
_ENDINGS = ("s", "d", "ed", "er", "ers", "ees", "ing", "ly")

# Of this many words or more less than this share known: no English question of the bank's development part or among the
# questions that staff ask (10,700, many in Scots or full of slips) is taken for another language so, and 24 of the
# development part's 27 in other languages are.
_FEW, _ENGLISH = 6, 0.42

# A whole word: neither part of an address or a number nor one side of a hyphen or an apostrophe.
_WORD = re.compile(r"(?<![\w@.'’-])[^\W\d_]+(?![\w@'’-])")


def mend(text: str, used: Mapping[str, int]) -> str:
    """The text with each word that neither `used` ({word: how often}) nor English knows as the nearest word of `used` that
    begins with the same letter, the most used of several; unchanged where none is near."""

    def nearest(found: re.Match[str]) -> str:
        word = found.group().lower()
        if len(word) < _LEAST or _known(word, used):
            return found.group()
        like = [other for other in used if other[0] == word[0] and len(other) >= _LEAST]
        slips = 1 if len(word) < _LEAST_FOR_TWO else 2
        near = process.extract(word, like, scorer=OSA.distance, score_cutoff=slips, limit=None)
        return min(near, key=lambda one: (one[1], -used[one[0]], one[0]))[0] if near else found.group()

    return _WORD.sub(nearest, text)


def other_language(text: str, used: Mapping[str, int]) -> bool:
    """Whether a question is hardly in English: no letter of its alphabet, or few words that English or the documents know."""
    if not re.search("[A-Za-z]", text):
        return bool(_WORD.search(text))
    words = [word for word in plain_words(mend(text, used)) if len(word) > 1]
    return len(words) >= _FEW and sum(_known(word, used) for word in words) < _ENGLISH * len(words)


def _known(word: str, used: Mapping[str, int]) -> bool:
    """Whether the documents, our vocabulary or English have the word, or the word that it is a form of."""
    forms = (word, *(form for ending in _ENDINGS if len(form := word.removesuffix(ending)) >= _LEAST))
    return any(form in known for form in forms for known in (used, _english()))


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    """The words that the encoder's tokenizer knows whole (some 24,000 of the commonest) and those of our vocabulary."""
    ours = (word for group in vocabulary() for term in group.terms for word in plain_words(term))
    return frozenset((*filter(str.isalpha, bundled_tokeniser(1).get_vocab()), *ours))
