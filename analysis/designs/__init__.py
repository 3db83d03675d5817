"""Which items to show next, and when to stop."""

from .balanced import pair_counts
from .cohort import next_items_cohort
from .covering import covering_schedule, fewest_possible
from .registry import DEFAULT_DESIGN, DESIGNS, DesignName
from .repeats import TRIALS_BETWEEN_REPEATS, choose_repeat, repeat_due
from .selection import check_design, default_size, describe, later_size, next_items
from .stopping import DEFAULT_EVIDENCE, SessionProgress, StopRule, default_stop, session_progress

__all__ = [
    "DEFAULT_DESIGN",
    "DEFAULT_EVIDENCE",
    "DESIGNS",
    "TRIALS_BETWEEN_REPEATS",
    "DesignName",
    "SessionProgress",
    "StopRule",
    "check_design",
    "choose_repeat",
    "covering_schedule",
    "default_size",
    "default_stop",
    "describe",
    "fewest_possible",
    "later_size",
    "next_items",
    "next_items_cohort",
    "pair_counts",
    "repeat_due",
    "session_progress",
]
