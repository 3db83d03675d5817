"""Agreement between raters, with intervals over raters."""

from .growth import GrowthCurve, RatersNeeded, growth, raters_for, raters_needed
from .report import Coefficient, Reliability, reliability
from .within import agreement_without_noise

__all__ = [
    "Coefficient",
    "GrowthCurve",
    "RatersNeeded",
    "Reliability",
    "agreement_without_noise",
    "growth",
    "raters_for",
    "raters_needed",
    "reliability",
]
