"""Assistant.answer: the one path of a question."""

import logging
import re
import time
import unicodedata
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate

from assistant import citing, deciding, following, pointing, ranking, supporting
from assistant.domain import (
    Answer,
    Caution,
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
from assistant.sides import sides
from assistant.spelling import mend, other_language
from assistant.wording import expand
from assistant.writing import quoting
from assistant.writing.checking import check
from corpus.domain import Nation
from corpus.embedding import Encoder, Vectors
from corpus.errors import CorpusError
from corpus.index import AskedLike, Index
from corpus.matching import Matcher

logger = logging.getLogger(__name__)

# The longest question in characters: about two pages, more than any in the bank and short enough to read at once.
LONGEST = 4000

# Passages whose units are ranked. On the bank's development part an answering unit was among the first 8 passages for
# 88 % of questions and among the first 12 for 92 %; more bring in neighbours faster than answers.
PASSAGES = 12

# How the parts of a question are named where some are not answered.
_ORDINALS = ("first", "second", "third", "fourth")

# A message with fewer letters than this beside its personal details asks nothing.
_LEAST_LETTERS = 8


@dataclass(frozen=True)
class Library:
    """What an answer is made from: the index, the encoder whose vectors it holds, and the reader of its asked questions; for
    documents without a catalogue the support that a question must find there (assistant.supporting)."""

    index: Index
    encoder: Encoder
    matcher: Matcher | None = None
    usual: float | None = None

    def asked(self, text: str, vector: Vectors) -> AskedLike | None:
        """What is like this question (and its vector) among those that staff ask; None where the index keeps none."""
        if self.matcher is None or not self.index.has_asked:
            return None
        vectors, chances = self.matcher.read([text])
        return self.index.asked(vectors[0], vector, float(chances[0]))


@dataclass(frozen=True)
class _Shelf:
    """A library with what declined replies quote from it, found once: {(reason, nation): quotes} and {(topic, nation):
    quotes}. An answer takes the shelf once and keeps it to its end, so that a new version never meets it half way."""

    library: Library | None
    fault: str
    limits: Mapping[tuple[Reason, Nation], tuple[Quote, ...]]
    general: Mapping[tuple[str, Nation], tuple[Quote, ...]]


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
        self._replies, self._contacts, self._classifier = replies, contacts, classifier
        self.take(library, fault)

    def take(self, library: Library | None, fault: str = "") -> None:
        """Answers from this library from now on; answers that have begun end with the one before. Raises CorpusError where
        it cannot be read, and then nothing changes."""
        limits: dict[tuple[Reason, Nation], tuple[Quote, ...]] = {}
        general: dict[tuple[str, Nation], tuple[Quote, ...]] = {}
        if library:
            limits = {key: _quotes(library.index, places) for key, places in self._replies.limits.items()}
            general = {
                (topic.name, nation): _quotes(library.index, places)
                for topic in self._replies.topics
                for nation, places in topic.general.items()
            }
        self._shelf = _Shelf(library, fault, limits, general)

    @property
    def library(self) -> Library | None:
        return self._shelf.library

    @property
    def fault(self) -> str:
        """Why there is no library; empty where there is one."""
        return self._shelf.fault

    @property
    def safety(self) -> SafetyPanel:
        """The static immediate-danger message, for every page."""
        return self._replies.safety

    @property
    def contacts_confirmed(self) -> str:
        """When a council last confirmed the contacts; empty where none has."""
        return self._contacts.last_confirmed

    def answer(self, question: Question) -> Answer:
        """One answer. Raises QuestionError where the question is empty, too long or not text; where such a question
        tells of danger, it is met with the safety panel and not with an error."""
        clock, shelf = _Clock(), self._shelf
        question = normalised(question)
        try:
            require_text(question)
        except QuestionError:
            if not rules.screen(readable(question.text)).urgent:
                raise
            return self._finished(self._declined(Reason.SAFEGUARDING, question, shelf), 0, True, clock, shelf)
        redactions, verdict = 0, None
        try:
            with clock.step("privacy"):
                question, redactions = _without_personal_data(question)
            with clock.step("scope"):
                verdict = self._ruling(question, redactions)
        except Exception as error:  # noqa: BLE001 - whatever failed, no answer without a ruling; its words may hold the question
            logger.error("scope failed: %s", type(error).__name__)
        if verdict is None:
            return self._finished(self._unavailable(), redactions, True, clock, shelf)
        if verdict.reason:
            answer = self._declined(verdict.reason, question, shelf)
        else:
            answer = self._in_english(question, self._from_sources(question, clock, shelf.library), shelf.library)
        return self._finished(answer, redactions, verdict.urgent, clock, shelf)

    def _finished(self, answer: Answer, redactions: int, urgent: bool, clock: "_Clock", shelf: _Shelf) -> Answer:
        """The answer with what comes before its words: danger first, then that personal details were removed."""
        before = []
        if urgent:
            before.append(self._replies.safety.text)
        elif answer.outcome is Outcome.UNAVAILABLE or answer.reason not in (None, Reason.OVERRIDE_ATTEMPT):
            before.append(self._replies.danger)
        if redactions:
            before.append(self._replies.redacted)
        return replace(
            answer,
            answer="\n\n".join((*before, answer.answer)),
            urgent=urgent,
            safety=self._replies.safety if urgent else None,
            redactions=redactions,
            corpus_version=shelf.library.index.version if shelf.library else "",
            timings_ms=clock.timings(),
        )

    def ruling(self, question: Question) -> Verdict | None:
        """What scope decides on a question, with its evidence, for those who evaluate."""
        return self._ruling(*_without_personal_data(normalised(question)))

    def searched(self, question: Question) -> str:
        """What is searched for, for those who fit and evaluate."""
        question = _without_personal_data(normalised(question))[0]
        return self._standalone(_mended(question, self.library.index) if self.library else question)

    def _standalone(self, question: Question) -> str:
        """A question without personal data, with the earlier turns it leans on."""

        def may_answer(turn: str, before: tuple[Message, ...]) -> bool:
            verdict = self._ruling(Question(turn, before), 0)
            return verdict is not None and verdict.reason is None

        return following.standalone(question.text, question.history, may_answer)

    def _ruling(self, question: Question, redactions: int) -> Verdict | None:
        """The rules' verdict, weighed by the classifier. None where there is no ruling because the classifier is missing or
        failed and the rules found nothing: then nothing is answered and the panel shows."""
        verdict = rules.screen(question.text, question.history)
        try:
            if self._classifier:
                verdict = self._classifier.rule(verdict, question.text, question.history)
            elif not verdict.reason:
                return None
        except Exception as error:  # noqa: BLE001 - as above; what the rules found stands
            logger.error("the scope classifier failed: %s", type(error).__name__)
            return verdict if verdict.reason else None
        left = question.text.replace(REMOVED, "")
        if verdict.reason is None and redactions and sum(map(str.isalpha, left)) < _LEAST_LETTERS:
            verdict = Verdict(Reason.PERSONAL_DATA, verdict.urgent, ("nothing but personal details",))
        return verdict

    def _from_sources(self, question: Question, clock: "_Clock", library: Library | None) -> Answer:
        if library is None:
            return self._unavailable()
        try:
            with clock.step("following"):
                question = _mended(question, library.index)
                text = self._standalone(question)
            found = _look(library, text, question.nation, clock)
            asked = compared = () if question.nation else _compare(library, text, clock)
            shown = [side for side in compared if side.ranked and (found.enough or side.enough)]
            if found.enough or not shown:
                alone = text == following.asked(question.text)
                parts = following.parts(text) if alone else ()
                asked = tuple(_look(library, part, question.nation, clock) for part in parts)
            if not found.enough and not shown:  # what is turned away as a whole may be answered in part
                shown = [part for part in asked if part.enough]
            with clock.step("writing"):
                enough = found.enough or bool(shown)
                draft = quoting.write(text, found.ranked, [side.ranked for side in shown]) if enough else Draft(())
            with clock.step("checking"):
                draft = check([hit.passage for one in (found, *compared, *asked) for hit in one.retrieved.hits], draft)
            if not draft.quotes:
                return self._not_covered(question, found.retrieved, library.index)
            unanswered = [n for n, part in enumerate(asked, start=1) if not part.enough]
            if len(unanswered) == len(asked):
                unanswered = []  # only together do they make sense
            return self._answered(draft, library.index, text, question.nation, unanswered)
        except CorpusError as error:
            logger.error("%s", error)
            return self._unavailable()

    def _in_english(self, question: Question, answer: Answer, library: Library | None) -> Answer:
        """The answer; where the question is hardly in English, it says that nothing else is read."""
        if library is None or answer.outcome is Outcome.UNAVAILABLE:
            return answer  # an outage has nothing to do with the language
        if not other_language(question.text, library.index.words):
            return answer
        if answer.citations:
            caution = Caution("other_language", self._replies.other_language)
            return replace(answer, cautions=(*answer.cautions, caution))
        return replace(answer, answer=f"{self._replies.other_language}\n\n{answer.answer}")

    def _answered(
        self, draft: Draft, index: Index, text: str, chosen: Nation | None, unanswered: Sequence[int] = ()
    ) -> Answer:
        """An answer, or a partial one where the question names a nation that nothing cited is about, or asks several things of
        which some are `unanswered`."""
        statements, citations = citing.cite(draft, index.sources)
        cited = {nation for citation in citations for nation in citation.nation}
        missing = [] if chosen else sorted(ranking.asked_nations(text) & pointing.ELSEWHERE - cited)
        words = citing.wording(draft, statements, citations)
        if missing:
            words += "\n\nNothing here is about " + " or ".join(n.replace("-", " ").title() for n in missing) + "."
        if unanswered:
            named = " and ".join(_ORDINALS[n - 1] if n <= len(_ORDINALS) else "last" for n in unanswered)
            words += f"\n\n{self._replies.part_not_covered.format(named=named)}"
        return Answer(
            id=_new_id(),
            outcome=Outcome.PARTIAL if missing or unanswered else Outcome.ANSWERED,
            reason=None,
            urgent=False,
            safety=None,
            answer=words,
            statements=statements,
            citations=citations,
            cautions=citing.cautions(citations, index),
            nation=tuple(dict.fromkeys(nation for citation in citations for nation in citation.nation)),
            writer=quoting.NAME,
        )

    def _not_covered(self, question: Question, retrieved: Retrieved, index: Index) -> Answer:
        suggestions = pointing.suggestions(self._replies.suggestions, retrieved)
        officials = pointing.official_documents(question.text, question.nation, index)
        parts = [self._replies.not_covered]
        if officials:
            parts.append(
                "On this topic there are official documents whose text is not in this service:\n\n"
                + "\n".join(f"- [{s.title}]({s.url}) ({pointing.provenance(s)}). {s.notes}".rstrip() for s in officials)
            )
        if suggestions:
            parts.append("The nearest questions that are covered:\n\n" + "\n".join(f"- {text}" for text in suggestions))
        return Answer(_new_id(), Outcome.NOT_COVERED, None, False, None, "\n\n".join(parts), suggestions=suggestions)

    def _declined(self, reason: Reason, question: Question, shelf: _Shelf) -> Answer:
        """In this order: what this service does not do, the cited limit of the role, what the sources say in general, whom
        to contact, what to ask instead. The question is not searched: its topics pick among words chosen beforehand."""
        nation = pointing.nation_of(question.text, question.nation)
        about_child = reason not in (Reason.OVERRIDE_ATTEMPT, Reason.PERSONAL_DATA)
        urgent = reason is Reason.SAFEGUARDING
        young = about_child and rules.young_writer(question.text)
        topics = pointing.topics(self._replies.topics, question.text)
        names = [topic.name for topic in topics]
        parts = [self._replies.young_person if young and not urgent else self._replies.declined[reason]]
        if young and urgent:
            parts.append(self._replies.safeguarding_young)
        limit: tuple[Quote, ...] = ()
        general: tuple[Quote, ...] = ()
        if about_child and not urgent and not young:
            limit = shelf.limits.get((reason, nation), ())
            general = _in_order(q for name in names for q in shelf.general.get((name, nation), ()) if q not in limit)
        statements, citations, words = _cited((limit, general), shelf.library)
        intros = (self._replies.role_limit.format(nation=nation.title()), self._replies.in_general)
        parts += [f"{intro}\n\n{text}" for intro, text in zip(intros, words, strict=True) if text]
        needed = self._contacts.for_need(names, nation) if about_child and not young else ()
        signposts = (*needed, *self._contacts.for_reason(reason, nation, young))
        # The panel stands before these words and has the contacts of a safeguarding reply.
        listed = needed if urgent else signposts
        if listed:
            parts.append("Who can help:\n\n" + "\n".join(f"- {s.who}: {s.how}" for s in listed))
        suggestions = () if young or urgent else pointing.instead(topics, reason, nation)
        if suggestions:
            parts.append("You can ask instead:\n\n" + "\n".join(f"- {text}" for text in suggestions))
        if about_child:
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
            cautions=citing.cautions(citations, shelf.library.index) if shelf.library else (),
            signposts=signposts,
            suggestions=suggestions,
            nation=(nation,),
        )

    def _unavailable(self) -> Answer:
        return Answer(_new_id(), Outcome.UNAVAILABLE, None, False, None, self._replies.unavailable)


def _cited(
    groups: Sequence[tuple[Quote, ...]], library: Library | None
) -> tuple[tuple[Statement, ...], tuple[Citation, ...], tuple[str, ...]]:
    """Statements and citations of all groups of quotes, and the words of each group."""
    if library is None:
        return (), (), tuple("" for _ in groups)
    quotes = tuple(quote for group in groups for quote in group)
    draft = Draft(quotes, frozenset(n for n, quote in enumerate(quotes) if _is_item(quote)))
    statements, citations = citing.cite(draft, library.index.sources)
    ends = list(accumulate(len(group) for group in groups))
    spans = zip([0, *ends], ends, strict=False)
    return statements, citations, tuple(citing.wording(draft, statements, citations, span) for span in spans)


@dataclass(frozen=True)
class _Found:
    """What was found for one question, and whether it is enough to answer from."""

    text: str
    retrieved: Retrieved
    ranked: tuple[ranking.Ranked, ...]
    enough: bool


def _look(
    library: Library, text: str, nation: Nation | None, clock: "_Clock", sources: Collection[str] | None = None
) -> _Found:
    """Searches (in `sources` alone where they are given), ranks and decides. Raises CorpusError."""
    index = library.index
    with clock.step("matching"):
        vector = library.encoder.encode([text])[0]
        asked = library.asked(text, vector)
    with clock.step("retrieval"):
        nations = nations_to_search(text, nation) if sources is None else (None,)
        retrieved = retrieve(index, vector, expand(text), nations, PASSAGES, asked, sources)
    with clock.step("ranking"):
        ranked = ranking.rank(index, text, retrieved, asked)
        if library.usual is not None:
            return _Found(text, retrieved, ranked, bool(ranked) and supporting.support(retrieved) >= library.usual)
        if deciding.enough(index, text, retrieved, ranked, asked):
            return _Found(text, retrieved, ranked, True)
        if asked:
            # Nobody has written down what staff ask of documents that were added: their own words decide.
            added = tuple(h for h in retrieved.hits if h.passage.source_id not in index.asked_sources)
            beside = replace(retrieved, hits=added)
            found = ranking.rank(index, text, beside, None)
            if deciding.enough(index, text, beside, found, None, strict=True):
                return _Found(text, retrieved, found, True)
        return _Found(text, retrieved, ranked, False)


def _compare(library: Library, text: str, clock: "_Clock") -> tuple[_Found, ...]:
    """What each side of a comparison says, where the question is one. Raises CorpusError."""
    if not library.index.catalogued:
        return ()  # such documents have no authors, publishers or nations by which a question could name them
    held = {source_id: library.index.sources[source_id] for source_id in library.index.files}
    asked = sides(text, held)
    found = [_look(library, side.text, None, clock, side.sources) for side in asked]
    return tuple(_about(side.nation, one, found) for side, one in zip(asked, found, strict=True))


def _about(nation: Nation | None, side: _Found, all_sides: Sequence[_Found]) -> _Found:
    """What was found for a side. That of a nation gives away what names other nations alone ("England has had ..." in a
    Scottish paper), and takes what the other sides found of it."""
    if nation is None:
        return side
    mine = [r for r in side.ranked if nation in (_nations_named(r) or {nation})]
    others = [r for other in all_sides if other is not side for r in other.ranked if _nations_named(r) == {nation}]
    ranked = tuple(sorted({(r.passage.id, r.unit): r for r in (*others, *mine)}.values(), key=lambda r: -r.score))
    enough = any(one.enough and one.ranked[0] in ranked for one in all_sides if one.ranked)
    return replace(side, ranked=ranked, enough=enough)


def _nations_named(ranked: ranking.Ranked) -> frozenset[Nation]:
    """The nations that a statement names, itself or in the line that leads into it."""
    lead = ranked.passage.text[slice(*ranked.unit.lead)] if ranked.unit.lead else ""
    return ranking.asked_nations(f"{lead} {ranked.text}")


def nations_to_search(text: str, chosen: Nation | None) -> tuple[Nation | None, ...]:
    """The nation that was chosen; else both where the question names both, so that a comparison finds both sides; else all."""
    if chosen:
        return (chosen,)
    named = ranking.asked_nations(text)
    if named & {"wales", "northern-ireland"}:
        return tuple(sorted(named))  # of those nations nothing is held, and another's words would mislead
    return tuple(sorted(named)) if len(named) > 1 else (None,)


def normalised(question: Question) -> Question:
    """The question in composed letters (full-width and other look-alikes as the plain ones), without soft hyphens, which
    pasted text brings along and nobody sees."""

    def plain(text: str) -> str:
        return unicodedata.normalize("NFKC", text.replace("\u00ad", ""))

    history = tuple(Message(message.role, plain(message.content)) for message in question.history)
    return Question(plain(question.text), history, question.nation)


def readable(text: str) -> str:
    """What a person sees of a text: without hidden characters, cut to the longest question."""
    return _HIDDEN.sub("", _NOT_TEXT.sub(" ", text))[:LONGEST]


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
# Characters that Unicode lets a screen leave out (Default_Ignorable_Code_Point) can hide words from the person who reads a
# question. Emoji and several scripts need the two joiners and the variation selectors, so these are hidden only beside a
# Latin letter.
_HIDDEN = re.compile(
    "[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<=[A-Za-z])[\u200c\u200d\ufe00-\ufe0f]|[\u200c\u200d\ufe00-\ufe0f](?=[A-Za-z])"
)


def _without_personal_data(question: Question) -> tuple[Question, int]:
    """The question and its turns redacted; the count is of what the person typed, not of the service's own replies."""
    text, count = redact(question.text)
    history = []
    for message in question.history:
        content, found = redact(message.content)
        history.append(Message(message.role, content))
        count += found if message.role == "user" else 0
    return Question(text, tuple(history), question.nation), count


def _mended(question: Question, index: Index) -> Question:
    """The question and its turns with their slips of the keyboard mended."""
    history = tuple(replace(turn, content=mend(turn.content, index.words)) for turn in question.history)
    return replace(question, text=mend(question.text, index.words), history=history)


def _quotes(index: Index, places: Sequence[Limit]) -> tuple[Quote, ...]:
    """The words of these places, each with its lead-in where it is a list item. A place that an original does not have is
    left out."""
    return tuple(quote for place in places for quote in _limit_quotes(index, place))


def _limit_quotes(index: Index, limit: Limit) -> Iterator[Quote]:
    found = index.find(limit.source, limit.starts)
    if found:
        passage, unit = found
        if unit.lead:
            yield Quote(passage, *unit.lead)
        yield Quote(passage, unit.start, unit.end)


def _in_order(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """Each quote once, in the order of its passage, so that list items stand under their one lead-in."""
    once = tuple(dict.fromkeys(quotes))
    passages = list(dict.fromkeys(quote.passage.id for quote in once))
    return tuple(sorted(once, key=lambda quote: (passages.index(quote.passage.id), quote.start)))


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
        self._steps[name] = round(self._steps.get(name, 0.0) + (time.perf_counter() - began) * 1000, 3)

    def timings(self) -> dict[str, float]:
        return {**self._steps, "total": round((time.perf_counter() - self._start) * 1000, 3)}
