"""python -m ui: the API, the chat page and the source pages on one address."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from assistant.build import build_assistant, following_index
from assistant.errors import SettingsError
from corpus.settings import CorpusSettings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ui", description="Serve the assistant.")
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="default: HOST or 127.0.0.1")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"), help="default: PORT or 8000")
    parser.add_argument("--data", type=Path, help="the data folder (default: VSA_DATA or ./data)")
    options = parser.parse_args(arguments)
    trouble = _cannot_listen(options.host, options.port)
    if trouble:
        print(
            f"{options.host}:{options.port}: cannot be used ({trouble}). Choose another with --host and --port (or HOST and PORT)",
            file=sys.stderr,
        )
        return 1
    corpus = CorpusSettings()
    if options.data:
        corpus = corpus.model_copy(update={"data": options.data})
    try:
        assistant = build_assistant(corpus)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if assistant.library is None:
        print(f"{assistant.fault}\nServing all the same: questions get 503, the safety panel works.", file=sys.stderr)
    from ui.app import create_app

    app = create_app(assistant, corpus.data)
    print(f"Open http://{options.host}:{options.port}/chat", flush=True)
    # No access log: it would hold nothing but paths, and what is not written cannot leak.
    with following_index(assistant, corpus):
        uvicorn.run(app, host=options.host, port=options.port, log_level="warning", access_log=False)
    return 0


def _cannot_listen(host: str, port: int) -> str | None:
    """Why the address cannot be listened on, or None."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
