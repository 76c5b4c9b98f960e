"""Sphinx configuration."""

import sknn_edu

project = "sknn_edu"
author = "The sknn_edu developers"
copyright = f"2026, {author}"
version = release = sknn_edu.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
suppress_warnings = ["ref.ref"]  # methods inherited from scikit-learn refer to its own pages
html_theme = "pydata_sphinx_theme"
html_title = "sknn_edu"
html_theme_options = {"show_prev_next": False}
autosummary_generate = True
numpydoc_show_class_members = False
autodoc_default_options = {
    "members": True,
    "inherited-members": True,
    "exclude-members": "get_metadata_routing, set_fit_request, set_partial_fit_request, "
    "set_score_request",
}
autodoc_typehints = "none"
