"""What the functions of `model_draw` are written with; their scripts import the same names from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..figures import axes as axes_figures
from ..figures import models as model_figures
from ..figures import save
from ..formats.bundle import read_bundle
from ..results import COMPARATOR_LABELS, Choice, results_of_bundle
from ..results.compared import ModelOptions
from ..results.model_parts import AskedParts
from ..results.models import ModelFindings, ModelScore
from ..results.models_of_bundle import findings_of_bundle
from ..results.predictions import best_predictor

__all__ = [
    "AskedParts",
    "Choice",
    "ModelFindings",
    "ModelOptions",
    "axes_figures",
    "best_first",
    "best_predictor",
    "findings_of_bundle",
    "label_of",
    "layers_of",
    "model_figures",
    "read_bundle",
    "results_of_bundle",
    "save",
]

# A figure of more models than this cannot be read; a network of more layers has its profile.
MAX_DRAWN = 40


def label_of(findings: ModelFindings) -> str:
    """The comparator in words."""
    return str(COMPARATOR_LABELS[findings.comparator])  # type: ignore[index]


def best_first(scores: Sequence[Any]) -> list[Any]:
    """The models by their scores (or means over sets), the highest first; as many as can be drawn."""
    return sorted(scores, key=lambda one: -getattr(one, "score", getattr(one, "mean", 0.0)))[:MAX_DRAWN]


def layers_of(findings: ModelFindings, network: str) -> list[ModelScore]:
    """The scores of a network's layers, in its order."""
    profile = next(one for one in findings.profiles if one.source == network)
    return [one for one in findings.scores if one.model in profile.layers]
