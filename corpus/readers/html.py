"""HTML, by lxml: the words of the page's main part, under its headings. Nothing is fetched, run or resolved."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from corpus.errors import ReadingError
from corpus.readers.blocks import Block, Document, numbered, plain, rows, without_contents

_LEFT_OUT = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "form",
        "button",
        "select",
        "input",
        "nav",
        "footer",
        "aside",
        "head",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_MAIN = ("//main", "//*[@role='main']", "//article", "//body")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)")
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_DATES = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@name='govuk:public-updated-at']/@content",
    "//meta[@name='dcterms.issued' or @name='DC.date' or @name='dc.date' or @name='date' or @name='citation_publication_date']/@content",
    "//time/@datetime",
)
# Deeper than any page that people write; libxml2 stops near this too.
_DEEPEST = 200


def read(path: Path) -> Document:
    """Raises ReadingError where there is no page in the file, or it is nested too deep to be read whole."""
    parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        tree = lxml_html.document_fromstring(path.read_bytes(), parser=parser)
    except OSError as error:
        raise ReadingError(path, f"cannot be read ({error.strerror})", "Check the file and its permissions") from error
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ReadingError(path, "is no readable HTML", "Save the page again") from error
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise ReadingError(path, "is nested too deep to be read whole", "Save the page as plain text")
    main = next((found[0] for found in (tree.xpath(place) for place in _MAIN) if found), tree)
    blocks = numbered(without_contents(list(_blocks(main, path))))
    return Document(tuple(blocks), None, _title(tree), _published(tree))


def _blocks(main: Any, path: Path) -> Iterator[Block]:
    """Walks the tree without recursion; words outside any paragraph stand as one of their own."""
    words: list[str] = []
    kinds: list[str] = ["paragraph"]

    def flush() -> Iterator[Block]:
        text = plain("".join(words))
        words.clear()
        if text:
            kind = kinds[-1]
            if kind == "item":
                yield Block("item", text)
                kinds[-1] = "paragraph in item"
            elif kind == "paragraph in item":
                yield Block("item", text)
            else:
                yield Block("paragraph", text)

    skip: Any = None
    depth = 0
    for event, element in etree.iterwalk(main, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if skip is not None:
            if event == "end" and element is skip:
                skip = None
                depth -= 1
                words.append(" " + (element.tail or ""))
            continue
        if event == "start":
            depth += 1
            if depth > _DEEPEST:
                raise ReadingError(path, "is nested too deep to be read whole", "Save the page as plain text")
            if tag in _LEFT_OUT or _hidden(element):
                skip = element
                continue
            if tag in _HEADINGS:
                yield from flush()
                title = plain(element.text_content())
                if title:
                    yield Block("heading", title, level=_HEADINGS[tag])
                skip = element
            elif tag == "table" and not element.xpath(".//table"):
                yield from flush()
                yield from rows(
                    [[cell.text_content() for cell in row.xpath("./td|./th")] for row in element.xpath(".//tr")]
                )
                skip = element
            else:
                if tag in _BLOCKS:
                    yield from flush()
                if tag == "br":
                    words.append(" ")
                if tag == "li":
                    kinds.append("item")
                words.append(element.text or "")
        else:
            depth -= 1
            if tag in _BLOCKS:
                yield from flush()
            if tag == "li":
                kinds.pop()
            if element is not main:
                words.append(element.tail or "")
    yield from flush()


def _hidden(element: Any) -> bool:
    """What a reader of the page would not see is not read either."""
    return (
        "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or element.get("role") in ("navigation", "banner", "contentinfo", "search")
        or bool(_HIDDEN.search(element.get("style", "").lower()))
    )


def _title(tree: Any) -> str:
    heads = tree.xpath("//h1") or tree.xpath("//title")
    return plain(heads[0].text_content()) if heads else ""


def _published(tree: Any) -> str:
    for place in _DATES:
        for value in tree.xpath(place):
            match = _DATE.match(value.strip().replace("/", "-"))
            if match:
                return match.group()
    return ""
