"""Which items to show next, and when to stop."""

from analysis.designs.selection import DESIGNS, check_design, default_size, describe, next_items
from analysis.designs.stopping import SessionProgress, StopRule, session_progress

__all__ = [
    "DESIGNS",
    "SessionProgress",
    "StopRule",
    "check_design",
    "default_size",
    "describe",
    "next_items",
    "session_progress",
]
