"""Suggestions for parameter values that are misspelled or have another name here."""

OTHER_WORDS = {
    "activation": {
        "sigmoid": "logistic",
        "expit": "logistic",
        "swish": "silu",
        "linear": "identity",
        "none": "identity",
        "lrelu": "leaky_relu",
        "prelu": "parametric_relu",
        "softmax": "The output layer of MLPClassifier is a softmax if there are more than two "
        "classes; the parameter activation is the activation of the hidden layers, such as 'relu'.",
    },
    "solver": {
        "bfgs": "lbfgs",
        "newton": "lbfgs",
        "newtoncg": "lbfgs",
        "liblinear": "lbfgs",
        "gradientdescent": "gd",
        "gd": "For gradient descent with all samples in each step use solver='sgd' with "
        "batch_size=n_samples.",
        "stochastic": "sgd",
        "momentum": "sgd",
        "nesterov": "sgd",
        "amsgrad": "adam",
        "nadam": "adam",
    },
    "loss": {
        "mse": "squared_error",
        "meansquarederror": "squared_error",
        "rmse": "squared_error",
        "l2": "squared_error",
        "leastsquares": "squared_error",
        "mae": "absolute_error",
        "meanabsoluteerror": "absolute_error",
        "l1": "absolute_error",
        "median": "absolute_error",
        "smoothl1": "huber",
        "pinball": "quantile",
        "crossentropy": "log_loss",
        "binarycrossentropy": "log_loss",
        "bce": "log_loss",
        "nll": "log_loss",
        "logistic": "log_loss",
        "deviance": "log_loss",
    },
    "init": {
        "xavier": "glorot",
        "kaiming": "he",
    },
    "learning_rate": {
        "cyclic": "one_cycle",
        "1cycle": "one_cycle",
        "plateau": "adaptive",
        "reducelronplateau": "adaptive",
        "cosineannealing": "cosine",
        "inversescaling": "invscaling",
    },
    "parametrization": {"neuraltangentkernel": "ntk"},
    "dtype": {"float": "float64", "double": "float64", "single": "float32"},
}
"""Common alternative names, in lower case without separators, and the name or hint for each."""


def did_you_mean(parameter, value, names):
    """Return a sentence that suggests a valid value for a parameter, or an empty string.

    Parameters
    ----------
    parameter : str
    value : object
        The invalid value.
    names : list of str
        The names that the parameter accepts.

    Returns
    -------
    hint : str
    """
    if parameter == "learning_rate" and isinstance(value, int | float):
        return (
            "learning_rate is the name of a schedule. Set the number with "
            f"learning_rate_init={value!r}."
        )
    if not isinstance(value, str) or len(names) < 2:
        return ""
    from difflib import get_close_matches  # only needed for this error

    known = {normalised(name): name for name in names}
    words = OTHER_WORDS.get(parameter, {})
    known |= {word: name for word, name in words.items() if name in names or " " in name}
    close = get_close_matches(normalised(value), known, n=1, cutoff=0.7)
    if not close:
        return ""
    meant = known[close[0]]
    return meant if " " in meant else f"Did you mean {parameter}={meant!r}?"


def normalised(word):
    """Return a word in lower case with only its letters and digits."""
    return "".join(filter(str.isalnum, word.lower()))
