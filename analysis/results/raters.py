"""From a rater's arrangements to their RDM, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.arrangement import Arrangement, Floats
from analysis.estimators import NoUsableTrialsError, RDMEstimate, estimate_rdm
from analysis.rdm import n_pairs, pairs_within


def estimate_rater(
    arrangements: Sequence[Arrangement], n_items: int, method: str, *, uncertainty: bool = False, seed: int = 0
) -> RDMEstimate | str:
    """A rater's RDM from their judgments in the order of the trials, or in words why there is none.

    Each rater has the same seed, so that a rater's result does not depend on who else is in the study.

    Raises
    ------
    ValueError
        When the method is unknown, or a trial holds an item that is not below `n_items`.
    """
    try:
        if uncertainty:
            return estimate_rdm(arrangements, n_items, method=method, uncertainty=True, rng=np.random.default_rng(seed))
        return estimate_rdm(arrangements, n_items, method=method)
    except NoUsableTrialsError as error:
        return str(error)


def not_converged(whose: str = "") -> str:
    """The sentence about estimates whose `converged` is False; `whose` names the raters where there are several."""
    of_whom = f" of {whose}" if whose else ""
    return (
        f"The estimate{of_whom} did not converge: an iteration reached its bound, or found no step that lowers its "
        "loss further. What it had found by then is the result."
    )


def observations(arrangements: Sequence[Arrangement], n_items: int, estimate: RDMEstimate) -> Floats:
    """Number of the rater's trials that hold each pair, (P,); trials that the estimate left out do not count."""
    left_out = {number for number, _ in estimate.dropped}
    counts = np.zeros(n_pairs(n_items))
    for number, trial in enumerate(arrangements):
        if number not in left_out:
            counts[pairs_within(trial.items, n_items)] += 1
    return counts
