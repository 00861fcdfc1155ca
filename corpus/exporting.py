"""Exports a sentence-transformers model to ONNX, once, at index time. The only file that imports torch."""

import hashlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

from corpus.embedding import bundled_weights
from corpus.errors import ModelError
from corpus.settings import BUNDLED_MODEL, BUNDLED_SHA256, CorpusSettings

_FORMAT = 2  # raise when the export below changes, so that old graphs are not reused
_OPSET = 17
PRECISIONS = ("fp32", "int8")


def exported_model(settings: CorpusSettings) -> Path:
    """The folder of the exported model, made now if it is not there yet. Checks the weights every time.
    Raises ModelError where they are missing, changed or of no use."""
    if settings.precision not in PRECISIONS:
        raise ModelError("VSA_PRECISION", f"is {settings.precision!r}", f"Set it to {' or '.join(PRECISIONS)}")
    weights = weights_folder(settings)
    checksum = _checked(weights, settings)
    fingerprint = hashlib.sha256(f"{_FORMAT}:{checksum}:{settings.precision}".encode()).hexdigest()[:16]
    folder = settings.data / "models" / fingerprint
    if not (folder / "model.json").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
        try:
            _export(weights, building, settings.precision, fingerprint, checksum)
            shutil.rmtree(folder, ignore_errors=True)
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder


def weights_folder(settings: CorpusSettings) -> Path:
    """The folder of the sentence-transformers model that is set. Raises ModelError where it is not on this machine."""
    if settings.model == BUNDLED_MODEL:
        return bundled_weights()
    folder = Path(settings.model)
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(_hub_name(settings.model), local_files_only=True))
    except (OSError, ValueError) as error:
        raise ModelError(
            settings.model,
            "is neither a folder nor a model in the local cache",
            "Nothing is downloaded here: put the model on this machine and set VSA_MODEL to its folder",
        ) from error


def _hub_name(name: str) -> str:
    return name if "/" in name else f"sentence-transformers/{name}"


def _checked(weights: Path, settings: CorpusSettings) -> str:
    file = weights / "model.safetensors"
    try:
        with file.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(file, f"cannot be read ({error.strerror})", "Reinstall the model") from error
    expected = settings.model_sha256 or (BUNDLED_SHA256 if settings.model == BUNDLED_MODEL else None)
    if expected and checksum != expected:
        raise ModelError(
            file,
            f"its SHA-256 is {checksum}, not the published {expected}",
            "Do not use these weights; reinstall the model",
        )
    return checksum


def _export(weights: Path, folder: Path, precision: str, fingerprint: str, checksum: str) -> None:
    # Read by the libraries below when they are first imported; they must not look anything up.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = SentenceTransformer(str(weights), device="cpu", local_files_only=True).eval()
    except (OSError, ValueError) as error:
        raise ModelError(weights, f"is not a sentence-transformers model ({error})", "Set VSA_MODEL to one") from error

    class Whole(torch.nn.Module):
        """Transformer, pooling and normalising as one graph."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.model({"input_ids": input_ids, "attention_mask": attention_mask})[
                "sentence_embedding"
            ]
            return torch.nn.functional.normalize(out, p=2.0, dim=1)

    sample = model.tokenizer(["one", "two of unequal length"], return_tensors="pt", padding=True)
    axes = {0: "batch", 1: "token"}
    graph = folder / "model.onnx"
    with warnings.catch_warnings():
        # The tracing exporter warns about shapes that are constant for every encoder of this family; the vectors
        # are compared with the library's own below, so the warnings tell nothing more.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Whole().eval(),
            (sample["input_ids"], sample["attention_mask"]),
            str(graph),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "sentence_embedding": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    if precision == "int8":
        quantise(graph)
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    card = {
        "fingerprint": fingerprint,
        "weights_sha256": checksum,
        "onnx_sha256": hashlib.sha256(graph.read_bytes()).hexdigest(),
        "precision": precision,
        "dimension": model.get_embedding_dimension(),
        "max_tokens": model.max_seq_length,
        "pad_id": model.tokenizer.pad_token_id,
    }
    (folder / "model.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
    _compare(model, folder, precision)


def quantise(graph: Path) -> None:
    """Weights to 8 bits in blocks of 32, each with its own scale; what flows through is rounded row by row at run time, so
    that a text's vector does not depend on the texts beside it (whole-tensor dynamic int8 is faster and does)."""
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    logging.getLogger(MatMulNBitsQuantizer.__module__).setLevel(logging.WARNING)
    quantiser = MatMulNBitsQuantizer(onnx.load(graph), bits=8, block_size=32, is_symmetric=True, accuracy_level=4)
    quantiser.process()
    quantiser.model.save_model_to_file(str(graph))


def _compare(model: object, folder: Path, precision: str) -> None:
    """Refuses a graph whose vectors are not the library's own (fp32) or next to them (int8)."""
    from corpus.embedding import OnnxEncoder

    texts = [
        "What does a virtual school do?",
        "attendance",
        "A longer sentence, with a comma, that asks nothing at all. " * 20,
    ]
    ours = OnnxEncoder(folder).encode(texts)
    theirs = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)  # type: ignore[attr-defined]
    lowest = float((ours * theirs).sum(axis=1).min())
    # fp32 differs by rounding alone; int8 was measured at 0.9991 or more over 220 texts (decision 0001).
    if lowest < (0.9999 if precision == "fp32" else 0.995):
        raise ModelError(
            folder,
            f"the exported graph does not give the model's own vectors (cosine {lowest:.4f})",
            "Use another model or precision",
        )
