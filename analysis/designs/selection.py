"""Which items to show next: `next_items`, and the sentence that says so in a paper."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..arrangement import Arrangement, Ints, check_arrangements
from ..rdm import n_pairs
from .balanced import n_tied, random_items
from .covering import covering_schedule, fewest_possible
from .lift_the_weakest import COST_EXPONENT, Form
from .registry import DEFAULT_DESIGN, DESIGNS, MIN_ITEMS, TrialsSoFar

# Where a set begins to grow, in the forms of lift-the-weakest.
START = {
    "2008": "the weakest pair",
    "2015": "the pair that reached most pairs without evidence, or the weakest pair once all had some",
}


def default_size(n_items: int) -> int:
    """Items in a trial of the fixed-size designs: about half of few items, a third of many, and never more than 20.

    10 of 20, 16 of 40, 20 of 60 and more, on straight lines between.
    """
    return min(n_items, max(5, round(float(np.interp(n_items, [10, 20, 40, 60], [5, 10, 16, 20])))))


def later_size(design: str, n_items: int, *, max_items: int | None = None, size: int | None = None) -> int:
    """Items in a trial after the first of a design of fixed size, and the most that one of the other designs shows.

    A schedule and a cohort take trials as large as they may be, because these hold most pairs for their placements; but
    not all items at once.
    """
    largest = n_items if max_items is None else min(max_items, n_items)
    entry = DESIGNS[design]
    if not entry.has_fixed_size:
        return largest
    if size is not None:
        return min(size, n_items)
    if entry.first_is_like_others and largest < n_items:
        return largest
    return min(default_size(n_items), largest)


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
        if not DESIGNS[design].has_fixed_size:
            sized = ", ".join(name for name, other in DESIGNS.items() if other.has_fixed_size)
            raise ValueError(f"size is for the designs {sized}, not for {design}")
        if size < MIN_ITEMS:
            raise ValueError(f"size must be at least {MIN_ITEMS}, got {size}")
        if max_items is not None and size > max_items:
            raise ValueError(f"size ({size}) must not be above max_items ({max_items})")
    if DESIGNS[design].shows_all and max_items is not None and max_items < n_items:
        raise ValueError(f"the design {design} shows all {n_items} items in each trial, but max_items is {max_items}")


def next_items(
    arrangements: Iterable[Arrangement],
    n_items: int,
    *,
    design: str = DEFAULT_DESIGN,
    max_items: int | None = None,
    size: int | None = None,
    form: Form = "2015",
    shown: Ints | None = None,
    rng: np.random.Generator,
) -> Ints:
    """Items of a participant's next trial, (m,), ascending.

    A pure function of the trials so far and the generator's state: a session continues from any stored state. The first
    trial shows all items, or `max_items` of them at random, but with ``covering`` and ``cohort``.

    Parameters
    ----------
    arrangements
        The participant's trials so far, oldest first; empty before the first.
    n_items
        Number of items of the study.
    design
        ``posterior_variance`` (the pairs known least, by a model of the answers so far: the most accurate RDM for a
        number of placements), ``lift_the_weakest`` (Kriegeskorte & Mur 2012; `form` 2008 or 2015), ``balanced`` (all
        pairs equally often), ``cohort`` (the same over all participants), ``covering`` (a schedule in which each pair
        is together at least once, in few trials), ``random``, or ``full`` (all items each time).
    max_items
        Largest number of items in a trial, the first included; default: no bound.
    size
        Items in each trial after the first of the fixed-size designs; default: `default_size(n_items)`, or
        `max_items` where that is smaller. ``covering`` and ``cohort`` take `max_items`, if that is fewer than all.
    shown : (P,) int, optional
        For ``cohort``: how many trials of all participants show each pair (`pair_counts`), every trial counted from the
        moment it is assigned. Default: those of `arrangements`, as of a participant alone.
    rng
        Decides the first trial's items and breaks ties.

    Raises
    ------
    ValueError
        When the settings do not fit (`check_design`), or a trial holds an item that the study does not have.
    """
    check_design(design, n_items, max_items=max_items, size=size, form=form)
    trials = check_arrangements(arrangements, n_items)
    if shown is not None and (shown.size != n_pairs(n_items) or (shown < 0).any()):
        raise ValueError(f"shown must count the {n_pairs(n_items)} pairs of {n_items} items")
    largest = n_items if max_items is None else min(max_items, n_items)
    if not trials and not DESIGNS[design].first_is_like_others:
        return np.sort(random_items(n_items, largest, rng=rng))
    fixed = later_size(design, n_items, max_items=max_items, size=size)
    if DESIGNS[design].has_fixed_size and fixed == n_items:
        return np.sort(random_items(n_items, fixed, rng=rng))
    return np.sort(DESIGNS[design].choose(TrialsSoFar(trials, n_items, fixed, largest, form, rng, shown)))


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
    if DESIGNS[design].shows_all:
        return f"Every trial showed {first}."
    entry, fixed = DESIGNS[design], later_size(design, n_items, max_items=max_items, size=size)
    later = entry.details.format(
        fixed=fixed,
        largest=largest,
        least=min(MIN_ITEMS, n_items),
        all=n_items,
        start=START[form],
        exponent=COST_EXPONENT[form],
        trials=len(covering_schedule(n_items, fixed)) if entry.is_scheduled else None,
        tied=n_tied(fixed),
        bound=fewest_possible(n_items, fixed) if entry.is_scheduled else None,
    )
    if entry.first_is_like_others:
        return later
    return f"The first trial of a participant showed {first}; {later}"
