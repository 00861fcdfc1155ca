import pytest

from assistant.wording import expand


@pytest.mark.parametrize(
    ("question", "adds"),
    [
        ("what does a VSH do", "virtual school head"),
        ("VSHs in Scotland", "virtual head"),
        ("who is the DSL", "designated safeguarding lead"),
        ("looked after children", "children in care"),
    ],
)
def test_abbreviations_gain_their_words(question, adds):
    assert expand(question).startswith(question)
    assert adds in expand(question).lower()


@pytest.mark.parametrize("question", ["what is the width of it", "how many themes"])
def test_a_question_in_the_sources_words_stays_as_it_is(question):
    assert expand(question) == question


def test_two_letters_count_only_in_their_own_case():
    assert "designated teacher" in expand("is the DT paid")
    assert expand("a dt is nothing") == "a dt is nothing"
