"""Any file that holds raters' placements or RDMs: recognised by what is in it, never by what it is called.

What can be read in two ways is not read: the error names the ways, and a hint says which is meant.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import jspsych
from .bundle_reader import Bundle, read_bundle
from .bundle_writer import MANIFEST
from .hints import Hints
from .mat_variables import VERSIONS_OF_HDF5, is_version_4, load
from .matlab import numbers_of, read_mat, texts
from .meadows import is_tree, is_tree_of_many, read_1d_mat, read_json
from .meadows_source import meadows_source
from .npz import as_numbers, read_npy, read_npz
from .original import UNNAMED, is_original, read_original
from .placement_table import ROLES, WHOLE_ARENA, read_raters_table
from .rdm_set import RDMSet
from .rdm_stacks import MIN_ITEMS, numbered, read_stack
from .rsatoolbox import read_hdf5
from .source import Source, merged, source_of_rdms
from .source_bundle import write_source
from .square import read_square_csv
from .tables import read_long_csv
from .text import NUMBER, Grid, is_missing, numbers, read_grids
from .workbook import is_workbook

READABLE = """an export bundle of this program (.zip); Meadows tree.json of one participant or of all, and 1D.mat; files
of Kriegeskorte and Mur's MATLAB programs (.mat); jsPsych free-sort data (.json, .csv); tables of placements or of pairs
(.csv, .xlsx; columns say which column is which); squares of dissimilarities (.csv, .xlsx) such as multiarrangement
writes; stacks of RDMs (.npy, .mat, .csv); RDMs saved by rsatoolbox (.hdf5) or by this program (.npz, .mat)"""
PAIR_ROLES = ("rater", "clip_a", "clip_b", "dissimilarity")


def read_any(file: str | Path, hints: Hints | None = None) -> Bundle | Source:
    """What a file holds: one of our bundles, or the raters of another program's file.

    Raises
    ------
    ValueError
        Naming the file, what it was taken for and the reason; or listing what can be read, when it is nothing known;
        or the ways in which it can be taken, when there are several.
    OSError
        When it cannot be read.
    """
    file = Path(file)
    hints = hints or Hints()
    with file.open("rb") as handle:
        start = handle.read(1024)
    if not start:
        raise ValueError(f"{file}: is empty")
    try:
        return _read(file, start, hints)
    except ValueError as error:
        # Each reader names the file; a reason of ours may not.
        raise error if str(file) in str(error) else ValueError(f"{file}: {error}") from error


def bring_in(files: Sequence[tuple[Path, str]], hints: Hints | None, out: Path) -> Bundle:
    """What files hold, as a bundle: the one that was given, or one written to `out` that says where its data came from.

    `files` are each a path and the name that people know the file by. Several files are put together, a rater or more
    in each.

    Raises
    ------
    ValueError, OSError
        As `read_any`; also when files do not go together, or a bundle is among several.
    """
    by_name = {name: read_any(path, hints) for path, name in files}
    sources = {name: one for name, one in by_name.items() if isinstance(one, Source)}
    bundles = [one for one in by_name.values() if isinstance(one, Bundle)]
    if len(by_name) < len(files) or (bundles and len(by_name) > 1):
        raise ValueError("an export bundle is read alone" if bundles else "two of the files have the same name")
    if bundles:
        return bundles[0]
    write_source(merged(sources), files, out)
    return read_bundle(out)


def _read(file: Path, start: bytes, hints: Hints) -> Bundle | Source:
    # A bundle whose beginning is lost is still told from a text.
    if start.startswith(b"PK") or file.suffix.lower() == ".zip":
        return _zip(file, hints)
    if start.startswith(b"\x93NUMPY"):
        hints.only("an array of NumPy", "names", "raters", "negative")
        return _stack("a stack of RDMs in a file of NumPy", read_npy(file), file, str(file), hints)
    if start[124:128] in (*VERSIONS_OF_HDF5, b"\x00\x01IM", b"\x01\x00MI") or is_version_4(start):
        return _matlab(file, hints)
    if start.startswith(b"\x89HDF"):
        hints.only("RDMs of rsatoolbox")
        return source_of_rdms("RDMs saved by rsatoolbox", read_hdf5(file), unnamed=file.stem)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _json(file, hints)
    return _table(file, hints)


def _unknown(file: Path, seen: str) -> ValueError:
    return ValueError(f"{file}: {seen}. What can be read: {' '.join(READABLE.split())}")


def _zip(file: Path, hints: Hints) -> Bundle | Source:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise ValueError(f"{file}: truncated or corrupt ZIP file ({error})") from error
    if is_workbook(file):
        return _table(file, hints)
    if any(name.rsplit("/", 1)[-1] == MANIFEST for name in names):
        hints.only("an export bundle")
        return read_bundle(file)
    if "rdms.npy" in names:
        hints.only("RDMs of this program")
        return source_of_rdms("RDMs in an NPZ file of this program", read_npz(file), unnamed=file.stem)
    arrays = [name for name in names if name.endswith(".npy")]
    if arrays:
        raise ValueError(f"{file}: holds the arrays {', '.join(arrays)}; save the RDMs as a file of their own (.npy)")
    raise _unknown(file, f"a zip file with {', '.join(names[:5]) or 'nothing in it'}")


def _stack(kind: str, array: Any, file: Path, where: str, hints: Hints, raters: Sequence[str] = ()) -> Source:
    stack = read_stack(
        array, where, names=hints.names, rater_names=raters, raters=hints.raters, negative=hints.negative
    )
    if len(stack.raters) == 1 and not raters:
        stack = RDMSet(stack.rdms, stack.names, [file.stem])
    return source_of_rdms(kind, stack, () if hints.names else (UNNAMED,))


def _matlab(file: Path, hints: Hints) -> Source:
    variables = {name: value for name, value in load(file).items() if not name.startswith("__")}
    if {"rdms", "item_names", "raters"} <= variables.keys():
        hints.only("RDMs of this program")
        return source_of_rdms("RDMs in a MATLAB file of this program", read_mat(file), unnamed=file.stem)
    if any(name.startswith("rdmutv") for name in variables):
        hints.only("RDMs of the Meadows platform")
        return source_of_rdms("RDMs of the Meadows platform", read_1d_mat(file), unnamed=file.stem)
    if is_original(variables) and hints.variable is None:
        hints.only("data of Kriegeskorte and Mur's programs", "names")
        return read_original(file, variables, hints.names)
    hints.only("a MATLAB file of arrays", "names", "raters", "variable", "negative")
    stacks = {name: value for name, value in variables.items() if _may_be_stack(value)}
    if hints.variable is not None and hints.variable not in stacks:
        raise ValueError(f"{file}: no variable {hints.variable} holds RDMs; there are {_listed(variables)}")
    if not stacks:
        raise _unknown(file, f"a MATLAB file without RDMs, with {_listed(variables)}")
    if len(stacks) > 1 and hints.variable is None:
        raise ValueError(f"{file}: RDMs can be in {' or '.join(stacks)}: say which is meant (variable NAME)")
    name = hints.variable or next(iter(stacks))
    value = stacks[name]
    where, kind = f"{file}: {name}", f"RDMs in the variable {name} of a MATLAB file"
    if value.dtype.names is None:
        return _stack(kind, numbers_of(value, where), file, where, hints)
    structs = list(np.ravel(value, order="F"))
    squares = [numbers_of(np.asarray(one["RDM"]), f"{where}.RDM") for one in structs]
    if len({square.shape for square in squares}) > 1:
        raise ValueError(f"{where}: its RDMs are of different sizes")
    labels = ["".join(texts(one["name"], f"{where}.name")) for one in structs] if "name" in value.dtype.names else []
    named = labels if len(set(labels)) == len(structs) and all(labels) else numbered(len(structs), "rater")
    stack = np.stack([square.ravel() if 1 in square.shape else square for square in squares])
    hints.only("a struct of RDMs", "names", "variable", "negative")
    told = Hints(names=hints.names, raters="rows", negative=hints.negative)
    return _stack(kind, stack, file, where, told, named)


def _listed(variables: Mapping[str, Any]) -> str:
    return ", ".join(variables) or "no variables"


def _may_be_stack(value: Any) -> bool:
    """Whether an array can hold RDMs by its shape, or is the struct of RDMs of the MATLAB toolbox for RSA."""
    if not isinstance(value, np.ndarray):
        return False
    if value.dtype.names is not None:
        return "RDM" in value.dtype.names and value.size > 0
    if value.dtype.kind not in "iufb" or value.size < 3:
        return False
    try:
        read_stack(as_numbers(value), "", negative=True)
    except ValueError as error:
        return "can be" in str(error)
    return True


def _json(file: Path, hints: Hints) -> Source:
    value = read_json(file)
    if is_tree(value) or is_tree_of_many(value):
        hints.only("a file of the Meadows platform", "task")
        return meadows_source(file, value, task=hints.task)
    if jspsych.is_free_sort(value):
        hints.only(jspsych.KIND, "arena", "columns", "names")
        return jspsych.read_json_data(
            file, value, arena=hints.arena, rater=_rater_field(hints.columns), names=hints.names
        )
    holds = f"an object with {', '.join(list(value)[:5])}" if isinstance(value, dict) else f"a {type(value).__name__}"
    raise _unknown(file, f"a JSON file that holds {holds}")


def _rater_field(columns: Mapping[str, str]) -> str | None:
    if unknown := columns.keys() - {"rater"}:
        raise ValueError(f"it is {jspsych.KIND}, which has no column {sorted(unknown)[0]}; it can have rater")
    return columns.get("rater")


def _table(file: Path, hints: Hints) -> Source:
    grids = read_grids(file)
    headers = [{cell.strip() for cell in grid.records[0][1]} for grid in grids if grid.records]
    if unknown := hints.columns.keys() - {*ROLES, *PAIR_ROLES}:
        roles = ", ".join(dict.fromkeys((*ROLES, *PAIR_ROLES)))
        raise ValueError(f"{file}: there is no column {sorted(unknown)[0]!r} to say; there are {roles}")
    if any(jspsych.LOCATIONS in header for header in headers):
        hints.only(jspsych.KIND, "arena", "columns", "names")
        return jspsych.read_csv_data(file, arena=hints.arena, rater=_rater_field(hints.columns), names=hints.names)
    if any({"clip_a", "clip_b"} & {*header, *hints.columns} for header in headers):
        hints.only("a table of pairs", "columns", "names", "negative")
        rdms = read_long_csv(file, hints.names or None, negative=hints.negative, columns=hints.columns)
        return source_of_rdms("RDMs in a table of pairs", rdms, unnamed=file.stem)
    if hints.columns or any({"trial", "item", "x", "y"} <= header for header in headers):
        return _placements(file, headers, hints)
    return _matrix(file, grids, headers, hints)


def _placements(file: Path, headers: Sequence[set[str]], hints: Hints) -> Source:
    hints.only("a table of placements", "columns", "arena", "y_down", "names")
    columns = dict(hints.columns)
    if "rater" not in columns and not any("rater" in header for header in headers):
        columns["rater"] = "-"
    arena = hints.arena or WHOLE_ARENA
    return read_raters_table(file, columns, names=hints.names or None, arena=arena, y_down=hints.y_down)


def _matrix(file: Path, grids: Sequence[Grid], headers: Sequence[set[str]], hints: Hints) -> Source:
    """A square with names, or numbers alone."""
    hints.only("a table of numbers", "names", "raters", "negative")
    try:
        rdms = read_square_csv(file, names=hints.names or None, negative=hints.negative)
        if len(rdms.names) < MIN_ITEMS:
            raise ValueError(f"{file}: a square of {len(rdms.names)} cells holds no dissimilarities")
        return source_of_rdms("a square table of dissimilarities", rdms, unnamed=file.stem)
    except ValueError as error:
        array = next((one for grid in grids if (one := _numbers_alone(grid)) is not None), None)
        if array is not None:
            return _stack("RDMs in a table of numbers", array, file, str(file), hints)
        columns = [cell.strip() for cell in grids[0].records[0][1]] if headers else []
        words = [word for name in columns for word in name.split() if not NUMBER.fullmatch(word)]
        if any(re.search(r"[^\W\d]", word) for word in words) and not _is_named_square(grids[0]):
            shown = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
            raise ValueError(
                f"{file}: its columns are {shown}. Of a table of placements say which column is which "
                "(columns rater=…,trial=…,item=…,x=…,y=…), of a table of pairs too (columns rater=…,clip_a=…,clip_b=…,"
                f"dissimilarity=…). Otherwise: {str(error).removeprefix(f'{file}: ')}. What can be read: "
                f"{' '.join(READABLE.split())}"
            ) from error
        raise


def _is_named_square(grid: Grid) -> bool:
    """Whether a table has about as many columns as rows, and names of its columns are names of its rows too."""
    widths = [len(cells) for _, cells in grid.records]
    if len(widths) < 3 or abs(max(widths) - len(widths)) > 1:
        return False
    columns = {cell.strip() for cell in grid.records[0][1]} - {""}
    return bool(columns & {cells[0].strip() for _, cells in grid.records[1:] if cells})


def _numbers_alone(grid: Grid) -> Any:
    """The numbers of a table without names, (rows, columns); None when it is none."""
    widths = {len(cells) for _, cells in grid.records}
    if len(widths) != 1:
        return None
    cells = [(f"{grid.name}, line {line}", cell) for line, row in grid.records for cell in row]
    try:
        values = numbers(cells, grid.delimiter)
    except ValueError:
        return None
    if all(is_missing(cell) for _, cell in cells):
        return None
    return np.array(values).reshape(len(grid.records), widths.pop())
