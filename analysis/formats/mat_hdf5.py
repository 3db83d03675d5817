"""Reads a MATLAB file of version 7.3, which is HDF5, as SciPy reads the older ones. See mat_variables.py.

It is run as a script, in a process of its own that a damaged file may end: the file comes on standard input.
"""

import pickle
import sys
from io import BytesIO
from typing import Any

import numpy as np

# The largest study has some GB of pairs; a file that claims more is a mistake.
MAX_BYTES = 1 << 32
# Structs and cells in one another; figures and handles, which files of a workspace hold too, go far deeper.
MAX_DEPTH = 6


def read(content: bytes) -> dict[str, Any]:
    """The variables by name: numbers and texts as arrays, cells as arrays of objects, structs as structured arrays.

    What is none of these (tables, function handles, figures) is None.
    """
    import h5py

    budget = [MAX_BYTES]
    with h5py.File(BytesIO(content), "r") as file:
        return {name: _value(item, file, budget, 0) for name, item in file.items() if not name.startswith("#")}


def _value(item: Any, file: Any, budget: list[int], depth: int) -> Any:
    import h5py

    kind = item.attrs.get("MATLAB_class", b"")
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if depth > MAX_DEPTH:
        return None
    if isinstance(item, h5py.Group):
        return _struct(item, file, budget, depth) if kind in ("struct", "") else None
    if "MATLAB_empty" in item.attrs:
        return np.zeros((0, 0), dtype=object if kind == "cell" else float)
    budget[0] -= item.size * item.dtype.itemsize
    if budget[0] < 0:
        raise ValueError(f"unpacks to more than {MAX_BYTES >> 30} GB")
    if item.dtype.kind == "O":
        return _referred(item, file, budget, depth)
    array = item[()]
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iufb":
        return None
    # MATLAB counts from the last axis that HDF5 names.
    array = array.T
    if kind != "char":
        return array
    rows = np.atleast_2d(array)
    return np.array(["".join(map(chr, row.tolist())) for row in rows])


def _referred(item: Any, file: Any, budget: list[int], depth: int) -> Any:
    """The array of objects that a dataset refers to."""
    references = item[()].T
    cells = np.empty(references.shape, dtype=object)
    for place, reference in np.ndenumerate(references):
        cells[place] = _value(file[reference], file, budget, depth + 1)
    return cells


def _struct(group: Any, file: Any, budget: list[int], depth: int) -> Any:
    import h5py

    fields = {name: _value(item, file, budget, depth + 1) for name, item in group.items()}
    if not fields:
        return np.zeros((0, 0))
    # The fields of several structs are references, which have no class of their own; those of one struct have one.
    referring = [item for item in group.values() if isinstance(item, h5py.Dataset) and "MATLAB_class" not in item.attrs]
    several = len(referring) == len(fields)
    shape = next(iter(fields.values())).shape if several else (1, 1)
    array = np.empty(shape, dtype=[(name, object) for name in fields])
    for name, value in fields.items():
        if several:
            array[name] = value
        else:
            array[name][0, 0] = value
    return array


if __name__ == "__main__":
    answer: object
    try:
        answer = read(sys.stdin.buffer.read())
    except Exception as error:  # whatever a damaged file makes h5py raise; the caller sorts it
        answer = ValueError(str(error) or type(error).__name__)
    pickle.dump(answer, sys.stdout.buffer)
