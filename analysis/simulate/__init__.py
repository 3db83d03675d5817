"""Raters with a known RDM: oracle of the tests, fuel of the planner and of the demo."""

from .planner import Plan, plan_cohort, plan_study
from .rater import Behaviour, Session, place_items, simulate_rater, trial_seconds
from .truths import TRUTHS, individual, make_truth, overall, part_of

__all__ = [
    "TRUTHS",
    "Behaviour",
    "Plan",
    "Session",
    "individual",
    "make_truth",
    "overall",
    "part_of",
    "place_items",
    "plan_cohort",
    "plan_study",
    "simulate_rater",
    "trial_seconds",
]
