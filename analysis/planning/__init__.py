"""Planning a study before anybody takes part: how long it takes, how reliable it will be, what it can tell apart."""

from .cohort import CohortPlan, CohortPoint, plan_cohort
from .plan import plan_study
from .sessions import PlannedSession, Task, simulate_session
from .terms import Assumptions, CurvePoint, Plan, Spread, Wanted
from .timing import Timing, measured_timing, session_seconds

__all__ = [
    "Assumptions",
    "CohortPlan",
    "CohortPoint",
    "CurvePoint",
    "Plan",
    "PlannedSession",
    "Spread",
    "Task",
    "Timing",
    "Wanted",
    "measured_timing",
    "plan_cohort",
    "plan_study",
    "session_seconds",
    "simulate_session",
]
