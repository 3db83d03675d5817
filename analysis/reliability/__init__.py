"""Agreement between raters, with intervals over raters."""

from analysis.reliability.growth import GrowthCurve, RatersNeeded, growth, raters_needed
from analysis.reliability.report import Coefficient, Reliability, reliability
from analysis.reliability.within import agreement_without_noise

__all__ = [
    "Coefficient",
    "GrowthCurve",
    "RatersNeeded",
    "Reliability",
    "agreement_without_noise",
    "growth",
    "raters_needed",
    "reliability",
]
