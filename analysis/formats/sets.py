"""Studies of several sets of clips as one array of raters x pairs for each set: 01.npy, 02.npy, ..."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from ..arrangement import Floats
from ..rdm import n_items_of
from .npz import read_npy, write_npy
from .rdm_rows import RDMs


def write_set_arrays(folder: str | Path, sets: Sequence[RDMs]) -> list[Path]:
    """Write NN.npy, (raters, pairs), for each set in order; returns the arrays' paths.

    Beside each array NN_clips.txt and NN_raters.txt hold the names, one a line. The folder is made if it is absent.

    Raises
    ------
    ValueError
        When a name holds a line end.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    width = max(2, len(str(len(sets))))
    paths = []
    for number, one in enumerate(sets, start=1):
        stem = f"{number:0{width}d}"
        for label, texts in (("clips", one.names), ("raters", one.raters)):
            if any(len(text.splitlines()) > 1 for text in texts):
                raise ValueError(f"set {number}: a name in {label} holds a line end")
            (folder / f"{stem}_{label}.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        paths.append(folder / f"{stem}.npy")
        with paths[-1].open("wb") as file:
            write_npy(file, one)
    return paths


def write_set_archive(out: IO[bytes], sets: Sequence[RDMs]) -> None:
    """Write what `write_set_arrays` writes into a zip."""
    with TemporaryDirectory() as folder, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        write_set_arrays(folder, sets)
        for path in sorted(Path(folder).iterdir()):
            archive.write(path, path.name)


def read_set_arrays(folder: str | Path) -> dict[str, Floats]:
    """The arrays (raters, pairs) of a folder of NN.npy files, by NN in order; names beside them are not needed.

    Raises
    ------
    ValueError
        Naming the file, when there is none, or one is no array of raters x pairs.
    """
    arrays: dict[str, Floats] = {}
    numbered = [path for path in Path(folder).glob("*.npy") if path.stem.isascii() and path.stem.isdigit()]
    for path in sorted(numbered, key=lambda path: (int(path.stem), path.stem)):
        array = read_npy(path)
        if array.ndim != 2:
            raise ValueError(f"{path}: has shape {array.shape} in place of raters x pairs")
        try:
            n_items_of(array.shape[1])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        if int(path.stem) in map(int, arrays):
            raise ValueError(f"{path}: there is another array of set {int(path.stem)}")
        arrays[path.stem] = array
    if not arrays:
        raise ValueError(f"{folder}: holds no files named 01.npy, 02.npy, ...")
    return arrays
