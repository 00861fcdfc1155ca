"""ragas offline on real samples, and its judged metrics against a scripted server that speaks the OpenAI protocol."""

import http.server
import json
import threading

import pytest

from assistant.api import as_json
from assistant.domain import Question
from evals import judging
from evals.bank import load_part
from evals.judging import Judge, JudgeError


@pytest.fixture(scope="module")
def found(assistant):
    items = [item for item in load_part("development") if item.answerable and not item.turns][:3]
    answers = {item.id: as_json(assistant.answer(Question(item.question))) for item in items}
    return judging.samples(items, answers, assistant.library.index)


class Scripted(http.server.BaseHTTPRequestHandler):
    """Answers each judged step by the schema it is asked for; every third call it says something no schema allows."""

    calls = 0
    broken = False

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        prompt = json.dumps(sent["messages"])
        type(self).calls += 1
        content = "no JSON at all" if type(self).broken else json.dumps(self.answer(prompt))
        body = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": sent["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        payload = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    @staticmethod
    def answer(prompt):
        if "noncommittal" in prompt:
            return {"question": "What do virtual schools do?", "noncommittal": 0}
        if "classifications" in prompt:
            return {"classifications": [{"statement": "s", "reason": "r", "attributed": 1}]}
        if "verdict" in prompt:
            return {
                "statements": [
                    {"statement": "s", "reason": "r", "verdict": 1},
                    {"statement": "t", "reason": "r", "verdict": 0},
                ]
            }
        if "claims" in prompt:
            return {"claims": ["a claim"]}
        return {"statements": ["a statement", "another"]}

    def log_message(self, *_):
        pass


@pytest.fixture
def judge():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Scripted.calls, Scripted.broken = 0, False
    yield Judge(f"http://127.0.0.1:{server.server_port}/v1", "scripted")
    server.shutdown()
    thread.join()
    server.server_close()


def test_offline_metrics_score_every_sample(found, assistant):
    scores = judging.without_a_model(found, assistant.library.encoder)
    assert set(scores) == set(found)
    for values in scores.values():
        assert values["quoted spans alignment"] == 1
        assert 0 <= values["ROUGE-L"] <= 1
        assert 0 < values["semantic similarity"] <= 1
        assert values["context recall, ids"] is None or 0 <= values["context recall, ids"] <= 1


def test_a_scripted_judge_is_asked_and_its_verdicts_are_counted(found, assistant, judge):
    scores = judging.with_a_judge(found, assistant.library.encoder, judge)
    assert Scripted.calls >= 5 * len(found)
    for values in scores.values():
        assert values["faithfulness"] == 0.5
        assert values["context recall"] == 1
        assert values["answer relevancy"] is not None
        assert values["factual correctness"] is not None


def test_what_a_judge_could_not_judge_is_no_zero(found, assistant, judge):
    Scripted.broken = True
    scores = judging.with_a_judge(dict(list(found.items())[:1]), assistant.library.encoder, judge)
    assert [value for values in scores.values() for value in values.values()] == [None] * 4


def test_a_llama_index_model_can_judge(found, assistant):
    scores = judging.with_a_judge(
        dict(list(found.items())[:1]),
        assistant.library.encoder,
        Judge(factory="tests.evals.test_judging:llama_index_model"),
    )
    (values,) = scores.values()
    assert values["faithfulness"] == 0.5


def llama_index_model():
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata

    class Model(CustomLLM):
        @property
        def metadata(self):
            return LLMMetadata()

        def complete(self, prompt, formatted=False, **kwargs):
            return CompletionResponse(text=json.dumps(Scripted.answer(prompt.rsplit("Answer with JSON", 1)[-1])))

        def stream_complete(self, prompt, formatted=False, **kwargs):
            yield self.complete(prompt)

    return Model()


def test_a_judge_that_is_not_there_is_named(found, assistant):
    with pytest.raises(JudgeError, match="gives no llama-index model"):
        judging.with_a_judge(found, assistant.library.encoder, Judge(factory="nowhere:nothing"))
    with pytest.raises(JudgeError, match="no judge"):
        judging.with_a_judge(found, assistant.library.encoder, Judge())


def test_a_dataset_goes_out_and_comes_back(found, tmp_path):
    judging.export(found, tmp_path / "dataset.jsonl")
    back = judging.read(tmp_path / "dataset.jsonl")
    assert [row["user_input"] for row in back] == [row["user_input"] for row in found.values()]
    assert back[0]["reference"] == next(iter(found.values()))["reference"]
