"""What explains an RDM: attributes of the clips, shares of variance, partial correlations, weighted models."""

from .activations import layer_rdms, read_activations
from .attributes import AttributeEffects, MeanEffects, attribute_effects, attribute_rdm, mean_effects
from .axes import Prediction, congruence, predict_ratings
from .controversial import Controversial, controversial, raters_to_tell
from .many import npy_blocks, score_many
from .partial import PartialTest, correlation_without_noise, partial_tests
from .partition import VariancePartition, mean_partition, partial_correlation, variance_partition
from .weighted import WeightedModel, fit_weights, weighted_model

__all__ = [
    "AttributeEffects",
    "Controversial",
    "MeanEffects",
    "PartialTest",
    "Prediction",
    "VariancePartition",
    "WeightedModel",
    "attribute_effects",
    "attribute_rdm",
    "congruence",
    "controversial",
    "correlation_without_noise",
    "fit_weights",
    "layer_rdms",
    "mean_effects",
    "mean_partition",
    "npy_blocks",
    "partial_correlation",
    "partial_tests",
    "predict_ratings",
    "raters_to_tell",
    "read_activations",
    "score_many",
    "variance_partition",
    "weighted_model",
]
