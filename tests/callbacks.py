"""Callbacks in scikit-learn's protocol that several tests use."""


class Quiet:
    """A callback that does nothing."""

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        pass


class StopAfter(Quiet):
    """A callback that stops the fit after some epochs."""

    def __init__(self, n):
        self.left = n

    def on_fit_task_end(self, estimator, context):
        self.left -= context.task_name == "epoch"
        return self.left == 0
