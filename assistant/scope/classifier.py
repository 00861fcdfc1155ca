"""A learned second opinion on scope: the bundled encoder, fine-tuned on readable examples, with its own small graph.

Made by `python -m evals train-scope` from examples.jsonl, a file a person can read and extend. It needs neither the index nor
its encoder, so scope stands when they are gone.
"""

import hashlib
import json
import math
import re
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from assistant.domain import Message, Reason, Verdict
from assistant.errors import SettingsError
from assistant.scope import rules
from assistant.scope.privacy import REMOVED, lone_names
from corpus.embedding import bundled_tokeniser, open_session

MODEL_FOLDER = Path(__file__).parent / "model"
ANSWER = "answer"
LABELS = (ANSWER, *(reason.value for reason in Reason if reason is not Reason.PERSONAL_DATA))

# As many messages that may be answered as others stand behind the weights, so this is the even chance.
LIKELIER = 0.5
# Word pieces that are read: about 230 words. Longer messages are cut; the rules still read them whole.
LONGEST = 320
# A rare name is nothing to the encoder, so each likely name is read as this common one. On writers left out, the likeliest
# of answer, decline and urgent was then right in 0.861 and not 0.849 of 1,700 messages.
_COMMON_NAME = "Jack"
# A message of this many words or more of which less than this share are whole words is taken for another language.
_FEW, _ENGLISH = 4, 0.5
# Personal details alone behind a whole question were pasted by mistake: the question is ruled on without them.
_PASTED = re.compile(rf"(?<=\w\?)(?:[\s,;.]*{re.escape(REMOVED)})+[\s,;.]*$")
# Characters of the turns before that are read with a message: what it leans on stands at their end.
_CONTEXT = 300


class Classifier:
    """Weighs the encoder's chances and the signs that the rules found. A question is answered where it is likelier than not
    that it may be; the safety panel shows where the chance of danger reaches `panel_from`. Weights and that bound are fitted
    when the encoder is trained. Raises SettingsError where the model is missing or was changed."""

    def __init__(self, folder: Path = MODEL_FOLDER, threads: int = 1) -> None:
        try:
            card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            graph = (folder / "model.onnx").read_bytes()
            self._tokenizer = bundled_tokeniser(LONGEST)
            self._weights: list[float] = card["weights"]
            self._intercept: float = card["intercept"]
            self._panel_from: float = card["panel_from"]
        except Exception as error:
            raise SettingsError(
                f"{folder}: cannot be used ({type(error).__name__}). Restore it from the release"
            ) from error
        if hashlib.sha256(graph).hexdigest() != card["sha256"] or tuple(card["labels"]) != LABELS:
            raise SettingsError(
                f"{folder / 'model.onnx'}: is not the model its card describes. Restore it from the release"
            )
        self._session = open_session(graph, threads)
        self._known: Collection[str] = self._tokenizer.get_vocab()

    def chances(self, text: str, history: tuple[Message, ...]) -> dict[str, float]:
        """{label: chance}; they add up to one."""
        ids = np.array([self._tokenizer.encode(*context(text, history)).ids], dtype=np.int64)
        (logits,) = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        shares = np.exp(logits[0] - logits[0].max())
        return dict(zip(LABELS, (shares / shares.sum()).tolist(), strict=True))

    def rule(self, verdict: Verdict, text: str, history: tuple[Message, ...]) -> Verdict:
        """The rules' verdict, weighed. The panel shows where either side calls for it."""
        chances = self.chances(text, history)
        danger = chances[Reason.SAFEGUARDING.value]
        verdict = marked(verdict, text, self._known)
        urgent = verdict.urgent or danger >= self._panel_from
        features = weighed(chances[ANSWER], verdict)
        logit = self._intercept + sum(w * f for w, f in zip(self._weights, features, strict=True))
        may = 1 / (1 + math.exp(-logit))
        evidence = (*verdict.evidence, f"chance that it may be answered: {may:.2f}; of danger: {danger:.2f}")
        if may >= LIKELIER:
            return Verdict(None, urgent, evidence)
        reason = Reason(max((label for label in LABELS if label != ANSWER), key=lambda label: chances[label]))
        return Verdict(reason, urgent or reason is Reason.SAFEGUARDING, evidence)


def marked(verdict: Verdict, text: str, known: Collection[str]) -> Verdict:
    """The verdict, urgent where few of the words are among those that the English tokenizer knows whole: what the encoder
    hardly reads, it cannot clear of danger."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    whole = sum(word in known for word in words)
    if len(words) < _FEW or whole >= _ENGLISH * len(words):
        return verdict
    return replace(verdict, urgent=True, evidence=(*verdict.evidence, "another language: the panel shows"))


def weighed(answer: float, verdict: Verdict) -> tuple[float, ...]:
    """The features of the weighing: the log-odds of the encoder's chance of `answer`, and the signs that the rules found."""
    kept = min(max(answer, 1e-6), 1 - 1e-6)
    return (math.log(kept / (1 - kept)), *rules.signs(verdict))


def context(text: str, history: tuple[Message, ...]) -> tuple[str, str] | tuple[str]:
    """What is read of a message: the end of the user's turns before it, where there are any, then the message without personal
    details that stand alone behind a whole question."""
    before = " ".join(_plain(message.content) for message in history if message.role == "user")[-_CONTEXT:]
    asked = _plain(_PASTED.sub("", text))
    return (before, asked) if before else (asked,)


def _plain(text: str) -> str:
    """The text with its names as one common name, and a mark where personal data was taken out."""
    for start, word in reversed(lone_names(text)):
        owner = word[-2:] if word.endswith(("'s", "’s")) else ""
        text = text[:start] + _COMMON_NAME + owner + text[start + len(word) :]
    return text.replace(REMOVED, "[name]")


@lru_cache(maxsize=1)
def load_classifier() -> Classifier:
    """The shipped classifier. Raises SettingsError."""
    return Classifier()
