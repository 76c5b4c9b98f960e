"""Parameters as text, to compare them with those of another process."""

import copyreg
import sys
from functools import partial
from types import BuiltinFunctionType, FunctionType, NoneType

import numpy as np

PLAIN = (NoneType, bool, int, float, complex, str, bytes)
"""The types whose values are fully described by their repr."""


def as_text(value):
    """Return a text that is the same for equal values in any process, and differs otherwise.

    Functions and classes are identified by their module and name. All other objects are described
    by the parts that pickle would save. (The pickle itself cannot be compared, because its bytes
    depend on which parts are the same object.)

    Parameters
    ----------
    value : object

    Returns
    -------
    text : str

    Raises
    ------
    ValueError
        If there is no such text; the message names the part that is the reason.
    """
    return _text(value, ())


def _text(value, around):
    """Return the text of a value; ``around`` holds the ids of the objects that contain it."""
    if isinstance(value, np.generic) and value.dtype.kind in "biufcU":
        value = value.item()
    if type(value) in PLAIN:
        return repr(value)
    if id(value) in around:
        raise ValueError(f"{type(value).__qualname__} contains itself")
    around = (*around, id(value))
    if type(value) in (list, tuple):
        return f"({', '.join(_text(item, around) for item in value)})"
    if type(value) in (set, frozenset):
        return f"{{{', '.join(sorted(_text(item, around) for item in value))}}}"
    if type(value) is dict:
        pairs = (f"{_text(k, around)}: {_text(v, around)}" for k, v in value.items())
        return f"{{{', '.join(sorted(pairs))}}}"
    if isinstance(value, np.ndarray):
        return f"array({_text(value.tolist(), around)}, {value.dtype})"
    if isinstance(value, type | FunctionType | np.ufunc) or _is_function_of_module(value):
        return _name(value)
    if type(value) is partial:
        return f"partial{_text((value.func, *value.args, value.keywords), around)}"
    return _text_of_parts(value, around)


def _is_function_of_module(value):
    """Return whether a value is a function written in C, and not a method of an object."""
    owner = getattr(value, "__self__", None)
    return isinstance(value, BuiltinFunctionType) and (owner is None or hasattr(owner, "__name__"))


def _name(value):
    """Return the module and name of a function or class, if it can be found there."""
    name = getattr(value, "__qualname__", None) or value.__name__
    for module in _modules(value):
        found = sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is value:
            return f"{module}.{name}"
    raise ValueError(f"{value!r} cannot be found by its name in its module")


def _modules(value):
    """Return the names of the modules in which to look for a function or class."""
    module = getattr(value, "__module__", None)
    return ["numpy", "scipy.special"] if module is None else [module]


def _text_of_parts(value, around):
    """Return the text of what pickle would save: a function, its arguments, and a state."""
    try:
        reduce = copyreg.dispatch_table.get(type(value))
        parts = reduce(value) if reduce else value.__reduce_ex__(4)
    except Exception as error:  # a user-defined class may raise any exception
        raise ValueError(f"{value!r} cannot be saved: {error}") from error
    if isinstance(parts, str):
        return _name(value)
    make, arguments, *state = parts
    items = [list(p) if hasattr(p, "__next__") else p for p in state if p is not None]
    if make is copyreg.__newobj__:
        make, *arguments = arguments
    return f"{_text(make, around)}{_text((*arguments, *items), around)}"
