"""Inference on models of the raters' RDMs: bootstrap, permutation, tests and their correction."""

from .adjust import adjust
from .compare import ModelComparison, compare_models
from .mantel import MantelTest, mantel

__all__ = ["MantelTest", "ModelComparison", "adjust", "compare_models", "mantel"]
