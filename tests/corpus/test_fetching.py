"""Fetching against a real server on this machine: retries, limits, conditions, the wrong document, GOV.UK's content API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from corpus import fetching
from corpus.__main__ import main as corpus_command
from corpus.index import open_index
from corpus.settings import CorpusSettings
from tests.corpus import documents


class Site:
    """What the server answers: {path: [(status, headers, body), ...]}, the last one again and again; and what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.address = ""

    def put(self, path: str, body: bytes, kind: str = "text/html", **headers: str) -> None:
        self.pages[path] = [(200, {"Content-Type": kind, **headers}, body)]


@pytest.fixture
def site() -> Iterator[Site]:
    held = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append((self.command, self.path, dict(self.headers)))
            answers = held.pages.get(self.path, [(404, {}, b"nothing here")])
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            if status == 200 and headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def own(own_data, tmp_path, monkeypatch, site) -> CorpusSettings:
    monkeypatch.setenv("VSA_DATA", str(own_data))
    monkeypatch.setenv("VSA_ORIGINALS", str(tmp_path / "originals"))
    monkeypatch.setenv("VSA_GOVUK", f"{site.address}/govuk")
    (tmp_path / "originals").mkdir()
    return CorpusSettings()


def record(own: CorpusSettings, source_id: str, title: str, url: str) -> None:
    """One more record in the local catalogue, which has a link and no file."""
    held = yaml.safe_load(own.local_catalogue.read_text()) if own.local_catalogue.is_file() else []
    held.append(
        {
            "id": source_id,
            "title": title,
            "authors": [],
            "publisher": "A council",
            "published": "2024",
            "nation": ["england"],
            "force": "statutory guidance",
            "status": "current",
            "review_by": None,
            "superseded_by": None,
            "applies_to": [],
            "licence": "OGL",
            "url": url,
            "url_checked": True,
        }
    )
    own.local_catalogue.write_text(yaml.safe_dump(held))


def pdf(tmp_path) -> bytes:
    documents.guidance_pdf(tmp_path / "served.pdf", 14)
    return (tmp_path / "served.pdf").read_bytes()


def test_a_document_is_fetched_once_and_again_only_when_it_changed(own, site, tmp_path, capsys):
    site.put("/guide", pdf(tmp_path), "application/pdf", ETag='"one"')
    record(own, "zebra-guide", "Guidance on zebra schools", f"{site.address}/guide")
    assert corpus_command(["fetch", "zebra-guide"]) == 0
    assert open_index(own.data).files["zebra-guide"].pages
    capsys.readouterr()
    assert corpus_command(["fetch"]) == 0
    assert "zebra-guide: unchanged since" in capsys.readouterr().out
    assert site.asked[-1][2]["If-None-Match"] == '"one"'
    assert corpus_command(["status", "--upstream"]) == 0
    assert "upstream: unchanged" in capsys.readouterr().out
    site.put(
        "/guide", b"<h1>Guidance on zebra schools</h1><p>It is now a page of stripes.</p>", "text/html", ETag='"two"'
    )
    assert corpus_command(["status", "--upstream"]) == 0
    assert "upstream: changed" in capsys.readouterr().out
    assert corpus_command(["fetch"]) == 0
    assert [path.name for path in own.originals.glob("zebra-guide.*")] == ["zebra-guide.html"]
    assert open_index(own.data).lexical("stripes", 5)
    assert corpus_command(["remove", "zebra-guide"]) == 0
    assert fetching.remembered(own) == {}


def test_a_busy_server_is_asked_again_and_a_dead_one_named(own, site, tmp_path, capsys):
    site.pages["/guide"] = [(503, {}, b""), (429, {}, b""), (200, {"Content-Type": "application/pdf"}, pdf(tmp_path))]
    record(own, "zebra-guide", "Guidance on zebra schools", f"{site.address}/guide")
    assert corpus_command(["fetch", "zebra-guide", "--later"]) == 0
    assert len(site.asked) == 3
    site.pages["/guide"] = [(500, {}, b"")]
    assert corpus_command(["fetch", "zebra-guide"]) == 1
    assert "answers 500 after 4 tries. Try again later" in capsys.readouterr().err
    record(own, "dead", "Dead", "http://127.0.0.1:9/dead")
    assert corpus_command(["fetch", "dead"]) == 1
    assert "http://127.0.0.1:9/dead: cannot be reached (ConnectError)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        ("/gone", (404, {}, b""), "answers 404. Check the link"),
        (
            "/login",
            (200, {"Content-Type": "text/html"}, b"<h1>Log in</h1><p>Your account, please.</p>"),
            "does not look like 'Guidance on zebra schools'",
        ),
        ("/video", (200, {"Content-Type": "video/mp4"}, b"x"), "is of a kind that cannot be read (video/mp4)"),
        (
            "/huge",
            (200, {"Content-Type": "application/pdf", "Content-Length": str(10**12)}, b"%PDF-"),
            "is larger than 200 MB",
        ),
        ("/broken", (200, {"Content-Type": "application/pdf"}, b"%PDF-1.7 broken"), "is a broken PDF"),
    ],
)
def test_what_is_not_the_document_changes_nothing(own, site, capsys, path, answer, says):
    site.pages[path] = [answer]
    record(own, "zebra-guide", "Guidance on zebra schools", f"{site.address}{path}")
    version = open_index(own.data).version
    assert corpus_command(["fetch", "zebra-guide"]) == 1
    assert says in capsys.readouterr().err
    assert list(own.originals.glob("zebra-guide.*")) == []
    assert open_index(own.data).version == version


def page(title: str, body: str, updated: str = "2024-05-17T09:30:00Z", **more: object) -> bytes:
    return json.dumps({"title": title, "public_updated_at": updated, "details": {"body": body}, **more}).encode()


def test_a_govuk_page_comes_through_the_content_api(own, site, capsys):
    url = f"{own.govuk}/guidance/zebra"
    site.put(
        "/govuk/api/content/guidance/zebra",
        page("Zebra duties", "<h2>Duty</h2><p>Councils must count zebras.</p>"),
        "application/json",
    )
    record(own, "zebra", "Zebra duties", url)
    assert corpus_command(["fetch", "zebra"]) == 0
    index = open_index(own.data)
    assert any("Councils must count zebras." in p.text for p in index.passages_of("zebra"))
    assert fetching.remembered(own)["zebra"].public_updated_at == "2024-05-17T09:30:00Z"
    capsys.readouterr()
    assert corpus_command(["fetch", "zebra"]) == 0
    assert "unchanged" in capsys.readouterr().out
    notice = {"explanation": "<p>Replaced by <a>other</a> guidance.</p>", "withdrawn_at": "2025-01-02T00:00:00Z"}
    site.put(
        "/govuk/api/content/guidance/zebra",
        page("Zebra duties", "<p>x</p>", "2025-01-02T00:00:00Z", withdrawn_notice=notice),
        "application/json",
    )
    assert corpus_command(["status", "--upstream"]) == 0
    assert "upstream: withdrawn" in capsys.readouterr().out
    assert corpus_command(["fetch", "zebra"]) == 1
    assert "was withdrawn on 2025-01-02: Replaced by other guidance." in capsys.readouterr().err


def test_a_govuk_publication_is_its_attachment(own, site, tmp_path):
    details = {
        "body": "<p>About</p>",
        "attachments": [
            {"url": "/media/image.png", "content_type": "image/png"},
            {"url": "/files/guide.pdf", "content_type": "application/pdf", "attachment_type": "file"},
        ],
    }
    about = json.dumps(
        {"title": "Guidance on zebra schools", "public_updated_at": "2024-01-01T00:00:00Z", "details": details}
    ).encode()
    site.put("/govuk/api/content/government/publications/zebra", about, "application/json")
    site.put("/govuk/files/guide.pdf", pdf(tmp_path), "application/pdf")
    record(own, "zebra", "Guidance on zebra schools", f"{own.govuk}/government/publications/zebra")
    assert corpus_command(["fetch", "zebra", "--later"]) == 0
    assert (own.originals / "zebra.pdf").is_file()


def test_an_address_is_added_like_a_file(own, site, tmp_path):
    site.put("/policy.pdf", pdf(tmp_path), "application/pdf", ETag='"p"')
    assert (
        corpus_command(
            [
                "add",
                f"{site.address}/policy.pdf",
                "--id",
                "zebra-policy",
                "--nation",
                "scotland",
                "--force",
                "practice paper",
                "--licence",
                "CC BY 4.0",
                "--later",
            ]
        )
        == 0
    )
    assert (own.originals / "zebra-policy.pdf").is_file()
    (held,) = yaml.safe_load(own.local_catalogue.read_text())
    assert (held["title"], held["url"]) == ("Guidance on zebra schools", f"{site.address}/policy.pdf")
    assert fetching.remembered(own)["zebra-policy"].etag == '"p"'
