"""What explains an RDM: attributes of the clips, shares of variance, partial correlations, weighted models."""

from .attributes import AttributeEffects, attribute_effects, attribute_rdm
from .partition import VariancePartition, mean_partition, partial_correlation, variance_partition
from .weighted import WeightedModel, fit_weights, weighted_model

__all__ = [
    "AttributeEffects",
    "VariancePartition",
    "WeightedModel",
    "attribute_effects",
    "attribute_rdm",
    "fit_weights",
    "mean_partition",
    "partial_correlation",
    "variance_partition",
    "weighted_model",
]
