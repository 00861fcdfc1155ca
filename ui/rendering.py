"""Answers and passages as HTML. Everything that is not ours is escaped: documents and questions are data."""

import html
import re
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt

from assistant.citing import place_words
from assistant.domain import Answer, SafetyPanel
from corpus.domain import Passage, Source

_environment = Environment(
    loader=PackageLoader("ui", "pages"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["place"] = place_words
# HTML in the text is shown as text; links and lists are made from Markdown.
_markdown = MarkdownIt("commonmark", {"html": False})
_MARKER = re.compile(r"\[(\d+)\]")


def page(name: str, **values: object) -> str:
    """One of the templates in `pages/`."""
    return _environment.get_template(name).render(**values)


def conversation(turns: Sequence[tuple[str, Answer]], safety: SafetyPanel) -> str:
    """Questions with their answers, oldest first; the safety panel stays in front once a turn was urgent."""
    urgent = any(answer.urgent for _, answer in turns)
    shown = [
        {"number": n, "question": question, "answer": answer, "words": answer_words(answer, n)}
        for n, (question, answer) in enumerate(turns, start=1)
    ]
    return page("conversation.html", turns=shown, urgent=urgent, safety=safety, safety_words=words(safety.text))


def answer_words(answer: Answer, turn: int) -> str:
    """The answer's Markdown as HTML, each [n] a link to its citation below."""
    known = {citation.number for citation in answer.citations}

    def link(match: re.Match[str]) -> str:
        number = int(match.group(1))
        if number not in known:
            return match.group()
        return f'<a class="marker" href="#turn-{turn}-citation-{number}" aria-label="Citation {number}">[{number}]</a>'

    # The panel stands above the conversation, so the answer need not say it again.
    text = answer.answer.removeprefix(answer.safety.text).lstrip() if answer.safety else answer.answer
    return _MARKER.sub(link, words(text))


def words(markdown: str) -> str:
    """Markdown as HTML."""
    return str(_markdown.render(markdown))


def passage_html(passage: Passage) -> str:
    """A passage's text with its paragraphs and lists, words unchanged; a paragraph that has a number of its own carries it."""
    numbers = {mark.start: mark.paragraph for mark in passage.marks if mark.paragraph}
    parts, offset = [], 0
    for block in passage.text.split("\n\n"):
        if block.startswith("- "):
            items = "".join(f"<li>{html.escape(line.removeprefix('- '))}</li>" for line in block.split("\n"))
            parts.append(f"<ul>{items}</ul>")
        else:
            number = f' data-paragraph="{html.escape(numbers[offset])}"' if offset in numbers else ""
            parts.append(f"<p{number}>{html.escape(block)}</p>")
        offset += len(block) + 2
    return "".join(parts)


def provenance(source: Source) -> str:
    """Nation, force, date and status in one line."""
    nations = " and ".join(nation.replace("-", " ").title() for nation in source.nation) or "nation not stated"
    return f"{nations} · {source.force} · {source.published or 'undated'} · {source.status}"
