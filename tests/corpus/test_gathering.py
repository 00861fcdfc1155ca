"""What an index is told beside the words of files."""

from dataclasses import replace

import pytest

from corpus.domain import Source
from corpus.gathering import gather, publication

SOURCE = Source(
    "s", "Title", (), "A Council", "", ("england",), "web page", "current", None, None, (), "licence", "", False
)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, "This web page was published by A Council without a date."),
        ({"force": "not stated", "published": "2021"}, "This document was published by A Council in 2021."),
        ({"publisher": "", "published": "2021"}, "This web page was published in 2021."),
        (
            {"force": "research", "authors": ("Ann Lee",), "published": "2021-02"},
            "Ann Lee wrote this research, published by A Council in February 2021.",
        ),
        (
            {"authors": ("Ann Lee", "Bo Day", "Cy Fox"), "published": "2021-02-03"},
            "Ann Lee, Bo Day and Cy Fox wrote this web page, published by A Council on 3 February 2021.",
        ),
        (
            {"published": "2021", "review_by": "2022-03-31"},
            "This web page was published by A Council in 2021.\n\nIt was to be reviewed by 31 March 2022.",
        ),
    ],
)
def test_a_catalogue_record_says_who_published_a_document_and_when(known, words):
    (section,) = publication(replace(SOURCE, **known))
    assert section.text == words
    assert (section.rendition, section.heading) == ("digest", ("Title", "Publication details"))


def test_only_an_original_has_its_record_beside_it(settings, tmp_path):
    (tmp_path / "drew-banerjee-2019.txt").write_text("The survey had 29 answers.\n", encoding="utf-8")
    corpus = gather(settings.model_copy(update={"originals": tmp_path}))
    ours = [p for p in corpus.passages if p.source_id == "drew-banerjee-2019" and p.rendition == "digest"]
    assert [p.text for p in ours] == [
        "Helen Drew and Robin Banerjee wrote this research, published by European Journal of Psychology of Education in 2019."
    ]
    records = [p for p in corpus.passages if "wrote this research, published by" in p.text]
    assert records == ours
