"""RDMs for rsatoolbox: as HDF5 in the layout that its `load_rdm` opens, written with h5py alone, and in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..rdm import n_pairs
from .npz import as_numbers
from .rdm_rows import RDMS, RDMs
from .rdm_set import RDMSet

# The layout was checked against this release of rsatoolbox; the attribute is part of the layout.
LAYOUT_VERSION = "0.3.2"

Descriptors = Mapping[str, Sequence[str] | Sequence[int] | Sequence[float]]


def write_hdf5(
    file: str | Path | IO[bytes],
    rdms: RDMs,
    *,
    rdm_descriptors: Descriptors | None = None,
    pattern_descriptors: Descriptors | None = None,
    descriptors: Mapping[str, str] | None = None,
    measure: str = "multi-arrangement distance",
) -> None:
    """Write RDMs so that `rsatoolbox.rdm.load_rdm(file, file_type="hdf5")` opens them; NaN marks a missing pair.

    The file carries the rdm descriptors `rater` and `index`, and the pattern descriptors `clip` and `index`, beside
    those given here.

    Parameters
    ----------
    rdm_descriptors : one value for each rater, by name
    pattern_descriptors : one value for each item, by name
    descriptors : texts of the whole file, by name (the estimator's name is there as `method`)
    measure : what rsatoolbox shows as dissimilarity_measure

    Raises
    ------
    ValueError
        When a descriptor does not have one value for each RDM or item, or mixes texts and numbers.
    """
    import h5py

    by_rdm = {"rater": rdms.raters, "index": range(len(rdms.raters)), **(rdm_descriptors or {})}
    by_item = {"clip": rdms.names, "index": range(len(rdms.names)), **(pattern_descriptors or {})}
    with h5py.File(file, "w") as handle:
        handle.attrs["rsatoolbox_version"] = LAYOUT_VERSION
        handle.attrs["dissimilarity_measure"] = measure
        shape = (len(rdms.raters), n_pairs(len(rdms.names)))
        dissimilarities = handle.create_dataset("dissimilarities", shape, dtype=np.float64)
        for place, row in enumerate(rdms.rows(RDMS)):
            dissimilarities[place] = row
        whole = handle.create_group("descriptors")
        for key, text in {"method": rdms.method, **(descriptors or {})}.items():
            whole.attrs[key] = text
        _write_group(handle.create_group("rdm_descriptors"), by_rdm, len(rdms.raters))
        _write_group(handle.create_group("pattern_descriptors"), by_item, len(rdms.names))


def _write_group(group: Any, descriptors: Mapping[str, Sequence[Any]], length: int) -> None:
    import h5py

    for key, given in descriptors.items():
        values = list(given)
        if len(values) != length:
            raise ValueError(f"descriptor {key} must have {length} values, got {len(values)}")
        texts = sum(isinstance(value, str) for value in values)
        if 0 < texts < length or None in values:
            raise ValueError(f"descriptor {key} must be all texts or all numbers")
        if not texts:
            group[key] = np.array(values)
        elif all(value.isascii() for value in values):
            group[key] = np.array(values, dtype=np.bytes_)
        else:
            # rsatoolbox decodes datasets as ASCII and raises on anything else, but it reads attributes as they are.
            group.attrs.create(key, values, dtype=h5py.string_dtype("utf-8"))


def read_hdf5(file: str | Path | IO[bytes]) -> RDMSet:
    """Read RDMs saved by `write_hdf5` or by rsatoolbox itself.

    Raters are the first of the rdm descriptors rater, participant, subject, index; names are the first of the pattern
    descriptors clip, conds, stimulus, name, index.

    Raises
    ------
    ValueError
        When the file is not HDF5, does not hold RDMs, or has descriptors that do not fit them.
    """
    import h5py

    try:
        with h5py.File(file, "r") as handle:
            needed = ("dissimilarities", "rdm_descriptors", "pattern_descriptors", "descriptors")
            if missing := [key for key in needed if key not in handle]:
                raise ValueError(f"it has no {missing[0]}, but {', '.join(handle) or 'nothing'}")
            rows = as_numbers(np.atleast_2d(handle["dissimilarities"][()]))
            raters = _first(handle["rdm_descriptors"], ("rater", "participant", "subject", "index"))
            names = _first(handle["pattern_descriptors"], ("clip", "conds", "stimulus", "name", "index"))
            method = _text(handle["descriptors"].attrs.get("method", ""))
        return RDMSet(rows, names, raters, method)
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, MemoryError) as error:
        raise ValueError(f"{file}: not an HDF5 file of RDMs ({error})") from error


def _first(group: Any, keys: Sequence[str]) -> list[str]:
    for key in keys:
        if key in group.attrs:
            return [_text(value) for value in group.attrs[key]]
        if key in group:
            return [_text(value) for value in group[key][()].tolist()]
    raise KeyError(f"no descriptor named {' or '.join(keys)}")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def to_rsatoolbox(rdms: RDMSet) -> Any:
    """The RDMs as `rsatoolbox.rdm.RDMs`: clips as a pattern descriptor, raters as an RDM descriptor.

    Evidence, standard errors and predictions have no place there. NaN marks a missing pair.

    Raises
    ------
    ImportError
        When rsatoolbox is not installed; Asterism does not install it.
    """
    # Not among what Asterism installs, and without types.
    rdm: Any = import_module("rsatoolbox.rdm")
    return rdm.RDMs(
        rdms.rdms.copy(),
        dissimilarity_measure="multi-arrangement distance",
        rdm_descriptors={"rater": list(rdms.raters)},
        pattern_descriptors={"clip": list(rdms.names)},
        descriptors={"method": rdms.method},
    )


def from_rsatoolbox(rdms: Any, *, clip: str = "clip", rater: str = "rater") -> RDMSet:
    """`rsatoolbox.rdm.RDMs` as an `RDMSet`.

    Parameters
    ----------
    rdms : rsatoolbox.rdm.RDMs
        RDMs without such descriptors get the names "0", "1", …, in their order.
    clip, rater
        Pattern and RDM descriptor with the names of the items and of the rows.

    Raises
    ------
    ValueError
        When a name appears twice.
    """
    dissimilarities = np.asarray(rdms.dissimilarities, dtype=np.float64)
    names = rdms.pattern_descriptors.get(clip, range(rdms.n_cond))
    raters = rdms.rdm_descriptors.get(rater, range(len(dissimilarities)))
    method = str(rdms.descriptors.get("method", ""))
    return RDMSet(dissimilarities, [str(name) for name in names], [str(one) for one in raters], method)
