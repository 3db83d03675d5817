"""Any file that holds raters' placements or RDMs: recognised by what is in it, never by what it is called.

What can be read in two ways is not read: the error names the ways, and a hint says which is meant.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import jspsych
from .bundle_reader import Bundle, read_bundle
from .bundle_writer import MANIFEST
from .file_kinds import why_no_workbook
from .hints import Hints
from .json_file import looks_like_json, read_json
from .mat_variables import VERSIONS_OF_HDF5, is_version_4
from .meadows import is_tree, is_tree_of_many
from .meadows_source import meadows_source
from .meadows_zip import read_trees, trees_of
from .npz import read_npy, read_npz
from .readable import unknown
from .rsatoolbox import read_hdf5
from .source import Source, merged, source_of_rdms
from .source_bundle import write_source
from .square import not_negative
from .stack_source import matlab_source, stack_source
from .table_source import table_source
from .workbook import is_workbook


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
    if file.is_dir():
        raise ValueError(f"{file}: is a folder; give the files in it")
    with file.open("rb") as handle:
        start = handle.read(1024)
    if not start:
        raise ValueError(f"{file}: is empty")
    try:
        found = _read(file, start, hints)
        return found if isinstance(found, Bundle) or found.has_placements else _checked(found, hints)
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
    _check_differ(files)
    by_name = {name: read_any(path, hints) for path, name in files}
    sources = {name: one for name, one in by_name.items() if isinstance(one, Source)}
    bundles = [one for one in by_name.values() if isinstance(one, Bundle)]
    if len(by_name) < len(files) or (bundles and len(by_name) > 1):
        raise ValueError("an export bundle is read alone" if bundles else "two of the files have the same name")
    if bundles:
        return bundles[0]
    write_source(merged(sources), files, out)
    return read_bundle(out)


def _check_differ(files: Sequence[tuple[Path, str]]) -> None:
    """Refuse a file that is there twice under two names: its raters would count twice."""
    first: dict[tuple[int, bytes], str] = {}
    for path, name in files if len(files) > 1 else ():
        with path.open("rb") as handle:
            key = path.stat().st_size, hashlib.file_digest(handle, "sha256").digest()
        if (other := first.setdefault(key, name)) != name:
            raise ValueError(f"{other} and {name} are the same file twice: leave one of them out")


def _checked(source: Source, hints: Hints) -> Source:
    """RDMs that hold something, and nothing negative unless that is meant."""
    unknown = [rater.name for rater in source.raters if rater.rdm is None or np.isnan(rater.rdm).all()]
    if len(unknown) == len(source.raters):
        raise ValueError("all pairs are missing: there is no dissimilarity in it")
    remarks = [f"No pair of {name} has a dissimilarity." for name in unknown]
    raters = source.raters
    if not hints.negative:
        raters = tuple(
            rater if rater.rdm is None else replace(rater, rdm=not_negative(rater.rdm, source.names, rater.name))
            for rater in raters
        )
    return replace(source, raters=raters, remarks=(*source.remarks, *remarks))


def _read(file: Path, start: bytes, hints: Hints) -> Bundle | Source:
    # A bundle whose beginning is lost is still told from a text.
    if start.startswith(b"PK") or file.suffix.lower() == ".zip":
        return _zip(file, hints)
    if start.startswith(b"\x93NUMPY"):
        hints.only("an array of NumPy", "names", "raters", "negative")
        return stack_source("a stack of RDMs in a file of NumPy", read_npy(file), file, str(file), hints)
    if start[124:128] in (*VERSIONS_OF_HDF5, b"\x00\x01IM", b"\x01\x00MI") or is_version_4(start):
        return matlab_source(file, hints)
    if start.startswith(b"\x89HDF"):
        hints.only("RDMs of rsatoolbox", "negative")
        return source_of_rdms("RDMs saved by rsatoolbox", read_hdf5(file), unnamed=file.stem)
    if looks_like_json(start):
        return _json(file, hints)
    return table_source(file, hints)


def _zip(file: Path, hints: Hints) -> Bundle | Source:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise ValueError(f"{file}: truncated or corrupt ZIP file ({error})") from error
    if is_workbook(file):
        return table_source(file, hints)
    if any(name.rsplit("/", 1)[-1] == MANIFEST for name in names):
        hints.only("an export bundle")
        return read_bundle(file)
    if {"rdms.npy", "names.npy", "raters.npy"} <= set(names):
        hints.only("RDMs of this program", "negative")
        return source_of_rdms("RDMs in an NPZ file of this program", read_npz(file), unnamed=file.stem)
    if trees_of(names):
        hints.only("files of the Meadows platform", "task")
        return read_trees(file, task=hints.task)
    arrays = [name for name in names if name.endswith(".npy")]
    if arrays:
        held = ", ".join(name.removesuffix(".npy") for name in arrays)
        raise ValueError(
            f"{file}: holds the arrays {held}. Save the RDMs as a file of their own (.npy), or as the array rdms "
            "(raters x pairs) beside the texts names, raters and method"
        )
    if reason := why_no_workbook(file):
        raise ValueError(f"{file}: {reason}")
    raise unknown(file, f"a zip file with {', '.join(names[:5]) or 'nothing in it'}")


def _json(file: Path, hints: Hints) -> Source:
    value = read_json(file)
    if is_tree(value) or is_tree_of_many(value):
        hints.only("a file of the Meadows platform", "task")
        return meadows_source(file, value, task=hints.task)
    if jspsych.is_free_sort(value):
        hints.only(jspsych.KIND, "arena", "columns", "names")
        return jspsych.read_json_data(
            file, value, arena=hints.arena, rater=jspsych.rater_field(hints.columns), names=hints.names
        )
    holds = f"an object with {', '.join(list(value)[:5])}" if isinstance(value, dict) else f"a {type(value).__name__}"
    raise unknown(file, f"a JSON file that holds {holds}")
