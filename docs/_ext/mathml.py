"""Equations as MathML, which browsers and screen readers know by themselves: no script, no network.

latex2mathml does the work, line by line. Added here: the lines of a block are aligned, the brackets
of a matrix are as high as this matrix and not as the highest of the line, and bars are as wide as
what they cover.
"""

import re

from docutils import nodes
from latex2mathml import converter

TOKENS = re.compile(
    r"\\begin\{\w+\*?\}|\\end\{\w+\*?\}|\\\\(?:\[[^]]*\])?|\\.|&|[^\\&]+|\\", re.DOTALL
)
INNER = re.compile(r"^<math[^>]*>(.*)</math>$", re.DOTALL)
MATRIX = re.compile(r"\\begin\{(\w*matrix)\}.*?\\end\{\1\}", re.DOTALL)
MACRON, OVERLINE = "&#x000AF;", "&#x0203E;"


def convert(latex, display="inline"):
    """Return a formula of one line."""
    grouped = MATRIX.sub(r"{\g<0>}", latex.strip())
    return converter.convert(grouped, display=display).replace(MACRON, OVERLINE)


def rows_and_cells(latex):
    """Split LaTeX at each \\\\ and & that lies outside of all environments."""
    rows, depth = [[""]], 0
    for token in TOKENS.findall(latex):
        depth += token.startswith("\\begin") - token.startswith("\\end")
        if depth == 0 and token.startswith("\\\\"):
            rows.append([""])
        elif depth == 0 and token == "&":
            rows[-1].append("")
        else:
            rows[-1][-1] += token
    return [row for row in rows if "".join(row).strip()]


def cell(latex, column, n_columns):
    """Return a cell: the columns are aligned to the right and to the left in turn."""
    side = "left" if column % 2 or n_columns == 1 else "right"
    inner = INNER.match(convert(latex, display="block")).group(1) if latex.strip() else ""
    return f'<mtd style="text-align: {side}; padding: 0.25em 0.1em">{inner}</mtd>'


def block(latex):
    """Return a displayed equation; several lines are aligned."""
    rows = rows_and_cells(latex)
    if len(rows) == 1 and len(rows[0]) == 1:
        return convert(latex, display="block")
    n = max(map(len, rows))
    table = "".join(
        f"<mtr>{''.join(cell(part, k, n) for k, part in enumerate(row))}</mtr>" for row in rows
    )
    space = "http://www.w3.org/1998/Math/MathML"
    return (
        f'<math xmlns="{space}" display="block"><mtable displaystyle="true">{table}</mtable></math>'
    )


def visit_math(translator, node):
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def visit_math_block(translator, node):
    translator.body.append(f'<div class="equation" tabindex="0">{block(node.astext())}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True}
