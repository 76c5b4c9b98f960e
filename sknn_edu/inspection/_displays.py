"""Pictures of networks, in scikit-learn's form: ``from_estimator`` and ``plot(ax=...)``."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknn_edu._axes import new_axes
from sknn_edu._trainable import TrainableNetwork
from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.inspection._answers import answers as answers_to

MOST_NEURONS = 12
"""Of a layer, no more than this many are drawn."""


class Display:
    """Remembers what was drawn where."""

    def _drawn_on(self, ax):
        self.ax_, self.figure_ = ax, ax.figure
        return self


class LossCurveDisplay(Display):
    """Training and validation loss over the epochs, of one estimator or several.

    Parameters
    ----------
    curves : dict
        For each name a dict with ``loss`` and perhaps ``validation``, lists of numbers, and
        ``best``, an epoch counted from 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        Its figure.

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
        """Draw the curves of fitted estimators.

        Parameters
        ----------
        estimator, *others : estimators
            Each with ``loss_curve_``, or a Pipeline that ends with one.
        names : list of str, default=None
            What to call them; None is the names of their classes.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LossCurveDisplay
            With ``ax_`` and ``figure_``.
        """
        fitted = [last_step(one) for one in (estimator, *others)]
        for one in fitted:
            if not getattr(one, "loss_curve_", None):
                raise ValueError(
                    f"{one!r} has no loss_curve_ to draw: fit it first. slim() drops it, and a "
                    "perceptron has a mistake_curve_ instead."
                )
        names = list(names) if names else numbered([type(one).__name__ for one in fitted])
        if len(set(names)) != len(fitted):
            raise ValueError(f"names must be {len(fitted)} different names; got {names}.")
        curves = {
            name: {
                "loss": one.loss_curve_,
                "validation": getattr(one, "validation_loss_curve_", None),
                "best": getattr(one, "best_epoch_", None),
            }
            for name, one in zip(names, fitted, strict=True)
        }
        return cls(curves).plot(ax=ax)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None makes a new figure.

        Returns
        -------
        display : LossCurveDisplay
            This one.
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
    """Return the estimator, or the last step of a Pipeline."""
    return estimator[-1] if hasattr(estimator, "steps") else estimator


def fitted_network(estimator):
    """Return a fitted neuron or network, also out of a Pipeline; refuse anything else."""
    one = last_step(estimator)
    if not isinstance(one, TrainableNetwork):
        raise TypeError(
            "estimator must be a fitted SigmoidNeuronClassifier, MLPClassifier or MLPRegressor of "
            f"sknn_edu; got {estimator!r}."
        )
    check_is_fitted(one)
    return one


def numbered(names):
    """Tell names that occur several times apart."""
    if len(set(names)) == len(names):
        return names
    return [f"{name} {k}" for k, name in enumerate(names, 1)]


class NetworkDisplay(Display):
    """The layers of circles: edges by sign and size of their weight, neurons by what they answer.

    Blue edges are positive weights, red ones negative; thicker is larger, on one scale a layer. Of
    a layer with more than 12 neurons only the first and the last six are drawn, and it says how
    many are left out.

    Parameters
    ----------
    weights : list of ndarray (n_in, n_out)
        One for each layer.
    answers : list of ndarray (n_neurons,) or None
        What each neuron says, input layer included, for one sample.
    names : list of str or None
        Of the inputs.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        Its figure.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.inspection import NetworkDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5, 3), solver="lbfgs", random_state=0).fit(X, y)
    >>> len(NetworkDisplay.from_estimator(mlp, X[0]).answers)
    4
    """

    def __init__(self, weights, answers=None, names=None):
        self.weights, self.answers, self.names = weights, answers, names

    @classmethod
    def from_estimator(cls, estimator, x=None, *, ax=None):
        """Draw a fitted neuron or network.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
            Fitted.
        x : array-like of shape (n_features,), default=None
            A sample to colour the neurons by; None leaves them white.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : NetworkDisplay
            With ``ax_`` and ``figure_``.
        """
        estimator = fitted_network(estimator)
        weights, _ = estimator._layers()
        answers = None
        if x is not None:
            x = np.asarray(x, dtype=weights[0].dtype).reshape(1, -1)
            n_features = estimator.n_features_in_
            if x.size != n_features:
                raise ValueError(
                    f"x must be one sample of {n_features} features; got {x.size} numbers."
                )
            answers = [a[0] for a in answers_to(estimator, x)]
        names = getattr(estimator, "feature_names_in_", ())
        is_named = len(names) == weights[0].shape[0]  # else the inputs are embedded features
        return cls(weights, answers, list(names) if is_named else None).plot(ax=ax)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None makes a new figure.

        Returns
        -------
        display : NetworkDisplay
            This one.
        """
        sizes = [self.weights[0].shape[0], *(W.shape[1] for W in self.weights)]
        ax = new_axes(ax, (2.2 * len(sizes), 0.45 * min(max(sizes), MOST_NEURONS) + 1.5))
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
        values = None if self.answers is None else self.answers[k]
        x, y = np.full(len(places), k), [height for _, height in places]
        colours = np.full(len(places), 0.5)  # the middle of the colours: white
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
    """Return (neuron, height) for those of a layer that are drawn, from the top down."""
    if size <= MOST_NEURONS:
        return [(i, (size - 1) / 2 - i) for i in range(size)]
    half = MOST_NEURONS // 2
    top = [(i, half - i) for i in range(half)]
    return top + [(size - 1 - i, -(half - i)) for i in range(half - 1, -1, -1)]


class ActivationDisplay(Display):
    """An activation and its derivative over the weighted sum; the step for comparison.

    Parameters
    ----------
    activation : str or Activation
        A name such as ``"relu"``, ``"step"`` for the perceptron's, or one of your own.
    limit : float, default=4.0
        z runs from -limit to limit.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        Its figure.

    Examples
    --------
    >>> from sknn_edu.inspection import ActivationDisplay
    >>> ActivationDisplay("gelu").plot().ax_.get_title()
    'gelu'
    """

    def __init__(self, activation, limit=4.0):
        self.activation, self.limit = activation, limit

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None makes a new figure.

        Returns
        -------
        display : ActivationDisplay
            This one.
        """
        z = np.linspace(-self.limit, self.limit, 801)
        if self.activation == "step":
            name, a, slope = "step", (z >= 0).astype(float), np.zeros_like(z)
        else:
            own = isinstance(self.activation, Activation)
            if not own and self.activation not in ACTIVATIONS:
                raise ValueError(
                    f"activation must be 'step', an Activation, or one of {sorted(ACTIVATIONS)}; "
                    f"got {self.activation!r}."
                )
            g = self.activation if own else ACTIVATIONS[self.activation]
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
    """The weights of the first layer as images: what each neuron looks for in a picture.

    Parameters
    ----------
    images : ndarray of shape (n_neurons, height, width)
        One for each neuron that is drawn.
    left_out : int, default=0
        How many neurons are not drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        Its figure.

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
        """Draw the first layer of a fitted neuron or network.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
            Fitted to pictures.
        shape : tuple of int
            (height, width) of a picture.
        most : int, default=40
            At most this many neurons are drawn; the title says how many are left out.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : WeightsDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If the features do not make a picture of this shape.
        """
        if most < 1:
            raise ValueError(f"most must be at least 1; got {most}.")
        W = fitted_network(estimator)._layers()[0][0]
        if np.prod(shape) != W.shape[0]:
            raise ValueError(
                f"shape must be (height, width) with height * width = {W.shape[0]}, the number of "
                f"features; got {shape}."
            )
        images = W.T.reshape(-1, *shape)
        return cls(images[:most], max(len(images) - most, 0)).plot(ax=ax)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None makes a new figure.

        Returns
        -------
        display : WeightsDisplay
            This one.
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
