"""What explains an RDM: attributes of the clips, shares of variance, partial correlations, weighted models."""

from .activations import layer_rdms, read_activations
from .attributes import AttributeEffects, MeanEffects, attribute_effects, attribute_rdm, mean_effects
from .axes import AxisTest, axis_test, congruence
from .controversial import Controversial, controversial, raters_to_tell
from .many import npy_blocks, score_many
from .partial import PartialTest, correlation_without_noise, partial_tests
from .partition import VariancePartition, mean_partition, partial_correlation, variance_partition
from .prediction import Prediction, predict_ratings, prediction_null
from .space import Space, coordinates, space_of
from .weighted import WeightedModel, fit_weights, weighted_model

__all__ = [
    "AttributeEffects",
    "AxisTest",
    "Controversial",
    "MeanEffects",
    "PartialTest",
    "Prediction",
    "Space",
    "VariancePartition",
    "WeightedModel",
    "attribute_effects",
    "attribute_rdm",
    "axis_test",
    "congruence",
    "controversial",
    "coordinates",
    "correlation_without_noise",
    "fit_weights",
    "layer_rdms",
    "mean_effects",
    "mean_partition",
    "npy_blocks",
    "partial_correlation",
    "partial_tests",
    "predict_ratings",
    "prediction_null",
    "raters_to_tell",
    "read_activations",
    "score_many",
    "space_of",
    "variance_partition",
    "weighted_model",
]
