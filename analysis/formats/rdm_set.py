"""Several raters' RDMs with the names that belong to them: what every RDM format here reads and writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..rdm import n_pairs
from ..words import counted

OPTIONAL_ROWS = ("evidence", "standard_error", "observations", "predicted", "completed")


@dataclass(frozen=True, eq=False)
class RDMSet:
    """RDMs of one set of items, and what is known about each pair.

    Parameters
    ----------
    rdms : (R, P) float
        Dissimilarities in condensed order, NaN where a pair is missing or was not seen. A single (P,) vector is taken
        as one row.
    names : n strings
        Names of the items (clips), in the order of the condensed vectors; distinct.
    raters : R strings
        Who each row belongs to; distinct. "group" for an RDM pooled over raters.
    method : str
        Estimator of the rows, as in `analysis.estimate_rdm`; empty when unknown.
    evidence, standard_error : (R, P) float or None
        Evidence weight and standard error of each dissimilarity; NaN standard errors where a rater has none.
    observations : (R, P) float or None
        Number of trials that held the pair (for a pooled RDM: number of raters who saw it).
    predicted : (R, P) bool or None
        True where the pair was never seen and `completed` holds a model's prediction.
    completed : (R, P) float or None
        `rdms` completed by the estimator's model: the same values, and predictions where a pair was never seen. An
        estimator without a model of unseen pairs leaves them NaN here too.

    Raises
    ------
    ValueError
        When shapes and names do not fit each other, or a name is duplicated.
    """

    rdms: Floats
    names: tuple[str, ...]
    raters: tuple[str, ...]
    method: str = ""
    evidence: Floats | None = field(default=None)
    standard_error: Floats | None = field(default=None)
    observations: Floats | None = field(default=None)
    predicted: Floats | None = field(default=None)
    completed: Floats | None = field(default=None)

    def __init__(
        self,
        rdms: ArrayLike,
        names: Sequence[str],
        raters: Sequence[str],
        method: str = "",
        *,
        evidence: ArrayLike | None = None,
        standard_error: ArrayLike | None = None,
        observations: ArrayLike | None = None,
        predicted: ArrayLike | None = None,
        completed: ArrayLike | None = None,
    ) -> None:
        rows = np.atleast_2d(np.asarray(rdms, dtype=np.float64))
        shape = (len(raters), n_pairs(len(names)))
        if rows.size == 0:
            rows = rows.reshape(shape) if 0 in shape else rows
        if rows.shape != shape:
            raise ValueError(
                f"rdms must have shape {shape} for {counted(len(raters), 'rater')} and {len(names)} items, got "
                f"{rows.shape}"
            )
        for label, values in (("names", names), ("raters", raters)):
            if len(set(values)) != len(values):
                twice = next(value for value in values if list(values).count(value) > 1)
                raise ValueError(f"{label} holds {twice!r} twice")
        object.__setattr__(self, "rdms", rows)
        object.__setattr__(self, "names", tuple(str(name) for name in names))
        object.__setattr__(self, "raters", tuple(str(rater) for rater in raters))
        object.__setattr__(self, "method", method)
        given = (evidence, standard_error, observations, predicted, completed)
        for label, extra in zip(OPTIONAL_ROWS, given, strict=True):
            array = None if extra is None else np.asarray(extra, dtype=np.float64).reshape(-1, shape[1])
            if array is not None and array.shape != shape:
                raise ValueError(f"{label} must have shape {shape}, got {array.shape}")
            object.__setattr__(self, label, array)

    @property
    def kinds(self) -> tuple[str, ...]:
        """ "rdms" and the optional rows that are there."""
        return "rdms", *(label for label in OPTIONAL_ROWS if getattr(self, label) is not None)

    def rows(self, kind: str) -> Iterator[Floats]:
        """One (P,) vector of a kind after the other, in the order of the raters."""
        yield from getattr(self, kind)

    def columns(self, kind: str, pairs: slice) -> Floats:
        """All raters' values of neighbouring pairs, (R, pairs)."""
        values: Floats = getattr(self, kind)[:, pairs]
        return values

    def completed_only(self) -> RDMSet:
        """The completed RDMs as a set of their own, for formats that hold one matrix each; the method's name says so.

        Raises
        ------
        ValueError
            When the set holds no completed RDMs.
        """
        if self.completed is None:
            raise ValueError("these RDMs come without completed ones")
        return RDMSet(self.completed, self.names, self.raters, completed_method(self.method), predicted=self.predicted)


def completed_method(method: str) -> str:
    """What a set of completed RDMs is called by."""
    return f"{method}, completed by the model"


def without_predictions(rdms: RDMSet) -> RDMSet:
    """RDMs among whose values are predictions, as bundles without `completed` hold them, with these in `completed`."""
    if rdms.predicted is None or rdms.completed is not None:
        return rdms
    seen = np.where(rdms.predicted > 0, np.nan, rdms.rdms)
    extras = {label: getattr(rdms, label) for label in OPTIONAL_ROWS if label != "completed"}
    return RDMSet(seen, rdms.names, rdms.raters, rdms.method, **extras, completed=rdms.rdms)
