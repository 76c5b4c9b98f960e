"""Convert the state of a fit to arrays and JSON, and back.

:func:`unpack` checks everything it reads before it changes the estimator, and refuses a state that
no fit can have: computing with wrong shapes or counts might never end, or crash Python.
"""

import json
from dataclasses import fields
from itertools import pairwise
from math import isfinite, isnan, prod

import numpy as np

from sknn_edu.core.optimizers import OptimizerState
from sknn_edu.core.training import BestSoFar
from sknn_edu.fitting.checkpoint_file import FORMAT
from sknn_edu.fitting.estimator import package_version
from sknn_edu.fitting.history import CURVES, continued_curves, record
from sknn_edu.fitting.training_state import TrainingState

BEST_SO_FAR = ("best", "best_epoch", "n_epochs", "n_stalled")
OPTIMIZER = tuple(f.name for f in fields(OptimizerState) if f.name != "vectors")
"""The fields of BestSoFar and of OptimizerState that are numbers."""

FACTS = {
    "format", "version", "estimator", "parameters", "plan", "target_kind", "targets", "curves",
    "optimizer", "best_so_far", "rng", "dropout_rng", "depends_on_n_epochs", "eta_0", "n_samples",
    "has_validation_set", "checksum",
}  # fmt: skip
"""The names of all facts."""

UINT32, UINT64, UINT128 = 2**32, 2**64, 2**128
GENERATORS = {
    "MT19937": {"state": {"key": (624, UINT32), "pos": 625}},
    "PCG64": {"state": {"state": UINT128, "inc": UINT128}, "has_uint32": 2, "uinteger": UINT32},
    "PCG64DXSM": {"state": {"state": UINT128, "inc": UINT128}, "has_uint32": 2, "uinteger": UINT32},
    "Philox": {
        "state": {"counter": (4, UINT64), "key": (2, UINT64)},
        "buffer": (4, UINT64),
        "buffer_pos": 5,
        "has_uint32": 2,
        "uinteger": UINT32,
    },
    "SFC64": {"state": {"state": (4, UINT64)}, "has_uint32": 2, "uinteger": UINT32},
}
"""The form of the states of NumPy's random generators.

n stands for an int in [0, n), and (k, n) for a list of k such ints.
"""

COUNTS = 2**53
"""All counts must be smaller than this, so that floats represent them exactly."""


# -- packing -----------------------------------------------------------------------------------


def pack(estimator, parameters, run, checksum_of_data):
    """Return the state of a running fit as JSON and arrays.

    Parameters
    ----------
    estimator : Trainable
    parameters : dict of str to str
        The parameters of the estimator as text.
    run : RunningFit
    checksum_of_data : int

    Returns
    -------
    facts : str
        JSON.
    arrays : dict of str to ndarray
        Arrays of numbers or strings.
    """
    state, plan = run.state, estimator._plan
    optimizer, best = state.optimizer_state, state.best_so_far
    target_arrays, target_numbers = pack_targets(plan.targets)
    facts = {
        "format": FORMAT,
        "version": package_version(),
        "estimator": class_name(estimator),
        "parameters": parameters,
        "plan": plan.found_in_samples(),
        "target_kind": plan.targets.name,
        "targets": target_numbers,
        "curves": continued_curves(estimator, run.history, run.continuing),
        "optimizer": {name: getattr(optimizer, name) for name in OPTIMIZER},
        "best_so_far": {name: getattr(best, name) for name in BEST_SO_FAR},
        "rng": state.rng.get_state(legacy=False),
        "dropout_rng": state.dropout_rng and state.dropout_rng.bit_generator.state,
        "depends_on_n_epochs": run.learner.depends_on_n_epochs,
        "eta_0": state.eta_0,
        "n_samples": state.n_samples,
        "has_validation_set": state.stopping_rule[-1],
        "checksum": checksum_of_data,
    }
    facts = json.dumps(facts, default=lambda value: value.tolist())  # NumPy's arrays and scalars
    arrays = {**arrays_of(estimator, run), **target_arrays}
    return facts, {name: without_objects(name, array) for name, array in arrays.items()}


def arrays_of(estimator, run):
    """Return the arrays of a running fit, by their names in the file."""
    state = run.state
    arrays = {
        "theta": run.parameters.theta,
        "order": state.order,
        "held_out": state.held_out,
        "best_parameters": state.best_so_far.best_parameters,
        "feature_names": getattr(estimator, "feature_names_in_", None),
        **arrays_by_number("vector", state.optimizer_state.vectors),
    }
    return {name: array for name, array in arrays.items() if array is not None}


def class_name(estimator):
    """Return the names of the package and the class of an estimator, such as 'package.Class'."""
    return f"{type(estimator).__module__.split('.')[0]}.{type(estimator).__name__}"


def pack_targets(targets):
    """Return what the targets have learned: the arrays and the numbers.

    Both are dicts; the keys of the arrays are their names in the file.
    """
    arrays, numbers = {}, {}
    for name in targets.learned:
        value = getattr(targets, name)
        if isinstance(value, np.ndarray):
            arrays[f"targets_{name}"] = value
        elif isinstance(value, list):
            arrays |= arrays_by_number(f"targets_{name}", value)
        else:
            numbers[name] = value
    return arrays, numbers


def arrays_by_number(name, arrays):
    """Return a dict of the arrays whose keys are the name with a number: ``{name}_{k}``."""
    return {f"{name}_{k}": array for k, array in enumerate(arrays)}


def without_objects(name, array):
    """Return the array in a dtype that can be written without pickle."""
    if array.dtype != object:
        return array
    if all(isinstance(value, str) for value in array):
        return array.astype(str)
    raise ValueError(
        f"In a checkpoint, {name} must be numbers or strings; got objects: {array[:3]}. Convert "
        "them to numbers or strings before fit."
    )


# -- unpacking ---------------------------------------------------------------------------------


def unpack(estimator, facts, arrays):
    """Load the state of a fit into an estimator.

    Parameters
    ----------
    estimator : Trainable
        An estimator of the class and with the parameters in the facts; changed in place.
    facts : dict
    arrays : dict of str to ndarray
        All entries are removed; the estimator may keep the arrays.

    Raises
    ------
    ValueError
        If no fit can have this state.
    """
    require(set(facts) == FACTS, "the names of the facts")
    theta = arrays.pop("theta")
    require(theta.dtype in (np.float32, np.float64) and theta.ndim == 1, "theta")
    if estimator.dtype != "auto":
        require(theta.dtype == estimator.dtype, "the dtype of theta")
    plan = unpack_plan(estimator, facts, arrays, theta.size)
    architecture = plan.architecture
    n_parameters = sum(prod(spec.shape) for group in architecture.specs() for spec in group)
    require_vector("theta", theta, n_parameters, theta.dtype)
    state = unpack_state(estimator, facts, arrays, theta)
    names = arrays.pop("feature_names", None)
    require(not arrays, f"the entries {', '.join(arrays)}")
    curves = unpack_curves(facts["curves"], state.best_so_far.n_epochs)

    parameters = architecture.parameters(theta.dtype)
    parameters.theta[:] = theta
    vars(estimator).pop("feature_names_in_", None)
    if names is not None:
        require(names.shape == (plan.n_features,) and names.dtype.kind == "U", "feature_names")
        estimator.feature_names_in_ = names.astype(object)
    estimator.n_features_in_, estimator._plan = plan.n_features, plan
    vars(estimator).update(estimator._model_attributes(architecture, parameters))
    estimator._training_state, best = state, state.best_so_far
    n_seen, steers = state.optimizer_state.n_seen, bool(estimator.early_stopping)
    record(estimator, curves, n_seen, best.n_epochs, best, steers)


def unpack_plan(estimator, facts, arrays, n_parameters):
    """Return the plan of the network; refuse sizes larger than the number of parameters."""
    found = facts["plan"]
    n_features, columns, groups = (found[name] for name in FOUND)
    require(is_int(n_features, n_parameters), "n_features")
    bounds = [*columns, n_features]
    require(all(is_int(j, n_features) for j in columns) and is_rising(bounds), "embedded_columns")
    ends = [end for group in groups for end in group]
    require(all(is_int(end, n_parameters + 1) for end in ends), "category_groups")
    require(all(len(g) == 2 and g[0] < g[1] for g in groups), "category_groups")
    require(all(a[1] <= b[0] for a, b in pairwise(groups)), "category_groups")
    targets = estimator._restore_targets(facts["target_kind"], unpack_targets(facts, arrays))
    require(is_int(targets.n_outputs, n_parameters), "n_outputs")
    found = {FOUND[0]: n_features, FOUND[1]: tuple(columns), FOUND[2]: tuple(map(tuple, groups))}
    plan = estimator._plan_with(found, targets)
    require(not columns or plan.number_embedding is not None, "embedded_columns")
    require(not groups or plan.category_embedding is not None, "category_groups")
    require(not groups or groups[-1][1] <= plan.architecture.layer_sizes[0], "category_groups")
    return plan


FOUND = ("n_features", "embedded_columns", "category_groups")
"""The attributes of a plan that were found in the samples."""


def unpack_targets(facts, arrays):
    """Return what the targets have learned, given the results of :func:`pack_targets`."""
    prefix, learned = "targets_", dict(facts["targets"])
    for name in [name for name in arrays if name.startswith(prefix)]:
        learned[name.removeprefix(prefix)] = arrays.pop(name)
    columns = []
    while (name := f"classes_{len(columns)}") in learned:
        columns.append(learned.pop(name))
    return {**learned, "classes": columns} if columns else learned


def unpack_state(estimator, facts, arrays, theta):
    """Return the checked state of training."""
    require_counts(facts)
    counts, has_validation_set = facts["best_so_far"], facts["has_validation_set"]
    vectors = [arrays.pop(f"vector_{k}") for k in range(estimator._optimizer().n_vectors)]
    best_parameters = None
    if estimator.early_stopping and counts["best_epoch"] > 0:
        best_parameters = arrays.pop("best_parameters")
    for vector in (*vectors, *([] if best_parameters is None else [best_parameters])):
        require_vector("a vector", vector, theta.size, theta.dtype)
    order, held_out = arrays.pop("order"), None
    if estimator.early_stopping and not has_validation_set:
        held_out = arrays.pop("held_out")
    require_rows(order, held_out, facts["n_samples"])
    return TrainingState(
        solver=estimator.solver,
        n_samples=facts["n_samples"],
        rng=random_state_of(facts["rng"]),
        eta_0=facts["eta_0"],
        optimizer_state=OptimizerState(vectors, **facts["optimizer"]),
        best_so_far=BestSoFar(**counts, best_parameters=best_parameters),
        dropout_rng=generator_of(facts["dropout_rng"]),
        stopping_rule=(estimator.early_stopping, estimator.scoring, has_validation_set),
        order=order,
        held_out=held_out,
        theta=theta,
        checksum=facts["checksum"],
    )


def unpack_curves(curves, n_epochs):
    """Return the curves; refuse curves with fewer entries than epochs."""
    require(set(curves) == set(CURVES), "the curves")
    losses, validation_losses, scores, rates = (curves[name] for name in CURVES)
    require(len(losses) == len(rates) >= n_epochs, "the curves")
    require((scores is None) == (validation_losses is None), "the curves of validation")
    if scores is not None:
        require(len(scores) == len(validation_losses) <= len(losses), "the curves of validation")
    for curve in (losses, rates, scores or [], validation_losses or []):
        require(isinstance(curve, list) and all(map(is_float, curve)), "the curves")
    return curves


def random_state_of(state):
    """Return a RandomState with this state."""
    state = dict(state)
    gauss = {name: state.pop(name) for name in ("has_gauss", "gauss")}
    require(is_int(gauss["has_gauss"], 2) and is_float(gauss["gauss"]), "the random numbers")
    require(isfinite(gauss["gauss"]), "the random numbers")
    rng = np.random.RandomState(bit_generator_in(state))
    rng.set_state({**rng.get_state(legacy=False), **gauss})
    return rng


def generator_of(state):
    """Return a Generator with this state, or None if the state is None."""
    return None if state is None else np.random.Generator(bit_generator_in(state))


def bit_generator_in(state):
    """Return one of NumPy's bit generators with this state."""
    name, state = state["bit_generator"], dict(state)
    del state["bit_generator"]
    require(name in GENERATORS and has_form(state, GENERATORS[name]), "the random numbers")
    if name.startswith("PCG64"):
        # with an even increment the sequence of random numbers could be constant
        require(state["state"]["inc"] % 2 == 1, "the random numbers")
    generator = getattr(np.random, name)(0)
    generator.state = {"bit_generator": name, **as_arrays(state)}
    return generator


def has_form(value, form):
    """Return whether a state has the form that :data:`GENERATORS` describes."""
    if isinstance(form, dict):
        is_dict = isinstance(value, dict) and set(value) == set(form)
        return is_dict and all(has_form(value[name], form[name]) for name in form)
    if isinstance(form, tuple):
        length, stop = form
        is_list = isinstance(value, list) and len(value) == length
        return is_list and all(is_int(number, stop) for number in value)
    return is_int(value, form)


def as_arrays(value):
    """Return a state in which all lists are converted to arrays."""
    if isinstance(value, dict):
        return {name: as_arrays(part) for name, part in value.items()}
    return np.array(value, np.uint64) if isinstance(value, list) else value


# -- requirements ------------------------------------------------------------------------------


def require(condition, what):
    """Raise a ValueError that names the wrong part of a state, unless the condition holds."""
    if not condition:
        raise ValueError(f"no fit can have these values: {what}")


def require_counts(facts):
    """Refuse counts of epochs, steps or samples, and learning rates, that no fit can have."""
    counts, optimizer = facts["best_so_far"], facts["optimizer"]
    require(set(counts) == set(BEST_SO_FAR) and set(optimizer) == set(OPTIMIZER), "the counts")
    n_epochs, best = counts["n_epochs"], counts["best"]
    require(is_int(n_epochs, COUNTS) and n_epochs > 0, "n_epochs")
    require(all(is_int(counts[n], n_epochs + 1) for n in ("best_epoch", "n_stalled")), "the epochs")
    require(is_float(best) and not isnan(best), "best")
    require(all(is_int(optimizer[name], COUNTS) for name in ("t", "n_seen", "n_epochs")), "steps")
    for rate in (optimizer["eta"], optimizer["rate"], facts["eta_0"]):
        require(is_float(rate) and 0 <= rate < np.inf, "the learning rate")
    require(is_int(facts["n_samples"], COUNTS), "n_samples")
    require(is_int(facts["checksum"], UINT32), "the checksum")
    require(isinstance(facts["has_validation_set"], bool), "has_validation_set")


def require_vector(name, vector, size, dtype):
    """Refuse a vector of another size or dtype, or with numbers that are not finite."""
    require(vector.shape == (size,) and vector.dtype == dtype, name)
    require(np.isfinite(vector).all(), name)


def require_rows(order, held_out, n_samples):
    """Refuse rows that are out of range or occur twice.

    Without held-out rows, all rows must be present.
    """
    rows = order if held_out is None else np.concatenate([order, held_out])
    require(rows.dtype == np.intp and rows.ndim == 1 and order.size > 0, "the rows")
    require(held_out is None or held_out.size > 1, "the rows that are held out")
    require(rows.size <= n_samples and (held_out is not None or rows.size == n_samples), "the rows")
    rows = np.sort(rows)
    is_rising_in_range = rows[0] >= 0 and rows[-1] < n_samples and (np.diff(rows) > 0).all()
    require(is_rising_in_range, "the rows")


def is_int(value, stop):
    """Return whether a value is an int in [0, stop)."""
    return type(value) is int and 0 <= value < stop


def is_float(value):
    """Return whether a value is a float."""
    return type(value) is float


def is_rising(values):
    """Return whether each value is larger than the previous one."""
    return all(a < b for a, b in pairwise(values))
