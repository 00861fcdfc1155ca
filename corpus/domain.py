"""The nouns of the corpus: what we may quote, and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Nation = Literal["england", "scotland", "wales", "northern-ireland"]
Rendition = Literal["digest", "original"]

# Told what begins and how much of it there is; returns what is told of each part that is done.
Progress = Callable[[str, int], Callable[[int], object]]

NATIONS: tuple[Nation, ...] = ("england", "scotland", "wales", "northern-ireland")
FORCES = (
    "legislation",
    "statutory guidance",
    "non-statutory guidance",
    "practice paper",
    "research",
    "web page",
    "commentary",
    "not stated",
)
STATUSES = ("current", "past review date", "superseded", "historic")


@dataclass(frozen=True)
class Source:
    """One published document, as its catalogue record describes it."""

    id: str
    title: str
    authors: tuple[str, ...]
    publisher: str
    published: str
    nation: tuple[Nation, ...]
    force: str
    status: str
    review_by: str | None
    superseded_by: str | None
    applies_to: tuple[str, ...]
    licence: str
    url: str
    url_checked: bool
    topics: tuple[str, ...] = ()
    notes: str = ""
    # What else people call it, word for word: "the workshop". No other source may be called the same.
    called: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The words by which people name it: authors' surnames, year, publisher."""
        surnames = " and ".join(author.split()[-1] for author in self.authors)
        return " ".join(part for part in (surnames, self.published[:4], self.publisher) if part)


@dataclass(frozen=True)
class Mark:
    """From character `start` of a text on: the page it stands on and the number of its paragraph, where it has them."""

    start: int
    page: int | None
    paragraph: str | None


@dataclass(frozen=True)
class Place:
    """Where some words stand in the publisher's file: first and last page, and the number of the first paragraph."""

    page: int | None
    page_end: int | None
    paragraph: str | None


@dataclass(frozen=True)
class Section:
    """A heading with its text. `heading` runs from the document's title down; `text` is plain, with
    paragraphs set apart by an empty line and list items and table rows as lines that start with "- "."""

    source_id: str
    rendition: Rendition
    heading: tuple[str, ...]
    text: str
    marks: tuple[Mark, ...] = ()
    nation: tuple[Nation, ...] = ()  # where the section is about other nations than its source; empty: the source's


@dataclass(frozen=True)
class Passage:
    """The unit that is indexed and cited: a section or a part of one. `id` is a hash of all a citation shows. `label` holds
    the words by which people name its source (authors, year, publisher); it is searched, not shown."""

    id: str
    source_id: str
    rendition: Rendition
    heading: tuple[str, ...]
    text: str
    nation: tuple[Nation, ...]
    marks: tuple[Mark, ...] = ()
    label: str = ""

    @property
    def page(self) -> int | None:
        """The page on which it begins."""
        return self.marks[0].page if self.marks else None

    def place(self, start: int, end: int) -> Place:
        """Where `text[start:end]` stands."""
        first, last = _mark(self.marks, start), _mark(self.marks, max(start, end - 1))
        return Place(first.page, last.page, first.paragraph)

    @property
    def section(self) -> str | None:
        """The heading path below the document's title, for people."""
        return " > ".join(self.heading[1:]) or None


def _mark(marks: tuple[Mark, ...], position: int) -> Mark:
    return next((mark for mark in reversed(marks) if mark.start <= position), Mark(0, None, None))


@dataclass(frozen=True)
class Unit:
    """A sentence or list item of a passage: `passage.text[start:end]`. `lead` is the span of a list's lead-in,
    `group` numbers the list it belongs to; both are None for a sentence of running text."""

    start: int
    end: int
    lead: tuple[int, int] | None = None
    group: int | None = None


@dataclass(frozen=True)
class Hit:
    """A passage that a search found. `dense` is a cosine, `lexical` a BM25 score, `score` the fused one."""

    passage: Passage
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True)
class Asked:
    """A question as staff ask it, whose `hand` wrote it, and the places that answer it: (source id, the words its unit
    starts with) each; none where no source here answers it. Searched beside the passages, never shown or cited."""

    hand: str
    text: str
    places: tuple[tuple[str, str], ...]
