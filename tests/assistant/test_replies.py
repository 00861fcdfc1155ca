"""The fixed words: whole, plain, without a persona, and settable by a council where they are contacts."""

import re

import pytest
import yaml

from assistant.domain import Reason
from assistant.errors import SettingsError
from assistant.replies import HERE, load_replies
from assistant.scope.signposts import load_contacts
from assistant.settings import AssistantSettings
from evals.scoring import reading_age

WORDS = {path.stem: path.read_text(encoding="utf-8") for path in HERE.glob("*.md")}


@pytest.mark.parametrize("name", WORDS)
def test_replies_have_no_persona_no_praise_and_short_sentences(name):
    text = WORDS[name]
    assert not re.search(r"\bI\b|\bI'm\b|\bmy\b|great question|happy to|sorry|certainly|of course", text, re.IGNORECASE)
    sentences = re.split(r"(?<=[.!?:])\s+", text.replace("*", ""))
    assert max(len(sentence.split()) for sentence in sentences) <= 30


@pytest.mark.parametrize(
    "name",
    ["individual_child", "parent_or_carer", "send_out_of_cohort", "young_person", "safeguarding_young", "safety"],
)
def test_what_a_person_in_need_reads_is_for_ages_9_to_11(name):
    assert reading_age(WORDS[name]) <= 11


def test_helpline_numbers_come_from_settings_alone():
    for name, text in WORDS.items():
        assert not re.search(r"\b0[\d ]{6,}", text), name


def test_topics_name_places_and_questions_that_exist(assistant):
    replies = load_replies(load_contacts(AssistantSettings().contacts))
    known = {suggestion.question for suggestion in replies.suggestions}
    for topic in replies.topics:
        assert set(topic.ask.values()) <= known, topic.name
        for nation in topic.general:
            assert assistant._shelf.general[topic.name, nation], topic.name
    assert replies.topics[-1].words.search("anything at all")
    assert set(load_contacts(AssistantSettings().contacts).needs) <= {topic.name for topic in replies.topics}


def test_no_reply_says_flatly_that_virtual_schools_cannot_advise_on_individual_children():
    for text in WORDS.values():
        assert not re.search(
            r"virtual schools? (?:heads? )?(?:cannot|can't|do not|may not) advise", text, re.IGNORECASE
        )


def test_there_is_a_reply_for_every_reason():
    replies = load_replies(load_contacts(AssistantSettings().contacts))
    assert set(replies.declined) == set(Reason)
    assert "999" in replies.safety.text
    assert "has not told anyone" in replies.safety.text


def test_a_council_sets_its_own_contacts(tmp_path):
    shipped = AssistantSettings().contacts
    raw = yaml.safe_load(shipped.read_text())
    raw["safety"][2]["how"] = "01632 960000"
    own = tmp_path / "contacts.yaml"
    own.write_text(yaml.safe_dump(raw))
    assert any(contact.how == "01632 960000" for contact in load_contacts(own).for_safety())


@pytest.mark.parametrize("content", ["", "safety: []", "a: [", "last_confirmed: x"])
def test_broken_contacts_are_named_with_the_mend(tmp_path, content):
    own = tmp_path / "contacts.yaml"
    own.write_text(content)
    with pytest.raises(SettingsError, match=r"contacts\.yaml: cannot be used .*Compare it with"):
        load_contacts(own)


def test_contacts_say_when_they_were_last_confirmed_and_give_no_hours():
    contacts = load_contacts(AssistantSettings().contacts)
    assert contacts.last_confirmed == ""  # the shipped file has been confirmed by no council, and the chat says so
    words = " ".join(f"{c.who} {c.how}" for c in contacts.for_safety())
    assert not re.search(r"\d\s*(?:am|pm)\b|24 hours|24/7", words)
