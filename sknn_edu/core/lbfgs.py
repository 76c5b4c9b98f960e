"""Chapter 11: what if every step may look at all the samples?

Then the steps can be few and clever. L-BFGS remembers how the slope changed over its last steps,
guesses from that how the valley bends, and leaps towards the bottom of the bend. On small data it
is often the best there is. It comes from SciPy; this chapter only hands it the loss and the slope.
"""

from dataclasses import dataclass
from itertools import chain
from math import inf, isfinite

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from sknn_edu.core._arrays import Array
from sknn_edu.core._mini_batches import MiniBatches
from sknn_edu.core.network import Pass, add_l2
from sknn_edu.core.parameters import Network, Parameters, is_weight
from sknn_edu.core.training import Monitor, Outcome, Patience

IN_CACHE = 25_000
"""So many activations of a layer stay in the cache from the way up to the way down.

OpenBLAS also has faster products for small matrices (``examples/benchmarks``, lbfgs-1thread).
"""


@dataclass
class LBFGSReport:
    """How L-BFGS ended, and where."""

    x: Array
    outcome: Outcome = Outcome.OUT_OF_EPOCHS
    n_iter: int = 0
    loss: float = inf
    message: str = ""

    def finish(self, result: OptimizeResult) -> None:
        """Take over SciPy's verdict, unless it was ours."""
        if self.outcome in (Outcome.STOPPED, Outcome.PLATEAU):
            return
        self.x[:] = result.x
        self.n_iter, self.loss, self.message = int(result.nit), float(result.fun), result.message
        if not (isfinite(self.loss) and np.isfinite(self.x).all()):
            self.outcome = Outcome.DIVERGED
        elif result.status == 0:
            self.outcome = Outcome.PLATEAU


@dataclass(frozen=True)
class LBFGS:
    """Quasi-Newton training on all samples at once, by SciPy's L-BFGS-B.

    It computes in float64 whatever the dtype of the data, because its line search compares losses
    that differ in late digits. Samples are walked over in batches whose gradients are added up, so
    memory does not grow with them.

    Parameters
    ----------
    alpha : float
        L2 penalty, see :func:`~.network.add_l2`.
    tol : float
        Stop when no entry of the gradient exceeds it.
    ftol : float
        Stop, too, when an iteration lowers the loss by less than this share of it.
    max_iter, max_fun : int
        At most this many iterations, and evaluations of the loss.
    patience : float
        Stop, too, after more than so many iterations in a row that do not improve what the monitor
        wants by tol.
    keep_best : bool
        End with the parameters of the iteration that the monitor liked best, not of the last.
    prefers_last : bool
        Of several iterations that are equally good the last is the best, not the first.

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
    prefers_last: bool = False

    def rows_at_once(self, network: Network) -> int:
        """Return how many samples there had best be in a batch."""
        return max(256, IN_CACHE // max(network.layer_sizes))

    def train(
        self,
        network: Network,
        parameters: Parameters,
        batches: MiniBatches,
        monitor: Monitor,
        patience: Patience,
    ) -> LBFGSReport:
        """Move ``parameters`` (float64) in place to where L-BFGS ends, and ``patience`` on."""
        gradient, gradient_of_some = network.parameters(np.float64), network.parameters(np.float64)
        passes: dict[int, Pass] = {}
        one = np.ones(())
        total = float(len(batches.y) if batches.weight is None else batches.weight.sum())
        strengths = network.each(is_weight, np.float64) * (self.alpha / total)
        report = LBFGSReport(x=parameters.theta.copy())

        def mean_loss_and_gradient(theta: Array) -> tuple[float, Array]:
            parameters.theta[:] = theta
            gradient.theta[:] = 0
            loss = 0.0
            for batch in chain.from_iterable(samples.batches for samples in batches.in_order()):
                if batch.n not in passes:
                    passes[batch.n] = Pass(network, parameters, gradient_of_some, batch.n)
                work = passes[batch.n]
                loss += batch.sum(network.loss.value(batch.y, work.forward(batch.X)))
                weight = one if batch.weight is None else batch.weight
                work.backward(batch.X, batch.y, weight / total)
                gradient.theta += gradient_of_some.theta
            slope = gradient_of_some.theta  # has served its purpose
            penalty = add_l2(gradient.theta, parameters.theta, strengths, slope)
            return loss / total + penalty, gradient.theta.copy()

        def iteration_ended(intermediate_result: OptimizeResult) -> None:
            parameters.theta[:] = report.x[:] = intermediate_result.x
            report.n_iter += 1
            report.loss = float(intermediate_result.fun)
            objective = monitor.epoch_ended(report.loss)
            is_best = patience.judge(objective, self.tol, self.prefers_last)
            if is_best and self.keep_best:
                patience.keepsake = report.x.copy()
            if monitor.wants_stop:
                report.outcome = Outcome.STOPPED
                raise StopIteration
            if patience.n_stalled > self.patience:
                monitor.plateau_reached(goes_on=False)
                report.outcome = Outcome.PLATEAU
                raise StopIteration
            monitor.epoch_begins()

        monitor.epoch_begins()
        try:
            result = minimize(
                mean_loss_and_gradient,
                report.x,
                method="L-BFGS-B",
                jac=True,
                callback=iteration_ended,
                options={
                    "maxiter": self.max_iter,
                    "maxfun": self.max_fun,
                    "gtol": self.tol,
                    "ftol": self.ftol,
                },
            )
            report.finish(result)
        except KeyboardInterrupt:
            report.outcome = Outcome.INTERRUPTED
        kept = patience.keepsake
        parameters.theta[:] = report.x if kept is None else kept
        return report
