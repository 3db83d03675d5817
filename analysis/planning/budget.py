"""How many sessions a plan simulates: as many as its time allows, counted in trials, so that each run does the same."""

from __future__ import annotations

from dataclasses import dataclass

# Seconds of one core that the sessions of a plan may take, by a count of their trials: at 24 clips, and at most.
SECONDS, MAX_SECONDS = 35.0, 150.0
# Of a group: fewer raters say too little of how raters differ, more say little that is new.
MIN_RATERS, MAX_RATERS = 4, 8
MIN_WORLDS, MAX_WORLDS = 4, 10


@dataclass(frozen=True)
class Budget:
    """Simulated groups, raters in each, and the trials after which a session is cut."""

    worlds: int
    raters: int
    max_trials: int


def trial_cost(n_items: int) -> float:
    """Seconds that a trial takes to choose and lay out, roughly, on a machine of 2024."""
    return 0.02 + 4e-7 * n_items**2


def estimate_cost(n_items: int) -> float:
    """Seconds that the RDM of a session takes, roughly."""
    return 0.1 + 4e-6 * n_items**2


def longest_session(n_items: int) -> int:
    """Trials after which a session is cut: the fewest sessions of that length fill the time."""
    each = _seconds(n_items) / (MIN_WORLDS * MIN_RATERS) - estimate_cost(n_items)
    return max(5, int(each / trial_cost(n_items)))


def budget_for(n_items: int, trials: float) -> Budget:
    """How much to simulate where a session takes about so many trials."""
    cost = trials * trial_cost(n_items) + estimate_cost(n_items)
    sessions = _seconds(n_items) / cost
    raters = int(min(max(sessions / MAX_WORLDS, MIN_RATERS), MAX_RATERS))
    worlds = int(min(max(sessions / raters, MIN_WORLDS), MAX_WORLDS))
    return Budget(worlds, raters, longest_session(n_items))


def _seconds(n_items: int) -> float:
    return min(SECONDS + max(n_items - 24, 0), MAX_SECONDS)
