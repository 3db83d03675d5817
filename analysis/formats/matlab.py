"""MATLAB files: RDMs with their names, and the variable names of Kriegeskorte and Mur's scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from analysis.arrangement import Arrangement, Floats, check_arrangements
from analysis.formats.rdm_set import OPTIONAL_ROWS, RDMSet
from analysis.rdm import n_items_of, n_pairs, pairs_within

MatFile = str | Path | IO[bytes]


def write_mat(file: MatFile, rdms: RDMSet) -> None:
    """Write RDMs as a MATLAB file (version 5).

    Variables: `rdms` (raters x pairs, the order of MATLAB's `squareform`), `item_names` and `raters` (column cells),
    `method`, and those of `evidence`, `standard_error`, `observations`, `predicted` that are there (raters x pairs).
    """
    from scipy.io import savemat

    variables: dict[str, Any] = {
        "rdms": rdms.rdms,
        "item_names": _cells(rdms.names),
        "raters": _cells(rdms.raters),
        "method": rdms.method,
    }
    variables.update({label: getattr(rdms, label) for label in OPTIONAL_ROWS if getattr(rdms, label) is not None})
    savemat(cast(Any, file), variables, do_compression=True)


def read_mat(file: MatFile) -> RDMSet:
    """Read what `write_mat` wrote.

    Raises
    ------
    ValueError
        When the file is not a MATLAB file (version 7 or older), or a variable is missing.
    """
    data = load(file)
    if missing := [key for key in ("rdms", "item_names", "raters") if key not in data]:
        raise ValueError(f"{file}: no variable is named {', '.join(missing)}")
    extras = {label: data[label] for label in OPTIONAL_ROWS if label in data}
    method = "".join(data["method"].ravel().tolist()) if "method" in data else ""
    return RDMSet(data["rdms"], _texts(data["item_names"]), _texts(data["raters"]), method, **extras)


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
            raise ValueError(f"{key} must have {pairs} values for {n_items} items, got {row.size}")
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
        When the file is not a MATLAB file (version 7 or older), a variable is missing, or the sizes do not fit.
    """
    data = load(file)
    keys = ("estimate_dissimMat_ltv", "evidenceWeight_ltv", "distMatsForAllTrials_ltv")
    if missing := [key for key in keys if key not in data]:
        raise ValueError(f"{file}: no variable is named {', '.join(missing)}")
    rdm, evidence = (np.asarray(data[key], dtype=np.float64).ravel() for key in keys[:2])
    # MATLAB drops the last dimension when there is one trial.
    trials = np.asarray(data[keys[2]], dtype=np.float64)
    trials = trials.reshape(trials.shape[1], -1).T
    n_items_of(rdm.size)
    if not rdm.size == evidence.size == trials.shape[1]:
        raise ValueError(f"{file}: {rdm.size} dissimilarities, {evidence.size} evidences, {trials.shape[1]} distances")
    return ArrangementFile(rdm, evidence, trials)


def load(file: MatFile) -> dict[str, Any]:
    """The variables of a MATLAB file.

    Raises
    ------
    ValueError
        When the file is not a MATLAB file, is damaged, or is of version 7.3 (which is HDF5).
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return dict(loadmat(cast(Any, file)))
    except NotImplementedError as error:
        raise ValueError(f"{file}: MATLAB files of version 7.3 are not read; save it with -v7") from error
    except FileNotFoundError:
        raise
    except (MatReadError, ValueError, TypeError, OSError, EOFError, IndexError) as error:
        raise ValueError(f"{file}: not a readable MATLAB file ({error})") from error


def _cells(texts: Sequence[str]) -> Any:
    cells = np.empty((len(texts), 1), dtype=object)
    cells[:, 0] = list(texts)
    return cells


def _texts(cells: Any) -> list[str]:
    return ["".join(np.ravel(cell).tolist()) for cell in np.ravel(cells)]
