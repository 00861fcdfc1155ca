"""A digest that loses a figure is a defect: every figure of the documents is here, or is explained as left out."""

import re

import pytest
import yaml

from corpus.settings import CorpusSettings

# Every figure that stands in each document, in the document's own writing; words ("thirteen") as digits too.
FIGURES = {
    "mciver-2023-in-both-camps": ["2023", "2023-06-15", "2023-06-16", "1.0", "1MB", "2014", "18", "32", "13", "16"],
    "worcestershire-extended-role": [
        "2021",
        "2019",
        "0",
        "18",
        "1.6",
        "2012",
        "2018",
        "1 in 10",
        "3 in every",
        "3 times",
        "2 to 4",
        "98%",
        "COVID-19",
    ],
    "drew-banerjee-2019": ["2014", "29", "3", "4", "2019", "34", "101–121", "10.1007/s10212-018-0374-0"],
    "dfe-2021-role-extension": ["0", "18", "2022", "2021", "17", "1989"],
    "celcis-2021-roles-responsibilities": [
        *(
            "2021",
            "21 January 2020",
            "214",
            "15",
            "31",
            "29 of the 31",
            "23 of the 31",
            "27",
            "14 of the 27",
            "13 of the 27",
            "2 of the 27",
            "25",
        ),
        *(
            "20",
            "19",
            "18 of",
            "16",
            "13",
            "12",
            "11",
            "8",
            "7",
            "5",
            "54",
            "26 of the 214",
            "23 of 31",
            "13 of the 25",
            "2009",
            "June 2019",
        ),
        *("0141 444 8500", "2012/04", "2020", "2, 2, 3, 7, 10, 11", "2020/02, 20, 0"),
    ],
}

# The sub-counts under each of the fifteen headings of the practice paper, in its order.
SUB_COUNTS = {
    "Data": ["29", "23", "1", "1"],
    "Strategy": ["14", "13", "2", "1"],
    "Training": ["13", "7", "7", "3", "1", "4"],
    "Providing direct support to care experienced children and young people": ["7", "6", "3", "2", "2", "1", "1", "1"],
    "Working with partners": ["all 19", "18", "2", "1"],
    "Planning meetings": ["6", "6", "2", "1"],
    "Influencing policy": ["9", "3", "2", "1"],
    "Communication": ["4", "3", "1", "1"],
    "Budgeting": ["8", "2", "1", "1"],
    "Management": ["3", "2", "3", "2"],
    "School interventions": ["2", "1", "1", "1"],
}

HEADINGS = {
    "mciver-2023-in-both-camps": [
        "Abstract",
        "Introduction",
        "Aims and objectives",
        "Methods",
        "Findings",
        "Discussion/conclusions",
        "Implications",
    ],
    "worcestershire-extended-role": [
        *(
            "Why is this new role needed?",
            "Why are Virtual School taking on this role?",
            "What are the aims of this role?",
        ),
        *("Virtual School Heads are not being asked to", "What can Virtual School offer?"),
    ],
    "dfe-2021-role-extension": [
        "Expiry or Review Date",
        "Defining the cohort of children with a social worker",
        "Information, Help and Support",
    ],
    "celcis-2021-roles-responsibilities": [
        "Context",
        "Purpose",
        "Roles and Remit",
        "Analysis",
        "Conclusion",
        "Next steps",
        "About CELCIS",
        *SUB_COUNTS,
    ],
}


def read(source_id: str) -> tuple[dict[str, object], str]:
    _, front, body = (CorpusSettings().digests / f"{source_id}.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


@pytest.mark.parametrize("source_id", FIGURES)
def test_every_figure_is_in_the_digest_or_is_explained(source_id):
    front, body = read(source_id)
    explained = {entry["figure"]: entry["why"] for entry in front["left_out"]}
    missing = [
        figure
        for figure in FIGURES[source_id]
        if not re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", body) and not explained.get(figure)
    ]
    assert missing == []
    assert {figure for figure in explained if any(map(str.isdigit, figure))} <= set(FIGURES[source_id])


@pytest.mark.parametrize("heading", SUB_COUNTS)
def test_every_sub_count_of_the_practice_paper_stands_under_its_heading(heading):
    _, body = read("celcis-2021-roles-responsibilities")
    part = body.split(f"\n### {heading}\n")[1].split("\n### ")[0].split("\n## ")[0]
    counts = [match.group(1) for match in re.finditer(r"^- (all \d+|\d+)", part, re.MULTILINE)]
    assert counts == SUB_COUNTS[heading]


@pytest.mark.parametrize("source_id", HEADINGS)
def test_the_documents_own_headings_are_kept(source_id):
    _, body = read(source_id)
    found = re.findall(r"^#{1,3} (.+)$", body, re.MULTILINE)
    assert [heading for heading in HEADINGS[source_id] if heading not in found] == []


def test_what_does_not_reconcile_is_said_in_the_digest():
    _, body = read("celcis-2021-roles-responsibilities")
    for words in ("add up to 215, not 214", "add up to 30, not 27", "'13 of the 27'", "2009", "2019 is right"):
        assert words in body
    _, body = read("drew-banerjee-2019")
    assert "this duty is in England only" in body
    assert "opinion, not the authors' findings" in body
