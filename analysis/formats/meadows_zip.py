"""A zip of the Meadows platform's tree.json files, one participant each, as `meadows_archive` writes it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .bundle_archive import ZIP_ERRORS, whole_file
from .json_file import read_json
from .meadows import is_tree
from .meadows_source import meadows_source
from .source import Source, merged

TREE = "_tree.json"
WHO = "raters.csv"
MAX_TREE = 64 << 20


def trees_of(names: Sequence[str]) -> list[str]:
    """The names in a zip that are of trees of one participant each."""
    return [name for name in names if name.endswith(TREE)]


def read_trees(file: Path, *, task: str | None = None) -> Source:
    """The raters of all trees in the zip, under the names that its `raters.csv` gives them, if it has one.

    Raises
    ------
    ValueError
        Naming zip and tree: as `meadows_source`, and when the zip is damaged or a tree larger than 64 MB.
    """
    sources: dict[str, Source] = {}
    with TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
                for name in trees_of(names):
                    tree = Path(folder) / Path(name).name
                    tree.write_bytes(whole_file(archive, name, MAX_TREE))
                    value = read_json(tree)
                    if not is_tree(value):
                        raise ValueError(f"{tree}: is no tree of one participant")
                    sources[name] = meadows_source(tree, value, task=task)
                    tree.unlink()
                called = _called(whole_file(archive, WHO, MAX_TREE)) if WHO in names else {}
        except ZIP_ERRORS as error:
            raise ValueError(f"{file}: {str(error).replace(f'{folder}/', '')}") from error
    source = merged(sources)
    raters = tuple(replace(rater, name=called.get(rater.name, rater.name)) for rater in source.raters)
    read = {rater.name for rater in raters}
    remarks = [f"{rater} has no tree in the zip, and is left out." for rater in called.values() if rater not in read]
    return replace(source, raters=raters, remarks=(*source.remarks, *remarks))


def _called(table: bytes) -> dict[str, str]:
    """The raters by their names in the files; nothing where the table is not as `meadows_archive` writes it."""
    rows = list(csv.reader(io.StringIO(table.decode("utf-8", "replace"))))
    if not rows or rows[0] != ["rater", "name"] or any(len(row) != 2 for row in rows):
        return {}
    return {name: rater for rater, name in rows[1:]}
