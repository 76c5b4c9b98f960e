"""Paragraphs that the docstrings of the two multi-layer perceptrons share."""

from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS

_ACTIVATION_NAMES = ", ".join(repr(name) for name in sorted(ALL_ACTIVATIONS))

START_WITH = """
    **Start with** scaled features (:class:`~sklearn.preprocessing.StandardScaler`) and these five
    parameters; the :doc:`user guide </user_guide/index>` shows what each is worth.

    - ``solver``: ``'lbfgs'`` for up to a few thousand samples, ``'adam'`` for more.
    - ``alpha``: 1 for 'lbfgs', 0.1 for 'adam'; then ten times as much, and a tenth.
    - ``learning_rate_init``: 0.01, with ``learning_rate='cosine'``; not for 'lbfgs'.
    - ``max_iter``: 1000 for 'lbfgs', 30 to 100 for 'adam' with 'cosine'.
    - ``hidden_layer_sizes``: ``(100,)``; then 20 or 500 neurons, or two layers of 100.
"""

PARAMETERS = f"""
    hidden_layer_sizes : int, array-like of int or str, default=(100,)
        The number of neurons in each hidden layer. ``()`` is a linear model, without hidden
        layers. A string such as ``"100,50"`` or ``"(100, 50)"`` means the same as the tuple, for
        tuners, command lines and files that only know numbers and strings.
    activation : {{{_ACTIVATION_NAMES}}}, Activation, or a sequence of them, default='relu'
        The activation function of the hidden neurons; a sequence has one for each hidden layer.
        :doc:`A table </howto/activations>` shows their graphs and says when to use which. See
        :class:`~sknn_edu.core.activations.Activation` for functions of your own.
    solver : {{'adam', 'sgd', 'lbfgs', 'adamw', 'rmsprop'}} or Optimizer, default='adam'
        - ``'adam'``: gradient descent with a step size for each weight; good for thousands of
          samples or more.
        - ``'sgd'``: gradient descent in mini-batches with momentum.
        - ``'lbfgs'``: quasi-Newton on all samples at once; often best on small data. It computes
          in float64 whatever ``dtype`` is, and rounds the weights at the end.
        - ``'adamw'``: Adam with decoupled weight decay, see ``weight_decay``.
        - ``'rmsprop'``: Adam without momentum.

        An instance from :mod:`sknn_edu.core.optimizers` has hyperparameters of its own:
        ``solver=Adam(beta_2=0.95)``.
    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights (not the biases), see Notes.
    batch_size : int, float or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is min(200, n_samples). A float in (0, 1) is a share of the
        samples, but at most 200 of them, so that small data sets also get several steps per epoch.
        Not used by 'lbfgs'.
    learning_rate : str, callable or Schedule, default='constant'
        How the learning rate changes during training. Not used by 'lbfgs'.

        - ``'constant'``: it does not change.
        - ``'invscaling'``: ``learning_rate_init / (t_ + 1) ** power_t`` after each epoch.
        - ``'adaptive'``: divided by 5 on each plateau (see ``tol``) while it is above 1e-6.
        - ``'cosine'``: from ``learning_rate_init`` to 0 along a cosine.
        - ``'one_cycle'``: up to ``learning_rate_init`` for 30 % of training, then down to 0.
        - ``'step'``: divided by 10 after a third of training, and again after two thirds.
        - ``'coslog4'``: from 0 to ``learning_rate_init`` and back four times, each more slowly.
        - ``'flat_cosine'``: constant for half of training, then to 0 along a cosine.

        A function receives the progress of training, which is 1 after ``max_iter`` epochs, and
        returns a factor of ``learning_rate_init``. With a function, or one of the last five names,
        training ignores plateaus and runs for ``max_iter`` epochs, unless ``early_stopping`` ends
        it.
    learning_rate_init : float, default=0.001
        The learning rate that the schedule starts from. Not used by 'lbfgs'.
    max_iter : int, default=200
        The maximum number of epochs, or of iterations for 'lbfgs'.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the validation split and the order of the samples. Pass an
        int for the same result at each call of fit.
    tol : float, default=1e-4
        Training has reached a plateau when the loss (with ``early_stopping`` the validation score)
        has not improved by at least this much for more than ``n_iter_no_change`` epochs in a row.
        'lbfgs' stops when no entry of the gradient exceeds it.
    verbose : bool or int, default=False
        Whether to print the loss of each epoch or iteration; 2 shows a progress bar instead, which
        needs scikit-learn 1.9 and the extra ``progress``: without them it prints the losses.
    early_stopping : bool or 'last_best', default=False
        Whether to stop on a plateau of the validation score and return to the weights of the best
        epoch. The score is computed after each epoch, on ``X_val`` or on held-out samples, which
        are stratified for two classes. 'last_best' trains for ``max_iter`` epochs and keeps the
        best one; of ties, the last.
    validation_fraction : float, default=0.1
        The share of samples that early stopping holds out, in [0, 1).
    n_iter_no_change : int or np.inf, default=10
        See ``tol``. 'lbfgs' uses it only with ``early_stopping``.
    dropout : float or array-like of float, default=0.0
        The probability in [0, 1) with which each hidden neuron is silenced for each sample at each
        training step; one rate, or one for each hidden layer. Not for 'lbfgs'.
    scoring : str, callable or None, default=None
        The score of early stopping and of ``validation_scores_``: None is the accuracy or R^2,
        ``'loss'`` the negative loss; otherwise a scorer's name or ``scorer(estimator, X, y)``.
"""

OTHER_PARAMETERS = """
    power_t : float, default=0.5
        The exponent of 'invscaling'.
    shuffle : bool, default=True
        Whether to shuffle the samples before each epoch.
    warm_start : bool, default=False
        Whether fit starts from the weights of the last fit instead of random ones. The optimiser
        starts over, but the curves and ``t_`` (and so 'invscaling') continue. A fit that was
        stopped by a callback continues as if it had not been stopped, except for 'lbfgs'.
    momentum : float, default=0.9
        How much of the last step is added to the next, in [0, 1]; only for 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's momentum; only for 'sgd'.
    beta_1 : float, default=0.9
        Decay rate of the running mean of the gradient in 'adam' and 'adamw', in [0, 1).
    beta_2 : float, default=0.999
        Decay rate of the running mean of the squared gradient in 'adam' and 'adamw', in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient of 'adam', 'adamw' and 'rmsprop' finite.
    max_fun : int, default=15000
        The maximum number of evaluations of the loss; only for 'lbfgs'.
    init : {'auto', 'glorot', 'he', 'lecun', 'orthogonal', 'data_driven'}, default='auto'
        How the weights are initialised, see :mod:`sknn_edu.core.initializers`. 'auto' uses
        Glorot's bounds for weights and biases, as scikit-learn does. With 'data_driven' each hidden
        pre-activation has standard deviation 1 on the training samples, and all outputs start
        at 0, see :mod:`sknn_edu.core.beyond.data_driven`.
    weight_decay : float or 'auto', default='auto'
        Each step also shrinks the weights by this factor times the learning rate. 'auto' is 0.01
        for 'adamw' and 0 for the other solvers. Not for 'lbfgs'.
    clip_norm : float or None, default=None
        The gradient of the mean loss (before the L2 penalty) is scaled down to this norm if it is
        longer. Not for 'lbfgs'.
    warmup_fraction : float, default=0.0
        The learning rate grows linearly to the schedule's value during this share of ``max_iter``
        epochs. Not for 'lbfgs'.
    dtype : {'auto', 'float32', 'float64'}, default='auto'
        The dtype of the computation. 'auto' keeps float32 and float64 of X. float32 needs half the
        memory and less time.
    parametrization : {'standard', 'ntk'} or Parametrization, default='standard'
        Learning-rate multipliers for each kind of parameter. 'ntk' divides the learning rate of a
        layer's weights by sqrt(n_in) (by n_in for 'sgd'), as if the layer computed
        ``W^T a / sqrt(n_in) + b``, and multiplies that of biases and slopes by 0.1, and that of
        feature scales by 6. For multipliers of your own see
        :class:`~sknn_edu.core.beyond.parametrization.Parametrization`. Not for 'lbfgs'.
    feature_scale : bool, default=False
        Whether the first layer learns a scale s_j for each input j, so that its weights are
        ``s_j U_j`` and a single number can switch off a feature. ``coefs_[0]`` holds the product.
    number_embedding : {'pbld', 'periodic', 'auto'}, Waves or None, default=None
        Whether the first layer receives learned periodic functions of each feature with more than
        two values: 'pbld' in addition to the feature, 'periodic' instead of it. 'auto' is 'pbld'
        for up to 100 such features, and None for more: there the embedding improves little and
        takes most of the training time. Scale the features first. Needs dense X. See
        :class:`~sknn_edu.core.beyond.number_embedding.Waves`.
    category_embedding : int or None, default=None
        The length of the vector that the network learns for each level of a categorical feature.
        Neighbouring one-hot columns of X count as a categorical feature if there are more of them
        than this number. ``coefs_[0]`` holds the product of the vectors and their weights. Needs
        dense X.
    regularization_schedule : {'cosine', 'flat_cosine', ...}, callable or None, default=None
        How ``dropout`` and ``weight_decay`` change during training: the name of a schedule of
        ``learning_rate`` that depends on the progress, or a function of the progress that returns
        a factor from 0 to 1. None keeps them constant. Not for 'lbfgs'.
"""

ATTRIBUTES = """
    coefs_ : list of ndarray
        The weights: ``coefs_[i]`` of shape (n_in, n_out) connects layer i to layer i + 1. You may
        replace the arrays: predict, warm starts and partial_fit use what is there.
    intercepts_ : list of ndarray
        The biases: ``intercepts_[i]`` of shape (n_out,) belongs to layer i + 1.
    feature_scale_ : ndarray or None
        With ``feature_scale`` the scale of each input of the first layer; an embedded category has
        one for each dimension. Features passed on unchanged come first, then embedded numbers.
    category_vectors_ : list of ndarray
        The vectors of each category's levels, (n_levels, ``category_embedding``).
    activation_slopes_ : list of ndarray or None
        For each hidden layer the slope alpha of each neuron, (n_neurons,), if its activation is
        parametric, else None.
    embedding_ : list of ndarray
        With ``number_embedding`` the frequencies and phases (n_embedded, n_waves), weights
        (n_embedded, n_waves, n_functions) and biases (n_embedded, n_functions).
    loss_ : float
        The loss of the last epoch: the (weighted) mean over samples, with the penalty.
    loss_curve_ : list of float
        The loss of each epoch or iteration. It continues over warm starts and partial_fit.
    best_loss_ : float or None
        The smallest loss of this fit; None with early stopping.
    validation_scores_ : list of float or None
        The validation score of each epoch, if there are validation samples, else None.
    validation_loss_curve_ : list of float or None
        The mean validation loss of each epoch, without penalty.
    best_validation_score_ : float or None
        The best validation score of this fit; with early stopping, that of the final weights.
    best_epoch_ : int
        The epoch, counted from 1 in ``loss_curve_``, with the smallest loss, or with early stopping
        the best validation score.
    learning_rate_curve_ : list of float
        The learning rate at the end of each epoch; empty for 'lbfgs'.
    n_iter_ : int
        The number of epochs or iterations of the last fit; 1 after partial_fit.
    t_ : int
        The number of samples shown in training, each counted once per epoch.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.
    n_layers_ : int
        The number of layers, including input and output.
    n_outputs_ : int
        The number of output neurons.
    out_activation_ : str
        The output activation: 'identity', 'logistic', 'softmax', 'softmax_of_each', 'exp' or
        'in_order'.
"""

NOTES = """
    For a mini-batch n is its number of samples, or the sum of their weights. The page "Coming from
    scikit-learn" of the documentation lists where the numbers differ from scikit-learn's on
    purpose, and why.
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
            becomes float64. Scale the features first. X is not changed.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets: class labels for a classifier, numbers for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0. A sample of weight k counts as k samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation samples, measured after each epoch: they give ``validation_loss_curve_`` and
            ``validation_scores_``, and early stopping uses them instead of held-out samples. In a
            Pipeline, ``transform_input=["X_val"]`` transforms them like X.
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
            If the data or a parameter is invalid, or if the loss or the weights become infinite in
            training. An estimator that was fitted before stays as it was.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If training ended before it converged; if it diverged and early stopping returned to an
            epoch before; or if the network is no better than a constant prediction.
        """

PARTIAL_FIT = """Train for one epoch on the given samples, from where the last call stopped.

        The optimiser's state, the learning rate and the random numbers continue as well, so calls
        with the same samples are epochs that differ in their shuffling. No samples are held out,
        so ``early_stopping`` has no effect; after a fit that used it, partial_fit is refused.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0.{classes}
        X_val, y_val, sample_weight_val
            Validation samples, measured after the epoch; see :meth:`fit`.

        Returns
        -------
        self : object
            The estimator, one epoch further.
        """

CLASSES = """
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever be seen. Required in the first call only; not every class
            needs to be present in y."""
