"""What a report shows beside the scores: the answerability decision at every threshold, and the evidence of a ruling."""

import numpy as np

from assistant import deciding, ranking
from assistant.answering import Assistant, Library
from assistant.domain import Message, Question
from evals.bank import Item, items_for_fitting
from evals.fitting import find
from evals.reporting import Curve

# Thresholds drawn: enough for a smooth line.
_STEPS = 101


def answerability(assistant: Assistant, library: Library) -> Curve:
    """Over the development part's answerable and not-covered questions, the chance that the evidence is enough at each
    threshold. The weights were fitted on the same part, so the curve flatters a little; the held-out figures do not."""
    weights = ranking.load_weights("evidence")
    chances, answerable = [], []
    for item in items_for_fitting():
        if item.answerable or item.kind in ("not_covered", "off_topic"):
            found = find(assistant, library, item)
            seen = (library.index, found.text, found.retrieved)
            ranked = ranking.rank(*seen, found.asked)
            chances.append(weights.chance(deciding.evidence_features(*seen, ranked, found.asked)))
            answerable.append(item.answerable)
    scores, may = np.array(chances), np.array(answerable)
    steps = np.linspace(0, 1, _STEPS)
    points = [(float(t), float(np.mean(scores[may] < t)), float(np.mean(scores[~may] < t))) for t in steps]
    return Curve(points, weights.threshold)


def evidence(assistant: Assistant, item: Item) -> tuple[str, ...]:
    """The signs behind the ruling on an item's last message."""
    history = tuple(Message("user", turn) for turn in item.turns)
    verdict = assistant.ruling(Question(item.question, history, item.nation))
    return verdict.evidence if verdict else ("no ruling",)
