"""Paragraphs that the docstrings of the two multi-layer perceptrons share."""

from sknn_edu.core.activations import ACTIVATIONS

_ACTIVATION_NAMES = ", ".join(repr(name) for name in ACTIVATIONS)
_ACTIVATION_LIST = "\n".join(
    f"        - ``{name!r}``: {activation.forward.__doc__.splitlines()[0]}"  # type: ignore[union-attr]
    for name, activation in ACTIVATIONS.items()
)

PARAMETERS = f"""
    hidden_layer_sizes : int or array-like of int, default=(100,)
        The number of neurons in each hidden layer. ``()`` has none: a linear model.
    activation : {{{_ACTIVATION_NAMES}}}, default='relu'
        What a hidden neuron answers to its weighted sum z.

{_ACTIVATION_LIST}
    solver : {{'adam', 'sgd', 'lbfgs'}}, default='adam'
        - ``'adam'``: gradient descent with a step size of its own for each weight; good for
          thousands of samples or more.
        - ``'sgd'``: gradient descent in mini-batches with momentum.
        - ``'lbfgs'``: quasi-Newton on all samples at once; often best on small data. Computes in
          float64 whatever ``dtype`` is, and rounds the weights at the end.
    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights (not the biases), see Notes.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is min(200, n_samples). Not for 'lbfgs'.
    learning_rate : {{'constant', 'invscaling', 'adaptive'}}, default='constant'
        How the learning rate moves; only for 'sgd'. 'invscaling': ``learning_rate_init / (t_ + 1)
        ** power_t`` after each epoch. 'adaptive': divided by 5 on each plateau (see ``tol``)
        as long as it is above 1e-6.
    learning_rate_init : float, default=0.001
        The initial learning rate; for 'sgd' and 'adam'.
    power_t : float, default=0.5
        The exponent of 'invscaling'.
    max_iter : int, default=200
        At most this many epochs ('sgd', 'adam') or iterations ('lbfgs').
    shuffle : bool, default=True
        Whether to shuffle the samples before each epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the initial weights, the validation split and the order of the samples. An int gives
        the same result at each call of fit.
    tol : float, default=1e-4
        Training is on a plateau when the loss (with ``early_stopping`` the validation score) has
        not improved by this much for more than ``n_iter_no_change`` epochs in a row. 'lbfgs' stops
        when no entry of the gradient exceeds it.
    verbose : bool or int, default=False
        Whether to print the loss of each epoch or iteration.
    warm_start : bool, default=False
        Whether fit starts from the weights of the last fit instead of random ones. All
        else starts afresh, but the curves go on, and so do ``t_`` and with it 'invscaling'.
    momentum : float, default=0.9
        How much of the last step is added to the next, in [0, 1]; only for 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether to look ahead along the momentum; only for 'sgd'.
    early_stopping : bool, default=False
        Whether to hold samples out, score them after each epoch (accuracy or R^2), stop on a
        plateau of that score and end with the weights that scored best. For 'sgd' and 'adam'.
        Two classes are held out in proportion.
    validation_fraction : float, default=0.1
        The share of samples that early stopping holds out, in [0, 1).
    beta_1 : float, default=0.9
        How much of the running mean of the gradient 'adam' keeps at each step, in [0, 1).
    beta_2 : float, default=0.999
        How much of the running mean of its square 'adam' keeps at each step, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient of 'adam' finite.
    n_iter_no_change : int or np.inf, default=10
        See ``tol``; for 'sgd' and 'adam'.
    max_fun : int, default=15000
        At most this many evaluations of the loss; for 'lbfgs'.
    dtype : {{'auto', 'float32', 'float64'}}, default='auto'
        What to compute in. 'auto' keeps float32 and float64 of X. float32 needs half the memory
        and less time.
"""

ATTRIBUTES = """
    coefs_ : list of ndarray
        The weights: ``coefs_[i]`` of shape (n_in, n_out) leads from layer i to layer i + 1.
        Arrays put in their place are what predict, warm starts and partial_fit use.
    intercepts_ : list of ndarray
        The biases: ``intercepts_[i]`` of shape (n_out,) belongs to layer i + 1.
    loss_ : float
        The loss of the last epoch: the mean over samples, weighted if they are, with the penalty.
    loss_curve_ : list of float
        The loss of each epoch or iteration. It goes on over warm starts and partial_fit.
    best_loss_ : float or None
        The smallest loss of this fit; None with early stopping.
    validation_scores_ : list of float or None
        With early stopping the score of each epoch (accuracy or R^2), else None.
    best_validation_score_ : float or None
        The best of this fit's validation scores, which the weights belong to.
    n_iter_ : int
        Epochs or iterations of the last fit; 1 after partial_fit.
    t_ : int
        The number of samples shown in training, each counted once an epoch.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.
    n_layers_ : int
        The number of layers, input and output included.
    n_outputs_ : int
        The number of output neurons.
    out_activation_ : str
        The output activation: 'identity', 'logistic', 'softmax' or 'exp'.
"""

NOTES = """
    For a mini-batch n is its number of samples, or the sum of their weights. Where the numbers
    differ from scikit-learn's on purpose, the documentation's page "Coming from scikit-learn" says
    where and why.
"""

REFERENCES = """
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010 (initial weights).

    D. Kingma and J. Ba, "Adam: A method for stochastic optimization", arXiv 1412.6980.
"""
