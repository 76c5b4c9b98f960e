"""A forged checkpoint, whose digest is right, is refused or gives a fit that ends."""

# ruff: noqa: ARG001, ARG005  all changes have the parameters facts and arrays

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fitting.forgery import (
    SAVED_FITS,
    attack,
    forge_without_digest,
    forged_arrays,
    forged_facts,
    save,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("needs_callbacks"),
]
FORGING = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", params=SAVED_FITS)
def saved(request, tmp_path_factory):
    return save(request.param, tmp_path_factory.mktemp("checkpoint"))


@FORGING
@given(st.data())
def test_forged_facts_are_refused_or_give_a_fit_that_ends(saved, data):
    attack(saved, forged_facts(lambda options: data.draw(st.sampled_from(options))))


@FORGING
@given(st.data())
def test_forged_arrays_are_refused_or_give_a_fit_that_ends(saved, data):
    attack(saved, forged_arrays(lambda options: data.draw(st.sampled_from(options))))


@pytest.mark.parametrize("forged", [forged_facts, forged_arrays])
@FORGING
@given(data=st.data())
def test_changed_facts_and_arrays_are_refused_under_the_old_digest(saved, forged, data):
    saved.checkpoint.path.write_bytes(saved.whole)
    change = forged(lambda options: data.draw(st.sampled_from(options)))
    is_changed = forge_without_digest(saved.checkpoint.path, change)
    if is_changed:
        with pytest.raises(ValueError, match="is damaged"):
            saved.restored()
    else:
        assert saved.restored().n_iter_ == 4


@FORGING
@given(st.data())
def test_changed_bytes_are_refused_or_change_nothing(saved, data):
    start, stop = sorted(data.draw(st.integers(0, len(saved.whole))) for _ in range(2))
    new = data.draw(st.binary(max_size=20) | st.just(saved.whole[start:stop][::-1]))
    saved.checkpoint.path.write_bytes(saved.whole[:start] + new + saved.whole[stop:])
    try:
        state = saved.restored()._training_state
    except ValueError as error:
        assert "is damaged" in str(error)  # noqa: PT017
    else:
        saved.checkpoint.path.write_bytes(saved.whole)
        np.testing.assert_array_equal(state.theta, saved.restored()._training_state.theta)


def in_random_numbers(name, value):
    def change(facts, arrays):
        state = facts["rng"]["state"] if name in facts["rng"]["state"] else facts["rng"]
        state[name] = value

    return change


@pytest.mark.parametrize(
    ("name", "value"),
    [("pos", 10**6), ("pos", -1), ("key", [0] * 623), ("key", [2**32] * 624), ("gauss", None)],
)
def test_positions_outside_a_random_generator_are_refused(saved, name, value):
    assert not attack(saved, in_random_numbers(name, value))


@pytest.mark.parametrize("generator", ["Philox", "SFC64", "PCG64", "PCG64DXSM"])
def test_states_of_other_random_generators_are_checked(saved, generator):
    def change(facts, arrays):
        state = np.random.RandomState(getattr(np.random, generator)(0)).get_state(legacy=False)
        facts["rng"] = as_lists(state)

    def change_for_the_worse(facts, arrays):
        change(facts, arrays)
        if generator == "Philox":
            facts["rng"]["buffer_pos"] = 400
        elif generator == "SFC64":
            facts["rng"]["has_uint32"] = -1
        else:
            facts["rng"]["state"]["inc"] = 2**128 - 2  # even: the random numbers could be constant

    assert attack(saved, change)
    assert not attack(saved, change_for_the_worse)


def as_lists(state):
    if isinstance(state, dict):
        return {name: as_lists(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


@pytest.mark.parametrize(
    "change",
    [
        lambda facts, arrays: facts.update(learned=["coefs_"]),
        lambda facts, arrays: facts["best_so_far"].update(n_epochs=-5),
        lambda facts, arrays: facts["best_so_far"].update(n_epochs=0),
        lambda facts, arrays: facts["targets"].update(coefs_=1),
        lambda facts, arrays: facts["plan"].update(n_features=10**9),
        lambda facts, arrays: facts["plan"].update(embedded_columns=[2, 1]),
        lambda facts, arrays: facts["plan"].update(category_groups=[[0, 10**12]]),
        lambda facts, arrays: facts["optimizer"].update(t=-1),
        lambda facts, arrays: facts["optimizer"].update(eta=float("nan")),
        lambda facts, arrays: facts["curves"].update(loss_curve_=[]),
        lambda facts, arrays: arrays.update(order=np.zeros_like(arrays["order"])),
        lambda facts, arrays: arrays.update(coefs_=np.ones(3)),
    ],
)
def test_impossible_states_are_refused(saved, change):
    assert not attack(saved, change)


def test_rows_that_are_held_out_and_trained_on_are_refused(saved):
    def share_a_row(facts, arrays):
        arrays["held_out"][0] = arrays["order"][0]

    def hold_out_fewer(facts, arrays):
        arrays["held_out"] = arrays["held_out"][1:]

    if saved.estimator.early_stopping:
        assert not attack(saved, share_a_row)
        assert not attack(saved, hold_out_fewer)


def test_a_state_that_is_not_changed_is_restored(saved):
    assert attack(saved, lambda facts, arrays: None)
