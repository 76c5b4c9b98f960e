"""Sphinx configuration."""

import sys
from pathlib import Path

from docutils import nodes

import sknn_edu

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sknn_edu"
author = "The sknn_edu developers"
copyright = f"2026, {author}"
version = release = sknn_edu.__version__

extensions = [
    "executed",
    "activation_table",
    "matplotlib.sphinxext.plot_directive",
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
    "write_computation_times": False,  # that page would load scripts from other hosts
    "within_subsection_order": "FileNameSortKey",
    "show_signature": False,
    "thumbnail_size": (500, 260),
}
plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = ["svg"]
plot_rcparams = {"figure.constrained_layout.use": True, "svg.hashsalt": "sknn_edu"}
plot_apply_rcparams = True
html_math_renderer = "mathml"
templates_path = ["_templates"]
suppress_warnings = ["ref.ref"]  # methods inherited from scikit-learn refer to its own pages
html_theme = "pydata_sphinx_theme"
html_title = "sknn_edu"
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
# a page that is alone in its section has no other page to list beside it
pages_alone = ["index", "installation", "tables", "inspection", "works_with", "benchmarks"]
pages_alone += ["coming_from_scikit_learn", "coming_from_keras", "what_has_been_tried"]
pages_alone += ["notation", "design", "genindex", "search"]
html_sidebars = {page: [] for page in pages_alone}
html_show_sourcelink = False
toc_object_entries_show_parents = "hide"
html_static_path = ["_static", "images/learning.webp", "images/learning_still.webp"]
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


def strip_code(_, doctree):
    """Remove the empty line that doctest needs at the end of a block."""
    for node in doctree.findall(nodes.literal_block):
        if isinstance(node[0], nodes.Text):
            node.rawsource = node.astext().rstrip()  # Sphinx highlights only what equals its source
            node[0] = nodes.Text(node.rawsource)


def setup(app):
    app.connect("doctree-read", strip_code)
