"""Suggestions for wrong parameter values."""

import pytest

from sknn_edu.core.beyond.data_driven import NAME
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.beyond.parametrization import PARAMETRIZATIONS
from sknn_edu.core.initializers import INITIALIZERS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.optimizers import OPTIMIZERS
from sknn_edu.core.schedules import SCHEDULES
from sknn_edu.fitting.names import OTHER_WORDS, did_you_mean

NAMES = {
    "activation": [*ALL_ACTIVATIONS],
    "solver": ["lbfgs", "gd", *OPTIMIZERS],
    "loss": [name for name, _ in LOSSES],
    "init": [*INITIALIZERS, NAME],
    "learning_rate": [*SCHEDULES],
    "parametrization": [*PARAMETRIZATIONS],
    "dtype": ["auto", "float32", "float64"],
}
WORDS = [(parameter, word) for parameter, words in OTHER_WORDS.items() for word in words]


@pytest.mark.parametrize(("parameter", "word"), WORDS)
def test_every_alternative_name_gives_a_suggestion(parameter, word):
    target = OTHER_WORDS[parameter][word]
    assert target in NAMES[parameter] or " " in target
    hint = did_you_mean(parameter, word.upper(), NAMES[parameter])
    assert hint == target or hint.startswith(f"Did you mean {parameter}=")


def test_an_alternative_name_of_an_unavailable_choice_gives_no_suggestion():
    assert did_you_mean("solver", "nadam", ["lbfgs", "gd"]) == ""


@pytest.mark.parametrize("value", ["quux", "", 3, None, ["relu"]])
def test_a_word_unlike_any_name_gives_no_suggestion(value):
    assert did_you_mean("activation", value, NAMES["activation"]) == ""
