"""Fakes are small real implementations, held to the same contract tests as what they stand for."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from corpus.embedding import Vectors


class WordEncoder:
    """Embeds a text as the bag of its words, hashed: texts that share words are near. No model, no files."""

    fingerprint = "words"
    dimension = 64

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        self.asked.extend(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split() or [""]:
                vectors[row, hashlib.sha256(word.encode()).digest()[0] % self.dimension] += 1
        if progress:
            progress(len(texts))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def no_progress(what: str, total: int) -> Callable[[int], object]:
    return lambda done: None
