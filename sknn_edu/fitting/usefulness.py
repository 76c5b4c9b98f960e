"""Is a trained network better than a constant?

If the loss of a network on the training samples, without penalty, dropout and label smoothing, is
not below that of the best constant output, the network has learned nothing from the features. The
user is warned of this, unless the features contain nothing to learn: there is a warning only if the
ranks of some feature, or of the product of two features, are correlated with the ranks of a target
more strongly than chance would explain.
"""

import numpy as np
from scipy.sparse import issparse
from scipy.stats import rankdata

from sknn_edu.core.speed.mini_batches import fill_targets
from sknn_edu.core.training import Outcome
from sknn_edu.fitting.remote import is_remote, output_sums_of, to_local

SLACK = 1e-4
"""The loss must be lower than that of the constant by this share of it."""

N_PERMUTATIONS = 99
"""The probability of a warning when there is nothing to learn is at most 1 / (1 + this)."""

MAX_ROWS, MAX_COLUMNS, MAX_FACTORS = 1000, 2000, 20
"""The largest numbers of samples, of features, and of features whose products are tested."""

SCORED_AT_ONCE = 4096

LEARNED_NOTHING = (
    "The network is no better than a constant: its mean loss on the training samples, "
    "{reached:.4g} without penalty, is not below that of a constant prediction, {constant:.4g}. "
    "Try these remedies in order: {remedies}."
)

DIVERGED_AT_ONCE = "Training diverged, and no earlier epoch gave a useful model. "


def learned_nothing(estimator, run, outcome):
    """Return the text of a warning if the network is no better than a constant, else None.

    The loss on all samples is computed only if the loss curve does not settle the question.

    Parameters
    ----------
    estimator : Trainable
        The estimator with the curves of the fit.
    run : RunningFit
        The fit after training.
    outcome : Outcome

    Returns
    -------
    message : str or None
    """
    constant, has_diverged = constant_loss(run), outcome is Outcome.DIVERGED
    if not constant or (is_clearly_better(estimator, constant) and not has_diverged):
        return None
    reached = data_loss(run)
    if reached < constant * (1 - SLACK) or not has_something_to_learn(run):
        return None
    remedies = "; ".join(remedies_for(estimator, run))
    what = DIVERGED_AT_ONCE if has_diverged else ""
    return what + LEARNED_NOTHING.format(reached=reached, constant=constant, remedies=remedies)


def is_clearly_better(estimator, constant):
    """Return whether the loss curve ends below the constant's loss by more than it fluctuates."""
    losses = estimator.loss_curve_
    if estimator.best_loss_ is None:  # the weights are those of the best epoch
        losses = losses[: estimator.best_epoch_ + 1]
    losses = losses[-3:]
    return bool(losses) and losses[-1] + np.ptp(losses) < constant * (1 - SLACK)


def constant_loss(run):
    """Return the mean loss of the best constant output, or None for a custom loss."""
    loss = run.architecture.loss
    if loss.best_constant is None:
        return None
    y, share = distinct_targets(run)
    best, total = loss.best_constant(y, share)[:, np.newaxis], 0.0
    for start in range(0, share.size, SCORED_AT_ONCE):
        some = slice(start, start + SCORED_AT_ONCE)
        outputs = np.repeat(best, share[some].size, axis=1)
        total += float(loss.value(y[:, some], outputs) @ share[some])
    return total


def distinct_targets(run):
    """Return targets (n_outputs, m) and their shares of the total weight (m,).

    For classes there is one column per class; for other targets one per sample.
    """
    y, share = run.data.y[run.state.order], shares(run)
    n_outputs = run.architecture.layer_sizes[-1]
    if y.dtype.kind == "i" and y.ndim == 1:
        y, share = np.arange(n_outputs), np.bincount(y, share, n_outputs)
    targets = np.empty((n_outputs, len(y)))
    fill_targets(targets, y)
    return targets, share


def shares(run):
    """Return the share of each training sample in the total weight."""
    weight, rows = run.data.weight, run.state.order
    if weight is None:
        return np.full(rows.size, 1 / rows.size)
    weight = weight[rows].astype(float)
    return weight / weight.sum()


def data_loss(run):
    """Return the mean loss of the network on the training samples, without penalty."""
    total, rows, share, loss = 0.0, run.state.order, shares(run), run.architecture.loss
    at_once = rows.size if is_remote(run.data.X) else SCORED_AT_ONCE
    for start in range(0, rows.size, at_once):
        some = slice(start, start + at_once)
        z = output_sums_of(run.architecture, run.parameters, run.data.X[rows[some]])
        a = np.array(z.T, order="C")
        y = np.empty_like(a)
        fill_targets(y, run.data.y[rows[some]])
        loss.activate(a)
        total += float(loss.value(y, a) @ share[some])
    return total


def has_something_to_learn(run):
    """Return whether a feature, or a product of two features, is related to a target.

    This is a permutation test. Rank correlation (Spearman 1904) detects any increasing or
    decreasing relation. The largest absolute rank correlation is compared with the largest one
    after the targets have been shuffled together with their weights. The test is exact for any
    number of samples, rare values and ties.
    """
    rows = run.state.order
    picked = np.linspace(0, rows.size - 1, min(rows.size, MAX_ROWS)).astype(int)
    share = shares(run)[picked]
    if not share.any():
        return False
    share, equal = share / share.sum(), np.full(picked.size, 1 / picked.size)
    features = centred_ranks(some_columns(to_local(run.data.X[rows[picked]])), equal)
    first, second = np.triu_indices(min(features.shape[1], MAX_FACTORS))
    products = standardised(features[:, first] * features[:, second], equal)
    features = np.hstack([features, products]).T
    targets = np.empty((run.architecture.layer_sizes[-1], picked.size))
    fill_targets(targets, run.data.y[rows[picked]])
    targets = centred_ranks(targets.T, share) * share[:, np.newaxis]
    largest, rng = np.abs(features @ targets).max(), np.random.default_rng(0)
    if picked.size < 6:  # 5 samples have only 120 permutations, so only accept a perfect relation
        return picked.size > 2 and bool(largest > 1 - 1e-9)
    return all(
        np.abs(features @ rng.permutation(targets)).max() < largest * (1 - 1e-9)
        for _ in range(N_PERMUTATIONS)
    )


def some_columns(X):
    """Return at most ``MAX_COLUMNS`` columns of X as a dense array."""
    columns = np.linspace(0, X.shape[1] - 1, min(X.shape[1], MAX_COLUMNS)).astype(int)
    X = X[:, columns]
    return X.toarray() if issparse(X) else X


def centred_ranks(columns, share):
    """Return the ranks of the values in each column, with mean 0 and standard deviation 1."""
    return standardised(rankdata(columns, axis=0), share)


def standardised(columns, share):
    """Return columns with weighted mean 0 and standard deviation 1; constant columns become 0."""
    centred = columns - share @ columns
    deviation = np.sqrt(share @ centred**2)
    return np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 1e-12)


def remedies_for(estimator, run):
    """Yield remedies, the most promising one first."""
    yield "scale the features, for example with StandardScaler"
    if getattr(estimator, "scale_target", True) is False:
        yield "set scale_target=True"
    if run.learner is not None:
        rate = run.learner.eta_0
        yield f"lower learning_rate_init (now {rate}), or raise it if the loss fell too slowly"
    if hasattr(estimator, "activation"):
        yield f"choose another activation (now {estimator.activation!r})"
    if estimator.alpha > run.state.order.size / 100:
        yield f"lower alpha (now {estimator.alpha})"
    losses = estimator.loss_curve_
    is_falling = len(losses) < 2 or losses[-1] < losses[-2]
    if estimator.n_iter_ >= estimator.max_iter and is_falling:
        yield f"increase max_iter (now {estimator.max_iter}, which was reached)"
