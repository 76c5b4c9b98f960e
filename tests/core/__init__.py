"""Tests of the course, one file for each of its files."""

import pytest

pytest.register_assert_rewrite("tests.core.gradients")
