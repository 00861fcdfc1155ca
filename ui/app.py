"""create_app(): API, chat page and source pages in one process."""

import json
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from assistant.answering import Assistant
from assistant.api import AskRequest, add_problem_handlers, create_router, require_index
from corpus.errors import IndexUnavailable, UnknownSource
from ui import rendering
from ui.chat import create_chat

PAGES = Path(__file__).parent / "pages"

# Everything comes from this process: the browser is told to fetch nothing else. Gradio builds its page with inline
# scripts and styles and compiles templates, hence the two 'unsafe' words.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "frame-ancestors 'self'",
    )
)


def create_app(assistant: Assistant, data: Path) -> FastAPI:
    """The whole service over one assistant; feedback is kept in the data folder."""
    import gradio

    safety = assistant.safety
    app = FastAPI(title="Virtual School Assistant", docs_url=None, redoc_url=None)
    add_problem_handlers(app)
    app.include_router(create_router(assistant, data / "feedback.jsonl"))
    app.mount("/pages", StaticFiles(directory=PAGES), name="pages")

    @app.middleware("http")
    async def guard(request: Request, call_next):  # type: ignore[no-untyped-def]
        response: Response = await call_next(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse("/chat")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        schema = app.openapi()
        paths = [
            {"path": path, "method": method.upper(), "summary": operation.get("summary", "")}
            for path, operations in schema["paths"].items()
            for method, operation in operations.items()
        ]
        asked = json.dumps(AskRequest.model_json_schema(), indent=1)
        words = rendering.words(safety.text)
        return HTMLResponse(rendering.page("docs.html", paths=paths, asked=asked, safety_words=words))

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        return FileResponse(PAGES / "favicon.svg", media_type="image/svg+xml")

    @app.get("/sources", include_in_schema=False)
    def sources() -> HTMLResponse:
        try:
            index = require_index(assistant)
        except IndexUnavailable as error:
            return _message("The sources cannot be shown", str(error), 503)
        entries = [
            {"source": source, "provenance": rendering.provenance(source), "held": source.id in index.renditions}
            for source in index.sources.values()
        ]
        held, linked = [e for e in entries if e["held"]], [e for e in entries if not e["held"]]
        return HTMLResponse(
            rendering.page("sources.html", held=held, linked=linked, safety_words=rendering.words(safety.text))
        )

    @app.get("/sources/{source_id}", include_in_schema=False)
    def source(source_id: str) -> HTMLResponse:
        try:
            index = require_index(assistant)
            if source_id not in index.sources:
                raise UnknownSource(source_id, "is not in the catalogue", "See /sources")
            passages = index.passages_of(source_id)
        except IndexUnavailable as error:
            return _message("The source cannot be shown", str(error), 503)
        except UnknownSource:
            return _message("There is no such source", "It may have been removed. See the list of sources.", 404)
        record = index.sources[source_id]
        shown, last = [], None
        for passage in passages:
            heading = passage.section if passage.section != last else None
            last = passage.section
            place = replace(passage.place(0, len(passage.text)), paragraph=None)
            shown.append(
                {"passage": passage, "heading": heading, "place": place, "html": rendering.passage_html(passage)}
            )
        newer = index.sources.get(record.superseded_by or "")
        return HTMLResponse(
            rendering.page(
                "source.html",
                source=record,
                provenance=rendering.provenance(record),
                newer=newer,
                rendition=index.renditions.get(source_id),
                passages=shown,
                safety_words=rendering.words(safety.text),
            )
        )

    def _message(title: str, text: str, status: int) -> HTMLResponse:
        return HTMLResponse(
            rendering.page("message.html", title=title, text=text, safety_words=rendering.words(safety.text)), status
        )

    gradio.mount_gradio_app(
        app,
        create_chat(assistant, safety),
        path="/chat",
        theme=gradio.themes.Default(
            primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        css_paths=[PAGES / "style.css", PAGES / "chat.css"],
        favicon_path=PAGES / "favicon.svg",
        footer_links=[],
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
    )
    return app
