"""Measures retrieval on a set in the BEIR layout, through the product's own splitting, embedding, index and retrieval."""

import csv
import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from assistant.answering import Library
from assistant.retrieval import retrieve
from assistant.spelling import mend
from assistant.supporting import support, usual_support
from corpus import splitting
from corpus.domain import Passage, Section, Source
from corpus.embedding import Encoder
from corpus.gathering import Corpus
from corpus.index import Held, Index, open_index
from corpus.indexing import write_index
from evals.systems import llama_index

# Passages fetched a question; documents are ranked by their best passage, so more than ten are needed for a top ten.
_DEPTH = 60


class BeirError(Exception):
    """A folder is not in the BEIR layout."""


@dataclass(frozen=True)
class Beir:
    """A public set: documents as {id: (title, text)}, questions as {id: text}, relevant documents by question."""

    documents: Mapping[str, tuple[str, str]]
    questions: Mapping[str, str]
    relevant: Mapping[str, frozenset[str]]


def load_beir(folder: Path) -> Beir:
    """Raises BeirError, naming the file and line."""
    documents = {row["_id"]: (row.get("title", ""), row["text"]) for row in _jsonl(folder / "corpus.jsonl")}
    questions = {row["_id"]: row["text"] for row in _jsonl(folder / "queries.jsonl")}
    relevant: defaultdict[str, set[str]] = defaultdict(set)
    tables = sorted((folder / "qrels").glob("*.tsv"))
    if not tables:
        raise BeirError(f"{folder / 'qrels'}: holds no .tsv file. Add qrels/test.tsv with query-id, corpus-id, score")
    for table in tables:
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                if float(row["score"]) > 0:
                    relevant[row["query-id"]].add(row["corpus-id"])
    return Beir(documents, questions, {key: frozenset(ids) for key, ids in relevant.items()})


def _jsonl(path: Path) -> list[dict[str, str]]:
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except OSError as error:
        raise BeirError(
            f"{path}: cannot be read ({error.strerror}). Give a folder with corpus.jsonl, queries.jsonl and qrels/"
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            raise BeirError(f"{path}:{number}: is not JSON. Mend that line") from error
    return rows


def measure(
    beir: Beir,
    encoder: Encoder,
    data: Path | None = None,
    progress: Callable[[str, int], Callable[[int], object]] | None = None,
    peers: bool = False,
) -> dict[str, float]:
    """nDCG@10, Recall@5, Recall@10 and MRR@10 over the answerable questions, and, where questions without a relevant
    document are present, how the support that the service looks at tells the two kinds apart: its AUROC, the share of the others that
    would be answered where 90 % of the answerable are, and both shares at the service's own threshold. With `peers`, plain
    BM25, plain dense and plain llama-index over the same passages too, their names before their figures."""
    show = progress or (lambda what, total: tqdm(total=total, desc=what).update)
    with tempfile.TemporaryDirectory() as temporary:
        folder = data or Path(temporary)
        write_index(folder, _as_corpus(beir), encoder, show)
        index = open_index(folder)
        ranks: dict[str, dict[str, list[str]]] = {"": {}, "bm25, ": {}, "dense, ": {}, "llama-index, ": {}}
        engine = llama_index(Library(index, encoder), folder, _DEPTH) if peers else None
        confidence: dict[str, float] = {}
        others = [key for key in beir.questions if not beir.relevant.get(key)]
        usual = usual_support(index, encoder) if others else None
        step = show("Asking", len(beir.questions))
        for key, text in beir.questions.items():
            mended = mend(text, index.words)
            vector = encoder.encode([mended])[0]
            found_here = retrieve(index, vector, mended, (None,), _DEPTH)
            ranks[""][key] = _documents(index, [hit.passage for hit in found_here.hits])
            confidence[key] = support(found_here)
            if peers:
                plain = encoder.encode([text])[0]
                for name, scores in (("bm25, ", index.lexical(text, _DEPTH)), ("dense, ", index.dense(plain, _DEPTH))):
                    found = index.passages(list(scores))
                    ranks[name][key] = _documents(index, [found[passage_id] for passage_id in scores])
            if engine:
                ranks["llama-index, "][key] = _documents(index, engine(text, None))
            step(1)
    answerable = [key for key in beir.questions if beir.relevant.get(key)]
    out: dict[str, float] = {}
    for name, ranked in ranks.items():
        if ranked:
            out |= {name + measure: value for measure, value in _measures(ranked, beir.relevant, answerable).items()}
    if others:
        may, not_ = np.array([confidence[k] for k in answerable]), np.array([confidence[k] for k in others])
        out["answerability AUROC"] = auroc(list(may), list(not_))
        out["others answered where 90 % of the answerable are"] = float(np.mean(not_ >= np.quantile(may, 0.1)))
        if usual is not None:
            out["answerable answered by the service"] = float(np.mean(may >= usual))
            out["others answered by the service"] = float(np.mean(not_ >= usual))
    return out


def _documents(index: Index, passages: Sequence[Passage]) -> list[str]:
    """The documents of passages, best first: a document ranks by its best passage."""
    return list(dict.fromkeys(index.sources[passage.source_id].title for passage in passages))


def _measures(
    ranks: Mapping[str, Sequence[str]], relevant: Mapping[str, frozenset[str]], answerable: Sequence[str]
) -> dict[str, float]:
    return {
        "nDCG@10": _mean([_ndcg(ranks[key], relevant[key], 10) for key in answerable]),
        "Recall@5": _mean([_recall(ranks[key], relevant[key], 5) for key in answerable]),
        "Recall@10": _mean([_recall(ranks[key], relevant[key], 10) for key in answerable]),
        "MRR@10": _mean([_reciprocal_rank(ranks[key], relevant[key], 10) for key in answerable]),
    }


def _as_corpus(beir: Beir) -> Corpus:
    """Documents as sources; the source's title carries the document's id."""
    from corpus.reading import READING, read_markdown

    sources: dict[str, Source] = {}
    passages: list[Passage] = []
    for number, (key, (title, text)) in enumerate(beir.documents.items()):
        source_id = f"document-{number}"
        sources[source_id] = Source(
            source_id, key, (), "", "", ("england",), "web page", "current", None, None, (), "", "", False
        )
        sections = [
            Section(s.source_id, s.rendition, (title or key, *s.heading[1:]), s.text, s.marks)
            for s in read_markdown(f"# {title or key}\n\n{text}", source_id, "original")
        ]
        passages.extend(splitting.split(sections, ("england",)))
    held = {source_id: Held(source_id, "", "original", READING, None, ()) for source_id in sources}
    return Corpus(sources, passages, held)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _ndcg(ranked: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    gain = sum(1 / math.log2(place + 2) for place, key in enumerate(ranked[:depth]) if key in relevant)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(depth, len(relevant))))


def _recall(ranked: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    return len(relevant.intersection(ranked[:depth])) / len(relevant)


def _reciprocal_rank(ranked: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    return next((1 / (place + 1) for place, key in enumerate(ranked[:depth]) if key in relevant), 0.0)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive scores above a negative, ties counting half."""
    if not positive or not negative:
        return math.nan
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative))
