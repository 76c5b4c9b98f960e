"""A directive whose Python code is run when the site is built.

The last line shows itself as in a notebook, so a page shows what its own code makes::

    .. executed::
       :hide-code:

       Playground(mlp).fit(X, y)
"""

import ast
import warnings

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sklearn.exceptions import ConvergenceWarning


class Executed(Directive):
    """Run the content, and show it with the HTML of its last expression."""

    has_content = True
    option_spec = {"hide-code": directives.flag}

    def run(self):
        code = "\n".join(self.content)
        shown = nodes.raw("", html_of(code), format="html", classes=["output_html"])
        if "hide-code" in self.options:
            return [shown]
        return [nodes.literal_block(code, code, language="python"), shown]


def html_of(code):
    """Return the HTML that the last expression of the code shows itself with."""
    *body, last = ast.parse(code).body
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        exec(compile(ast.Module(body, []), "<page>", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "<page>", "eval"), names)
    return f'<div class="output_html">{value._repr_html_()}</div>'


def setup(app):
    app.add_directive("executed", Executed)
    return {"parallel_read_safe": True}
