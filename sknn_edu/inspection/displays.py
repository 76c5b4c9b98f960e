"""Displays of networks with scikit-learn's interface: ``from_estimator`` and ``plot(ax=...)``."""

import numpy as np

from sknn_edu.core.activations import Activation
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.estimators.interface import fitted_network
from sknn_edu.plotting import new_axes

MAX_NEURONS = 12
"""The largest number of neurons that are drawn in a layer."""


class Display:
    """The base class of all displays; stores the axes and the figure."""

    def _drawn_on(self, ax):
        self.ax_, self.figure_ = ax, ax.figure
        return self


class LossCurveDisplay(Display):
    """The training and validation loss of one or several estimators over the epochs.

    Parameters
    ----------
    curves : dict of str to dict
        For each name a dict with the list ``loss`` and, optionally, the list ``validation``, with
        one mean loss per epoch, and the int ``best``, the best epoch, counted from 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.inspection import LossCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(early_stopping=True, random_state=0).fit(X, y)
    >>> LossCurveDisplay.from_estimator(mlp).ax_.get_xlabel()
    'epoch'
    """

    def __init__(self, curves):
        self.curves = curves

    @classmethod
    def from_estimator(cls, estimator, *others, names=None, ax=None):
        """Plot the loss curves of fitted estimators.

        Parameters
        ----------
        estimator, *others : estimators
            Fitted estimators with ``loss_curve_``, averages of such estimators, or pipelines that
            end with one of these. For an average, the curves of all members are plotted.
        names : list of str, default=None
            The names in the legend, one for each curve. None uses the names of the classes.
        ax : matplotlib Axes, default=None
            The axes to plot on. None creates a new figure.

        Returns
        -------
        display : LossCurveDisplay
            The display, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If an estimator has no ``loss_curve_``, or if the number of names is wrong.
        """
        estimators = [one for model in (estimator, *others) for one in members_of(model)]
        for model in estimators:
            if not getattr(model, "loss_curve_", None):
                raise ValueError(
                    f"estimator must have a loss_curve_; got {model!r}, which has none. Fit it "
                    "first, and do not call slim(), which removes the curve. A perceptron has a "
                    "mistake_curve_ instead."
                )
        names = (
            list(names) if names else numbered_names([type(model).__name__ for model in estimators])
        )
        if len(set(names)) != len(estimators):
            raise ValueError(
                f"names must contain {len(estimators)} different names, one for each curve; got "
                f"{names}. Pass names=None to use the names of the classes."
            )
        curves = {
            name: {
                "loss": model.loss_curve_,
                "validation": getattr(model, "validation_loss_curve_", None),
                "best": getattr(model, "best_epoch_", None),
            }
            for name, model in zip(names, estimators, strict=True)
        }
        return cls(curves).plot(ax=ax)

    def plot(self, ax=None):
        """Plot the loss curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to plot on. None creates a new figure.

        Returns
        -------
        display : LossCurveDisplay
            The display itself, with ``ax_`` and ``figure_``.
        """
        ax = new_axes(ax, (6, 3.5))
        for k, (name, curve) in enumerate(self.curves.items()):
            epochs = np.arange(1, len(curve["loss"]) + 1)
            ax.plot(epochs, curve["loss"], color=f"C{k}", label=f"{name}, training")
            heights = dict(zip(epochs, curve["loss"], strict=True))
            if curve.get("validation"):
                validated = epochs[-len(curve["validation"]) :]
                heights |= dict(zip(validated, curve["validation"], strict=True))
                label = f"{name}, validation"
                ax.plot(validated, curve["validation"], color=f"C{k}", ls="--", label=label)
            best = curve.get("best")
            if best:
                label = f"{name}, best epoch {best}"
                ax.plot(best, heights[best], "o", color=f"C{k}", label=label)
        ax.set(xlabel="epoch", ylabel="mean loss")
        ax.legend()
        return self._drawn_on(ax)


def last_step(estimator):
    """Return the estimator, or the last step of a pipeline, or the network of a transformer."""
    estimator = estimator[-1] if hasattr(estimator, "steps") else estimator
    return getattr(estimator, "estimator_", estimator)


def members_of(estimator):
    """Return the list of members of an average, or a list with the last step of the estimator."""
    estimator = last_step(estimator)
    return [last_step(member) for member in getattr(estimator, "estimators_", [estimator])]


def numbered_names(names):
    """Return the names, with numbers if a name occurs several times."""
    if len(set(names)) == len(names):
        return names
    return [f"{name} {k}" for k, name in enumerate(names, 1)]


class NetworkDisplay(Display):
    """A drawing of a network, with circles for the neurons and edges for the weights.

    Positive weights are blue and negative weights are red. The width of an edge is proportional to
    the absolute weight, relative to the largest one in the layer. The colour of a neuron shows its
    activation for a sample. If a layer has more than 12 neurons, only the first six and the last
    six are drawn.

    Parameters
    ----------
    weights : list of ndarray of shape (n_in, n_out)
        The weights of each layer.
    activations : list of ndarray of shape (n_neurons,), default=None
        The activations of each layer for one sample, starting with the input layer. With None all
        neurons are white.
    names : list of str, default=None
        The names of the inputs.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.inspection import NetworkDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5, 3), solver="lbfgs", random_state=0).fit(X, y)
    >>> len(NetworkDisplay.from_estimator(mlp, X[0]).activations)
    4
    """

    def __init__(self, weights, activations=None, names=None):
        self.weights, self.activations, self.names = weights, activations, names

    @classmethod
    def from_estimator(cls, estimator, x=None, *, ax=None):
        """Draw a fitted neuron or network.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
            A fitted estimator, or a pipeline that ends with one.
        x : array-like of shape (n_features,), default=None
            A sample whose activations determine the colours of the neurons. With None all neurons
            are white.
        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a new figure.

        Returns
        -------
        display : NetworkDisplay
            The display, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If ``x`` does not have ``n_features`` numbers.
        """
        estimator = last_step(estimator)
        network, activations = fitted_network(estimator), None
        weights = network.weights
        if x is not None:
            x = np.asarray(x, dtype=weights[0].dtype).reshape(1, -1)
            n_features = estimator.n_features_in_
            if x.size != n_features:
                raise ValueError(
                    f"x must be a single sample with {n_features} features; got {x.size} numbers. "
                    "Pass one row of the samples, such as X[0], transformed by the steps before "
                    "the network."
                )
            activations = [a[0] for a in network.layer_outputs(x)]
        names = getattr(estimator, "feature_names_in_", ())
        is_named = len(names) == weights[0].shape[0]  # embedded inputs have no names
        return cls(weights, activations, list(names) if is_named else None).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the network.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to plot on. None creates a new figure.

        Returns
        -------
        display : NetworkDisplay
            The display itself, with ``ax_`` and ``figure_``.
        """
        sizes = [self.weights[0].shape[0], *(W.shape[1] for W in self.weights)]
        ax = new_axes(ax, (2.2 * len(sizes), 0.45 * min(max(sizes), MAX_NEURONS) + 1.5))
        places = [shown(size) for size in sizes]
        for k, W in enumerate(self.weights):
            largest = np.abs(W).max() or 1.0
            for i, y_i in places[k]:
                for j, y_j in places[k + 1]:
                    share = abs(W[i, j]) / largest
                    colour = "C0" if W[i, j] > 0 else "C3"
                    ax.plot([k, k + 1], [y_i, y_j], color=colour, lw=3 * share, alpha=0.7, zorder=1)
        for k, size in enumerate(sizes):
            self._draw_layer(ax, k, size, places[k])
        ax.set_xticks(range(len(sizes)), self._titles(sizes))
        ax.set_yticks([])
        ax.margins(0.12)
        for side in ("left", "right", "top", "bottom"):
            ax.spines[side].set_visible(False)
        ax.tick_params(length=0)
        return self._drawn_on(ax)

    def _draw_layer(self, ax, k, size, places):
        values = None if self.activations is None else self.activations[k]
        x, y = np.full(len(places), k), [height for _, height in places]
        colours = np.full(len(places), 0.5)  # the middle of the colour map: white
        if values is not None:
            largest = np.abs(values).max() or 1.0
            colours = [0.5 + 0.5 * float(values[i]) / largest for i, _ in places]
        ax.scatter(x, y, s=420, c=colours, cmap="RdBu", vmin=0, vmax=1, edgecolors="0.3", zorder=2)
        for i, height in places:
            text = "" if values is None else f"{values[i]:.2f}"
            dark = values is not None and abs(values[i]) > 0.6 * largest
            colour = "white" if dark else "black"
            ax.text(k, height, text, ha="center", va="center", fontsize=7, color=colour, zorder=3)
            if k == 0 and self.names:
                ax.text(-0.15, height, self.names[i], ha="right", va="center", fontsize=8)
        if size > len(places):
            middle = f"{size - len(places)} more\nnot drawn"
            ax.text(k, 0, middle, ha="center", va="center", fontsize=7, color="0.3")

    def _titles(self, sizes):
        inner = [f"hidden {k}\n{size} neurons" for k, size in enumerate(sizes[1:-1], 1)]
        return [f"input\n{sizes[0]} features", *inner, f"output\n{sizes[-1]}"]


def shown(size):
    """Return (index, height) of the neurons of a layer that are drawn, from top to bottom."""
    if size <= MAX_NEURONS:
        return [(i, (size - 1) / 2 - i) for i in range(size)]
    half = MAX_NEURONS // 2
    top = [(i, half - i) for i in range(half)]
    return top + [(size - 1 - i, -(half - i)) for i in range(half - 1, -1, -1)]


class ActivationDisplay(Display):
    """A plot of an activation and its derivative.

    Parameters
    ----------
    activation : str or Activation
        The name of an activation such as ``"relu"``, ``"step"`` for the step function of a
        perceptron, or a custom Activation.
    limit : float, default=4.0
        The weighted sum z ranges from -limit to limit.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    Examples
    --------
    >>> from sknn_edu.inspection import ActivationDisplay
    >>> ActivationDisplay("gelu").plot().ax_.get_title()
    'gelu'
    """

    def __init__(self, activation, limit=4.0):
        self.activation, self.limit = activation, limit

    def plot(self, ax=None):
        """Plot the activation and its derivative.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to plot on. None creates a new figure.

        Returns
        -------
        display : ActivationDisplay
            The display itself, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If ``activation`` is an unknown name.
        """
        z = np.linspace(-self.limit, self.limit, 801)
        if self.activation == "step":
            name, a, slope = "step", (z >= 0).astype(float), np.zeros_like(z)
        else:
            is_custom = isinstance(self.activation, Activation)
            if not is_custom and self.activation not in ALL_ACTIVATIONS:
                raise ValueError(
                    "activation must be 'step', an Activation, or one of "
                    f"{sorted(ALL_ACTIVATIONS)}; got {self.activation!r}. Choose one of these "
                    "names."
                )
            g = self.activation if is_custom else ALL_ACTIVATIONS[self.activation]
            name, a, slope = g.name, np.empty_like(z), np.ones_like(z)
            g.forward(z.copy(), a)
            g.backward(z.copy(), a.copy(), slope)
        ax = new_axes(ax, (4, 3))
        ax.plot(z, a, label="a = g(z)")
        ax.plot(z, slope, "--", label="da/dz")
        ax.axhline(0, color="0.7", lw=0.8, zorder=0)
        ax.axvline(0, color="0.7", lw=0.8, zorder=0)
        ax.set(xlabel="weighted sum z", title=name)
        ax.legend()
        return self._drawn_on(ax)


class WeightsDisplay(Display):
    """The weights of the first layer as images, for networks that were trained on images.

    Parameters
    ----------
    images : ndarray of shape (n_neurons, height, width)
        The weights of each neuron that is drawn.
    left_out : int, default=0
        The number of neurons that are not drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknn_edu import SigmoidNeuronClassifier
    >>> from sknn_edu.inspection import WeightsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> neurons = SigmoidNeuronClassifier(alpha=100).fit(X / 16, y)
    >>> WeightsDisplay.from_estimator(neurons, (8, 8)).images.shape
    (10, 8, 8)
    """

    def __init__(self, images, left_out=0):
        self.images, self.left_out = images, left_out

    @classmethod
    def from_estimator(cls, estimator, shape, *, most=40, ax=None):
        """Draw the first-layer weights of a fitted neuron or network.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
            An estimator fitted on images, or a pipeline that ends with one.
        shape : tuple of int
            The (height, width) of an image.
        most : int, default=40
            The largest number of neurons to draw. The title shows how many are not drawn.
        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a new figure.

        Returns
        -------
        display : WeightsDisplay
            The display, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If ``shape`` does not match the number of features, or if ``most`` is less than 1.
        """
        if most < 1:
            raise ValueError(
                f"most must be the number of neurons to draw, an int >= 1; got {most}."
            )
        W = fitted_network(last_step(estimator)).weights[0]
        if np.prod(shape) != W.shape[0]:
            raise ValueError(
                f"shape must be the (height, width) of an image with height * width = "
                f"{W.shape[0]}, the number of features; got {shape}. Choose another shape."
            )
        images = W.T.reshape(-1, *shape)
        return cls(images[:most], max(len(images) - most, 0)).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to plot on. None creates a new figure.

        Returns
        -------
        display : WeightsDisplay
            The display itself, with ``ax_`` and ``figure_``.
        """
        n, height, width = self.images.shape
        across = min(10, n)
        down = -(-n // across)
        sheet = np.full((down * (height + 1) - 1, across * (width + 1) - 1), np.nan)
        for k, image in enumerate(self.images):
            top, left = (k // across) * (height + 1), (k % across) * (width + 1)
            sheet[top : top + height, left : left + width] = image
        largest = np.abs(self.images).max()
        ax = new_axes(ax, (0.7 * across + 1.2, 0.7 * down + 0.8))
        drawn = ax.imshow(sheet, cmap="RdBu", vmin=-largest, vmax=largest)
        ax.figure.colorbar(drawn, ax=ax, label="weight", shrink=0.8)
        ax.set_axis_off()
        rest = f", {self.left_out} more not drawn" if self.left_out else ""
        ax.set_title(f"first-layer weights of {n} neurons{rest}", fontsize=9)
        return self._drawn_on(ax)
