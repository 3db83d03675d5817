"""Inference on models of the raters' RDMs: bootstrap, permutation, tests and their correction."""

from analysis.inference.adjust import adjust
from analysis.inference.compare import ModelComparison, compare_models
from analysis.inference.mantel import MantelTest, mantel

__all__ = ["MantelTest", "ModelComparison", "adjust", "compare_models", "mantel"]
