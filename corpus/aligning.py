"""Which statement of an original says what a statement of its digest says.

A digest retells its document mostly in order, so the best way through the original is sought: each of the digest's statements
beside the one that is likest, a step forward free, a jump at a price (Viterbi, 1967).
"""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.asking import Place
from corpus.domain import Passage, Section, Unit
from corpus.embedding import Encoder, Vectors
from corpus.index import tokenise
from corpus.splitting import REMARK, split, unit_embedding_text, units

# A jump costs this much of a likeness: of 0.05, 0.1, 0.15 and 0.2 the best on our five digests beside their originals, where 0.874 of
# the statements then lie beside one that holds the facts which the bank's development part asks of them; without the order
# 0.866, by cosine alone 0.834.
_JUMP = 0.1

# An original says what its digest says where the median likeness is this: 0.55 to 0.85 for the five documents that have both; at most
# 0.48 for a digest beside another document on the topic (0.60 for two that repeat each other).
_SAME_DOCUMENT = 0.5
# Then a statement is the same from here on: a person found each such pair right, and hardly one below.
_SAME_STATEMENT = 0.3

_FIGURE = re.compile(r"\d+")
# Numbers that documents write as words.
_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)

Statement = tuple[Place, Passage, Unit]


def align(
    digest: Sequence[Passage], original: Sequence[Passage], encoder: Encoder, progress: Callable[[int], object]
) -> Mapping[Place, Place]:
    """{a unit of the digest: the original's unit that says the same}, where one does; nothing for another document's text."""
    told, held = _statements(digest), _statements(original)
    likeness = _likeness(told, held, encoder, progress)
    way = _way(likeness)
    found = likeness[np.arange(len(told)), way]
    if np.median(found) < _SAME_DOCUMENT:
        return {}
    return {
        place: held[n][0] for (place, _, _), n, like in zip(told, way, found, strict=True) if like >= _SAME_STATEMENT
    }


def remarks(
    digest: Sequence[Passage], same: Mapping[Place, Place], original: Sequence[Passage]
) -> tuple[list[Passage], dict[Place, Place]]:
    """Passages of the digest's remarks that still hold (the original says what the digest's section says, with every figure that
    the remark has in common with the section), and where each of their statements now stands."""
    held = {place: _words(passage, unit) for place, passage, unit in _statements(original)}
    kept: list[Passage] = []
    moved: dict[Place, Place] = {}
    for about in _by_heading(digest).values():
        paragraphs = _paragraphs(about)
        ours = {place for paragraph in paragraphs for place, _, _ in paragraph}
        told = [
            (_words(passage, unit), held[same[place]]) for place, passage, unit in about if place in same.keys() - ours
        ]
        if not told:
            continue
        figures, still = (_figures(" ".join(pair[side] for pair in told)) for side in (0, 1))
        for paragraph in paragraphs:
            _, passage, first = paragraph[0]
            words = passage.text[first.start : paragraph[-1][2].end]
            if _figures(words) & figures <= still:
                section = Section(passage.source_id, passage.rendition, passage.heading, words, nation=passage.nation)
                kept += split((section,), passage.nation, passage.label)
                moved |= {place: (kept[-1].id, n) for n, (place, _, _) in enumerate(paragraph)}
    return kept, moved


def _paragraphs(statements: Sequence[Statement]) -> list[list[Statement]]:
    """The statements of each remark: from its first to the end of its paragraph."""
    out: list[list[Statement]] = []
    for statement in statements:
        _, passage, unit = statement
        if _words(passage, unit).startswith(REMARK):
            out.append([statement])
        elif out and out[-1][0][1] is passage and "\n\n" not in passage.text[out[-1][0][2].start : unit.start]:
            out[-1].append(statement)
    return out


def _figures(text: str) -> set[str]:
    words = (_NUMBERS.index(word) for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMBERS)
    return {*_FIGURE.findall(text), *map(str, words)}


def _by_heading(passages: Sequence[Passage]) -> dict[tuple[str, ...], list[Statement]]:
    out: dict[tuple[str, ...], list[Statement]] = {}
    for statement in _statements(passages):
        out.setdefault(statement[1].heading, []).append(statement)
    return out


def _statements(passages: Sequence[Passage]) -> list[Statement]:
    return [((passage.id, n), passage, unit) for passage in passages for n, unit in enumerate(units(passage.text))]


def _likeness(
    told: Sequence[Statement], held: Sequence[Statement], encoder: Encoder, progress: Callable[[int], object]
) -> NDArray[np.float64]:
    """(told, held): the mean of the cosines with and without heading and lead-in, and of the share of rare words in common."""

    def vectors(statements: Sequence[Statement], around: bool) -> Vectors:
        texts = [unit_embedding_text(p, unit) if around else _words(p, unit) for _, p, unit in statements]
        return encoder.encode(texts, progress)

    cosines = [vectors(told, around) @ vectors(held, around).T for around in (True, False)]
    return (cosines[0] + cosines[1] + _in_common(told, held)) / 3.0


def _in_common(told: Sequence[Statement], held: Sequence[Statement]) -> NDArray[np.float64]:
    """(told, held): the cosine of the statements' words, each weighed by how rare it is in the original."""
    stems = [set(found) for found in tokenise([_words(p, unit) for _, p, unit in (*told, *held)])]
    where: dict[str, list[int]] = {}
    for n, found in enumerate(stems[len(told) :]):
        for stem in found:
            where.setdefault(stem, []).append(n)

    def weight(stem: str) -> float:
        return float(np.log(1 + len(held) / (0.5 + len(where.get(stem, ())))))

    totals = np.array([sum(map(weight, found)) or 1.0 for found in stems])
    out = np.zeros((len(told), len(held)))
    for row, found in enumerate(stems[: len(told)]):
        for stem in sorted(found):
            out[row, where.get(stem, [])] += weight(stem)
    shares: NDArray[np.float64] = out / np.sqrt(np.outer(totals[: len(told)], totals[len(told) :]))
    return shares


def _words(passage: Passage, unit: Unit) -> str:
    return passage.text[unit.start : unit.end]


def _way(likeness: NDArray[np.float64]) -> NDArray[np.int64]:
    """The column of each row on the way that is likest altogether."""
    columns = np.arange(likeness.shape[1])
    best, back = likeness[0], []
    for row in likeness[1:]:
        ahead = np.maximum.accumulate(best)
        before = np.maximum.accumulate(np.where(best == ahead, columns, 0))
        jump = best.max() - _JUMP
        back.append(np.where(ahead >= jump, before, best.argmax()))
        best = np.maximum(ahead, jump) + row
    way = [int(best.argmax())]
    for step in reversed(back):
        way.append(int(step[way[-1]]))
    return np.array(way[::-1])
