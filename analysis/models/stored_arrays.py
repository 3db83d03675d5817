"""Arrays of NPZ and HDF5 files that stay there until they are wanted, and then come a few rows at a time."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats.npz import DAMAGED_HEADER, MAX_BYTES, read_header

# Numbers that are read at a time.
AT_ONCE = 1 << 22
HDF5 = b"\x89HDF\r\n\x1a\n"
DAMAGED_NPZ = (
    ValueError,
    EOFError,
    OSError,
    KeyError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
    *DAMAGED_HEADER,
)
DAMAGED_HDF5 = (OSError, KeyError, ValueError, TypeError, RuntimeError)

# Gives the rows of the part of an array at the place `lead` of its first axes, so many at a time.
Rows = Callable[[tuple[int, ...], int], Iterator[NDArray[Any]]]


@dataclass(frozen=True, eq=False)
class StoredArray:
    """An array in a file, or the part of one at the place `lead` of its first axes."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows: Rows
    lead: tuple[int, ...] = ()

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[StoredArray]:
        """Along the first axis, nothing of which is read yet."""
        for number in range(len(self)):
            yield StoredArray(self.shape[1:], self.dtype, self.rows, (*self.lead, number))

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Its rows, as many at a time as have `AT_ONCE` numbers together.

        Raises
        ------
        ValueError
            When the file is damaged.
        """
        return self.rows(self.lead, max(1, AT_ONCE // max(1, prod(self.shape[1:]))))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        blocks = list(self.blocks())
        return np.asarray(blocks[0] if len(blocks) == 1 else np.concatenate(blocks), dtype=dtype)


def stored_arrays(path: Path) -> dict[str, StoredArray]:
    """The arrays of an NPZ or HDF5 file by name, of which nothing but their shapes is read.

    They come in the order of an NPZ file, and in that of their names from an HDF5 file (layer2 before layer10).

    Raises
    ------
    ValueError
        When it is neither, or an array has more than 4 GB.
    OSError
        When it cannot be opened.
    """
    arrays = _of_hdf5(path) if is_hdf5(path) else _of_npz(path)
    for name, one in arrays.items():
        if prod(one.shape) * one.dtype.itemsize > MAX_BYTES:
            raise ValueError(f"{path}: {name} unpacks to more than {MAX_BYTES >> 30} GB")
    return arrays


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 files do."""
    with path.open("rb") as handle:
        return handle.read(len(HDF5)) == HDF5


def _of_npz(path: Path) -> dict[str, StoredArray]:
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".npy"):
                    with archive.open(info) as member:
                        shape, _, dtype = read_header(member, info.file_size)
                    name = info.filename.removesuffix(".npy")
                    arrays[name] = StoredArray(shape, dtype, _npz_rows(path, info.filename))
    except FileNotFoundError:
        raise
    except DAMAGED_NPZ as error:
        raise _no_npz(path, error) from error
    return arrays


def _no_npz(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path}: not an NPZ or HDF5 file of activations ({error})")


def _npz_rows(path: Path, member: str) -> Rows:
    def rows(lead: tuple[int, ...], at_once: int) -> Iterator[NDArray[Any]]:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(member) as file:
                shape, fortran, dtype = read_header(file, archive.getinfo(member).file_size)
                if fortran or not shape:
                    array = np.frombuffer(file.read(), dtype=dtype).reshape(shape, order="F" if fortran else "C")
                    yield array[lead]
                    return
                # The rows are one after another in the file, from where the part begins.
                inner = shape[len(lead) :]
                before = sum(number * prod(shape[axis + 1 :]) for axis, number in enumerate(lead))
                file.seek(before * dtype.itemsize, 1)
                width = prod(inner[1:]) * dtype.itemsize
                for first in range(0, inner[0], at_once):
                    count = min(at_once, inner[0] - first)
                    yield np.frombuffer(file.read(count * width), dtype=dtype).reshape(count, *inner[1:])
        except DAMAGED_NPZ as error:
            raise _no_npz(path, error) from error

    return rows


def _of_hdf5(path: Path) -> dict[str, StoredArray]:
    import h5py

    arrays: dict[str, StoredArray] = {}

    def take(name: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset):
            # A dataset can say that it is empty, and has no shape then.
            arrays[name] = StoredArray((0,) if one.shape is None else one.shape, one.dtype, _hdf5_rows(path, name))

    try:
        with h5py.File(path, "r") as handle:
            handle.visititems(take)
    except DAMAGED_HDF5 as error:
        raise _no_hdf5(path, error) from error
    return {name: arrays[name] for name in sorted(arrays, key=_by_number)}


def _no_hdf5(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path}: truncated or corrupt HDF5 file ({error})")


def _hdf5_rows(path: Path, name: str) -> Rows:
    def rows(lead: tuple[int, ...], at_once: int) -> Iterator[NDArray[Any]]:
        import h5py

        try:
            with h5py.File(path, "r") as handle:
                one = handle[name]
                if one.shape is None:
                    yield np.empty(0)
                elif len(one.shape) == len(lead):
                    yield np.asarray(one[lead])
                else:
                    for first in range(0, one.shape[len(lead)], at_once):
                        yield one[(*lead, slice(first, first + at_once))]
        except DAMAGED_HDF5 as error:
            raise _no_hdf5(path, error) from error

    return rows


def _by_number(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
