"""From the placements of one participant to a representational dissimilarity matrix: `estimate_rdm`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Arrangement, Floats, Ints
from ..evidence import DISTANCE_FLOOR, evidence_weights
from ..rdm import scale_to_rms, subset
from .canonical import canonical
from .forward import fit_forward
from .inverse_mds import STEP, inverse_mds
from .latent import LatentFit, fit_latent
from .precision_weighted import precision_weighted
from .trials import Trials, pair_components, usable_trials
from .uncertainty import Interval, Refusal, Uncertainty
from .uncertainty import uncertainty as find_uncertainty
from .weighted_average import weighted_average

ESTIMATORS = ("weighted_average", "inverse_mds", "precision_weighted", "latent", "arrangement", "combined")


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
        In the unit of `rdm`: 1.96 of them to either side hold the participant's true dissimilarity (of the true RDM at
        the same sum of squares) in 95 % of pairs. None where it was not asked for, or is not known to be calibrated.
    correlation_with_truth : Interval or None
        Pearson correlation of `rdm` with the participant's true RDM, with its 95 % interval; None as above.
    uncertainty_reason : str or None
        Why the two were asked for and are not given; None otherwise.
    method : str
    n_iter : int
        Rounds of the method's outermost iteration.
    converged : bool
        False exactly when an iteration of the method stopped at its bound, or without a step that improves on the last,
        before its criterion was met. (Three steps are the criterion of ``arrangement``'s own.)
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
    correlation_with_truth: Interval | None
    method: str
    n_iter: int
    converged: bool
    dropped: tuple[tuple[int, str], ...]
    components: Ints
    predicted: NDArray[np.bool_]
    parameters: dict[str, Any] = field(default_factory=dict)
    uncertainty_reason: str | None = None

    @property
    def n_components(self) -> int:
        """Number of groups of pairs without a common scale; 1 is what an experimenter wants."""
        return int(self.components.max(initial=-1)) + 1

    @property
    def seen_rdm(self) -> Floats:
        """`rdm` over the pairs that the participant saw, (P,): NaN where the value is only predicted.

        These alone are judgments: pools, agreement, noise ceilings and counts are made of them, never of `rdm`, which
        is the RDM completed by the model. The unit is that of `rdm`.
        """
        return np.where(self.predicted, np.nan, self.rdm)


def estimate_rdm(
    arrangements: Iterable[Arrangement],
    n_items: int,
    *,
    method: str = "combined",
    uncertainty: bool = False,
    rng: np.random.Generator | None = None,
) -> RDMEstimate:
    """The RDM of one participant from the arrangements of all their trials.

    Parameters
    ----------
    arrangements
        Trials in any order; an item may be in any number of them.
    n_items
        Number of items of the study; the RDM has n_items(n_items-1)/2 pairs.
    method
        ``combined`` (the default)
            Mean of ``latent`` and ``arrangement``: the most accurate where raters place with a human's noise.
        ``latent``
            A model of all items fitted to the precision-weighted average; fast.
        ``arrangement``
            The same model fitted to the placements themselves, through the arrangements that it predicts.
        ``precision_weighted``
            An average of the trials that follows their zoom; no model, unseen pairs stay NaN.
        ``weighted_average``
            The reference (Kriegeskorte & Mur 2012), for comparison with published work; unseen pairs stay NaN. It and
            ``inverse_mds`` depend on the unit of the positions, through the evidence's floor.
        ``inverse_mds``
            Their second procedure; it gets worse with more trials when placements are noisy.
    uncertainty
        Whether to find standard errors and the correlation with the truth. About 90 sessions are simulated and fitted,
        which takes seconds (20 items) to a minute (100 items).
    rng
        The generator of these simulations; default: a fixed seed, so that the same trials give the same figures, in
        whatever order and orientation, and under whatever labels.

    Raises
    ------
    NoUsableTrialsError
        When there is no trial of three or more items that are not all on one spot.
    ValueError
        When the method is unknown, or a trial holds an item that is not below `n_items`.
    """
    if method not in ESTIMATORS:
        raise ValueError(f"unknown method {method!r}; known are {', '.join(ESTIMATORS)}")
    trials = usable_trials(arrangements, n_items)
    same, places = canonical(trials)
    fitted = fit(same, method)
    estimate = describe(trials, method, fitted._replace(rdm=subset(fitted.rdm, places)))
    if not uncertainty:
        return estimate
    error = _uncertainty(same, method, np.random.default_rng(0) if rng is None else rng)
    if isinstance(error, Refusal):
        return replace(estimate, uncertainty_reason=error.reason)
    return replace(
        estimate,
        standard_error=subset(error.standard_error, places) / np.sqrt(np.isfinite(fitted.rdm).sum()),
        correlation_with_truth=error.correlation_with_truth,
    )


def _uncertainty(trials: Trials, method: str, rng: np.random.Generator) -> Uncertainty | Refusal:
    """Standard errors of a method, or why there are none. The forward model is too slow for all draws."""
    if method == "inverse_mds":
        return Refusal("inverse MDS drifts with each trial, so its intervals are not known to hold")
    if method == "weighted_average":
        return find_uncertainty(trials, lambda simulated, _: weighted_average(simulated).rdm, rng=rng)
    if method == "precision_weighted":
        return find_uncertainty(trials, lambda _, latent: latent.average.rdm, rng=rng)
    if method == "latent":
        return find_uncertainty(trials, lambda _, latent: latent.rdm, rng=rng)

    def slow(simulated: Trials, latent: LatentFit) -> Floats:
        """The RDM (P,) that the method itself makes of simulated trials, for the few draws that can afford it."""
        forward = fit_forward(simulated, latent.average).rdm
        return forward if method == "arrangement" else forward + scale_to_rms(latent.rdm)

    return find_uncertainty(trials, lambda _, latent: latent.rdm, slow=slow, rng=rng)


def describe(trials: Trials, method: str, fitted: Fit) -> RDMEstimate:
    """The estimate of a method, at a sum of squares of 1, with what the trials say beside it."""
    seen = trials.seen() > 0
    return RDMEstimate(
        rdm=fitted.rdm / np.sqrt(np.nansum(fitted.rdm**2)),
        evidence=np.asarray(np.bincount(trials.pair, evidence_weights(trials.distance), seen.size), dtype=np.float64),
        standard_error=None,
        correlation_with_truth=None,
        method=method,
        n_iter=fitted.n_iter,
        converged=fitted.converged,
        dropped=trials.dropped,
        components=pair_components(trials),
        predicted=~seen & np.isfinite(fitted.rdm),
        parameters=fitted.parameters,
    )


class Fit(NamedTuple):
    """What a method found: `rdm` (P,) in any unit, NaN where unknown."""

    rdm: Floats
    n_iter: int
    converged: bool
    parameters: dict[str, Any]


def fit(trials: Trials, method: str) -> Fit:
    """Run one of ESTIMATORS on usable trials."""
    if method == "weighted_average":
        reference = weighted_average(trials)
        return Fit(reference.rdm, reference.n_iter, reference.converged, {"distance_floor": DISTANCE_FLOOR})
    if method == "inverse_mds":
        inverse = inverse_mds(trials)
        return Fit(inverse.rdm, inverse.n_iter, inverse.converged, {"step": STEP, "error": inverse.error})
    average = precision_weighted(trials)
    noise = {"placement_variance": average.placement_variance, "misfit_variance": average.misfit_variance}
    if method == "precision_weighted":
        return Fit(average.rdm, average.n_iter, average.converged, noise)
    forward = fit_forward(trials, average) if method != "latent" else None
    latent = fit_latent(trials, average=average) if method != "arrangement" else None
    fits = [f for f in (latent, forward) if f is not None]
    return Fit(
        rdm=np.mean([scale_to_rms(f.rdm) for f in fits], axis=0),
        n_iter=sum(f.n_iter for f in fits),
        converged=all(f.converged for f in fits),
        parameters=noise | {"dimensions": fits[0].configuration.points.shape[1]},
    )
