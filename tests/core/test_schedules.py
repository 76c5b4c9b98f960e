"""Chapter 8: the learning rate after an epoch, and on a plateau."""

import pytest

from sknn_edu.core.schedules import Adaptive, Constant, InverseScaling


def test_constant_stays_and_stops_on_a_plateau():
    assert Constant().after_epoch(0.1, 0.1, 1000) == 0.1
    assert Constant().on_plateau(0.1) is None


def test_inverse_scaling_falls_with_the_samples_seen():
    assert InverseScaling(0.5).after_epoch(0.3, 0.1, 99) == pytest.approx(0.01)
    assert InverseScaling(0.5).on_plateau(0.1) is None


def test_adaptive_divides_by_five_until_a_millionth():
    eta, steps = 0.1, 0
    while (lower := Adaptive().on_plateau(eta)) is not None:
        assert lower == pytest.approx(eta / 5)
        eta, steps = lower, steps + 1
    assert eta < 1e-6
    assert steps == 8
