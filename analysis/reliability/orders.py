"""Correlations of pools along an order of the raters: the first few with those after them, also without each rater.

A pool is a difference of running sums, and leaving a rater out takes one row from them: no product with the table is
needed for each pool, which would take hundreds of raters hours.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arrangement import Floats, Ints
from .pools import Part, ScaledRows, correlation, in_chunks, moments, ratio

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
    by_row = np.full((len(places), len(one)), np.nan)
    enough = [two <= (n_raters if at is None else n_raters - 1) for at in places]
    if rows.agreement is not None:
        for row, at in enumerate(places):
            left = order if at is None else np.delete(order, at)
            by_row[row, enough[row]] = _of_agreement(rows.agreement, left, one[enough[row]], two[enough[row]])
    else:
        sums = np.zeros((len(places), 6, len(one)))
        for part in rows.parts:
            sums += _of_part(part, place, places, one, two)
        for row, of_row in enumerate(sums):
            by_row[row, enough[row]] = correlation(of_row[:, enough[row]])
    for values in by_row:
        yield values.reshape(shape)


def _of_part(part: Part, place: Ints, places: list[int | None], one: Ints, two: Ints) -> Floats:
    """The `moments` over the part's pairs, (rows, 6, K), of the pools without whom `places` name.

    Of the raters before a certain place only those who saw some of these pairs matter: few pools are different here.
    """
    own = np.sort(place[part.raters])
    ordered = part.raters[np.argsort(place[part.raters])]
    row_of = np.searchsorted(part.raters, ordered)
    ends = np.empty((len(places), 2, len(one)), dtype=np.int64)
    rows_without: dict[int | None, list[int]] = {}
    for row, at in enumerate(places):
        for which, end in enumerate((one, two)):
            ends[row, which] = np.searchsorted(own, end if at is None else end + (end > at))
        absent = None if at is None else int(np.searchsorted(own, at))
        is_here = absent is not None and absent < own.size and own[absent] == at
        rows_without.setdefault(absent if is_here else None, []).append(row)
    sums = np.zeros((len(places), 6, len(one)))
    for pairs in in_chunks(part.z.shape[1], len(own), LARGEST):
        z, here = (_running(table[row_of][:, pairs]) for table in (part.z, part.here))
        for absent, rows in rows_without.items():
            first, last = ends[rows].transpose(1, 0, 2).reshape(2, -1)
            different, which = np.unique(first * (own.size + 1) + last, return_inverse=True)
            first, last = np.divmod(different, own.size + 1)
            terms = np.empty((6, different.size))
            for chunk in in_chunks(different.size, z.shape[1], LARGEST):
                (a, n_a), (both, n_both) = (
                    [_first(upto, end[chunk], absent) for upto in (z, here)] for end in (first, last)
                )
                terms[:, chunk] = moments(a, n_a, both - a, n_both - n_a)
            sums[rows] += terms[:, which.ravel()].reshape(6, len(rows), -1).transpose(1, 0, 2)
    return sums


def _running(table: Floats) -> Floats:
    """Row k is the sum of the first k rows."""
    upto = np.zeros((len(table) + 1, table.shape[1]))
    np.cumsum(table, axis=0, out=upto[1:])
    return upto


def _first(upto: Floats, end: Ints, absent: int | None) -> Floats:
    """The sums of the first `end` rows, without this one."""
    sums = upto[end]
    if absent is not None:
        sums[end > absent] -= upto[absent + 1] - upto[absent]
    return sums


def _of_agreement(agreement: Floats, order: Ints, one: Ints, two: Ints) -> Floats:
    """The same where no pair is missing, from the raters' correlations alone."""
    upto = _running(_running(agreement[np.ix_(order, order)]).T)
    first, all_of_them, row = upto[one, one], upto[two, two], upto[one, two]
    # `row` holds the first pool with both, and both pools with themselves and each other are in `all_of_them`.
    across = row - first
    return ratio(across, first, all_of_them - first - 2 * across)
