"""Fetches documents by the catalogue's links: with retries and a size limit, only when they have changed, and only when what
comes is the document named. GOV.UK's pages come through its content API, which says when they changed or were withdrawn."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from corpus.domain import Progress, Source
from corpus.errors import FetchingError
from corpus.readers.blocks import Document
from corpus.settings import CorpusSettings
from corpus.worker import Limits

# No more is taken in than is read.
MOST_BYTES = Limits.file_bytes
_TRIES = 4
_SECONDS = 30.0
_REDIRECTS = 5
# The share of the title's words that must stand in what came, in its title or its first words.
_NAMED = 0.6
_FIRST_WORDS = 400

_SUFFIXES = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/plain": ".txt",
    "text/markdown": ".md",
}
_WORD = re.compile(r"[a-z0-9]{4,}")


class _Again(Exception):
    """The server is busy or broken for the moment."""


@dataclass(frozen=True)
class Fetched:
    """What is remembered of a document that was fetched."""

    url: str
    etag: str = ""
    last_modified: str = ""
    public_updated_at: str = ""
    fetched_at: str = ""


@dataclass(frozen=True)
class Arrived:
    """A file that came, in a temporary folder; None where it has not changed since."""

    file: Path | None
    fetched: Fetched


def fetch(
    source: Source, settings: CorpusSettings, folder: Path, before: Fetched | None, progress: Progress
) -> Arrived:
    """Brings a source's document into `folder`. Raises FetchingError, with nothing changed."""
    if not source.url:
        raise FetchingError(source.id, "has no link in the catalogue", "Add its file: python -m corpus add FILE")
    with _client() as client:
        if source.url.startswith(settings.govuk + "/"):
            return _from_govuk(client, source, settings, folder, before, progress)
        return _download(client, source.url, source.id, folder, before, progress)


def download(url: str, name: str, folder: Path, progress: Progress) -> tuple[Path, Fetched]:
    """Brings the document at an address into `folder`. Raises FetchingError."""
    with _client() as client:
        arrived = _download(client, url, name, folder, None, progress)
    if arrived.file is None:
        raise FetchingError(url, "answers that nothing has changed, though nothing was held", "Try again")
    return arrived.file, arrived.fetched


def changed_upstream(source: Source, settings: CorpusSettings, before: Fetched) -> str:
    """What a server says today of a document that was fetched: unchanged, changed, or withdrawn. Raises FetchingError."""
    with _client() as client:
        if source.url.startswith(settings.govuk + "/"):
            page = _govuk_page(client, source.url, settings)
            if page.get("withdrawn_notice"):
                return "withdrawn"
            return "unchanged" if page.get("public_updated_at", "") == before.public_updated_at else "changed"
        with _stream(client, before.url, _conditions(before), "HEAD") as response:
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return "unchanged"
            same = (
                response.headers.get("etag", "") == before.etag
                and response.headers.get("last-modified", "") == before.last_modified
            )
            return "unchanged" if same and (before.etag or before.last_modified) else "changed"


def require_named(source: Source, document: Document) -> None:
    """Raises FetchingError where what came does not look like the document named: a page of errors, a log-in, a moved link."""
    wanted = set(_WORD.findall(source.title.lower()))
    start = " ".join([document.title, *(block.text for block in document.blocks)]).lower().split()[:_FIRST_WORDS]
    found = set(_WORD.findall(" ".join(start)))
    if wanted and len(wanted & found) < _NAMED * len(wanted):
        raise FetchingError(
            source.id,
            f"what came from {source.url} does not look like {source.title!r}",
            "Open the link; if it is right, save the file and run: python -m corpus add FILE --id " + source.id,
        )


def remembered(settings: CorpusSettings) -> dict[str, Fetched]:
    """{source id: what is remembered of its fetching}."""
    path = _memory(settings)
    if not path.is_file():
        return {}
    try:
        return {key: Fetched(**record) for key, record in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise FetchingError(path, "is not readable", "Delete it: documents are then fetched anew") from error


def remember(settings: CorpusSettings, found: Mapping[str, Fetched]) -> None:
    beside = _memory(settings).with_suffix(".new")
    beside.write_text(json.dumps({key: asdict(one) for key, one in found.items()}, indent=1), encoding="utf-8")
    beside.replace(_memory(settings))


def _memory(settings: CorpusSettings) -> Path:
    return settings.originals / "fetched.json"


def _client() -> httpx.Client:
    return httpx.Client(
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        timeout=_SECONDS,
        headers={"User-Agent": "virtual-school-assistant (python-httpx)"},
    )


def _conditions(before: Fetched | None) -> dict[str, str]:
    if before is None:
        return {}
    named = {"If-None-Match": before.etag, "If-Modified-Since": before.last_modified}
    return {key: value for key, value in named.items() if value}


@contextmanager
def _stream(
    client: httpx.Client, url: str, headers: Mapping[str, str], method: str = "GET"
) -> Iterator[httpx.Response]:
    """A response that is not an error. Busy servers and broken lines are tried again. Raises FetchingError."""

    @retry(
        retry=retry_if_exception_type((_Again, httpx.TransportError)),
        stop=stop_after_attempt(_TRIES),
        wait=wait_exponential(multiplier=0.25, max=8),
        reraise=True,
    )
    def begin() -> httpx.Response:
        response = client.send(client.build_request(method, url, headers=dict(headers)), stream=True)
        if (
            response.status_code == httpx.codes.TOO_MANY_REQUESTS
            or response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
        ):
            response.close()
            raise _Again(f"answers {response.status_code}")
        return response

    try:
        response = begin()
    except _Again as error:
        raise FetchingError(url, f"{error} after {_TRIES} tries", "Try again later") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchingError(
            url, f"cannot be reached ({type(error).__name__})", "Check the link and the network"
        ) from error
    try:
        if urlsplit(url).scheme == "https" and response.url.scheme != "https":
            raise FetchingError(url, f"leads to {response.url}, without encryption", "Mend the link")
        if response.is_error:
            raise FetchingError(url, f"answers {response.status_code}", "Check the link")
        yield response
    finally:
        response.close()


def _download(
    client: httpx.Client, url: str, name: str, folder: Path, before: Fetched | None, progress: Progress
) -> Arrived:
    known = before if before and before.url == url else None
    with _stream(client, url, _conditions(known)) as response:
        if response.status_code == httpx.codes.NOT_MODIFIED and known:
            return Arrived(None, known)
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        suffix = _SUFFIXES.get(kind) or Path(urlsplit(str(response.url)).path).suffix.lower()
        if suffix not in _SUFFIXES.values():
            raise FetchingError(
                url, f"is of a kind that cannot be read ({kind or 'not stated'})", "Save it as PDF, then add it"
            )
        length = int(response.headers.get("content-length") or 0)
        if length > MOST_BYTES:
            raise _too_large(url)
        file = folder / f"{name}{suffix}"
        step, taken = progress(name, length), 0
        try:
            with file.open("wb") as stream:
                for part in response.iter_bytes():
                    taken += len(part)
                    if taken > MOST_BYTES:
                        raise _too_large(url)
                    stream.write(part)
                    step(len(part))
        except httpx.HTTPError as error:
            raise FetchingError(url, f"broke off ({type(error).__name__})", "Try again") from error
        now = Fetched(url, response.headers.get("etag", ""), response.headers.get("last-modified", ""), "", _now())
    return Arrived(file, now)


def _too_large(url: str) -> FetchingError:
    return FetchingError(url, f"is larger than {MOST_BYTES // 1024**2} MB", "Add a part of it as a file")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _from_govuk(
    client: httpx.Client,
    source: Source,
    settings: CorpusSettings,
    folder: Path,
    before: Fetched | None,
    progress: Progress,
) -> Arrived:
    page = _govuk_page(client, source.url, settings)
    notice = page.get("withdrawn_notice") or {}
    if notice:
        why = re.sub(r"<[^>]+>", " ", notice.get("explanation", ""))
        raise FetchingError(
            source.id,
            f"was withdrawn on {str(notice.get('withdrawn_at', ''))[:10] or 'a day not stated'}: {' '.join(why.split())[:200]}",
            "Take it out of the catalogue, or name what superseded it",
        )
    updated = page.get("public_updated_at") or ""
    if before and updated and before.public_updated_at == updated:
        return Arrived(None, before)
    attachment = _attachment(page)
    if attachment and attachment.get("attachment_type") != "html":
        address = urljoin(f"{settings.govuk}/", attachment["url"].removeprefix("/"))
        arrived = _download(client, address, source.id, folder, None, progress)
        return Arrived(arrived.file, Fetched(address, "", "", updated, _now()))
    if attachment:
        page = {
            **_govuk_page(client, urljoin(f"{settings.govuk}/", attachment["url"].removeprefix("/")), settings),
            "public_updated_at": updated,
        }
    body = page.get("details", {}).get("body", "")
    if not body:
        raise FetchingError(source.id, "has no document on its GOV.UK page", "Add its file: python -m corpus add FILE")
    file = folder / f"{source.id}.html"
    file.write_text(
        f'<html><head><meta charset="utf-8"><meta name="govuk:public-updated-at" content="{escape(updated)}">'
        f"<title>{escape(page['title'])}</title></head><body><main><h1>{escape(page['title'])}</h1>{body}</main></body></html>",
        encoding="utf-8",
    )
    progress(source.id, len(body))(len(body))
    return Arrived(file, Fetched(source.url, "", "", updated, _now()))


def _attachment(page: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The document that a publication's page is about: its first attachment that can be read."""
    found: list[Mapping[str, Any]] = page.get("details", {}).get("attachments") or []
    readable = [one for one in found if one.get("attachment_type") == "html" or one.get("content_type") in _SUFFIXES]
    return readable[0] if readable else None


def _govuk_page(client: httpx.Client, url: str, settings: CorpusSettings) -> dict[str, Any]:
    address = f"{settings.govuk}/api/content{url.removeprefix(settings.govuk)}"
    with _stream(client, address, {}) as response:
        try:
            page = json.loads(response.read())
            if not isinstance(page["title"], str) or not isinstance(page.get("details", {}), dict):
                raise ValueError("no page")
        except (ValueError, KeyError, TypeError) as error:
            raise FetchingError(address, "is not a page of GOV.UK's content API", "Check the link") from error
    return dict(page)
