"""A training run as a page: what is recorded, and the page in a real browser."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_moons
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.estimators.interface import fitted_network
from sknn_edu.inspection import TrainingReplay
from tests.inspection.pages import unpacked, wait
from tests.problems import explodes_at_half_time

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("needs_callbacks"),
]

MOONS = make_moons(120, noise=0.2, random_state=0)
NETWORK = MLPClassifier((5, 3), "tanh", learning_rate_init=0.05, max_iter=40, random_state=0)


def pixels(run):
    """Return the centres of the pixels of the decision map, row by row from the top left."""
    (x0, x1), (y0, y1) = run["box"]
    share = (np.arange(run["resolution"]) + 0.5) / run["resolution"]
    across, down = np.meshgrid(x0 + (x1 - x0) * share, y1 - (y1 - y0) * share)
    return np.column_stack([across.ravel(), down.ravel()])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("neuron", [NETWORK, SigmoidNeuronClassifier(solver="adam", max_iter=30)])
def test_the_last_frame_is_what_the_fitted_model_predicts(neuron, dtype):
    X, y = MOONS
    replay = TrainingReplay(neuron).fit(X.astype(dtype), y)
    run, images = unpacked(replay)
    n_pixels, n_maps = run["resolution"] ** 2, sum(map(len, run["drawn"]))
    assert images.size == len(run["frames"]) * (n_pixels + n_maps * run["map"] ** 2)
    last = images[-(n_pixels + n_maps * run["map"] ** 2) :][:n_pixels]
    p = replay.estimator_.predict_proba(pixels(run).astype(dtype))[:, 1]
    assert np.abs(last / 255 - p).max() < 0.005
    assert run["frames"][-1]["score"] == replay.estimator_.score(X.astype(dtype), y)
    weights, fitted = run["frames"][-1]["weights"], fitted_network(replay.estimator_).weights
    for W, w in zip(weights, fitted, strict=True):
        np.testing.assert_allclose(W, w, rtol=6e-3)


def test_the_estimator_that_was_given_is_not_changed():
    before = clone(NETWORK)
    TrainingReplay(NETWORK).fit(*MOONS)
    assert not hasattr(NETWORK, "coefs_")
    assert NETWORK.get_params() == before.get_params()


def test_the_recorded_fit_is_the_fit():
    replay = TrainingReplay(NETWORK).fit(*MOONS)
    fitted = clone(NETWORK).fit(*MOONS)
    assert replay.estimator_.loss_curve_ == fitted.loss_curve_ == unpacked(replay)[0]["curve"]


def test_the_first_ten_epochs_and_the_last_are_kept_and_not_too_many_between():
    long = clone(NETWORK).set_params(max_iter=500, n_iter_no_change=np.inf)
    replay = TrainingReplay(long, most_frames=25).fit(*MOONS)
    assert replay.epochs_[:10] == list(range(1, 11))
    assert replay.epochs_[-1] == 500
    assert len(replay.epochs_) <= 26


def test_several_classes_are_drawn_by_number_and_certainty():
    X, y = make_blobs(90, centers=4, random_state=0)
    replay = TrainingReplay(clone(NETWORK), resolution=20).fit(X, np.array(list("abcd"))[y])
    run, images = unpacked(replay)
    assert run["classes"] == ["a", "b", "c", "d"]
    frame = images.reshape(len(run["frames"]), -1)[-1]
    p = replay.estimator_.predict_proba(pixels(run))
    np.testing.assert_array_equal(frame[:400], p.argmax(axis=1))
    assert np.abs(frame[400:800] / 255 - p.max(axis=1)).max() < 0.005


@pytest.mark.parametrize("loss", ["squared_error", "quantile"])
def test_a_regressor_is_drawn_between_the_least_and_the_largest_target(loss):
    X = MOONS[0]
    y = 10 + X[:, 0] * X[:, 1]
    quantile = {"quantile": [0.1, 0.5, 0.9]} if loss == "quantile" else {}
    mlp = MLPRegressor(loss, **quantile, hidden_layer_sizes=6, max_iter=30, random_state=0)
    replay = TrainingReplay(mlp).fit(X, y)
    run, images = unpacked(replay)
    assert run["range"] == [y.min(), y.max()]
    assert run["score_name"] == "R²"
    answer = replay.estimator_.predict(pixels(run)).reshape(2304, -1)
    answer = answer[:, answer.shape[1] // 2]
    shown = images.reshape(len(run["frames"]), -1)[-1, :2304] / 255
    share = np.clip((answer - y.min()) / np.ptp(y), 0, 1)
    assert np.abs(shown - share).max() < 0.005


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_perceptron_shows_its_mistakes(n_classes):
    X, y = make_blobs(60, centers=n_classes, random_state=0)
    replay = TrainingReplay(PerceptronClassifier(max_iter=20, random_state=0)).fit(X, y)
    run, images = unpacked(replay)
    assert run["curve_name"] == "mistakes"
    assert run["curve"] == replay.estimator_.mistake_curve_
    frame = images.reshape(len(run["frames"]), -1)[-1, :2304]
    decided = frame > 127 if n_classes == 2 else frame
    np.testing.assert_array_equal(decided, replay.estimator_.predict(pixels(run)))
    assert run["frames"][-1]["score"] == replay.estimator_.score(X, y)


def polars_frame(columns):
    return pl.DataFrame(dict(columns))


@pytest.mark.parametrize("frame", [pd.DataFrame, polars_frame])
def test_a_pipeline_is_drawn_in_the_units_of_its_data_frame(frame):
    X = frame({"length": 1000 + 50 * MOONS[0][:, 0], "width": MOONS[0][:, 1]})
    replay = TrainingReplay(make_pipeline(StandardScaler(), clone(NETWORK))).fit(X, MOONS[1])
    run, images = unpacked(replay)
    assert run["features"] == ["length", "width"]
    assert run["box"][0][0] < X["length"].min() < X["length"].max() < run["box"][0][1]
    grid = frame(dict(zip(X.columns, pixels(run).T, strict=True)))
    shown = images.reshape(len(run["frames"]), -1)[-1, :2304] / 255
    assert np.abs(shown - replay.estimator_.predict_proba(grid)[:, 1]).max() < 0.005


@pytest.mark.parametrize(
    ("steps", "n_inputs"),
    [
        ([PolynomialFeatures(2)], 6),
        ([PCA(1)], 1),
        ([KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")], 6),
        (["passthrough"], 2),
    ],
)
def test_a_pipeline_may_make_other_features_from_the_two(steps, n_inputs):
    replay = TrainingReplay(make_pipeline(*steps, clone(NETWORK))).fit(*MOONS)
    run, images = unpacked(replay)
    assert run["sizes"][0] == len(run["drawn"][0]) == n_inputs
    shown = images.reshape(len(run["frames"]), -1)[-1, :2304] / 255
    assert np.abs(shown - replay.estimator_.predict_proba(pixels(run))[:, 1]).max() < 0.005


def test_early_stopping_names_the_best_epoch():
    replay = TrainingReplay(clone(NETWORK).set_params(early_stopping=True)).fit(*MOONS)
    assert unpacked(replay)[0]["best"] == replay.estimator_.best_epoch_


def test_a_diverged_run_and_an_undefined_score_can_be_shown():
    X, y = MOONS[0], MOONS[0][:, 0]
    wild = MLPRegressor(
        hidden_layer_sizes=9,
        solver="sgd",
        learning_rate=explodes_at_half_time,
        learning_rate_init=0.01,
        max_iter=20,
        early_stopping=True,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match="diverged"):
        replay = TrainingReplay(wild).fit(X, y)
    run, _ = unpacked(replay)
    assert run["frames"][-1]["score"] is None or np.isfinite(run["frames"][-1]["score"])
    single = TrainingReplay(MLPRegressor(max_iter=2, random_state=0))
    with pytest.warns(UserWarning, match="R\\^2 score is not well-defined"):
        single.fit(X[:1], y[:1])
    assert unpacked(single)[0]["frames"][0]["score"] is None


def test_wide_layers_are_drawn_in_part_and_many_samples_in_part():
    X, y = make_moons(1000, noise=0.2, random_state=0)
    run, _ = unpacked(TrainingReplay(clone(NETWORK).set_params(hidden_layer_sizes=40)).fit(X, y))
    assert run["sizes"] == [2, 40, 1]
    assert run["drawn"] == [[0, 1], [*range(6), *range(34, 40)], [0]]
    assert len(run["points"]) == len(run["targets"]) == 400
    assert run["n_samples"] == 1000


def test_the_page_loads_nothing_from_the_internet_and_is_small(tmp_path):
    replay = TrainingReplay(clone(NETWORK).set_params(max_iter=200), title="<Moons>").fit(*MOONS)
    path = replay.save(tmp_path / "moons.html")
    html = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|\bsrc=|\bhref=|@import|url\(|fetch\(", html)
    assert "<title>&lt;Moons&gt;: training replay</title>" in html
    assert path.stat().st_size < 400_000
    assert "iframe" in replay._repr_html_()


@pytest.mark.parametrize(
    ("replay", "X", "y", "error", "message"),
    [
        (TrainingReplay(LogisticRegression()), *MOONS, TypeError, "must be a PerceptronClassifier"),
        (TrainingReplay(NETWORK), np.ones((4, 3)), [0, 1, 0, 1], ValueError, "two columns"),
        (TrainingReplay(NETWORK), MOONS[0][:9], range(9), ValueError, "2 to 8 classes.*got 9"),
        (TrainingReplay(NETWORK), MOONS[0], np.ones(120), ValueError, "2 to 8 classes.*got 1"),
        (TrainingReplay(NETWORK), MOONS[0] + [0, np.inf], MOONS[1], ValueError, "finite numbers"),
        (
            TrainingReplay(clone(NETWORK).set_params(solver="lbfgs", tol=1e3)),
            *MOONS,
            ValueError,
            "ended before its first epoch",
        ),
        (TrainingReplay(NETWORK), MOONS[0], np.ones((120, 2)), ValueError, "one dimension"),
        (TrainingReplay(NETWORK, most_frames=5), *MOONS, ValueError, "most_frames must be at"),
        (TrainingReplay(NETWORK, resolution=5000), *MOONS, ValueError, "resolution must be from"),
    ],
)
def test_what_cannot_be_drawn_is_refused(replay, X, y, error, message):
    with pytest.raises(error, match=message):
        replay.fit(X, y)
    with pytest.raises(NotFittedError, match="call fit"):
        replay.save("nowhere.html")


# -- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    """Open the replay of a network; no test may leave a message in the console."""
    X, y = make_blobs(200, centers=3, random_state=0)
    model = clone(NETWORK).set_params(early_stopping=True, hidden_layer_sizes=(20, 3))
    path = tmp_path_factory.mktemp("replay") / "page.html"
    TrainingReplay(model).fit(X, y).save(path)
    chromium.get(path.as_uri())
    wait(chromium, "return document.getElementById('now').textContent !== ''")
    yield chromium
    assert chromium.get_log("browser") == []
    assert chromium.execute_script("return performance.getEntriesByType('resource').length") == 0


def state(chrome):
    """Return the slider's value, the texts and the three pictures."""
    return chrome.execute_script(
        "return ['epoch', 'now', 'summary', 'decision', 'network', 'curve'].map(id => {"
        "const e = document.getElementById(id);"
        "return e.toDataURL ? e.toDataURL() : e.value || e.textContent; })"
    )


def press(chrome, key, where="epoch"):
    chrome.find_element("id", where).send_keys(key)


def test_the_slider_moves_and_every_picture_changes(page):
    from selenium.webdriver.common.keys import Keys

    press(page, Keys.HOME)
    first = state(page)
    assert first[1].startswith("epoch 1 of")
    press(page, Keys.ARROW_RIGHT)
    second = state(page)
    assert second[1].startswith("epoch 2 of")
    assert all(a != b for a, b in zip(first, second, strict=True))
    press(page, Keys.END)
    *_, last = page.find_element("id", "now").text.split()
    assert page.find_element("id", "now").text == f"epoch {last} of {last}"


def test_play_runs_to_the_end_and_can_be_paused(page):
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.getElementById('speed').value = '60'")
    press(page, Keys.HOME)
    page.find_element("id", "play").click()
    wait(page, "return +document.getElementById('epoch').value > 2")
    page.execute_script("document.activeElement.blur()")
    page.find_element("tag name", "body").send_keys(" ")  # space pauses
    assert page.find_element("id", "play").text == "Play"
    stopped = state(page)
    page.find_element("id", "play").click()
    end = page.find_element("id", "epoch").get_attribute("max")
    wait(page, f"return document.getElementById('epoch').value === '{end}'")
    wait(page, "return document.getElementById('play').textContent === 'Play'")
    assert state(page) != stopped


def test_single_steps_lead_to_the_neighbouring_epochs(page):
    from selenium.webdriver.common.keys import Keys

    press(page, Keys.HOME)
    assert not page.find_element("id", "previous").is_enabled()
    page.find_element("id", "next").click()
    page.find_element("id", "next").click()
    assert page.find_element("id", "now").text.startswith("epoch 3 of")
    page.find_element("id", "previous").click()
    assert page.find_element("id", "now").text.startswith("epoch 2 of")


def test_values_are_read_at_the_pointer_and_with_arrow_keys(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    press(page, Keys.END)
    ActionChains(page).move_to_element(page.find_element("id", "decision")).perform()
    assert re.search(r"feature \S+: \d with [01]\.\d\d$", page.find_element("id", "answer").text)
    page.execute_script("document.getElementById('decision').blur()")
    before = page.find_element("id", "answer").text
    press(page, Keys.ARROW_LEFT * 9, "decision")
    assert page.find_element("id", "answer").text not in (before, "")
    weights = set()
    for _ in range(4):
        press(page, Keys.ARROW_DOWN, "network")
        weights.add(page.find_element("id", "weight").text)
    assert len(weights) == 4
    first = "weight from first feature to hidden 1, neuron 1"
    assert any(re.fullmatch(rf"{first}: -?[\d.]+", text) for text in weights)


def test_a_screen_reader_is_told_what_is_seen(page):
    for control in page.find_elements("css selector", "button, input, select"):
        assert control.accessible_name
    for picture in page.find_elements("css selector", "canvas"):
        assert picture.get_attribute("role") == "img"
        assert re.search(r"epoch", picture.get_attribute("aria-label"), re.IGNORECASE)
    summary = page.find_element("id", "summary")
    assert summary.get_attribute("aria-live") == "polite"
    assert re.match(r"Epoch \d+: accuracy [\d.]+ % on the training samples", summary.text)


@pytest.mark.parametrize("width", [320, 390, 820, 1400])
def test_nothing_is_cut_off_at_any_width(page, width):
    screen = {"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    wait(page, f"return document.documentElement.scrollWidth <= {width}")
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_dark_mode_follows_the_system_and_changes_the_pictures(page):
    pictures, papers = [], []
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        wait(page, f"return document.documentElement.dataset.theme === '{scheme}'")
        pictures.append(state(page)[3:])
        papers.append(page.execute_script("return getComputedStyle(document.body).backgroundColor"))
    assert all(a != b for a, b in zip(*pictures, strict=True))
    assert papers == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]
