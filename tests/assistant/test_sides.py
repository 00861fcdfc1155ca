"""A comparison has its sides: what is asked of which source."""

import pytest

from assistant.build import build_assistant
from assistant.domain import Question
from assistant.sides import sides

D, W, B = "dfe-2021-role-extension", "worcestershire-extended-role", "drew-banerjee-2019"
C, M = "celcis-2021-roles-responsibilities", "mciver-2023-in-both-camps"


@pytest.fixture(scope="module")
def held(assistant):
    index = assistant.library.index
    return {source_id: index.sources[source_id] for source_id in index.files}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "attendance: which figure does Worcs give, and what does McIver say of how learners experience school",
            [({W}, "which figure"), ({M}, "learners experience school")],
        ),
        ("what do the Scottish papers say of training and what do the English ones", [({C, M}, ""), ({B, D, W}, "")]),
        ("aims in the DfE guidance vs those on the Worcestershire page", [({D}, ""), ({W}, "")]),
        ("how did each of the Scottish papers get its information", [({C}, ""), ({M}, "")]),
        ("what does McIver find, and what do the other Scottish papers say of it", [({M}, ""), ({C}, "")]),
        ("is the role statutory in England and in Wales", [({B, D, W}, "statutory"), (set(), "statutory")]),
        ("training: what the 2020 workshop says next to the 2019 research", [({C}, "training"), ({B}, "training")]),
        ("how many took part in the interviews and how many answered the survey", [({M}, "part"), ({B}, "answered")]),
        (
            "how do the Scottish papers and the English guidance differ on statutory status",
            [({C, M}, "statutory"), ({B, D, W}, "statutory")],
        ),
        ("what do Drew and Banerjee conclude", []),
        ("is the CELCIS paper guidance or research", []),
        ("how many responsibilities were about training", []),
    ],
)
def test_each_side_has_its_sources_and_its_own_part_of_the_question(held, text, expected):
    found = sides(text, held)
    assert [set(side.sources) for side in found] == [sources for sources, _ in expected]
    for side, (_, part) in zip(found, expected, strict=True):
        assert part in side.text


def test_a_name_is_not_searched_for_in_the_source_that_it_names(held):
    celcis, mciver = sides("joint working: what do CELCIS and McIver each conclude on it", held)
    assert not {"celcis", "mciver"} & set(f"{celcis.text} {mciver.text}".lower().split())
    assert "joint working" in mciver.text


def test_a_side_that_only_names_its_document_is_asked_the_whole_question(held):
    text = "is training on trauma offered? McIver and the DfE guidance seem to pull different ways"
    found = sides(text, held)
    assert [set(side.sources) for side in found] == [{M}, {D}]
    assert all("training on trauma" in side.text for side in found)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            "training: how many did the scottish workshop list, and what does Worcestershire offer",
            {C: "25", W: "train"},
        ),
        (
            "partnership work: the number CELCIS counted vs what Worcestershire names in its aims",
            {C: "partner", W: "partner"},
        ),
    ],
)
def test_an_answer_quotes_every_side(assistant, text, facts):
    answer = assistant.answer(Question(text))
    quoted = {source_id: " ".join(c.quote for c in answer.citations if c.source_id == source_id) for source_id in facts}
    for source_id, fact in facts.items():
        assert fact in quoted[source_id].lower()


def test_a_comparison_may_be_the_first_question_of_all(settings):
    """Nothing is in memory yet, and a side names passages twice: as found, and as answering the likest questions."""
    answer = build_assistant(settings).answer(Question("what do CELCIS and McIver each conclude on joint working"))
    assert answer.outcome == "answered"


def test_a_chosen_nation_leaves_one_side(assistant):
    text = "training: how many did the scottish workshop list, and what does Worcestershire offer"
    answer = assistant.answer(Question(text, nation="scotland"))
    assert {c.source_id for c in answer.citations} <= {C, M}


def test_a_side_that_says_nothing_of_it_is_named(assistant):
    text = "what are the exclusion appeal deadlines in the DfE guidance, and how many responsibilities did CELCIS count"
    answer = assistant.answer(Question(text))
    assert answer.outcome == "partial"
    assert "The first part of this question is not answered" in answer.answer
    assert {c.source_id for c in answer.citations} == {C}


def test_each_nation_is_told_of_by_what_is_said_of_it_whichever_source_says_so(assistant):
    answer = assistant.answer(Question("since when has the role been statutory in Scotland and in England?"))
    assert "England has had the Virtual School Head (VSH) as a statutory role since 2014" in answer.answer
    assert "In Scotland the posts are a choice" in answer.answer
    answer = assistant.answer(Question("what is a virtual school head in England and in Scotland?"))
    assert "In England a Virtual School Head is a senior officer" in answer.answer


def test_a_source_is_called_what_it_is_called_only_where_nothing_else_is_named(held):
    text = "training: what the 2020 workshop says next to the 2019 research"
    for side in sides(text, held):
        assert not {"2020", "workshop", "2019", "research"} & set(side.text.lower().split())
    assert sides("does Worcestershire run workshops for teachers", held) == ()
    assert sides("what does the DfE 2021 paper say on the survey", held) == ()
    asked = sides("how many answered the survey in Scotland and how many in England", held)
    assert [set(side.sources) for side in asked] == [{C, M}, {B, D, W}]


def test_a_note_on_several_sources_is_said_once_and_names_them(assistant):
    answer = assistant.answer(Question("what do CELCIS and Drew and Banerjee each say about training and transition?"))
    assert {c.source_id for c in answer.citations} >= {B, C}
    (kinds,) = (caution.text for caution in answer.cautions if caution.code == "research_not_guidance")
    assert "European Journal of Psychology of Education (2019) is research" in kinds
    assert "CELCIS, University of Strathclyde (2021) is a practice paper" in kinds
    assert kinds.endswith(", not guidance: they place no duty on anyone.")
    alone = assistant.answer(Question("How many responsibilities were about training?"))
    assert [c.text for c in alone.cautions if c.code in ("research_not_guidance", "figures_do_not_reconcile")] == [
        "CELCIS, University of Strathclyde (2021) is a practice paper, not guidance: it places no duty on anyone.",
        "Figures within CELCIS, University of Strathclyde (2021) do not reconcile with one another; they are quoted as they stand.",
    ]
