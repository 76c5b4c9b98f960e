"""What if every step may use all samples?

Then the steps can be few and well chosen. L-BFGS remembers how the gradient changed over its last
steps, estimates the curvature of the loss from that, and steps towards the minimum of the
quadratic function with that curvature. On small data it is often the best choice. The method comes
from SciPy; this file provides the loss and its gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from math import inf, isfinite

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from sknn_edu.core.losses import add_l2
from sknn_edu.core.network import Architecture, Network, Parameters, is_weight
from sknn_edu.core.speed.arrays import Array
from sknn_edu.core.speed.mini_batches import MiniBatches
from sknn_edu.core.training import BestSoFar, Monitor, Outcome

ACTIVATIONS_IN_CACHE = 25_000
"""This many activations of a layer stay in the cache between the forward and the backward pass.

OpenBLAS also has faster products for small matrices (``examples/benchmarks``, lbfgs-1thread).
"""


def rows_at_once(architecture: Architecture) -> int:
    """Return how many samples to process at a time."""
    return max(256, ACTIVATIONS_IN_CACHE // max(architecture.layer_sizes))


class MeanLoss:
    """The mean loss of all samples with L2 penalty, and its gradient, as functions of theta.

    The samples are processed in batches whose gradients are added up, so that memory does not
    grow with them.

    Parameters
    ----------
    architecture : Architecture
    parameters : Parameters
        float64; overwritten by each call.
    batches : MiniBatches
    alpha : float
        L2 penalty, see :func:`~.losses.add_l2`.
    total : float or None
        The sum of the weights, if there are more samples than these.
    """

    def __init__(
        self,
        architecture: Architecture,
        parameters: Parameters,
        batches: MiniBatches,
        alpha: float,
        total: float | None = None,
    ) -> None:
        self.architecture, self.parameters, self.batches = architecture, parameters, batches
        self._sum, self._of_batch = parameters.zeros_like(), parameters.zeros_like()
        self._networks: dict[int, Network] = {}
        self._one = np.ones(())
        weight = batches.weight
        if total is None:
            total = float(len(batches.y) if weight is None else weight.sum())
        self._total = total
        self._value = architecture.loss.value
        self._l2 = parameters.per_parameter(is_weight) * (alpha / self._total)

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Return the loss and its gradient (n_parameters,) at theta."""
        self.parameters.theta[:] = theta
        loss, gradient = self.of_samples()
        workspace = self._of_batch.theta
        penalty = add_l2(gradient, self.parameters.theta, self._l2, workspace)
        return loss / self._total + penalty, gradient.copy()

    def of_samples(self) -> tuple[float, Array]:
        """Return the sum of the losses, and the gradient of their mean, both without penalty.

        The next call overwrites the gradient (n_parameters,).
        """
        gradient, of_batch = self._sum.theta, self._of_batch.theta
        gradient[:] = 0
        loss = 0.0
        for batch in chain.from_iterable(samples.batches for samples in self.batches.in_order()):
            network = self._networks.get(batch.n) or self._new_network(batch.n)
            loss += batch.sum(self._value(batch.y, network.forward(batch.X)))
            weight = self._one if batch.weight is None else batch.weight
            network.backward(batch.X, batch.y, weight / self._total)
            gradient += of_batch
        return loss, gradient

    def calls_back(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Return what SciPy calls after each iteration.

        An implementation that waits for others in between may postpone it until :meth:`catch_up`.
        """
        return callback

    def catch_up(self) -> None:
        """Do what has been postponed."""

    def _new_network(self, m: int) -> Network:
        self._networks[m] = Network(self.architecture, self.parameters, self._of_batch, m)
        return self._networks[m]


@dataclass
class LBFGSReport:
    """How L-BFGS ended, and where.

    Attributes
    ----------
    theta : ndarray (n_parameters,)
        The last iterate.
    outcome : Outcome
    n_iter : int
        The number of iterations.
    loss : float
        The mean loss at the last iterate, penalty included.
    message : str
        What SciPy says.
    """

    theta: Array
    outcome: Outcome = Outcome.OUT_OF_EPOCHS
    n_iter: int = 0
    loss: float = inf
    message: str = ""

    def finish(self, result: OptimizeResult) -> None:
        """Adopt SciPy's result, unless we stopped it."""
        if self.outcome in (Outcome.STOPPED, Outcome.PLATEAU):
            return
        self.theta[:] = result.x
        self.n_iter, self.loss, self.message = int(result.nit), float(result.fun), result.message
        if not (isfinite(self.loss) and np.isfinite(self.theta).all()):
            self.outcome = Outcome.DIVERGED
        elif result.status == 0:
            self.outcome = Outcome.PLATEAU


@dataclass(frozen=True)
class LBFGS:
    """Quasi-Newton training on all samples at once, by SciPy's L-BFGS-B.

    It computes in float64 whatever the dtype of the data is, because its line search compares
    losses that differ in late digits.

    Parameters
    ----------
    alpha : float
        L2 penalty, see :func:`~.losses.add_l2`.
    tol : float
        Stop when no entry of the gradient exceeds it.
    ftol : float
        Also stop when an iteration lowers the loss by less than this share of it.
    max_iter, max_fun : int
        The maximum number of iterations, and of evaluations of the loss.
    patience : float
        Also stop after more than this many iterations in a row that do not improve the monitor's
        objective by tol.
    keep_best : bool
        Whether to end with the parameters of the iteration with the best objective, not the last.
    keep_last_of_ties : bool
        Whether the last of several equally good iterations is the best, not the first.

    References
    ----------
    R. Byrd, P. Lu, J. Nocedal, C. Zhu, "A limited memory algorithm for bound constrained
    optimization", SIAM J. Sci. Comput. 16 (1995).
    """

    alpha: float
    tol: float
    ftol: float
    max_iter: int
    max_fun: int
    patience: float = inf
    keep_best: bool = False
    keep_last_of_ties: bool = False

    def train(
        self,
        architecture: Architecture,
        parameters: Parameters,
        batches: MiniBatches,
        monitor: Monitor,
        best_so_far: BestSoFar,
        mean_loss: type[MeanLoss] = MeanLoss,
    ) -> LBFGSReport:
        """Move ``parameters`` (float64) in place to where L-BFGS ends, and update ``best_so_far``.

        A keyboard interrupt ends training at the last iterate.
        """
        objective = mean_loss(architecture, parameters, batches, self.alpha)
        report = LBFGSReport(theta=parameters.theta.copy())
        after_iteration = _AfterIteration(self, parameters, monitor, best_so_far, report)
        monitor.epoch_begins()
        try:
            result = minimize(
                objective,
                report.theta,
                method="L-BFGS-B",
                jac=True,
                callback=objective.calls_back(after_iteration),
                options={
                    "maxiter": self.max_iter,
                    "maxfun": self.max_fun,
                    "gtol": self.tol,
                    "ftol": self.ftol,
                },
            )
            objective.catch_up()
            report.finish(result)
        except StopIteration:
            pass  # it was postponed, so SciPy has not seen it
        except KeyboardInterrupt:
            report.outcome = Outcome.INTERRUPTED
        best = best_so_far.best_parameters
        parameters.theta[:] = report.theta if best is None else best
        return report


@dataclass
class _AfterIteration:
    """What happens after each iteration of SciPy's method; StopIteration ends it."""

    method: LBFGS
    parameters: Parameters
    monitor: Monitor
    best_so_far: BestSoFar
    report: LBFGSReport = field(repr=False)

    def __call__(self, intermediate_result: OptimizeResult) -> None:
        method, monitor, report = self.method, self.monitor, self.report
        self.parameters.theta[:] = report.theta[:] = intermediate_result.x
        report.n_iter += 1
        report.loss = float(intermediate_result.fun)
        objective = monitor.epoch_ended(report.loss)
        is_best = self.best_so_far.update(objective, method.tol, method.keep_last_of_ties)
        if is_best and method.keep_best:
            self.best_so_far.best_parameters = report.theta.copy()
        if monitor.wants_stop:
            report.outcome = Outcome.STOPPED
            raise StopIteration
        if self.best_so_far.n_stalled > method.patience:
            monitor.plateau_reached(continues=False)
            report.outcome = Outcome.PLATEAU
            raise StopIteration
        monitor.epoch_begins()
