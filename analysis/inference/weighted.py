"""Similarities of RDMs whose pairs count several times, as in a bootstrap over items.

A sample that holds item i c_i times holds the pair (i, j) c_i c_j times, and pairs of an item with its own copy are
left out: they are 0 by construction. So nothing has to be copied, the pairs just get whole-number weights w (p,).
"""

from __future__ import annotations

import numpy as np

from ..arrangement import Floats, Ints
from ..similarity import MIN_PAIRS, Method, tau_a

# Up to this many pairs all signs of differences fit the cache, and comparing them beats sorting.
FEW_PAIRS = 150


def codes(rows: Floats) -> Ints:
    """Whole numbers from 0 in the order of each row's values, ties alike; 0 for NaN."""
    out = np.zeros(rows.shape, dtype=np.int64)
    for code, row in zip(out, rows, strict=True):
        present = np.isfinite(row)
        code[present] = np.unique(row[present], return_inverse=True)[1]
    return out


def ranks_of_codes(rows: Ints, w: Floats, n_codes: int) -> Floats:
    """Average ranks of each row (K, p) when element q occurs w_q times; no sorting.

    Row k holds codes from k n_codes to (k + 1) n_codes - 1.
    """
    n_rows = len(rows)
    counts = np.bincount(rows.ravel(), np.tile(w, n_rows), n_rows * n_codes).astype(np.float64, copy=False)
    # Counted through all rows at once; each row's own ranks begin again at 1.
    middle = np.cumsum(counts)
    counts *= 0.5
    # The mean rank of a run of ties lies halfway between its first and its last.
    middle -= counts
    return np.asarray(middle[rows] - (w.sum() * np.arange(n_rows)[:, None] - 0.5), dtype=np.float64)


def ranks_of_values(rows: Floats, w: Floats) -> Floats:
    """Average ranks of each row (K, p) of any values when element q occurs w_q times."""
    n_rows, p = rows.shape
    order = np.argsort(rows, axis=1)
    weight = w[order]
    through = np.cumsum(weight, axis=1)
    middle = weight.ravel() * -0.5
    middle += through.ravel()
    middle += 0.5
    order += np.arange(n_rows)[:, None] * p
    places = order.ravel()
    ordered = rows.ravel()[places]
    same = ordered[1:] == ordered[:-1]
    same[p - 1 :: p] = False
    tied = np.flatnonzero(same)
    if tied.size:
        # Ties are few as a rule: only their runs are gone through again, from first to last.
        apart = np.diff(tied) > 1
        first, last = tied[np.append(True, apart)], tied[np.append(apart, True)] + 1
        length = last - first + 1
        members = np.arange(length.sum()) + np.repeat(first - (np.cumsum(length) - length), length)
        flat = through.ravel()
        middle[members] = np.repeat((flat[first] - weight.ravel()[first] + flat[last] + 1) / 2, length)
    out = np.empty(rows.size)
    out[places] = middle
    return out.reshape(rows.shape)


def agreement(rows: Floats, w: Floats, method: Method) -> Floats:
    """Similarity of each row with each other (K, K), rows (K, p) without missing pairs, by sums of products.

    "pearson", "cosine", or, for rows of weighted ranks, "spearman" and "rho_a". But for "cosine" the rows have a mean
    near 0, or the sums of squares would lose their accuracy. NaN where undefined.
    """
    products = (rows * w) @ rows.T
    least = 1e-12 * np.diag(products)
    if method != "cosine":
        n = w.sum()
        sums = rows @ w
        products -= np.outer(sums, sums) / n
        if method == "rho_a":
            return np.asarray(12 * products / (n**3 - n))
    size = np.diag(products).copy()
    size[(size <= least) | (size <= 0)] = np.nan
    return np.asarray(products / np.sqrt(np.outer(size, size)))


def one_with_many(x: Floats, y: Floats, w: Floats, method: Method) -> Floats:
    """Similarity of one row x (p,) with each row of y (M, p), both without missing pairs, (M,); any method."""
    kept = w > 0
    x, y, w = x[kept], y[:, kept], w[kept]
    if x.size < MIN_PAIRS:
        return np.full(len(y), np.nan)
    if method == "tau_a":
        return _tau_a(x, y, w)
    rows = np.vstack([x, y])
    if method in ("spearman", "rho_a"):
        rows = ranks_of_values(rows, w)
    if method != "cosine":
        rows -= rows.mean(axis=1, keepdims=True)
    return agreement(rows, w, method)[0, 1:]


def _tau_a(x: Floats, y: Floats, w: Floats) -> Floats:
    if x.size <= FEW_PAIRS:
        signs = np.sign(x[:, None] - x) * np.outer(w, w)
        sums = np.einsum("pq,mpq->m", signs, np.sign(y[:, :, None] - y[:, None]))
        return np.asarray(sums / (w.sum() * (w.sum() - 1)))
    # SciPy's compiled count over copied pairs beats any count with weights in NumPy.
    copies = np.repeat(np.arange(x.size), w.astype(np.int64))
    return np.array([tau_a(x[copies], row[copies]) for row in y])


def row_by_row(a: Floats, b: Floats, w: Floats, method: Method) -> Floats:
    """Similarity of row k of a (K, p) with row k of b (K, p), both of weighted ranks, (K,): "spearman" or "rho_a"."""
    n = w.sum()
    a, b = a - (n + 1) / 2, b - (n + 1) / 2
    products = np.einsum("kp,kp,p->k", a, b, w)
    if method == "rho_a":
        return np.asarray(12 * products / (n**3 - n))
    sizes = np.einsum("kp,kp,p->k", a, a, w) * np.einsum("kp,kp,p->k", b, b, w)
    defined = sizes > 0
    return np.where(defined, products / np.sqrt(np.where(defined, sizes, 1.0)), np.nan)
