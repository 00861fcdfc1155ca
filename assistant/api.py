"""The HTTP API: /v1/ask and what its citations point to. Errors are RFC 9457 problem details and never repeat what was sent."""

import logging
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.exceptions import HTTPException

from assistant.answering import LONGEST, Assistant, require_text
from assistant.domain import Answer, Message, Outcome, Question
from assistant.errors import QuestionError
from assistant.feedback import Feedback, keep
from corpus.errors import DataFolderError, IndexUnavailable, UnknownSource
from corpus.index import Index

logger = logging.getLogger(__name__)

# Turns of one conversation that are taken: more than any conversation in the bank, and bounded.
_MOST_TURNS = 40
# Characters of one earlier turn (the service's own replies are the longest) and of all turns together.
_LONGEST_TURN = 8_000
_LONGEST_HISTORY = 40_000


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

    @field_validator("history")
    @classmethod
    def _whole(cls, turns: list[AskMessage]) -> list[AskMessage]:
        if sum(len(turn.content) for turn in turns) > _LONGEST_HISTORY:
            raise ValueError(f"all turns together may have {_LONGEST_HISTORY} characters; leave out the oldest")
        return turns


class FeedbackRequest(BaseModel):
    """What POST /v1/feedback takes."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(max_length=LONGEST)]
    outcome: Outcome
    helpful: bool | None = None
    comment: Annotated[str, Field(max_length=LONGEST)] = ""


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as the contract has it."""
    return asdict(answer)


def create_router(assistant: Assistant, feedback_file: Path) -> APIRouter:
    """The API's paths over one assistant; feedback goes to the end of `feedback_file`."""
    router = APIRouter()

    @router.post(
        "/v1/ask",
        summary="Ask a question",
        responses={503: {"description": "The index cannot serve: same body, outcome unavailable"}},
    )
    def ask(request: AskRequest) -> JSONResponse:
        history = tuple(Message(message.role, message.content) for message in request.history)
        try:
            answer = assistant.answer(Question(request.question, history, request.nation))
        except QuestionError:
            raise
        except Exception as error:  # noqa: BLE001 - a traceback may hold the question, so it ends here
            logger.error("/v1/ask failed: %s", type(error).__name__)
            return problem(500, f"Something failed here and nothing was kept. {assistant.safety.text}", "/v1/ask")
        status = HTTPStatus.SERVICE_UNAVAILABLE if answer.outcome is Outcome.UNAVAILABLE else HTTPStatus.OK
        body = as_json(answer)
        if answer.outcome is Outcome.UNAVAILABLE and assistant.fault:
            body["cautions"] = [{"code": "unavailable", "text": assistant.fault}]
        return JSONResponse(body, status)

    @router.post("/v1/feedback", summary="Say whether an answer helped", status_code=201)
    def feedback(request: FeedbackRequest) -> dict[str, bool]:
        require_text(Question(request.question))
        found = Feedback(request.question, request.outcome.value, request.helpful, request.comment)
        try:
            return {"words_kept": keep(assistant, found, feedback_file)}
        except OSError as error:
            raise DataFolderError(
                "the feedback file", f"cannot be written ({error.strerror})", "Check the data folder"
            ) from error

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


def problem(status: int, detail: str, instance: str = "/") -> JSONResponse:
    """An RFC 9457 problem: what went wrong and how to mend it, nothing of what was sent. `instance` is a path of ours."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


def _path(request: Request) -> str:
    """The path's own template, which holds nothing that was sent; "/" where no path of ours matched."""
    return getattr(request.scope.get("route"), "path", "/")


def add_problem_handlers(app: FastAPI) -> None:
    """Every error of the app as a problem."""

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        unknown_field = first["type"] == "extra_forbidden"  # its name is the sender's own words
        where = ".".join(str(part) for part in first["loc"] if part != "body" and not unknown_field) or "body"
        return problem(422, f"{where}: {first['msg']}. See /docs for what this path takes.", _path(request))

    @app.exception_handler(QuestionError)
    def unusable(request: Request, error: Exception) -> JSONResponse:
        return problem(422, str(error), _path(request))

    @app.exception_handler(UnknownSource)
    def unknown(_request: Request, _: Exception) -> JSONResponse:
        return problem(404, "There is no such source or passage. It may have changed since; see /v1/sources.")

    @app.exception_handler(DataFolderError)
    @app.exception_handler(IndexUnavailable)
    def unavailable(request: Request, error: Exception) -> JSONResponse:
        return problem(503, str(error), _path(request))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, error.detail, _path(request))

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        # The error's own words may hold the question, so only its type is logged.
        logger.error("%s failed: %s", request.url.path, type(error).__name__)
        return problem(500, "Something failed here. Nothing was kept. If a child is in danger now, call 999.")
