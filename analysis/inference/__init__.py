"""Inference on models of the raters' RDMs: bootstrap, permutation, tests and their correction."""

from .adjust import adjust
from .compare import compare_models
from .compare_joint import compare_joint
from .conclusions import ModelComparison
from .layers import LayerProfile, MeanProfile, layer_profile, mean_profile
from .mantel import MantelTest, mantel

__all__ = [
    "LayerProfile",
    "MantelTest",
    "MeanProfile",
    "ModelComparison",
    "adjust",
    "compare_joint",
    "compare_models",
    "layer_profile",
    "mantel",
    "mean_profile",
]
