"""Gives each statement its numbered place in a source, and says what a reader must know about that source."""

from collections.abc import Mapping, Sequence

from assistant.domain import Caution, Citation, Draft, Quote, Statement
from corpus.domain import Place, Source
from corpus.index import Index

_EXTENDED_ROLE = ("with a social worker",)
_KINDS = {"research": "research", "practice paper": "a practice paper"}


def cite(draft: Draft, sources: Mapping[str, Source]) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
    """Statements with citation numbers. Quotes that follow one another in a passage share one citation, whose quote
    is the passage's own words from the first to the last."""
    citations: list[Citation] = []
    statements: list[Statement] = []
    for run in _runs(draft.quotes):
        passage = run[0].passage
        source = sources[passage.source_id]
        number = len(citations) + 1
        place = passage.place(run[0].start, run[-1].end)
        citations.append(
            Citation(
                number=number,
                source_id=source.id,
                title=source.title,
                publisher=source.publisher,
                published=source.published,
                section=passage.section,
                page=place.page,
                page_end=place.page_end,
                paragraph=place.paragraph,
                quote=passage.text[run[0].start : run[-1].end],
                passage_id=passage.id,
                rendition=passage.rendition,
                nation=passage.nation,
                force=source.force,
                status=source.status,
                url=source.url,
                view_url=f"/sources/{source.id}#{passage.id}",
            )
        )
        statements.extend(Statement(quote.text, (number,)) for quote in run)
    return tuple(statements), tuple(citations)


def _runs(quotes: Sequence[Quote]) -> list[list[Quote]]:
    """Quotes grouped where only white space and list marks stand between them in the same passage, page and paragraph."""
    runs: list[list[Quote]] = []
    for quote in quotes:
        if (
            runs
            and runs[-1][-1].passage == quote.passage
            and runs[-1][-1].place == quote.place
            and not quote.passage.text[runs[-1][-1].end : quote.start].strip(" \n-")
        ):
            runs[-1].append(quote)
        else:
            runs.append([quote])
    return runs


def place_words(at: Citation | Place) -> str:
    """Where words stand in the publisher's file, for people: "page 4, paragraph 23"; empty where that is not known."""
    pages = "" if at.page is None else f"page {at.page}"
    if at.page is not None and at.page_end not in (None, at.page):
        pages = f"pages {at.page} to {at.page_end}"
    return ", ".join(part for part in (pages, f"paragraph {at.paragraph}" if at.paragraph else "") if part)


def wording(
    draft: Draft,
    statements: Sequence[Statement],
    citations: Sequence[Citation],
    span: tuple[int, int] | None = None,
) -> str:
    """The answer in Markdown: statements with [n] markers, list items under their lead-in; those of `span` alone where it
    is given. Where the citations are of more than one nation, each run of statements says its own."""
    mixed = len({citation.nation for citation in citations}) > 1
    out = ""
    marker, item = 0, False
    first, last = span or (0, len(statements))
    for number, statement in list(enumerate(statements))[first:last]:
        before, was_item = marker, item
        (marker,) = statement.citations
        item = number in draft.items
        label = (
            f"**{' and '.join(nation.title() for nation in citations[marker - 1].nation)}:** "
            if mixed and marker != before
            else ""
        )
        gap = "" if not out else "\n" if item and was_item else "\n\n"
        out += f"{gap}{'- ' if item else ''}{label}{statement.text} [{marker}]"
    return out


def cautions(citations: Sequence[Citation], index: Index) -> tuple[Caution, ...]:
    """What the sources cited call for, each said once: superseded, past its review date, historic, research or one
    council's words and not guidance, more than one nation, read from a scan, figures that do not reconcile."""
    sources = index.sources
    found: dict[str, Caution] = {}
    kinds: dict[str, list[str]] = {}
    figures: list[str] = []
    for source_id in dict.fromkeys(citation.source_id for citation in citations):
        source = sources[source_id]
        newer = sources.get(source.superseded_by or "")
        instead = f" The newer document is: {newer.title} ({newer.publisher}), {newer.url}" if newer else ""
        name = f"{source.publisher} ({source.published[:4] or 'undated'})"
        if source.status == "superseded":
            found[f"superseded:{source_id}"] = Caution("superseded", f"{name} has been superseded.{instead}")
        elif source.status == "past review date":
            found[f"past_review:{source_id}"] = Caution("past_review_date", f"{name} is out of date.{instead}")
        elif source.status == "historic" and newer:
            found[f"historic:{source_id}"] = Caution("predates_newer", f"{name} predates a newer document.{instead}")
        elif source.status == "historic":
            found[f"historic:{source_id}"] = Caution(
                "historic", f"{name} describes what was found then and is not kept up to date."
            )
        if index.files[source_id].scanned:
            found[f"scanned:{source_id}"] = Caution(
                "scanned", f"{name} is a scan whose words a program recognised: check them against the page."
            )
        if source.force in _KINDS:
            kinds.setdefault(_KINDS[source.force], []).append(name)
        elif source.force == "web page":
            found[f"one_council:{source_id}"] = Caution(
                "one_publisher",
                f"{name} is one council's own page; other councils' offers differ.",
            )
        quoted = " ".join(citation.quote for citation in citations if citation.source_id == source_id)
        if "do not reconcile" in source.notes and any(map(str.isdigit, quoted)):
            figures.append(name)
        if source.applies_to == _EXTENDED_ROLE and "individual" in quoted:
            found["cohort"] = Caution(
                "one_cohort",
                "This limit is about the extended role in England, for children with a social worker. Virtual schools do give "
                "direct support to looked-after children, and a council's own offer may go further.",
            )
    if kinds:
        said = [f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {kind}" for kind, names in kinds.items()]
        they = "it places" if sum(map(len, kinds.values())) == 1 else "they place"
        found["research"] = Caution(
            "research_not_guidance", f"{' and '.join(said)}, not guidance: {they} no duty on anyone."
        )
    nations = list(dict.fromkeys(nation for citation in citations for nation in citation.nation))
    if len(nations) > 1:
        found["nations"] = Caution(
            "mixed_nations",
            f"This answer draws on sources of {' and '.join(n.title() for n in nations)}; what applies in one does not apply in the other.",
        )
    if figures:
        found["figures"] = Caution(
            "figures_do_not_reconcile",
            f"Figures within {' and within '.join(figures)} do not reconcile with one another; they are quoted as they stand.",
        )
    return tuple(found.values())
