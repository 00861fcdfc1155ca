import dataclasses

import pytest

from corpus.catalogue import load_catalogue
from corpus.errors import ReadingError
from corpus.reading import find_file, read_document, read_markdown

FRONT = "---\nsource: doc\n---\n"


def digest(tmp_path, text):
    path = tmp_path / "doc.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_headings_lists_and_paragraphs_are_kept(tmp_path):
    path = digest(
        tmp_path,
        FRONT
        + "# Title\n\nIntro *with* marks\nover two lines.\n\n## A\n\nLead:\n\n- one\n- two\n  goes on\n\n### Deep\n\nText.\n\n## B\n\nEnd.\n",
    )
    sections = read_document(path, "doc", "digest").sections
    assert [(s.heading, s.text) for s in sections] == [
        (("Title",), "Intro with marks over two lines."),
        (("Title", "A"), "Lead:\n\n- one\n- two goes on"),
        (("Title", "A", "Deep"), "Text."),
        (("Title", "B"), "End."),
    ]


def test_plain_text_bullets_and_tables_are_read():
    (section,) = read_markdown(
        "We can:\n\n  • train\n  • advise\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", "doc", "original"
    )
    assert section.text == "We can:\n\n- train\n- advise\n\n- a: 1 | b: 2"
    assert section.heading == ("doc",)


def test_a_section_may_be_about_nations_of_its_own(tmp_path):
    path = digest(
        tmp_path, "---\nsource: doc\nnations:\n  A: [england, scotland]\n---\n# T\n\n## A\n\nOne.\n\n## B\n\nTwo.\n"
    )
    assert [section.nation for section in read_document(path, "doc", "digest").sections] == [
        ("england", "scotland"),
        (),
    ]
    with pytest.raises(ReadingError, match="no map of headings to nations"):
        read_document(digest(tmp_path, "---\nsource: doc\nnations: {A: [france]}\n---\n# T\n\nx\n"), "doc", "digest")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# No front matter\n", r"doc\.md:1: has no front matter"),
        ("---\nsource: doc\n# never closed\n", r"doc\.md:\d+: its front matter is never closed"),
        ("---\nsource: doc\nbad: [1,\n---\n# T\n\nx\n", r"doc\.md:\d: its front matter is not valid YAML"),
        ("---\nsource: other\n---\n# T\n\nx\n", r"doc\.md:2: its front matter does not say 'source: doc'"),
        (FRONT + "# Only a heading\n", r"doc\.md: holds no text"),
        (b"\xff\xfe\x00bad", r"doc\.md: is not UTF-8 text"),
    ],
)
def test_a_broken_digest_names_the_file_and_line(tmp_path, text, says):
    with pytest.raises(ReadingError, match=says):
        read_document(digest(tmp_path, text), "doc", "digest")


def test_an_original_replaces_the_digest(tmp_path, settings):
    source = load_catalogue(settings.catalogue)["drew-banerjee-2019"]
    own = settings.model_copy(update={"originals": tmp_path})
    assert find_file(source, own) == (settings.digests / "drew-banerjee-2019.md", "digest")
    original = tmp_path / "drew-banerjee-2019.txt"
    original.write_text("Words of the original.")
    assert find_file(source, own) == (original, "original")
    (tmp_path / "drew-banerjee-2019.md").write_text("Another.")
    with pytest.raises(ReadingError, match="are both originals"):
        find_file(source, own)


def test_an_original_of_an_unknown_kind_is_an_error_that_says_the_mend(tmp_path, settings):
    source = load_catalogue(settings.catalogue)["drew-banerjee-2019"]
    (tmp_path / "drew-banerjee-2019.xlsx").write_bytes(b"PK")
    with pytest.raises(ReadingError, match=r"cannot be read\. Save it as \.md, \.txt"):
        find_file(source, settings.model_copy(update={"originals": tmp_path}))


def test_a_source_without_a_document_has_no_file(settings):
    source = load_catalogue(settings.catalogue)["kcsie-2026"]
    assert find_file(source, settings) is None
    assert find_file(dataclasses.replace(source, id="nothing"), settings) is None
