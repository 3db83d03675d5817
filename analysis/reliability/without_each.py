"""Mean correlations of pools of raters, of all the raters and without each of them: what the jackknife takes.

Where pairs are missing, sums are changed by one rater at a time: a product with the table for each rater left out would
take the cube of their number.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats
from .pools import Part, between, correlation, in_chunks, moments, scaled_rows, splits


def leave_one_out(table: Floats) -> tuple[Floats, Floats]:
    """Mean r of a rater with the pool of the others: of the data and without each rater (1 + R,), and by rater (R,)."""
    rows, n_raters = scaled_rows(table), len(table)
    everyone = np.eye(n_raters)
    if rows.agreement is not None:
        each = between(rows, everyone, 1 - everyone)
        values = [_mean(each)]
        for absent in range(n_raters):
            others = np.delete(1 - everyone, absent, axis=0)
            others[:, absent] = 0.0
            values.append(_mean(between(rows, np.delete(everyone, absent, axis=0), others)))
        return np.array(values), each
    sums = np.zeros((1 + n_raters, 6, n_raters))
    for part in rows.parts:
        total, count = part.z.sum(axis=0), part.here.sum(axis=0)
        terms = _with_the_others(part, total, count)
        sums[:, :, part.raters] += terms
        # Without somebody who saw nothing of these pairs they stay as they are.
        for place, absent in enumerate(part.raters):
            without = _with_the_others(part, total - part.z[place], count - part.here[place])
            sums[1 + absent][:, part.raters] += without - terms
    each = correlation(sums[0])
    without_each = (_mean(np.delete(correlation(sums[1 + absent]), absent)) for absent in range(n_raters))
    return np.array([_mean(each), *without_each]), each


def _with_the_others(part: Part, total: Floats, count: Floats) -> Floats:
    """The `moments` of each rater with the pool that holds the rater too, once the rater is taken out of it, (6, r)."""
    terms = np.empty((6, len(part.z)))
    for chunk in in_chunks(*part.z.shape):
        z, here = part.z[chunk], part.here[chunk]
        terms[:, chunk] = moments(z, here, total - z, count - here)
    return terms


def split_half(table: Floats, halves: Floats, n_without_one: int, rng: np.random.Generator) -> Floats:
    """Mean r between halves of the raters: of the data and without each rater, (1 + R,)."""
    rows, n_raters = scaled_rows(table), len(table)
    rest = splits(n_raters - 1, n_without_one, rng) if n_raters > 2 else np.empty((0, n_raters - 1))
    without = np.empty((n_raters, len(rest)))
    if rows.agreement is not None:
        for absent in range(n_raters):
            one, two = (np.insert(side, absent, 0.0, axis=1) for side in (rest, 1 - rest))
            without[absent] = between(rows, one, two)
    else:
        sums = np.zeros((n_raters, 6, len(rest)))
        for part in rows.parts:
            for chunk in in_chunks(len(rest), part.z.shape[1]):
                for absent, terms in enumerate(_halves_without_each(part, rest[chunk] > 0, n_raters)):
                    sums[absent, :, chunk] += terms
        without[:] = [correlation(of_rater) for of_rater in sums]
    return np.array([_mean(between(rows, halves, 1 - halves)), *map(_mean, without)])


def _halves_without_each(part: Part, rest: NDArray[np.bool_], n_raters: int) -> Iterator[Floats]:
    """The `moments` (6, K) of the first half and the second, without rater 0, without rater 1, and so on.

    `rest` (K, R - 1) says who of the others is in the first half. From one rater to the next, the one who was absent
    takes the place of the one who is: only that row of the sums over raters changes, if they saw any of these pairs.
    """
    place = {rater: row for row, rater in enumerate(part.raters.tolist())}
    one = np.insert(rest, 0, False, axis=1)[:, part.raters].astype(np.float64)
    two = np.insert(~rest, 0, False, axis=1)[:, part.raters].astype(np.float64)
    sums = (one @ part.z, one @ part.here, two @ part.z, two @ part.here)
    terms = moments(*sums)
    yield terms
    for absent in range(1, n_raters):
        comes, goes = place.get(absent - 1), place.get(absent)
        if comes is not None or goes is not None:
            z, here = (_row(table, comes) - _row(table, goes) for table in (part.z, part.here))
            first = rest[:, absent - 1]
            for table, chosen, change in zip(sums, (first, first, ~first, ~first), (z, here, z, here), strict=True):
                table[chosen] += change
            terms = moments(*sums)
        yield terms


def _row(table: Floats, place: int | None) -> Floats:
    return np.zeros(table.shape[1]) if place is None else table[place]


def _mean(values: Floats) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if defined.size else float("nan")
