"""Equal parameters have the same text in any process, and other parameters another text or none."""

import functools
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, make_scorer

from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.losses import LOSSES, quantiles
from sknn_edu.core.optimizers import OPTIMIZERS
from sknn_edu.core.schedules import SCHEDULES
from sknn_edu.fitting.parameter_text import as_text


def shrink(to, progress):
    return 1 - (1 - to) * progress


@dataclass(frozen=True)
class Shrink:
    to: float

    def __call__(self, progress):
        return shrink(self.to, progress)

    def __repr__(self):
        return "always the same"


class Slotted:
    __slots__ = ("to",)

    def __init__(self, to):
        self.to = to


EXAMPLES = [
    0.1, "a", None, (1, 2), {"b": 1, "a": 2}, {3, 1}, np.arange(3.0), np.array(["a", "b"]),
    shrink, functools.partial(shrink, 0.1), functools.partial(shrink, to=0.1), Shrink(0.1),
    Shrink(0.1).__call__, Slotted(0.1), np.exp, scipy.special.expit, max, Fraction(1, 3),
    make_scorer(f1_score, average="macro"), quantiles((0.1, 0.9)), np.dtype("f4"), b"a",
    *ALL_ACTIVATIONS.values(), *LOSSES.values(), *SCHEDULES.values(), *OPTIMIZERS.values(),
]  # fmt: skip

OTHERS = [
    (np.arange(2000.0), np.where(np.arange(2000) == 1000, 0.0, np.arange(2000.0))),
    (np.float32(0.1), 0.1),
    (functools.partial(shrink, 0.1), functools.partial(shrink, 0.2)),
    (Shrink(0.1), Shrink(0.2)),
    (Shrink(0.1).__call__, Shrink(0.2).__call__),
    (Slotted(0.1), Slotted(0.2)),
    (np.arange(3), np.arange(3.0)),
    ({"a": 1}, {"a": 2}),
    ("1", 1),
    (np.exp, np.exp2),
]


def test_each_example_has_a_different_text_that_is_the_same_in_another_process():
    script = (
        "from tests.fitting.test_parameter_text import EXAMPLES, as_text\n"
        "print('\\n'.join(map(as_text, EXAMPLES)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    texts = [as_text(value) for value in EXAMPLES]
    assert done.stdout.splitlines() == texts
    assert len(set(texts)) == len({id(value) for value in EXAMPLES})


@pytest.mark.parametrize(("one", "other"), OTHERS, ids=lambda value: type(value).__name__)
def test_values_with_the_same_repr_have_different_texts(one, other):
    assert as_text(one) != as_text(other)


def test_numpy_scalars_have_the_text_of_their_value():
    assert as_text(np.float64(0.1)) == as_text(0.1)
    assert as_text((np.int64(5), np.str_("a"), np.bool_(True))) == as_text([5, "a", True])
    assert as_text({"a": 1, "b": 2}) == as_text({"b": 2, "a": 1})


@given(st.lists(st.floats(allow_nan=False) | st.integers() | st.text()), st.data())
def test_equal_values_have_equal_texts(values, data):
    assert as_text(values) == as_text(list(values))
    if values:
        k = data.draw(st.integers(0, len(values) - 1))
        other = [*values[:k], "another", *values[k + 1 :]]
        assert (as_text(values) == as_text(other)) == (values[k] == "another")


def local_class():
    class Local:
        pass

    return Local()


def without_end():
    endless = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize(
    "value",
    [
        lambda progress: progress,
        functools.partial(lambda progress: progress),
        Shrink(lambda progress: progress),
        [shrink, {"a": lambda progress: progress}],
        local_class(),
        without_end(),
        (k for k in range(3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_without_identifying_text_are_refused(value):
    with pytest.raises(ValueError, match=r"by its name|contains itself|cannot be saved"):
        as_text(value)
