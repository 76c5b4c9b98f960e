"""Continue from the weights of a fitted estimator, and from the state of an earlier fit."""

from itertools import chain, pairwise
from math import sqrt

import numpy as np

from sknn_edu.fitting.training_state import check_rows, checksum


def resumable_state(estimator, arrays, rule, incremental):
    """Return the training state after the last call, or None if training cannot continue from it.

    partial_fit continues the last partial_fit, or a fit that was stopped. fit continues a fit that
    was stopped if the number of samples and the stopping rule are the same.
    """
    state = getattr(estimator, "_training_state", None)
    if state is None or state.solver != estimator.solver:
        return None  # a different solver starts over
    if state.checksum is not None and state.checksum != checksum(*arrays):
        raise ValueError(
            "The checkpoint was written by a fit with other samples, targets or weights, or with "
            "the same data in another dtype. Call fit with the same data to continue, or start "
            "over without restoring the checkpoint."
        )
    if state.checksum is not None and state.held_out is not None:
        check_rows(state, arrays[2])
    n_samples = arrays[0].shape[0]
    same = state.order is not None and state.n_samples == n_samples and state.stopping_rule == rule
    return state if incremental or same else None


def load_parameters(estimator, architecture, parameters):
    """Overwrite the parameters with those of a fitted estimator."""
    weights, biases = estimator._weights_and_biases()
    fitted, expected = [W.shape for W in weights], list(pairwise(architecture.layer_sizes))
    if fitted != expected:
        raise ValueError(
            f"The fitted weights have the shapes {fitted}, but hidden_layer_sizes and the data "
            f"require {expected}. warm_start and partial_fit continue with the same network: "
            "restore hidden_layer_sizes, or start over with warm_start=False or clone(estimator)."
        )
    of_activations, of_inputs = estimator._extra_parameters(architecture)
    if len(of_inputs) != len(parameters.of_inputs):
        raise ValueError(
            "Weights that were set by hand have no feature scales or embeddings, so training can "
            "only continue with feature_scale=False, number_embedding=None and "
            "category_embedding=None. Set these parameters."
        )
    first, *others = weights
    if of_inputs:
        first = architecture.inputs.decompose(first, of_inputs)
    fill_parameters(parameters, [first, *others], biases, of_activations, of_inputs)
    if of_inputs:
        check_first_weights(architecture, parameters, weights[0])


def fill_parameters(parameters, weights, biases, of_activations, of_inputs):
    """Overwrite the parameters with arrays of the same shapes."""
    values = [*weights, *biases, *chain.from_iterable(of_activations), *of_inputs]
    slots = [*parameters.weights, *parameters.biases]
    slots += [*chain.from_iterable(parameters.of_activations), *parameters.of_inputs]
    for slot, value in zip(slots, values, strict=True):
        slot[...] = value


def check_first_weights(architecture, parameters, W):
    """Refuse first-layer weights that cannot be computed from the other fitted parameters."""
    difference = np.abs(architecture.fitted_weights(parameters)[0] - W).max()
    dtypes = np.result_type(W, np.float32), parameters.theta.dtype
    if not difference <= sqrt(max(np.finfo(dtype).eps for dtype in dtypes)) * np.abs(W).max():
        raise ValueError(
            "coefs_[0] was replaced by weights that no network with these feature_scale_ and "
            "category_vectors_ can have, so training cannot continue from them. Restore coefs_[0], "
            "or train a network with feature_scale=False and category_embedding=None."
        )
