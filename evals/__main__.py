"""python -m evals run | score | compare | lint | add | export | speed | retrieval | fit | train-scope | train-matcher"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assistant.answering import Assistant, Library
from assistant.build import build_assistant
from assistant.errors import SettingsError
from assistant.settings import AssistantSettings
from corpus.errors import CorpusError
from corpus.settings import CorpusSettings
from evals.adding import FeedbackError
from evals.bank import PARTS, BankError, Part, load_part
from evals.judging import Judge, JudgeError
from evals.retrieval import BeirError
from evals.running import RunError
from evals.systems import AskingError

Figures = Mapping[str, float]
_ERRORS = (CorpusError, SettingsError, BankError, BeirError, RunError, AskingError, JudgeError, FeedbackError)
_PEERS = ("bm25", "dense", "llama-index")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    corpus = CorpusSettings()
    if getattr(options, "data", None):
        corpus = corpus.model_copy(update={"data": options.data})
    commands: dict[str, Callable[[CorpusSettings, argparse.Namespace], tuple[Figures, bool]]] = {
        "run": _run,
        "score": _score,
        "compare": _compare,
        "lint": _lint,
        "add": _add,
        "export": _export,
        "dataset": _dataset,
        "speed": _speed,
        "retrieval": _retrieval,
        "fit": _fit,
        "train-scope": _train_scope,
        "train-matcher": _train_matcher,
    }
    try:
        figures, passed = commands[options.command](corpus, options)
    except _ERRORS as error:
        print(error, file=sys.stderr)
        return 2
    width = max(map(len, figures), default=0)
    for name, value in figures.items():
        print(f"{name:<{width}}  {value:g}" if float(value).is_integer() else f"{name:<{width}}  {value:.3f}")
    if getattr(options, "json", None):
        options.json.write_text(json.dumps(dict(figures), indent=1) + "\n", encoding="utf-8")
    return 0 if passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description="How well the service answers.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="ask the bank, score, report; exit code 1 where a threshold is missed")
    run.add_argument("--url", help="ask a deployed service and not the one in process")
    run.add_argument(
        "--peers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="ask plain BM25, plain dense and plain llama-index too",
    )
    run.add_argument("--fresh", action="store_true", help="forget an earlier, unfinished run in the folder")
    score = commands.add_parser("score", help="score and report a stored run again without asking")
    for command in (run, score):
        command.add_argument("--part", choices=PARTS, action="append", help="default: every part")
        command.add_argument("--out", type=Path, default=Path("runs/latest"), help="the run's folder")
        command.add_argument("--against", type=Path, help="an earlier run's folder to compare with")
        command.add_argument("--misses", action="store_true", help="list each miss of the development part")
        command.add_argument("--reveal", action="store_true", help="show the held-out part's misses in the report")
        command.add_argument(
            "--ragas", action=argparse.BooleanOptionalAction, default=True, help="ragas's metrics that need no model"
        )
    compare = commands.add_parser("compare", help="tell progress from noise between two stored runs")
    compare.add_argument("first", type=Path)
    compare.add_argument("second", type=Path)
    lint = commands.add_parser("lint", help="find faults, repeats and leaks in the bank")
    add = commands.add_parser("add", help="turn stored feedback into candidate items")
    add.add_argument("feedback", type=Path)
    export = commands.add_parser("export", help="write a stored run as a ragas EvaluationDataset")
    export.add_argument("--out", type=Path, default=Path("runs/latest"), help="the run's folder")
    export.add_argument("--part", choices=PARTS, default="development")
    export.add_argument("--to", type=Path, required=True, metavar="FILE")
    dataset = commands.add_parser("dataset", help="score a ragas EvaluationDataset, whoever wrote it")
    dataset.add_argument("file", type=Path)
    for command in (run, score, dataset):
        command.add_argument("--judge-url", help="an OpenAI-compatible endpoint for ragas's judged metrics")
        command.add_argument("--judge-model", default="judge", help="the judge's name there")
        command.add_argument("--judge-llm", metavar="MODULE:FUNCTION", help="gives a llama-index model as the judge")
    speed = commands.add_parser("speed", help="time an answer against a bare encoding and a plain retrieval")
    retrieval = commands.add_parser("retrieval", help="measure retrieval on a folder in the BEIR layout")
    retrieval.add_argument("--beir", type=Path, required=True, metavar="DIR")
    retrieval.add_argument("--peers", action="store_true", help="plain BM25, dense and llama-index beside it")
    fit = commands.add_parser("fit", help="fit the weights on the bank's development part")
    train = commands.add_parser("train-scope", help="train the scope classifier (about an hour and a half)")
    match = commands.add_parser("train-matcher", help="teach the matcher the questions that staff ask (about an hour)")
    for command in (run, score, compare, lint, export, dataset, speed, retrieval, fit, train, match):
        command.add_argument("--data", type=Path, help="the data folder (default: VSA_DATA or ./data)")
        command.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    return parser


def _whole(corpus: CorpusSettings) -> tuple[Assistant, Library]:
    """An assistant with its library; an assistant without one has nothing to measure."""
    assistant = build_assistant(corpus)
    if assistant.library is None:
        raise SettingsError(assistant.fault)
    return assistant, assistant.library


def _run(corpus: CorpusSettings, options: argparse.Namespace) -> tuple[Figures, bool]:
    import shutil

    from evals import running
    from evals.systems import Deployed, InProcess, System, peers

    assistant, library = _whole(corpus)
    systems: list[System] = [Deployed(options.url) if options.url else InProcess(assistant)]
    if options.peers:
        systems += peers(library, corpus.data)
    if options.fresh:
        shutil.rmtree(options.out, ignore_errors=True)
    for part in options.part or PARTS:
        items = load_part(part)
        for system in systems:
            settings = _run_settings(part, system.name, library, len(items))
            running.run(options.out / part / _folder_name(system.name), system, items, settings)
    return _report(assistant, library, options)


def _score(corpus: CorpusSettings, options: argparse.Namespace) -> tuple[Figures, bool]:
    return _report(*_whole(corpus), options)


def _folder_name(system: str) -> str:
    return "deployed" if "://" in system else system


def _run_settings(part: Part, system: str, library: Library, items: int) -> dict[str, Any]:
    return {
        "part": part,
        "system": system,
        "items": items,
        "corpus version": library.index.version,
        "encoder": library.encoder.fingerprint,
        "service": version("virtual-school-assistant"),
        "llama-index": version("llama-index-core"),
        "chromadb": version("chromadb"),
        "onnxruntime": version("onnxruntime"),
    }


def _results(folder: Path, parts: Sequence[Part], library: Library) -> list[Any]:
    """The stored results of a run's folder, scored now: the service first, then its peers."""
    from evals import running, scoring
    from evals.reporting import SystemResult

    out = []
    for part in parts:
        for name in ("assistant", "deployed", *_PEERS):
            if (folder / part / name).is_dir():
                settings, answers = running.load(folder / part / name)
                items = [item for item in load_part(part) if item.id in answers]
                scores = [scoring.score(item, answers[item.id], library.index) for item in items]
                out.append(SystemResult(name, part, settings, scores, answers))
    if not out:
        raise RunError(f"{folder}: holds no run. Run: python -m evals run --out {folder}")
    return out


def _report(assistant: Assistant, library: Library, options: argparse.Namespace) -> tuple[Figures, bool]:
    from evals import curve, judging, reporting

    parts = options.part or PARTS
    results = _results(options.out, parts, library)
    if options.ragas or options.judge_url or options.judge_llm:
        judge = Judge(options.judge_url, options.judge_model, factory=options.judge_llm)
        for number, result in enumerate(results):
            items = [score.item for score in result.scores]
            found = judging.samples(items, result.answers, library.index)
            scored = judging.without_a_model(found, library.encoder)
            judged = judging.with_a_judge(found, library.encoder, judge) if judge.url or judge.factory else {}
            results[number] = replace(result, ragas=scored, judged=judged)
    before = _results(options.against, parts, library) if options.against else []
    evidence = {
        score.item.id: curve.evidence(assistant, score.item)
        for result in results
        if result.part == "development" or options.reveal
        for score in result.scores
        if not score.right
    }
    drawn = curve.answerability(assistant, library) if "development" in parts else None
    report = reporting.write(options.out, results, drawn, evidence, before, options.reveal)
    if options.misses:
        for system in report["systems"]:
            if system["name"] in ("assistant", "deployed"):
                for miss in system["misses"]:
                    print(
                        f"{miss['id']}  {miss['question'][:100]!r}\n    "
                        + "\n    ".join(miss["why"] + miss["evidence"])
                    )
    figures: dict[str, float] = {}
    for result in results:
        head = f"{result.part}, {result.system}: "
        figures |= {head + name: interval.value for name, interval in result.shares.items()}
        figures |= {head + name: float(count) for name, count in result.counts.items()}
        figures |= {f"{head}{name}, median": size.value for name, size in result.sizes.items() if size.items}
        figures |= {f"{head}ragas {name}": mean for name, (mean, judged, _) in result.means.items() if judged}
    failed = [gate for gate in report["gates"] if not gate["holds"]]
    for gate in failed:
        print(f"BELOW THRESHOLD  {gate['part']}: {gate['name']} is {gate['value']:.3f}, bound {gate['bound']}")
    print(f"Report: {options.out / 'report.html'}")
    return figures, not failed


def _compare(corpus: CorpusSettings, options: argparse.Namespace) -> tuple[Figures, bool]:
    from evals import comparing

    _, library = _whole(corpus)
    first, second = _results(options.first, PARTS, library), _results(options.second, PARTS, library)
    figures: dict[str, float] = {}
    for one in first:
        two = next((r for r in second if (r.part, r.system) == (one.part, one.system)), None)
        if two is None:
            continue
        for change in comparing.changes(one.scores, two.scores, ("right", "outcome", "facts", "source", "clean")):
            says = "may be noise" if change.noise else ("better" if change.only_second > change.only_first else "worse")
            print(
                f"{one.part}, {one.system}, {change.measure}: only first {change.only_first}, only second {change.only_second} of {change.items}; chance {change.chance:.3f}: {says}"
            )
            figures[f"{one.part}, {one.system}, {change.measure}: chance"] = change.chance
        better, worse = comparing.moved(one.scores, two.scores)
        print(f"{one.part}, {one.system}: became right {len(better)}, became wrong {len(worse)}")
    return figures, True


def _lint(corpus: CorpusSettings, _: argparse.Namespace) -> tuple[Figures, bool]:
    from assistant.replies import load_replies
    from assistant.scope.signposts import load_contacts
    from corpus.asking import load_asked
    from evals import linting
    from evals.training_scope import EXAMPLES

    _assistant, library = _whole(corpus)
    index = library.index
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    asked = {f"asked question {n}": one.text for n, one in enumerate(load_asked(corpus.asked), start=1)}
    examples = asked | {
        f"scope example {n}": " ".join((*row["turns"], row["text"])) for n, row in enumerate(rows, start=1)
    }
    faults = linting.lint(
        [item for part in PARTS for item in load_part(part)],
        examples,
        load_replies(load_contacts(AssistantSettings().contacts)).suggestions,
        index.sources,
        {source_id: index.passages_of(source_id) for source_id in index.renditions},
        library.encoder,
    )
    for fault in faults:
        print(f"{fault.item}: {fault.kind}: {fault.what}")
    kinds = [fault.kind for fault in faults]
    return {f"faults, {kind}": float(kinds.count(kind)) for kind in dict.fromkeys(kinds)} | {
        "faults": float(len(faults))
    }, not faults


def _add(_: CorpusSettings, options: argparse.Namespace) -> tuple[Figures, bool]:
    from evals.adding import CANDIDATES, add

    count = add(options.feedback)
    print(f"Label them in {CANDIDATES}, then move them into evals/questions/development.jsonl")
    return {"candidates added": float(count)}, True


def _export(corpus: CorpusSettings, options: argparse.Namespace) -> tuple[Figures, bool]:
    from evals import judging, running

    _, library = _whole(corpus)
    _settings, answers = running.load(options.out / options.part / "assistant")
    items = [item for item in load_part(options.part) if item.id in answers]
    found = judging.samples(items, answers, library.index)
    judging.export(found, options.to)
    return {"samples written": float(len(found))}, True


def _dataset(corpus: CorpusSettings, options: argparse.Namespace) -> tuple[Figures, bool]:
    from evals import judging

    _, library = _whole(corpus)
    found = {str(number): row for number, row in enumerate(judging.read(options.file), start=1)}
    scored = [judging.without_a_model(found, library.encoder)]
    if options.judge_url or options.judge_llm:
        judge = Judge(options.judge_url, options.judge_model, factory=options.judge_llm)
        scored.append(judging.with_a_judge(found, library.encoder, judge))
    figures = {"samples": float(len(found))}
    for values in scored:
        for metric, (mean, judged, _left) in judging.means(values).items():
            figures |= {metric: mean, f"{metric}, judged": float(judged)}
    return figures, True


def _speed(corpus: CorpusSettings, _: argparse.Namespace) -> tuple[Figures, bool]:
    from evals.speed import measure

    return measure(*_whole(corpus), corpus), True


def _retrieval(corpus: CorpusSettings, options: argparse.Namespace) -> tuple[Figures, bool]:
    from corpus.embedding import OnnxEncoder
    from corpus.exporting import exported_model
    from evals.retrieval import load_beir, measure

    encoder = OnnxEncoder(exported_model(corpus), AssistantSettings().threads)
    return measure(load_beir(options.beir), encoder, peers=options.peers), True


def _fit(corpus: CorpusSettings, _: argparse.Namespace) -> tuple[Figures, bool]:
    from evals.fitting import fit

    return fit(*_whole(corpus)), True


def _train_scope(_corpus: CorpusSettings, _: argparse.Namespace) -> tuple[Figures, bool]:
    from evals.training_scope import train

    return train(), True


def _train_matcher(corpus: CorpusSettings, _: argparse.Namespace) -> tuple[Figures, bool]:
    from evals.training_matcher import train

    return train(corpus), True


if __name__ == "__main__":
    sys.exit(main())
