"""The learning rate after an epoch, at each step, and on a plateau."""

import pytest

from sknn_edu.core.schedules import (
    SCHEDULES,
    Adaptive,
    Constant,
    Curve,
    InverseScaling,
    WarmUp,
    cosine,
    coslog4,
    flat_cosine,
    one_cycle,
    step,
)

EACH_SCHEDULE = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)


def test_the_constant_schedule_keeps_the_rate_and_stops_on_a_plateau():
    assert Constant().after_epoch(0.1, 0.1, 1000) == 0.1
    assert Constant().on_plateau(0.1) is None


def test_inverse_scaling_falls_with_the_samples_seen():
    assert InverseScaling(0.5).after_epoch(0.3, 0.1, 99) == pytest.approx(0.01)
    assert InverseScaling(0.5).on_plateau(0.1) is None


def test_the_adaptive_schedule_divides_by_five_down_to_a_millionth():
    eta, steps = 0.1, 0
    while (lower := Adaptive().on_plateau(eta)) is not None:
        assert lower == pytest.approx(eta / 5)
        eta, steps = lower, steps + 1
    assert eta < 1e-6
    assert steps == 8


@EACH_SCHEDULE
def test_every_rate_is_at_most_the_initial_one(schedule):
    rates = [schedule.at(0.1, 0.1, progress / 100) for progress in range(100)]
    assert all(0 <= rate <= 0.1 * (1 + 1e-12) for rate in rates)


@EACH_SCHEDULE
def test_only_schedules_that_move_each_step_depend_on_the_progress(schedule):
    rates = {schedule.at(0.1, 0.1, progress / 100) for progress in range(100)}
    assert schedule.moves_each_step == (len(rates) > 1)


def test_curves_at_points_worked_by_hand():
    assert [cosine(p) for p in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert [one_cycle(p) for p in (0, 0.3, 1)] == pytest.approx([1 / 25, 1, 1 / 250_000])
    assert [step(p) for p in (0, 0.3, 0.4, 0.7, 1)] == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    # log2(1 + 15 p) = 0, 1/2, 1, 4: the cosine begins its cycles at whole numbers
    points = [0, (2**0.5 - 1) / 15, 1 / 15, 1]
    assert [coslog4(p) for p in points] == pytest.approx([0, 1, 0, 0])
    assert [flat_cosine(p) for p in (0, 0.5, 0.75, 1)] == pytest.approx([1, 1, 0.5, 0])


def test_warm_up_increases_the_rate_linearly_before_any_schedule():
    warm = WarmUp(Curve(lambda _: 2.0), share=0.2)
    assert [warm.at(1, 1, p) for p in (0, 0.05, 0.1, 0.2, 0.9)] == pytest.approx([0, 0.5, 1, 2, 2])
    inverse = WarmUp(InverseScaling(0.5), 0.1)
    assert inverse.after_epoch(0.3, 0.1, 99) == pytest.approx(0.01)
    assert WarmUp(Adaptive(), 0.1).on_plateau(0.5) == pytest.approx(0.1)


def test_warm_up_runs_to_the_end_if_its_schedule_does():
    assert WarmUp(Curve(cosine)).runs_to_the_end
    assert not WarmUp(Constant()).runs_to_the_end
    assert WarmUp().moves_each_step
