"""What both trainings share: the bundled encoder as a torch module, batches, the schedule, and the graph in 8 bits."""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from corpus.embedding import bundled_weights

# Usual for fine-tuning a small BERT; not searched.
WARM_UP = 0.1
RATE_HEAD = 1e-3
_OPSET = 17
_HALF = bool(torch.cpu.get_capabilities().get("avx512_bf16"))


class Body(torch.nn.Module):
    """The bundled encoder with mean pooling."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import AutoModel

        # Without dropout inside the attention: drawing its random numbers took a third of a step.
        self.body = AutoModel.from_pretrained(
            str(bundled_weights()), local_files_only=True, attention_probs_dropout_prob=0.0
        )
        self.size: int = self.body.config.hidden_size
        self.drop = torch.nn.Dropout(0.1)

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        # 16 bits are 2.7 times as fast where the processor has them, and twenty times as slow where it imitates them; what
        # follows the encoder needs all 32.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training and _HALF):
            hidden = self.body(input_ids=input_ids, attention_mask=attention_mask)[0].float()
        mask = attention_mask.unsqueeze(-1).float()
        out: torch.Tensor = (hidden * mask).sum(1) / mask.sum(1)
        return out


def descent(
    model: Body, head: Sequence[torch.nn.Parameter], rate: float, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with a warm-up and a straight way down to nothing after `steps`."""
    optimiser = torch.optim.AdamW(
        [{"params": model.body.parameters(), "lr": rate}, {"params": list(head), "lr": RATE_HEAD}],
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / (WARM_UP * steps)) * max(0.0, 1 - step / steps)
    )
    return optimiser, schedule


def take_step(
    loss: torch.Tensor,
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> None:
    """One step down the loss, no longer than a gradient of length 1."""
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad()
    schedule.step()


def average(models: Sequence[torch.nn.Module]) -> None:
    """Gives the first of these models the mean of all their weights. They must have begun at the same ones."""
    states = [model.state_dict() for model in models]
    models[0].load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})


def padded(tokens: Sequence[Sequence[int]], rows: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of these rows, (len(rows), longest)."""
    ids = torch.zeros((len(rows), max(len(tokens[row]) for row in rows)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(tokens[row])] = torch.tensor(tokens[row])
        mask[place, : len(tokens[row])] = 1
    return ids, mask


def export(model: torch.nn.Module, path: Path, outputs: Sequence[str]) -> str:
    """Writes the graph in 8 bits and returns its SHA-256: matrices in blocks of 32 as in corpus.exporting, the word pieces'
    table by the row."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from corpus.exporting import quantise

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        full = Path(temporary) / "full.onnx"
        ids = torch.tensor([[101, 2054, 102], [101, 2055, 102]])
        axes = {0: "batch", 1: "token"}
        torch.onnx.export(
            model.eval(),
            (ids, torch.ones_like(ids)),
            str(full),
            input_names=["input_ids", "attention_mask"],
            output_names=list(outputs),
            dynamic_axes={"input_ids": axes, "attention_mask": axes} | {name: {0: "batch"} for name in outputs},
            opset_version=_OPSET,
            dynamo=False,
        )
        quantise(full)
        quantize_dynamic(full, path, weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"])
    return hashlib.sha256(path.read_bytes()).hexdigest()
