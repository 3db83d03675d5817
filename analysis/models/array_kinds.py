"""What arrays of a study's clips are: RDMs, or layers of a network. Only shapes and, of squares, the values tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..formats.npz import as_numbers
from ..formats.rdm_stacks import looks_square
from ..formats.square import condensed_of_square
from ..rdm import n_items_of, n_pairs
from .activations import Frames
from .stored_arrays import StoredArray

CandidateKind = Literal["rdms", "layers"]


def kinds_of(
    arrays: Mapping[str, NDArray[Any] | StoredArray], clips: Sequence[str], frames: Frames | None
) -> dict[str, CandidateKind]:
    """What each array is, of these n clips; `frames` is as in `layer_rdms`.

    Raises
    ------
    ValueError
        Naming the array, when it is neither, can be both, or looks like RDMs that are wrong.
    """
    n = len(clips)
    units = [array.shape[1] for array in arrays.values() if array.ndim == 2 and len(array) == n]
    beside = any(count not in (n, n_pairs(n)) for count in units)
    return {key: _kind(key, array, clips, frames, beside_layers=beside) for key, array in arrays.items()}


def _kind(
    key: str, array: NDArray[Any] | StoredArray, clips: Sequence[str], frames: Frames | None, *, beside_layers: bool
) -> CandidateKind:
    """What an array of n clips is by its shape and, where it is square, by its values."""
    n, shape = len(clips), array.shape
    if array.ndim in (2, 3) and shape[-2:] == (n, n):
        squares = np.asarray(array).reshape(-1, n, n)
        if not (reason := _why_no_rdms(squares, clips)):
            return "rdms"
        # A layer of as many units as there are clips is not symmetric, nor is its diagonal one value.
        if any(looks_square(one[None]) or not np.nan_to_num(np.diagonal(one)).any() for one in squares):
            raise ValueError(f"{key} of shape {_shape(array)} looks like RDMs, but {reason}")
        if array.ndim == 2 and not beside_layers:
            raise ValueError(
                f"{key} of shape {_shape(array)} can be an RDM, but {reason}; or it is a layer of {n} units, which is "
                f"read as layers x clips x units (1 x {n} x {n})"
            )
    vectors = shape == (n_pairs(n),) or (array.ndim == 2 and shape[1] == n_pairs(n))
    if vectors and array.ndim == 2 and shape[0] == n and not beside_layers:
        raise ValueError(
            f"{key} of shape {_shape(array)} can be {n} RDMs or a layer of {shape[1]} units: save each RDM by its own "
            f"name, or the layer as layers x clips x units (1 x {_shape(array)})"
        )
    if vectors and not (array.ndim == 2 and shape[0] == n):
        return "rdms"
    one_layer = array.ndim >= 2 and shape[0] == n
    # With frames told, the second axis of a layer may be as long as there are clips.
    layers = array.ndim >= 3 and shape[1] == n and not (one_layer and frames is not None)
    if one_layer and layers:
        raise ValueError(f"{key} of shape {_shape(array)} can be one layer or layers: save each layer by its own name")
    if one_layer or layers:
        return "layers"
    held = f", which would be {n_items} clips" if (n_items := _items(array)) else ""
    raise ValueError(
        f"{key} has the shape {_shape(array)}{held}, and there are {n} clips: an RDM is {n} x {n} or a vector of "
        f"{n_pairs(n)} pairs, RDMs are a stack of these, a layer is {n} x units, layers are layers x {n} x units"
    )


def _shape(array: NDArray[Any] | StoredArray) -> str:
    return " x ".join(map(str, array.shape)) or "of a single number"


def _items(array: NDArray[Any] | StoredArray) -> int | None:
    """The number of clips that an array of one RDM, or of RDMs, is for."""
    if array.ndim in (2, 3) and array.shape[-1] == array.shape[-2]:
        return int(array.shape[-1])
    try:
        return n_items_of(array.shape[-1]) if array.ndim in (1, 2) else None
    except ValueError:
        return None


def _why_no_rdms(squares: NDArray[Any], clips: Sequence[str]) -> str:
    """Why these matrices hold no dissimilarities; "" where they do."""
    try:
        for square in squares:
            condensed_of_square(as_numbers(square), clips, "it", negative=True)
    except ValueError as error:
        return str(error).removeprefix("it: ").removeprefix("the table ")
    return ""
