"""python -m evals run | speed | retrieval | fit | fit-scope"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assistant.answering import Assistant, Library
from assistant.build import build_assistant, open_library
from assistant.errors import SettingsError
from assistant.settings import AssistantSettings
from corpus.errors import CorpusError
from corpus.settings import CorpusSettings
from evals.bank import PARTS, BankError, load_part
from evals.retrieval import BeirError

Figures = Mapping[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals", description="How well the service answers.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="answer the bank, score the answers, store the run")
    run.add_argument("--part", choices=PARTS, action="append", help="default: every part")
    run.add_argument("--misses", action="store_true", help="list each miss of the development part with its reason")
    run.add_argument(
        "--out", type=Path, default=Path("runs/latest"), help="where the run is stored (default: runs/latest)"
    )
    speed = commands.add_parser("speed", help="time an answer against a bare encoding and a plain retrieval")
    retrieval = commands.add_parser("retrieval", help="measure retrieval on a folder in the BEIR layout")
    retrieval.add_argument("--beir", type=Path, required=True, metavar="DIR")
    fit = commands.add_parser("fit", help="fit the weights on the bank's development part")
    fit_scope = commands.add_parser("fit-scope", help="fit the scope classifier on its examples")
    for command in (run, speed, retrieval, fit, fit_scope):
        command.add_argument("--data", type=Path, help="the data folder (default: VSA_DATA or ./data)")
        command.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    options = parser.parse_args(arguments)
    corpus = CorpusSettings()
    if options.data:
        corpus = corpus.model_copy(update={"data": options.data})
    commands_by_name: dict[str, Callable[[CorpusSettings, argparse.Namespace], Figures]] = {
        "run": _run,
        "speed": _speed,
        "retrieval": _retrieval,
        "fit": _fit,
        "fit-scope": _fit_scope,
    }
    try:
        figures = commands_by_name[options.command](corpus, options)
    except (CorpusError, SettingsError, BankError, BeirError) as error:
        print(error, file=sys.stderr)
        return 1
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:<{width}}  {value:g}" if float(value).is_integer() else f"{name:<{width}}  {value:.3f}")
    if options.json:
        options.json.write_text(json.dumps(dict(figures), indent=1) + "\n", encoding="utf-8")
    return 0


def _whole(corpus: CorpusSettings) -> tuple[Assistant, Library]:
    """An assistant with its library; an assistant without one has nothing to measure."""
    assistant = build_assistant(corpus)
    if assistant.library is None:
        open_library(corpus, 1)
        raise AssertionError("the library opened at the second try")
    return assistant, assistant.library


def _run(corpus: CorpusSettings, options: argparse.Namespace) -> Figures:
    from evals import running, scoring

    assistant, library = _whole(corpus)
    out: dict[str, float] = {}
    for part in options.part or PARTS:
        items = load_part(part)
        answers = running.run(assistant, items)
        scores = [scoring.score(item, answers[item.id], library.index) for item in items]
        figures = scoring.figures(scores, answers)
        running.store(
            options.out / part,
            answers,
            {"part": part, "corpus_version": library.index.version, "encoder": library.encoder.fingerprint},
            figures,
        )
        out.update({f"{part}: items": len(items), **{f"{part}: {name}": value for name, value in figures.items()}})
        if options.misses and part == "development":
            for score in scores:
                if not score.right:
                    print(f"{score.item.id}  {score.item.question[:100]!r}\n    " + "\n    ".join(score.misses))
    return out


def _speed(corpus: CorpusSettings, _: argparse.Namespace) -> Figures:
    from evals.speed import measure

    return measure(*_whole(corpus), corpus)


def _retrieval(corpus: CorpusSettings, options: argparse.Namespace) -> Figures:
    from corpus.embedding import OnnxEncoder
    from corpus.exporting import exported_model
    from evals.retrieval import load_beir, measure

    return measure(load_beir(options.beir), OnnxEncoder(exported_model(corpus), AssistantSettings().threads))


def _fit(corpus: CorpusSettings, _: argparse.Namespace) -> Figures:
    from evals.fitting import fit

    return fit(open_library(corpus, AssistantSettings().threads))


def _fit_scope(corpus: CorpusSettings, _: argparse.Namespace) -> Figures:
    from evals.fitting import fit_scope

    return fit_scope(open_library(corpus, AssistantSettings().threads))


if __name__ == "__main__":
    sys.exit(main())
