"""From the placements of one participant to a representational dissimilarity matrix: `estimate_rdm`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.arrangement import Arrangement, Floats, Ints
from analysis.estimators.trials import Trials, pair_components, usable_trials
from analysis.estimators.weighted_average import weighted_average
from analysis.evidence import evidence_weights

METHODS = ("weighted_average",)


@dataclass(frozen=True, eq=False)
class RDMEstimate:
    """An RDM with all that a reader needs to judge it; P pairs in condensed order.

    Attributes
    ----------
    rdm : (P,) float
        Dissimilarities, with a sum of squares of 1 over the pairs that are present, whatever the method (as in the
        platforms' files); NaN where the method has nothing to say about a pair.
    evidence : (P,) float
        Evidence of each pair in the trials that were used (`pair_evidence`); 0 where it was never seen.
    standard_error : (P,) float or None
        In the unit of `rdm`; None where the method has no standard error that simulations have shown to be calibrated.
    method : str
    n_iter : int
        Rounds of the method's outermost iteration.
    converged : bool
        False when the iteration stopped at its bound.
    dropped : tuple of (trial number, reason)
        Trials, counted from 0 in the order given, that were not used.
    components : (P,) int
        Trials that share a pair have a common scale; the label says to which such group a pair belongs (0 the largest),
        and is -1 for a pair that was never seen. With more than one group the relative scale of the groups is not
        determined by the data: say so wherever the RDM is shown.
    predicted : (P,) bool
        True where no trial holds the pair and the value was predicted by the method's model of the other pairs.
    parameters : dict
        What the method was run with and what it found on the way (for example noise variances), by name.
    """

    rdm: Floats
    evidence: Floats
    standard_error: Floats | None
    method: str
    n_iter: int
    converged: bool
    dropped: tuple[tuple[int, str], ...]
    components: Ints
    predicted: NDArray[np.bool_]
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def n_components(self) -> int:
        """Number of groups of pairs without a common scale; 1 is what an experimenter wants."""
        return int(self.components.max(initial=-1)) + 1


def estimate_rdm(arrangements: Iterable[Arrangement], n_items: int, *, method: str = "combined") -> RDMEstimate:
    """The RDM of one participant from the arrangements of all their trials.

    Parameters
    ----------
    arrangements
        Trials in any order; an item may be in any number of them.
    n_items
        Number of items of the study; the RDM has n_items(n_items-1)/2 pairs.
    method
        ``weighted_average`` (the reference: Kriegeskorte & Mur 2012). It depends on the positions' unit, through the
        floor of the evidence.

    Raises
    ------
    NoUsableTrialsError
        When there is no trial of three or more items that are not all on one spot.
    ValueError
        When the method is unknown, or a trial holds an item that is not below `n_items`.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
    trials = usable_trials(arrangements, n_items)
    average = weighted_average(trials)
    return _estimate(trials, average.rdm, method=method, n_iter=average.n_iter, converged=average.converged)


def _estimate(trials: Trials, rdm: Floats, *, method: str, n_iter: int, converged: bool) -> RDMEstimate:
    """The result with what all methods share; `rdm` in any unit, NaN where unknown."""
    seen = trials.seen() > 0
    return RDMEstimate(
        rdm=rdm / np.sqrt(np.nansum(rdm**2)),
        evidence=np.bincount(trials.pair, evidence_weights(trials.distance), seen.size),
        standard_error=None,
        method=method,
        n_iter=n_iter,
        converged=converged,
        dropped=trials.dropped,
        components=pair_components(trials),
        predicted=~seen & np.isfinite(rdm),
    )
