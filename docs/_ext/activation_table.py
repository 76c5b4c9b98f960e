"""A table of all activations; equations and graphs come from the code.

The directive ``activation-table`` has a line ``name: remark`` for each activation.
"""

from pathlib import Path

import numpy as np
from docutils import nodes
from docutils.statemachine import StringList
from matplotlib.figure import Figure
from sphinx.util.docutils import SphinxDirective

from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS, MixedWithIdentity

FOLDER = Path("generated", "activations")
Z = np.linspace(-4, 4, 401)
HEAD = "| name | graph | function a = g(z) | derivative da/dz | when |\n|---|---|---|---|---|"


def curves(activation):
    """Yield the values of the function and of its derivative, for several slopes if it has them."""
    slopes = (0.0, 0.5, 1.0) if activation.parameter_kinds else (None,)
    for slope in slopes:
        g = activation if slope is None else activation.with_parameters([np.array([slope])])
        a, derivative = np.empty_like(Z), np.ones_like(Z)
        g.forward(Z.copy(), a)
        g.backward(Z.copy(), a.copy(), derivative)
        yield a, derivative


def draw(activation, path):
    """Draw the function as a solid and its derivative as a dashed line."""
    figure = Figure(figsize=(2, 1.4), layout="constrained")
    ax = figure.subplots()
    for a, derivative in curves(activation):
        ax.plot(Z, a, color="C0")
        ax.plot(Z, derivative, "--", color="C1")
    ax.axhline(0, color="0.7", lw=0.8, zorder=0)
    ax.axvline(0, color="0.7", lw=0.8, zorder=0)
    ax.set(ylim=(-1.5, 3), xticks=(-4, 0, 4), yticks=(-1, 0, 1, 2, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def equation(function, *prefixes):
    """Return the first line of a function's docstring, as the text of a cell."""
    line = function.__doc__.splitlines()[0].removesuffix(".")
    for prefix in prefixes:
        line = line.removeprefix(prefix)
    return line.translate(str.maketrans({"|": r"\|", "*": r"\*", "_": r"\_"}))


def row(name, remark):
    """Return one row of the table, in Markdown."""
    activation = ALL_ACTIVATIONS[name]
    source = MixedWithIdentity if activation.parameter_kinds else activation
    a = equation(source.forward, "a = ")
    derivative = equation(source.backward, "da/dz = ")
    image = f"![{name}, solid, and its derivative, dashed](/{(FOLDER / name).as_posix()}.svg)"
    return f'| `"{name}"` | {image} | {a} | {derivative} | {remark} |'


class ActivationTable(SphinxDirective):
    has_content = True

    def run(self):
        remarks = dict(line.split(": ", 1) for line in self.content if line.strip())
        unknown, missing = (
            remarks.keys() - set(ALL_ACTIVATIONS),
            set(ALL_ACTIVATIONS) - set(remarks),
        )
        if unknown or missing:
            raise self.error(f"remarks on unknown {unknown} or without {missing}")
        for name in remarks:
            draw(ALL_ACTIVATIONS[name], Path(self.env.srcdir, FOLDER, f"{name}.svg"))
        table = "\n".join([HEAD, *(row(*remark) for remark in remarks.items())])
        parent = nodes.container(classes=["activations"])
        self.state.nested_parse(StringList(table.splitlines()), self.content_offset, parent)
        return [parent]


def setup(app):
    app.add_directive("activation-table", ActivationTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
