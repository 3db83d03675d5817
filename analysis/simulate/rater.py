"""A simulated participant: a known RDM and a way of working, from one trial to a whole session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..arrangement import Arrangement, Floats, Ints
from ..designs import DEFAULT_DESIGN, StopRule, default_stop, next_items, session_progress
from ..designs.lift_the_weakest import Form
from ..evidence import evidence_weights
from ..rdm import n_items_of, pairs_within, subset, to_square
from .layout import fit_arena, principal_layout, stress_layout

# No design is worth simulating for longer than this; a stop rule that is out of reach must not run forever.
MAX_TRIALS = 2000


@dataclass(frozen=True)
class Behaviour:
    """How a simulated participant works.

    Attributes
    ----------
    noise : float
        Standard deviation of a placement per coordinate, in units of the largest distance of the trial's layout.
    strategy : "stress" or "pca"
        Layout that keeps all distances as well as possible, or projection on the two leading features.
    random_trials : float
        Share of trials whose items are put at random places.
    laziness : float
        Share of a trial's items that are dropped on the most similar of the other items instead of being compared with
        all.
    seconds_per_trial, seconds_per_item, time_exponent : float
        A trial of m items takes seconds_per_trial + seconds_per_item * m**time_exponent. In a real session with 118
        images (109 trials, one hour) the three were 2.8, 1.5 and 1.05; the default leaves time to watch a clip.
    time_spread : float
        Standard deviation of the logarithm of a trial's time around that figure.
    """

    noise: float = 0.1
    strategy: Literal["stress", "pca"] = "stress"
    random_trials: float = 0.0
    laziness: float = 0.0
    seconds_per_trial: float = 2.8
    seconds_per_item: float = 3.5
    time_exponent: float = 1.05
    time_spread: float = 0.2

    def __post_init__(self) -> None:
        if self.strategy not in ("stress", "pca"):
            raise ValueError(f"unknown strategy {self.strategy!r}; known are stress, pca")
        for name in ("random_trials", "laziness"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share between 0 and 1, got {getattr(self, name)}")
        for name in ("noise", "seconds_per_trial", "seconds_per_item", "time_exponent", "time_spread"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} must be a number of at least 0, got {getattr(self, name)}")


@dataclass(frozen=True, eq=False)
class Session:
    """What a participant did: the arrangements, oldest first, and the seconds that each took, (T,)."""

    arrangements: tuple[Arrangement, ...]
    seconds: Floats

    @property
    def minutes(self) -> float:
        """Minutes of all trials together."""
        return float(self.seconds.sum()) / 60


def place_items(rdm: Floats, items: Ints, *, behaviour: Behaviour, rng: np.random.Generator) -> Arrangement:
    """One trial: the items laid out by the rater's RDM, with noise, inside the arena.

    `rdm` is (P,), or (S, P) for a rater with several strategies, of which each trial follows one at random.
    """
    items = np.asarray(items, dtype=np.int64)
    m = items.size
    if m < 2 or rng.uniform() < behaviour.random_trials:
        angle, radius = rng.uniform(0, 2 * np.pi, m), 0.5 * np.sqrt(rng.uniform(0, 1, m))
        return Arrangement(items, np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    strategies = np.atleast_2d(rdm)
    wanted = subset(strategies[int(rng.integers(len(strategies)))], items)
    layout = stress_layout(wanted) if behaviour.strategy == "stress" else principal_layout(wanted)
    if behaviour.laziness > 0:
        layout = _stack_some(layout, wanted, behaviour.laziness, rng)
    apart = layout[:, None] - layout
    extent = float(np.sqrt((apart**2).sum(axis=-1).max()))
    if extent > 0:
        layout = layout / extent
    return Arrangement(items, fit_arena(layout + behaviour.noise * rng.normal(size=layout.shape)))


def _stack_some(layout: Floats, wanted: Floats, laziness: float, rng: np.random.Generator) -> Floats:
    careless = rng.uniform(size=len(layout)) < laziness
    careful = np.flatnonzero(~careless)
    if not careful.size:
        return np.zeros_like(layout)
    target = careful[np.argmin(to_square(wanted)[:, careful], axis=1)]
    return np.where(careless[:, None], layout[target], layout)


def trial_seconds(n_items: int, *, behaviour: Behaviour, rng: np.random.Generator) -> float:
    """Seconds that a trial of `n_items` items takes."""
    mean = behaviour.seconds_per_trial + behaviour.seconds_per_item * n_items**behaviour.time_exponent
    return float(mean * np.exp(behaviour.time_spread * rng.normal()))


def simulate_rater(
    rdm: Floats,
    *,
    behaviour: Behaviour | None = None,
    design: str = DEFAULT_DESIGN,
    max_items: int | None = None,
    size: int | None = None,
    form: Form = "2015",
    stop: StopRule | None = None,
    rng: np.random.Generator,
) -> Session:
    """A whole session of a participant with a known RDM, each trial chosen by `next_items`.

    Parameters
    ----------
    rdm : (P,) or (S, P) float
        The participant's dissimilarities, complete; with several rows each trial follows one of them at random.
    behaviour : Behaviour
        Default: careful, with a placement noise of a tenth of the arena.
    design, max_items, size, form
        As in `next_items`.
    stop : StopRule
        Default: the one that suits the design (`default_stop`). A session ends in any case after 2,000 trials.
    rng
        All chance of the session: the design's ties, the noise, the times.

    Raises
    ------
    ValueError
        When the RDM holds NaN, infinity or a negative value, or the settings do not fit.
    """
    if not (np.isfinite(rdm).all() and (rdm >= 0).all()):
        raise ValueError("a rater's RDM must be complete, finite and not negative")
    behaviour = Behaviour() if behaviour is None else behaviour
    n_items = n_items_of(rdm.shape[-1])
    stop = default_stop(design, n_items, max_items=max_items, size=size) if stop is None else stop
    trials: list[Arrangement] = []
    seconds: list[float] = []
    evidence = np.zeros(rdm.shape[-1])
    while len(trials) < MAX_TRIALS:
        items = next_items(trials, n_items, design=design, max_items=max_items, size=size, form=form, rng=rng)
        trial = place_items(rdm, items, behaviour=behaviour, rng=rng)
        trials.append(trial)
        seconds.append(trial_seconds(len(trial), behaviour=behaviour, rng=rng))
        evidence[pairs_within(trial.items, n_items)] += evidence_weights(trial.distances())
        if session_progress(evidence, rule=stop, n_trials=len(trials), minutes=sum(seconds) / 60).done:
            break
    return Session(arrangements=tuple(trials), seconds=np.array(seconds))
