"""RDMs that wait on disk are written as those in memory are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from analysis.formats import matlab, npz, rdm_rows, rsatoolbox, tables
from analysis.formats.bundle_tables import RDM_COLUMNS
from analysis.formats.rdm_rows import RDMs, rows_on_disk
from analysis.formats.rdm_set import OPTIONAL_ROWS, RDMSet
from analysis.rdm import n_pairs

NAMES = ("a", "b", "ö", "d", "a name of more letters")
RATERS = ("P001", "P002", "P003")


def both() -> tuple[RDMSet, RDMs]:
    """The same RDMs in memory and on disk; only the second rater has standard errors."""
    rng = np.random.default_rng(3)
    values = {label: rng.uniform(size=(3, n_pairs(5))) for label in ("rdms", *OPTIONAL_ROWS)}
    values["rdms"][1, 4] = np.nan
    values["standard_error"][[0, 2]] = np.nan
    values["observations"] = rng.integers(1, 9, size=(3, n_pairs(5))).astype(float)
    values["predicted"] = np.isnan(values["rdms"])
    rows = [{kind: table[rater] for kind, table in values.items()} for rater in range(3)]
    for rater in (0, 2):
        rows[rater]["standard_error"] = None  # type: ignore[assignment]
    extras = {label: values[label] for label in OPTIONAL_ROWS}
    return RDMSet(values["rdms"], NAMES, RATERS, "combined", **extras), rows_on_disk(NAMES, RATERS, "combined", rows)


def same(one: RDMSet, other: RDMSet) -> None:
    assert (one.names, one.raters, one.method) == (other.names, other.raters, other.method)
    for label in ("rdms", *OPTIONAL_ROWS):
        np.testing.assert_array_equal(getattr(one, label), getattr(other, label))


def test_each_format_holds_what_was_put_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    # Blocks of two pairs, and a last one of one.
    monkeypatch.setattr(rdm_rows, "BLOCK", 7)
    memory, disk = both()
    for write, read in ((npz.write_npz, npz.read_npz), (matlab.write_mat, matlab.read_mat)):
        file = io.BytesIO()
        write(file, disk)
        file.seek(0)
        same(memory, read(file))
    file = io.BytesIO()
    rsatoolbox.write_hdf5(file, disk)
    np.testing.assert_array_equal(memory.rdms, rsatoolbox.read_hdf5(file).rdms)
    lines = [list(tables.csv_lines(RDM_COLUMNS, tables.rdm_rows(one))) for one in (memory, disk)]
    assert lines[0] == lines[1]
    completed = disk.completed_only()
    assert completed.method == memory.completed_only().method
    np.testing.assert_array_equal(list(completed.rows("rdms")), memory.completed)


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="1 row for 3 raters"):
        rows_on_disk(NAMES, RATERS, "", [{"rdms": np.ones(10)}])
    with pytest.raises(ValueError, match="rdms must have 10 values"):
        rows_on_disk(NAMES, RATERS, "", [{"rdms": np.ones(9)}])
    with pytest.raises(ValueError, match="come without completed ones"):
        rows_on_disk(NAMES, RATERS[:1], "", [{"rdms": np.ones(10)}]).completed_only()


def test_pairs_that_nobody_has_need_no_rows(tmp_path: Path) -> None:
    rows = [{"rdms": [1.0, np.nan, 2.0, np.nan, np.nan, 3.0]}, {"rdms": [1.0, np.nan, np.nan, np.nan, np.nan, 3.0]}]
    disk = rows_on_disk(NAMES[:4], RATERS[:2], "combined", rows)
    tables.write_long_csv(tmp_path / "rdms.csv", disk, only_known=True)
    assert len((tmp_path / "rdms.csv").read_text().splitlines()) == 1 + 2 * 3
    table = tables.read_long_csv(tmp_path / "rdms.csv", NAMES[:4])
    np.testing.assert_array_equal(table.rdms, [row["rdms"] for row in rows])
