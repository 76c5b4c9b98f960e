"""Register the converter of each estimator with skl2onnx."""

from skl2onnx import update_registered_converter

from sknn_edu.estimators.hidden_layer_transformer import HiddenLayerTransformer
from sknn_edu.estimators.mlp_classifier import MLPClassifier
from sknn_edu.estimators.mlp_regressor import MLPRegressor
from sknn_edu.estimators.perceptron_classifier import PerceptronClassifier
from sknn_edu.estimators.sigmoid_neuron_classifier import SigmoidNeuronClassifier
from sknn_edu.onnx.averages import (
    convert_averaging_classifier,
    convert_averaging_regressor,
    declare_averaging_classifier,
    declare_averaging_regressor,
    parse_averaging_classifier,
)
from sknn_edu.onnx.classifier import convert_classifier, declare_classifier, parse_classifier
from sknn_edu.onnx.operators import alias_of
from sknn_edu.onnx.regressor import convert_regressor, declare_regressor
from sknn_edu.onnx.table import convert_preprocessor, declare_preprocessor
from sknn_edu.onnx.transformer import convert_transformer, declare_transformer
from sknn_edu.onnx.zipmap import ZipMap, convert_zipmap, declare_zipmap
from sknn_edu.tables.averaging import AveragingClassifier, AveragingRegressor
from sknn_edu.tables.preprocessor import TabularPreprocessor

CLASSIFIERS = (PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier)

CLASSIFIER_OPTIONS = {"zipmap": [True, False, "columns"], "raw_scores": [True, False]}


def register():
    """Register the estimators of this package with skl2onnx.

    ``import sknn_edu.onnx`` calls this function. Calling it again has no effect.

    Examples
    --------
    >>> import sknn_edu.onnx
    >>> from skl2onnx import to_onnx
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(5, solver="lbfgs", random_state=0).fit(X, y)
    >>> model = to_onnx(mlp, X[:1].astype("float32"), options={"zipmap": False})
    >>> [output.name for output in model.graph.output]
    ['label', 'probabilities']
    """
    of_networks = declare_classifier, convert_classifier, parse_classifier, CLASSIFIER_OPTIONS
    of_averages = (
        declare_averaging_classifier,
        convert_averaging_classifier,
        parse_averaging_classifier,
        {"zipmap": CLASSIFIER_OPTIONS["zipmap"]},
    )
    classifiers = dict.fromkeys(CLASSIFIERS, of_networks) | {AveragingClassifier: of_averages}
    for model, (declare, convert, parser, options) in classifiers.items():
        update_registered_converter(
            model, alias_of(model), declare, convert, parser=parser, options=options
        )
    for model, declare, convert in (
        (MLPRegressor, declare_regressor, convert_regressor),
        (AveragingRegressor, declare_averaging_regressor, convert_averaging_regressor),
        (TabularPreprocessor, declare_preprocessor, convert_preprocessor),
        (HiddenLayerTransformer, declare_transformer, convert_transformer),
        (ZipMap, declare_zipmap, convert_zipmap),
    ):
        update_registered_converter(model, alias_of(model), declare, convert)
