"""RDMs and arrays as NumPy's files: read without pickles, and never larger in memory than they say."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..arrangement import Floats
from ..rdm import n_pairs
from .rdm_rows import NUMBER, RDMS, RDMs
from .rdm_set import OPTIONAL_ROWS, RDMSet

# The largest study (2000 clips, hundreds of raters) has some GB of pairs; a file that claims more is a mistake.
MAX_BYTES = 1 << 32
# What NumPy raises beside ValueError where the text of a header, which is Python, was damaged.
DAMAGED_HEADER = (tokenize.TokenError, SyntaxError, TypeError, KeyError, OverflowError, RecursionError)


def write_npz(file: str | Path | IO[bytes], rdms: RDMs) -> None:
    """Write the RDMs as NPZ: rdms (R, P), names, raters, method, and what else is known of the pairs (R, P).

    It is written rater by rater.
    """
    labels = {key: np.array(getattr(rdms, key), dtype=np.str_) for key in ("names", "raters", "method")}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in rdms.kinds:
            with archive.open(f"{kind}.npy", "w", force_zip64=True) as member:
                write_npy(member, rdms, kind)
        for key, texts in labels.items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, texts, allow_pickle=False)


def write_npy(file: IO[bytes], rdms: RDMs, kind: str = RDMS) -> None:
    """Write one kind of rows as an NPY array (R, P), rater by rater."""
    shape = (len(rdms.raters), n_pairs(len(rdms.names)))
    header = {"descr": np.lib.format.dtype_to_descr(NUMBER), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    for row in rdms.rows(kind):
        file.write(np.ascontiguousarray(row, dtype=NUMBER).tobytes())


def read_npz(file: str | Path | IO[bytes], *, name: str | None = None) -> RDMSet:
    """Read what `write_npz` wrote; `name` is what messages call a stream.

    Raises
    ------
    ValueError
        Naming the file and the reason, when it is not an NPZ archive of RDMs.
    """
    where = name or str(file)
    if not zipfile.is_zipfile(file):
        raise ValueError(f"{where}: not an NPZ file")
    try:
        arrays = npz_arrays(file)
        if missing := [key for key in ("rdms", "names", "raters", "method") if key not in arrays]:
            raise ValueError(f"holds no array {missing[0]}, but {', '.join(sorted(arrays)) or 'nothing'}")
        labels = [arrays[key] for key in ("names", "raters", "method")]
        if any(label.dtype.kind != "U" for label in labels) or [label.ndim for label in labels] != [1, 1, 0]:
            raise ValueError("names and raters must be lists of texts, and method one text")
        extras = {label: as_numbers(arrays[label]) for label in OPTIONAL_ROWS if label in arrays}
        rdms = as_numbers(arrays["rdms"])
        return RDMSet(rdms, labels[0].tolist(), labels[1].tolist(), str(labels[2]), **extras)
    except (
        KeyError,
        ValueError,
        OSError,
        EOFError,
        MemoryError,
        zlib.error,
        zipfile.BadZipFile,
        RuntimeError,
        *DAMAGED_HEADER,
    ) as error:
        raise ValueError(f"{where}: not an NPZ file of RDMs ({error})") from error


def read_npy(file: str | Path) -> Floats:
    """The numbers of an NPY file.

    Raises
    ------
    ValueError
        Naming the file and the reason, when it is not an NPY file of finite or missing real numbers.
    """
    try:
        with open(file, "rb") as handle:
            array = _array(handle, Path(file).stat().st_size)
            if handle.read(1):
                raise ValueError("more follows after its array; save each array as a file of its own")
        return as_numbers(array)
    except (ValueError, EOFError, MemoryError, *DAMAGED_HEADER) as error:
        raise ValueError(f"{file}: not an NPY file of numbers ({error})") from error


def as_numbers(array: Any) -> Floats:
    """An array of real numbers as float64; NaN is a missing value.

    Raises
    ------
    ValueError
        When it holds texts, objects, complex numbers or infinity, which no conversion turns into numbers in silence.
    """
    check_numbers(array)
    return np.asarray(array, dtype=np.float64)


def check_numbers(array: Any) -> None:
    """Refuse what `as_numbers` would, without making numbers of 64 bits out of others.

    Raises
    ------
    ValueError
        As `as_numbers`.
    """
    if hasattr(array, "toarray"):
        raise ValueError("is a sparse matrix; save it as a full one")
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iufb":
        kind = getattr(getattr(array, "dtype", None), "name", type(array).__name__)
        raise ValueError(f"must hold real numbers, got {kind}")
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise ValueError("holds an infinite value")


def npz_arrays(file: str | Path | IO[bytes]) -> dict[str, Any]:
    """The arrays of an NPZ file by name; an error of ValueError, zipfile or zlib where it holds none, or too much."""
    with zipfile.ZipFile(file) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        if sum(info.file_size for info in members) > MAX_BYTES:
            raise ValueError(f"unpacks to more than {MAX_BYTES >> 30} GB")
        arrays = {}
        for info in members:
            with archive.open(info) as member:
                arrays[info.filename.removesuffix(".npy")] = _array(member, info.file_size)
        return arrays


def read_header(handle: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, Any]:
    """Shape, order (whether Fortran's) and type of an array of a file of `size` bytes, which holds as many as it says.

    Raises
    ------
    ValueError, or one of `DAMAGED_HEADER`
        When it does not, or the array is none of plain values.
    """
    version = np.lib.format.read_magic(handle)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(handle)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(handle)
    else:
        raise ValueError(f"is of NPY version {version}; save it with numpy.save")
    if dtype.hasobject:
        raise ValueError("holds Python objects (a pickle), which are never loaded; save an array of numbers")
    needed = math.prod(shape) * dtype.itemsize
    if needed > size:
        raise ValueError(f"is truncated: its header promises {needed} bytes, and the file has {size}")
    return shape, fortran, dtype


def _array(handle: IO[bytes], size: int) -> Any:
    """One array, once its header has been checked against the bytes: no memory is set aside for a mere claim."""
    shape, fortran, dtype = read_header(handle, size)
    needed = math.prod(shape) * dtype.itemsize
    data = handle.read(needed)
    if len(data) < needed:
        raise ValueError(f"is truncated: its header promises {needed} bytes, and {len(data)} are there")
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran else "C")
