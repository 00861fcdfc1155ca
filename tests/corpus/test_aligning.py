"""Which statement of an original says what a digest's statement says: by meaning, by words and by order."""

from corpus.aligning import align, remarks
from corpus.domain import Passage
from corpus.splitting import units

DIGEST = [
    (
        "Data",
        "Data was the largest heading, with 31 tasks.\n\nThe data tasks break down like this:\n\n- 4 were about working with partners\n- 2 were about figures on attendance",
    ),
    (
        "Training",
        "Training was the second heading, with 25 tasks.\n\nThe training tasks break down like this:\n\n- 4 were about working with partners\n- 3 were about writing papers for colleagues",
    ),
    ("Next steps", "The network means to ask every member for more detail, and to publish it."),
]
ORIGINAL = [
    (
        "Roles",
        "The highest number of tasks stood under 'data', of which there were 31.\n\n- Four related to partnership working\n- Two related to attendance figures",
    ),
    (
        "Roles",
        "The second group was 'training' with 25 noted tasks.\n\n- Four related to partnership working\n- Three described the production of papers that support colleagues",
    ),
    ("What follows", "It is planned that further detail be gathered from all members of the network and published."),
]
OTHER = [
    ("Bus passes", "Pupils who live three miles from school may have a free bus pass."),
    ("Lunch", "The kitchen opens at noon. Bring a coat on wet days."),
]


def passages(texts, rendition):
    return [
        Passage(f"{rendition}{n}", "s", rendition, ("Paper", h), t, ("scotland",)) for n, (h, t) in enumerate(texts)
    ]


def ignored(_):
    return None


def test_each_statement_finds_the_one_that_says_the_same_and_order_decides_between_equals(assistant):
    digest, original = passages(DIGEST, "digest"), passages(ORIGINAL, "original")
    same = align(digest, original, assistant.library.encoder, ignored)
    assert same == {
        ("digest0", 0): ("original0", 0),
        ("digest0", 1): ("original0", 0),
        ("digest0", 2): ("original0", 1),
        ("digest0", 3): ("original0", 2),
        ("digest1", 0): ("original1", 0),
        ("digest1", 1): ("original1", 0),
        ("digest1", 2): ("original1", 1),
        ("digest1", 3): ("original1", 2),
        ("digest2", 0): ("original2", 0),
    }


def test_an_order_of_its_own_is_followed_too(assistant):
    digest, original = passages(DIGEST, "digest"), passages([ORIGINAL[2], ORIGINAL[0]], "original")
    same = align(digest[::2], original, assistant.library.encoder, ignored)
    assert same["digest2", 0] == ("original0", 0)
    assert same["digest0", 2] == ("original1", 1)


def test_a_remark_on_a_digest_stays_while_the_original_still_says_what_it_is_about(assistant):
    remark = "Note: the data parts add up to 6, not 31. Statements may overlap."
    digest = passages([(DIGEST[0][0], f"{DIGEST[0][1]}\n\n{remark}\n\nMore was said."), *DIGEST[1:]], "digest")
    original = passages(ORIGINAL, "original")
    same = align(digest, original, assistant.library.encoder, ignored)
    (kept,), moved = remarks(digest, same, original)
    assert (kept.text, kept.rendition, kept.heading) == (remark, "digest", ("Paper", "Data"))
    assert moved == {("digest0", 4): (kept.id, 0), ("digest0", 5): (kept.id, 1)}

    newer = passages([(ORIGINAL[0][0], ORIGINAL[0][1].replace("31", "6")), *ORIGINAL[1:]], "original")
    same = align(digest, newer, assistant.library.encoder, ignored)
    assert ("digest0", 0) in same
    assert remarks(digest, same, newer) == ([], {})


def test_a_remark_does_not_stay_beside_another_documents_text():
    digest = passages([("Data", "Data was the largest heading.\n\nNote: the paper says so twice.")], "digest")
    assert remarks(digest, {}, passages(OTHER, "original")) == ([], {})


def test_another_documents_text_is_not_taken_for_the_digests(assistant):
    assert align(passages(DIGEST, "digest"), passages(OTHER, "original"), assistant.library.encoder, ignored) == {}


def test_it_tells_how_far_it_is(assistant):
    done = []
    digest, original = passages(DIGEST, "digest"), passages(ORIGINAL, "original")
    align(digest, original, assistant.library.encoder, done.append)
    assert sum(done) == 2 * sum(len(units(passage.text)) for passage in (*digest, *original))
