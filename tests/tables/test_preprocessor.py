"""The conversion of a table to an array: scaling, clipping, one-hot encoding and names."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.utils.estimator_checks import check_estimator

from sknn_edu import TabularPreprocessor
from tests.table_data import array_table, pandas_table, polars_table

DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def test_numbers_worked_by_hand():
    # median 3, quartiles 2 and 4: z = (x - 3) / 2, and z / sqrt(1 + (z / 3)^2)
    X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    z = np.array([-1, -0.5, 0, 0.5, 1])
    made = TabularPreprocessor(dtype="float64").fit_transform(X)
    np.testing.assert_allclose(made[:, 0], z / np.sqrt(1 + z**2 / 9))
    plain = TabularPreprocessor(smooth_clip=None).fit_transform(X)
    np.testing.assert_allclose(plain[:, 0], z)
    assert plain.dtype == np.float32


def test_outliers_stay_within_the_bound():
    model = TabularPreprocessor().fit(np.arange(9.0)[:, np.newaxis])
    far = model.transform(np.array([[-1e308], [1e308]]))
    np.testing.assert_allclose(far[:, 0], [-3, 3])


def test_half_of_the_range_replaces_an_interquartile_range_of_0():
    X = np.array([[0.0], [0], [0], [0], [0], [0], [0], [10]])
    model = TabularPreprocessor(smooth_clip=None).fit(X)
    np.testing.assert_allclose(model.transform(X)[:, 0], [0, 0, 0, 0, 0, 0, 0, 2])


def test_a_constant_column_becomes_0_and_an_empty_one_is_dropped():
    X = np.array([[5.0, np.nan]] * 4)
    made = TabularPreprocessor().fit_transform(X)
    np.testing.assert_array_equal(made, np.zeros((4, 1)))
    np.testing.assert_array_equal(TabularPreprocessor().fit(X).transform([[6.0, 1.0]]), [[0]])


def test_standard_scaling_is_that_of_scikit_learn():
    X = np.random.default_rng(0).normal(3, 2, size=(50, 2))
    made = TabularPreprocessor("standard", smooth_clip=None, dtype="float64").fit_transform(X)
    np.testing.assert_allclose(made, (X - X.mean(axis=0)) / X.std(axis=0))


def test_a_missing_number_becomes_0_and_is_indicated():
    X = np.array([[1.0, 1], [np.nan, 2], [3, 3]])
    made = TabularPreprocessor().fit_transform(X)
    assert made.shape == (3, 3)
    assert made[1, 0] == 0
    np.testing.assert_array_equal(made[:, 2], [0, 1, 0])
    assert TabularPreprocessor(missing_indicator=False).fit_transform(X).shape == (3, 2)


def test_missing_numbers_that_training_did_not_have_become_0():
    model = TabularPreprocessor().fit([[1.0], [2.0], [3.0]])
    np.testing.assert_array_equal(model.transform([[np.nan]]), [[0]])


def test_two_categories_are_one_column_and_more_are_one_column_each():
    table = pd.DataFrame({"a": ["n", "y", "n"], "b": ["u", "v", "w"]})
    model = TabularPreprocessor().fit(table)
    np.testing.assert_array_equal(
        model.transform(table), [[-1, 1, 0, 0], [1, 0, 1, 0], [-1, 0, 0, 1]]
    )
    np.testing.assert_array_equal(
        model.transform(pd.DataFrame({"a": ["new"], "b": ["new"]})), [[0, 0, 0, 0]]
    )
    assert model.get_feature_names_out().tolist() == ["a_y", "b_u", "b_v", "b_w"]


def test_missing_becomes_a_category_if_it_occurred_in_training():
    table = pd.DataFrame({"a": ["n", None, "y"]})
    model = TabularPreprocessor().fit(table)
    assert model.get_feature_names_out().tolist() == ["a_n", "a_y", "a_None"]
    without = TabularPreprocessor().fit(table.dropna())
    np.testing.assert_array_equal(without.transform(table)[:, 0], [-1, 0, 1])


def test_rare_categories_share_a_column():
    table = pd.DataFrame({"a": list("uuuuvvvvwxyz"), "b": list("mmmmmmnnnnnn")})
    model = TabularPreprocessor(max_categories=3).fit(table)
    names = ["a_u", "a_v", "a_rare", "b_n"]
    assert model.get_feature_names_out().tolist() == names
    np.testing.assert_array_equal(model.transform(table)[-1], [0, 0, 1, 1])


def test_a_column_of_names_does_not_become_thousands_of_columns():
    table = pd.DataFrame({"name": [f"name {k}" for k in range(500)]}, dtype="category")
    with pytest.warns(UserWarning, match="Column 'name': 400 of its 500 categories, with 80%"):
        model = TabularPreprocessor().fit(table)
    assert model.transform(table).shape == (500, 101)
    assert TabularPreprocessor(max_categories=200).fit_transform(table).shape == (500, 101)
    assert TabularPreprocessor(max_categories=50).fit_transform(table).shape == (500, 50)
    assert TabularPreprocessor(max_categories=None).fit_transform(table).shape == (500, 500)


def test_each_kind_of_column_has_feature_names():
    names = TabularPreprocessor().fit(pandas_table()).get_feature_names_out().tolist()
    assert names == [
        "income",
        "rooms",
        "since",
        "since_day_circular_0",
        "since_day_circular_1",
        "since_weekday_circular_0",
        "since_weekday_circular_1",
        "income_missing",
        "owner_True",
        "city_Bonn",
        "city_Rom",
        "city_Ulm",
        "city_None",
        "plan_gold",
    ]


@pytest.mark.parametrize("table", [polars_table, array_table])
def test_pandas_polars_and_arrays_become_the_same_numbers(table):
    expected = TabularPreprocessor().fit_transform(pandas_table())
    np.testing.assert_allclose(TabularPreprocessor().fit_transform(table()), expected, rtol=1e-6)


def test_a_preprocessor_fitted_on_pandas_transforms_polars():
    model = TabularPreprocessor().fit(pandas_table())
    np.testing.assert_allclose(
        model.transform(polars_table()), model.transform(pandas_table()), rtol=1e-6
    )


def test_very_large_and_very_small_numbers_are_scaled_like_others():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    for scaling in ("robust", "standard"):
        model = TabularPreprocessor(scaling, dtype="float64")
        expected = model.fit_transform(x[:, np.newaxis])
        for unit in (1e200, 1e-200, 8e307):
            made = model.fit_transform(unit * x[:, np.newaxis])
            np.testing.assert_allclose(made, expected, rtol=1e-12)


@DTYPES
def test_without_a_bound_numbers_stay_finite_and_so_do_their_squares(dtype):
    model = TabularPreprocessor("none", None, dtype=dtype)
    made = model.fit_transform([[1e308], [-1e308], [1.0]])
    assert np.isfinite(np.square(made)).all()
    np.testing.assert_array_equal(np.sign(made[:, 0]), [1, -1, 1])


def test_output_names_are_unique_whatever_columns_and_categories_are_called():
    table = pd.DataFrame(
        {
            "a": [1.0, None, 3.0],
            "a_missing": [1.0, 2.0, 3.0],
            "b": ["None", None, "x"],
            "b_None": [1.0, 2.0, 3.0],
        }
    )
    made = TabularPreprocessor().set_output(transform="pandas").fit_transform(table)
    assert list(made) == [
        "a", "a_missing", "b_None", "a_missing_2", "b_None_2", "b_x", "b_None_3",
    ]  # fmt: skip


def test_lazy_frames_are_refused():
    with pytest.raises(TypeError, match=r"got a LazyFrame, .* Pass X\.collect\(\)"):
        TabularPreprocessor().fit(pl.DataFrame({"a": [1]}).lazy())


def test_set_output_returns_frames():
    for library, frame in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
        made = TabularPreprocessor().set_output(transform=library).fit_transform(pandas_table())
        assert isinstance(made, frame)


def test_the_table_is_not_changed():
    table = pandas_table()
    before = table.copy(deep=True)
    TabularPreprocessor().fit_transform(table)
    pd.testing.assert_frame_equal(table, before)


def test_columns_with_other_names_are_refused():
    model = TabularPreprocessor().fit(pandas_table())
    with pytest.raises(ValueError, match="feature names"):
        model.transform(pandas_table().rename(columns={"city": "town"}))


def test_sparse_tables_are_refused():
    with pytest.raises(TypeError, match=r"sparse matrix\. Pass X\.toarray"):
        TabularPreprocessor().fit(csr_array(np.eye(3)))


@pytest.mark.parametrize("table", [pd.DataFrame({"a": []}), pd.DataFrame(index=[0, 1])])
def test_empty_tables_are_refused(table):
    with pytest.raises(ValueError, match=r"at least one row and one column; got the shape"):
        TabularPreprocessor().fit(table)


def test_a_failed_fit_leaves_the_preprocessor_as_it_was():
    model = TabularPreprocessor().fit(pandas_table())
    before = model.transform(pandas_table())
    with pytest.raises(ValueError, match="infinite"):
        model.fit(pd.DataFrame({"other": [1.0, np.inf]}))
    np.testing.assert_array_equal(model.transform(pandas_table()), before)


def test_errors_name_the_wrong_parameter():
    with pytest.raises(ValueError, match="'scaling' parameter"):
        TabularPreprocessor(scaling="max").fit([[1.0]])


@pytest.mark.parametrize(
    "estimator",
    [TabularPreprocessor(), TabularPreprocessor("none", None, dtype="float64")],
    ids=["recipe", "plain"],
)
def test_the_preprocessor_passes_every_check_of_scikit_learn(estimator):
    assert len(check_estimator(estimator, on_skip=None)) > 20
