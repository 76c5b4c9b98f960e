"""Typical mistakes of users, and the words that must appear in the error message."""

import datetime as dt
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_wine
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import (
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    SigmoidNeuronClassifier,
    TabularPreprocessor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
REALS = X[:, 0] * 2 + 1
FRAME = pd.DataFrame(X, columns=["age", "income", "height"])
DAYS = pd.date_range("2024-01-01", periods=60)
ESTIMATORS = PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier, MLPRegressor
CLASSIFIERS = ESTIMATORS[:3]
of_each = pytest.mark.parametrize("estimator_class", ESTIMATORS)
of_each_classifier = pytest.mark.parametrize("estimator_class", CLASSIFIERS)


def target_of(estimator_class):
    return REALS if estimator_class is MLPRegressor else Y


def fitted(estimator_class, samples):
    options = {} if estimator_class is PerceptronClassifier else {"solver": "lbfgs"}
    return estimator_class(max_iter=2000, **options).fit(samples, target_of(estimator_class))


# -- names and parameters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"activation": "sigmoid"}, "'logistic'"),
        ({"activation": "ReLU"}, "'relu'"),
        ({"activation": "swish"}, "'silu'"),
        ({"activation": "linear"}, "'identity'"),
        ({"activation": "leaky-relu"}, "'leaky_relu'"),
        ({"activation": "softmax"}, "output layer of MLPClassifier is a softmax if"),
        ({"activation": ("relu", "sigmoid"), "hidden_layer_sizes": (2, 2)}, "'logistic'"),
        ({"solver": "Adam"}, "'adam'"),
        ({"solver": "lbgfs"}, "'lbfgs'"),
        ({"solver": "l-bfgs"}, "'lbfgs'"),
        ({"solver": "gd"}, "solver='sgd' with batch_size=n_samples"),
        ({"init": "xavier"}, "'glorot'"),
        ({"init": "kaiming"}, "'he'"),
        ({"learning_rate": 0.01}, "learning_rate_init=0.01"),
        ({"learning_rate": "cosin"}, "'cosine'"),
        ({"hidden_layer_sizes": "many"}, r"such as \(100, 50\).*'100,50'.*got 'many'"),
        ({"hidden_layer_sizes": 0}, "must be > 0"),
        ({"hidden_layer_sizes": (5, 0)}, "Leave a layer out"),
        ({"hidden_layer_sizes": "5,0"}, "Leave a layer out"),
    ],
    ids=str,
)
def test_the_error_about_a_wrong_network_parameter_suggests_the_right_value(parameters, words):
    with pytest.raises(ValueError, match=f"(?s){next(iter(parameters))}.*{words}"):
        MLPClassifier(**parameters).fit(X, Y)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("mse", "squared_error"),
        ("MSE", "squared_error"),
        ("rmse", "squared_error"),
        ("mae", "absolute_error"),
        ("l1", "absolute_error"),
        ("pinball", "quantile"),
        ("logcosh", "log_cosh"),
    ],
)
def test_the_error_about_a_loss_suggests_the_right_name(word, name):
    with pytest.raises(ValueError, match=f"loss='{name}'"):
        MLPRegressor(loss=word).fit(X, REALS)


def test_the_error_about_a_neuron_parameter_suggests_the_right_name():
    with pytest.raises(ValueError, match="Did you mean loss='log_loss'"):
        SigmoidNeuronClassifier(loss="cross_entropy").fit(X, Y)
    with pytest.raises(ValueError, match="Did you mean solver='gd'"):
        SigmoidNeuronClassifier(solver="gradient descent").fit(X, Y)


def test_errors_list_the_choices_in_a_fixed_order():
    with pytest.raises(ValueError, match=r"\{'adam', 'sgd', 'lbfgs', 'adamw', 'rmsprop'\}"):
        MLPClassifier(solver="?").fit(X, Y)
    with pytest.raises(ValueError, match=r"\{'identity', 'logistic', 'tanh', 'relu', "):
        MLPClassifier(activation="?").fit(X, Y)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("4", (4,)),
        ("4,3", (4, 3)),
        ("(4, 3)", (4, 3)),
        ("[4, 3]", (4, 3)),
        ("(4,)", (4,)),
        ("()", ()),
    ],
)
def test_layer_sizes_may_be_a_string(text, sizes):
    options = {"solver": "lbfgs", "random_state": 0, "max_iter": 500}
    mlp = clone(MLPClassifier(hidden_layer_sizes=text, **options))
    assert mlp.get_params()["hidden_layer_sizes"] == text
    written_out = MLPClassifier(hidden_layer_sizes=sizes, **options).fit(X, Y)
    for W, V in zip(mlp.fit(X, Y).coefs_, written_out.coefs_, strict=True):
        np.testing.assert_array_equal(W, V)


@pytest.mark.parametrize(
    "call",
    [
        lambda: MLPClassifier.fit(X, Y),
        lambda: PerceptronClassifier.fit(FRAME, Y),
        lambda: MLPRegressor.partial_fit(X, REALS),
        lambda: SigmoidNeuronClassifier.partial_fit(X, Y),
        lambda: TabularPreprocessor.fit(FRAME),
    ],
)
def test_a_method_called_on_the_class_gives_an_error_with_the_remedy(call):
    with pytest.raises(TypeError, match="Add parentheses to create an estimator"):
        call()


@pytest.mark.parametrize("missing", ["rich", "sklearn.callback"])
def test_without_a_progress_bar_losses_are_printed_and_one_warning_says_why(
    missing, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "rich":
        for name in [name for name in sys.modules if name.startswith("rich.")]:
            monkeypatch.setitem(sys.modules, name, None)
    mlp = MLPClassifier(solver="lbfgs", verbose=2, random_state=0, max_iter=500)
    with pytest.warns(UserWarning, match="verbose=2 shows a progress bar") as record:
        mlp.fit(X, Y)
    assert len(record) == 1
    assert "loss = " in capsys.readouterr().out


# -- X -----------------------------------------------------------------------------------------


@of_each
@pytest.mark.parametrize(
    "column",
    [
        DAYS,
        DAYS.tz_localize("UTC"),
        DAYS - DAYS[0],
        pd.period_range("2024", periods=60),
        DAYS.date,
        [pd.NaT] * 60,
    ],
    ids=["dates", "in UTC", "durations", "periods", "Python dates", "NaT"],
)
def test_dates_are_refused_and_the_error_names_the_column(estimator_class, column):
    table = FRAME.assign(day=column)
    with pytest.raises(
        ValueError, match=r"column 'day'.*subtract a reference date.*tabular_pipeline"
    ):
        estimator_class().fit(table, target_of(estimator_class))


@of_each
def test_a_model_fitted_on_numbers_does_not_predict_on_dates(estimator_class):
    model = fitted(estimator_class, FRAME)
    with pytest.raises(ValueError, match="dates or durations in column 'height'"):
        model.predict(FRAME.assign(height=DAYS))
    with pytest.raises(ValueError, match="dates or durations in column 0"):
        model.predict(X.astype("M8[s]"))


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (FRAME.assign(colour="red"), "text in column 'colour', such as 'red'.*tabular_pipeline"),
        ([["a", 1.0]] * 60, "text in column 0, such as 'a'"),
        (FRAME.assign(gap=np.nan), "contains NaN.*SimpleImputer.*tabular_pipeline"),
        (np.ma.masked_greater(X, 2), "masked array with 1 masked values"),
        (pd.DataFrame(X, columns=["a", "b", "a"]), "several columns named 'a'"),
        (X.T, "3 rows and 60 columns, and y has 60 entries. X seems to be transposed"),
        (pl.DataFrame(X).with_columns(d=pl.lit(dt.timedelta(days=1))), "durations in column 'd'"),
        (FRAME.assign(e=[[0.5, 1.0]] * 60), r"column 'e', such as \[0.5, 1.0\].*np.stack"),
        (pl.DataFrame(X).with_columns(e=pl.lit([1, 2])), "arrays in column 'e', such as.*np.stack"),
        ([[1.0, 2.0], [1.0]] * 30, "rows of X have different numbers of entries"),
    ],
    ids=[
        "text", "text in a list", "gap", "mask", "names", "transposed", "polars", "lists",
        "polars lists", "ragged",
    ],
)  # fmt: skip
@of_each
def test_errors_about_bad_samples_name_the_remedy(estimator_class, samples, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        estimator_class().fit(samples, target_of(estimator_class))


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (pl.DataFrame(X).lazy(), r"LazyFrame, whose rows have not been computed.*X.collect\(\)"),
        (FRAME.to_dict("list"), r"Pass pd.DataFrame\(X\)"),
        (FRAME.to_dict("records"), r"Pass pd.DataFrame\(X\)"),
        (FRAME.to_records(index=False), r"Pass pd.DataFrame\(X\)"),
    ],
    ids=["lazy", "dict of columns", "list of dicts", "records"],
)
@of_each
def test_tables_that_have_to_be_converted_first_say_how(estimator_class, samples, words):
    with pytest.raises(TypeError, match=f"(?s){words}"):
        estimator_class().fit(samples, target_of(estimator_class))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (pd.NA, "missing values in column {}, such as <NA>.*pd.isna.*SimpleImputer"),
        (pd.NaT, "missing values in column {}, such as NaT.*tabular_pipeline"),
        ({"k": 1}, "objects of the type dict in column {}, such as {{'k': 1}}"),
    ],
    ids=["NA", "NaT", "dict"],
)
@of_each
def test_values_that_are_no_numbers_are_named_with_their_column(estimator_class, value, words):
    samples = FRAME.assign(gap=[value] * 60).astype(object)
    with pytest.raises(TypeError, match=f"(?s){words.format(repr('gap'))}"):
        estimator_class().fit(samples, target_of(estimator_class))
    model = fitted(estimator_class, FRAME.assign(gap=0.0).to_numpy())
    with pytest.raises(TypeError, match=f"(?s){words.format(3)}"):
        model.predict(samples.to_numpy())


@of_each
def test_transposed_samples_are_recognised_in_predict(estimator_class):
    model = fitted(estimator_class, X)
    with pytest.raises(ValueError, match="X has 3 rows, and seems to be transposed"):
        model.predict(X.T)


def test_errors_name_the_validation_set_as_the_cause():
    with pytest.raises(
        ValueError, match=r"In the validation set, X_val and y_val: X must .* has dates"
    ):
        MLPClassifier().fit(X, Y, X_val=X.astype("M8[s]"), y_val=Y)


# -- y -----------------------------------------------------------------------------------------


@of_each_classifier
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([None, *Y[1:]], "missing labels: None.*'unknown'"),
        (pd.Series([pd.NaT, *DAYS[1:]]), "missing labels: NaT"),
        (pd.Series([np.nan, *["a"] * 59]), "missing labels: nan"),
        (np.where(Y, 1.0, np.nan), "y contains NaN.*missing labels by a new one"),
        (["1", *Y[1:].tolist()], "one type, but has integer and text labels: 1, '1'"),
        ([True, *Y[1:].tolist()], "one type, but has boolean and integer labels"),
        ([dt.date(2024, 1, 1 + k % 2) for k in range(60)], "values of the type date"),
        (REALS, "For real-valued targets use MLPRegressor"),
        (np.abs(X[:, 0]) / 9, "probabilities.*sample_weight=np.column_stack"),
        (np.ma.masked_equal(Y, 1), "y must not have masked values"),
        (Y[np.newaxis], r"y has the shape \(1, 60\), a single row"),
    ],
    ids=[
        "None",
        "NaT",
        "NaN",
        "float NaN",
        "text",
        "booleans",
        "dates",
        "reals",
        "p",
        "mask",
        "row",
    ],
)
def test_errors_about_bad_labels_name_the_remedy(estimator_class, labels, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        estimator_class().fit(X, labels)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.where(Y, "a", "b"), "text, such as 'a'.*use MLPClassifier"),
        (Y.astype(str), r"text, such as '[01]'.*y.astype\(float\)"),
        (DAYS, "date, such as 2024-01-01.*reference date"),
        (DAYS - DAYS[0], "Subtract a reference date"),
        ([None, *REALS[1:]], "missing, such as None"),
        ([{}] * 60, "dict, such as {}"),
        (np.ma.masked_greater(REALS, 2), "y must not have masked values"),
        (REALS[np.newaxis], "a single row"),
    ],
    ids=["text", "digits", "dates", "durations", "None", "objects", "mask", "row"],
)
def test_errors_about_bad_regression_targets_name_the_remedy(targets, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        MLPRegressor().fit(X, targets)


def test_errors_about_probabilities_as_targets_show_the_equivalent_call():
    with pytest.raises(ValueError, match=r"(?s)np.repeat\(X, 3, axis=0\).*sample_weight=y.ravel"):
        MLPClassifier().fit(X, RNG.dirichlet(np.ones(3), size=60))


def test_one_hot_labels_are_learned_as_columns_with_one_warning():
    mlp = MLPClassifier(solver="lbfgs", random_state=0, max_iter=500)
    with pytest.warns(UserWarning, match=r"one-hot\), pass y.argmax\(axis=1\)") as record:
        mlp.fit(X, np.eye(2)[Y])
    assert len(record) == 1
    assert mlp.out_activation_ == "logistic"
    assert mlp.n_outputs_ == 2


@pytest.mark.parametrize("estimator_class", [PerceptronClassifier, SigmoidNeuronClassifier])
def test_one_hot_labels_are_refused_by_single_neurons_with_the_remedy(estimator_class):
    with pytest.raises(ValueError, match=r"np.argmax\(y, axis=1\)"):
        estimator_class().fit(X, np.eye(2)[Y])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_many_integer_classes_with_gaps_give_a_warning_that_suggests_regression():
    data, y = load_diabetes(return_X_y=True)
    with pytest.warns(UserWarning, match=r"214 classes, numbers from 25.0 to 346.0.*MLPRegressor"):
        PerceptronClassifier(max_iter=2, tol=None).fit(data, y)


def test_many_classes_with_consecutive_integers_give_no_warning():
    y = np.repeat(np.arange(120), 2)
    MLPClassifier(solver="lbfgs", max_iter=500, random_state=0).fit(np.eye(120)[y], y)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (Y, np.column_stack([Y, Y[::-1]]), "2 logistic outputs.*fitted with 1 logistic outputs"),
        (Y, np.column_stack([Y, np.arange(60) % 3]), "5 softmax_of_each outputs"),
        (np.arange(60) % 3, np.column_stack([Y, Y[::-1]]), "same classes as in the previous"),
        (Y, np.where(Y, "a", "b"), "same classes as in the previous"),
    ],
    ids=["to labels", "to columns", "from three classes", "to text"],
)
def test_a_warm_start_with_another_kind_of_labels_gives_an_error_that_names_both(
    first, second, words
):
    mlp = MLPClassifier(solver="lbfgs", warm_start=True, max_iter=2000, random_state=0)
    mlp.fit(X, first)
    with pytest.raises(ValueError, match=words):
        mlp.fit(X, second)


# -- fits that end badly -----------------------------------------------------------------------


def test_a_network_that_has_learned_nothing_gives_one_warning():
    wine = load_wine(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="than a constant.*in order: scale") as record:
        MLPClassifier(solver="sgd", random_state=0).fit(*wine)
    assert len(record) == 1
    remedies = "scale the features", "lower learning_rate_init", "choose another activation"
    places = [str(record[0].message).index(remedy) for remedy in remedies]
    assert places == sorted(places)


def test_lbfgs_that_finds_no_step_suggests_scaling():
    data, y = load_wine(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="scale the features") as record:
        mlp = MLPClassifier(solver="lbfgs", random_state=0).fit(data, y)
    assert mlp.n_iter_ == 2
    assert len(record) == 1
    assert "max_iter" not in str(record[0].message)
