"""python -m assistant ask "..." """

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.api import as_json
from assistant.build import build_assistant
from assistant.citing import place_words
from assistant.domain import Answer, Outcome, Question
from assistant.errors import QuestionError, SettingsError
from corpus.settings import CorpusSettings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m assistant", description="Ask the published guidance and research.")
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("ask", help="one answer in the terminal")
    ask.add_argument("question")
    ask.add_argument("--nation", choices=("england", "scotland"), help="answer from this nation's sources alone")
    ask.add_argument("--json", action="store_true", help="the answer as /v1/ask returns it")
    ask.add_argument("--data", type=Path, help="the data folder (default: VSA_DATA or ./data)")
    options = parser.parse_args(arguments)
    corpus = CorpusSettings()
    if options.data:
        corpus = corpus.model_copy(update={"data": options.data})
    try:
        assistant = build_assistant(corpus)
        answer = assistant.answer(Question(options.question, (), options.nation))
    except (QuestionError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(as_json(answer), ensure_ascii=False, indent=1) if options.json else _for_reading(answer))
    if answer.outcome is Outcome.UNAVAILABLE:
        print(assistant.fault, file=sys.stderr)
        return 1
    return 0


def _for_reading(answer: Answer) -> str:
    parts = [answer.answer]
    if answer.safety:
        parts.insert(0, "\n".join(f"{contact.who}: {contact.how}" for contact in answer.safety.contacts))
    if answer.citations:
        parts.append(
            "\n".join(
                f"[{c.number}] {c.title}{f', {c.section}' if c.section else ''}{f', {place_words(c)}' if place_words(c) else ''} ({', '.join(c.nation) or 'nation not stated'}; {c.force}; {c.published or 'undated'}; {c.status})\n    {c.url}"
                for c in answer.citations
            )
        )
    parts.extend(f"Note: {caution.text}" for caution in answer.cautions)
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
