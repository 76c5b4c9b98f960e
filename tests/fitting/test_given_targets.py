"""Labels keep their type in every container."""

import decimal
import enum

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone

from sknn_edu import AveragingClassifier, MLPClassifier, MLPRegressor, PerceptronClassifier
from sknn_edu import SigmoidNeuronClassifier as SigmoidNeuron
from sknn_edu.fitting.given_targets import (
    as_integers,
    readable_labels,
    refuse_unreadable_numbers,
    side_by_side,
)

LARGE = 2**53  # beyond it, floats merge neighbours
X = np.random.default_rng(0).normal(size=(60, 3))
IS_YES = X[:, 0] > 0
IDS = np.where(IS_YES, LARGE, LARGE + 1)
CLASSIFIERS = [
    PerceptronClassifier(random_state=0),
    SigmoidNeuron(),
    MLPClassifier(4, solver="lbfgs", max_iter=2000, random_state=0),
    AveragingClassifier(MLPClassifier(4, solver="lbfgs", max_iter=2000), 2, random_state=0),
]


class Answer(enum.IntEnum):
    NO = 0
    YES = 1


def arrow(values, dtype):
    pytest.importorskip("pyarrow")
    return pd.Series(values).astype(dtype)


COLUMNS = {
    "array": lambda: IDS,
    "list": lambda: IDS.tolist(),
    "tuple": lambda: tuple(IDS),
    "objects": lambda: IDS.astype(object),
    "nullable": lambda: pd.Series(IDS).astype("Int64"),
    "unsigned nullable": lambda: pd.array(IDS, dtype="UInt64"),
    "Arrow": lambda: arrow(IDS, "int64[pyarrow]"),
    "categorical": lambda: pd.Series(IDS).astype("category"),
    "nullable categorical": lambda: pd.Series(IDS).astype("Int64").astype("category"),
    "frame": lambda: pd.DataFrame({"id": pd.array(IDS, dtype="Int64")})["id"],
    "index": lambda: pd.Index(IDS),
    "polars": lambda: pl.Series(IDS),
}


@pytest.mark.parametrize("form", COLUMNS)
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda c: type(c).__name__)
def test_large_integers_stay_distinct(classifier, form):
    y = COLUMNS[form]()
    model = clone(classifier).fit(X, y)
    assert model.classes_.dtype.kind in "iu"
    assert model.classes_.tolist() == [LARGE, LARGE + 1]
    right = model.predict(X) == IDS
    assert right.mean() > 0.9
    assert model.score(X, y) == right.mean()


BOOLEANS = {
    "list": lambda: IS_YES.tolist(),
    "objects": lambda: IS_YES.astype(object),
    "nullable": lambda: pd.Series(IS_YES).astype("boolean"),
    "Arrow": lambda: arrow(IS_YES, "bool[pyarrow]"),
    "categorical": lambda: pd.Series(IS_YES).astype("category"),
    "polars": lambda: pl.Series(IS_YES),
}


@pytest.mark.parametrize("form", BOOLEANS)
def test_booleans_stay_booleans(form):
    model = SigmoidNeuron().fit(X, BOOLEANS[form]())
    assert model.classes_.dtype == bool
    assert model.predict(X).dtype == bool


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([1, np.int8(2), 3], np.array([1, 2, 3])),
        ([2**63, 2**63 + 1], np.array([2**63, 2**63 + 1], dtype=np.uint64)),
        ([Answer.NO, Answer.YES], np.array([0, 1])),
        ([1.0, 2], np.array([1.0, 2.0])),
        ([decimal.Decimal(1), 2], np.array([1.0, 2.0])),
        (["a", "b"], np.array(["a", "b"], dtype=object)),
        ([np.array(1), np.array(2)], np.array([1, 2])),
        ([[1, 0], [0, 1]], np.array([[1, 0], [0, 1]])),
    ],
    ids=str,
)
def test_lists_become_arrays_of_their_kind(y, expected):
    labels = readable_labels(y)
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == expected.dtype


def test_columns_of_different_kinds_keep_their_kinds():
    for y in (
        [["a", LARGE], ["b", LARGE + 1]],
        pd.DataFrame({"u": ["a", "b"], "v": [LARGE, LARGE + 1]}),
    ):
        labels = readable_labels(y)
        assert labels.dtype == object
        assert labels.tolist() == [["a", LARGE], ["b", LARGE + 1]]
    assert side_by_side([np.arange(2), np.arange(2)]).dtype == np.arange(2).dtype


def test_sparse_and_ragged_labels_are_left_to_scikit_learn():
    y = csr_array(np.eye(3))
    assert readable_labels(y) is y
    with pytest.raises(ValueError, match="legacy multi-label"):
        MLPClassifier().fit(X, [[1], [1, 2]] * 30)


def test_integers_beyond_64_bits_are_refused():
    with pytest.raises(ValueError, match="must fit a 64-bit dtype"):
        as_integers(np.array([-1, 2**63], dtype=object))
    with pytest.raises(ValueError, match="must fit a 64-bit dtype"):
        PerceptronClassifier().fit(X, [2**70, *IDS[1:].tolist()])


@pytest.mark.parametrize("known", [np.int64, np.uint64])
def test_signed_and_unsigned_labels_are_combined_as_integers(known):
    later = np.uint64 if known is np.int64 else np.int64
    model = MLPClassifier(4, random_state=0)
    model.partial_fit(X, IDS.astype(known), classes=np.unique(IDS).astype(known))
    model.partial_fit(X, IDS.astype(later))
    model.partial_fit(X, IDS.astype(later), classes=np.unique(IDS).astype(later))
    assert set(model.predict(X)) <= {LARGE, LARGE + 1}
    with pytest.raises(ValueError, match="not among the classes"):
        model.partial_fit(X, np.where(IS_YES, -1, LARGE).astype(np.int64))


def test_classes_weights_and_validation_labels_are_read_like_y():
    classes = pd.array([LARGE, LARGE + 1], dtype="Int64")
    stream = MLPClassifier(4, random_state=0).partial_fit(X, IDS, classes=classes)
    assert stream.classes_.tolist() == [LARGE, LARGE + 1]
    heavy = SigmoidNeuron(class_weight={LARGE: 1, LARGE + 1: 50}).fit(
        X, pd.array(IDS, dtype="Int64")
    )
    light = SigmoidNeuron(class_weight={LARGE: 50, LARGE + 1: 1}).fit(X, IDS)
    assert (heavy.predict(X) == LARGE + 1).sum() > (light.predict(X) == LARGE + 1).sum()
    y = pd.Series(IDS).astype("Int64")
    model = SigmoidNeuron(solver="adam", max_iter=300, tol=1e-2)
    model.fit(X, y, X_val=X, y_val=y.astype("UInt64"))
    assert model.validation_scores_[-1] == (model.predict(X) == IDS).mean()


@pytest.mark.parametrize(
    "y", [np.ones(3), [1, 2.5], [True, False], [decimal.Decimal(1)], np.eye(2)]
)
def test_numbers_of_any_kind_are_targets_of_a_regression(y):
    refuse_unreadable_numbers(y)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (["a", "b"], "text, such as 'a'"),
        ([1.0, None], "missing, such as None"),
        (np.array(["2024-01-01"], dtype="M8[D]"), "date, such as 2024-01-01"),
        ([object()], "Convert them to numbers"),
    ],
    ids=["text", "gap", "date", "object"],
)
def test_other_regression_targets_are_refused_with_an_example(y, words):
    with pytest.raises(ValueError, match=words):
        refuse_unreadable_numbers(y)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ({"y": [0, 1]}, r"with one entry for each sample; got \{'y': \[0, 1\]\} of the type dict"),
        ({0, 1}, "of the type set"),
        ((k for k in range(2)), "of the type generator"),
        ("yes", "got 'yes' of the type str"),
        (pl.LazyFrame({"y": [0, 1]}), r"got a LazyFrame, .*Pass y.collect\(\)"),
    ],
    ids=["dict", "set", "generator", "text", "lazy frame"],
)
def test_targets_without_an_entry_for_each_sample_are_refused(y, words):
    for check in (readable_labels, refuse_unreadable_numbers):
        with pytest.raises(TypeError, match=f"y must be.*{words}"):
            check(y)


def test_records_are_not_labels():
    with pytest.raises(ValueError, match="got values of the type void"):
        readable_labels(np.zeros(3, dtype=[("a", float)]))


def test_rows_of_different_lengths_are_named_in_the_error():
    with pytest.raises(ValueError, match="rows of y have different numbers of entries"):
        MLPRegressor().fit(X, [[0.0], [0.0, 1.0]] * 30)
