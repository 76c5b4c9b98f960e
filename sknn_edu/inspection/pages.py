"""Pages for the browser: one file each, with everything they need and nothing from elsewhere."""

import base64
import json
import re
import zlib
from html import escape
from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn.exceptions import NotFittedError


def fill_page(template, *, title, payload):
    """Return a page as text.

    Parameters
    ----------
    template : str
        A file of the folder ``web``. ``{{title}}`` and ``{{payload}}`` in it are replaced by the
        arguments, ``{{name}}`` by the file of the folder with that name.
    title : str
        Any text.
    payload : str
        What :func:`pack_payload` has returned.
    """
    parts = {"title": escape(str(title)), "payload": payload}

    def part(match):
        name = match.group(1)
        return parts[name] if name in parts else source(name)

    return re.sub(r"\{\{([\w.]+)\}\}", part, source(template))


def source(name):
    """Return the text of a file in the folder ``web``."""
    return files("sknn_edu.inspection").joinpath("web", name).read_text(encoding="utf-8").rstrip()


def pack_payload(facts, content=b""):
    """Return facts, as JSON, and bytes behind them, compressed and as base64.

    Base64 has no character that means anything in HTML, so the facts may contain any text.
    """
    text = json.dumps(finite(facts), separators=(",", ":"), allow_nan=False).encode()
    return base64.b64encode(
        zlib.compress(len(text).to_bytes(4, "big") + text + content, 9)
    ).decode()


def finite(value):
    """Return the value with None instead of NaN and inf, which JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


class Page:
    """What a recording can do once it is a page: be saved, and show itself in a notebook.

    Subclasses have ``estimator``, ``_template`` and ``_frame_title``, and set ``_payload`` in fit.
    """

    def to_html(self):
        """Return the page as text.

        Returns
        -------
        html : str
            A whole HTML document.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If ``fit`` has not been called.
        """
        if not hasattr(self, "_payload"):
            raise NotFittedError("There is nothing to show yet: call fit(X, y) first.")
        return fill_page(self._template, title=self._heading(), payload=self._payload)

    def save(self, path):
        """Write the page to a file.

        Parameters
        ----------
        path : str or Path
            Where to save it, such as ``"moons.html"``.

        Returns
        -------
        path : Path
            The path of the page.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If ``fit`` has not been called.
        """
        path = Path(path)
        path.write_text(self.to_html(), encoding="utf-8")
        return path

    def _repr_html_(self):
        if not hasattr(self, "_payload"):
            return f"<pre>{escape(repr(self))}</pre>"
        return (
            f'<iframe srcdoc="{escape(self.to_html(), quote=True)}" title="{self._frame_title}" '
            'style="width: 100%; height: 640px; border: 0"></iframe>'
        )

    def __repr__(self):
        return f"{type(self).__name__}({self.estimator!r})"
