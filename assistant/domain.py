"""The nouns of a question's path: what is asked, how it is ruled on, what is returned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from corpus.domain import Nation, Passage, Place


class Outcome(StrEnum):
    """How an answer ended. Declining is a normal outcome, not an error."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    NOT_COVERED = "not_covered"
    DECLINED = "declined"
    UNAVAILABLE = "unavailable"


class Reason(StrEnum):
    """Why a question was declined."""

    INDIVIDUAL_CHILD = "individual_child"
    PARENT_OR_CARER = "parent_or_carer"
    SEND_OUT_OF_COHORT = "send_out_of_cohort"
    SAFEGUARDING = "safeguarding"
    OVERRIDE_ATTEMPT = "override_attempt"
    PERSONAL_DATA = "personal_data"


@dataclass(frozen=True)
class Message:
    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class Question:
    """`nation` limits the sources to one nation's."""

    text: str
    history: tuple[Message, ...] = ()
    nation: Nation | None = None


@dataclass(frozen=True)
class Verdict:
    """What scope decided. `reason` None means: may be answered. `evidence` names the signs that led there."""

    reason: Reason | None
    urgent: bool
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Quote:
    """Words of a passage: `passage.text[start:end]`."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def place(self) -> Place:
        return self.passage.place(self.start, self.end)


@dataclass(frozen=True)
class Draft:
    """What a writer returns: quotes in the order they are shown. `item` marks those that are items of a list whose
    lead-in stands before them."""

    quotes: tuple[Quote, ...]
    items: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Statement:
    """One sentence or list item of an answer, with the numbers of the citations that support it."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True)
class Citation:
    """The place that supports a statement. `quote` is an exact substring of the indexed text; `page`, `page_end` and
    `paragraph` are where it stands in the publisher's file, where that has them."""

    number: int
    source_id: str
    title: str
    publisher: str
    published: str
    section: str | None
    page: int | None
    page_end: int | None
    paragraph: str | None
    quote: str
    passage_id: str
    rendition: str
    nation: tuple[Nation, ...]
    force: str
    status: str
    url: str
    view_url: str


@dataclass(frozen=True)
class Caution:
    code: str
    text: str


@dataclass(frozen=True)
class Signpost:
    """Whom to turn to, and how."""

    who: str
    how: str


@dataclass(frozen=True)
class SafetyPanel:
    """The immediate-danger message: fixed words and contacts."""

    text: str
    contacts: tuple[Signpost, ...]


@dataclass(frozen=True)
class Answer:
    """What every way in returns. `answer` is Markdown for people."""

    id: str
    outcome: Outcome
    reason: Reason | None
    urgent: bool
    safety: SafetyPanel | None
    answer: str
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    cautions: tuple[Caution, ...] = ()
    signposts: tuple[Signpost, ...] = ()
    suggestions: tuple[str, ...] = ()
    redactions: int = 0
    nation: tuple[Nation, ...] = ()
    writer: str = "quoting"
    corpus_version: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
