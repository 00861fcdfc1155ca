"""ragas, where it is the field's standard: its metrics without a model always, its judged ones where a judge is configured.

None means "does not apply" or "could not be judged"; it is counted apart and never taken for zero.
"""

import asyncio
import importlib
import json
import math
import os
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from corpus.embedding import Encoder
from corpus.index import Index
from evals.bank import Item
from evals.systems import Body

# Judged answers under way at once: a small local model serves few.
_AT_ONCE = 4


class JudgeError(Exception):
    """A judge cannot be set up; the message says how to mend it."""


@dataclass(frozen=True)
class Judge:
    """Either an OpenAI-compatible endpoint (`url`, `model`) or a llama-index model (`factory`, "module:function")."""

    url: str | None = None
    model: str = "judge"
    key: str = "none"
    factory: str | None = None


def samples(items: Sequence[Item], answers: Mapping[str, Body], index: Index) -> dict[str, dict[str, Any]]:
    """{item id: a ragas single-turn sample as plain JSON} of every answered item that has a reference. Contexts are the
    passages cited; reference contexts are the passages of the right sources that hold a fact asked for."""
    out = {}
    for item in items:
        body = answers[item.id]
        if not item.reference or body["outcome"] not in ("answered", "partial") or not body["citations"]:
            continue
        cited = index.passages(tuple(dict.fromkeys(c["passage_id"] for c in body["citations"])))
        right = [
            passage
            for source_id in item.sources
            for passage in index.passages_of(source_id)
            if any(fact.search(passage.text.lower()) for fact in item.facts)
        ]
        out[item.id] = {
            "user_input": item.question,
            "response": body["answer"],
            "reference": item.reference,
            "retrieved_contexts": [passage.text for passage in cited.values()],
            "retrieved_context_ids": list(cited),
            "reference_contexts": [passage.text for passage in right],
            "reference_context_ids": [passage.id for passage in right],
        }
    return out


def without_a_model(found: Mapping[str, Mapping[str, Any]], encoder: Encoder) -> dict[str, dict[str, float | None]]:
    """{item id: {metric: value}} by ragas's own metrics that need no model; similarity is by our local encoder."""
    return asyncio.run(_score_all(found, _offline_metrics(encoder), "ragas"))


def with_a_judge(
    found: Mapping[str, Mapping[str, Any]], encoder: Encoder, judge: Judge
) -> dict[str, dict[str, float | None]]:
    """{item id: {metric: value}} by ragas's judged metrics. Raises JudgeError where the judge cannot be set up; an answer
    it could not judge has None."""
    return asyncio.run(_score_all(found, _judged_metrics(encoder, judge), "judging"))


Metric = Callable[[Mapping[str, Any]], Awaitable[Any]]


async def _score_all(
    found: Mapping[str, Mapping[str, Any]], metrics: Mapping[str, Metric], name: str
) -> dict[str, dict[str, float | None]]:
    gate = asyncio.Semaphore(_AT_ONCE)
    bar = tqdm(total=len(found), desc=name, unit="answer", disable=not found)

    async def one(sample: Mapping[str, Any]) -> dict[str, float | None]:
        async with gate:
            values = {name: await _value(metric, sample) for name, metric in metrics.items()}
        bar.update()
        return values

    values = await asyncio.gather(*(one(sample) for sample in found.values()))
    bar.close()
    return dict(zip(found, values, strict=True))


async def _value(metric: Metric, sample: Mapping[str, Any]) -> float | None:
    """A metric's value, or None where it does not apply or the judge's answer could not be used."""
    try:
        result = await metric(sample)
    except Exception:  # noqa: BLE001 - a judge may fail in any way its library knows; that is "could not be judged"
        return None
    number = float(result.value if hasattr(result, "value") else result)
    return None if math.isnan(number) else number


def _ragas() -> Any:
    """The library, told not to report its use."""
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of its own moved names
        return importlib.import_module("ragas.metrics.collections")


def _embeddings(encoder: Encoder) -> Any:
    _ragas()
    from ragas.embeddings.base import BaseRagasEmbedding

    class Local(BaseRagasEmbedding):  # type: ignore[misc]
        """Our encoder, as ragas wants it."""

        def embed_text(self, text: str, **_: Any) -> list[float]:
            vector: list[float] = encoder.encode([text])[0].tolist()
            return vector

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return self.embed_text(text)

    return Local()


def _offline_metrics(encoder: Encoder) -> dict[str, Metric]:
    ragas = _ragas()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ragas.dataset_schema import SingleTurnSample
        from ragas.metrics._context_precision import IDBasedContextPrecision, NonLLMContextPrecisionWithReference
        from ragas.metrics._context_recall import IDBasedContextRecall, NonLLMContextRecall

    def over_contexts(metric: Any, *needed: str) -> Metric:
        async def value(sample: Mapping[str, Any]) -> Any:
            if not all(sample.get(name) for name in needed):
                return math.nan
            return await metric.single_turn_ascore(SingleTurnSample(**{name: sample[name] for name in needed}))

        return value

    spans = ragas.QuotedSpansAlignment()
    string, rouge = ragas.NonLLMStringSimilarity(), ragas.RougeScore()
    similarity = ragas.SemanticSimilarity(embeddings=_embeddings(encoder))

    async def quoted(sample: Mapping[str, Any]) -> Any:
        # The statements stand in the answer without quotation marks, so they are set in some for this metric.
        lines = [line for line in sample["response"].split("\n") if line.strip()]
        marked = " ".join(f'"{line.rsplit(" [", 1)[0].removeprefix("- ").split(":** ")[-1]}"' for line in lines)
        return await spans.ascore(response=marked, retrieved_contexts=sample["retrieved_contexts"])

    def against_reference(metric: Any) -> Metric:
        return lambda sample: metric.ascore(reference=sample["reference"], response=sample["response"])

    ids, texts = ("retrieved_context_ids", "reference_context_ids"), ("retrieved_contexts", "reference_contexts")
    return {
        "context precision, ids": over_contexts(IDBasedContextPrecision(), *ids),
        "context recall, ids": over_contexts(IDBasedContextRecall(), *ids),
        "context precision, text": over_contexts(NonLLMContextPrecisionWithReference(), *texts),
        "context recall, text": over_contexts(NonLLMContextRecall(), *texts),
        "quoted spans alignment": quoted,
        "string similarity": against_reference(string),
        "ROUGE-L": against_reference(rouge),
        "semantic similarity": against_reference(similarity),
    }


def _judged_metrics(encoder: Encoder, judge: Judge) -> dict[str, Metric]:
    ragas = _ragas()
    model = _llama_index_judge(judge.factory) if judge.factory else _openai_judge(judge)
    faithful, relevant = (
        ragas.Faithfulness(llm=model),
        ragas.AnswerRelevancy(llm=model, embeddings=_embeddings(encoder)),
    )
    factual, recall = ragas.FactualCorrectness(llm=model), ragas.ContextRecall(llm=model)

    def taking(metric: Any, *names: str) -> Metric:
        return lambda sample: metric.ascore(**{name: sample[name] for name in names})

    return {
        "faithfulness": taking(faithful, "user_input", "response", "retrieved_contexts"),
        "answer relevancy": taking(relevant, "user_input", "response"),
        "factual correctness": taking(factual, "response", "reference"),
        "context recall": taking(recall, "user_input", "retrieved_contexts", "reference"),
    }


def _openai_judge(judge: Judge) -> Any:
    from openai import AsyncOpenAI
    from ragas.llms.base import llm_factory

    if not judge.url:
        raise JudgeError("no judge: give --judge-url (an OpenAI-compatible endpoint) or --judge-llm (module:function)")
    client = AsyncOpenAI(base_url=judge.url, api_key=judge.key, max_retries=0, timeout=120)
    return llm_factory(judge.model, client=client)


def _llama_index_judge(factory: str) -> Any:
    from ragas.llms.base import InstructorBaseRagasLLM

    module, _, function = factory.partition(":")
    try:
        llm = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError, TypeError) as error:
        raise JudgeError(
            f"{factory}: gives no llama-index model ({error}). Name a function as module:function"
        ) from error

    class LlamaIndex(InstructorBaseRagasLLM):  # type: ignore[misc]
        """Any llama-index model as a judge: it is asked for JSON of the shape wanted, and what it says is checked."""

        def generate(self, prompt: str, response_model: Any) -> Any:
            return self._parsed(str(llm.complete(self._worded(prompt, response_model))), response_model)

        async def agenerate(self, prompt: str, response_model: Any) -> Any:
            return self._parsed(str(await llm.acomplete(self._worded(prompt, response_model))), response_model)

        @staticmethod
        def _worded(prompt: str, response_model: Any) -> str:
            return (
                f"{prompt}\n\nAnswer with JSON of this schema alone:\n{json.dumps(response_model.model_json_schema())}"
            )

        @staticmethod
        def _parsed(text: str, response_model: Any) -> Any:
            return response_model.model_validate_json(text[text.index("{") : text.rindex("}") + 1])

    return LlamaIndex()


def means(values: Mapping[str, Mapping[str, float | None]]) -> dict[str, tuple[float, int, int]]:
    """{metric: (mean, how many were judged, how many could not be or do not apply)}."""
    out = {}
    for metric in dict.fromkeys(name for scores in values.values() for name in scores):
        kept = [value for scores in values.values() if (value := scores[metric]) is not None]
        out[metric] = (sum(kept) / len(kept) if kept else math.nan, len(kept), len(values) - len(kept))
    return out


def export(found: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Writes the samples as a ragas EvaluationDataset in JSON lines."""
    _dataset(list(found.values())).to_jsonl(str(path))


def read(path: Path) -> list[dict[str, Any]]:
    """The samples of a ragas EvaluationDataset in JSON lines, whoever wrote it."""
    _ragas()
    from ragas.dataset_schema import EvaluationDataset

    return [sample.model_dump(exclude_none=True) for sample in EvaluationDataset.from_jsonl(str(path)).samples]


def _dataset(rows: list[Mapping[str, Any]]) -> Any:
    _ragas()
    from ragas.dataset_schema import EvaluationDataset

    return EvaluationDataset.from_list([dict(row) for row in rows])
