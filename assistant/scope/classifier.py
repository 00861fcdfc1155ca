"""A learned second opinion on scope: a linear model over the question's vector and the signs that the rules found.

Fitted by `python -m evals fit-scope` on examples.jsonl, a file a person can read and extend. The weights are plain numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Message, Reason, Verdict
from assistant.errors import SettingsError
from assistant.scope import rules
from corpus.embedding import Vectors

WEIGHTS_FILE = Path(__file__).parent / "weights.json"
ANSWER = "answer"
LABELS = (ANSWER, *(reason.value for reason in Reason if reason is not Reason.PERSONAL_DATA))

# The vector has length one over hundreds of numbers; the signs are zeros and ones. This scale, chosen by
# cross-validation over hands, lets the fit weigh both.
VECTOR_SCALE = 3.0


@dataclass(frozen=True)
class Classifier:
    """`weights` is (labels, features), for vectors of the encoder named `encoder`. A question is answered where the
    chance of `answer` reaches `answer_from`, or `answer_against` where the rules would decline it; the safety panel
    shows where the chance of danger reaches `panel_from`."""

    encoder: str
    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    answer_from: float
    answer_against: float
    panel_from: float

    def chances(self, vector: Vectors, signs: Mapping[str, float]) -> dict[str, float]:
        """{label: chance}; they add up to one."""
        logits = self.weights @ features(vector, signs) + self.intercepts
        shares = np.exp(logits - logits.max())
        return dict(zip(LABELS, (shares / shares.sum()).tolist(), strict=True))

    def rule(self, verdict: Verdict, vector: Vectors, text: str, history: tuple[Message, ...]) -> Verdict:
        """The verdict of the rules, weighed with the vector. The panel shows where either side calls for it."""
        chances = self.chances(vector, rules.signs(text, history))
        danger = chances[Reason.SAFEGUARDING.value]
        urgent = verdict.urgent or danger >= self.panel_from
        evidence = (
            *verdict.evidence,
            f"chance that it may be answered: {chances[ANSWER]:.2f}; of danger: {danger:.2f}",
        )
        if chances[ANSWER] >= (self.answer_against if verdict.reason else self.answer_from):
            return Verdict(None, urgent, evidence)
        likeliest = max((label for label in LABELS if label != ANSWER), key=lambda label: chances[label])
        reason = Reason(likeliest)
        return Verdict(reason, urgent or reason is Reason.SAFEGUARDING, evidence)


def features(vector: Vectors, signs: Mapping[str, float]) -> NDArray[np.float64]:
    """The question as the model sees it: its scaled vector, then the signs in their own order."""
    return np.concatenate([VECTOR_SCALE * vector, list(signs.values())]).astype(np.float64)


@lru_cache(maxsize=1)
def load_classifier() -> Classifier:
    """Raises SettingsError where the weights are missing or malformed."""
    try:
        raw = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
        return Classifier(
            raw["encoder"],
            np.array(raw["weights"]),
            np.array(raw["intercepts"]),
            raw["answer_from"],
            raw["answer_against"],
            raw["panel_from"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(
            f"{WEIGHTS_FILE}: cannot be used ({type(error).__name__}). Run: python -m evals fit-scope"
        ) from error
