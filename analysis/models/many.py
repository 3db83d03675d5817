"""The raters against very many RDMs, such as one for each place in a brain, a block at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats, with_nan
from ..similarity import Method, check_rdms, ranks, similarity

# Rows of a block: 1,711 pairs of 59 clips then take 27 MB.
BLOCK = 2000


def npy_blocks(file: str | Path, *, rows: int = BLOCK) -> Iterator[Floats]:
    """The RDMs of an NPY file of shape (N, P), some rows at a time; never more of it is in memory.

    Raises
    ------
    ValueError
        Naming the file, when it is not an NPY file of a table of real numbers.
    """
    try:
        table = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{file}: not an NPY file of numbers ({error})") from error
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.dtype.kind not in "iuf":
        raise ValueError(f"{file}: must hold a table of numbers, a row for each RDM")
    for start in range(0, len(table), rows):
        yield np.array(table[start : start + rows], dtype=np.float64)


def score_many(rdms: ArrayLike, blocks: Iterable[ArrayLike], *, method: Method = "pearson") -> Floats:
    """The mean similarity over raters of every RDM of the blocks, (N,), in their order.

    Parameters
    ----------
    rdms : (R, P) float
        Of the raters; NaN = missing pair. Each rater counts over the pairs that it and the other RDM have.
    blocks
        Tables (any number of rows, P), such as from `npy_blocks`; one after the other is held. A row of NaN (a place
        outside the brain) has the score NaN.

    Raises
    ------
    ValueError
        When the number of pairs differs, or values are out of range (`check_rdms`); the row is named by its number
        among all.
    """
    table = check_rdms(rdms)
    units = _units(table, method)
    # The mean of correlations with complete raters is the product with the mean of their unit vectors.
    of_all = None if units is None else units.mean(axis=0)
    scores: list[Floats] = []
    done = 0
    for block in blocks:
        rows = with_nan(block)
        if rows.ndim != 2 or rows.shape[1] != table.shape[1]:
            raise ValueError(f"the raters' RDMs have {table.shape[1]} pairs, a block has the shape {rows.shape}")
        there = ~np.isnan(rows).all(axis=1)
        mean = np.full(len(rows), np.nan)
        if there.any():
            try:
                mean[there] = _mean_similarity(rows[there], table, of_all, method)
            except ValueError as error:
                raise ValueError(f"rows {done} to {done + len(rows) - 1}: {error}") from error
        scores.append(mean)
        done += len(rows)
    return np.concatenate(scores) if scores else np.empty(0)


def _mean_similarity(rows: Floats, table: Floats, of_all: Floats | None, method: Method) -> Floats:
    if of_all is not None and (units := _units(check_rdms(rows, "rows", row="row"), method)) is not None:
        return np.asarray(units @ of_all)
    by_rater = similarity(rows, table, method=method)
    defined = np.isfinite(by_rater)
    count = defined.sum(axis=1)
    return np.where(count > 0, np.where(defined, by_rater, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def _units(rows: Floats, method: Method) -> Floats | None:
    """The rows as vectors whose products are their similarities; None for other measures, missing pairs, constants."""
    if method not in ("pearson", "spearman", "cosine") or np.isnan(rows).any():
        return None
    values = ranks(rows) if method == "spearman" else rows
    spread = np.abs(values).max(axis=1) if method == "cosine" else np.ptp(values, axis=1)
    if (spread <= 1e-6 * np.abs(values).max(axis=1)).any():
        # Near the level of rounding, what is constant and what is not is decided in one place, by `similarity`.
        return None
    centred = values if method == "cosine" else values - values.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))
