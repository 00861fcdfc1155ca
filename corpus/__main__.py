"""python -m corpus check | index | search | sources"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from corpus.asking import load_asked, resolve
from corpus.domain import NATIONS
from corpus.embedding import OnnxEncoder
from corpus.errors import CorpusError
from corpus.exporting import exported_model
from corpus.index import open_index
from corpus.indexing import read_corpus, write_index
from corpus.matching import load_matcher
from corpus.settings import CorpusSettings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m corpus", description="The documents that answers may quote.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="read the catalogue and every document, write nothing")
    index = commands.add_parser("index", help="make the index say exactly what the catalogue's files say")
    sources = commands.add_parser("sources", help="list the catalogue")
    search = commands.add_parser("search", help="show the nearest passages to some words")
    search.add_argument("words")
    search.add_argument("--nation", choices=NATIONS)
    search.add_argument("--top", type=int, choices=range(1, 101), default=5, metavar="N")
    for command in (index, search, sources):
        command.add_argument("--data", type=Path, help="the data folder (default: VSA_DATA or ./data)")
    options = parser.parse_args(arguments)
    settings = CorpusSettings()
    if getattr(options, "data", None):
        settings = settings.model_copy(update={"data": options.data})
    run: dict[str, Callable[[CorpusSettings, argparse.Namespace], None]] = {
        "check": _check,
        "index": _index,
        "search": _search,
        "sources": _sources,
    }
    try:
        run[options.command](settings, options)
    except CorpusError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _check(settings: CorpusSettings, _: argparse.Namespace) -> None:
    sources, passages = read_corpus(settings)
    held = {passage.source_id for passage in passages}
    print(f"{len(sources)} records, {len(held)} with a document, {len(passages)} passages: all readable")
    asked = load_asked(settings.asked)
    print(f"{len(resolve(asked, passages))} of {len(asked)} questions as staff ask them have their place")


def _index(settings: CorpusSettings, _: argparse.Namespace) -> None:
    sources, passages = read_corpus(settings)
    with ExitStack() as bars:

        def progress(what: str, total: int) -> Callable[[int], object]:
            return bars.enter_context(tqdm(total=total, desc=what, unit="text", disable=total == 0)).update

        try:
            settings.data.mkdir(parents=True, exist_ok=True)
            model = exported_model(settings)
        except OSError as error:
            from corpus.errors import DataFolderError

            raise DataFolderError(
                settings.data,
                f"cannot be written ({error.strerror})",
                "Choose a folder you may write to: --data DIR or VSA_DATA",
            ) from error
        asked, matcher = load_asked(settings.asked), load_matcher()
        report = write_index(settings.data, sources, passages, OnnxEncoder(model), progress, asked, matcher)
    if report.changed:
        print("A service that runs keeps the old version until it is started again.")
        print(
            f"Indexed {report.passages} passages ({report.embedded} embedded, {report.reused} kept). Version {report.version}"
        )
    else:
        print(
            f"Nothing to do: the index already says what the files say ({report.passages} passages). Version {report.version}"
        )


def _search(settings: CorpusSettings, options: argparse.Namespace) -> None:
    index = open_index(settings.data)
    encoder = OnnxEncoder(settings.data / "models" / index.encoder)
    near = index.dense(encoder.encode([options.words])[0], options.top, options.nation)
    found = index.passages(list(near))
    for passage_id in near:
        passage = found[passage_id]
        source = index.sources[passage.source_id]
        print(
            f"{near[passage_id]:.3f}  {source.title} ({', '.join(source.nation)}, {source.force})\n       {' > '.join(passage.heading)}  [{passage_id}]"
        )
        print("       " + passage.text.replace("\n\n", "\n").replace("\n", "\n       ") + "\n")


def _sources(settings: CorpusSettings, _: argparse.Namespace) -> None:
    sources, passages = read_corpus(settings)
    held = {passage.source_id: passage.rendition for passage in passages}
    for source in sources.values():
        checked = "" if source.url_checked else " (link not checked)"
        print(
            f"{source.id}\n  {source.title}\n  {source.publisher}, {source.published or 'undated'}; {', '.join(source.nation)}; {source.force}; {source.status}; {held.get(source.id, 'link only')}\n  {source.url}{checked}"
        )


if __name__ == "__main__":
    sys.exit(main())
