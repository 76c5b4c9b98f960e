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
    activation : {{{_ACTIVATION_NAMES}}}, Activation, or a sequence of them, default='relu'
        What a hidden neuron answers to its weighted sum z; a sequence has one for each hidden
        layer. For one of your own see :class:`~sknn_edu.core.activations.Activation`.

{_ACTIVATION_LIST}
    solver : {{'adam', 'sgd', 'lbfgs', 'adamw', 'rmsprop'}} or Optimizer, default='adam'
        - ``'adam'``: gradient descent with a step size of its own for each weight; good for
          thousands of samples or more.
        - ``'sgd'``: gradient descent in mini-batches with momentum.
        - ``'lbfgs'``: quasi-Newton on all samples at once; often best on small data. Computes in
          float64 whatever ``dtype`` is, and rounds the weights at the end.
        - ``'adamw'``: Adam with decoupled weight decay, see ``weight_decay``.
        - ``'rmsprop'``: Adam without momentum.

        Or an instance with its own hyperparameters, from :mod:`sknn_edu.core.optimizers`:
        ``solver=Adam(beta_2=0.95)``.
    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights (not the biases), see Notes.
    batch_size : int, float or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is min(200, n_samples). A float in (0, 1) is a share of the
        samples, but at most 200 of them: an epoch of few then has several steps, too. Not for
        'lbfgs'.
    learning_rate : str, callable or Schedule, default='constant'
        How the learning rate moves; for all solvers but 'lbfgs'.

        - ``'constant'``: not at all.
        - ``'invscaling'``: ``learning_rate_init / (t_ + 1) ** power_t`` after each epoch.
        - ``'adaptive'``: divided by 5 on each plateau (see ``tol``) as long as it is above 1e-6.
        - ``'cosine'``: from ``learning_rate_init`` to 0 along a cosine.
        - ``'one_cycle'``: up to ``learning_rate_init`` for 30 % of training, then down to 0.
        - ``'step'``: a tenth after a third of training, a hundredth after two thirds.
        - ``'coslog4'``: from 0 to ``learning_rate_init`` and back four times, ever more slowly.
        - ``'flat_cosine'``: not at all for half of training, then to 0 along a cosine.

        Or a function of the progress of training, from 0 to 1 at ``max_iter`` epochs, that returns
        the factor of ``learning_rate_init``. Training with one of the last six runs to
        ``max_iter`` epochs, unless ``early_stopping`` ends it: a plateau does not.
    learning_rate_init : float, default=0.001
        The learning rate that the schedule starts from; not for 'lbfgs'.
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
        Whether to print the loss of each epoch or iteration; 2 shows a progress bar instead, which
        needs the extra ``progress``.
    warm_start : bool, default=False
        Whether fit starts from the weights of the last fit instead of random ones. All
        else starts afresh, but the curves go on, and so do ``t_`` and with it 'invscaling'. A fit
        that a callback stopped goes on as if it had not been stopped; not so for 'lbfgs'.
    momentum : float, default=0.9
        How much of the last step is added to the next, in [0, 1]; only for 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether to look ahead along the momentum; only for 'sgd'.
    early_stopping : bool or 'last_best', default=False
        Whether to score samples held out, or ``X_val``, after each epoch, stop on a plateau of that
        score and end with the weights that scored best. Two classes are held out in proportion.
        With 'last_best' a plateau is no end, and of epochs that scored alike the last counts.
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
    init : {{'auto', 'glorot', 'he', 'lecun', 'orthogonal', 'data_driven'}}, default='auto'
        How the weights start, see :mod:`sknn_edu.core.initializers`. 'auto' is scikit-learn's:
        Glorot's bounds, for the biases too. 'data_driven' looks at the samples: what each hidden
        neuron adds up varies by 1 over them, and it bends among them; the outputs start at 0.
    dropout : float or array-like of float, default=0.0
        The probability in [0, 1) with which each hidden neuron is silenced for each sample at each
        step of training; one rate, or one for each hidden layer. Not for 'lbfgs'.
    weight_decay : float or 'auto', default='auto'
        Each step also shrinks the weights by this many learning rates. 'auto' is the solver's own:
        0.01 for 'adamw', 0 for the others. Not for 'lbfgs'.
    clip_norm : float or None, default=None
        Gradients of the mean loss (before the L2 penalty) that are longer are shortened to this
        length. Not for 'lbfgs'.
    warmup_fraction : float, default=0.0
        For this share of ``max_iter`` epochs the learning rate grows to what the schedule says.
    scoring : str, callable or None, default=None
        The score of early stopping and of ``validation_scores_``: None is the accuracy or R^2,
        ``'loss'`` the negative loss, else a scorer's name or ``scorer(estimator, X, y)``.
    dtype : {{'auto', 'float32', 'float64'}}, default='auto'
        What to compute in. 'auto' keeps float32 and float64 of X. float32 needs half the memory
        and less time.
    parametrization : {{'standard', 'ntk'}} or Parametrization, default='standard'
        In which units parameters are learned. 'ntk' divides the learning rate of a layer's weights
        by sqrt(n_in) (by n_in for 'sgd'), as if the layer computed ``W^T a / sqrt(n_in) + b``, and
        multiplies that of biases and bends by 0.1, and of feature scales by 6. For factors of your
        own see :class:`~sknn_edu.core.parametrization.Parametrization`. Not for 'lbfgs'.
    feature_scale : bool, default=False
        Whether each input of the first layer has a scale that is learned, ``W_j = s_j V_j``: one
        number can then silence a feature. The product is what ``coefs_[0]`` holds.
    number_embedding : {{'pbld', 'periodic'}}, Waves or None, default=None
        Whether the first layer sees learned waves of each feature with more than two values:
        'pbld' beside the feature, 'periodic' in its place; see
        :class:`~sknn_edu.core.embeddings.Waves`. Scale the features first. Dense X only.
    category_embedding : int or None, default=None
        The length of a vector that each level of a category has: one-hot columns, one beside the
        other, of which there are more than this. They are found in X. What ``coefs_[0]`` holds is
        the product of these vectors and weights. Dense X only.
    regularization_schedule : {{'cosine', 'flat_cosine', ...}}, callable or None, default=None
        How ``dropout`` and ``weight_decay`` move over training: a schedule of ``learning_rate``
        that is a function of the progress, or a function of your own that returns a factor from 0
        to 1. None leaves them as they are.
"""

ATTRIBUTES = """
    coefs_ : list of ndarray
        The weights: ``coefs_[i]`` of shape (n_in, n_out) leads from layer i to layer i + 1.
        Arrays put in their place are what predict, warm starts and partial_fit use.
    intercepts_ : list of ndarray
        The biases: ``intercepts_[i]`` of shape (n_out,) belongs to layer i + 1.
    feature_scale_ : ndarray or None
        With ``feature_scale`` the scale of each input of the first layer, where a category with
        vectors has one for each of their dimensions; first embedded numbers' inputs, if any.
    category_vectors_ : list of ndarray
        The vectors of each category's levels, (n_levels, ``category_embedding``).
    activation_bends_ : list of ndarray or None
        For each hidden layer the bend of each neuron, (n_neurons,), where its activation is
        parametric, else None.
    embedding_ : list of ndarray
        With ``number_embedding`` the frequencies and phases (n_embedded, n_waves), weights
        (n_embedded, n_waves, n_functions) and biases (n_embedded, n_functions) of the waves.
    loss_ : float
        The loss of the last epoch: the mean over samples, weighted if they are, with the penalty.
    loss_curve_ : list of float
        The loss of each epoch or iteration. It goes on over warm starts and partial_fit.
    best_loss_ : float or None
        The smallest loss of this fit; None with early stopping.
    validation_scores_ : list of float or None
        With a validation set, or with early stopping, the score of each epoch on it, else None.
    validation_loss_curve_ : list of float or None
        The same for the mean loss, without penalty.
    best_validation_score_ : float or None
        The best of this fit's validation scores; with early stopping the weights belong to it.
    best_epoch_ : int
        The number, counted from 1 in ``loss_curve_``, of the epoch with the smallest loss, or with
        early stopping the best validation score.
    learning_rate_curve_ : list of float
        The learning rate at the end of each epoch; empty for 'lbfgs'.
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
        The output activation: 'identity', 'logistic', 'softmax', 'softmax_of_each', 'exp' or
        'in_order'.
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

FIT = """Fit the network to X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 and float64 are used as they are (see ``dtype``), anything else
            becomes float64. Scale the features first; X is not changed.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets: class labels for a classifier, numbers for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0. A sample of weight k counts as k samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Samples to validate on after each epoch: the curves ``validation_loss_curve_`` and
            ``validation_scores_``, and early stopping, which then holds no samples out. In a
            Pipeline, ``transform_input=["X_val"]`` sends them through its steps.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a parameter is invalid, or if training diverges. An estimator that was
            fitted before stays as it was.
        """
