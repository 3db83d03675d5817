"""How much of a cohort a plan simulates: numbers of raters, and whole cohorts, as many as its time allows."""

from __future__ import annotations

from dataclasses import dataclass

# Seconds of one core that the plan may take at 24 clips, for each clip more, and at most.
SECONDS, SECONDS_PER_CLIP, MAX_SECONDS = 35.0, 0.3, 240.0
# Fewer cohorts say too little of how they differ.
MIN_COHORTS, MAX_COHORTS = 3, 10
# A session is cut after so many trials.
MAX_TRIALS = 300
# The cohorts whose RDM is estimated, by the number of raters thought of; the later ones where the time is short.
GRIDS = ((1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2), (1 / 4, 1 / 2, 1, 2), (1 / 4, 1 / 2, 1))
# Estimates that the reliability takes, of half the raters each.
HALVES = 2


@dataclass(frozen=True)
class CohortBudget:
    """Simulated cohorts, the numbers of raters at which each is estimated, and the raters of the reliability."""

    cohorts: int
    sizes: tuple[int, ...]
    raters: int


def cohort_budget(n_items: int, size: int, trials: float, raters: int) -> CohortBudget:
    """How much to simulate where each of so many raters does about so many trials of `size` clips.

    Where even the fewest cohorts of all raters would take too long, it is for as many raters as there is time for.
    """
    allowed = min(SECONDS + SECONDS_PER_CLIP * max(n_items - 24, 0), MAX_SECONDS)

    def cost(sizes: tuple[int, ...]) -> float:
        """Seconds of one cohort."""
        return sizes[-1] * _session_cost(n_items, size, trials) + (len(sizes) + HALVES) * _estimate_cost(n_items)

    for grid in GRIDS:
        sizes = _sizes(grid, raters)
        if MIN_COHORTS * cost(sizes) <= allowed:
            break
    else:
        left = allowed / MIN_COHORTS - (len(GRIDS[-1]) + HALVES) * _estimate_cost(n_items)
        raters = min(raters, max(int(left / _session_cost(n_items, size, trials)), 4))
        sizes = _sizes(GRIDS[-1], raters)
    return CohortBudget(int(min(max(allowed / cost(sizes), MIN_COHORTS), MAX_COHORTS)), sizes, raters)


def _sizes(grid: tuple[float, ...], raters: int) -> tuple[int, ...]:
    return tuple(sorted({max(round(share * raters), 2) for share in grid}))


def _session_cost(n_items: int, size: int, trials: float) -> float:
    """Seconds of a rater with an RDM of their own, whose trials are chosen and laid out, on a machine of 2024."""
    return 2.5e-8 * n_items**2 + trials * (0.003 + 1e-4 * size + 8e-9 * n_items**2)


def _estimate_cost(n_items: int) -> float:
    """Seconds that the RDM of a cohort takes, roughly."""
    return 0.1 + 1.2e-5 * n_items**2
