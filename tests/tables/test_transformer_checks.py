"""scikit-learn's checks of transformers that check_estimator does not run."""

import pytest
from sklearn.utils import estimator_checks

from sknn_edu import HiddenLayerTransformer, MLPClassifier, TabularPreprocessor

TRANSFORMERS = {
    "TabularPreprocessor": TabularPreprocessor(),
    "HiddenLayerTransformer": HiddenLayerTransformer(
        MLPClassifier(5, solver="lbfgs", random_state=0)
    ),
}
LEFT_OUT = [
    "check_dataframe_column_names_consistency",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_param_validation",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
]

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names"),  # as is meant
]


@pytest.mark.parametrize("name", TRANSFORMERS)
@pytest.mark.parametrize("check", LEFT_OUT)
def test_a_transformer_passes_the_checks_that_check_estimator_leaves_out(check, name):
    getattr(estimator_checks, check)(name, TRANSFORMERS[name])


def test_the_transformer_of_hidden_layers_passes_every_check():
    transformer = TRANSFORMERS["HiddenLayerTransformer"]
    assert len(estimator_checks.check_estimator(transformer, on_skip=None)) > 40
