"""What the writer chooses and what the check lets through, over small passages made for it."""

from assistant.domain import Draft, Quote
from assistant.ranking import Ranked
from assistant.writing import quoting
from assistant.writing.checking import check
from corpus.domain import Passage
from corpus.splitting import units

TEXT = "Heads are not asked to:\n\n- track one child\n- answer parents\n- take on others\n\nThey lead. They advise schools on the whole group."


def passage(text=TEXT, key="p1"):
    return Passage(key, "doc", "digest", ("Doc", "Part"), text, ("england",))


def ranked(scores, of=None):
    of = of or passage()
    return tuple(
        sorted(
            (Ranked(of, unit, score, ()) for unit, score in zip(units(of.text), scores, strict=True)),
            key=lambda r: -r.score,
        )
    )


def texts(draft):
    return [quote.text for quote in draft.quotes]


LONG = "The parts are:\n\n" + "\n".join(f"- part {n} of the whole with some more words to it" for n in range(9))


def test_an_item_of_a_long_list_brings_its_lead_in():
    draft = quoting.write("who answers parents", ranked([0.1, 0.1, 0.9, *[0.1] * 7], passage(LONG)))
    assert texts(draft) == ["The parts are:", "part 1 of the whole with some more words to it"]
    assert draft.items == {1}


def test_a_short_list_is_never_cut():
    draft = quoting.write("who answers parents", ranked([0.1, 0.1, 0.9, 0.1, 0.1, 0.1]))
    assert len(draft.quotes) == 4


def test_a_list_that_is_asked_for_stays_whole():
    draft = quoting.write("what are heads not asked to do", ranked([0.1, 0.1, 0.9, 0.1, 0.1, 0.1]))
    assert texts(draft) == ["Heads are not asked to:", "track one child", "answer parents", "take on others"]


def test_a_lead_in_brings_its_list():
    draft = quoting.write("heads not asked", ranked([0.9, 0.1, 0.1, 0.1, 0.1, 0.1]))
    assert len(draft.quotes) == 4


def test_a_breakdown_brings_the_list_below_the_statement_of_the_whole():
    of = passage("The whole has nine parts.\n\n" + LONG)
    scores = [0.9, *[0.1] * 10]
    assert texts(quoting.write("how many parts are there", ranked(scores, of))) == ["The whole has nine parts."]
    shown = texts(quoting.write("break the whole down for me", ranked(scores, of)))
    assert shown[:2] == ["The whole has nine parts.", "The parts are:"]
    assert len(shown) == 11


def test_statements_stand_in_reading_order():
    draft = quoting.write("lead", ranked([0.1, 0.1, 0.1, 0.1, 0.8, 0.9]))
    assert texts(draft) == ["They lead.", "They advise schools on the whole group."]


def test_what_was_said_is_not_said_again():
    first, second = passage("The ages covered are 0 up to 18."), passage("The ages covered are 0 up to 18!", "p2")
    draft = quoting.write("ages", (*ranked([0.9], first), *ranked([0.89], second)))
    assert texts(draft) == ["The ages covered are 0 up to 18."]


def test_an_answer_stays_short():
    long = passage(" ".join(f"Statement {n} has exactly eight different words w{n}a w{n}b." for n in range(40)))
    draft = quoting.write("statement", ranked([0.9] * 40, long))
    assert sum(len(text.split()) for text in texts(draft)) <= quoting.WORDS


def test_an_answer_that_is_unsure_says_more():
    long = passage(" ".join(f"Statement {n} has exactly eight different words w{n}a w{n}b." for n in range(40)))
    draft = quoting.write("statement", ranked([0.05] * 40, long))
    assert quoting.WORDS < sum(len(text.split()) for text in texts(draft)) <= quoting.LONGEST


def test_nothing_ranked_is_nothing_written():
    assert quoting.write("anything", ()).quotes == ()


def test_the_check_drops_what_its_passage_does_not_hold():
    real = passage()
    elsewhere = passage("Words of a passage that was not found for this question.", "p9")
    draft = Draft((Quote(real, 0, 23), Quote(elsewhere, 0, 5), Quote(real, 5, 5)), frozenset({1}))
    kept = check([real], draft)
    assert texts(kept) == ["Heads are not asked to:"]
    assert kept.items == frozenset()


def test_the_check_compares_with_the_text_as_it_is_indexed():
    changed = passage("Something else stands here now, in the same place and under the same id.")
    assert check([changed], Draft((Quote(passage(), 0, 23),))).quotes == ()
