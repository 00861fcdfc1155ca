"""Who can be asked: this service in process, one that is deployed, and what a user would have otherwise.

A system answers with the API's own JSON body, so that all are stored and scored alike. The peers are plain on purpose: they
return the best passages, whole, with their places, as the tutorials do; they decline nothing and know no "not covered".
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx

from assistant.answering import Assistant, Library
from assistant.api import as_json
from assistant.domain import Message, Question
from corpus.domain import Nation, Passage
from corpus.index import COLLECTION, Index, open_chroma

Body = Mapping[str, Any]

# Passages a peer returns: what the llama-index tutorials ask for.
PEER_PASSAGES = 3


class AskingError(Exception):
    """A system cannot be asked; the message says which and how to mend it."""


class System(Protocol):
    """The seam: something that answers a question."""

    name: str

    def ask(self, question: str, history: Sequence[Message], nation: Nation | None) -> Body: ...


class InProcess:
    """This service, without HTTP between."""

    name = "assistant"

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def ask(self, question: str, history: Sequence[Message], nation: Nation | None) -> Body:
        return as_json(self._assistant.answer(Question(question, tuple(history), nation)))


class Deployed:
    """A service at an address. Raises AskingError where it does not answer as the contract says."""

    def __init__(self, address: str, timeout: float = 60) -> None:
        self.name = address.rstrip("/")
        self._timeout = timeout

    def ask(self, question: str, history: Sequence[Message], nation: Nation | None) -> Body:
        body = {
            "question": question,
            "history": [{"role": message.role, "content": message.content} for message in history],
            "nation": nation,
        }
        try:
            response = httpx.post(f"{self.name}/v1/ask", json=body, timeout=self._timeout)
            if response.status_code not in (200, 503):
                raise AskingError(f"{self.name}: answered {response.status_code}. Check the address and its version")
            found: Body = response.json()
            return found
        except (httpx.HTTPError, ValueError) as error:
            raise AskingError(
                f"{self.name}: cannot be asked ({type(error).__name__}). Start it, or check the address"
            ) from error


class Peer:
    """A plain retrieval as a system: its best passages are its answer."""

    def __init__(self, name: str, index: Index, find: Callable[[str, Nation | None], Sequence[Passage]]) -> None:
        self.name = name
        self._index, self._find = index, find

    def ask(self, question: str, history: Sequence[Message], nation: Nation | None) -> Body:
        del history  # a peer has no memory
        began = time.perf_counter()
        passages = self._find(question, nation)
        citations = [self._citation(number, passage) for number, passage in enumerate(passages, start=1)]
        statements = [{"text": passage.text, "citations": [n]} for n, passage in enumerate(passages, start=1)]
        return {
            "id": "",
            "outcome": "answered" if passages else "not_covered",
            "reason": None,
            "urgent": False,
            "safety": None,
            "answer": "\n\n".join(f"{s['text']} [{s['citations'][0]}]" for s in statements),
            "statements": statements,
            "citations": citations,
            "cautions": [],
            "signposts": [],
            "suggestions": [],
            "redactions": 0,
            "nation": list(dict.fromkeys(n for passage in passages for n in passage.nation)),
            "writer": self.name,
            "corpus_version": self._index.version,
            "timings_ms": {"total": (time.perf_counter() - began) * 1000},
        }

    def _citation(self, number: int, passage: Passage) -> dict[str, Any]:
        source = self._index.sources[passage.source_id]
        return {
            "number": number,
            "source_id": source.id,
            "title": source.title,
            "publisher": source.publisher,
            "published": source.published,
            "section": passage.section,
            "page": passage.page,
            "page_end": passage.page,
            "paragraph": None,
            "quote": passage.text,
            "passage_id": passage.id,
            "rendition": passage.rendition,
            "nation": list(passage.nation),
            "force": source.force,
            "status": source.status,
            "url": source.url,
            "view_url": "",
        }


def peers(library: Library, data: Path) -> list[Peer]:
    """Plain BM25, plain dense, and plain llama-index over the same collection."""
    index, encoder = library.index, library.encoder

    def lexical(question: str, nation: Nation | None) -> list[Passage]:
        return _in_order(index, index.lexical(question, PEER_PASSAGES, nation))

    def dense(question: str, nation: Nation | None) -> list[Passage]:
        return _in_order(index, index.dense(encoder.encode([question])[0], PEER_PASSAGES, nation))

    engine = llama_index(library, data)
    return [Peer("bm25", index, lexical), Peer("dense", index, dense), Peer("llama-index", index, engine)]


def _in_order(index: Index, scores: Mapping[str, float]) -> list[Passage]:
    found = index.passages(list(scores))
    return [found[key] for key in scores]


def llama_index(
    library: Library, data: Path, top: int = PEER_PASSAGES
) -> Callable[[str, Nation | None], list[Passage]]:
    """Plain llama-index over the collection in a data folder: what its query engine finds, best first."""
    from llama_index.core import VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms.mock import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.response_synthesizers.no_text import NoText
    from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
    from llama_index.vector_stores.chroma import ChromaVectorStore

    class Embedding(BaseEmbedding):  # type: ignore[misc]
        def _get_query_embedding(self, query: str) -> list[float]:
            vector: list[float] = library.encoder.encode([query])[0].tolist()
            return vector

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_query_embedding(text)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    chroma = open_chroma(data / "versions" / library.index.version / "chroma")
    store = ChromaVectorStore(chroma_collection=chroma.get_collection(COLLECTION, embedding_function=None))
    vectors = VectorStoreIndex.from_vector_store(store, embed_model=Embedding())

    def find(question: str, nation: Nation | None) -> list[Passage]:
        filters = MetadataFilters(filters=[MetadataFilter(key=f"nation_{nation}", value=1)]) if nation else None
        retriever = vectors.as_retriever(similarity_top_k=top, filters=filters)
        # Named parts all through: llama-index's global settings would reach for a hosted model.
        engine = RetrieverQueryEngine(retriever, response_synthesizer=NoText(llm=MockLLM()))
        keys = [node.node_id for node in engine.query(question).source_nodes]
        found = library.index.passages(keys)
        return [found[key] for key in keys if key in found]

    return find
