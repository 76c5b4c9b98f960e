"""The pictures at the end of the tour.

They are drawn with matplotlib, but independently of the user's settings and without a window.
"""

import matplotlib.style
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from sklearn.inspection import DecisionBoundaryDisplay

from sknn_edu import PerceptronClassifier, SigmoidNeuronClassifier

NO, YES, INK = "#dd7a1c", "#2b6cb0", "#22303c"
NO_TO_YES = LinearSegmentedColormap.from_list("no_to_yes", [NO, "#faf8f4", YES])
PALE = LinearSegmentedColormap.from_list("pale", ["#f3b578", "#faf8f4", "#8db8dd"])
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
STYLE = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 12,
    "font.size": 11,
    "savefig.dpi": 100,
    "text.color": INK,
    "text.hinting": "none",
    "xtick.color": INK,
    "ytick.color": INK,
}


def save_all(folder, perceptron, neuron, network, ours, theirs):
    """Save all pictures of the tour.

    Parameters
    ----------
    folder : Path
        An existing folder; pictures of the same names are overwritten.
    perceptron, neuron, network : classifier
        Fitted on gates with two inputs: a perceptron and a sigmoid neuron on AND, a network on
        XOR.
    ours, theirs : MLPClassifier
        The networks of sknn_edu and of scikit-learn, fitted on the digits with the same parameters.

    Returns
    -------
    names : list of str
        The names of the files.
    """
    with matplotlib.style.context(["default", STYLE]):
        pictures = {
            "step_and_sigmoid.png": draw_step_and_sigmoid(),
            "boundaries.png": boundaries(perceptron, neuron, network),
            "loss_curves.png": loss_curves(ours, theirs),
            "first_layer.png": first_layer(ours),
        }
        for name, figure in pictures.items():
            figure.savefig(folder / name)
    return list(pictures)


def draw_step_and_sigmoid():
    """Draw the answers of a perceptron and of a sigmoid neuron as functions of z."""
    z = np.linspace(-6, 6, 601)[:, np.newaxis]
    step = PerceptronClassifier.from_weights([1.0]).predict(z)
    sigmoid = SigmoidNeuronClassifier.from_weights([1.0]).predict_proba(z)[:, 1]
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(z, step, color=NO, linewidth=2.5, label="step: a perceptron")
    axes.plot(z, sigmoid, color=YES, linewidth=2.5, label="sigmoid: a sigmoid neuron")
    axes.set(
        title="How a neuron answers to its weighted sum",
        xlabel="z = weighted sum minus threshold",
        ylabel="answer",
        yticks=[0, 0.5, 1],
    )
    axes.legend(frameon=False, loc="upper left")
    return figure


def boundaries(perceptron, neuron, network):
    """Draw the answers of three classifiers for all inputs around the four samples of a gate."""
    figure = Figure(figsize=(10, 3.7), layout="compressed")
    panels = figure.subplots(1, 3, sharey=True)
    draw_gate(panels[0], perceptron, "PerceptronClassifier: AND")
    draw_gate(panels[1], neuron, "SigmoidNeuronClassifier: AND")
    colours = draw_gate(panels[2], network, "MLPClassifier: XOR")
    panels[0].set_ylabel("input $x_2$")
    bar = figure.colorbar(colours, ax=panels, ticks=[0, 0.5, 1], pad=0.015)
    bar.set_label("probability of yes")
    return figure


def draw_gate(axes, classifier, title):
    """Draw the probability of yes, the line where it is 1/2, and the four samples."""
    common = {"eps": 0.5, "grid_resolution": 200, "response_method": "predict_proba", "ax": axes}
    display = DecisionBoundaryDisplay.from_estimator(
        classifier, CORNERS, plot_method="pcolormesh", cmap=PALE, vmin=0, vmax=1, **common
    )
    DecisionBoundaryDisplay.from_estimator(
        classifier, CORNERS, plot_method="contour", levels=[0.5], colors=INK, **common
    )
    for (x1, x2), answer in zip(CORNERS, classifier.predict(CORNERS), strict=True):
        axes.plot(x1, x2, "o", markersize=20, color=YES if answer else NO, markeredgecolor="white")
        axes.annotate(
            answer, (x1, x2), color="white", weight="bold", ha="center", va="center_baseline"
        )
    axes.set(title=title, xlabel="input $x_1$", xticks=[0, 1], yticks=[0, 1], aspect="equal")
    return display.surface_


def loss_curves(ours, theirs):
    """Draw the training losses of two networks in one plot."""
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.add_subplot()
    epochs = np.arange(ours.n_iter_) + 1
    axes.plot(epochs, ours.loss_curve_, color=YES, alpha=0.6, linewidth=7, label="sknn_edu")
    epochs = np.arange(theirs.n_iter_) + 1
    axes.plot(epochs, theirs.loss_curve_, "--", color=INK, label="scikit-learn")
    axes.set(
        title="Digits: the same loss curve in both packages",
        xlabel="epoch",
        ylabel="loss",
        ylim=(0, None),
    )
    axes.legend(frameon=False)
    return figure


def first_layer(network):
    """Draw the incoming weights of each hidden neuron as a picture of 8 x 8 pixels."""
    images = network.coefs_[0].T.reshape(-1, 8, 8)
    largest = abs(images).max()
    figure = Figure(figsize=(8, 4), layout="constrained")
    panels = figure.subplots(4, 8)
    for axes, image in zip(panels.flat, images, strict=True):
        drawn = axes.imshow(image, cmap=NO_TO_YES, vmin=-largest, vmax=largest)
        axes.set_axis_off()
    figure.suptitle("First layer: the weights of the 8 x 8 pixels in each hidden neuron")
    figure.colorbar(drawn, ax=panels, label="weight", pad=0.015)
    return figure
