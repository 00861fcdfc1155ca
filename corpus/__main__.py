"""python -m corpus check | index | add | fetch | remove | status | diff | rollback | search | sources"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tqdm import tqdm

from corpus import adding, fetching, splitting, surveying
from corpus.asking import load_asked, resolve
from corpus.catalogue import load_sources
from corpus.domain import FORCES, NATIONS, STATUSES, Progress, Source
from corpus.embedding import OnnxEncoder
from corpus.errors import CorpusError, DataFolderError, UnknownSource
from corpus.exporting import exported_model
from corpus.gathering import Corpus, gather, gather_folder
from corpus.index import open_index, serving_index
from corpus.indexing import rollback, write_index
from corpus.matching import load_matcher
from corpus.readers.blocks import Document
from corpus.reading import from_document
from corpus.settings import CorpusSettings
from corpus.worker import Reader

# The exit code where all went on but some files could not be read.
_SOME_FAILED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where all is well, 1 where nothing was done, 2 where some files could not be read and the rest was indexed."""
    options = _parser().parse_args(arguments)
    settings = CorpusSettings()
    if getattr(options, "data", None):
        settings = settings.model_copy(update={"data": options.data})
    run: dict[str, Callable[[CorpusSettings, argparse.Namespace], int]] = {
        "check": _check,
        "index": _index,
        "add": _add,
        "fetch": _fetch,
        "remove": _remove,
        "status": _status,
        "diff": _diff,
        "rollback": _rollback,
        "search": _search,
        "sources": _sources,
    }
    try:
        return run[options.command](settings, options)
    except CorpusError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus", description="The documents that answers may quote.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="read the catalogue and every document, write nothing")
    index = commands.add_parser("index", help="make the index say exactly what the catalogue's files say")
    index.add_argument(
        "--folder",
        type=Path,
        help="index any folder of documents instead, without a catalogue (give it a --data of its own)",
    )
    add = commands.add_parser("add", help="bring in a document: a file, or an address")
    add.add_argument("document", help="a file (PDF, Word, HTML, Markdown, text) or an https address")
    add.add_argument("--id", help="the catalogue's id, or a new one (proposed from the title)")
    add.add_argument("--title", help="proposed from the document")
    add.add_argument("--nation", choices=NATIONS, action="append", help="may be given twice")
    add.add_argument("--force", choices=FORCES)
    add.add_argument("--published", metavar="YYYY[-MM[-DD]]", help="proposed from the document")
    add.add_argument("--licence", help="what allows you to use it, for instance 'Open Government Licence v3.0'")
    add.add_argument("--publisher")
    add.add_argument("--status", choices=STATUSES)
    add.add_argument("--review-by", metavar="YYYY-MM-DD")
    add.add_argument("--superseded-by", metavar="ID")
    add.add_argument("--url", help="where the published document is")
    fetch = commands.add_parser("fetch", help="fetch documents by the catalogue's links, where they changed")
    fetch.add_argument("ids", nargs="*", metavar="ID", help="default: every record whose document was fetched before")
    remove = commands.add_parser("remove", help="take a document that was added out again, without trace")
    remove.add_argument("id")
    status = commands.add_parser("status", help="what is held, how old it is, what to look at")
    status.add_argument(
        "--upstream", action="store_true", help="ask the publishers whether fetched documents have changed"
    )
    status.add_argument("--json", action="store_true")
    diff = commands.add_parser("diff", help="what a new edition of a document adds, removes and changes")
    diff.add_argument("id")
    diff.add_argument("file", type=Path)
    back = commands.add_parser("rollback", help="serve the version of the index before this one")
    sources = commands.add_parser("sources", help="list the catalogue")
    search = commands.add_parser("search", help="show the nearest passages to some words")
    search.add_argument("words")
    search.add_argument("--nation", choices=NATIONS)
    search.add_argument("--top", type=int, choices=range(1, 101), default=5, metavar="N")
    for command in (index, add, fetch, remove, status, diff, back, search, sources):
        command.add_argument("--data", type=Path, help="the data folder (default: VSA_DATA or ./data)")
    for command in (add, fetch, remove):
        command.add_argument(
            "--later", action="store_true", help="leave the index as it is until the next: python -m corpus index"
        )
    return parser


@contextmanager
def _bars() -> Iterator[Progress]:
    """Progress bars on standard error; the next closes the one before."""
    with ExitStack() as bars:

        def progress(what: str, total: int) -> Callable[[int], object]:
            bars.close()
            return bars.enter_context(tqdm(total=total or None, desc=what, unit="", disable=None)).update

        yield progress


def _check(settings: CorpusSettings, _: argparse.Namespace) -> int:
    corpus = gather(settings)
    print(
        f"{len(corpus.sources)} records, {len(corpus.files)} with a document, {len(corpus.passages)} passages: "
        f"{'all readable' if not corpus.failures else f'{len(corpus.failures)} files cannot be read'}"
    )
    asked = load_asked(settings.asked)
    print(
        f"{len(resolve(asked, [*corpus.passages, *corpus.shadowed]))} of {len(asked)} questions as staff ask them have their place"
    )
    return _failed(corpus)


def _failed(corpus: Corpus) -> int:
    for failure in corpus.failures:
        print(failure, file=sys.stderr)
    return _SOME_FAILED if corpus.failures else 0


def _index(settings: CorpusSettings, options: argparse.Namespace) -> int:
    folder = options.folder
    if folder and not folder.is_dir():
        raise DataFolderError(folder, "is no folder", "Give the folder that holds the documents")
    with _bars() as progress, ExitStack() as held:
        old = held.enter_context(serving_index(settings.data))
        if old and old.catalogued == bool(folder):
            made = "from the catalogue" if old.catalogued else "from a folder"
            raise DataFolderError(
                settings.data, f"holds an index that was made {made}", "Give this one a --data of its own"
            )
        corpus = gather_folder(folder, old, progress) if folder else gather(settings, old, progress)
        held.close()
        _write(settings, corpus, progress, with_asked=not folder)
    for orphan in adding.orphans(settings, corpus.sources) if not folder else ():
        print(f"{orphan}: has no record, so it is not indexed. Run: python -m corpus add {orphan}", file=sys.stderr)
    return _failed(corpus)


def _write(settings: CorpusSettings, corpus: Corpus, progress: Progress, with_asked: bool) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        model = exported_model(settings)
    except OSError as error:
        raise DataFolderError(
            settings.data,
            f"cannot be written ({error.strerror})",
            "Choose a folder you may write to: --data DIR or VSA_DATA",
        ) from error
    asked, matcher = (load_asked(settings.asked), load_matcher()) if with_asked else ((), None)
    report = write_index(settings.data, corpus, OnnxEncoder(model), progress, asked, matcher)
    if report.changed:
        print(
            f"Indexed {report.passages} passages ({report.embedded} embedded, {report.reused} kept). Version {report.version}"
        )
    else:
        print(
            f"Nothing to do: the index already says what the files say ({report.passages} passages). Version {report.version}"
        )
    for version in report.in_use:
        print(f"Version {version} is still being read by a service; it goes at the next run.", file=sys.stderr)


def _add(settings: CorpusSettings, options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as temporary, _bars() as progress, Reader() as reader:
        file, fetched = Path(options.document), None
        if "://" in options.document:
            file, fetched = fetching.download(options.document, "document", Path(temporary), progress)
            options.url = options.url or options.document
        document = reader.read(file)
        proposal = adding.proposed(document, Path(options.document.rstrip("/")))
        fields = (
            "title",
            "nation",
            "force",
            "published",
            "licence",
            "publisher",
            "status",
            "review_by",
            "superseded_by",
            "url",
        )
        given = {field: getattr(options, field) for field in fields}
        source_id = options.id or proposal["id"]
        sources = load_sources(settings)
        new = None
        if source_id not in sources:
            if sys.stdin.isatty():
                given |= _asked_for(given, proposal)
            new = adding.record(given, {**proposal, "id": source_id})
        added = adding.add(settings, file, source_id, new)
    if fetched:
        fetching.remember(settings, {**fetching.remembered(settings), source_id: fetched})
    _tell(added, document)
    return 0 if options.later else _index_all(settings)


def _asked_for(given: dict[str, Any], proposal: dict[str, Any]) -> dict[str, Any]:
    """Asks a person for what was not given; an empty line takes what is proposed."""
    out: dict[str, Any] = {}
    for field in ("title", "nation", "force", "published", "licence"):
        if not given[field]:
            proposed = proposal.get(field, "")
            choices = {"nation": f" ({', '.join(NATIONS)})", "force": f" ({', '.join(FORCES)})"}.get(field, "")
            said = input(f"{field}{choices}{f' [{proposed}]' if proposed else ''}: ").strip() or proposed
            out[field] = [part.strip() for part in said.split(",")] if field == "nation" and said else said
    return out


def _tell(added: adding.Added, document: Document) -> None:
    pages = f", {document.pages} pages" if document.pages else ""
    print(
        f"{added.source.id}: {added.source.title} ({added.file.name}{pages}, {len(document.blocks)} paragraphs and headings)"
    )


def _index_all(settings: CorpusSettings) -> int:
    return _index(settings, argparse.Namespace(folder=None))


def _fetch(settings: CorpusSettings, options: argparse.Namespace) -> int:
    sources, memory = load_sources(settings), fetching.remembered(settings)
    unknown = [source_id for source_id in options.ids if source_id not in sources]
    if unknown:
        raise UnknownSource(unknown[0], "is not in the catalogue", "See: python -m corpus sources")
    wanted = options.ids or [source_id for source_id in memory if source_id in sources]
    if not wanted:
        print("Nothing was fetched yet. Name what to fetch: python -m corpus fetch ID (see python -m corpus sources)")
        return 0
    failures, came = 0, False
    with Reader() as reader, _bars() as progress:
        for source_id in wanted:
            try:
                came = _fetch_one(settings, sources[source_id], reader, progress) or came
            except CorpusError as error:
                print(error, file=sys.stderr)
                failures += 1
    indexed = _index_all(settings) if came and not options.later else 0
    return 1 if failures else indexed


def _fetch_one(settings: CorpusSettings, source: Source, reader: Reader, progress: Progress) -> bool:
    """Whether a new file came."""
    memory = fetching.remembered(settings)
    held = any(settings.originals.glob(f"{source.id}.*"))
    with tempfile.TemporaryDirectory() as temporary:
        arrived = fetching.fetch(source, settings, Path(temporary), memory.get(source.id) if held else None, progress)
        if arrived.file is None:
            print(f"{source.id}: unchanged since {arrived.fetched.fetched_at[:10]}")
            return False
        document = reader.read(arrived.file)
        fetching.require_named(source, document)
        added = adding.add(settings, arrived.file, source.id, None)
    fetching.remember(settings, {**memory, source.id: arrived.fetched})
    _tell(added, document)
    return True


def _remove(settings: CorpusSettings, options: argparse.Namespace) -> int:
    stays = adding.remove(settings, options.id)
    memory = fetching.remembered(settings)
    if memory.pop(options.id, None):
        fetching.remember(settings, memory)
    print(f"{options.id}: its file is gone" + ("; the shipped record and digest stay" if stays else ""))
    return 0 if options.later else _index_all(settings)


def _status(settings: CorpusSettings, options: argparse.Namespace) -> int:
    sources, memory = load_sources(settings), fetching.remembered(settings)
    with serving_index(settings.data) as index:
        if index and not index.catalogued:
            sources, memory = index.sources, {}
        lines = surveying.status(index, sources, memory, date.today())
        version = index.version if index else None
    upstream: dict[str, str] = {}
    for source_id, before in memory.items() if options.upstream else ():
        try:
            upstream[source_id] = (
                fetching.changed_upstream(sources[source_id], settings, before) if source_id in sources else ""
            )
        except CorpusError as error:
            upstream[source_id] = f"not known: {error}"
    orphans = [str(file) for file in adding.orphans(settings, load_sources(settings))]
    if options.json:
        rows = [{**asdict(line), "upstream": upstream.get(line.id)} for line in lines]
        print(
            json.dumps({"version": version, "sources": rows, "without_record": orphans}, ensure_ascii=False, indent=1)
        )
        return 0
    print(f"Version {version}" if version else "There is no index yet: python -m corpus index")
    for line in lines:
        pages = f", {line.pages} pages" if line.pages else ""
        print(
            f"{line.id}\n  {line.title}\n  {line.held}{pages}, {line.passages} passages; published {line.published or 'undated'}",
            end="",
        )
        print(f"; fetched {line.fetched[:10]}" if line.fetched else "", end="")
        print(f"; upstream: {upstream[line.id]}" if line.id in upstream else "")
        for warning in line.warnings:
            print(f"  ! {warning}")
    for orphan in orphans:
        print(f"! {orphan} has no record, so it is not indexed. Run: python -m corpus add {orphan}")
    return 0


def _diff(settings: CorpusSettings, options: argparse.Namespace) -> int:
    with open_index(settings.data) as index, Reader() as reader:
        if options.id not in index.files:
            raise UnknownSource(options.id, "has no text in the index", "See: python -m corpus status")
        source = index.sources[options.id]
        new = splitting.split(
            from_document(reader.read(options.file), source.id, source.title).sections, source.nation, source.label
        )
        held = [p for p in index.passages_of(source.id) if p.rendition == index.renditions[source.id]]
        found = surveying.diff(source.id, held, new, settings)
    for name, texts in (("Added", found.added), ("Removed", found.removed)):
        print(f"{name}: {len(texts)} statements")
        print("".join(f"  {'+' if name == 'Added' else '-'} {text}\n" for text in texts), end="")
    print(f"Changed: {len(found.changed)} statements")
    for before, after in found.changed:
        print(f"  - {before}\n  + {after}")
    print(f"Passages that citations may have opened and that go: {len(found.passages)}")
    print("".join(f"  {passage_id}\n" for passage_id in found.passages), end="")
    print(f"Questions that rested on them (corpus/asked.jsonl): {len(found.asked)}")
    print("".join(f"  {text}\n" for text in found.asked), end="")
    print(f"Items of the question bank to look at: {len(found.bank)}")
    print("".join(f"  {item}\n" for item in found.bank), end="")
    return 0


def _rollback(settings: CorpusSettings, _: argparse.Namespace) -> int:
    version = rollback(settings.data)
    print(
        f"Version {version} serves again. The files are as they were: the next python -m corpus index makes the index say what they say."
    )
    return 0


def _search(settings: CorpusSettings, options: argparse.Namespace) -> int:
    index = open_index(settings.data)
    encoder = OnnxEncoder(settings.data / "models" / index.encoder)
    near = index.dense(encoder.encode([options.words])[0], options.top, options.nation)
    found = index.passages(list(near))
    for passage_id in near:
        passage = found[passage_id]
        source = index.sources[passage.source_id]
        page = f", page {passage.page}" if passage.page else ""
        print(
            f"{near[passage_id]:.3f}  {source.title} ({', '.join(source.nation)}, {source.force})\n       {' > '.join(passage.heading)}{page}  [{passage_id}]"
        )
        print("       " + passage.text.replace("\n\n", "\n").replace("\n", "\n       ") + "\n")
    return 0


def _sources(settings: CorpusSettings, _: argparse.Namespace) -> int:
    with serving_index(settings.data) as index:
        held = dict(index.renditions) if index else {}
    for source in load_sources(settings).values():
        checked = "" if source.url_checked else " (link not checked)"
        print(
            f"{source.id}\n  {source.title}\n  {source.publisher}, {source.published or 'undated'}; {', '.join(source.nation)}; {source.force}; {source.status}; {held.get(source.id, 'link only')}\n  {source.url}{checked}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
