"""The one path of a question, over the real index."""

import dataclasses

import pytest

from assistant.answering import LONGEST, Assistant
from assistant.build import build_assistant
from assistant.domain import Message, Outcome, Question, Reason
from assistant.errors import QuestionError
from assistant.replies import load_replies
from assistant.scope.signposts import load_contacts
from assistant.settings import AssistantSettings
from corpus.settings import CorpusSettings
from evals.bank import load_part

ASKED = "What are virtual school heads not being asked to do?"


def without_id_and_times(answer):
    return dataclasses.replace(answer, id="", timings_ms={})


def test_the_limit_is_answered_whole_and_cited(assistant):
    answer = assistant.answer(Question(ASKED))
    assert answer.outcome is Outcome.ANSWERED
    assert [statement.text.split()[0] for statement in answer.statements] == ["For", "do", "answer", "take"]
    (citation,) = answer.citations
    assert (citation.source_id, citation.section) == (
        "worcestershire-extended-role",
        "Virtual School Heads are not being asked to",
    )
    assert (citation.nation, citation.force) == (("england",), "web page")
    assert {caution.code for caution in answer.cautions} >= {"predates_newer", "one_cohort"}
    assert "kinship care" in answer.cautions[0].text
    assert "direct support to looked-after children" in " ".join(caution.text for caution in answer.cautions)


def test_every_statement_and_quote_is_the_passages_own(assistant):
    index = assistant.library.index
    asked = [item for item in load_part("development") if item.answerable][:80]
    quoted = 0
    for item in asked:
        answer = assistant.answer(Question(item.question))
        texts = {citation.number: index.passage(citation.passage_id).text for citation in answer.citations}
        for citation in answer.citations:
            assert citation.quote in texts[citation.number]
            quoted += 1
        for statement in answer.statements:
            assert statement.citations
            assert all(statement.text in texts[number] for number in statement.citations)
            assert statement.text in answer.answer
        markers = {int(part.split("]")[0]) for part in answer.answer.split("[")[1:] if part.split("]")[0].isdigit()}
        assert markers <= set(texts)
    assert quoted > 80


def test_the_same_question_gives_the_same_bytes(assistant, settings):
    again = build_assistant(settings)
    for text in (
        ASKED,
        "who funded the lasagne",
        "a girl says her dad hits her",
        "my son needs help",
        "training responsibilities",
    ):
        first, second, third = (
            assistant.answer(Question(text)),
            assistant.answer(Question(text)),
            again.answer(Question(text)),
        )
        assert without_id_and_times(first) == without_id_and_times(second) == without_id_and_times(third)
        assert first.id != second.id


@pytest.mark.parametrize(
    "text", ["How do I bake a lasagne?", "quick recipe for scones", "who won the cup final in 1966"]
)
def test_what_the_sources_do_not_hold_is_not_covered(assistant, text):
    answer = assistant.answer(Question(text))
    assert answer.outcome is Outcome.NOT_COVERED
    assert answer.citations == ()
    assert answer.statements == ()
    assert "The sources here do not answer this." in answer.answer


def test_not_covered_points_to_the_official_document(assistant):
    answer = assistant._not_covered(
        Question("What is the pupil premium plus rate?"), _nothing_found(), assistant.library.index
    )
    assert "pupil-premium" in answer.answer
    assert "whose text is not in this service" in answer.answer


def _nothing_found():
    import numpy as np

    from assistant.retrieval import Retrieved

    return Retrieved((), np.zeros(3, dtype=np.float32))


@pytest.mark.parametrize("nation", ["england", "scotland"])
def test_a_chosen_nation_is_never_mixed(assistant, nation):
    for item in [item for item in load_part("development") if item.answerable][:60]:
        for citation in assistant.answer(Question(item.question, (), nation)).citations:
            assert nation in citation.nation


def test_an_answer_of_two_nations_says_which_is_which(assistant):
    answer = assistant.answer(Question("compare who took part: the Scottish interviews and the English survey"))
    assert set(answer.nation) == {"england", "scotland"}
    assert "**England:**" in answer.answer
    assert "**Scotland:**" in answer.answer
    assert "mixed_nations" in {caution.code for caution in answer.cautions}


def test_a_follow_up_is_searched_with_the_turn_before(assistant):
    history = (
        Message("user", "what were the training responsibilities in the Scottish workshop"),
        Message("assistant", "..."),
    )
    answer = assistant.answer(Question("and how many of those were about delivering it?", history))
    assert "13 of the 25" in answer.answer
    assert answer.citations[0].source_id == "celcis-2021-roles-responsibilities"


def test_personal_data_comes_back_nowhere(assistant):
    text = "Lacey-Mae Thornber, 03/09/2012, 07700 900417, a.b@c.example. How many VSHTs did McIver interview?"
    answer = assistant.answer(Question(text, (Message("user", "Alfie Penhaligon-Wray, UPN H801200001015"),)))
    everything = repr(answer)
    for piece in ("Lacey", "Thornber", "03/09/2012", "900417", "a.b@c", "Penhaligon", "H8012"):
        assert piece not in everything
    assert answer.redactions >= 5
    assert answer.answer.startswith("Personal details were removed")


def test_a_message_of_personal_details_alone_is_declined(assistant):
    answer = assistant.answer(Question("Lacey-Mae Thornber 03/09/2012?"))
    assert answer.outcome is Outcome.DECLINED
    assert answer.redactions == 2


def test_a_declined_answer_keeps_the_order_and_the_two_limits_apart(assistant):
    answer = assistant.answer(Question("Should Tamsin be on a reduced timetable? She is in Year 9"))
    assert (answer.outcome, answer.reason) == (Outcome.DECLINED, Reason.INDIVIDUAL_CHILD)
    marks = [
        "call 999",
        "This service cannot give advice about one child",
        "a separate matter",
        "not being asked to",
        "In general, the sources say",
        "reduced timetables",
        "Who can help",
        "You can ask instead",
        "Nothing has been reported",
    ]
    places = [answer.answer.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "Virtual schools give direct support to looked-after children" in answer.answer
    assert {c.source_id for c in answer.citations} == {"worcestershire-extended-role", "drew-banerjee-2019"}
    assert "Tamsin" not in repr(answer)
    assert answer.signposts
    assert answer.suggestions


@pytest.mark.parametrize(
    ("text", "nation", "says", "who"),
    [
        ("should Tamsin be suspended again", "england", "so that exclusion is avoided", "social worker"),
        ("which targets for Tamsin, she's in care", "england", "interventions that are known", "Reviewing Officer"),
        ("does Tamsin need an EHCP", "england", "SEND processes", "SENCO"),
        (
            "oor P6 lad Callan, whit dae we dae aboot his attendance",
            None,
            "attendance or attainment",
            "lead professional",
        ),
        ("what do we say to Tamsin's parents", "scotland", "families of care experienced", "lead professional"),
    ],
)
def test_what_is_said_in_general_and_whom_to_ask_follow_the_topic(assistant, text, nation, says, who):
    answer = assistant.answer(Question(text, (), nation))
    assert answer.reason is Reason.INDIVIDUAL_CHILD
    assert says in answer.answer
    assert any(who in signpost.who for signpost in answer.signposts)
    if nation != "england":
        assert all("scotland" in citation.nation for citation in answer.citations)
    by_number = {c.number: assistant.library.index.passage(c.passage_id).text for c in answer.citations}
    for statement in answer.statements:
        assert all(statement.text in by_number[n] for n in statement.citations)
        assert answer.answer.count(statement.text) == 1


@pytest.mark.parametrize(
    "text", ["im 14 and in care, can i change my school", "I'm in year 9, can my exclusion be undone"]
)
def test_a_young_person_gets_plain_words_and_a_trusted_adult(assistant, text):
    answer = assistant.answer(Question(text))
    assert answer.outcome is Outcome.DECLINED
    assert "an adult you trust" in answer.answer
    assert any(s.who == "Childline" for s in answer.signposts) or answer.urgent
    assert answer.citations == ()


def test_a_parent_of_a_child_who_left_care_is_told_what_the_council_must_make_available(assistant):
    answer = assistant.answer(Question("my daughter was in care before we adopted her, who can help with her school?"))
    assert answer.reason is Reason.PARENT_OR_CARER
    assert "must make advice and information available" in answer.answer


def test_an_allegation_about_an_adult_has_a_route_of_its_own(assistant):
    answer = assistant.answer(Question("a pupil has just told me a TA hit him, there is an allegation against her"))
    assert answer.urgent
    assert "LADO" in answer.answer


def test_englands_limit_is_not_shown_to_scotland(assistant):
    answer = assistant.answer(Question("Should Tamsin be on a reduced timetable? She is in Year 9", (), "scotland"))
    assert all("scotland" in citation.nation for citation in answer.citations)
    assert "Head Teacher" in " ".join(signpost.who for signpost in answer.signposts)


def test_every_suggestion_is_one_this_corpus_answers_from_the_place_it_names(assistant):
    for suggestion in load_replies(load_contacts(AssistantSettings().contacts)).suggestions:
        answer = assistant.answer(Question(suggestion.question))
        assert answer.outcome is Outcome.ANSWERED, suggestion
        assert (suggestion.source, suggestion.section) in {(c.source_id, c.section) for c in answer.citations}, (
            suggestion
        )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("  \n ", "is empty"),
        ("?!", "is empty"),
        ("a" * 10_000, f"has 10000 characters; the most is {LONGEST}"),
        ("what\x00now", "not text"),
        ("lone \ud800 half", "not text"),
        ("hid\u200bden words", "hidden characters"),
        ("\u202ereversed", "hidden characters"),
        ("tag\U000e0041s", "hidden characters"),
    ],
)
def test_what_is_no_question_is_an_error_that_says_the_mend(assistant, text, says):
    with pytest.raises(QuestionError, match=says):
        assistant.answer(Question(text))


@pytest.mark.parametrize("hidden", ["\u034f", "\u115f", "\u180e", "\u200e", "\u3164", "\ufe00", "\U000e0101", "\u200d"])
def test_nothing_hides_between_letters(assistant, hidden):
    with pytest.raises(QuestionError, match="hidden"):
        assistant.answer(Question(f"What does the extended{hidden}role cover?"))


def test_emoji_soft_hyphens_and_full_width_letters_are_read_as_a_person_reads_them(assistant):
    plain = assistant.answer(Question("What does the extended role cover?"))
    dressed = assistant.answer(Question("What does the ex\u00adtended ｒｏｌｅ cover?"))
    assert dressed.answer == plain.answer
    assert assistant.answer(Question("What does the extended role cover? 👩‍🏫 ❤️")).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    "text",
    ["she\u200b says she is going to kill herself tonight", "he took loads of pills just now " + "please help " * 600],
)
def test_danger_is_met_even_in_a_message_that_cannot_be_taken(assistant, text):
    answer = assistant.answer(Question(text))
    assert (answer.reason, answer.urgent) == (Reason.SAFEGUARDING, True)


def test_danger_stands_before_all_else_in_what_is_declined(assistant):
    for text in (
        "Lacey-Mae Thornber 03/09/2012, should she be excluded?",
        "my son has a social worker, can you help him?",
        "Lacey-Mae Thornber?",
    ):
        answer = assistant.answer(Question(text))
        assert answer.outcome is Outcome.DECLINED
        assert answer.answer.startswith("**If a child")


@pytest.mark.parametrize("nation", ["Wales", "Northern Ireland"])
def test_a_nation_that_nothing_is_held_of_is_not_answered_from_another(assistant, nation):
    answer = assistant.answer(Question(f"What is the virtual school model in {nation}?"))
    assert answer.outcome is Outcome.NOT_COVERED
    assert "gov.wales" in answer.answer if nation == "Wales" else "education-ni.gov.uk" in answer.answer


def test_a_comparison_with_such_a_nation_is_partial(assistant):
    answer = assistant.answer(Question("Is the virtual school head statutory in England and in Wales?"))
    assert answer.outcome is Outcome.PARTIAL
    assert "Nothing here is about Wales." in answer.answer


class Broken:
    """A classifier that fails, as a real one may."""

    def rule(self, *_):
        raise RuntimeError("the words of the question")


def test_whatever_fails_in_scope_there_is_no_answer_and_the_panel_shows(assistant, monkeypatch, caplog):
    def fails(*_):
        raise RuntimeError("Kestrel is in the message of this error")

    monkeypatch.setattr("assistant.answering.redact", fails)
    answer = assistant.answer(Question(ASKED))
    assert answer.outcome is Outcome.UNAVAILABLE
    assert answer.urgent
    assert answer.citations == ()
    assert "Kestrel" not in caplog.text


def test_a_failed_classifier_never_yields_an_answer_and_shows_the_panel(assistant, caplog):
    replies = load_replies(load_contacts(AssistantSettings().contacts))
    failing = Assistant(assistant.library, replies, load_contacts(AssistantSettings().contacts), Broken())
    answer = failing.answer(Question(ASKED))
    assert (answer.outcome, answer.urgent) == (Outcome.UNAVAILABLE, True)
    assert failing.answer(Question("what about Shanice then?")).reason is Reason.INDIVIDUAL_CHILD
    assert "the words of the question" not in caplog.text


def test_hidden_characters_in_the_history_are_an_error_too(assistant):
    with pytest.raises(QuestionError, match="hidden"):
        assistant.answer(Question(ASKED, (Message("user", "a\u200bb"),)))


@pytest.fixture
def without_index(tmp_path) -> Assistant:
    return build_assistant(CorpusSettings(data=tmp_path / "none"))


def test_an_outage_is_never_no_answer(without_index):
    answer = without_index.answer(Question(ASKED))
    assert answer.outcome is Outcome.UNAVAILABLE
    assert "This is a fault, not a finding" in answer.answer
    assert "Run: python -m corpus index" in without_index.fault


def test_the_safety_panel_works_with_the_index_gone(without_index):
    answer = without_index.answer(Question("a girl in my class says her stepdad hits her"))
    assert (answer.outcome, answer.reason, answer.urgent) == (Outcome.DECLINED, Reason.SAFEGUARDING, True)
    assert answer.answer.startswith("**If a child or anyone else is in danger now, call 999.**")
    assert any("999" in contact.how for contact in answer.safety.contacts)


def test_declining_works_with_the_index_gone(without_index):
    answer = without_index.answer(Question("what about Shanice then?"))
    assert (answer.outcome, answer.reason) == (Outcome.DECLINED, Reason.INDIVIDUAL_CHILD)
    assert answer.citations == ()


def test_an_index_that_breaks_while_serving_is_an_outage(own_data):
    serving = build_assistant(CorpusSettings(data=own_data))
    for file in own_data.rglob("chroma.sqlite3"):
        file.write_bytes(b"not a database any more" * 1000)
    answer = serving.answer(Question(ASKED))
    assert answer.outcome is Outcome.UNAVAILABLE
    assert serving.answer(Question("a girl in my class says her stepdad hits her")).urgent


def test_of_several_questions_the_ones_that_are_not_answered_are_named(assistant):
    answer = assistant.answer(
        Question("How many Scottish local authorities had a VSHT in 2023, and what is the pupil premium plus rate?")
    )
    assert answer.outcome is Outcome.PARTIAL
    assert "18 of the 32" in answer.answer
    assert "The second part of this question is not answered by the sources here." in answer.answer
    whole = assistant.answer(
        Question(
            "How many Scottish local authorities had a VSHT in 2023, and how many responsibilities were identified?"
        )
    )
    assert whole.outcome is Outcome.ANSWERED


def test_what_is_turned_away_as_a_whole_is_answered_in_part(assistant):
    answer = assistant.answer(Question("what is the complaints procedure, and is the DfE guidance statutory?"))
    assert answer.outcome is Outcome.PARTIAL
    assert "The first part of this question is not answered by the sources here." in answer.answer
    assert {citation.source_id for citation in answer.citations} == {"dfe-2021-role-extension"}
