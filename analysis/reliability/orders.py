"""Correlations of pools along an order of the raters: the first few with those after them, also without each rater.

A pool is a difference of running sums, and leaving a rater out takes one row from them: no product with the table is
needed for each pool, which would take hundreds of raters hours.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arrangement import Floats, Ints
from .pools import ScaledRows, correlation, in_chunks, moments, ratio

# Numbers in each running sum: chunks of pairs, each a loop over the raters.
LARGEST = 1_000_000


def in_order(rows: ScaledRows, order: Ints, one: Ints, two: Ints, *, each: bool) -> Iterator[Floats]:
    """Pearson r of the pool of the first `one` raters of `order` with that of those after them, up to the first `two`.

    Parameters
    ----------
    order : (R,) int
    one, two
        Numbers of raters, of one shape; `two` is larger.
    each
        Also without each of the raters, in the order of the rows: the others then move up.

    Yields
    ------
    float, shaped as `one`
        NaN where there are fewer than `two` raters, and where `between_pools` has it.
    """
    n_raters = len(order)
    place = np.argsort(order)
    places = [None, *place.tolist()] if each else [None]
    shape, one, two = one.shape, one.ravel(), two.ravel()
    found = np.full((len(places), len(one)), np.nan)
    enough = [two <= (n_raters if at is None else n_raters - 1) for at in places]
    if rows.agreement is not None:
        for row, at in enumerate(places):
            left = order if at is None else np.delete(order, at)
            found[row, enough[row]] = _of_agreement(rows.agreement, left, one[enough[row]], two[enough[row]])
    else:
        sums = np.zeros((len(places), 6, len(one)))
        for pairs in in_chunks(rows.z.shape[1], n_raters, LARGEST):
            tables = [_running(table[order, pairs]) for table in (rows.z, rows.here)]
            for row, at in enumerate(places):
                ends = one[enough[row]], two[enough[row]]
                (z, both_z), (here, both_here) = ([_first(upto, end, at) for end in ends] for upto in tables)
                sums[row][:, enough[row]] += moments(z, here, both_z - z, both_here - here)
        for row, of_row in enumerate(sums):
            found[row, enough[row]] = correlation(of_row[:, enough[row]])
    for values in found:
        yield values.reshape(shape)


def _running(table: Floats) -> Floats:
    """Row k is the sum of the first k rows."""
    upto = np.zeros((len(table) + 1, table.shape[1]))
    np.cumsum(table, axis=0, out=upto[1:])
    return upto


def _first(upto: Floats, end: Ints, absent: int | None) -> Floats:
    """The sums of the first `end` rows, without the one at this place."""
    if absent is None:
        return upto[end]
    later = end > absent
    found = upto[end + later]
    found[later] -= upto[absent + 1] - upto[absent]
    return found


def _of_agreement(agreement: Floats, order: Ints, one: Ints, two: Ints) -> Floats:
    """The same where no pair is missing, from the raters' correlations alone."""
    upto = _running(_running(agreement[np.ix_(order, order)]).T)
    first, all_of_them, row = upto[one, one], upto[two, two], upto[one, two]
    # `row` holds the first pool with both, and both pools with themselves and each other are in `all_of_them`.
    across = row - first
    return ratio(across, first, all_of_them - first - 2 * across)
