"""Candidate models out of files: model RDMs, or activations of a network's layers, matched to a study's clips by name.

What a file holds is told by its contents. An array says only its shape, and where that can be read in two ways, nothing
is guessed: the error names the ways.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats
from ..formats.bundle_reader import Bundle
from ..formats.bundle_writer import MANIFEST
from ..formats.hints import Hints
from ..formats.mat_variables import VERSIONS_OF_HDF5
from ..formats.mat_variables import load as load_mat
from ..formats.matlab import numbers_of, texts
from ..formats.matlab_programs import UNNAMED
from ..formats.npz import as_numbers, check_numbers, read_npy
from ..formats.recognise import read_any
from ..formats.square import condensed_of_square
from ..rdm import n_pairs, subset
from ..words import counted
from .activations import CLIPS, Distance, Frames, layer_rdms
from .array_kinds import CandidateKind, kinds_of
from .clip_names import match_clips, names_in
from .stored_arrays import StoredArray, stored_arrays

MIN_CLIPS = 3
Row = TypeVar("Row")


@dataclass(frozen=True, eq=False)
class Candidates:
    """M model RDMs of one file, over the clips of the study, P pairs in condensed order.

    Attributes
    ----------
    name : str
        What the file is called, without its ending.
    kind : str
        "rdms", or "layers" for the layers of one network, in its order.
    models : tuple of M str
    rdms : (M, P) float
        NaN = missing pair.
    remarks : tuple of str
        What a reader must know of how the file was read, in sentences.
    """

    name: str
    kind: CandidateKind
    models: tuple[str, ...]
    rdms: Floats
    remarks: tuple[str, ...] = ()


def read_candidates(
    file: str | Path,
    clips: Sequence[str],
    *,
    name: str | None = None,
    distance: Distance = "correlation",
    frames: Frames | None = None,
) -> Candidates:
    """The models of a file for a study's `clips`: NPY, NPZ, MAT, HDF5, or a table (CSV, XLSX).

    RDMs are square or condensed, one or many, with clips' names where the format has them. Activations are a layer
    (clips x units), layers (layers x clips x units) or an array for each layer (NPZ, HDF5, MAT). An array "clips" of a
    file of several arrays names the clips of the others. Without names, clips are taken in the study's order, and their
    number must be the study's.

    Parameters
    ----------
    name
        What messages and results call the file; the file's own name when left out.
    distance, frames
        How layers become RDMs, as in `layer_rdms`.

    Raises
    ------
    ValueError
        Naming the file and the reason: it cannot be read, holds no models, lacks clips of the study (which are named),
        or can be read in two ways.
    OSError
        When it cannot be opened.
    """
    path = Path(file)
    called = name or path.name
    try:
        if len(clips) < MIN_CLIPS:
            raise ValueError(f"a model needs at least {MIN_CLIPS} clips to predict, the study has {len(clips)}")
        return _read(path, PurePath(called).stem or called, tuple(clips), distance, frames)
    except ValueError as error:
        reason = str(error).removeprefix(f"{path}: ").replace(str(path), called)
        raise ValueError(f"{called}: {reason}") from error


def _read(path: Path, name: str, clips: tuple[str, ...], distance: Distance, frames: Frames | None) -> Candidates:
    with path.open("rb") as handle:
        start = handle.read(128)
    if not start:
        raise ValueError("is empty")
    if start.startswith(b"\x93NUMPY"):
        return _of_arrays(name, {name: read_npy(path)}, None, clips, distance, frames)
    if start[124:128] in (*VERSIONS_OF_HDF5, b"\x00\x01IM", b"\x01\x00MI"):
        variables = {key: value for key, value in load_mat(path).items() if not key.startswith("__")}
        if (arrays := _plain(variables)) is not None:
            rows = texts(variables[CLIPS], f"{path}: {CLIPS}") if CLIPS in variables else None
            return _of_arrays(name, arrays, rows, clips, distance, frames)
    if start.startswith(b"\x89HDF") and "dissimilarities" in stored_arrays(path):
        return _of_source(path, name, clips)
    if start.startswith((b"PK", b"\x89HDF")) and not _is_bundle(path):
        try:
            contents = stored_arrays(path)
        except ValueError:
            # A zip file of another kind: what it is, the reader of all formats says.
            contents = {}
        if contents and not {"rdms", "names", "raters"} <= contents.keys():
            given = contents.pop(CLIPS, None)
            rows = None if given is None else names_in(np.asarray(given))
            stored = {key: _checked(key, value) for key, value in contents.items()}
            return _of_arrays(name, stored, rows, clips, distance, frames)
    return _of_source(path, name, clips)


def _is_bundle(path: Path) -> bool:
    """Whether it is an export bundle, which holds arrays as well."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (ValueError, OSError, NotImplementedError, zipfile.BadZipFile):
        return False


def _checked(key: str, stored: StoredArray) -> StoredArray:
    """Real numbers, which stay in the file: whether they are finite is seen when they are read."""
    try:
        check_numbers(np.empty(0, dtype=stored.dtype))
    except ValueError as error:
        raise ValueError(f"{key} {error}") from error
    return stored


def _plain(variables: Mapping[str, Any]) -> dict[str, Floats] | None:
    """The variables of a MATLAB file when all but the clips' names are arrays of numbers; None when some are not."""
    arrays = {}
    for key, value in variables.items():
        if key == CLIPS:
            continue
        try:
            arrays[key] = numbers_of(value, key)
        except ValueError:
            return None
    # Meadows writes its RDMs as plain vectors beside the names, and has a reader of its own.
    return arrays if arrays and not any(key.startswith("rdmutv") for key in arrays) else None


def _of_source(path: Path, name: str, clips: tuple[str, ...]) -> Candidates:
    """RDMs in any of the formats in which raters' RDMs are read too."""
    try:
        source = read_any(path)
    except ValueError as error:
        if "negative" not in str(error):
            raise
        # Cross-validated distances are unbiased, and so negative at times.
        source = read_any(path, Hints(negative=True))
    if isinstance(source, Bundle):
        raise ValueError("is an export bundle, not a file of models")
    if source.has_placements:
        raise ValueError(f"holds {source.kind}: placements of raters, not models")
    rdms = np.array([rater.rdm for rater in source.raters], dtype=np.float64)
    models = [rater.name for rater in source.raters]
    names = None if UNNAMED in source.remarks else source.names
    found = _candidates(name, "rdms", models, rdms, names, len(source.names), clips)
    return replace(found, remarks=(*found.remarks, *(one for one in source.remarks if one != UNNAMED)))


def _of_arrays(
    name: str,
    arrays: Mapping[str, NDArray[Any] | StoredArray],
    rows: Sequence[str] | None,
    clips: tuple[str, ...],
    distance: Distance,
    frames: Frames | None,
) -> Candidates:
    """RDMs or layers, whichever the arrays' shapes are, of the clips `rows` or of the study's."""
    if not arrays:
        raise ValueError("holds no array of numbers")
    n = len(clips) if rows is None else len(rows)
    kinds = kinds_of(arrays, clips if rows is None else rows, frames)
    if len(set(kinds.values())) > 1:
        said = " and ".join(
            f"{next(key for key, one in kinds.items() if one == kind)} looks like {text}"
            for kind, text in (("rdms", "RDMs"), ("layers", "activations"))
        )
        raise ValueError(f"holds two kinds of models: {said}; save them as files of their own")
    parts: dict[str, NDArray[Any] | StoredArray] = {}
    kind: CandidateKind = "layers" if "layers" in kinds.values() else "rdms"
    if kind == "rdms":
        for key, array in arrays.items():
            stack = _stack_of_rdms(key, np.asarray(array), n)
            parts |= _numbered(key, list(stack))
        return _candidates(name, kind, list(parts), np.array(list(parts.values())), rows, n, clips)
    for key, array in arrays.items():
        parts |= {key: array} if len(array) == n else _numbered(f"{key}: layer", list(array), always=True)
    if len(arrays) == 1 and name in arrays:
        parts = {key.removeprefix(f"{name}: "): array for key, array in parts.items()}
    rdms = layer_rdms(parts, distance=distance, frames=frames, clips=clips if rows is None else rows)
    return _candidates(name, kind, list(parts), rdms, rows, n, clips)


def _numbered(key: str, rows: Sequence[Row], *, always: bool = False) -> dict[str, Row]:
    if len(rows) == 1 and not always:
        return {key: rows[0]}
    width = len(str(len(rows)))
    return {f"{key} {number:0{width}d}": row for number, row in enumerate(rows, start=1)}


def _stack_of_rdms(key: str, array: NDArray[Any], n: int) -> Floats:
    try:
        array = as_numbers(array)
    except ValueError as error:
        raise ValueError(f"{key} {error}") from error
    if array.shape[-1] == n_pairs(n) and array.ndim <= 2:
        return np.atleast_2d(array)
    names = [str(k + 1) for k in range(n)]
    squares = array[None] if array.ndim == 2 else array
    return np.array([condensed_of_square(one, names, key, negative=True) for one in squares])


def _candidates(
    name: str,
    kind: CandidateKind,
    models: Sequence[str],
    rdms: Floats,
    rows: Sequence[str] | None,
    n: int,
    clips: tuple[str, ...],
) -> Candidates:
    """The RDMs of `rows` (or, without names, in the study's order) over the study's clips."""
    if rows is None:
        if n != len(clips):
            raise ValueError(f"is for {counted(n, 'clip')} without names, and the study has {len(clips)}")
        remark = "The file names no clips: they were taken in the study's order."
        return Candidates(name, kind, tuple(models), rdms, (remark,))
    places, remark = match_clips(rows, clips)
    ordered = np.array([subset(rdm, np.array(places)) for rdm in rdms])
    return Candidates(name, kind, tuple(models), ordered, (remark,) if remark else ())
