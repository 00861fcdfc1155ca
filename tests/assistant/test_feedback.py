"""Feedback keeps no personal data, and of a question about a child no words at all."""

import json

from assistant.feedback import Feedback, keep


def test_a_general_question_is_kept_without_personal_data(assistant, tmp_path):
    path = tmp_path / "new" / "feedback.jsonl"
    said = Feedback(
        "What are the aims of the extended role? Lacey-Mae Thornber", "answered", False, "ring 07700 900417"
    )
    assert keep(assistant, said, path)
    line = json.loads(path.read_text())
    assert line["question"].startswith("What are the aims")
    assert "Thornber" not in path.read_text()
    assert "07700" not in path.read_text()
    assert line["helpful"] is False


def test_a_question_about_a_child_leaves_no_words(assistant, tmp_path):
    path = tmp_path / "feedback.jsonl"
    assert not keep(assistant, Feedback("should Struan be excluded?", "declined", None, "about Struan"), path)
    assert json.loads(path.read_text()) == {"question": "", "outcome": "declined", "helpful": None, "comment": ""}
