"""Every kind of file: its headings, lists, tables, pages and numbered paragraphs, and nothing that is not its text."""

import re
import sys
from difflib import SequenceMatcher

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

from corpus.domain import Passage
from corpus.errors import ReadingError
from corpus.readers import read_file
from corpus.readers.blocks import Block, Document
from corpus.reading import from_document
from corpus.splitting import split, units
from corpus.worker import Reader
from tests.corpus import documents


def passages(document: Document) -> list[Passage]:
    return split(from_document(document, "doc", "").sections, ("england",))


def kinds(document: Document, kind: str) -> list[str]:
    return [block.text for block in document.blocks if block.kind == kind]


def test_page_and_paragraph_are_right_for_every_statement_of_a_pdf(tmp_path):
    pages = documents.guidance_pdf(tmp_path / "g.pdf", 120)
    document = read_file(tmp_path / "g.pdf")
    assert any(len(set(where)) == 2 for where in pages.values())  # some paragraph goes on overleaf
    statements, across = 0, 0
    for passage in passages(document):
        for unit in units(passage.text):
            text = passage.text[unit.start : unit.end]
            match = re.match(r"Zebra rule (\d+) part (\d)", text)
            if match:
                statements += 1
                number = match.group(1)
                place = passage.place(unit.start, unit.end)
                assert place.paragraph == number, text
                assert place.page in pages[number]
                assert place.page_end in pages[number]
                if match.group(2) == "1":
                    assert place.page == min(pages[number])
                if match.group(2) == "3":
                    assert place.page_end == max(pages[number])
                across += place.page != place.page_end
    assert statements == 120 * 3
    assert across > 0


def test_a_pdf_has_its_headings_lists_and_rows_and_no_running_lines(tmp_path):
    documents.guidance_pdf(tmp_path / "g.pdf")
    document = read_file(tmp_path / "g.pdf")
    assert document.title == "Guidance on zebra schools"
    assert (document.pages or 0) > 3
    heads = [(block.level, block.text) for block in document.blocks if block.kind == "heading"]
    assert heads[0] == (1, "Guidance on zebra schools")
    assert [text for level, text in heads if level == 2][:2] == [f"Part {n}: duties of that part" for n in (1, 2)]
    assert kinds(document, "item") == [
        "train every teacher of the district",
        "advise governors on the striped fund",
        "report to the board each year",
    ]
    assert kinds(document, "row") == [
        "Phase: Primary | Pupils: 120 | Schools: 14",
        "Phase: Secondary | Pupils: 95 | Schools: 6",
    ]
    words = " ".join(block.text for block in document.blocks)
    assert "Running header" not in words
    assert "of 99" not in words


def test_a_scan_is_read_by_its_pictures_and_says_so(tmp_path):
    documents.columns_pdf(tmp_path / "printed.pdf")
    documents.scanned_pdf(tmp_path / "scan.pdf", tmp_path / "printed.pdf")
    with Reader() as reader:
        printed, scanned = reader.read(tmp_path / "printed.pdf"), reader.read(tmp_path / "scan.pdf")
    assert (printed.scanned, scanned.scanned) == (False, True)
    assert (scanned.pages, scanned.title) == (printed.pages, "A striped study set in two columns of one page")

    def words(document: Document) -> list[str]:
        return " ".join(kinds(document, "paragraph")).split()

    alike = SequenceMatcher(None, words(printed), words(scanned), autojunk=False).ratio()
    assert alike > 0.97  # a letter may be misread; the order of columns may not
    assert [document.blocks[-1].pages[-1][1] for document in (printed, scanned)] == [2, 2]


def test_a_scan_is_named_with_the_mend_where_nothing_is_installed_to_read_it(tmp_path, monkeypatch):
    documents.scan_pdf(tmp_path / "scan.pdf")
    with pytest.raises(ReadingError, match=r"has no text: its pages are pictures.*sharper"):
        read_file(tmp_path / "scan.pdf")
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ReadingError, match=r"has no text: its pages are pictures.*Install the extra 'ocr'"):
        read_file(tmp_path / "scan.pdf")


def test_two_columns_are_read_left_then_right(tmp_path):
    sentences = documents.columns_pdf(tmp_path / "c.pdf")
    words = " ".join(kinds(read_file(tmp_path / "c.pdf"), "paragraph"))
    assert [words.find(sentence) for sentence in sentences] == sorted(words.find(s) for s in sentences)
    assert -1 not in [words.find(sentence) for sentence in sentences]


def test_cut_words_are_whole_again_and_footnotes_stand_apart(tmp_path):
    documents.hyphens_pdf(tmp_path / "h.pdf")
    document = read_file(tmp_path / "h.pdf")
    words = kinds(document, "paragraph")
    assert words == [
        "The looked-after child of the district has a responsibility that nobody else has, and every looked-after pupil "
        "is counted, and each responsibility is named.",
        "The duty is in the Act",
    ]
    assert kinds(document, "note") == ["1 Children and Zebras Act 2014, section 99."]


def test_a_word_file_has_its_headings_lists_numbers_and_rows(tmp_path):
    documents.guidance_docx(tmp_path / "d.docx")
    document = read_file(tmp_path / "d.docx")
    assert document.title == "Policy of the striped council"
    assert [(b.kind, b.level, b.text) for b in document.blocks if b.kind != "row"] == [
        ("heading", 1, "Policy of the striped council"),
        ("heading", 2, "Purpose"),
        ("paragraph", 0, "The council must keep a zebra register."),
        ("paragraph", 0, "The head should:"),
        ("item", 0, "train teachers"),
        ("item", 0, "advise governors"),
        ("heading", 3, "Steps"),
        ("item", 0, "First the officer writes down what the school has said about the whole year group."),
        ("item", 0, "Then send it."),
        ("heading", 8, "Money of the year"),
        ("paragraph", 0, "The striped fund pays 2,630 pounds."),
    ]
    assert kinds(document, "row") == ["Phase: Primary | Pupils: 120", "Phase: Secondary | Pupils: 95"]
    assert document.pages is None  # nothing saved where Word would break the pages


def test_a_word_file_says_its_pages_and_reads_as_if_changes_were_accepted(tmp_path):
    documents.paged_docx(tmp_path / "p.docx")
    document = read_file(tmp_path / "p.docx")
    where = {}
    for passage in passages(document):
        for unit in units(passage.text):
            place = passage.place(unit.start, unit.end)
            where[passage.text[unit.start : unit.end].split()[0]] = (place.page, place.page_end)
    assert where == {"Alpha": (1, 1), "Beta": (1, 2), "Gamma": (2, 2), "Delta": (2, 2), "Zeta": (2, 2), "Eta": (3, 3)}


def test_a_web_page_is_read_without_what_is_not_its_text(tmp_path):
    documents.page_html(tmp_path / "p.html", "<blockquote>Quoted words.</blockquote>Loose words.")
    document = read_file(tmp_path / "p.html")
    assert (document.title, document.published) == ("Striped page", "2024-05-17")
    assert [(block.kind, block.text) for block in document.blocks] == [
        ("heading", "Striped page"),
        ("paragraph", "The council must keep a register. It is public."),
        ("heading", "Offers"),
        ("paragraph", "The head can:"),
        ("item", "train teachers"),
        ("item", "in schools"),
        ("item", "advise governors"),
        ("row", "Phase: Primary | Pupils: 120"),
        ("paragraph", "Quoted words."),
        ("paragraph", "Loose words."),
    ]


def test_plain_text_has_its_headings_told_by_their_shape(tmp_path):
    (tmp_path / "t.txt").write_text(
        "A paper on striped schools\n\nFor officers\n\nTable of Contents\n\nAims..... 2\n\nMoney 7\n\nAims\n\n"
        "The aims of the paper, says **the author**, are;\n\n- to train\n- to advise\n\nMoney\n"
        "The fund of the council pays for the whole of the striped work and for no\n\nother purpose of the year.\n"
        "Heads are not asked to\n  • work with one child\n  • reply to\n    parents\n",
        encoding="utf-8",
    )
    document = read_file(tmp_path / "t.txt")
    assert [(block.kind, block.text) for block in document.blocks] == [
        ("heading", "A paper on striped schools"),
        ("paragraph", "For officers"),
        ("heading", "Aims"),
        ("paragraph", "The aims of the paper, says the author, are;"),
        ("item", "to train"),
        ("item", "to advise"),
        ("heading", "Money"),
        (
            "paragraph",
            "The fund of the council pays for the whole of the striped work and for no other purpose of the year.",
        ),
        ("paragraph", "Heads are not asked to"),
        ("item", "work with one child"),
        ("item", "reply to parents"),
    ]


@pytest.mark.parametrize("kind", ["md", "txt", "html"])
def test_numbered_paragraphs_keep_their_number_as_a_place(tmp_path, kind):
    lines = []
    for number in range(1, 9):
        if number in (1, 5):
            lines.append(f"<h2>Part {number}</h2>" if kind == "html" else f"## Part {number}")
        text = f"{number}. The officer of rule {number} must keep a register of every school in the district."
        lines.append(f"<p>{text}</p>" if kind == "html" else text)
    path = tmp_path / f"n.{kind}"
    path.write_text("\n\n".join(lines), encoding="utf-8")
    found = [block for block in read_file(path).blocks if block.kind != "heading"]
    assert [(block.kind, block.number) for block in found] == [("paragraph", str(n)) for n in range(1, 9)]
    assert all(block.text.startswith("The officer") for block in found)


def test_items_that_begin_with_a_figure_keep_it(tmp_path):
    path = tmp_path / "n.md"
    path.write_text(
        "# T\n\nOf these:\n\n" + "\n".join(f"- {n} of the 27 were about matters of that kind\n" for n in range(1, 9))
    )
    assert kinds(read_file(path), "item")[1] == "2 of the 27 were about matters of that kind"


def test_a_file_of_300_pages_is_read_within_the_limits_and_to_its_last_page(tmp_path):
    drawn = canvas.Canvas(str(tmp_path / "long.pdf"), pagesize=A4)
    for page in range(1, 301):
        drawn.drawString(72, 800, "The long zebra report")
        for line in range(12):
            drawn.drawString(72, 700 - 14 * line, f"Line {line} of leaf {page} tells of stripes in the district.")
        drawn.drawString(280, 30, str(page))
        drawn.showPage()
    drawn.save()
    with Reader() as reader:
        document = reader.read(tmp_path / "long.pdf")
    assert document.pages == 300
    statements = 0
    for passage in passages(document):
        for unit in units(passage.text):
            match = re.fullmatch(
                r"Line \d+ of leaf (\d+) tells of stripes in the district\.", passage.text[unit.start : unit.end]
            )
            assert match, passage.text[unit.start : unit.end]
            place = passage.place(unit.start, unit.end)
            assert (place.page, place.page_end) == (int(match.group(1)), int(match.group(1)))
            statements += 1
    assert statements == 3600


def test_a_table_without_column_names_keeps_its_cells(tmp_path):
    (tmp_path / "t.html").write_text(
        "<h1>T</h1><table><tr><td>2020</td><td>14</td></tr><tr><td>2021</td><td>16</td></tr></table>"
    )
    assert kinds(read_file(tmp_path / "t.html"), "row") == ["2020 | 14", "2021 | 16"]


def test_a_long_list_and_words_without_a_full_stop_are_cut_into_passages():
    rows = [Block("row", f"Phase: {n} | Pupils: {n * 7} of the whole district") for n in range(400)]
    endless = Block("paragraph", " ".join(f"word{n}" for n in range(5000)))
    found = passages(Document((*rows, endless)))
    assert max(len(passage.text.split()) for passage in found) <= 160
    words = " ".join(passage.text for passage in found)
    assert all(f"Phase: {n} | Pupils: {n * 7} of" in words for n in range(400))
    assert all(f"word{n}" in words.split() for n in range(5000))


def test_a_title_that_is_printed_again_is_no_statement_and_the_fuller_one_is_the_title():
    lines = ("The extended role", "The extended role of the council", "The extended role of heads is new.")
    blocks = (Block("heading", lines[0], 1), *(Block("paragraph", line) for line in lines))
    (section,) = from_document(Document(blocks), "doc").sections
    assert (section.heading, section.text) == ((lines[1],), lines[2])


def test_the_parts_of_a_structured_abstract_stand_under_their_own_headings():
    words = "Introduction Zebras are many. They graze. Methods: Herds were counted on paper. Findings The herds grow."
    blocks = (Block("heading", "Zebras", level=1), Block("paragraph", words, pages=((0, 3), (words.index("on p"), 4))))
    found = from_document(Document(blocks), "doc", "").sections
    assert [(section.heading[-1], section.text) for section in found] == [
        ("Introduction", "Zebras are many. They graze."),
        ("Methods", "Herds were counted on paper."),
        ("Findings", "The herds grow."),
    ]
    assert [[(mark.start, mark.page) for mark in section.marks] for section in found] == [
        [(0, 3)],
        [(0, 3), (19, 4)],
        [(0, 4)],
    ]
    prose = "Methods Were few. Findings of the herd count came late. Results Vary."
    (section,) = from_document(Document((Block("paragraph", prose),)), "doc", "").sections
    assert section.text == prose
