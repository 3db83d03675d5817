"""MATLAB files: RDMs with their names, and the variable names of Kriegeskorte and Mur's scripts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from io import SEEK_END
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Arrangement, Floats, check_arrangements
from ..rdm import n_items_of, n_pairs, pairs_within
from ..words import counted
from .mat_matrix import write_matrix
from .mat_variables import MatFile, load
from .npz import as_numbers
from .rdm_rows import RDMs, blocks
from .rdm_set import OPTIONAL_ROWS, RDMSet
from .square import condensed_of_square


def write_mat(file: str | Path | IO[bytes], rdms: RDMs) -> None:
    """Write RDMs as a MATLAB file (version 5), a block of pairs at a time.

    Variables: `rdms` (raters x pairs, the order of MATLAB's `squareform`), `item_names` and `raters` (column cells),
    `method`, and those of `evidence`, `standard_error`, `observations`, `predicted` that are there (raters x pairs).
    """
    from scipy.io import savemat

    texts = {"item_names": _cells(rdms.names), "raters": _cells(rdms.raters), "method": rdms.method}
    with open(file, "w+b") if isinstance(file, str | Path) else nullcontext(file) as out:
        savemat(cast(Any, out), texts, do_compression=True)
        out.seek(0, SEEK_END)
        for kind in rdms.kinds:
            shape = (len(rdms.raters), n_pairs(len(rdms.names)))
            write_matrix(out, kind, shape, (block.T for block in blocks(rdms, kind)))


def read_mat(file: MatFile) -> RDMSet:
    """Read what `write_mat` wrote, or the same variables as MATLAB saves them.

    `rdms` are raters x pairs in the order of MATLAB's `squareform` (not that of a `tril` mask over rows), or squares,
    items x items x raters. Names are cells of texts, or a char matrix.

    Raises
    ------
    ValueError
        Naming the file, the variable and the reason, when the file is not a MATLAB file, a
        variable is missing or of another kind, or sizes do not fit.
    """
    data = load(file)
    _require(data, ("rdms", "item_names", "raters"), str(file))
    names, raters = (texts(data[key], f"{file}: {key}") for key in ("item_names", "raters"))
    extras = {label: numbers_of(data[label], f"{file}: {label}") for label in OPTIONAL_ROWS if label in data}
    method = "".join(texts(data["method"], f"{file}: method")) if "method" in data else ""
    rdms = _rows(numbers_of(data["rdms"], f"{file}: rdms"), names, raters, f"{file}: rdms")
    try:
        return RDMSet(rdms, names, raters, method, **extras)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _require(data: dict[str, Any], keys: Sequence[str], name: str) -> None:
    if missing := [key for key in keys if key not in data]:
        there = ", ".join(key for key in data if not key.startswith("__")) or "nothing"
        raise ValueError(f"{name}: no variable is named {', '.join(missing)} (it holds {there})")


def numbers_of(array: Any, where: str) -> Floats:
    """A variable of a MATLAB file as float64, in its own shape.

    Raises
    ------
    ValueError
        Naming `where`, when it holds no real numbers, and saying what it is instead.
    """
    try:
        return as_numbers(array)
    except ValueError as error:
        kind = getattr(array, "dtype", np.dtype(float))
        if kind.names:
            raise ValueError(f"{where}: is a struct; save its fields as variables of their own") from error
        if kind.kind == "O":
            raise ValueError(f"{where}: is a cell array; save it as an array of numbers (cell2mat)") from error
        raise ValueError(f"{where}: {error}") from error


def _rows(array: Floats, names: Sequence[str], raters: Sequence[str], where: str) -> Floats:
    """Vectors as they are (a column for one rater too), squares as vectors: (R, P)."""
    n, n_raters = len(names), len(raters)
    if array.shape == (n_raters, n_pairs(n)):
        return array
    if n_raters == 1 and array.shape == (n_pairs(n), 1):
        return array.T
    if array.shape == (n, n, n_raters) or (n_raters == 1 and array.shape == (n, n)):
        squares = np.moveaxis(array.reshape(n, n, n_raters), 2, 0)
        named = zip(squares, raters, strict=True)
        return np.array([condensed_of_square(one, names, f"{where} of {r}", negative=True) for one, r in named])
    raise ValueError(
        f"{where}: must be {n_raters} x {n_pairs(n)} (raters x pairs) or {n} x {n} x {n_raters} for "
        f"{counted(n_raters, 'rater')} "
        f"and {counted(n, 'item')}, got {' x '.join(map(str, array.shape))}"
    )


class ArrangementFile(NamedTuple):
    """A Kriegeskorte and Mur file: rdm (P,), evidence (P,), distances of the trials (T, P) with NaN where absent."""

    rdm: Floats
    evidence: Floats
    trial_distances: Floats


def write_arrangement_mat(
    file: MatFile, rdm: ArrayLike, evidence: ArrayLike, arrangements: Sequence[Arrangement], n_items: int
) -> None:
    """Write one rater's result under the names of Kriegeskorte and Mur's MATLAB scripts.

    `estimate_dissimMat_ltv` (1 x P), `evidenceWeight_ltv` (1 x P), `distMatsForAllTrials_ltv` (1 x P x trials, in arena
    diameters, NaN where a pair was not in the trial).

    Raises
    ------
    ValueError
        When a vector does not have one value for each pair, or a trial holds an item that is not below `n_items`.
    """
    from scipy.io import savemat

    pairs = n_pairs(n_items)
    vectors = {"estimate_dissimMat_ltv": rdm, "evidenceWeight_ltv": evidence}
    rows = {key: np.asarray(values, dtype=np.float64).reshape(1, -1) for key, values in vectors.items()}
    for key, row in rows.items():
        if row.shape != (1, pairs):
            raise ValueError(
                f"{key} must have {counted(pairs, 'value')} for {counted(n_items, 'item')}, got {row.size}"
            )
    trials = check_arrangements(arrangements, n_items)
    distances = np.full((1, pairs, len(trials)), np.nan)
    for number, trial in enumerate(trials):
        distances[0, pairs_within(trial.items, n_items), number] = trial.distances()
    savemat(cast(Any, file), {**rows, "distMatsForAllTrials_ltv": distances}, do_compression=True)


def read_arrangement_mat(file: MatFile) -> ArrangementFile:
    """Read a file with the variables of `write_arrangement_mat`.

    Raises
    ------
    ValueError
        When the file is not a MATLAB file, a variable is missing, or the sizes do not fit.
    """
    data = load(file)
    keys = ("estimate_dissimMat_ltv", "evidenceWeight_ltv", "distMatsForAllTrials_ltv")
    _require(data, keys, str(file))
    rdm, evidence, trials = (numbers_of(data[key], f"{file}: {key}") for key in keys)
    for key, vector in zip(keys, (rdm, evidence), strict=False):
        if vector.ndim != 2 or 1 not in vector.shape:
            raise ValueError(f"{file}: {key}: must be 1 x pairs, got {' x '.join(map(str, vector.shape))}")
    if trials.ndim not in (2, 3) or trials.shape[0] != 1:
        raise ValueError(f"{file}: {keys[2]}: must be 1 x pairs x trials, got {' x '.join(map(str, trials.shape))}")
    rdm, evidence = rdm.ravel(), evidence.ravel()
    # MATLAB drops the last dimension when there is one trial.
    trials = trials.reshape(trials.shape[1], -1).T
    try:
        n_items_of(rdm.size)
    except ValueError as error:
        raise ValueError(f"{file}: {keys[0]}: {error}") from error
    if not rdm.size == evidence.size == trials.shape[1]:
        raise ValueError(f"{file}: {rdm.size} dissimilarities, {evidence.size} evidences, {trials.shape[1]} distances")
    return ArrangementFile(rdm, evidence, trials)


def _cells(texts: Sequence[str]) -> Any:
    cells = np.empty((len(texts), 1), dtype=object)
    cells[:, 0] = list(texts)
    return cells


def texts(cells: Any, where: str) -> list[str]:
    """The texts of a cell array, or the rows of a char matrix without the blanks that fill them up.

    Raises
    ------
    ValueError
        When it holds something else.
    """
    array = np.asarray(cells)
    if array.dtype.kind == "U":
        return [str(row).rstrip() for row in array.ravel()]
    strings = []
    for cell in array.ravel():
        inner = np.asarray(cell)
        if array.dtype != object or inner.dtype.kind != "U" or inner.size > 1:
            raise ValueError(f"{where}: must be a cell array of texts, or a char matrix")
        strings.append("".join(inner.ravel().tolist()))
    return strings
