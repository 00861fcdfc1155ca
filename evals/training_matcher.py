"""Trains the matcher: the bundled encoder, taught which questions one statement answers, and which nothing answers.

`python -m evals train-matcher` reads corpus/asked.jsonl alone (no item of the bank) and writes corpus/matcher/: the graph in 8
bits and a card with its checksum. Index again and fit again after it. On two cores: a good hour.
"""

import hashlib
import json
import random
from collections.abc import Sequence

import numpy as np
import torch
from tqdm import tqdm

from corpus.asking import load_asked
from corpus.embedding import bundled_tokeniser
from corpus.matching import LONGEST, MATCHER_FOLDER
from corpus.settings import CorpusSettings
from evals.finetuning import Body, average, descent, export, padded, take_step

# Of two runs (8 epochs at 8e-5 with a temperature of 0.07; 16 at 1e-4 with 0.1) the second told the bank's development part
# better apart: of its questions that nothing answers 0.77 and not 0.74 were seen at 6 % of the others turned away.
EPOCHS = 16
RATE = 1e-4
# Temperature of the contrastive loss (Khosla and others, 2020, use 0.1 and 0.07).
TEMPERATURE = 0.1
# Questions read together: several neighbourhoods, so that a question stands beside those that are hard to tell from it.
BATCH, NEIGHBOURS = 48, 12
# Who wrote against the service, which they could ask. One run reads the others' questions alone, one reads all; from one beginning,
# so that their weights can be averaged (Wortsman and others, 2022, "Model soups"): what either learns by chance weighs less.
AGAINST = frozenset({"ae", "af", "ag", "ah", "ai", "aj"})
_SEED = 7


class Reader(Body):
    """A unit vector and a logit: how likely the sources answer."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(self.size, 1)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        pooled = self.pooled(input_ids, attention_mask)
        return torch.nn.functional.normalize(pooled, dim=-1), self.head(self.drop(pooled)).squeeze(-1)


def train(settings: CorpusSettings) -> dict[str, float]:
    """Trains, writes the matcher and says on what."""
    asked = load_asked(settings.asked)
    tokens = [encoding.ids for encoding in bundled_tokeniser(LONGEST).encode_batch([one.text for one in asked])]
    places = [frozenset(one.places) for one in asked]
    plain = [row for row, one in enumerate(asked) if one.hand not in AGAINST]
    models = [
        _train([tokens[row] for row in rows], [places[row] for row in rows]) for rows in (plain, range(len(asked)))
    ]
    average(models)
    checksum = export(models[0], MATCHER_FOLDER / "model.onnx", ("vector", "logit"))
    card = {
        "sha256": checksum,
        "asked_sha256": hashlib.sha256(settings.asked.read_bytes()).hexdigest(),
        "dimension": models[0].size,
    }
    (MATCHER_FOLDER / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return {"questions": float(len(asked)), "questions that nothing answers": float(sum(not o.places for o in asked))}


def _train(tokens: Sequence[Sequence[int]], places: Sequence[frozenset[tuple[str, str]]]) -> Reader:
    torch.manual_seed(_SEED)
    shuffle = random.Random(_SEED)  # noqa: S311 - an order of questions, no secret
    model = Reader()
    near = _near(model.eval(), tokens)
    model.train()
    optimiser, schedule = descent(model, list(model.head.parameters()), RATE, EPOCHS * (len(tokens) // BATCH + 1))
    with tqdm(total=EPOCHS * len(tokens), desc="Teaching the matcher", unit="question") as bar:
        for _ in range(EPOCHS):
            for batch in _batches(near, shuffle):
                vectors, logits = model(*padded(tokens, batch))
                loss = _loss(vectors, logits, [places[row] for row in batch])
                take_step(loss, model, optimiser, schedule)
                bar.update(len(batch))
    return model.eval()


def _loss(vectors: torch.Tensor, logits: torch.Tensor, places: Sequence[frozenset[tuple[str, str]]]) -> torch.Tensor:
    """Supervised contrastive loss over questions that share an answer, and whether there is one."""
    likeness = vectors @ vectors.T / TEMPERATURE
    likeness = likeness.masked_fill(torch.eye(len(places), dtype=torch.bool), -1e4)
    same = torch.tensor(
        [[float(a != b and bool(one & two)) for b, two in enumerate(places)] for a, one in enumerate(places)]
    )
    has = same.sum(1) > 0
    chances = torch.log_softmax(likeness, -1)
    contrast = -(chances * same).sum(1)[has] / same.sum(1)[has]
    answered = torch.tensor([float(bool(one)) for one in places])
    out = torch.nn.functional.binary_cross_entropy_with_logits(logits, answered)
    return out + contrast.mean() if bool(has.any()) else out


def _near(model: Reader, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """(questions, questions): each row the others by likeness before training, nearest first."""
    with torch.no_grad():
        vectors = np.concatenate(
            [
                model(*padded(tokens, range(n, min(n + BATCH, len(tokens)))))[0].numpy()
                for n in range(0, len(tokens), BATCH)
            ]
        )
    return np.argsort(-(vectors @ vectors.T), axis=1, kind="stable")


def _batches(near: np.ndarray, shuffle: random.Random) -> list[list[int]]:
    """Every question once, in batches of a few neighbourhoods."""
    left = set(range(len(near)))
    batches: list[list[int]] = [[]]
    while left:
        first = shuffle.choice(sorted(left))
        group = [int(row) for row in near[first][: 4 * NEIGHBOURS] if int(row) in left][:NEIGHBOURS] or [first]
        left -= set(group)
        if len(batches[-1]) >= BATCH:
            batches.append([])
        batches[-1] += group
    shuffle.shuffle(batches)
    return batches
