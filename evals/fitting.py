"""Fits every weight of the service, on committed data alone, never on the bank's held-out part.

`python -m evals fit` writes assistant/weights.json (which units answer, and whether the evidence is enough) from the bank's
development part. Both models are logistic regressions. Figures printed are cross-validated: each item is predicted by a
model that did not see it.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from assistant import ranking
from assistant.answering import PASSAGES, Assistant, Library, nations_to_search
from assistant.deciding import EVIDENCE_FEATURES, evidence_features
from assistant.domain import Message, Question
from assistant.ranking import UNIT_FEATURES, WEIGHTS_FILE, Ranked, Weights
from assistant.retrieval import Retrieved, retrieve
from assistant.wording import expand
from corpus.domain import Passage, Unit
from evals.bank import Item, items_for_fitting
from evals.retrieval import auroc

_FOLDS = 5
# Share of answerable questions that may be turned away: the operating point is the threshold that turns away no more.
TURNED_AWAY = 0.06
_SEED = 7


def fit(assistant: Assistant, library: Library) -> dict[str, float]:
    """Fits both models, writes the weights and returns the cross-validated figures."""
    items = [item for item in items_for_fitting() if item.answerable or item.kind in ("not_covered", "off_topic")]
    found = [_retrieve(assistant, library, item) for item in tqdm(items, desc="Asking")]
    unit_model, unit_figures = _fit_units(library, items, found)
    _write({"unit": unit_model})  # the evidence is what the new model ranks, so it goes first
    evidence_model, evidence_figures = _fit_evidence(library, items, found)
    _write({"unit": unit_model, "evidence": evidence_model})
    return {**unit_figures, **evidence_figures}


def _write(models: Mapping[str, object]) -> None:
    WEIGHTS_FILE.write_text(json.dumps(models, indent=1) + "\n", encoding="utf-8")
    ranking.load_weights.cache_clear()


def _retrieve(assistant: Assistant, library: Library, item: Item) -> tuple[str, Retrieved]:
    """The question as it is ranked, and what was found, as `Assistant.answer` would."""
    history = tuple(Message("user", turn) for turn in item.turns)
    text = assistant.searched(Question(item.question, history, item.nation))
    return text, retrieve(
        library.index, library.encoder.encode([text])[0], expand(text), nations_to_search(text, item.nation), PASSAGES
    )


def answers(item: Item, passage: Passage, unit: Unit) -> bool:
    """Whether a unit holds at least half of the facts asked for, from a source that may be cited."""
    if passage.source_id not in item.sources:
        return False
    lead = passage.text[slice(*unit.lead)] + " " if unit.lead else ""
    words = (lead + passage.text[unit.start : unit.end]).lower()
    held = sum(1 for fact in item.facts if fact.search(words))
    return held > 0 and held >= len(item.facts) / 2


def _fit_units(
    library: Library, items: Sequence[Item], found: Sequence[tuple[str, Retrieved]]
) -> tuple[dict[str, object], dict[str, float]]:
    rows, labels, groups = [], [], []
    for number, (item, (text, retrieved)) in enumerate(zip(items, found, strict=True)):
        if not item.answerable:
            continue
        for hit in retrieved.hits:
            for unit, features in ranking.unit_features(library.index, text, hit, retrieved):
                rows.append(features)
                labels.append(answers(item, hit.passage, unit))
                groups.append(number)
    x, y, g = np.array(rows), np.array(labels), np.array(groups)
    scores = np.zeros(len(y))
    for train, test in GroupKFold(_FOLDS, shuffle=True, random_state=_SEED).split(x, y, g):
        scores[test] = _model(balanced=False).fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    first = [bool(y[g == n][np.argmax(scores[g == n])]) for n in np.unique(g) if y[g == n].any()]
    reachable = np.mean([y[g == n].any() for n in np.unique(g)])
    model = _model(balanced=False).fit(x, y)
    return _weights(UNIT_FEATURES, model, 0.5), {
        "unit: questions with an answering unit among the hits": float(reachable),
        "unit: of these, answering unit first": float(np.mean(first)),
    }


def _fit_evidence(
    library: Library, items: Sequence[Item], found: Sequence[tuple[str, Retrieved]]
) -> tuple[dict[str, object], dict[str, float]]:
    x = np.array(
        [
            evidence_features(library.index, text, retrieved, _rank(library, text, retrieved))
            for text, retrieved in found
        ]
    )
    y = np.array([item.answerable for item in items])
    scores = np.zeros(len(y))
    for train, test in GroupKFold(_FOLDS, shuffle=True, random_state=_SEED).split(x, y, np.arange(len(y))):
        scores[test] = _model().fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    threshold = float(np.quantile(scores[y], TURNED_AWAY))
    figures = {
        "evidence: AUROC, answerable against not covered": auroc(list(scores[y]), list(scores[~y])),
        "evidence: not covered recognised at the threshold": float(np.mean(scores[~y] < threshold)),
        "evidence: answerable turned away at the threshold": float(np.mean(scores[y] < threshold)),
        "evidence: questions": float(len(y)),
    }
    return _weights(EVIDENCE_FEATURES, _model().fit(x, y), threshold), figures


def _rank(library: Library, text: str, retrieved: Retrieved) -> tuple[Ranked, ...]:
    return ranking.rank(library.index, text, retrieved)


def _model(balanced: bool = True) -> LogisticRegression:
    """Balanced to tell two kinds of question apart; not so for units, whose chances are compared with one another."""
    return LogisticRegression(C=1.0, class_weight="balanced" if balanced else None, max_iter=2000)


def _weights(names: Sequence[str], model: LogisticRegression, threshold: float) -> dict[str, object]:
    weights = Weights(
        tuple(names),
        tuple(round(float(c), 4) for c in model.coef_[0]),
        round(float(model.intercept_[0]), 4),
        round(threshold, 4),
    )
    return {
        "names": weights.names,
        "coefficients": weights.coefficients,
        "intercept": weights.intercept,
        "threshold": weights.threshold,
    }
