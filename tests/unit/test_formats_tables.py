"""CSV, NPZ and MATLAB files: exact round trips, escaped formulas, clear refusals."""

from __future__ import annotations

import io

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st

from analysis.arrangement import Arrangement
from analysis.formats import matlab, tables
from analysis.formats.bundle_tables import Column
from analysis.formats.rdm_set import RDMSet
from analysis.formats.sets import read_set_arrays, write_set_arrays

NAMES = ("=a.mp4", "b.mp4", "-1", "ü.mp4")


@pytest.fixture
def rdms():
    rng = np.random.default_rng(4)
    rows = np.abs(rng.normal(size=(2, 6)))
    rows[0, 1] = np.nan
    return RDMSet(
        rows, NAMES, ("P001", "P002"), "latent", evidence=rng.random((2, 6)), predicted=rng.random((2, 6)) < 0.5
    )


def same(one, other):
    for label in ("rdms", "evidence", "standard_error", "observations", "predicted"):
        np.testing.assert_equal(getattr(one, label), getattr(other, label))
    assert (one.names, one.raters, one.method) == (other.names, other.raters, other.method)


@given(st.text("=+-@'\t\r\n ab"))
def test_inert_cells_run_nowhere_and_come_back(text):
    cell = tables.escape_text(text)
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert tables.unescape_text(cell) == text


def as_r_reads(cells):
    """A column as R's read.csv gives it, by the rules of its manual: NA is missing, and blanks but in texts; T, F, TRUE
    and FALSE are logical; then whole numbers of 32 bits; then doubles; else texts."""
    given = [cell for cell in cells if cell not in ("NA", "")]
    if all(cell in ("T", "F", "TRUE", "FALSE") for cell in given):
        return [None if cell in ("NA", "") else cell.startswith("T") for cell in cells]
    try:
        numbers = [float.fromhex(cell) if cell.lower().startswith("0x") else float(cell) for cell in given]
    except ValueError:
        return [None if cell == "NA" else cell for cell in cells]
    following = iter(numbers)
    return [None if cell in ("NA", "") else next(following) for cell in cells]


@pytest.mark.parametrize(
    ("kind", "values", "read"),
    [
        ("bool", [True, None, False], [True, None, False]),
        ("int", [3, None], [3.0, None]),
        ("float", [0.1, None], [0.1, None]),
        ("digits", [2**63 - 1, None, 7], ["'9223372036854775807", None, "'7"]),
        ("text", ["NA", None, ""], ["'NA", None, ""]),
        ("text", ["0.5", "12"], [0.5, 12.0]),
        ("text", ["007", "12345678901234567890"], ["'007", "'12345678901234567890"]),
        ("text", ["1e5", "0x1F", "1.50", "+1", "5."], ["'1e5", "'0x1F", "'1.50", "'+1", "'5."]),
    ],
)
def test_r_reads_cells_as_they_are_meant(kind, values, read):
    """What R 4.2 itself made of such files: chr for true and false in small letters, 9.22e+18 for a seed."""
    column = Column("x", kind, "", "")
    cells = [tables.format_cell(value, column) for value in values]
    assert as_r_reads(cells) == read
    assert [tables.parse_cell(cell, column) for cell in cells] == values


@given(st.text("0123456789.eExXNAL+- ", max_size=24))
def test_no_text_is_another_one_after_it_was_read_as_a_number(text):
    (cell,) = [tables.format_cell(text, Column("x", "text", "", ""))]
    assert tables.parse_cell(cell, Column("x", "text", "", "")) == text
    (read,) = as_r_reads([cell])
    if isinstance(read, float):
        assert text in (repr(read), str(int(read)))
    else:
        assert (read or "").removeprefix("'") == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_bit_for_bit(value):
    column = Column("x", "float", "", "")
    assert tables.parse_cell(tables.format_cell(value, column), column) == value


@pytest.mark.parametrize("kind", ["int", "float", "bool", "time"])
def test_a_cell_of_another_kind_is_refused(kind):
    with pytest.raises(ValueError, match=f"column x holds {kind} values, got 'seven'"):
        tables.parse_cell("seven", Column("x", kind, "", ""))


def test_long_tables_and_npz_come_back_exactly(rdms, tmp_path):
    tables.write_long_csv(tmp_path / "long.csv", rdms)
    same(tables.read_long_csv(tmp_path / "long.csv"), rdms)
    tables.write_npz(tmp_path / "rdms.npz", rdms)
    same(tables.read_npz(tmp_path / "rdms.npz"), rdms)


def test_a_square_table_is_symmetric_with_names_on_both_sides(rdms, tmp_path):
    file = tmp_path / "square.csv"
    tables.write_square_csv(file, NAMES, rdms.rdms[0])
    back = tables.read_square_csv(file)
    np.testing.assert_array_equal(back.rdms[0], rdms.rdms[0])
    assert back.names == NAMES
    lines = file.read_text().splitlines()
    assert lines[0] == ",'=a.mp4,b.mp4,'-1,ü.mp4"
    assert lines[1].split(",")[3] == ""
    assert lines[1].split(",")[2] == lines[2].split(",")[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "same names"),
        (",a,b\na,0,1\nc,1,0\n", "same names"),
        (",a,b\na,0,1\n", "same names"),
        (",a,b\na,0,x\nb,1,0\n", "line 2, column b: 'x' is not a number"),
        (",a,b\na,0,2\nb,1,0\n", "not symmetric"),
    ],
)
def test_a_table_that_is_no_rdm_is_refused(tmp_path, text, reason):
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=reason):
        tables.read_square_csv(file)


def test_placements_come_back_in_order(tmp_path):
    trials = [Arrangement([2, 0], [[0.1, 1 / 3], [-0.2, 0]]), Arrangement([1, 2, 3], np.arange(6).reshape(3, 2) / 16)]
    tables.write_placements_csv(tmp_path / "p.csv", trials, NAMES)
    back, names = tables.read_placements_csv(tmp_path / "p.csv", NAMES)
    assert names == NAMES
    for one, other in zip(back, trials, strict=True):
        assert one.items.tolist() == other.items.tolist()
        assert one.positions.tolist() == other.positions.tolist()
    assert tables.read_placements_csv(tmp_path / "p.csv")[1] == (NAMES[2], NAMES[0], NAMES[1], NAMES[3])
    with pytest.raises(ValueError, match="'-1' is not among the names"):
        tables.read_placements_csv(tmp_path / "p.csv", NAMES[:2])


def test_csv_errors_name_file_and_line(tmp_path):
    file = tmp_path / "p.csv"
    file.write_text("trial,item,x,y\n1,a,0.5,0\n1,b,left,0\n")
    with pytest.raises(ValueError, match=r"p\.csv, line 3: column x: 'left' is not a number"):
        tables.read_placements_csv(file)
    file.write_text("trial,item,x\n")
    with pytest.raises(ValueError, match=r"p\.csv, line 1: no column is named y"):
        tables.read_placements_csv(file)
    file.write_text("trial,item,x,y\n1,a\n")
    with pytest.raises(ValueError, match=r"p\.csv, line 2: 2 cells under 4 columns"):
        tables.read_placements_csv(file)


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 100])
def test_an_npz_that_is_none_is_refused(tmp_path, data):
    file = tmp_path / "x.npz"
    file.write_bytes(data)
    with pytest.raises(ValueError, match=r"x\.npz"):
        tables.read_npz(file)


def test_matlab_sees_the_same_numbers_and_names(rdms, tmp_path):
    file = tmp_path / "rdms.mat"
    matlab.write_mat(file, rdms)
    data = scipy.io.loadmat(file)
    np.testing.assert_array_equal(data["rdms"], rdms.rdms)
    assert data["item_names"].shape == (4, 1)
    assert [cell[0][0] for cell in data["item_names"]] == list(NAMES)
    assert [cell[0][0] for cell in data["raters"]] == ["P001", "P002"]
    assert data["method"].tolist() == ["latent"]
    same(matlab.read_mat(file), rdms)


@pytest.mark.parametrize("n_trials", [0, 1, 3])
def test_kriegeskorte_and_murs_names(tmp_path, n_trials):
    file = tmp_path / "km.mat"
    trials = [Arrangement([2, 0], [[0.0, 0.0], [0.3, 0.4]]), Arrangement([1, 2, 3], np.eye(3, 2)), Arrangement([], [])]
    trials = trials[:n_trials]
    matlab.write_arrangement_mat(file, np.arange(6.0), np.arange(6.0) / 7, trials, 4)
    data = scipy.io.loadmat(file)
    assert data["estimate_dissimMat_ltv"].shape == (1, 6)
    assert data["evidenceWeight_ltv"].shape == (1, 6)
    back = matlab.read_arrangement_mat(file)
    np.testing.assert_array_equal(back.rdm, np.arange(6.0))
    np.testing.assert_array_equal(back.evidence, np.arange(6.0) / 7)
    assert back.trial_distances.shape == (n_trials, 6)
    if n_trials:
        expected = [np.nan, 0.5, np.nan, np.nan, np.nan, np.nan]
        np.testing.assert_allclose(back.trial_distances[0], expected)
        np.testing.assert_allclose(np.atleast_3d(data["distMatsForAllTrials_ltv"])[0, :, 0], expected)


def test_files_that_are_not_matlabs_are_refused(tmp_path):
    file = tmp_path / "x.mat"
    file.write_bytes(b"nothing of this kind, but long enough to have a header" * 10)
    for read in (matlab.read_mat, matlab.read_arrangement_mat):
        with pytest.raises(ValueError, match=r"x\.mat: not a readable MATLAB file"):
            read(file)
    scipy.io.savemat(file, {"y": 1})
    with pytest.raises(ValueError, match="no variable is named rdms, item_names, raters"):
        matlab.read_mat(file)
    with pytest.raises(ValueError, match="no variable is named estimate_dissimMat_ltv"):
        matlab.read_arrangement_mat(file)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rdms": [[1.0, 2.0]]}, "rdms must have shape"),
        ({"names": ("a", "a")}, "names holds 'a' twice"),
        ({"raters": ("r", "r"), "rdms": [[1.0], [1.0]]}, "raters holds 'r' twice"),
        ({"evidence": [[1.0], [2.0]]}, "evidence must have shape"),
    ],
)
def test_an_rdm_set_that_does_not_fit_is_refused(change, reason):
    given_ = {"rdms": [[1.0]], "names": ("a", "b"), "raters": ("r",)} | change
    with pytest.raises(ValueError, match=reason):
        RDMSet(**given_)


def test_write_mat_takes_a_stream(rdms):
    file = io.BytesIO()
    matlab.write_mat(file, rdms)
    file.seek(0)
    same(matlab.read_mat(file), rdms)


def test_several_sets_are_written_as_one_array_each(tmp_path):
    sets = [
        RDMSet(np.arange(6.0).reshape(2, 3), ("a", "b", "ü"), ("P1", "P2")),
        RDMSet([[np.nan]], ("c", "d"), ("P3",)),
    ]
    paths = write_set_arrays(tmp_path / "sets", sets)
    assert [path.name for path in paths] == ["01.npy", "02.npy"]
    back = read_set_arrays(tmp_path / "sets")
    for array, one in zip(back.values(), sets, strict=True):
        np.testing.assert_array_equal(array, one.rdms)
    assert (tmp_path / "sets" / "01_clips.txt").read_text(encoding="utf-8") == "a\nb\nü\n"
    with pytest.raises(ValueError, match="set 1: a name in clips holds a line end"):
        write_set_arrays(tmp_path, [RDMSet([[1.0]], ("a\nb", "c"), ("P1",))])


@pytest.mark.parametrize(
    ("array", "reason"), [(np.zeros((2, 4)), "4 is not a number of pairs"), (np.zeros(3), "shape")]
)
def test_arrays_that_are_no_rdms_are_refused_by_name(tmp_path, array, reason):
    with pytest.raises(ValueError, match="holds no files named 01"):
        read_set_arrays(tmp_path)
    np.save(tmp_path / "03.npy", array)
    with pytest.raises(ValueError, match=rf"03\.npy: .*{reason}"):
        read_set_arrays(tmp_path)
