"""Draw learning.webp, a network that learns two moons, and learning_still.webp, its last frame.

    python docs/images/make_learning.py

The network is that of the README. Its seed is fixed, so the pictures change only with the package.
The background is transparent, for light and for dark pages. The extra ``plot`` is needed.
"""

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import make_moons

from sknn_edu import MLPClassifier
from sknn_edu.inspection.replay import EpochRecorder

HERE = Path(__file__).parent
FIRST, LAST, N_FRAMES = 1, 180, 32
MS_PER_FRAME, MS_OF_THE_LAST_FRAME, N_PLAYS = 140, 5000, 3
GREY = "#808690"  # legible on white and on black
ORANGE, BLUE, BLACK = "#e07b20", "#3579c0", "#24303c"
COLOURS = LinearSegmentedColormap.from_list("classes", ["#f3b27a", "#fbf8f4", "#8ab6dc"])
BOX = (-1.6, 2.6, -1.25, 1.75)


def main():
    """Train the network, draw some of its epochs, and write both files."""
    X, y = make_moons(1000, noise=0.2, random_state=0)
    mlp = MLPClassifier(8, "tanh", learning_rate_init=0.05, random_state=0)
    recorder = EpochRecorder(most_frames=1000)  # more than there are epochs
    mlp.set_callbacks(recorder).fit(X[:500], y[:500])
    epochs = np.geomspace(FIRST + 2, LAST + 2, N_FRAMES).round().astype(int) - 2
    frames = [
        draw(recorder.frames()[epoch], mlp.loss_curve_[:epoch], X[500:], y[500:])
        for epoch in dict.fromkeys(epochs.tolist())
    ]
    frames[-1].save(HERE / "learning_still.webp", quality=80, method=6)
    frames[0].save(
        HERE / "learning.webp",
        save_all=True,
        append_images=frames[1:],
        duration=[MS_PER_FRAME] * (len(frames) - 1) + [MS_OF_THE_LAST_FRAME],
        loop=N_PLAYS,
        quality=40,
        method=4,
    )


def draw(mlp, losses, X, y):
    """Return a picture: the decision, what each hidden neuron sees, and the loss so far."""
    figure = Figure(figsize=(10, 3), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1.15, 1.5, 1.1))
    grid = np.meshgrid(np.linspace(*BOX[:2], 100), np.linspace(*BOX[2:], 100))
    points = np.stack(grid, axis=-1).reshape(-1, 2)

    ax = left.subplots()
    probability = mlp.predict_proba(points)[:, 1].reshape(grid[0].shape)
    show(ax, probability, 0, 1)
    ax.contour(*grid, probability, levels=[0.5], colors=BLACK, linewidths=1.5)
    for label, colour in enumerate((ORANGE, BLUE)):
        shown = X[y == label][:90]
        ax.scatter(*shown.T, s=16, color=colour, edgecolors="white", linewidths=0.5)
    ax.set_title(f"epoch {len(losses)}: accuracy {mlp.score(X, y):.2f}", color=GREY)

    hidden = np.tanh(points @ mlp.coefs_[0] + mlp.intercepts_[0])
    for k, ax in enumerate(middle.subplots(2, 4).flat):
        show(ax, hidden[:, k].reshape(grid[0].shape), -1, 1)
    middle.suptitle("the eight hidden neurons", color=GREY, fontsize="large")

    ax = right.subplots()
    ax.plot(np.arange(1, len(losses) + 1), losses, color=BLUE, linewidth=2)
    ax.plot(len(losses), losses[-1], "o", color=BLUE)
    ax.set(xlim=(0, LAST + 5), ylim=(0, 0.7), xlabel="epoch", facecolor="none")
    ax.set_title("loss", color=GREY)
    ax.tick_params(colors=GREY)
    ax.xaxis.label.set_color(GREY)
    for side, spine in ax.spines.items():
        spine.set_color(GREY)
        spine.set_visible(side in ("left", "bottom"))
    return picture(figure)


def show(ax, values, low, high):
    """Draw values over the plane of the two features."""
    ax.imshow(
        values,
        extent=BOX,
        origin="lower",
        cmap=COLOURS,
        vmin=low,
        vmax=high,
        interpolation="bilinear",
        aspect="auto",
    )
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)


def picture(figure):
    """Return a figure as an image with a transparent background."""
    file = io.BytesIO()
    figure.savefig(file, format="png", transparent=True)
    return Image.open(file).convert("RGBA")


if __name__ == "__main__":
    with mpl.rc_context({"font.size": 11}):
        main()
