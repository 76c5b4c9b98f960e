"""Code that needs an extra which is not installed is not collected."""

from importlib.util import find_spec

collect_ignore_glob = []
if not find_spec("distributed"):
    collect_ignore_glob += ["sknn_edu/distributed/*", "tests/distributed*"]
