"""Inference on models of the raters' RDMs: bootstrap, permutation, tests and their correction."""

from .adjust import adjust
from .compare import ModelComparison, compare_models
from .layers import LayerProfile, layer_profile
from .mantel import MantelTest, mantel

__all__ = ["LayerProfile", "MantelTest", "ModelComparison", "adjust", "compare_models", "layer_profile", "mantel"]
