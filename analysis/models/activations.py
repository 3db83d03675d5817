"""Layers of a network as model RDMs: from what the layers did for each clip to distances between the clips."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import pdist, squareform

from ..arrangement import Floats, with_nan
from ..formats.npz import MAX_BYTES, as_numbers
from ..rdm import n_pairs, with_ties
from ..similarity import MAX_VALUE, size_word
from ..words import counted
from .clip_names import match_clips, names_in
from .stored_arrays import StoredArray, is_hdf5, stored_arrays

Distance = Literal["correlation", "cosine", "euclidean", "sqeuclidean", "cityblock"]
Frames = Literal["mean", "concatenate"]
DISTANCES: tuple[Distance, ...] = get_args(Distance)
# The name under which a file of activations may say which clips its rows are.
CLIPS = "clips"
# Numbers of a layer that are in memory at a time, as float64; and of a layer that is kept there whole.
PART, IN_MEMORY = 1 << 22, 1 << 25


def layer_rdms(
    layers: Mapping[str, ArrayLike | StoredArray],
    *,
    distance: Distance = "correlation",
    frames: Frames | None = None,
    clips: Sequence[str] | None = None,
) -> Floats:
    """One RDM for each layer, (L, P), in the order of the layers.

    Parameters
    ----------
    layers
        For each layer an array whose first axis are the n clips, in the study's order: (n, units), or of more axes,
        such as channels, rows and columns. One that is stored in a file comes in parts, and its numbers of 64 bits
        are kept on the disk where they are many.
    distance
        Between the clips' activations: one minus Pearson's correlation, or another of SciPy's `pdist`.
    frames
        Says that the second axis are the frames of each clip: their mean is taken, or they are put one after another.
        When left out, all axes but the first are units.
    clips
        What the clips are called in messages; their numbers, from 1, when left out.

    Raises
    ------
    ValueError
        Naming the layer, when layers differ in their number of clips, a value is missing or infinite, the axes do not
        fit, or a clip's distance is undefined (a clip whose units are all equal has no correlation).
    """
    if distance not in DISTANCES:
        raise ValueError(f"distance must be one of {', '.join(DISTANCES)}, got {distance!r}")
    if not layers:
        raise ValueError("there is no layer")
    counts = {name: (*np.shape(values), 0)[0] for name, values in layers.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ValueError(f"the layers differ in their number of clips: {said}")
    # One layer at a time is in memory as numbers of 64 bits.
    units = ((name, _units(name, values, frames, clips)) for name, values in layers.items())
    return np.array([layer_distances(name, table, distance, clips) for name, table in units])


def _units(
    name: str, values: ArrayLike | StoredArray, frames: Frames | None, clips: Sequence[str] | None
) -> NDArray[np.float64]:
    """One layer as clips x units; of a large one that is in a file some rows are in memory at a time."""
    if not isinstance(values, StoredArray):
        array = with_nan(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
        return _rows(name, array, array.shape, frames, clips)
    table, done = np.empty((0, 0)), 0
    for block in values.blocks():
        rows = _rows(name, block, values.shape, frames, clips, first=done)
        if done == 0:
            shape = (len(values), rows.shape[1])
            table = _on_disk(shape) if prod(shape) > IN_MEMORY else np.empty(shape)
        table[done : done + len(rows)] = rows
        done += len(rows)
    return table


def _on_disk(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Room for numbers in a file that is gone with them."""
    with TemporaryFile() as file:
        return np.memmap(file, np.float64, "w+", shape=shape)


def _rows(
    name: str,
    values: NDArray[Any],
    shape: tuple[int, ...],
    frames: Frames | None,
    clips: Sequence[str] | None,
    first: int = 0,
) -> Floats:
    """Some clips, from the number `first` on, of a layer of this shape: clips x units."""
    try:
        array = as_numbers(values)
    except ValueError as error:
        raise ValueError(f"layer {name}: {error}") from error
    if array.ndim > 0 and np.isnan(array).any():
        place = first + int(np.argwhere(np.isnan(array))[0][0])
        raise ValueError(
            f"layer {name}: a value of {_clip(place, clips)} is missing; a model says something of every clip"
        )
    if len(shape) < 2 or shape[0] < 3 or 0 in shape:
        raise ValueError(f"layer {name}: needs at least 3 clips (first axis) and a unit, got the shape {shape}")
    if frames is not None and len(shape) < 3:
        raise ValueError(f"layer {name}: has no axis for frames, only clips and units: {shape}")
    if frames == "mean":
        array = array.mean(axis=1)
    return np.asarray(array.reshape(len(array), -1), dtype=np.float64)


def _clip(place: int, clips: Sequence[str] | None) -> str:
    return clips[place] if clips is not None and place < len(clips) else f"clip {place + 1}"


def layer_distances(
    name: str, table: NDArray[np.floating], distance: Distance, clips: Sequence[str] | None = None
) -> Floats:
    """The RDM (P,) of one layer, clips x units, of which a part of the units is in memory at a time.

    `clips` is as in `layer_rdms`.

    Raises
    ------
    ValueError
        Naming the layer and the clip, when a distance is undefined (a clip whose units are all equal has no
        correlation), or values are too large or too small to compute with.
    """
    n, units = table.shape
    is_angle = distance in ("correlation", "cosine")
    centre, length, spread, largest = np.zeros((n, 1)), np.ones((n, 1)), np.zeros(n), np.zeros(n)
    for k in range(n):
        row = np.asarray(table[k], dtype=np.float64)
        largest[k] = np.abs(row).max()
        if is_angle:
            # Constants are found before rounding makes a correlation out of them.
            spread[k] = np.ptp(row) if distance == "correlation" else largest[k]
            centre[k] = row.mean() if distance == "correlation" else 0.0
            length[k] = np.linalg.norm(row - centre[k]) if largest[k] <= MAX_VALUE else np.nan
    if (word := size_word(float(largest.max()))) is not None:
        raise ValueError(f"layer {name}: its values are so {word} that distances between clips cannot be computed")
    flat = np.flatnonzero(spread <= 1e-12 * largest.max()) if is_angle else np.array([])
    if flat.size:
        what = "all its units equal" if distance == "correlation" else "all its units at zero"
        raise ValueError(f"layer {name}: {_clip(int(flat[0]), clips)} has {what}: {distance} is undefined")
    step = max(1, PART // n)
    total = np.zeros(n_pairs(n))
    for first in range(0, units, step):
        part = np.asarray(table[:, first : first + step], dtype=np.float64)
        if is_angle:
            part = (part - centre) / length
            total += squareform(part @ part.T, checks=False)
        else:
            total += pdist(part, "cityblock" if distance == "cityblock" else "sqeuclidean")
    distances = 1 - total if is_angle else np.sqrt(total) if distance == "euclidean" else total
    if not np.isfinite(distances).all():
        raise ValueError(f"layer {name}: a value is missing")
    return with_ties(np.maximum(distances, 0.0))


def read_activations(file: str | Path, names: Sequence[str] | None = None) -> dict[str, Floats]:
    """The layers of a file, an NPZ or HDF5 file with one array for each layer.

    They come in the order of an NPZ file, and in that of their names from an HDF5 file (layer2 before layer10).

    Parameters
    ----------
    names
        The study's clips. If the file has an array "clips" with the names of its rows, these are brought into the
        study's order, by names with or without folder, ending and case (`match_clips`), and other rows are left out;
        without it, rows are taken to be in that order, and their number must be right.

    Raises
    ------
    ValueError
        Naming file and layer, when it is neither, an array is not of numbers, a clip of the study is missing, a name is
        there twice, or the number of rows does not fit.
    """
    path = Path(file)
    arrays = named_arrays(path)
    given = arrays.pop(CLIPS, None)
    layers = {}
    for name, array in arrays.items():
        try:
            layers[name] = as_numbers(array)
        except ValueError as error:
            raise ValueError(f"{path}: {name} {error}") from error
    if not layers:
        raise ValueError(f"{path}: holds no layer")
    if names is None:
        return layers
    if given is None:
        for name, layer in layers.items():
            if layer.ndim == 0 or len(layer) != len(names):
                raise ValueError(f"{path}: {name} has the shape {layer.shape}, but the study has {len(names)} clips")
        return layers
    try:
        rows = names_in(given)
        order, _ = match_clips(rows, names)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    for name, layer in layers.items():
        if layer.ndim == 0 or len(layer) != len(rows):
            raise ValueError(f"{path}: {name} has the shape {layer.shape}, but clips names {counted(len(rows), 'row')}")
    return {name: layer[order] for name, layer in layers.items()}


def unpacked_bytes(file: str | Path) -> int:
    """What a file of arrays takes in memory before anything is computed: of NPZ and HDF5 what is packed in it.

    Raises
    ------
    ValueError
        When it is truncated or corrupt.
    OSError
        When it cannot be opened.
    """
    path = Path(file)
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                return sum(member.file_size for member in archive.infolist())
        except zipfile.BadZipFile as error:
            raise ValueError(f"{path}: truncated or corrupt ({error})") from error
    return _hdf5_bytes(path) if is_hdf5(path) else path.stat().st_size


def _hdf5_bytes(path: Path) -> int:
    import h5py

    sizes: list[int] = []
    try:
        with h5py.File(path, "r") as handle:
            handle.visititems(lambda _, one: sizes.append(int(one.nbytes)) if isinstance(one, h5py.Dataset) else None)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"{path}: truncated or corrupt HDF5 file ({error})") from error
    return sum(sizes)


def named_arrays(path: Path) -> dict[str, Any]:
    """The arrays of an NPZ or HDF5 file by name; ValueError when it is neither, or unpacks to more than 4 GB."""
    arrays = stored_arrays(path)
    if sum(prod(one.shape) * one.dtype.itemsize for one in arrays.values()) > MAX_BYTES:
        raise ValueError(f"{path}: unpacks to more than {MAX_BYTES >> 30} GB")
    return {name: np.asarray(one) for name, one in arrays.items()}
