"""scikit-learn's callbacks, and progress bars."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier, PerceptronClassifier, SigmoidNeuronClassifier, ValidationMonitor
from tests.callbacks import StopAfter
from tests.problems import TRAIN, VALIDATION, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [
    MLPClassifier(4, max_iter=6, random_state=0),
    MLPClassifier(4, max_iter=6, random_state=0, solver="lbfgs"),
    SigmoidNeuronClassifier(max_iter=6),
    SigmoidNeuronClassifier(max_iter=6, solver="adam", random_state=0),
    PerceptronClassifier(max_iter=6, random_state=0),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_callbacks_see_each_epoch_and_may_stop_the_fit(estimator):
    ScoringMonitor = pytest.importorskip("sklearn.callback").ScoringMonitor
    monitor = ScoringMonitor(scoring="accuracy")
    model = clone(estimator).set_callbacks(monitor).fit(X, Y)
    scores = {"epoch": [], "fit": []}
    for row in monitor.get_logs().data:
        scores[row["task_name"]].append(row["accuracy"])
    assert len(scores["epoch"]) == model.n_iter_
    assert scores["epoch"][-1] == scores["fit"][0] == pytest.approx(model.score(X, Y))
    stopped = clone(estimator).set_callbacks(StopAfter(2)).fit(X, Y)
    assert stopped.n_iter_ == 2


def test_callbacks_work_within_a_pipeline_and_a_grid_search():
    ScoringMonitor = pytest.importorskip("sklearn.callback").ScoringMonitor
    monitor = ScoringMonitor(scoring="accuracy")
    mlp = MLPClassifier(4, max_iter=3, random_state=0).set_callbacks(monitor)
    search = GridSearchCV(make_pipeline(StandardScaler(), mlp), {"mlpclassifier__alpha": [0, 1]})
    search.set_params(cv=2).fit(X, Y)
    rows = [row for log in monitor.get_logs(select="all") for row in log.data]
    assert sum(row["task_name"] == "epoch" for row in rows) == 5 * 3


def test_a_failing_callback_does_not_change_the_estimator():
    pytest.importorskip("sklearn.callback")

    class Broken(StopAfter):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("broken callback")

    model = MLPClassifier(4, max_iter=5, random_state=0).fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(RuntimeError, match="broken callback"):
        model.set_callbacks(Broken(1)).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_an_older_scikit_learn_gives_an_error_that_names_the_required_version():
    try:
        import sklearn.callback  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r"scikit-learn 1\.9 or newer"):
            MLPClassifier().set_callbacks(StopAfter(1))
        with pytest.raises(ImportError, match="ValidationMonitor needs"):
            ValidationMonitor(scoring="accuracy")
        with pytest.warns(UserWarning, match="verbose=2 shows a progress bar"):
            MLPClassifier(solver="lbfgs", max_iter=500, verbose=2, random_state=0).fit(X, Y)
    else:
        assert MLPClassifier().set_callbacks(StopAfter(1)) is not None


# -- ValidationMonitor -----------------------------------------------------------------------------


def test_the_validation_monitor_scores_the_validation_set():
    pytest.importorskip("sklearn.callback")

    monitor = ValidationMonitor(scoring="accuracy")
    mlp = MLPClassifier(4, max_iter=5, random_state=0).set_callbacks(monitor)
    mlp.fit(X[TRAIN], Y[TRAIN], X_val=X[VALIDATION], y_val=Y[VALIDATION])
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["accuracy"] for row in rows] == mlp.validation_scores_


def test_the_validation_monitor_uses_the_score_of_the_estimator_by_default():
    pytest.importorskip("sklearn.callback")
    monitor = ValidationMonitor()
    model = MLPClassifier(4, max_iter=3, random_state=0).set_callbacks(monitor)
    model.fit(X, Y, X_val=X[VALIDATION], y_val=Y[VALIDATION])
    assert monitor.get_logs().data[-1]["score"] == model.score(X[VALIDATION], Y[VALIDATION])


# -- progress bars ---------------------------------------------------------------------------------


def test_verbose_2_shows_a_progress_bar_and_verbose_1_prints(capsys):
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(4, max_iter=3, random_state=0)
    clone(model).set_params(verbose=1).fit(X, Y)
    assert "Iteration 3, loss = " in capsys.readouterr().out
    fitted = clone(model).set_params(verbose=2).fit(X, Y)
    shown = capsys.readouterr().out
    assert "MLPClassifier" in shown
    assert "Iteration" not in shown
    assert not getattr(fitted, "_skl_callbacks", None)


def test_verbose_2_shows_no_bar_in_a_meta_estimator_or_beside_another_progress_bar(capsys):
    ProgressBar = pytest.importorskip("sklearn.callback").ProgressBar
    model = MLPClassifier(4, max_iter=3, random_state=0, verbose=2)
    make_pipeline(StandardScaler(), clone(model)).fit(X, Y)
    GridSearchCV(clone(model), {"alpha": [0, 1]}, cv=2, error_score="raise").fit(X, Y)
    assert capsys.readouterr().out == ""
    clone(model).set_callbacks(ProgressBar()).fit(X, Y)
    assert "MLPClassifier" in capsys.readouterr().out
