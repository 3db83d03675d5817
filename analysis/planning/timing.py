"""How long a session takes: a stated model of a trial's seconds, and how fast the people of a study really were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats, Ints

# Sessions from which a study's own pace is known, and from which also how far people differ.
MIN_FOR_PACE, MIN_FOR_SPREAD = 3, 8


@dataclass(frozen=True)
class Timing:
    """Seconds of work of a participant of average pace, and how far people and trials differ.

    Attributes
    ----------
    seconds_per_trial : float
        For each trial, whatever it holds.
    seconds_per_placement : float
        For each clip of each trial. In a real session with 118 images a placement took 1.5 seconds and a trial 2.8; the
        default leaves time to play clips again.
    watch : bool
        Whether each clip that is new to the participant is watched once, for as long as it lasts.
    pace : float
        What people really take, as a multiple of the above.
    pace_spread : float
        Standard deviation, between people, of the logarithm of their pace.
    trial_spread : float
        The same between the trials of a person.
    measured : int
        Sessions from which the pace comes; 0 where it is assumed.
    spread_measured : bool
        Whether `pace_spread` comes from them too.
    """

    seconds_per_trial: float = 2.8
    seconds_per_placement: float = 4.0
    watch: bool = True
    pace: float = 1.0
    pace_spread: float = 0.3
    trial_spread: float = 0.2
    measured: int = 0
    spread_measured: bool = False

    def __post_init__(self) -> None:
        for name in ("seconds_per_trial", "seconds_per_placement", "pace", "pace_spread", "trial_spread"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} must be a number of at least 0, got {getattr(self, name)}")


def trial_seconds(items: Ints, watched: NDArray[np.bool_], clip_seconds: Floats, timing: Timing) -> float:
    """Seconds that a trial of these items takes at the model's pace, without spread.

    Parameters
    ----------
    items : (m,) int
    watched : (n,) bool
        Which items the participant has seen in earlier trials.
    clip_seconds : (n,) float
        How long each clip lasts.
    """
    new = items[~watched[items]]
    watching = float(clip_seconds[new].sum()) if timing.watch else 0.0
    return timing.seconds_per_trial + timing.seconds_per_placement * len(items) + watching


def session_seconds(trials: Sequence[Ints], clip_seconds: Floats, timing: Timing) -> float:
    """Seconds that these trials take at the model's pace, one after the other, without spread."""
    watched = np.zeros(len(clip_seconds), dtype=bool)
    total = 0.0
    for items in trials:
        total += trial_seconds(items, watched, clip_seconds, timing)
        watched[items] = True
    return total


def measured_timing(timing: Timing, ratios: Sequence[float]) -> Timing:
    """The timing with the pace of people who have taken part.

    Parameters
    ----------
    ratios
        For each session the seconds that it took over those that the model gives its trials (`session_seconds`).

    Returns
    -------
    Timing
        With the median as its pace from 3 sessions on, and from 8 on with the standard deviation of the logarithms as
        the spread between people; with fewer it is returned as it was.
    """
    positive = [ratio for ratio in ratios if ratio > 0 and np.isfinite(ratio)]
    if len(positive) < MIN_FOR_PACE:
        return timing
    paced = replace(timing, pace=float(np.median(positive)), measured=len(positive))
    if len(positive) < MIN_FOR_SPREAD:
        return paced
    return replace(paced, pace_spread=float(np.std(np.log(positive), ddof=1)), spread_measured=True)
