import pytest

from corpus.domain import Mark, Section
from corpus.splitting import MAX_WORDS, embedding_text, sentences, split, unit_embedding_text, units

LIST = "They may:\n\n- train\n- advise. Twice.\n\nThen more. And more."


def section(text, heading=("Title", "Part"), page=None):
    return Section("doc", "digest", heading, text, (Mark(0, page, None),) if page else ())


def test_units_are_exact_spans_with_their_lead_in():
    found = units(LIST)
    assert [LIST[u.start : u.end] for u in found] == ["They may:", "train", "advise. Twice.", "Then more.", "And more."]
    assert [LIST[slice(*u.lead)] if u.lead else None for u in found] == [None, "They may:", "They may:", None, None]
    assert [u.group for u in found] == [None, 1, 1, None, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("Roles, i.e. The job. Next.", ["Roles, i.e. The job.", "Next."]),
        ("See s. 22 and p. 4. Then Dr. Jones spoke.", ["See s. 22 and p. 4.", "Then Dr. Jones spoke."]),
        ("It said 'no.' Then it ended", ["It said 'no.'", "Then it ended"]),
        ("1.6 million children. In 2018.", ["1.6 million children.", "In 2018."]),
        ("", []),
    ],
)
def test_sentences(text, expected):
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_passages_never_cross_a_heading_and_keep_lists_whole():
    long_list = "Lead:\n\n" + "\n".join(f"- item {n} " + "word " * 30 for n in range(20)).replace(" \n", "\n").strip()
    passages = split(
        [section("First. " * 10), section(long_list, ("Title", "Other")), section("Last.", ("Title", "End"))],
        ("england",),
    )
    assert [p.heading for p in passages] == [("Title", "Part"), ("Title", "Other"), ("Title", "End")]
    assert passages[1].text == long_list


def test_a_long_paragraph_is_cut_between_sentences():
    text = " ".join(f"Sentence number {n} has seven words here." for n in range(100))
    passages = split([section(text)], ("england",))
    assert len(passages) > 1
    assert all(len(p.text.split()) <= MAX_WORDS and p.text.endswith("here.") for p in passages)
    assert " ".join(p.text for p in passages) == text


@pytest.mark.parametrize(
    "other", [section("Other words."), section("Words.", ("Title", "Elsewhere")), section("Words.", page=3)]
)
def test_an_id_changes_with_everything_a_citation_shows(other):
    (first,) = split([section("Words.")], ("england",))
    (second,) = split([other], ("england",))
    assert first.id != second.id
    assert split([section("Words.")], ("scotland",))[0].id != first.id
    assert split([section("Words.")], ("england",)) == [first]


def test_equal_sections_have_ids_of_their_own():
    first, second = split([section("Words."), section("Words.")], ("england",))
    assert first.id != second.id


def test_headings_and_lead_ins_are_embedded_with_the_text():
    (passage,) = split([section(LIST)], ("england",))
    assert embedding_text(passage) == "Title > Part\n" + LIST
    (named,) = split([section(LIST)], ("england",), "Drew and Banerjee 2019")
    assert embedding_text(named) == "Drew and Banerjee 2019: Title > Part\n" + LIST
    assert named.id != passage.id
    assert unit_embedding_text(passage, units(passage.text)[1]) == "Part: They may: train"
