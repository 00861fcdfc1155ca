"""A run is asked once, goes on after a stop, and refuses a folder of other settings."""

import json

import pytest

from evals import running
from evals.bank import load_part
from evals.running import RunError
from evals.systems import AskingError, Deployed, InProcess, peers
from tests.serving import serving

SETTINGS = {"part": "development"}
ITEMS = [item for item in load_part("development") if not item.turns][:4]


class Counting:
    """A system that says the same to all and remembers what it was asked."""

    name = "counting"

    def __init__(self, fails_at=None):
        self.asked, self.fails_at = [], fails_at

    def ask(self, question, history, nation):
        if len(self.asked) == self.fails_at:
            raise KeyboardInterrupt
        self.asked.append((question, tuple(history), nation))
        return {"answer": f"said {question}", "outcome": "answered"}


def test_each_question_is_asked_once(tmp_path):
    system = Counting()
    first = running.run(tmp_path, system, ITEMS, SETTINGS)
    again = running.run(tmp_path, system, ITEMS, SETTINGS)
    assert first == again
    assert len(system.asked) == len(ITEMS)


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        running.run(tmp_path, Counting(fails_at=2), ITEMS, SETTINGS)
    with (tmp_path / "answers.jsonl").open("a") as stream:
        stream.write('{"item": "cut o')  # the stop fell in the middle of a line
    rest = Counting()
    answers = running.run(tmp_path, rest, ITEMS, SETTINGS)
    assert [question for question, _, _ in rest.asked] == [item.question for item in ITEMS[2:]]
    assert list(answers) == [item.id for item in ITEMS]


def test_a_damaged_line_is_named(tmp_path):
    running.run(tmp_path, Counting(), ITEMS, SETTINGS)
    lines = (tmp_path / "answers.jsonl").read_text().splitlines()
    (tmp_path / "answers.jsonl").write_text("\n".join([lines[0], "broken", *lines[1:]]) + "\n")
    with pytest.raises(RunError, match=r"answers\.jsonl:2: is damaged"):
        running.run(tmp_path, Counting(), ITEMS, SETTINGS)


def test_a_folder_of_other_settings_is_refused(tmp_path):
    running.run(tmp_path, Counting(), ITEMS, SETTINGS)
    with pytest.raises(RunError, match="holds a run of other settings"):
        running.run(tmp_path, Counting(), ITEMS, {"part": "held_out"})


def test_a_stored_run_is_read_back(tmp_path):
    answers = running.run(tmp_path, Counting(), ITEMS, SETTINGS)
    assert running.load(tmp_path) == (SETTINGS, answers)
    with pytest.raises(RunError, match="holds no run"):
        running.load(tmp_path / "none")


def test_earlier_turns_are_asked_too_and_stand_in_the_history():
    followup = next(item for item in load_part("development") if len(item.turns) == 1)
    system = Counting()
    running.ask(system, followup)
    (first, none, _), (last, history, _) = system.asked
    assert (first, last, none) == (followup.turns[0], followup.question, ())
    assert [message.role for message in history] == ["user", "assistant"]
    assert history[1].content == f"said {first}"


def test_a_deployed_service_gives_the_same_bodies(assistant, data):
    with serving(data) as address:
        for item in ITEMS:
            near, far = running.ask(InProcess(assistant), item), running.ask(Deployed(address), item)
            assert json.loads(json.dumps(near)) | {"id": "", "timings_ms": {}} == {**far, "id": "", "timings_ms": {}}


def test_an_address_that_does_not_answer_is_named():
    with pytest.raises(AskingError, match=r"127\.0\.0\.1:9: cannot be asked"):
        Deployed("http://127.0.0.1:9", timeout=2).ask("a", (), None)


def test_peers_give_whole_passages_and_keep_to_a_nation(assistant, data):
    for peer in peers(assistant.library, data):
        body = peer.ask("what are the training responsibilities", (), "scotland")
        assert len(body["citations"]) == 3, peer.name
        assert all("scotland" in citation["nation"] for citation in body["citations"]), peer.name
        assert all(c["quote"] == assistant.library.index.passage(c["passage_id"]).text for c in body["citations"])
