"""Times a whole answer against what anyone has: a bare encoding, and a plain llama-index + Chroma retrieval; and what scope
adds to it against one question embedding; and how fast indexing embeds, against sentence-transformers over the same texts.

All run in one process, in turn, question by question, so that the machine's own noise falls on each alike.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant.answering import Assistant, Library
from assistant.domain import Question
from corpus.embedding import Encoder, OnnxEncoder
from corpus.exporting import weights_folder
from corpus.index import Index, open_chroma
from corpus.settings import CorpusSettings
from corpus.splitting import embedding_text, unit_embedding_text, units
from evals.bank import load_part

# Top-k of the plain retrieval: llama-index's own default is 2, its tutorials use 5.
_TOP_K = 5
_WARM_UP = 5
# Times that each way embeds all texts.
_ROUNDS = 5


def measure(assistant: Assistant, library: Library, settings: CorpusSettings) -> dict[str, float]:
    """Median milliseconds of each, and the ratios."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(weights_folder(settings)), device="cpu", local_files_only=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = _plain_retriever(library.index, model, Path(folder))
        ways: dict[str, Callable[[str], object]] = {
            "answer": lambda text: assistant.answer(Question(text)),
            "scope": lambda text: assistant.ruling(Question(text)),
            "one question embedding": lambda text: library.encoder.encode([text]),
            "bare sentence-transformers encoding": lambda text: model.encode(text, show_progress_bar=False),
            "plain llama-index + Chroma retrieval": plain,
        }
        questions = [
            item.question for item in load_part("development") if item.outcomes[0] == "answered" and not item.turns
        ]
        times: dict[str, list[float]] = {name: [] for name in ways}
        for text in questions[:_WARM_UP]:
            for way in ways.values():
                way(text)
        for text in tqdm(questions, desc="Timing", unit="question"):
            for name, way in ways.items():
                began = time.perf_counter()
                way(text)
                times[name].append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(values) for name, values in times.items()}
    out = {f"{name}, median ms": value for name, value in medians.items()}
    for name in ("bare sentence-transformers encoding", "plain llama-index + Chroma retrieval"):
        out[f"answer as a ratio to {name}"] = medians["answer"] / medians[name]
    out["scope as a ratio to one question embedding"] = medians["scope"] / medians["one question embedding"]
    return out | _indexing(library.index, OnnxEncoder(settings.data / "models" / library.index.encoder), model)


def _indexing(index: Index, encoder: Encoder, model: Any) -> dict[str, float]:
    """Texts a second of what indexing embeds (passages and their units), and of sentence-transformers over the same texts."""
    texts = [
        text
        for passages in index.by_source().values()
        for passage in passages
        for text in (embedding_text(passage), *(unit_embedding_text(passage, u) for u in units(passage.text)))
    ]
    ways: dict[str, Callable[[], object]] = {
        "indexing": lambda: encoder.encode(texts),
        "bare sentence-transformers": lambda: model.encode(texts, show_progress_bar=False),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in tqdm(range(_ROUNDS), desc="Timing", unit="round"):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - began)
    rates = {name: len(texts) / statistics.median(values) for name, values in times.items()}
    return {f"{name}, texts a second": rate for name, rate in rates.items()} | {
        "indexing as a ratio to bare sentence-transformers": rates["indexing"] / rates["bare sentence-transformers"]
    }


def _plain_retriever(index: Index, model: Any, folder: Path) -> Callable[[str], object]:
    """What the tutorial gives: the same passages in a VectorStoreIndex over Chroma, embedded by sentence-transformers."""
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    class Embedding(BaseEmbedding):  # type: ignore[misc]
        def _get_query_embedding(self, query: str) -> list[float]:
            return model.encode(query, show_progress_bar=False).tolist()  # type: ignore[no-any-return]

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_query_embedding(text)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    nodes = [
        TextNode(id_=passage.id, text=passage.text)
        for source_id in index.renditions
        for passage in index.passages_of(source_id)
    ]
    collection = open_chroma(folder).create_collection("plain", embedding_function=None)
    storage = StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection))
    retriever = VectorStoreIndex(nodes, storage_context=storage, embed_model=Embedding()).as_retriever(
        similarity_top_k=_TOP_K
    )
    return lambda text: retriever.retrieve(text)
