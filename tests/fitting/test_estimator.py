"""What all estimators share."""

import copy
import pickle

import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import MLPClassifier
from tests.callbacks import Quiet
from tests.problems import X, Y


def test_a_warning_points_at_the_line_that_called_fit():
    with pytest.warns(ConvergenceWarning) as caught:
        MLPClassifier(max_iter=2).fit(X, Y)
    assert [warning.filename for warning in caught] == [__file__]


class Copies(Quiet):
    """A callback that copies the estimators it is given."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if fitted_estimator is not None:
            assert ("_running_fit" in vars(estimator)) == (context.task_name == "epoch")
            assert "_running_fit" not in vars(pickle.loads(pickle.dumps(fitted_estimator)))
            assert "_running_fit" not in vars(copy.copy(estimator))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.usefixtures("needs_callbacks")
def test_a_copy_of_an_estimator_in_training_does_not_hold_the_fit():
    MLPClassifier(5, max_iter=3).set_callbacks(Copies()).fit(X, Y)


def test_a_value_equal_to_a_valid_one_but_of_another_type_is_refused():
    X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
    mlp = MLPClassifier(3, max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning):
        mlp.fit(X, y).fit(X, y)
    for wrong in ({"max_iter": 1.0}, {"hidden_layer_sizes": (3.0,)}, {"alpha": "0.0001"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            clone(mlp).set_params(**wrong).fit(X, y)
