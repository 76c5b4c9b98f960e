"""Checkpoints of several kinds, and changes to them, accidental or forged."""

# ruff: noqa: ARG001  all changes have the parameters facts and arrays

import copy
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from sknn_edu import Checkpoint, MLPClassifier, MLPRegressor, SigmoidNeuronClassifier
from sknn_edu.fitting.checkpoint_file import read, write
from tests.callbacks import StopAfter
from tests.problems import X, Y

PARAMETERS = {"random_state": 0, "max_iter": 9, "warm_start": True}
BINS = np.array(["a", "b", "c"])[Y]
ONE_HOT = np.hstack([X, np.eye(8)[np.arange(len(X)) % 8]])

SAVED_FITS = {
    "plain": (MLPClassifier(4, **PARAMETERS), X, BINS),
    "early stopping": (
        MLPClassifier(4, early_stopping=True, dropout=0.2, solver="sgd", **PARAMETERS), X, Y,
    ),
    "table": (
        MLPRegressor(
            loss="quantile", quantile=[0.1, 0.5, 0.9], hidden_layer_sizes=4, feature_scale=True,
            category_embedding=3, number_embedding="pbld", activation="parametric_mish",
            clip_output=True, dtype="float32", **PARAMETERS,
        ),
        ONE_HOT, X[:, 0],
    ),
    "columns": (MLPClassifier(4, **PARAMETERS), X, np.stack([Y, Y % 2], axis=1)),
    "neuron": (
        SigmoidNeuronClassifier(solver="adam", early_stopping=True, **PARAMETERS), X, Y,
    ),
}  # fmt: skip
"""An estimator and its samples for each name."""


@dataclass
class SavedFit:
    """A checkpoint and its fit; the original file and the attributes of the finished fit."""

    checkpoint: Checkpoint
    estimator: Any
    X: Any
    y: Any
    whole: bytes = b""
    attributes: frozenset = frozenset()

    def restored(self):
        return self.checkpoint.restore(clone(self.estimator))

    def finished(self):
        return self.restored().fit(self.X, self.y)


def save(name, folder):
    """Return the fit of this name, saved after four epochs."""
    estimator, samples, targets = SAVED_FITS[name]
    saved = SavedFit(Checkpoint(folder / "fit"), estimator, samples, targets)
    clone(estimator).set_callbacks(saved.checkpoint, StopAfter(5)).fit(samples, targets)
    saved.whole = saved.checkpoint.path.read_bytes()
    saved.attributes = frozenset(vars(saved.finished()))
    return saved


def forge(path, change):
    """Rewrite a checkpoint after ``change(facts, arrays)``, with the right digest."""
    facts, arrays = read(path)
    change(facts, arrays)
    write(path, json.dumps(facts), arrays)


def as_bytes(arrays):
    """Return the dtype, shape and bytes of each array."""
    return {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()}


def forge_without_digest(path, change):
    """Rewrite a checkpoint after ``change(facts, arrays)`` under the old digest.

    Returns whether anything has changed.
    """
    with np.load(path) as archive:
        entries = dict(archive)
    facts, digest = json.loads(str(entries.pop("facts"))), entries.pop("digest")
    before = json.dumps(facts), as_bytes(entries)
    change(facts, entries)
    text = json.dumps(facts)
    is_changed = before != (text, as_bytes(entries))
    with path.open("wb") as file:
        np.savez(file, facts=np.array(text), digest=digest, **entries)
    return is_changed


def places(facts):
    """Return all (container, key) of nested dicts and lists, but only three of a long list."""
    found = []
    keys = list(facts) if isinstance(facts, dict) else range(min(len(facts), 3))
    for key in keys:
        found.append((facts, key))
        if isinstance(facts[key], dict | list):
            found += places(facts[key])
    return found


VALUES = [
    None, True, "", "os", -1, 0, 1, 3, 625, 10**6, 2**31, 2**32, 2**53, 2**63, 2**64, 10**40,
    -0.5, 0.5, 1e308, float("inf"), float("nan"), [], [[]], [0], [0, 1, 2], [[0, 10**9]], {},
    {"a": 1},
]  # fmt: skip
"""Values that replace a fact in a forged checkpoint."""

ARRAY_CHANGES = {
    "int32": lambda a: a.astype(np.int32),
    "float32": lambda a: a.astype(np.float32),
    "float64": lambda a: a.astype(np.float64),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "strings": lambda a: a.astype(str),
    "bad strings": lambda a: np.full(a.shape, 0x7FFFFFFF, np.uint32).view("U1").reshape(a.shape),
    "zeros": np.zeros_like,
    "minus": lambda a: -1 - a,
    "large": lambda a: (a + 1) * 10**9,
    "huge": lambda a: a * 1e300,
    "nan": lambda a: a * np.nan,
    "reversed": lambda a: a[::-1],
    "shorter": lambda a: a[:-1],
    "longer": lambda a: np.concatenate([a, a]),
    "empty": lambda a: a[:0],
    "scalar": lambda a: np.array(a.flat[0]),
    "column": lambda a: a.reshape(-1, 1),
    "first repeated": lambda a: np.repeat(a[:1], len(a), axis=0),
}
"""Changes of an array in a forged checkpoint."""


def forged_facts(choose):
    """Return a change of facts; ``choose(list)`` decides which."""

    def change(facts, arrays):
        for _ in range(choose([1, 2])):
            container, key = choose(places(facts))
            kind = choose(["replace", "replace", "delete", "copy"])
            if kind == "delete":
                del container[key]
            elif kind == "copy":
                other, name = choose(places(facts))
                container[key] = copy.deepcopy(other[name])
            else:
                container[key] = copy.deepcopy(choose(VALUES))

    return change


def forged_arrays(choose):
    """Return a change of an array; ``choose(list)`` decides which."""

    def change(facts, arrays):
        name, kind = choose(sorted(arrays)), choose([*ARRAY_CHANGES, "drop", "rename", "swap"])
        if kind in ARRAY_CHANGES:
            try:
                with np.errstate(all="ignore"):
                    arrays[name] = np.asarray(ARRAY_CHANGES[kind](arrays[name]))
            except (ValueError, TypeError):  # numbers from strings
                arrays[name] = arrays[name][:1]
        elif kind == "swap":
            other = choose(sorted(arrays))
            arrays[name], arrays[other] = arrays[other], arrays[name]
        else:
            array = arrays.pop(name)
            if kind == "rename":
                arrays[choose(["coefs_", "vector_9", "held_out", "a b"])] = array

    return change


def attack(saved, change):
    """Forge a file; return True if its fit ends, and False if it is refused with a ValueError."""
    saved.checkpoint.path.write_bytes(saved.whole)
    forge(saved.checkpoint.path, change)
    try:
        with np.errstate(all="ignore"):
            model = saved.finished()
    except ValueError:
        return False
    assert set(vars(model)) <= saved.attributes
    return True


def damaged(whole, rng):
    """Return a copy with bytes flipped, lost, repeated, or overwritten by others of the file."""
    torn, kind = bytearray(whole), rng.randrange(5)
    start, length = rng.randrange(len(torn)), rng.choice([1, 8, 512])
    if kind == 0:
        torn[start] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del torn[start:]
    elif kind == 2:
        del torn[start : start + length]
    elif kind == 3:
        torn[start:start] = torn[start : start + length]
    else:
        other = rng.randrange(len(torn))
        torn[start : start + length] = torn[other : other + length]
    return bytes(torn)
