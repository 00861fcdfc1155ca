"""The whole service over real HTTP, started as people start it."""

import json
import os
import re
import socket
import subprocess
import sys
import time

import httpx
import pytest

from tests.serving import serving

CONTRACT = {
    *("id", "outcome", "reason", "urgent", "safety", "answer", "statements", "citations", "cautions", "signposts"),
    *("suggestions", "redactions", "nation", "writer", "corpus_version", "timings_ms"),
}
CITATION = {
    *(
        "number",
        "source_id",
        "title",
        "publisher",
        "published",
        "section",
        "page",
        "page_end",
        "paragraph",
        "quote",
        "passage_id",
    ),
    *("rendition", "nation", "force", "status", "url", "view_url"),
}
ASKED = "What are virtual school heads not being asked to do?"


@pytest.fixture(scope="module")
def service(data):
    with serving(data) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("empty")) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def ask(client, question, **more):
    return client.post("/v1/ask", json={"question": question, **more})


def test_an_answer_has_the_contracts_shape(service):
    response = ask(service, ASKED)
    assert response.status_code == 200
    body = response.json()
    assert set(body) == CONTRACT
    assert (body["outcome"], body["reason"], body["urgent"], body["safety"], body["writer"]) == (
        "answered",
        None,
        False,
        None,
        "quoting",
    )
    assert set(body["citations"][0]) == CITATION
    assert {tuple(sorted(statement)) for statement in body["statements"]} == {("citations", "text")}
    assert all(isinstance(value, float) for value in body["timings_ms"].values())


def test_a_citation_opens_the_exact_place(service):
    body = ask(service, ASKED).json()
    (citation,) = body["citations"]
    passage = service.get(f"/v1/passages/{citation['passage_id']}").json()
    assert citation["quote"] in passage["text"]
    page = service.get(citation["view_url"].split("#")[0])
    assert page.status_code == 200
    assert f'id="{citation["passage_id"]}"' in page.text
    assert "call 999" in page.text


def test_urgent_comes_first_with_its_contacts(service):
    body = ask(service, "a girl in my class says her stepdad hits her").json()
    assert (body["outcome"], body["reason"], body["urgent"]) == ("declined", "safeguarding", True)
    assert body["answer"].startswith(body["safety"]["text"])
    assert {tuple(sorted(contact)) for contact in body["safety"]["contacts"]} == {("how", "who")}


def test_history_and_nation_are_taken(service):
    body = ask(
        service,
        "and in Scotland?",
        history=[{"role": "user", "content": "is the virtual school head statutory"}],
        nation="scotland",
    ).json()
    assert body["outcome"] in ("answered", "partial")
    assert all("scotland" in citation["nation"] for citation in body["citations"])


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (json.dumps({"question": ""}), 422, "The question is empty"),
        (json.dumps({"question": "word " * 2000}), 422, "has 10000 characters"),
        (json.dumps({"question": 5}), 422, "question: Input should be a valid string"),
        (json.dumps({"question": None}), 422, "question"),
        (json.dumps({"question": ["a"]}), 422, "question"),
        (json.dumps({}), 422, "question: Field required"),
        (json.dumps({"question": "a", "nation": "france"}), 422, "nation"),
        (json.dumps({"question": "a", "history": "b"}), 422, "history"),
        (json.dumps({"question": "a", "history": [{"role": "system", "content": "x"}]}), 422, "role"),
        (json.dumps({"question": "a", "surprise": 1}), 422, "Extra inputs"),
        (json.dumps({"question": "hid\u200bden"}), 422, "hidden characters"),
        (json.dumps({"question": "tag\U000e0041"}), 422, "hidden characters"),
        ('{"question": "\\ud800"}', 422, "not text"),
        ('{"question": "nul\\u0000"}', 422, "not text"),
        ("not json", 422, "JSON"),
        ("[]", 422, "body"),
        (
            json.dumps({"question": "a", "history": [{"role": "user", "content": "a" * 7000}] * 6}),
            422,
            "40000 characters",
        ),
        (json.dumps({"question": "a", "Kai Smith": 1}), 422, "Extra inputs"),
        (b'{"question": "\xff\xfe"}', 400, "parsing"),
        (b"\x00\x01\x02", 422, "JSON"),
    ],
)
def test_bad_input_is_a_problem_that_says_the_mend_and_repeats_nothing(service, body, status, says):
    response = service.post("/v1/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance"}
    assert problem["status"] == status
    assert says in problem["detail"]
    assert "word word" not in response.text
    assert "Kai" not in response.text


def test_other_errors_are_problems_too(service):
    for response, status in (
        (service.get("/v1/nothing"), 404),
        (service.get("/v1/ask"), 405),
        (service.get("/v1/passages/none"), 404),
        (service.get("/v1/sources/none"), 404),
    ):
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
    assert service.get("/sources/none").status_code == 404


def test_feedback_is_taken(service):
    sent = {"question": ASKED, "outcome": "answered", "helpful": True}
    response = service.post("/v1/feedback", json=sent)
    assert (response.status_code, response.json()) == (201, {"words_kept": True})
    assert service.post("/v1/feedback", json={**sent, "outcome": "unknown"}).status_code == 422


def test_sources_are_listed_and_shown(service):
    sources = service.get("/v1/sources").json()
    held = {source["id"] for source in sources if source["rendition"]}
    assert len(held) == 5
    assert len(sources) > 30
    one = service.get("/v1/sources/drew-banerjee-2019").json()
    assert one["passages"][0]["text"]
    page = service.get("/sources").text
    assert all(f'href="/sources/{source_id}"' in page for source_id in held)
    assert "(link not checked)" in page
    assert "holds no text of this document" in service.get("/sources/kcsie-2026").text


def test_health_is_told(service, broken):
    assert service.get("/health/live").json() == {"status": "live"}
    assert service.get("/health/ready").status_code == 200
    assert broken.get("/health/live").status_code == 200
    assert broken.get("/health/ready").status_code == 503


def test_the_first_page_is_the_chat(service):
    page = httpx.get(str(service.base_url), follow_redirects=True, timeout=30)
    assert page.url.path.rstrip("/") == "/chat"
    assert page.status_code == 200


def test_the_apis_page_comes_from_here(service):
    page = service.get("/docs").text
    assert "/v1/ask" in page
    assert "https://" not in page


@pytest.mark.parametrize(
    "content", ["1" * 8000, "Aa" * 4000, "not " * 2000, "a.b" * 2600, "it's " * 1600, "A a " * 2000, "@" * 8000]
)
def test_no_text_makes_the_service_slow(service, content):
    began = time.monotonic()
    history = [{"role": "user", "content": content}] * 5
    assert ask(service, "and what is the extended role?", history=history).status_code in (200, 422)
    assert time.monotonic() - began < 5  # a bound on run-away patterns, far above any real answer


@pytest.mark.parametrize("path", ["/chat/", "/sources", "/docs"])
def test_pages_may_fetch_from_this_process_alone(service, path):
    policy = service.get(path).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http:" not in policy
    assert "https:" not in policy


def test_without_an_index_questions_get_503_with_the_same_body_and_the_mend(broken):
    response = ask(broken, ASKED)
    assert response.status_code == 503
    body = response.json()
    assert set(body) == CONTRACT
    assert body["outcome"] == "unavailable"
    assert "python -m corpus index" in body["cautions"][0]["text"]


def test_without_an_index_the_safety_panel_and_the_pages_stand(broken):
    response = ask(broken, "a girl in my class says her stepdad hits her")
    assert response.status_code == 200
    assert response.json()["urgent"]
    assert broken.get("/chat/").status_code == 200
    page = broken.get("/sources")
    assert page.status_code == 503
    assert "call 999" in page.text


def test_a_port_in_use_is_named_with_the_mend(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-m", "ui", "--port", str(port), "--data", str(data)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert run.returncode == 1
    assert re.search(rf"127\.0\.0\.1:{port}: cannot be used .*Choose another with --host and --port", run.stderr)
    assert "Traceback" not in run.stderr


def test_a_port_that_is_no_number_is_named():
    environment = {**os.environ, "PORT": "abc"}
    run = subprocess.run([sys.executable, "-m", "ui"], capture_output=True, text=True, timeout=60, env=environment)
    assert run.returncode == 2
    assert "invalid int value: 'abc'" in run.stderr


def test_the_terminal_gives_the_same_answer(service, data):
    run = subprocess.run(
        [sys.executable, "-m", "assistant", "ask", ASKED, "--json", "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    answer, served = json.loads(run.stdout), ask(service, ASKED).json()
    for body in (answer, served):
        del body["id"], body["timings_ms"]
    assert answer == served


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["", ""], 2, "unrecognized"),
        ([""], 2, "The question is empty"),
        (["what", "--data", "/nowhere"], 1, "python -m corpus index"),
    ],
)
def test_the_terminal_says_what_is_wrong(arguments, code, says):
    run = subprocess.run(
        [sys.executable, "-m", "assistant", "ask", *arguments], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == code
    assert says in run.stderr
    assert "Traceback" not in run.stderr
