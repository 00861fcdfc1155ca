"""Trains the scope classifier: the bundled encoder, fine-tuned end to end, with one layer over it.

`python -m evals train-scope` reads scope/examples.jsonl and the bank's development part (never a held-out part), leaves out a
few writers at a time and trains on the others' examples to find thresholds and honest figures, then trains once on everything,
and writes assistant/scope/model/: the graph in 8 bits, its tokenizer and a card with checksum, thresholds and figures. A
writer's paraphrases and pairs are thus always on one side. On two cores it takes about half an hour.
"""

import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from assistant.domain import Message, Reason
from assistant.scope import rules
from assistant.scope.classifier import ANSWER, LABELS, LONGEST, MODEL_FOLDER, context
from assistant.scope.privacy import redact
from corpus.exporting import weights_folder
from corpus.settings import CorpusSettings
from evals.bank import BankError, Item, items_for_fitting

EXAMPLES = MODEL_FOLDER.parent / "examples.jsonl"

# Usual values for fine-tuning a small BERT on a few thousand short texts; not searched.
EPOCHS = 4
BATCH = 16
RATE_BODY, RATE_HEAD = 8e-5, 1e-3
WARM_UP = 0.1
SMOOTHING = 0.05
# Writers are left out in this many groups.
FOLDS = 3
_SEED = 7
_OPSET = 17

# Missing a danger weighs this many times as much as showing the panel where there is none: it errs to over-showing.
DANGER_WEIGHS = 3

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A labelled message: who wrote it, the turns before it, and what it should be taken for."""

    hand: str
    label: str
    turns: tuple[str, ...]
    text: str


def examples() -> list[Example]:
    """The committed examples, and the bank's development part as one more hand. Raises BankError."""
    return load_examples(EXAMPLES) + [_from_bank(item) for item in items_for_fitting()]


def load_examples(path: Path) -> list[Example]:
    """The examples of a file: one JSON object a line. Raises BankError with the line to mend."""
    out: dict[tuple[tuple[str, ...], str], Example] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), start=1):
        try:
            raw = json.loads(line)
            example = Example(raw["hand"], raw["label"], tuple(raw["turns"]), raw["text"])
            if example.label not in LABELS:
                raise ValueError(f"label {example.label!r} is none of {', '.join(LABELS)}")
            if not example.text.strip():
                raise ValueError("the text is empty")
            if (example.turns, example.text) in out:
                raise ValueError("this message stands in the file already")
        except (ValueError, KeyError, TypeError) as error:
            raise BankError(f"{path}:{number}: {type(error).__name__} {error}. Mend that line") from error
        out[example.turns, example.text] = example
    return list(out.values())


def _from_bank(item: Item) -> Example:
    label = item.reasons[0] if item.outcomes == ("declined",) and item.reasons else ANSWER
    return Example("bank", label, item.turns, item.question)


def train(settings: CorpusSettings) -> dict[str, float]:
    """Trains, writes the model and returns the figures for hands that were not seen."""
    data = examples()
    tokens = _tokens(data, settings)
    labels = np.array([LABELS.index(example.label) for example in data])
    hands = np.array([example.hand for example in data])
    shares = np.zeros((len(data), len(LABELS)))
    writers = list(dict.fromkeys(hands))
    for fold in range(FOLDS):
        left_out = np.isin(hands, writers[fold::FOLDS])
        seen, unseen = np.flatnonzero(~left_out), np.flatnonzero(left_out)
        model = _train(tokens, labels, seen, settings, f"Without {', '.join(writers[fold::FOLDS])}")
        shares[unseen] = _predict(model, tokens, unseen)
    thresholds, figures = _operating_point(data, labels, shares)
    _export(_train(tokens, labels, np.arange(len(data)), settings, "With all"), settings, thresholds, figures)
    return figures


def _tokens(data: Sequence[Example], settings: CorpusSettings) -> list[list[int]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights_folder(settings) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    return [tokenizer.encode(*_seen_text(example)).ids for example in data]


def _seen_text(example: Example) -> tuple[str, str] | tuple[str]:
    """What the classifier reads of a message when it serves."""
    history = tuple(Message("user", redact(turn)[0]) for turn in example.turns)
    return context(redact(example.text)[0], history)


class _Classifier(torch.nn.Module):
    def __init__(self, settings: CorpusSettings) -> None:
        super().__init__()
        from transformers import AutoModel

        self.body = AutoModel.from_pretrained(str(weights_folder(settings)), local_files_only=True)
        self.drop = torch.nn.Dropout(0.1)
        self.head = torch.nn.Linear(self.body.config.hidden_size, len(LABELS))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.body(input_ids=input_ids, attention_mask=attention_mask)[0]
        mask = attention_mask.unsqueeze(-1).float()
        out: torch.Tensor = self.head(self.drop((hidden * mask).sum(1) / mask.sum(1)))
        return out


def _train(
    tokens: Sequence[Sequence[int]],
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    settings: CorpusSettings,
    name: str,
) -> _Classifier:
    torch.manual_seed(_SEED)
    shuffle = random.Random(_SEED)  # noqa: S311 - an order of examples, no secret
    model = _Classifier(settings).train()
    optimiser = torch.optim.AdamW(
        [{"params": model.body.parameters(), "lr": RATE_BODY}, {"params": model.head.parameters(), "lr": RATE_HEAD}],
        weight_decay=0.01,
        fused=True,
    )
    steps = EPOCHS * (len(rows) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / (WARM_UP * steps)) * max(0.0, 1 - step / steps)
    )
    with tqdm(total=EPOCHS * len(rows), desc=name, unit="text") as bar:
        for _ in range(EPOCHS):
            for batch in _batches([int(row) for row in rows], tokens, shuffle):
                with torch.autocast("cpu", torch.bfloat16):  # 2.7 times as fast where the processor has it
                    logits = model(*_padded(tokens, batch))
                loss = torch.nn.functional.cross_entropy(
                    logits.float(), torch.tensor(labels[batch]), label_smoothing=SMOOTHING
                )
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                optimiser.zero_grad()
                schedule.step()
                bar.update(len(batch))
    return model.eval()


def _batches(rows: list[int], tokens: Sequence[Sequence[int]], shuffle: random.Random) -> list[list[int]]:
    """Random batches of texts of like length, so that little is spent on padding."""
    shuffle.shuffle(rows)
    pools = [sorted(rows[n : n + 8 * BATCH], key=lambda row: len(tokens[row])) for n in range(0, len(rows), 8 * BATCH)]
    batches = [pool[n : n + BATCH] for pool in pools for n in range(0, len(pool), BATCH)]
    shuffle.shuffle(batches)
    return batches


def _padded(tokens: Sequence[Sequence[int]], rows: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.zeros((len(rows), max(len(tokens[row]) for row in rows)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(tokens[row])] = torch.tensor(tokens[row])
        mask[place, : len(tokens[row])] = 1
    return ids, mask


def _predict(model: _Classifier, tokens: Sequence[Sequence[int]], rows: NDArray[np.int64]) -> Shares:
    out = []
    with torch.no_grad():
        for start in range(0, len(rows), BATCH):
            out.append(torch.softmax(model(*_padded(tokens, rows[start : start + BATCH].tolist())), -1).numpy())
    return np.concatenate(out)


def _operating_point(
    data: Sequence[Example], labels: NDArray[np.int64], shares: Shares
) -> tuple[dict[str, float], dict[str, float]]:
    """Thresholds, and the figures they give, on predictions for hands that were not seen."""
    verdicts = [
        rules.screen(redact(e.text)[0], tuple(Message("user", redact(turn)[0]) for turn in e.turns)) for e in data
    ]
    ruled, panel_ruled = np.array([v.reason is not None for v in verdicts]), np.array([v.urgent for v in verdicts])
    answer, danger = shares[:, LABELS.index(ANSWER)], shares[:, LABELS.index(Reason.SAFEGUARDING.value)]
    may, urgent = labels == LABELS.index(ANSWER), labels == LABELS.index(Reason.SAFEGUARDING.value)
    passing, against = _thresholds(answer, may, ruled)
    panel = _panel_threshold(danger, panel_ruled, urgent, may)
    answered = answer >= np.where(ruled, against, passing)
    shown = panel_ruled | (danger >= panel)
    kinds = np.where(labels == 0, 0, np.where(urgent, 2, 1))
    taken = shares.argmax(axis=1)
    thresholds = {"answer_from": round(passing, 3), "answer_against": round(against, 3), "panel_from": round(panel, 4)}
    return thresholds, {
        "scope: examples": float(len(data)),
        "scope: likeliest of answer, decline, urgent is right": float(
            np.mean(np.where(taken == 0, 0, np.where(taken == LABELS.index(Reason.SAFEGUARDING.value), 2, 1)) == kinds)
        ),
        "scope: may be answered, and is": float(np.mean(answered[may])),
        "scope: must be declined, and is": float(np.mean(~answered[~may])),
        "scope: danger, and the panel shows": float(np.mean(shown[urgent])),
        "scope: may be answered, and the panel shows too": float(np.mean(shown[may])),
    }


def _panel_threshold(
    danger: Shares, ruled: NDArray[np.bool_], urgent: NDArray[np.bool_], may: NDArray[np.bool_]
) -> float:
    """The chance of danger from which the panel shows, where the rules do not show it already: the best balance of
    dangers found and of needless panels."""

    def worth(threshold: float) -> float:
        shown = ruled | (danger >= threshold)
        return float(DANGER_WEIGHS * np.mean(shown[urgent]) - np.mean(shown[may]))

    return float(max(np.geomspace(0.005, 0.5, 60), key=worth))


def _thresholds(answer: Shares, may: NDArray[np.bool_], ruled: NDArray[np.bool_]) -> tuple[float, float]:
    """The chances from which a question is answered, where the rules let it pass and where they would decline it: those
    at which the shares of right answers and of right refusals add up to most."""
    grid = np.linspace(0.05, 0.98, 94)

    def right(pair: tuple[float, float]) -> float:
        answered = answer >= np.where(ruled, pair[1], pair[0])
        return float(np.mean(answered[may]) + np.mean(~answered[~may]))

    passing, against = max(((float(p), float(a)) for p in grid for a in grid if a >= p), key=right)
    return passing, against


def _export(
    model: _Classifier, settings: CorpusSettings, thresholds: Mapping[str, float], figures: Mapping[str, float]
) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    MODEL_FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        full, small = Path(temporary) / "full.onnx", Path(temporary) / "small.onnx"
        ids = torch.tensor([[101, 2054, 102], [101, 2055, 102]])
        axes = {0: "batch", 1: "token"}
        torch.onnx.export(
            model,
            (ids, torch.ones_like(ids)),
            str(full),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
        quantize_dynamic(full, small, weight_type=QuantType.QInt8)
        shutil.copy(small, MODEL_FOLDER / "model.onnx")
    shutil.copy(weights_folder(settings) / "tokenizer.json", MODEL_FOLDER / "tokenizer.json")
    card: dict[str, Any] = {
        "sha256": hashlib.sha256((MODEL_FOLDER / "model.onnx").read_bytes()).hexdigest(),
        "examples_sha256": hashlib.sha256(EXAMPLES.read_bytes()).hexdigest(),
        "labels": LABELS,
        **thresholds,
        "figures": {name: round(value, 4) for name, value in figures.items()},
    }
    (MODEL_FOLDER / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
