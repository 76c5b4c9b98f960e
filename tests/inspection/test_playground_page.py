"""The page of a playground in a real browser.

The browser starts from the seed alone. What it trains must be what ``fit`` trains.
"""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.estimators.interface import fitted_network
from sknn_edu.inspection import Playground, TrainingReplay
from tests.inspection.pages import ENDLESS, MOONS, NETWORK, REGRESSOR, wait

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("needs_callbacks"),
]


def polars_frame(rows):
    polars = pytest.importorskip("polars")
    return polars.DataFrame(rows, schema=["a", "b"], orient="row")


@pytest.fixture
def open_page(chromium, tmp_path):
    """Return a function that opens a playground; no test may leave a message in the console."""

    def open_(playground):
        chromium.get(playground.save(tmp_path / "page.html").as_uri())
        wait(chromium, "return document.getElementById('summary').textContent !== ''")
        return chromium

    yield open_
    assert chromium.get_log("browser") == []
    assert chromium.execute_script("return performance.getEntriesByType('resource').length") == 0


def choose(chrome, control, value):
    chrome.execute_script(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('change'))",
        control,
        value,
    )


def train(chrome, n_epochs):
    """Train in the browser; return the parameters of each layer and the losses."""
    layers, losses = chrome.execute_script(
        "for (let k = 0; k < arguments[0]; k++) train('epoch'); show();"
        "return [training.layers.map(({W, b}) => [Array.from(W), Array.from(b)]),"
        " training.loss_curve]",
        n_epochs,
    )
    return [np.array(part) for layer in layers for part in layer], losses


def parameters(model):
    network = fitted_network(model)
    layers = zip(network.weights, network.biases, strict=True)
    return [part.ravel() for layer in layers for part in layer]


def assert_same(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def in_python(chrome, **names):
    """Run the code that the page shows; return its model."""
    exec(chrome.execute_script("return document.getElementById('python').textContent"), names)
    return names["model"]


@pytest.mark.parametrize("solver", [{"solver": "sgd"}, {"solver": "sgd", "momentum": 0}, {}])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity", "leaky_relu"])
@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_the_browser_trains_what_fit_trains(open_page, estimator, activation, solver):
    X, y = MOONS
    y = y if estimator is MLPClassifier else X[:, 0] * X[:, 1]
    params = {"hidden_layer_sizes": (6, 4), "activation": activation, "batch_size": 32, **solver}
    model = estimator(**params, alpha=0.01, max_iter=50, random_state=7, **ENDLESS)
    playground = Playground(model).fit(X, y)
    chrome = open_page(playground)
    found, losses = train(chrome, 50)
    assert_same(found, parameters(playground.estimator_))
    assert_same([losses], [playground.estimator_.loss_curve_])


@pytest.mark.parametrize(
    "model",
    [
        MLPClassifier((7,), batch_size=9, max_iter=30, random_state=3, **ENDLESS),
        MLPClassifier((), shuffle=False, max_iter=30, random_state=3, **ENDLESS),
        make_pipeline(StandardScaler(), PolynomialFeatures(2), clone(NETWORK)),
    ],
)
def test_several_classes_no_hidden_layer_and_pipelines_are_trained_too(open_page, model):
    X, y = make_blobs(90, centers=3, random_state=0)
    playground = Playground(model).fit(X, np.array(list("abc"))[y])
    found, _ = train(open_page(playground), 25 if hasattr(model, "steps") else 30)
    fitted = playground.estimator_[-1] if hasattr(model, "steps") else playground.estimator_
    assert_same(found, parameters(fitted))


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@pytest.mark.parametrize("solver", ["gd", "sgd", "adam"])
def test_a_sigmoid_neuron_is_trained_from_0(open_page, solver, loss):
    model = SigmoidNeuronClassifier(loss, solver=solver, max_iter=20, random_state=3, **ENDLESS)
    playground = Playground(model).fit(*MOONS)
    found, _ = train(open_page(playground), 20)
    assert_same(found, parameters(playground.estimator_))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_perceptron_makes_the_same_mistakes(open_page, dtype):
    model = PerceptronClassifier(eta0=0.5, max_iter=12, tol=None, random_state=3)
    playground = Playground(model).fit(MOONS[0].astype(dtype), MOONS[1])
    found, mistakes = train(open_page(playground), 12)
    assert_same(found, parameters(playground.estimator_))
    assert mistakes == playground.estimator_.mistake_curve_


@pytest.mark.parametrize("data", ["yours", "moons", "circles", "xor", "spirals"])
def test_the_code_on_the_page_gives_the_same_classifier(open_page, data):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    for control, value in {
        "data": data,
        "noise": 0.15,
        "activation": "logistic",
        "solver": "sgd, momentum",
        "learning_rate": 0.1,
        "alpha": 0.1,
        "batch_size": 50,
        "seed": 12,
    }.items():
        choose(chrome, control, value)
    found, _ = train(chrome, 20)
    model = in_python(chrome, X=MOONS[0], y=MOONS[1])
    assert model.get_params()["activation"] == "logistic"
    assert_same(found, parameters(model))


@pytest.mark.parametrize("frame", [np.asarray, pd.DataFrame])
def test_samples_in_float32_are_trained_on_in_float64(open_page, frame):
    playground = Playground(clone(NETWORK)).fit(frame(MOONS[0].astype(np.float32)), MOONS[1])
    assert playground.estimator_.coefs_[0].dtype == np.float64
    found, _ = train(open_page(playground), 25)
    assert_same(found, parameters(playground.estimator_))


@pytest.mark.parametrize("data", ["yours", "plane", "saddle", "hill", "waves"])
def test_the_code_on_the_page_gives_the_same_regressor(open_page, data):
    X, _ = MOONS
    y = X[:, 0] - X[:, 1]
    model = MLPRegressor(hidden_layer_sizes=4, max_iter=20, random_state=0)
    chrome = open_page(Playground(model, max_samples=80).fit(X, y))
    choose(chrome, "data", data)
    choose(chrome, "noise", 0.3)
    found, _ = train(chrome, 10)
    assert_same(found, parameters(in_python(chrome, X=X, y=y)))


@pytest.mark.parametrize("frame", [list, pd.DataFrame, polars_frame])
@pytest.mark.parametrize("model", [NETWORK, REGRESSOR])
def test_the_code_with_noise_runs_with_lists_and_data_frames(open_page, frame, model):
    X, y = frame(MOONS[0].tolist()), MOONS[1].tolist()
    chrome = open_page(Playground(clone(model)).fit(X, y))
    choose(chrome, "noise", 0.3)
    found, _ = train(chrome, 5)
    assert_same(found, parameters(in_python(chrome, X=X, y=y)))


def test_the_code_of_a_pipeline_takes_its_first_steps(open_page):
    pipeline = make_pipeline(StandardScaler(), clone(NETWORK))
    X = pd.DataFrame(MOONS[0] * [100, 1], columns=["length", "width"])
    chrome = open_page(Playground(pipeline).fit(X, MOONS[1]))
    found, _ = train(chrome, 5)
    model = in_python(chrome, X=X, y=MOONS[1], pipeline=pipeline)
    assert_same(found, parameters(model[-1]))


def test_steps_make_an_epoch_and_restart_begins_again(open_page):
    chrome = open_page(Playground(clone(NETWORK), test_size=0).fit(*MOONS))
    start = train(chrome, 0)[0]
    for _ in range(5):
        chrome.find_element("id", "step").click()
    assert chrome.find_element("id", "now").text == "epoch 0"
    assert "100 of 120 samples into the next one" in chrome.find_element("id", "summary").text
    chrome.find_element("id", "step").click()
    after = train(chrome, 0)[0]
    chrome.find_element("id", "restart").click()
    assert_same(train(chrome, 0)[0], start)
    chrome.find_element("id", "one-epoch").click()
    assert_same(train(chrome, 0)[0], after)
    choose(chrome, "seed", 1)
    assert not np.allclose(train(chrome, 0)[0][0], start[0])


def test_layers_can_be_added_widened_and_removed(open_page):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    chrome.find_element("css selector", "#layers button:last-child").click()
    chrome.execute_script(
        "const i = document.querySelectorAll('#layers input')[0]; i.value = 20;"
        "i.dispatchEvent(new Event('change'))"
    )
    assert [part.size for part in train(chrome, 3)[0]] == [40, 20, 60, 3, 9, 3, 3, 1]
    for _ in range(3):
        chrome.find_element("css selector", "#layers button").click()
    assert [part.size for part in train(chrome, 3)[0]] == [2, 1]


def test_keys_can_add_and_remove_layers_without_losing_the_focus(open_page):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    for label, n_layers in {"Add": range(3, 7), "Remove": range(5, -1, -1)}.items():
        chrome.find_element("css selector", f"#layers [aria-label^={label}]").send_keys(" ")
        for n in n_layers:
            sizes = chrome.execute_script("return parameters.hidden_layer_sizes")
            assert (len(sizes), chrome.find_element("id", "play").text) == (n, "Train")
            if n not in (0, 6):
                chrome.switch_to.active_element.send_keys(" ")
    assert chrome.switch_to.active_element.accessible_name == "Add a hidden layer"


def test_play_trains_until_it_is_paused(open_page):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    chrome.find_element("tag name", "body").send_keys(" ")
    wait(chrome, "return training.n_epochs > 5")
    chrome.find_element("id", "play").click()
    n_epochs = chrome.execute_script("return training.n_epochs")
    summary = chrome.find_element("id", "summary").text
    assert re.match(
        rf"After {n_epochs} epochs: training accuracy [\d.]+ %, mean loss .*test", summary
    )


def test_a_perceptron_stops_when_it_makes_no_mistake(open_page):
    gate = PerceptronClassifier(random_state=0)
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    chrome = open_page(Playground(gate, test_size=0).fit(X, y))
    chrome.find_element("id", "play").click()
    wait(chrome, "return document.getElementById('play').textContent === 'Train'")
    assert chrome.execute_script("return training.loss_curve.at(-1)") == 0
    assert "training accuracy 100.0 %" in chrome.find_element("id", "summary").text


def test_training_that_diverges_stops_and_says_so(open_page):
    X, _ = MOONS
    model = clone(REGRESSOR).set_params(solver="sgd", momentum=0)
    chrome = open_page(Playground(model, title=7).fit(X, X[:, 0]))
    choose(chrome, "learning_rate", 10)
    chrome.find_element("id", "play").click()
    wait(chrome, "return document.getElementById('play').textContent === 'Train'")
    summary = chrome.find_element("id", "summary").text
    assert "R² not defined, mean loss not a number" in summary
    assert summary.endswith("The training has diverged: a smaller learning rate may help.")
    code = chrome.find_element("id", "python").get_attribute("textContent")
    assert "# The training has diverged; fit raises an error when it does." in code


def test_a_long_run_is_drawn_by_its_extremes_and_ends(open_page):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    found = chrome.execute_script(
        "training.loss_curve = Array.from({length: MAX_EPOCHS}, (_, i) => i === 777 ? 9 : 1 / i);"
        "training.n_epochs = MAX_EPOCHS; testCurve = training.loss_curve.slice(); show();"
        "return [extremes(training.loss_curve, 200).length,"
        " extremes(training.loss_curve, 200).some(([i, v]) => i === 777 && v === 9),"
        " extremes([NaN, 2, null, 1], 4), extremes([3, null], 1)]"
    )
    assert found == [1000, True, [[1, 2], [3, 1]], [[0, 3], [1, None]]]
    chrome.find_element("id", "play").click()
    wait(chrome, "return document.getElementById('play').textContent === 'Train'")
    summary = chrome.find_element("id", "summary").text
    assert summary.startswith("After 100000 epochs")
    assert summary.endswith("The page trains for at most 100000 epochs.")


@pytest.mark.parametrize(
    ("control", "typed", "taken"),
    [("noise", 99, "1"), ("noise", "", "0"), ("seed", -1, "0"), ("seed", 1.5, "2")],
)
def test_a_setting_out_of_range_becomes_the_nearest_one(open_page, control, typed, taken):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    choose(chrome, control, typed)
    assert chrome.find_element("id", control).get_attribute("value") == taken


def test_a_click_keeps_the_weight_while_the_pointer_goes_to_the_field(open_page):
    from selenium.webdriver.common.keys import Keys

    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    point = (
        "const line = lines[arguments[1]], frame = document.getElementById('network')"
        ".getBoundingClientRect(); document.getElementById('network').dispatchEvent("
        "new PointerEvent(arguments[0], {clientX: frame.left + (line.x1 + line.x2) / 2,"
        " clientY: frame.top + (line.y1 + line.y2) / 2}));"
        "return selected && lines.findIndex(l => isSame(l, selected))"
    )
    bias = chrome.execute_script("return lines.findIndex(line => line.i === null)")
    assert chrome.execute_script(point, "pointermove", bias) == bias
    assert chrome.execute_script(point, "pointermove", bias + 1) == bias + 1
    assert chrome.execute_script(point, "pointerdown", bias) == bias
    assert chrome.execute_script(point, "pointermove", bias + 1) == bias
    said = chrome.find_element("id", "weight-said").get_attribute("textContent")
    assert re.fullmatch(r"bias of hidden 1, neuron 1: -?[\d.]+", said)
    chrome.find_element("id", "play").click()
    field = chrome.find_element("id", "weight")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("2.5")
    assert chrome.find_element("id", "play").text == "Train"
    assert field.get_attribute("value") == "2.5"


def test_the_answer_at_a_point_follows_the_training_and_a_tap_keeps_it(open_page):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    answer = "return document.getElementById('answer').textContent"
    chrome.execute_script(
        "const c = document.getElementById('decision'), f = c.getBoundingClientRect();"
        "for (const name of ['pointerdown', 'pointerup', 'pointerleave']) c.dispatchEvent("
        "new PointerEvent(name, {pointerType: 'touch', clientX: f.left + 150,"
        "clientY: f.top + 90}))"
    )
    before = chrome.execute_script(answer)
    assert re.match(r"first feature -?[\d.]+, second feature -?[\d.]+: [\d.]+ for 1", before)
    train(chrome, 20)
    assert chrome.execute_script(answer) != before
    chrome.find_element("id", "restart").click()
    assert chrome.execute_script(answer) == ""


def test_copying_says_what_to_do_where_there_is_no_clipboard(open_page):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    chrome.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        "document.getElementById('code').open = true"
    )
    chrome.find_element("id", "copy").click()
    wait(chrome, "return document.getElementById('copied').textContent.includes('select the text')")


def test_a_weight_is_read_with_keys_and_changed_by_hand(open_page):
    from selenium.webdriver.common.keys import Keys

    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    chrome.find_element("id", "step").click()
    chrome.find_element("id", "network").send_keys(Keys.ARROW_RIGHT)
    name = "weight from first feature to hidden 1, neuron 1"
    assert chrome.find_element("id", "weight-name").text == name
    field = chrome.find_element("id", "weight")
    w = chrome.execute_script("return training.layers[0].W[0]")
    assert float(field.get_attribute("value")) == pytest.approx(w, rel=1e-3)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("2.5", Keys.ENTER)
    assert train(chrome, 0)[0][0][0] == 2.5
    assert "edited by hand" in chrome.find_element("id", "summary").text
    field.clear()
    assert field.get_attribute("value") == "2.5"
    assert "edited by hand" in chrome.find_element("id", "python").get_attribute("textContent")
    board = chrome.execute_script("what.open = true; fillBoard(); return board.textContent")
    assert board == "Nothing yet: press Step."
    chrome.find_element("css selector", "#layers button").click()
    chrome.find_element("css selector", "#layers button").click()
    chrome.execute_script(
        "selected = {k: 1, i: 0, j: 0}; document.getElementById('restart').click()"
    )
    assert chrome.find_element("id", "weight-name").text.startswith("Point at a weight")
    assert field.get_attribute("value") == ""


def test_what_just_happened_is_written_out_with_the_numbers_of_the_step(open_page):
    model = MLPClassifier((2,), "logistic", solver="sgd", batch_size=1, random_state=0)
    chrome = open_page(Playground(model, test_size=0).fit(*MOONS))
    chrome.execute_script("document.getElementById('what').open = true")
    wait(chrome, "return document.getElementById('board').textContent !== ''")
    assert chrome.find_element("id", "board").text == "Nothing yet: press Step."
    before = train(chrome, 0)[0]
    chrome.find_element("id", "step").click()
    W1, b1, W2, b2 = before
    s = chrome.execute_script("return training.batch[0]")
    x, y = MOONS[0][s], MOONS[1][s]
    a1 = 1 / (1 + np.exp(-(x @ W1.reshape(2, 2) + b1)))
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2[0])))
    delta2 = a2 - y
    delta1 = W2 * delta2 * a1 * (1 - a1)
    found = chrome.execute_script(
        "return Array.from(document.querySelectorAll('#board tr')).map("
        "row => Array.from(row.cells).map(cell => cell.textContent))"
    )
    numbers = [[float(cell) for cell in row[1:]] for row in found if "neuron" in row[0]]
    expected = [[*row] for row in zip(np.log(a1 / (1 - a1)), a1, delta1, strict=True)]
    expected.append([np.log(a2 / (1 - a2)), a2, delta2])
    np.testing.assert_allclose(numbers, expected, rtol=2e-3)
    board = chrome.find_element("id", "board").text
    assert f"Loss of this sample: {-np.log(a2 if y else 1 - a2):.4g}"[:27] in board
    assert "The weight from first feature to hidden neuron 1" in board.replace(
        "hidden, ", "hidden "
    )


def test_the_recorded_run_can_be_replayed(open_page):
    playground = Playground(clone(NETWORK)).fit(*MOONS)
    chrome = open_page(playground)
    choose(chrome, "mode", "recorded")
    assert chrome.find_element("id", "now").text == "epoch 25 of 25"
    assert chrome.find_element("id", "epoch").get_attribute("aria-valuetext") == "epoch 25 of 25"
    assert "test" not in chrome.find_element("id", "curves").text
    assert "Recorded in Python, epoch 25" in chrome.find_element("id", "summary").text
    layers = chrome.execute_script("return shownFrame.layers.map(({W}) => Array.from(W))")
    assert_same(layers, [W.ravel() for W in playground.estimator_.coefs_])
    assert not chrome.find_element("id", "step").is_displayed()
    choose(chrome, "mode", "live")
    assert chrome.find_element("id", "step").is_displayed()


def test_hostile_names_and_labels_stay_texts(open_page):
    names = ["</script><script>alert(1)</script>", "\u202e\"'><img onerror=alert(2) src=x>"]
    X = pd.DataFrame(MOONS[0], columns=names)
    labels = np.array(["<b onclick=alert(3)>no</b>", "'; alert(4); \u05d0\u05d1"])[MOONS[1]]
    title = "</title><script>alert(5)</script>"
    chrome = open_page(Playground(clone(NETWORK), title=title).fit(X, labels))
    for control in ("step", "one-epoch"):
        chrome.find_element("id", control).click()
    chrome.execute_script("document.getElementById('what').open = true")
    legend = chrome.find_element("id", "legend").text
    assert all(label in legend for label in np.unique(labels))
    assert chrome.execute_script("return document.querySelectorAll('img, b').length") == 0
    assert chrome.find_element("tag name", "h1").text == title
    replay = TrainingReplay(clone(NETWORK), title=title).fit(X, labels)
    assert "alert(1)" not in replay.to_html()


def test_every_control_has_a_name_and_every_picture_a_description(open_page):
    chrome = open_page(Playground(clone(NETWORK)).fit(*MOONS))
    for control in chrome.find_elements("css selector", "button, input, select"):
        assert control.accessible_name or not control.is_displayed()
    for picture in chrome.find_elements("css selector", "canvas"):
        assert picture.get_attribute("role") == "img"
        assert "Before training" in picture.get_attribute("aria-label")
    assert chrome.find_element("id", "summary").get_attribute("aria-live") == "polite"


def test_nothing_is_cut_off_at_any_width_and_dark_mode_follows_the_system(open_page):
    X = pd.DataFrame(MOONS[0], columns=["f" * 200, "second"])
    chrome = open_page(Playground(clone(NETWORK)).fit(X, np.array(["a", "b" * 200])[MOONS[1]]))
    chrome.execute_script("selected = {k: 0, i: 0, j: 0}; show()")
    for width in (320, 390, 820, 1400):
        screen = {"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": width < 500}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        wait(chrome, f"return document.documentElement.scrollWidth <= {width}")
    chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    pictures = []
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        wait(chrome, f"return document.documentElement.dataset.theme === '{scheme}'")
        pictures.append(
            chrome.execute_script("return document.getElementById('decision').toDataURL()")
        )
    assert pictures[0] != pictures[1]
