import pytest

from assistant.domain import Message, Outcome, Question
from assistant.spelling import mend, other_language

USED = {"responsibilities": 9, "training": 5, "attachment": 2, "teacher": 4, "virtual": 8, "officer": 1, "offer": 3}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what are the responsiblities", "what are the responsibilities"),
        ("do you do traning on atachment?", "do you do training on attachment?"),
        ("a Vritual scool", "a virtual scool"),
    ],
)
def test_a_slip_becomes_the_word_of_the_documents(typed, meant):
    assert mend(typed, USED) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "the trainees and their trainers",  # forms of known words
        "what is the width of it",  # English that the documents do not use
        "comms and EHCPs for weans",  # our vocabulary
        "mail oficer@teachr.example about virtul-x, virtul2 or O'Teachr",  # parts of addresses, numbers, names
        "trainng" * 3,  # near nothing
        "tech vrtl",  # too short to tell
    ],
)
def test_what_is_no_slip_stays_as_it_is(typed):
    assert mend(typed, USED) == typed


def test_equal_slips_go_to_the_more_used_word_and_always_the_same():
    assert mend("offcer", USED) == "offer"
    assert mend("offcer", {**USED, "officer": 4}) == "officer"


def test_documents_that_use_no_words_mend_nothing():
    assert mend("traning", {}) == "traning"


def test_a_question_full_of_slips_is_answered_as_the_same_without_them(assistant):
    slips = assistant.answer(Question("what traning on atachment can the vritual school offer schools"))
    plain = assistant.answer(Question("what training on attachment can the virtual school offer schools"))
    assert plain.outcome is Outcome.ANSWERED
    assert slips.answer == plain.answer


def test_slips_in_the_turns_before_are_mended_too(assistant):
    before = (Message("user", "what traning is there on atachment"), Message("assistant", "..."))
    assert assistant.searched(Question("and in Scotland?", before)).startswith("what training is there on attachment")


@pytest.mark.parametrize(
    "text",
    [
        "W jakich sprawach virtual school pomaga szkołom i pracownikom?",
        "Cynorthwyydd dosbarth ydw i. Pa hyfforddiant y gall y Virtual School ei gynnig?",
        "ورچوئل اسکول کیا ہے؟",
        "虚拟学校是什么",
    ],
)
def test_another_language_is_told_that_only_english_is_read(text, assistant):
    answer = assistant.answer(Question(text))
    told = [*(caution.text for caution in answer.cautions), answer.answer]
    assert any("reads English only" in words for words in told)


@pytest.mark.parametrize(
    "text",
    [
        "whit dae the bairns theirsels think o the virtual heid teacher",
        "im a techer in a primry, dose the vritual school do traning on atachment",
        "VSHT?",
        "2021?",
    ],
)
def test_scots_slips_and_short_questions_are_english(text, assistant):
    assert not other_language(text, assistant.library.index.words)
