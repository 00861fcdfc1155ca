"""Weights of several runs become one model's."""

import torch

from evals.finetuning import average


def test_the_first_model_gets_the_mean_of_all_weights_and_the_others_stay():
    models = [torch.nn.Linear(2, 1) for _ in range(3)]
    for number, model in enumerate(models):
        torch.nn.init.constant_(model.weight, number)
        torch.nn.init.constant_(model.bias, 10.0 * number)
    average(models)
    assert models[0].weight.tolist() == [[1.0, 1.0]]
    assert models[0].bias.tolist() == [10.0]
    assert models[2].weight.tolist() == [[2.0, 2.0]]
