"""Tests of training on Dask; they need the extra ``distributed`` and are left out without it."""

import pytest

pytest.register_assert_rewrite("tests.distributed.on_dask")
