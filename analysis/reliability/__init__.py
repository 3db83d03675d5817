"""Agreement between raters, with intervals over raters."""

from .growth import GrowthCurve, RatersNeeded, growth, raters_for, raters_needed
from .individual import IndividualTest, individual_test
from .report import Coefficient, Reliability, reliability
from .within import agreement_without_noise

__all__ = [
    "Coefficient",
    "GrowthCurve",
    "IndividualTest",
    "RatersNeeded",
    "Reliability",
    "agreement_without_noise",
    "growth",
    "individual_test",
    "raters_for",
    "raters_needed",
    "reliability",
]
