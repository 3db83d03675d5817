"""The variables of a MATLAB file. No file, however damaged, ends the process that asks for them.

SciPy's reader trusts the sizes that a file states, and crashes where they are wrong. In compressed files, which
MATLAB and we write, checksums tell; they are looked at first. Any other file is read in a child process, and so is one
of version 7.3, which is HDF5.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Literal, cast

MatFile = str | Path | IO[bytes]

HEADER = 128  # bytes
ORDERS: dict[bytes, Literal["little", "big"]] = {b"\x00\x01IM": "little", b"\x01\x00MI": "big"}
COMPRESSED = 15  # the type of an element of the file that holds another one, compressed
PATIENCE = 600  # seconds for a child; a file of a gigabyte takes some ten
CHILD = Path(__file__).with_name("mat_child.py")
CHILD_OF_HDF5 = Path(__file__).with_name("mat_hdf5.py")
VERSIONS_OF_HDF5 = (b"\x00\x02IM", b"\x02\x00MI")


def load(file: MatFile) -> dict[str, Any]:
    """The variables of a MATLAB file.

    Raises
    ------
    ValueError
        When the file is not a MATLAB file, or is damaged.
    OSError
        When there is no such file, or it cannot be opened.
    """
    content = Path(file).read_bytes() if isinstance(file, str | Path) else file.read()
    try:
        if content[124:HEADER] in VERSIONS_OF_HDF5:
            variables = _in_a_child(content, CHILD_OF_HDF5)
        elif _has_sound_checksums(content):
            variables = _in_this_process(content)
        else:
            variables = _in_a_child(content, CHILD)
    except Exception as error:  # SciPy names none of what it raises: ValueError, TypeError, zlib.error, …
        raise ValueError(f"{file}: not a readable MATLAB file ({error})") from error
    return variables


def is_version_4(start: bytes) -> bool:
    """Whether a file begins as one of MATLAB's version 4 does: five numbers, and the name of a variable that ends in 0.

    They are the kind of the matrix, its rows and columns, whether it has imaginary parts, and the name's length.
    """
    for order in ORDERS.values():
        kind, _, _, imaginary, length = (int.from_bytes(start[i : i + 4], order) for i in range(0, 20, 4))
        if kind < 5000 and kind // 100 % 10 == 0 and imaginary in (0, 1) and 2 <= length <= 64:
            name = start[20 : 20 + length]
            if name.isascii() and name.endswith(b"\x00") and name[:-1].decode().isidentifier():
                return True
    return False


def _has_sound_checksums(content: bytes) -> bool:
    """Whether all variables are compressed, so that their checksums guard them. It raises where one is wrong."""
    # The mark of version 4: a zero among the first four bytes.
    if b"\x00" in content[:4]:
        return False
    version = content[124:HEADER]
    if version not in ORDERS:
        raise ValueError("its header is not one of MATLAB's")
    at = HEADER
    while at < len(content):
        kind, size = (int.from_bytes(content[at + i : at + i + 4], ORDERS[version]) for i in (0, 4))
        if kind != COMPRESSED:
            return False
        zlib.decompress(content[at + 8 : at + 8 + size])
        at += 8 + size
    return True


def _in_this_process(content: bytes) -> dict[str, Any]:
    from scipy.io import loadmat

    return dict(loadmat(cast(Any, BytesIO(content))))


def _in_a_child(content: bytes, script: Path) -> dict[str, Any]:
    # -P: the folder of the script, with our modules, is not searched for those of SciPy.
    command = [sys.executable, "-P", str(script)]
    child = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, check=False)
    if child.returncode != 0:
        raise ValueError("damaged: the reader crashed")
    answer: dict[str, Any] | Exception = pickle.loads(child.stdout)  # noqa: S301 - our own child wrote it
    if isinstance(answer, Exception):
        raise answer
    return answer
