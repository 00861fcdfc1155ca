"""One contract over every encoder, and what the exported model must be."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from corpus.embedding import Encoder, OnnxEncoder
from corpus.errors import ModelError
from corpus.exporting import exported_model, weights_folder
from corpus.settings import BUNDLED_SHA256
from tests.fakes import WordEncoder

TEXTS = ["What does a virtual school do?", "attendance", "", "word " * 400, "ünïcode ‘quotes’ and 漢字", "attendance"]


def model_folder(data: Path) -> Path:
    (folder,) = (data / "models").iterdir()
    return folder


@pytest.fixture(scope="module", params=["onnx", "words"])
def encoder(request, data) -> Encoder:
    return OnnxEncoder(model_folder(data)) if request.param == "onnx" else WordEncoder()


def test_vectors_have_the_shape_said_and_length_one(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_in_any_company(encoder):
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(together[1], together[5])


def test_nothing_to_embed_is_no_error(encoder):
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_progress_counts_every_text(encoder):
    done: list[int] = []
    encoder.encode(["text"] * 70, done.append)
    assert sum(done) == 70


def test_the_exported_graph_gives_the_librarys_own_vectors(data, settings, tmp_path):
    from sentence_transformers import SentenceTransformer

    texts = [text for text in TEXTS if text]
    theirs = SentenceTransformer(str(weights_folder(settings)), device="cpu").encode(texts, normalize_embeddings=True)
    full = OnnxEncoder(exported_model(settings.model_copy(update={"precision": "fp32", "data": tmp_path})))
    assert np.allclose(full.encode(texts), theirs, atol=1e-4)
    assert (OnnxEncoder(model_folder(data)).encode(texts) * theirs).sum(axis=1).min() > 0.998


def test_the_bundled_weights_are_the_published_ones(data):
    card = json.loads((model_folder(data) / "model.json").read_text())
    assert (
        card["weights_sha256"] == BUNDLED_SHA256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    )


def test_changed_weights_are_refused(settings, tmp_path):
    folder = Path(shutil.copytree(weights_folder(settings), tmp_path / "model"))
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    changed = settings.model_copy(
        update={"model": str(folder), "model_sha256": BUNDLED_SHA256, "data": tmp_path / "data"}
    )
    with pytest.raises(ModelError, match=r"SHA-256 is .*, not the published"):
        exported_model(changed)
    assert not (tmp_path / "data").exists()


def test_a_changed_graph_is_refused(own_data):
    graph = model_folder(own_data) / "model.onnx"
    graph.write_bytes(graph.read_bytes() + b" ")
    with pytest.raises(ModelError, match="has changed since it was exported"):
        OnnxEncoder(graph.parent)


def test_another_model_is_a_setting(settings, tmp_path):
    folder = Path(shutil.copytree(weights_folder(settings), tmp_path / "model"))
    other = settings.model_copy(update={"model": str(folder), "precision": "fp32", "data": tmp_path / "data"})
    named = OnnxEncoder(exported_model(other))
    default = OnnxEncoder(model_folder(settings.data))
    assert named.fingerprint != default.fingerprint
    assert named.encode(TEXTS[:2]).shape == (2, default.dimension)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "no-such-model"}, "neither a folder nor a model in the local cache"),
        ({"precision": "fp8"}, "Set it to fp32 or int8"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_its_mend(settings, change, says):
    with pytest.raises(ModelError, match=says):
        exported_model(settings.model_copy(update=change))


def test_a_folder_that_is_no_model_is_named(settings, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match="is not a sentence-transformers model"):
        exported_model(settings.model_copy(update={"model": str(tmp_path), "data": tmp_path / "data"}))
