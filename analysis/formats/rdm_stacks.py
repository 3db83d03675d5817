"""RDMs of one or many raters as a plain array: square or as vectors, raters first or last.

An array says only its shape. Where that can be read in more than one way, nothing is guessed: the error names the
ways, and `raters` says which is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ..arrangement import Floats
from ..rdm import n_items_of
from ..words import counted
from .rdm_set import RDMSet
from .square import condensed_of_square, not_negative

RatersAre = Literal["rows", "columns"]
# An RDM of fewer items says nothing.
MIN_ITEMS = 3


def numbered(n: int, what: str) -> list[str]:
    """Names for what has none in the file: "item 01", "item 02", …"""
    width = len(str(n))
    return [f"{what} {number:0{width}d}" for number in range(1, n + 1)]


def read_stack(
    array: Floats,
    where: str,
    *,
    names: Sequence[str] = (),
    rater_names: Sequence[str] = (),
    raters: RatersAre | None = None,
    negative: bool = False,
) -> RDMSet:
    """The RDMs of an array of n x n, raters x n x n, n x n x raters, raters x pairs or pairs x raters.

    Parameters
    ----------
    names, rater_names
        Of items and raters in the array's order; numbers without them.
    raters
        Where the array has raters: "rows" for its first axis, "columns" for its last.

    Raises
    ------
    ValueError
        Naming `where` and the reason: the array is none of these, or it can be read in several ways, or the names do
        not fit it, or a matrix holds no dissimilarities.
    """
    ways = _ways(array)
    if raters is None and (n := _square_beside_others(array)):
        shape = " x ".join(map(str, array.shape))
        raise ValueError(
            f"{where}: {shape} numbers can be an RDM of {n} items with other numbers beside it, for there is a square "
            "with 0 on its diagonal: take the others out, such as numbers of rows or means, or name the items in "
            "words. If each row or column is an RDM of its own, say so (raters rows, or raters columns)"
        )
    if raters is not None:
        ways = {key: rdms for key, rdms in ways.items() if key[1] in (raters, None)}
    if not ways:
        shape = " x ".join(map(str, array.shape)) or "a single number"
        wanted = f" with raters as {raters}" if raters else ""
        raise ValueError(
            f"{where}: has the shape {shape}, which holds no RDMs{wanted}: they are n x n, raters x n x n, n x n x "
            "raters, raters x n(n-1)/2 or n(n-1)/2 x raters, with n of at least 3"
        )
    if len(ways) > 1:
        shape = " x ".join(map(str, array.shape))
        told = " or ".join(_told(key, rdms) for key, rdms in ways.items())
        raise ValueError(f"{where}: {shape} numbers can be {told}: say which (raters rows, or raters columns)")
    (kind, _), stack = next(iter(ways.items()))
    n = stack.shape[1] if kind == "square" else n_items_of(stack.shape[1])
    items = list(names) or numbered(n, "item")
    if len(items) != n:
        raise ValueError(
            f"{where}: has {counted(n, 'item')}, and {counted(len(items), 'name was', 'names were')} given"
        )
    people = list(rater_names) or numbered(len(stack), "rater")
    if len(people) != len(stack):
        raise ValueError(
            f"{where}: has {counted(len(stack), 'rater')}, and "
            f"{counted(len(people), 'name of a rater was', 'names of raters were')} given"
        )
    if kind == "square":
        rows = [
            condensed_of_square(one, items, f"{where} of {person}", negative=negative)
            for one, person in zip(stack, people, strict=True)
        ]
        return RDMSet(np.array(rows), items, people)
    if not negative:
        pairs = zip(stack, people, strict=True)
        stack = np.array([not_negative(row, items, f"{where} of {person}") for row, person in pairs])
    return RDMSet(stack, items, people)


def _ways(array: Floats) -> dict[tuple[str, str | None], Floats]:
    """The stacks that an array can be, (R, n, n) or (R, P), by kind and by where the raters are."""
    ways: dict[tuple[str, str | None], Floats] = {}
    if array.ndim == 1 and _is_pairs(array.size):
        ways["pairs", None] = array[None]
    if array.ndim == 2:
        is_square = array.shape[0] == array.shape[1] >= MIN_ITEMS
        # Vectors of as many raters are not symmetric with one value on the diagonal by accident.
        if is_square and (looks_square(array[None]) or not _is_pairs(len(array))):
            return {("square", None): array[None]}
        rows, columns = array.shape
        if 1 in array.shape and _is_pairs(array.size):
            return {("pairs", None): array.reshape(1, -1)}
        if _is_pairs(columns) and rows:
            ways["pairs", "rows"] = array
        if _is_pairs(rows) and columns:
            ways["pairs", "columns"] = array.T
    if array.ndim == 3:
        stacks = {key: np.moveaxis(array, axis, 0) for axis, key in ((0, "rows"), (2, "columns"))}
        fitting = {key: one for key, one in stacks.items() if one.shape[1] == one.shape[2] >= MIN_ITEMS and len(one)}
        # What is square in two ways is what it looks like.
        looking = {key: one for key, one in fitting.items() if looks_square(one)}
        ways |= {("square", key): one for key, one in (looking or fitting).items()}
        if array.shape[0] == 1 and not ways:
            # MATLAB's own: 1 x pairs x raters.
            inner = array[0]
            if _is_pairs(inner.shape[0]):
                ways["pairs", "columns"] = inner.T
    return ways


def _square_beside_others(array: Floats) -> int:
    """The size of a square RDM that has further rows or columns before or after it, as numbers of rows are; 0 if none.

    Such an array can have the shape of raters' vectors, and would be taken for them.
    """
    if array.ndim != 2:
        return 0
    n, beside = min(array.shape), abs(array.shape[0] - array.shape[1])
    if n < MIN_ITEMS or not 0 < beside < n:
        return 0
    wide = array if array.shape[0] == n else array.T
    squares = (wide[:, offset : offset + n] for offset in range(beside + 1))
    return n if any(is_square_rdm(square) for square in squares) else 0


def is_square_rdm(square: Floats) -> bool:
    """Whether a square matrix is symmetric, with nothing but 0 on its diagonal and something beside it."""
    alike = np.isclose(square, square.T, rtol=1e-6, atol=1e-12, equal_nan=True)
    return bool(not np.diagonal(square).any() and alike.all() and np.nan_to_num(square).any())


def _is_pairs(n: int) -> bool:
    try:
        return n_items_of(n) >= MIN_ITEMS
    except ValueError:
        return False


def looks_square(stack: Floats) -> bool:
    """Whether each matrix has one value on its diagonal, and is symmetric or a triangle."""
    diagonal = np.diagonal(stack, axis1=1, axis2=2)
    known = diagonal[np.isfinite(diagonal)]
    if known.size and np.ptp(known) > 1e-9 * max(1e-300, float(np.abs(known).max())):
        return False
    upper, lower = np.triu(stack, 1), np.tril(stack, -1)
    mirrored = np.swapaxes(lower, 1, 2)
    alike = np.isclose(upper, mirrored, rtol=1e-6, atol=1e-12, equal_nan=True).all()
    return bool(alike or not np.nan_to_num(upper).any() or not np.nan_to_num(lower).any())


def _told(key: tuple[str, Any], stack: Floats) -> str:
    kind, where = key
    n = stack.shape[1] if kind == "square" else n_items_of(stack.shape[1])
    return f"RDMs of {n} items by {counted(len(stack), 'rater')} (raters {where})"
