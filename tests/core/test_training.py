"""Epochs, plateaus and the best epoch."""

import numpy as np
import pytest

from sknn_edu.core.training import RESUMABLE, BestSoFar, Epochs, Outcome, shuffled


class Scripted:
    """A learner with predefined losses; it counts its epochs."""

    def __init__(self, losses, continues=False, finite=True):
        self.losses, self.continues, self.finite = iter(losses), continues, finite
        self.epochs, self.orders = 0, []

    def epoch(self, order):
        self.orders.append(order.copy())
        self.epochs += 1
        loss = next(self.losses)
        if isinstance(loss, BaseException):
            raise loss
        return loss

    def is_perfect(self, loss):
        return loss == 0

    def is_finite(self):
        return self.finite

    def continues_after_plateau(self):
        return self.continues

    def snapshot(self):
        return self.epochs

    def restore(self, snapshot):
        self.epochs = snapshot


class Silent:
    """A monitor whose objective is the loss."""

    wants_stop = False

    def epoch_begins(self):
        pass

    def epoch_ended(self, loss):
        return loss

    def plateau_reached(self, continues):
        pass


class Noting(Silent):
    """A monitor that records all calls, and stops training after a number of epochs."""

    def __init__(self, stop_after=100):
        self.notes, self.stop_after = [], stop_after

    @property
    def wants_stop(self):
        return self.notes.count("ended") >= self.stop_after

    def epoch_begins(self):
        self.notes.append("begins")

    def epoch_ended(self, loss):
        self.notes.append("ended")
        return loss

    def plateau_reached(self, continues):
        self.notes.append(f"plateau, continues: {continues}")


def run(learner, monitor=None, best_so_far=None, **options):
    settings = {"max_epochs": 9, "tol": 0.1, "patience": 2, "shuffle": False, "keep_best": False}
    best_so_far = best_so_far or BestSoFar()
    epochs = Epochs(**{**settings, **options})
    rng = np.random.RandomState(0)
    return epochs.run(learner, np.arange(4), rng, best_so_far, monitor or Silent()), best_so_far


def test_a_plateau_is_more_epochs_without_improvement_than_the_patience():
    learner = Scripted([3, 2, 1.95, 1.94, 1.93, 1])
    assert run(learner)[0] is Outcome.PLATEAU
    assert learner.epochs == 5


def test_nothing_counts_as_a_plateau_during_the_first_epochs():
    learner = Scripted([1.0] * 9)
    assert run(learner, min_epochs=6)[0] is Outcome.PLATEAU
    assert learner.epochs == 7


def test_small_gains_count_as_plateau_but_update_the_best_objective():
    _, best_so_far = run(Scripted([1.0, 0.95, 0.89, 0.88]), max_epochs=4)
    assert (best_so_far.best, best_so_far.n_stalled) == (0.88, 3)


def test_training_ends_when_the_epochs_are_used_up():
    assert run(Scripted(range(100, 1, -1)))[0] is Outcome.OUT_OF_EPOCHS


def test_training_ends_at_once_when_nothing_is_left_to_learn():
    learner = Scripted([1, 0, 1])
    assert run(learner)[0] is Outcome.PERFECT
    assert learner.epochs == 2


def test_divergence_ends_training_in_its_epoch():
    for learner, epochs in ((Scripted([1, np.nan, 1]), 2), (Scripted([2, 1], finite=False), 1)):
        assert run(learner)[0] is Outcome.DIVERGED
        assert learner.epochs == epochs


def test_an_interrupt_ends_training_and_keeps_what_was_learned():
    learner = Scripted([3, 2, KeyboardInterrupt(), 1])
    assert run(learner)[0] is Outcome.INTERRUPTED
    assert learner.epochs == 3


def test_keep_best_goes_back_to_the_best_epoch():
    learner = Scripted([3, 1, 2, 2, 2, 2, 2, 2, 2])
    _, best_so_far = run(learner, keep_best=True, patience=100)
    assert learner.epochs == 2
    assert (best_so_far.best_parameters, best_so_far.last_parameters) == (2, 9)


def test_an_interrupt_goes_back_to_the_best_epoch_too():
    learner = Scripted([3, 1, 2, KeyboardInterrupt()])
    outcome, best_so_far = run(learner, keep_best=True)
    assert outcome is Outcome.INTERRUPTED
    assert learner.epochs == 2
    assert best_so_far.last_parameters == 4


@pytest.mark.parametrize(("keep_last_of_ties", "best"), [(False, 2), (True, 4)])
def test_the_best_of_tied_epochs_is_the_first_or_optionally_the_last(keep_last_of_ties, best):
    learner = Scripted([3, 1, 2, 1, 2])
    options = {"keep_best": True, "patience": 100, "max_epochs": 5}
    _, best_so_far = run(learner, keep_last_of_ties=keep_last_of_ties, **options)
    assert learner.epochs == best_so_far.best_epoch == best


def test_a_learner_may_continue_after_a_plateau():
    learner = Scripted([1.0] * 9, continues=True)
    assert run(learner)[0] is Outcome.OUT_OF_EPOCHS


def test_patience_starts_again_after_a_plateau():
    monitor = Noting()
    run(Scripted([1.0] * 9, continues=True), monitor)
    plateaus = [note for note in monitor.notes if note.startswith("plateau")]
    assert plateaus == ["plateau, continues: True"] * 2  # after 4 epochs and 3 more
    assert monitor.notes[:4] == ["begins", "ended", "begins", "ended"]


def test_the_monitor_is_told_of_the_plateau_that_ends_training():
    monitor = Noting()
    assert run(Scripted([1.0] * 9), monitor)[0] is Outcome.PLATEAU
    assert monitor.notes[-1] == "plateau, continues: False"


def test_a_monitor_may_stop_training():
    learner = Scripted([3, 2, 1, 0.5])
    assert run(learner, Noting(stop_after=2))[0] is Outcome.STOPPED
    assert learner.epochs == 2


def test_training_can_continue_after_it_was_stopped():
    losses = [3, 2, 1.95, 1.94, 1.93, 1]
    learner = Scripted(losses)
    _, best_so_far = run(learner, Noting(stop_after=3))
    outcome, _ = run(learner, best_so_far=best_so_far)
    assert outcome is Outcome.PLATEAU
    assert learner.epochs == 5
    assert set(RESUMABLE) == {Outcome.INTERRUPTED, Outcome.STOPPED}


def test_the_best_so_far_worked_by_hand():
    best_so_far = BestSoFar()
    updates = [best_so_far.update(objective, tol=0.5) for objective in (3.0, 2.5, 2.2, 2.2, 9.0)]
    assert updates == [True, True, True, False, False]
    assert (best_so_far.best, best_so_far.best_epoch) == (2.2, 3)
    assert (best_so_far.n_epochs, best_so_far.n_stalled) == (5, 3)  # 2.5 is 3 - tol, 2.2 is not


def test_an_infinite_objective_is_never_the_best():
    best_so_far = BestSoFar()
    assert not best_so_far.update(np.inf, tol=0.0, keep_last_of_ties=True)
    assert not best_so_far.update(np.nan, tol=0.0, keep_last_of_ties=True)
    assert best_so_far.best_epoch == 0


def test_shuffling_uses_each_sample_once_per_epoch_in_a_new_order():
    learner = Scripted([3, 2, 1])
    run(learner, shuffle=True, max_epochs=3)
    assert all(sorted(order) == [0, 1, 2, 3] for order in learner.orders)
    assert len({tuple(order) for order in learner.orders}) > 1


def test_without_shuffling_the_order_does_not_change():
    learner = Scripted([3, 2, 1])
    run(learner, max_epochs=3)
    assert all(order.tolist() == [0, 1, 2, 3] for order in learner.orders)


def test_shuffled_gives_the_order_of_scikit_learn():
    from sklearn.utils import shuffle

    order = np.arange(10)[::-1]
    ours = shuffled(order, np.random.RandomState(3))
    np.testing.assert_array_equal(ours, shuffle(order, random_state=np.random.RandomState(3)))
