"""Sphinx configuration."""

import sys
from pathlib import Path

import sknn_edu

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sknn_edu"
author = "The sknn_edu developers"
copyright = f"2026, {author}"
version = release = sknn_edu.__version__

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "tutorial",
    "ignore_pattern": "benchmarks",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "min_reported_time": 60,
    "within_subsection_order": "FileNameSortKey",
    "show_signature": False,
}
html_math_renderer = "mathml"
templates_path = ["_templates"]
suppress_warnings = ["ref.ref"]  # methods inherited from scikit-learn refer to its own pages
html_theme = "pydata_sphinx_theme"
html_title = "sknn_edu"
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["sknn_edu.css"]
autosummary_generate = True
numpydoc_show_class_members = False
autodoc_default_options = {
    "members": True,
    "inherited-members": True,
    "exclude-members": "get_metadata_routing, set_fit_request, set_partial_fit_request, "
    "set_score_request",
}
autodoc_typehints = "none"
autodoc_mock_imports = ["cloudpickle", "dask", "distributed"]  # what sknn_edu.distributed needs
