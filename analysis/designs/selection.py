"""Which items to show next: `next_items`, and the sentence that says so in a paper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from ..arrangement import Arrangement, Floats, Ints, check_arrangements
from ..estimators import NoUsableTrialsError, estimate_rdm
from ..estimators.trials import usable_trials
from ..evidence import pair_evidence
from ..rdm import n_pairs
from .balanced import balanced, pair_counts, random_items
from .lift_the_weakest import COST_EXPONENT, Form, lift_the_weakest
from .posterior_variance import posterior_variance

DESIGNS = ("posterior_variance", "lift_the_weakest", "balanced", "random", "full")
# With `DEFAULT_EVIDENCE`, the most accurate RDM for the minutes of a participant (docs/benchmarks/defaults.md).
DEFAULT_DESIGN: Literal["posterior_variance"] = "posterior_variance"
SIZED = ("posterior_variance", "balanced", "random")
# A trial of two items holds no information: its one distance is its scale.
MIN_ITEMS = 3


def default_size(n_items: int) -> int:
    """Items in a trial of the fixed-size designs: about half of few items, a third of many, and never more than 20.

    10 of 20, 16 of 40, 20 of 60 and more, on straight lines between.
    """
    return min(n_items, max(5, round(float(np.interp(n_items, [10, 20, 40, 60], [5, 10, 16, 20])))))


def check_design(
    design: str, n_items: int, *, max_items: int | None = None, size: int | None = None, form: str = "2015"
) -> None:
    """Nothing, if `next_items` can work with these settings.

    Raises
    ------
    ValueError
        When the design or form is unknown, `n_items` is below 1, `max_items` or `size` is below 3 (`max_items` may be
        the number of items where that is smaller), `size` is above `max_items` or given to a design that finds its own
        size, or `max_items` keeps `full` from showing all items.
    """
    if design not in DESIGNS:
        raise ValueError(f"unknown design {design!r}; known are {', '.join(DESIGNS)}")
    if form not in COST_EXPONENT:
        raise ValueError(f"unknown form {form!r} of lift the weakest; known are {', '.join(COST_EXPONENT)}")
    if n_items < 1:
        raise ValueError(f"n_items must be at least 1, got {n_items}")
    if max_items is not None and max_items < min(MIN_ITEMS, n_items):
        raise ValueError(f"max_items must be at least {MIN_ITEMS}, got {max_items}")
    if size is not None:
        if design not in SIZED:
            raise ValueError(f"size is for the designs {', '.join(SIZED)}, not for {design}")
        if size < MIN_ITEMS:
            raise ValueError(f"size must be at least {MIN_ITEMS}, got {size}")
        if max_items is not None and size > max_items:
            raise ValueError(f"size ({size}) must not be above max_items ({max_items})")
    if design == "full" and max_items is not None and max_items < n_items:
        raise ValueError(f"the design full shows all {n_items} items in each trial, but max_items is {max_items}")


def next_items(
    arrangements: Iterable[Arrangement],
    n_items: int,
    *,
    design: str = DEFAULT_DESIGN,
    max_items: int | None = None,
    size: int | None = None,
    form: Form = "2015",
    rng: np.random.Generator,
) -> Ints:
    """Items of a participant's next trial, (m,), ascending.

    A pure function of the trials so far and the generator's state: a session continues from any stored state. The first
    trial shows all items, or `max_items` of them at random.

    Parameters
    ----------
    arrangements
        The participant's trials so far, oldest first; empty before the first.
    n_items
        Number of items of the study.
    design
        ``posterior_variance`` (the pairs known least, by a model of the answers so far: the most accurate RDM for a
        number of placements), ``lift_the_weakest`` (Kriegeskorte & Mur 2012; `form` 2008 or 2015), ``balanced`` (all
        pairs equally often), ``random``, or ``full`` (all items each time).
    max_items
        Largest number of items in a trial, the first included; default: no bound.
    size
        Items in each trial after the first of the fixed-size designs; default: `default_size(n_items)`, or
        `max_items` where that is smaller.
    rng
        Decides the first trial's items and breaks ties.

    Raises
    ------
    ValueError
        When the settings do not fit (`check_design`), or a trial holds an item that the study does not have.
    """
    check_design(design, n_items, max_items=max_items, size=size, form=form)
    trials = check_arrangements(arrangements, n_items)
    largest = n_items if max_items is None else min(max_items, n_items)
    if not trials or design == "full":
        chosen = random_items(n_items, largest, rng=rng)
    elif design == "lift_the_weakest":
        chosen = lift_the_weakest(
            _reference_rdm(trials, n_items),
            pair_evidence(trials, n_items),
            form=form,
            min_items=MIN_ITEMS,
            max_items=largest,
            rng=rng,
        )
    else:
        fixed = min(default_size(n_items), largest) if size is None else min(size, n_items)
        if design == "random" or fixed == n_items:
            chosen = random_items(n_items, fixed, rng=rng)
        elif design == "balanced":
            chosen = balanced(pair_counts([trial.items for trial in trials], n_items), fixed, rng=rng)
        else:
            chosen = _by_posterior_variance(trials, n_items, fixed, rng)
    return np.sort(chosen)


def _by_posterior_variance(trials: list[Arrangement], n_items: int, size: int, rng: np.random.Generator) -> Ints:
    try:
        usable = usable_trials(trials, n_items)
    except NoUsableTrialsError:
        # Nothing is known of any pair yet: all that can be done is to show what was shown least.
        return balanced(pair_counts([trial.items for trial in trials], n_items), size, rng=rng)
    return posterior_variance(usable, size, rng=rng)


def _reference_rdm(trials: list[Arrangement], n_items: int) -> Floats:
    """Weighted average of the trials so far; all NaN while none of them says anything (all items on one spot)."""
    try:
        return estimate_rdm(trials, n_items, method="weighted_average").rdm
    except NoUsableTrialsError:
        return np.full(n_pairs(n_items), np.nan)


def describe(
    design: str, n_items: int, *, max_items: int | None = None, size: int | None = None, form: Form = "2015"
) -> str:
    """One sentence for a methods section: how the items of each trial were chosen.

    Raises
    ------
    ValueError
        As `next_items`.
    """
    check_design(design, n_items, max_items=max_items, size=size, form=form)
    largest = n_items if max_items is None else min(max_items, n_items)
    first = f"all {n_items} items" if largest == n_items else f"{largest} of the {n_items} items, drawn at random"
    fixed = min(default_size(n_items), largest) if size is None else min(size, n_items)
    if design == "full":
        return f"Every trial showed {first}."
    opening = f"The first trial of a participant showed {first}; "
    if design == "random":
        return opening + f"each later trial showed {fixed} items drawn at random."
    if design == "balanced":
        return opening + (
            f"each later trial showed {fixed} items: the pair that the participant had seen least often, joined one by "
            "one by the item whose pairs with the set had been seen least often, with ties broken at random."
        )
    if design == "posterior_variance":
        return opening + (
            f"each later trial showed {fixed} items chosen for the largest expected fall in the posterior variance of "
            "the dissimilarities, given a latent configuration fitted to all of the participant's trials so far: "
            "from the pair known least, the set grew by the item that lowered the variance most; ties were broken at "
            "random."
        )
    start = {
        "2008": "the weakest pair",
        "2015": "the pair that reached most pairs without evidence, or the weakest pair once all had some",
    }[form]
    return opening + (
        f"each later trial was chosen by lift-the-weakest (Kriegeskorte & Mur, 2012, Front. Psychol. 3:245): from "
        f"{start}, the set grew by the item that added most expected utility of evidence (u(E) = 1 - exp(-10 E)) per "
        f"unit of time (number of items to the power {COST_EXPONENT[form]}), as long as that ratio rose, to between "
        f"{min(MIN_ITEMS, n_items)} and {largest} items; ties were broken at random."
    )
