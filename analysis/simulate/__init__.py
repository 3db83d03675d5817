"""Raters with a known RDM: oracle of the tests, fuel of `analysis.planning` and of the demo."""

from .rater import Behaviour, Session, place_items, simulate_rater, trial_seconds
from .truths import TRUTHS, individual, make_truth, overall, part_of

__all__ = [
    "TRUTHS",
    "Behaviour",
    "Session",
    "individual",
    "make_truth",
    "overall",
    "part_of",
    "place_items",
    "simulate_rater",
    "trial_seconds",
]
