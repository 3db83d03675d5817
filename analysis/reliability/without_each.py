"""Mean correlations of pools of raters, of all the raters and without each of them: what the jackknife takes.

Where pairs are missing, sums are changed by one rater at a time: a product with the table for each rater left out would
take the cube of their number.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats
from .pools import ScaledRows, between, correlation, in_chunks, moments, scaled_rows, splits


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
    each = _with_the_others(rows, rows.z.sum(axis=0), rows.here.sum(axis=0))
    values = [_mean(each)]
    for absent in range(n_raters):
        total, count = rows.z.sum(axis=0) - rows.z[absent], rows.here.sum(axis=0) - rows.here[absent]
        values.append(_mean(np.delete(_with_the_others(rows, total, count), absent)))
    return np.array(values), each


def _with_the_others(rows: ScaledRows, total: Floats, count: Floats) -> Floats:
    """Each rater's r with the pool that holds the rater too, once the rater is taken out of it, (R,)."""
    found = np.empty(len(rows.z))
    for part in in_chunks(*rows.z.shape):
        z, here = rows.z[part], rows.here[part]
        found[part] = correlation(moments(z, here, total - z, count - here))
    return found


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
        for part in in_chunks(len(rest), table.shape[1]):
            for absent, sums in enumerate(_halves_without_each(rows, rest[part] > 0)):
                without[absent, part] = correlation(moments(*sums))
    return np.array([_mean(between(rows, halves, 1 - halves)), *map(_mean, without)])


def _halves_without_each(rows: ScaledRows, rest: NDArray[np.bool_]) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """Sums and counts (K, P) of the first half and of the second, without rater 0, without rater 1, and so on.

    `rest` (K, R - 1) says who of the others is in the first half. From one rater to the next, the one who was absent
    takes the place of the one who is: only that row changes. The arrays are changed in place.
    """
    one = rest.astype(np.float64)
    sums = (one @ rows.z[1:], one @ rows.here[1:], (1 - one) @ rows.z[1:], (1 - one) @ rows.here[1:])
    yield sums
    for absent in range(1, len(rows.z)):
        z, here = (table[absent - 1] - table[absent] for table in (rows.z, rows.here))
        first = rest[:, absent - 1]
        for table, chosen, change in zip(sums, (first, first, ~first, ~first), (z, here, z, here), strict=True):
            table[chosen] += change
        yield sums


def _mean(values: Floats) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if defined.size else float("nan")
