"""Documents and questions are data: nothing of them becomes markup."""

import dataclasses

from assistant.domain import Message, Question, Reason
from corpus.domain import Mark, Passage
from ui import rendering

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) &amp;"


def test_a_question_is_escaped(assistant):
    answer = assistant.answer(Question("What does the extended role cover?"))
    html = rendering.conversation([(HOSTILE, answer)], assistant.safety)
    assert "<script>" not in html
    assert "<img" not in html


def test_an_answers_words_are_escaped(assistant):
    answer = dataclasses.replace(assistant.answer(Question("What does the extended role cover?")), answer=HOSTILE)
    html = rendering.answer_words(answer, 1)
    assert "<script>" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_a_passage_is_escaped_and_keeps_its_lists():
    html = rendering.passage_html(
        Passage("p", "s", "original", ("T",), f"Lead:\n\n- one {HOSTILE}\n- two", ("england",))
    )
    assert "<script>" not in html
    assert html.count("<li>") == 2


def test_markers_become_links_only_where_there_is_a_citation(assistant):
    answer = assistant.answer(Question("What does the extended role cover?"))
    html = rendering.answer_words(dataclasses.replace(answer, answer="One [1] and [99]"), 3)
    assert 'href="#turn-3-citation-1"' in html
    assert "[99]" in html
    assert "citation-99" not in html


def test_the_panel_stays_in_front_once_a_turn_was_urgent(assistant):
    urgent = assistant.answer(Question("a girl in my class says her stepdad hits her"))
    later = assistant.answer(Question("What does the extended role cover?"))
    html = rendering.conversation([("a", urgent), ("b", later)], assistant.safety)
    assert html.index("call 999") < html.index('id="turn-1"')
    assert html.count("<strong>If a child or anyone else is in danger now, call 999.</strong>") == 1
    assert "call 999" not in rendering.conversation([("b", later)], assistant.safety)


def test_a_turn_that_is_not_kept_still_counts_as_about_that_child(assistant):
    from ui.chat import NOT_SHOWN, STANDS_FOR, _said

    declined = assistant.answer(Question("should Tamsin be excluded?"))
    said = _said(NOT_SHOWN, declined)
    assert said == STANDS_FOR[Reason.INDIVIDUAL_CHILD]
    assert "Tamsin" not in said
    history = (Message("user", said), Message("assistant", declined.answer))
    assert assistant.answer(Question("and what about on Fridays, would you keep her in?", history)).reason is not None
    general = assistant.answer(Question("What are the aims of the extended role?"))
    assert _said("What are the aims of the extended role?", general) == "What are the aims of the extended role?"


def test_a_numbered_paragraph_carries_its_number_and_not_in_its_words():
    marks = (Mark(0, 3, "7"), Mark(13, 3, "8"), Mark(26, 3, None))
    passage = Passage("p", "doc", "original", ("T",), "One is one.\n\nTwo is two.\n\nNone.", ("england",), marks)
    assert rendering.passage_html(passage) == (
        '<p data-paragraph="7">One is one.</p><p data-paragraph="8">Two is two.</p><p>None.</p>'
    )
