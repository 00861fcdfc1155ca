"""Assistant.answer: the one path of a question."""

import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from assistant import citing, deciding, following, pointing, ranking
from assistant.domain import (
    Answer,
    Citation,
    Draft,
    Message,
    Outcome,
    Question,
    Quote,
    Reason,
    SafetyPanel,
    Statement,
    Verdict,
)
from assistant.errors import QuestionError
from assistant.replies import Limit, Replies
from assistant.retrieval import Retrieved, retrieve
from assistant.scope import rules
from assistant.scope.classifier import Classifier
from assistant.scope.privacy import REMOVED, redact
from assistant.scope.signposts import Contacts
from assistant.wording import expand
from assistant.writing import quoting
from assistant.writing.checking import check
from corpus.domain import Nation, Source
from corpus.embedding import Encoder, Vectors
from corpus.errors import CorpusError
from corpus.index import Index
from corpus.splitting import units

# The longest question in characters: about two pages, more than any in the bank and short enough to read at once.
LONGEST = 4000

# Passages whose units are ranked. On the bank's development part an answering unit was among the first 8 passages for
# 88 % of questions and among the first 12 for 92 %; more bring in neighbours faster than answers.
PASSAGES = 12

# A message with fewer letters than this beside its personal details asks nothing.
_LEAST_LETTERS = 8


@dataclass(frozen=True)
class Library:
    """What an answer is made from: the index and the encoder whose vectors it holds."""

    index: Index
    encoder: Encoder


class Assistant:
    """Answers questions. `library` is None where no index could be opened, and `fault` then says why: such an
    assistant still declines, and still shows the safety panel."""

    def __init__(
        self,
        library: Library | None,
        replies: Replies,
        contacts: Contacts,
        classifier: Classifier | None = None,
        fault: str = "",
    ) -> None:
        self.library, self.fault = library, fault
        self._replies, self._contacts, self._classifier = replies, contacts, classifier
        self._limits = _find_limits(library.index, replies) if library else {}

    @property
    def safety(self) -> SafetyPanel:
        """The static immediate-danger message, for every page."""
        return self._replies.safety

    def answer(self, question: Question) -> Answer:
        """One answer. Raises QuestionError where the question is empty, too long or not text."""
        require_text(question)
        clock = _Clock()
        with clock.step("privacy"):
            question, redactions = _without_personal_data(question)
        with clock.step("scope"):
            verdict, vector = self._ruling(question, redactions)
        if verdict.reason:
            answer = self._declined(verdict.reason, question, verdict.urgent)
        else:
            answer = self._from_sources(question, vector, clock)
        if redactions:
            answer = replace(answer, answer=f"{self._replies.redacted}\n\n{answer.answer}", redactions=redactions)
        if verdict.urgent:
            answer = replace(
                answer,
                answer=f"{self._replies.safety.text}\n\n{answer.answer}",
                urgent=True,
                safety=self._replies.safety,
            )
        version = self.library.index.version if self.library else ""
        return replace(answer, corpus_version=version, timings_ms=clock.timings())

    def _ruling(self, question: Question, redactions: int) -> tuple[Verdict, Vectors | None]:
        """The rules' verdict, weighed by the classifier where its encoder is at hand, and the vector of what is asked."""
        verdict = rules.screen(question.text, question.history)
        vector = None
        if self.library:
            vector = self.library.encoder.encode([following.asked(question.text)])[0]
            if self._classifier and self._classifier.encoder == self.library.encoder.fingerprint:
                verdict = self._classifier.rule(verdict, vector, question.text, question.history)
        left = question.text.replace(REMOVED, "")
        if verdict.reason is None and redactions and sum(map(str.isalpha, left)) < _LEAST_LETTERS:
            verdict = Verdict(Reason.PERSONAL_DATA, verdict.urgent, ("nothing but personal details",))
        return verdict, vector

    def _from_sources(self, question: Question, vector: Vectors | None, clock: "_Clock") -> Answer:
        if self.library is None:
            return self._unavailable()
        index, encoder = self.library.index, self.library.encoder
        try:
            with clock.step("following"):
                text = following.standalone(question.text, question.history)
            with clock.step("retrieval"):
                if vector is None or text != following.asked(question.text):
                    vector = encoder.encode([text])[0]
                retrieved = retrieve(index, vector, expand(text), nations_to_search(text, question.nation), PASSAGES)
            with clock.step("ranking"):
                ranked = ranking.rank(index, text, retrieved)
                enough = deciding.enough(index, text, retrieved, ranked)
            with clock.step("writing"):
                draft = quoting.write(text, ranked) if enough else Draft(())
            with clock.step("checking"):
                draft = check([hit.passage for hit in retrieved.hits], draft)
            if not draft.quotes:
                return self._not_covered(question, retrieved, index.sources)
            return self._answered(draft, index)
        except CorpusError:
            return self._unavailable()

    def _answered(self, draft: Draft, index: Index) -> Answer:
        statements, citations = citing.cite(draft, index.sources)
        return Answer(
            id=_new_id(),
            outcome=Outcome.ANSWERED,
            reason=None,
            urgent=False,
            safety=None,
            answer=citing.wording(draft, statements, citations),
            statements=statements,
            citations=citations,
            cautions=citing.cautions(citations, index.sources),
            nation=tuple(dict.fromkeys(nation for citation in citations for nation in citation.nation)),
            writer=quoting.NAME,
        )

    def _not_covered(self, question: Question, retrieved: Retrieved, sources: Mapping[str, Source]) -> Answer:
        suggestions = pointing.suggestions(self._replies.suggestions, retrieved)
        officials = pointing.official_documents(question.text, question.nation, sources)
        parts = [self._replies.not_covered]
        if officials:
            parts.append(
                "This official document is on the topic; its text is not in this service: "
                + "; ".join(f"[{s.title}]({s.url}) ({pointing.provenance(s)})" for s in officials)
                + "."
            )
        if suggestions:
            parts.append("The nearest questions that are covered:\n\n" + "\n".join(f"- {text}" for text in suggestions))
        return Answer(_new_id(), Outcome.NOT_COVERED, None, False, None, "\n\n".join(parts), suggestions=suggestions)

    def _declined(self, reason: Reason, question: Question, urgent: bool) -> Answer:
        """In this order: danger (where the panel does not say it already), the limit in one plain sentence, the cited
        limit, whom to contact, what to ask instead."""
        nation: Nation = "scotland" if question.nation == "scotland" else "england"
        about_a_child = reason in (Reason.INDIVIDUAL_CHILD, Reason.PARENT_OR_CARER)
        parts = [self._replies.danger] if about_a_child and not urgent else []
        parts.append(self._replies.declined[reason])
        quotes = self._limits.get((reason, nation), ())
        statements: tuple[Statement, ...] = ()
        citations: tuple[Citation, ...] = ()
        if quotes and self.library:
            draft = Draft(quotes, frozenset(n for n, quote in enumerate(quotes) if _is_item(quote)))
            statements, citations = citing.cite(draft, self.library.index.sources)
            parts.append(
                f"What the sources say about the role in {nation.title()}:\n\n"
                + citing.wording(draft, statements, citations)
            )
        signposts = self._contacts.for_reason(reason, question.nation)
        if signposts and reason is not Reason.SAFEGUARDING:
            parts.append("Who can help:\n\n" + "\n".join(f"- {s.who}: {s.how}" for s in signposts))
        suggestions = (
            () if reason is Reason.SAFEGUARDING else pointing.instead(self._replies.suggestions, reason, nation)
        )
        if suggestions:
            parts.append("You can ask instead:\n\n" + "\n".join(f"- {text}" for text in suggestions))
        if reason not in (Reason.OVERRIDE_ATTEMPT, Reason.PERSONAL_DATA):
            parts.append(self._replies.nothing_passed_on)
        return Answer(
            id=_new_id(),
            outcome=Outcome.DECLINED,
            reason=reason,
            urgent=False,
            safety=None,
            answer="\n\n".join(parts),
            statements=statements,
            citations=citations,
            cautions=citing.cautions(citations, self.library.index.sources) if self.library else (),
            signposts=signposts,
            suggestions=suggestions,
            nation=(nation,),
        )

    def _unavailable(self) -> Answer:
        return Answer(_new_id(), Outcome.UNAVAILABLE, None, False, None, self._replies.unavailable)


def nations_to_search(text: str, chosen: Nation | None) -> tuple[Nation | None, ...]:
    """The nation that was chosen; else both where the question names both, so that a comparison finds both sides; else all."""
    if chosen:
        return (chosen,)
    named = ranking.asked_nations(text)
    return tuple(sorted(named)) if len(named) > 1 else (None,)


def require_text(question: Question) -> None:
    """Raises QuestionError with what to mend."""
    for message in (question.text, *(turn.content for turn in question.history)):
        if _NOT_TEXT.search(message):
            raise QuestionError("The question holds bytes that are not text. Paste it again as plain text.")
        if _HIDDEN.search(message):
            raise QuestionError(
                "The question holds hidden characters (text direction or zero-width marks). Type it again as plain text."
            )
    if not any(character.isalnum() for character in question.text):
        raise QuestionError("The question is empty. Type a question.")
    if len(question.text) > LONGEST:
        raise QuestionError(f"The question has {len(question.text)} characters; the most is {LONGEST}. Shorten it.")


# Control characters other than white space, lone surrogates and the replacement mark of a failed decoding.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]")
# Zero-width, text-direction, byte-order and tag characters can hide words from the person who reads a question. The
# zero-width joiners are hidden only between Latin letters: emoji and several scripts need them.
_HIDDEN = re.compile(
    "[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]|(?<=[A-Za-z])[\u200c\u200d](?=[A-Za-z])"
)


def _without_personal_data(question: Question) -> tuple[Question, int]:
    text, count = redact(question.text)
    history = []
    for message in question.history:
        content, found = redact(message.content)
        history.append(Message(message.role, content))
        count += found
    return Question(text, tuple(history), question.nation), count


def _find_limits(index: Index, replies: Replies) -> dict[tuple[Reason, Nation], tuple[Quote, ...]]:
    """The quotes that declined replies cite, each with its lead-in where it is a list item. A source whose digest was
    replaced by an original may word it otherwise; its limit is then left out."""
    return {
        key: tuple(quote for limit in limits for quote in _limit_quotes(index, limit))
        for key, limits in replies.limits.items()
    }


def _limit_quotes(index: Index, limit: Limit) -> Iterator[Quote]:
    for passage in index.passages_of(limit.source):
        for unit in units(passage.text):
            if passage.text.startswith(limit.starts, unit.start):
                if unit.lead:
                    yield Quote(passage, *unit.lead)
                yield Quote(passage, unit.start, unit.end)
                return


def _is_item(quote: Quote) -> bool:
    return quote.passage.text[: quote.start].endswith("\n- ")


def _new_id() -> str:
    return uuid.uuid4().hex


class _Clock:
    """Times the steps of one answer."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._steps: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._steps[name] = round((time.perf_counter() - began) * 1000, 3)

    def timings(self) -> dict[str, float]:
        return {**self._steps, "total": round((time.perf_counter() - self._start) * 1000, 3)}
