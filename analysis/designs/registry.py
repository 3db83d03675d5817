"""The designs: every name, how each chooses, and what is said about it, once. A new design is a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..arrangement import Arrangement, Floats, Ints
from ..estimators import NoUsableTrialsError, estimate_rdm
from ..estimators.trials import usable_trials
from ..evidence import pair_evidence
from ..rdm import n_pairs
from .balanced import balanced, n_tied, pair_counts, random_items
from .covering import next_of_schedule
from .lift_the_weakest import Form, lift_the_weakest
from .posterior_variance import posterior_variance

# A trial of two items holds no information: its one distance is its scale.
MIN_ITEMS = 3

DesignName = Literal["posterior_variance", "lift_the_weakest", "balanced", "cohort", "covering", "random", "full"]
# With `DEFAULT_EVIDENCE`, the most accurate RDM for the minutes of a participant (docs/benchmarks/defaults.md).
DEFAULT_DESIGN: DesignName = "posterior_variance"


@dataclass(frozen=True)
class TrialsSoFar:
    """What a design chooses the next trial from. `size` counts for designs of fixed size, `largest` for the others.

    `shown` (P,) counts the trials of all participants that show each pair; None where the others are not known.
    """

    trials: list[Arrangement]
    n_items: int
    size: int
    largest: int
    form: Form
    rng: np.random.Generator
    shown: Ints | None = None


@dataclass(frozen=True)
class DesignEntry:
    """A design.

    Attributes
    ----------
    label
        Its name and, in parentheses, what it shows.
    choose
        The items of the next trial, in any order.
    summary
        The sentence of a study's methods text.
    details
        How `describe` continues, about the trials after the first, or the whole sentence of a schedule or of a design
        over a cohort. Its fields are
        `fixed`, `least`, `largest` and `all` (numbers of items), `start` and `exponent` of the form of
        lift-the-weakest, and `trials` and `bound` of a schedule.
    has_fixed_size
        Whether each trial after the first holds `size` items; otherwise the design finds the number.
    shows_all
        Whether every trial shows all items.
    aims_at_the_weakest
        Whether it raises the evidence of the pair that has least, so that a session can end when that pair has enough.
    is_scheduled
        Whether its trials are those of a schedule.
    is_over_cohort
        Whether it goes by what all participants were shown: a participant alone is never done by evidence.
    """

    label: str
    choose: Callable[[TrialsSoFar], Ints]
    summary: str
    details: str
    has_fixed_size: bool = False
    shows_all: bool = False
    aims_at_the_weakest: bool = False
    is_scheduled: bool = False
    is_over_cohort: bool = False

    @property
    def first_is_like_others(self) -> bool:
        """Whether the first trial is chosen as the later ones are; otherwise it shows as many items as may be shown."""
        return self.is_scheduled or self.is_over_cohort


def _by_posterior_variance(so_far: TrialsSoFar) -> Ints:
    try:
        usable = usable_trials(so_far.trials, so_far.n_items)
    except NoUsableTrialsError:
        # Nothing is known of any pair yet: all that can be done is to show what was shown least.
        return _balanced(so_far)
    return posterior_variance(usable, so_far.size, rng=so_far.rng)


def _by_lifting(so_far: TrialsSoFar) -> Ints:
    try:
        reference = estimate_rdm(so_far.trials, so_far.n_items, method="weighted_average").rdm
    except NoUsableTrialsError:
        # None of the trials says anything (all items on one spot).
        reference = np.full(n_pairs(so_far.n_items), np.nan)
    evidence: Floats = pair_evidence(so_far.trials, so_far.n_items)
    return lift_the_weakest(
        reference, evidence, form=so_far.form, min_items=MIN_ITEMS, max_items=so_far.largest, rng=so_far.rng
    )


def _balanced(so_far: TrialsSoFar) -> Ints:
    counts = pair_counts([trial.items for trial in so_far.trials], so_far.n_items)
    return balanced(counts, so_far.size, rng=so_far.rng)


def _over_cohort(so_far: TrialsSoFar) -> Ints:
    own = pair_counts([trial.items for trial in so_far.trials], so_far.n_items)
    return balanced(
        own if so_far.shown is None else so_far.shown, so_far.size, within=own, tied=n_tied(so_far.size), rng=so_far.rng
    )


DESIGNS: dict[str, DesignEntry] = {
    "posterior_variance": DesignEntry(
        "posterior variance (what teaches most about all pairs)",
        _by_posterior_variance,
        "After each trial the clips of the next were chosen so that its placements were expected to lower the "
        "uncertainty about all dissimilarities most.",
        "each later trial showed {fixed} items chosen for the largest expected fall in the posterior variance of the "
        "dissimilarities, given a latent configuration fitted to all of the participant's trials so far: from the pair "
        "known least, the set grew by the item that lowered the variance most; ties were broken at random.",
        has_fixed_size=True,
    ),
    "lift_the_weakest": DesignEntry(
        "lift the weakest (the pairs with least evidence)",
        _by_lifting,
        "After each trial the clips of the next were chosen to raise the evidence about the least known pairs most, "
        "for the least expected effort (lift the weakest; Kriegeskorte & Mur, 2012).",
        "each later trial was chosen by lift-the-weakest (Kriegeskorte & Mur, 2012, Front. Psychol. 3:245): from "
        "{start}, the set grew by the item that added most expected utility of evidence (u(E) = 1 - exp(-10 E)) per "
        "unit of time (number of items to the power {exponent}), as long as that ratio rose, to between {least} and "
        "{largest} items; ties were broken at random.",
        aims_at_the_weakest=True,
    ),
    "balanced": DesignEntry(
        "balanced (all pairs equally often)",
        _balanced,
        "The clips of each trial were chosen so that all pairs were shown together equally often.",
        "each later trial showed {fixed} items: the pair that the participant had seen least often, joined one by one "
        "by the item whose pairs with the set had been seen least often, with ties broken at random.",
        has_fixed_size=True,
    ),
    "cohort": DesignEntry(
        "cohort (what all participants together saw least)",
        _over_cohort,
        "Each trial showed clips whose pairs the participants had been shown together least often so far, counted over "
        "all participants.",
        "Each trial showed {fixed} of the {all} items, balanced over all participants: the pair that had been assigned "
        "least often so far, joined one by one by the item whose pairs with the set had been assigned least often, "
        "with ties broken in favour of pairs that the participant had not seen, then at random. As long as pairs were "
        "left that nobody had been assigned, {tied} of the items were ones that had been assigned together before, so "
        "that all trials share a scale.",
        has_fixed_size=True,
        is_over_cohort=True,
    ),
    "covering": DesignEntry(
        "covering (a fixed schedule with every pair)",
        lambda so_far: next_of_schedule(
            [trial.items for trial in so_far.trials], so_far.n_items, so_far.size, rng=so_far.rng
        ),
        "The trials followed a fixed schedule in which every pair of clips is together at least once, in an order of "
        "its own for each participant.",
        "The trials of a participant were the sets of a fixed schedule, of at most {fixed} of the {all} items each, in "
        "which every pair of items is together in one set at least (a covering design of {trials} sets; {bound} is a "
        "lower bound), in random order; once all had been shown they were shown again.",
        has_fixed_size=True,
        is_scheduled=True,
    ),
    "random": DesignEntry(
        "random (drawn at random)",
        lambda so_far: random_items(so_far.n_items, so_far.size, rng=so_far.rng),
        "The clips of each trial were drawn at random.",
        "each later trial showed {fixed} items drawn at random.",
        has_fixed_size=True,
    ),
    "full": DesignEntry(
        "full (all clips in every trial)",
        lambda so_far: random_items(so_far.n_items, so_far.largest, rng=so_far.rng),
        "Each trial showed all clips.",
        "",
        shows_all=True,
    ),
}
