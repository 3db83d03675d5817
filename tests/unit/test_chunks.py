"""Draws in chunks: the same numbers, to the last digit, whoever computes them."""

from __future__ import annotations

import numpy as np

from analysis.inference.chunks import CHUNK, run_chunks


def columns_first(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws that lie in memory column by column, as an estimator may return them."""
    return np.asfortranarray(rng.random((size, 7)))


def test_draws_lie_row_by_row_so_that_sums_over_them_round_in_one_way() -> None:
    draws = run_chunks(columns_first, 3 * CHUNK + 1, np.random.default_rng(0))
    assert draws.shape == (3 * CHUNK + 1, 7)
    # What comes from another process has been copied, and then lies row by row.
    assert draws.flags.c_contiguous
    assert np.array_equal(draws.std(axis=0), np.ascontiguousarray(draws).std(axis=0))


def test_progress_is_told_after_each_chunk_and_adds_up() -> None:
    told: list[tuple[int, int]] = []
    run_chunks(columns_first, CHUNK + 3, np.random.default_rng(0), progress=lambda *both: told.append(both))
    assert told == [(CHUNK, CHUNK + 3), (CHUNK + 3, CHUNK + 3)]
