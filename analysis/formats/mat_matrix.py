"""A matrix of a MATLAB file (version 5), written column by column: SciPy's writer wants all of it in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from io import SEEK_END
from typing import IO

import numpy as np

from ..arrangement import Floats

# Types of the elements of a file, and the class of a matrix of doubles.
INT8, INT32, UINT32, DOUBLE, MATRIX, COMPRESSED = 1, 5, 6, 9, 14, 15
DOUBLES = 6
MAX_BYTES = 1 << 32


def write_matrix(file: IO[bytes], name: str, shape: tuple[int, int], columns: Iterable[Floats]) -> None:
    """Append a compressed matrix of doubles to a file that is at its end.

    Parameters
    ----------
    name
        In ASCII, as MATLAB's variables are called.
    columns
        The matrix in order, some whole columns at a time: (columns, rows) arrays.

    Raises
    ------
    ValueError
        When it is larger than the format can hold (4 GB).
    """
    rows, n_columns = shape
    size = rows * n_columns * 8
    label = name.encode("ascii")
    # A name of up to four letters is in its own tag.
    named = (
        struct.pack("=HH4s", INT8, len(label), label)
        if len(label) <= 4
        else struct.pack("=II", INT8, len(label)) + label + bytes(-len(label) % 8)
    )
    head = b"".join(
        [
            struct.pack("=IIII", UINT32, 8, DOUBLES, 0),
            struct.pack("=IIii", INT32, 8, rows, n_columns),
            named,
            struct.pack("=II", DOUBLE, size % MAX_BYTES),
        ]
    )
    if len(head) + size >= MAX_BYTES:
        raise ValueError(f"{name} is too large for a MATLAB file of version 5, which holds up to 4 GB of each variable")
    start = file.tell()
    file.write(struct.pack("=II", COMPRESSED, 0))
    packer = zlib.compressobj()
    file.write(packer.compress(struct.pack("=II", MATRIX, len(head) + size) + head))
    for block in columns:
        file.write(packer.compress(np.ascontiguousarray(block, dtype=np.float64).tobytes()))
    file.write(packer.flush())
    end = file.tell()
    file.seek(start)
    file.write(struct.pack("=II", COMPRESSED, end - start - 8))
    file.seek(0, SEEK_END)
