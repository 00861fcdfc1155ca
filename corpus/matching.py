"""Compares a question with those that staff ask, by a small encoder that was taught on corpus/asked.jsonl.

Made by `python -m evals train-matcher`. Questions that one statement answers lie near one another; one layer beside says how
likely it is that the sources answer a question at all.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.embedding import Vectors, bundled_tokeniser, open_session
from corpus.errors import ModelError

MATCHER_FOLDER = Path(__file__).parent / "matcher"
# Word pieces that are read: a question with the turns that it leans on.
LONGEST = 160


class Matcher:
    """Raises ModelError where its folder is missing or was changed."""

    def __init__(self, folder: Path = MATCHER_FOLDER, threads: int = 1) -> None:
        try:
            card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            graph = (folder / "model.onnx").read_bytes()
            self.dimension: int = card["dimension"]
            self.fingerprint: str = card["sha256"][:16]
            changed = hashlib.sha256(graph).hexdigest() != card["sha256"]
        except Exception as error:
            raise ModelError(
                folder, f"cannot be used ({type(error).__name__})", "Restore it from the release"
            ) from error
        if changed:
            raise ModelError(
                folder / "model.onnx", "is not the model its card describes", "Restore it from the release"
            )
        self._session = open_session(graph, threads)
        self._tokenizer = bundled_tokeniser(LONGEST)

    def read(
        self, texts: Sequence[str], progress: Callable[[int], object] | None = None
    ) -> tuple[Vectors, NDArray[np.float64]]:
        """(len(texts), dimension) unit vectors, and the chance that the sources answer each. Each text is read alone, so that
        neither depends on the texts beside it."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        logits = np.empty(len(texts))
        for row, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            ids = np.array([encoding.ids], dtype=np.int64)
            try:
                vector, logit = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
            except Exception as error:
                raise ModelError(
                    self.fingerprint, f"cannot read ({type(error).__name__})", "Start the service again"
                ) from error
            vectors[row], logits[row] = vector[0], logit[0]
            if progress:
                progress(1)
        return vectors, 1 / (1 + np.exp(-logits))


@lru_cache(maxsize=1)
def load_matcher() -> Matcher:
    """The shipped matcher. Raises ModelError."""
    return Matcher()
