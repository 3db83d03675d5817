"""How alike two RDMs are: Pearson, Spearman, rho-a, Kendall's tau-a and cosine, over the pairs that both have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from .arrangement import Floats, with_nan
from .rdm import n_items_of
from .words import counted

Method = Literal["pearson", "spearman", "rho_a", "tau_a", "cosine"]
COEFFICIENTS: tuple[Method, ...] = get_args(Method)

# With two pairs every correlation is +1 or -1, which says nothing.
MIN_PAIRS = 3
# Kendall's tau-a of many rows is computed by the signs of all differences, unless there are too many pairs for that.
MAX_SIGNS, MIN_SIGNS = 5000, 50
# Numbers in each array of one step over rows.
CHUNK = 100_000
# Fourth powers of dissimilarities are taken (weighted models), which overflow beyond 1e77 and vanish below 1e-77.
MAX_VALUE, MIN_VALUE = 1e60, 1e-60


def check_method(method: str) -> None:
    """Raise ValueError, naming the methods there are, when `method` is not one of them."""
    if method not in COEFFICIENTS:
        raise ValueError(f"method must be one of {', '.join(COEFFICIENTS)}, got {method!r}")


def check_rdms(rdms: ArrayLike, name: str = "rdms", *, row: str = "rater") -> Floats:
    """The RDMs as a (R, P) float array, one row each, NaN = missing pair.

    Raises
    ------
    ValueError
        When there is no row, P is not n(n-1)/2 of at least 2 items, a value is infinite, a row holds no pair at all,
        its largest value is above 1e60 or, without being 0, below 1e-60 (there powers overflow or vanish), or the table
        is a single RDM as a square.
    """
    table = with_nan(rdms)
    if table.ndim == 1:
        table = table[None]
    if table.ndim != 2 or table.shape[0] == 0 or table.shape[1] == 0:
        raise ValueError(f"{name} must have shape (rows, pairs) with at least one of each, got {table.shape}")
    n_items_of(table.shape[1])
    if len(table) > 2 and len(table) == table.shape[1] and _is_square_rdm(table):
        raise ValueError(
            f"{name} is one RDM as a square of {len(table)} x {len(table)}, and would be taken for "
            f"{counted(len(table), 'row')}; give its pairs (analysis.rdm.to_condensed)"
        )
    if np.isinf(table).any():
        raise ValueError(f"{name} holds an infinite dissimilarity ({row} {int(np.argwhere(np.isinf(table))[0, 0])})")
    empty = np.flatnonzero(np.isnan(table).all(axis=1))
    if empty.size:
        raise ValueError(f"{name}: {row} {int(empty[0])} has no pair at all; leave this {row} out")
    largest = np.nanmax(np.abs(table), axis=1)
    beyond = np.flatnonzero([size_word(one) is not None for one in largest])
    if beyond.size:
        raise ValueError(
            f"{name}: {row} {int(beyond[0])} has values up to {largest[beyond[0]]:.3g}, which are too "
            f"{size_word(largest[beyond[0]])} to compute with; scale this "
            f"{row} first, for example to a root mean square of 1"
        )
    return table


def size_word(largest: float) -> str | None:
    """Whether numbers up to `largest` are too "large" or too "small" to compute with; None when they are neither."""
    return "large" if largest > MAX_VALUE else "small" if 0 < largest < MIN_VALUE else None


def check_size(table: Floats, name: str) -> None:
    """Refuse a table, NaN = missing, whose largest value is too large or too small for its powers.

    Raises
    ------
    ValueError
        Naming the table by `name`.
    """
    largest = float(np.abs(table[~np.isnan(table)]).max(initial=0.0))
    if (word := size_word(largest)) is not None:
        raise ValueError(
            f"{name} has values up to {largest:.3g}, which are too {word} to compute with; scale them first"
        )


def _is_square_rdm(table: Floats) -> bool:
    """Whether a table of as many rows as pairs is symmetric, with nothing on its diagonal and something beside it."""
    filled = np.nan_to_num(table)
    return not filled.diagonal().any() and bool(filled.any()) and np.array_equal(filled, filled.T)


def ranks(rdms: Floats) -> Floats:
    """Average ranks of each row over its own pairs, same shape; NaN stays NaN."""
    if np.isnan(rdms).any():
        return np.asarray(scipy.stats.rankdata(rdms, axis=-1, nan_policy="omit"), dtype=np.float64)
    return np.asarray(scipy.stats.rankdata(rdms, axis=-1), dtype=np.float64)


def similarity(a: ArrayLike, b: ArrayLike | None = None, *, method: Method = "pearson") -> Floats:
    """Similarity of every row of `a` with every row of `b`, each over the pairs that both hold.

    Parameters
    ----------
    a : (A, P) float
        Condensed RDMs, NaN = missing pair.
    b : (B, P) float, optional
        The rows of `a` among themselves when left out.
    method
        "rho_a" is Spearman's rho without a correction for ties, "tau_a" Kendall's tau without one: neither favours a
        model for predicting ties (Nili et al. 2014; Schütt et al. 2023). "cosine" takes the vectors as they are.

    Returns
    -------
    (A, B) float
        NaN where two rows share fewer than 3 pairs, or where one of them is constant over these (zero, for "cosine");
        rho-a and tau-a are 0 there by their definitions.

    Raises
    ------
    ValueError
        When the method is unknown, the numbers of pairs differ, or a row is empty or infinite.
    """
    check_method(method)
    left = check_rdms(a, "a", row="row")
    right = left if b is None else check_rdms(b, "b", row="row")
    if left.shape[1] != right.shape[1]:
        raise ValueError(f"the RDMs have {left.shape[1]} and {right.shape[1]} pairs")
    if method == "tau_a":
        if left.shape[1] <= MAX_SIGNS and len(left) * len(right) >= MIN_SIGNS:
            return _tau_a_by_signs(left, right)
        return _one_by_one(left, right, tau_a, symmetric=b is None)
    complete = not (np.isnan(left).any() or np.isnan(right).any())
    if method in ("spearman", "rho_a"):
        if not complete:
            # Ranks are computed again over the pairs that two raters share, which no matrix product can do.
            return _of_shared_ranks(left, right, method)
        left, right = ranks(left), ranks(right)
    return product_similarity(left, right, method)


def product_similarity(left: Floats, right: Floats, method: Method) -> Floats:
    """Similarities that are sums of products, (A, B): "pearson", "cosine", or "spearman" and "rho_a" of ranks."""
    here, there = np.isfinite(left).astype(np.float64), np.isfinite(right).astype(np.float64)
    n = here @ there.T
    size_x = np.nansum(left * left, axis=1)[:, None]
    size_y = np.nansum(right * right, axis=1)[None]
    if method != "cosine":
        # Centring first keeps the sums of squares accurate; the means over shared pairs are taken out below.
        left = left - np.nanmean(left, axis=1, keepdims=True)
        right = right - np.nanmean(right, axis=1, keepdims=True)
    x, y = np.where(here > 0, left, 0.0), np.where(there > 0, right, 0.0)
    xy, xx, yy = x @ y.T, (x * x) @ there.T, here @ (y * y).T
    # Sums of squares at the level of rounding error belong to rows that are constant over the shared pairs.
    least_x, least_y = np.maximum(1e-13 * xx, 1e-24 * size_x), np.maximum(1e-13 * yy, 1e-24 * size_y)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method != "cosine":
            sx, sy = x @ there.T, here @ y.T
            xy, xx, yy = xy - sx * sy / n, xx - sx * sx / n, yy - sy * sy / n
        if method == "rho_a":
            return np.where(n >= MIN_PAIRS, 12 * xy / (n**3 - n), np.nan)
        value = np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0)
    return np.where((n >= MIN_PAIRS) & (xx > least_x) & (yy > least_y), value, np.nan)


def _one_by_one(left: Floats, right: Floats, measure: Callable[[Floats, Floats], float], *, symmetric: bool) -> Floats:
    out = np.full((len(left), len(right)), np.nan)
    for i, row in enumerate(left):
        own = np.isfinite(row)
        x, others = row[own], right[:, own]
        for j in range(i if symmetric else 0, len(right)):
            shared = np.isfinite(others[j])
            if shared.sum() >= MIN_PAIRS:
                out[i, j] = measure(x[shared], others[j][shared])
            if symmetric:
                out[j, i] = out[i, j]
    return out


def _of_shared_ranks(left: Floats, right: Floats, method: Method) -> Floats:
    """Spearman's rho or rho-a of every two rows, each row ranked over the pairs that the other has too.

    Every row is sorted once. Among the pairs that are left of a sorted row, average ranks are counts of those before.
    """
    there = np.isfinite(left)
    if 2 * there.sum() < there.size:
        # Who saw few pairs is compared over these, with those who saw some of them: raters of the same set of clips.
        return _of_own_pairs(left, right, method)
    return _of_all_pairs(left, right, method)


def _of_own_pairs(left: Floats, right: Floats, method: Method) -> Floats:
    out = np.full((len(left), len(right)), np.nan)
    there = np.isfinite(right)
    for i, row in enumerate(left):
        own = np.flatnonzero(np.isfinite(row))
        comparable = np.flatnonzero(there[:, own].sum(axis=1) >= MIN_PAIRS)
        out[i, comparable] = _of_all_pairs(row[None, own], right[np.ix_(comparable, own)], method)[0]
    return out


def _of_all_pairs(left: Floats, right: Floats, method: Method) -> Floats:
    out = np.full((len(left), len(right)), np.nan)
    step = max(1, CHUNK // right.shape[1])
    for start in range(0, len(right), step):
        part = slice(start, start + step)
        rows = right[part]
        order, first, last = _sorted(rows)
        there = np.isfinite(rows)
        for i, x in enumerate(left):
            of_x, first_x, last_x = _sorted(x[None])
            here = np.isfinite(x)
            shared = there & here
            n = shared.sum(axis=1)
            x_ranks = np.empty(rows.shape)
            x_ranks[:, of_x[0]] = _ranks_left(shared[:, of_x[0]], first_x, last_x)
            y_ranks = _ranks_left(np.take_along_axis(shared, order, axis=1), first, last)
            centred = [
                np.where(ranked > 0, ranked - (n[:, None] + 1) / 2, 0.0)
                for ranked in (np.take_along_axis(x_ranks, order, axis=1), y_ranks)
            ]
            xy, xx, yy = (np.einsum("rp,rp->r", centred[a], centred[b]) for a, b in ((0, 1), (0, 0), (1, 1)))
            with np.errstate(divide="ignore", invalid="ignore"):
                value = 12 * xy / (n**3 - n) if method == "rho_a" else np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0)
            out[i, part] = np.where((n >= MIN_PAIRS) & ((xx > 0) & (yy > 0) | (method == "rho_a")), value, np.nan)
    return out


def _sorted(rows: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Each row's order, and for each place in it the first and the last place with the same value."""
    order = np.argsort(rows, axis=1)
    values = np.take_along_axis(rows, order, axis=1)
    places = np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
    changes = np.ones((len(rows), rows.shape[1] + 1), dtype=bool)
    changes[:, 1:-1] = values[:, 1:] != values[:, :-1]
    first = np.maximum.accumulate(np.where(changes[:, :-1], places, 0), axis=1)
    ends = np.where(changes[:, 1:], places, rows.shape[1] - 1)
    return order, first, np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]


def _ranks_left(kept: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
    """Average ranks of what is kept of sorted rows, 0 for the rest."""
    before = np.zeros((len(kept), kept.shape[1] + 1))
    np.cumsum(kept, axis=1, out=before[:, 1:])
    if len(first) == 1:
        ranked = before[:, first[0]] + before[:, last[0] + 1] + 1
    else:
        ranked = np.take_along_axis(before, first, axis=1) + np.take_along_axis(before, last + 1, axis=1) + 1
    return np.where(kept, ranked / 2, 0.0)


def _tau_a_by_signs(left: Floats, right: Floats) -> Floats:
    """Kendall's tau-a of every two rows: the mean product of the signs of their differences, of all rows at once."""
    n = np.isfinite(left).astype(np.float64) @ np.isfinite(right).T
    total = np.zeros(n.shape)
    for p in range(left.shape[1] - 1):
        # Whole numbers that float32 holds exactly; a missing pair has no sign.
        one, two = (np.nan_to_num(np.sign(rows[:, p + 1 :] - rows[:, p : p + 1])) for rows in (left, right))
        total += one.astype(np.float32) @ two.astype(np.float32).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n >= MIN_PAIRS, total / (n * (n - 1) / 2), np.nan)


def tau_a(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Kendall's tau-a of two vectors without missing values: SciPy's tau-b with its correction for ties taken back."""
    total = x.size * (x.size - 1) / 2
    untied_x, untied_y = total - _tied(x), total - _tied(y)
    if untied_x == 0 or untied_y == 0:
        return 0.0
    tau_b = float(scipy.stats.kendalltau(x, y, method="asymptotic").statistic)
    return tau_b * float(np.sqrt(untied_x * untied_y)) / total


def _tied(x: NDArray[Any]) -> float:
    _, counts = np.unique(x, return_counts=True)
    return float((counts * (counts - 1) / 2).sum())
