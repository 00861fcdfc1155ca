"""The HTTP API: /v1/ask and what its citations point to. Errors are RFC 9457 problem details and never repeat what was sent."""

import logging
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from assistant.answering import Assistant
from assistant.domain import Answer, Message, Outcome, Question
from assistant.errors import QuestionError
from corpus.errors import IndexUnavailable, UnknownSource
from corpus.index import Index

logger = logging.getLogger(__name__)

# Turns of one conversation that are taken: more than any conversation in the bank, and bounded.
_MOST_TURNS = 40
# Characters of one earlier turn: the service's own replies are the longest.
_LONGEST_TURN = 20_000


class AskMessage(BaseModel):
    model_config = ConfigDict(strict=True)

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=_LONGEST_TURN)]


class AskRequest(BaseModel):
    """What POST /v1/ask takes."""

    model_config = ConfigDict(strict=True, extra="forbid")

    question: str
    history: Annotated[list[AskMessage], Field(max_length=_MOST_TURNS)] = []
    nation: Literal["england", "scotland"] | None = None


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as the contract has it."""
    return asdict(answer)


def create_router(assistant: Assistant) -> APIRouter:
    """The API's paths over one assistant."""
    router = APIRouter()

    @router.post(
        "/v1/ask",
        summary="Ask a question",
        responses={503: {"description": "The index cannot serve: same body, outcome unavailable"}},
    )
    def ask(request: AskRequest) -> JSONResponse:
        history = tuple(Message(message.role, message.content) for message in request.history)
        answer = assistant.answer(Question(request.question, history, request.nation))
        status = HTTPStatus.SERVICE_UNAVAILABLE if answer.outcome is Outcome.UNAVAILABLE else HTTPStatus.OK
        body = as_json(answer)
        if answer.outcome is Outcome.UNAVAILABLE and assistant.fault:
            body["cautions"] = [{"code": "unavailable", "text": assistant.fault}]
        return JSONResponse(body, status)

    @router.get("/v1/sources", summary="The catalogue")
    def sources() -> list[dict[str, Any]]:
        index = require_index(assistant)
        return [{**asdict(source), "rendition": index.renditions.get(source.id)} for source in index.sources.values()]

    @router.get("/v1/sources/{source_id}", summary="One source with its passages")
    def source(source_id: str) -> dict[str, Any]:
        index = require_index(assistant)
        if source_id not in index.sources:
            raise UnknownSource(source_id, "is not in the catalogue", "See /v1/sources")
        record = asdict(index.sources[source_id])
        return {
            **record,
            "rendition": index.renditions.get(source_id),
            "passages": [asdict(passage) for passage in index.passages_of(source_id)],
        }

    @router.get("/v1/passages/{passage_id}", summary="One passage")
    def passage(passage_id: str) -> dict[str, Any]:
        return asdict(require_index(assistant).passage(passage_id))

    @router.get("/health/live", summary="Is the process up?")
    def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready", summary="Can it answer?")
    def ready() -> dict[str, str]:
        return {"status": "ready", "corpus_version": require_index(assistant).version}

    return router


def require_index(assistant: Assistant) -> Index:
    """Raises IndexUnavailable with what went wrong when the assistant was built."""
    if assistant.library is None:
        raise IndexUnavailable(
            "index", assistant.fault or "is not open", "Run: python -m corpus index, then start again"
        )
    return assistant.library.index


def problem(request: Request, status: int, detail: str) -> JSONResponse:
    """An RFC 9457 problem: what went wrong and how to mend it, nothing of what was sent."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


def add_problem_handlers(app: FastAPI) -> None:
    """Every error of the app as a problem."""

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
        return problem(request, 422, f"{where}: {first['msg']}. See /docs for what this path takes.")

    @app.exception_handler(QuestionError)
    def unusable(request: Request, error: Exception) -> JSONResponse:
        return problem(request, 422, str(error))

    @app.exception_handler(UnknownSource)
    def unknown(request: Request, _: Exception) -> JSONResponse:
        return problem(request, 404, "There is no such source or passage. It may have changed since; see /v1/sources.")

    @app.exception_handler(IndexUnavailable)
    def unavailable(request: Request, error: Exception) -> JSONResponse:
        return problem(request, 503, str(error))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(request, error.status_code, error.detail)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        # The error's own words may hold the question, so only its type is logged.
        logger.error("%s failed: %s", request.url.path, type(error).__name__)
        return problem(request, 500, "Something failed here. Nothing was kept. If a child is in danger now, call 999.")
