"""The plan of a network: its targets, layers and inputs, in plain values.

A fitted estimator keeps one. The :class:`~sknn_edu.core.network.Architecture` that the engine works
with follows from it; saved estimators and checkpoints contain the plan, because plain values need
no trust.
"""

from dataclasses import asdict, dataclass, fields
from functools import cached_property, partial
from typing import Any

import numpy as np

from sknn_edu.core.activations import Activation
from sknn_edu.core.beyond.factored_weights import (
    CountsOfOnes,
    FactoredWeights,
    count_ones,
    find_one_hot_groups,
    one_hot_runs,
)
from sknn_edu.core.beyond.number_embedding import (
    EmbeddedNumbers,
    Waves,
    chosen_columns,
    columns_to_embed,
    has_two_values,
)
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.network import DENSE, Architecture
from sknn_edu.estimators.real_targets import REGRESSION_KINDS
from sknn_edu.estimators.targets import CLASSIFICATION_KINDS, SINGLE_LAYER_KINDS
from sknn_edu.fitting.remote import is_remote


@dataclass(frozen=True, eq=False)
class NetworkPlan:
    """The plan of a network.

    Parameters
    ----------
    targets : Targets
    n_features : int
    hidden_layer_sizes : tuple of int
    activations : tuple of str or Activation
        One for each hidden layer.
    feature_scale : bool
        Whether the first layer learns a scale for each input.
    category_embedding : int or None
        The number of dimensions of a category's vectors.
    number_embedding : Waves or None
    embedded_columns : tuple of int
        The features that are embedded.
    category_groups : tuple of (int, int)
        Start and stop of the inputs that are the levels of one category.

    """

    targets: Any
    n_features: int
    hidden_layer_sizes: tuple[int, ...] = ()
    activations: tuple[str | Activation, ...] = ()
    feature_scale: bool = False
    category_embedding: int | None = None
    number_embedding: Waves | None = None
    embedded_columns: tuple[int, ...] = ()
    category_groups: tuple[tuple[int, int], ...] = ()

    def options(self) -> dict[str, Any]:
        """Return the fields that must not change when training continues."""
        names = "feature_scale", "category_embedding", "number_embedding"
        return {name: getattr(self, name) for name in names}

    def found_in_samples(self) -> dict[str, Any]:
        """Return the fields that were found in the training samples."""
        names = "n_features", "embedded_columns", "category_groups"
        return {name: getattr(self, name) for name in names}

    @cached_property
    def architecture(self) -> Architecture:
        """The layers as the engine needs them."""
        n_inputs, inputs = self.n_features, DENSE
        if self.embedded_columns:
            inputs = EmbeddedNumbers(n_inputs, self.embedded_columns, self.number_embedding)
            n_inputs = inputs.n_inputs
        if self.feature_scale or self.category_groups:
            dimensions = self.category_embedding or 0
            groups = self.category_groups
            inputs = FactoredWeights(n_inputs, self.feature_scale, groups, dimensions, inputs)
        return Architecture(
            (n_inputs, *self.hidden_layer_sizes, self.targets.n_outputs),
            tuple(ALL_ACTIVATIONS[g] if isinstance(g, str) else g for g in self.activations),
            self.targets.loss(),
            inputs,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        waves = self.number_embedding
        values["targets"] = self.targets.to_dict()
        values["number_embedding"] = None if waves is None else asdict(waves)
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "NetworkPlan":
        """Return the plan that :meth:`to_dict` describes."""
        if unknown := set(values) - {field.name for field in fields(cls)}:
            raise ValueError(
                f"The estimator was saved with a plan that has {', '.join(sorted(unknown))}, which "
                "this version does not know. Load it with the version that saved it."
            )
        waves = values["number_embedding"]
        return cls(
            **values
            | {
                "targets": targets_from_dict(values["targets"]),
                "number_embedding": None if waves is None else Waves(**waves),
            }
        )


def find_structure(X, number_embedding, category_embedding):
    """Return which features of X to embed, and which of its columns form a category.

    Parameters
    ----------
    X : ndarray or RemoteSamples (n_samples, n_features)
    number_embedding : Waves or None
    category_embedding : int or None

    Returns
    -------
    found : dict
        The fields of a :class:`NetworkPlan` that depend on the samples.
    """
    columns, groups = (), ()
    if number_embedding is not None:
        if is_remote(X):
            low, high = X.column_range()
            two = X.per_block(partial(has_two_values, low=low, high=high))
            columns = chosen_columns(~np.all(two, axis=0), number_embedding)
        else:
            columns = columns_to_embed(X, number_embedding)
    if category_embedding is not None:
        kept = slice(None)
        if columns:
            kept = EmbeddedNumbers(X.shape[1], columns, number_embedding).kept
        if is_remote(X):
            is_binary, together = zip(*X.per_block(partial(count_ones, columns=kept)), strict=True)
            ones = CountsOfOnes(X.shape[0], sum(together))
            groups = one_hot_runs(np.all(is_binary, axis=0), ones, category_embedding)
        else:
            groups = find_one_hot_groups(X[:, kept], category_embedding)
    return {"n_features": X.shape[1], "embedded_columns": columns, "category_groups": groups}


def targets_from_dict(values):
    """Return the targets that ``to_dict`` describes."""
    values = dict(values)
    return kind_of_targets(values.pop("name"))(**values)


def kind_of_targets(name):
    """Return the kind of targets with this name."""
    kinds = [*CLASSIFICATION_KINDS, *SINGLE_LAYER_KINDS, *REGRESSION_KINDS]
    kind = next((kind for kind in kinds if kind.name == name), None)
    if kind is None:
        raise ValueError(
            f"The estimator was saved with targets of the kind {name!r}, which this version does "
            "not have. Load it with the version that saved it."
        )
    return kind
