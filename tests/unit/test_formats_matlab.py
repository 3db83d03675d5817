"""MATLAB's files of RDMs and of arrangements: the right numbers, or an error with file and variable."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pytest
import scipy.io
from scipy.spatial.distance import squareform

from analysis.formats import matlab, meadows
from analysis.formats.rdm_set import RDMSet
from tests.conftest import ROOT
from tests.other_programs import cells

NAMES = ["a.mp4", "bb.mp4", "ü.mp4", "d.mp4"]
VECTOR = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
OTHER = VECTOR[::-1]


def mat(tmp_path, name="x.mat", **variables):
    given = {"rdms": VECTOR[None], "item_names": cells(NAMES), "raters": cells(["P1"])} | variables
    scipy.io.savemat(tmp_path / name, given)
    return tmp_path / name


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"rdms": VECTOR[:, None]},
        {"rdms": squareform(VECTOR)},
        {"rdms": np.tril(squareform(VECTOR))},
        {"item_names": cells(NAMES).T},
        {"item_names": NAMES},
        {"rdms": (VECTOR * 10).astype(np.uint8), "scale": 10},
    ],
)
def test_rdms_as_matlab_saves_them_are_read(tmp_path, variables):
    table = matlab.read_mat(mat(tmp_path, **variables))
    np.testing.assert_allclose(table.rdms, [VECTOR * variables.get("scale", 1)])
    assert table.names == tuple(NAMES)


def test_squares_of_several_raters_are_read(tmp_path):
    both = np.stack([squareform(VECTOR), squareform(OTHER)], axis=2)
    table = matlab.read_mat(mat(tmp_path, rdms=both, raters=cells(["P1", "P2"])))
    np.testing.assert_allclose(table.rdms, [VECTOR, OTHER])


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"rdms": np.ones((4, 4))}, "rdms of P1: its diagonal is 1, not 0: these are similarities"),
        (
            {"rdms": np.triu(np.ones((4, 4)), 1) + np.tril(np.full((4, 4), 2.0), -1)},
            r"the pair \(a.mp4, bb.mp4\) has 1",
        ),
        ({"rdms": np.ones((1, 5))}, r"rdms: must be 1 x 6 \(raters x pairs\) or 4 x 4 x 1 .*, got 1 x 5"),
        ({"rdms": np.ones((2, 6))}, "got 2 x 6"),
        ({"rdms": np.full((1, 6), np.inf)}, "rdms: holds an infinite value"),
        ({"rdms": np.ones((1, 6)) * 1j}, "rdms: must hold real numbers, got complex128"),
        ({"rdms": "0.1 0.2"}, "rdms: must hold real numbers"),
        ({"rdms": cells([VECTOR])}, "rdms: is a cell array"),
        ({"rdms": {"RDM": VECTOR}}, "rdms: is a struct; save its fields"),
        ({"rdms": scipy.sparse.csc_matrix(VECTOR)}, "rdms: is a sparse matrix; save it as a full one"),
        ({"item_names": np.arange(4)}, "item_names: must be a cell array of texts"),
        ({"item_names": cells([1.0, 2.0, 3.0, 4.0])}, "item_names: must be a cell array of texts"),
        ({"item_names": cells(["a", "a", "b", "c"])}, "names holds 'a' twice"),
    ],
)
def test_matlab_files_of_another_kind_are_refused_with_file_and_variable(tmp_path, variables, reason):
    with pytest.raises(ValueError, match=rf"x\.mat: .*{reason}"):
        matlab.read_mat(mat(tmp_path, **variables))


def test_a_file_without_the_variables_says_what_it_holds(tmp_path):
    scipy.io.savemat(tmp_path / "x.mat", {"behavRDMs": VECTOR})
    with pytest.raises(ValueError, match=r"no variable is named rdms, item_names, raters \(it holds behavRDMs\)"):
        matlab.read_mat(tmp_path / "x.mat")


def test_version_7_3_is_read_and_damage_to_it_is_named(tmp_path):
    with h5py.File(tmp_path / "x.mat", "w", userblock_size=512) as handle:
        handle["rdms"] = np.atleast_2d(VECTOR).T
        for key, names in (("item_names", NAMES), ("raters", ["P1"])):
            texts = [handle.create_dataset(f"#refs#/{key}{k}", data=[[ord(c)] for c in n]) for k, n in enumerate(names)]
            for text in texts:
                text.attrs["MATLAB_class"] = np.bytes_("char")
            handle.create_dataset(key, data=np.array([[text.ref for text in texts]], dtype=h5py.ref_dtype))
    with (tmp_path / "x.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    table = matlab.read_mat(tmp_path / "x.mat")
    np.testing.assert_array_equal(table.rdms, np.atleast_2d(VECTOR))
    assert (list(table.names), table.raters) == (list(NAMES), ("P1",))
    whole = (tmp_path / "x.mat").read_bytes()
    (tmp_path / "x.mat").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"x\.mat: not a readable MATLAB file"):
        matlab.read_mat(tmp_path / "x.mat")


@pytest.mark.parametrize("read", [matlab.read_mat, matlab.read_arrangement_mat, meadows.read_1d_mat])
def test_damaged_matlab_files_never_raise_an_unexpected_error(tmp_path, read):
    """Compressed, as MATLAB and we save them: their checksums guard what SciPy's reader would trust."""
    matlab.write_mat(tmp_path / "x.mat", RDMSet(VECTOR, NAMES, ["P1"]))
    whole = (tmp_path / "x.mat").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        for place in rng.integers(0, len(damaged), 3):
            damaged[place] = rng.integers(256)
        (tmp_path / "x.mat").write_bytes(damaged)
        try:
            read(tmp_path / "x.mat")
        except ValueError:
            refused += 1
    assert refused > 100


# Damage to these bytes of an uncompressed file ended the process that read it.
CRASHES = (90, 173, 235)


@pytest.mark.parametrize("seed", CRASHES)
def test_no_damaged_file_ends_the_process_that_reads_it(tmp_path, seed):
    """In a process of its own, which must say what is wrong rather than die of it."""
    variables = {"rdms": np.arange(12.0).reshape(2, 6), "item_names": cells(["a.mp4", "b.mp4", "c.mp4", "d.mp4"])}
    scipy.io.savemat(tmp_path / "x.mat", {**variables, "raters": cells(["P1", "P2"]), "method": "combined"})
    damaged = bytearray((tmp_path / "x.mat").read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(128, len(damaged), int(rng.integers(1, 4))):
        damaged[place] = rng.integers(256)
    (tmp_path / "x.mat").write_bytes(damaged)
    code = "import sys; from analysis.formats.matlab import read_mat; read_mat(sys.argv[1])"
    reader = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "x.mat"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert reader.returncode == 1, "a negative one is a signal that ended it"
    assert "x.mat: not a readable MATLAB file" in reader.stderr


def test_an_uncompressed_file_is_read_as_well_as_a_compressed_one(tmp_path):
    for compressed in (False, True):
        variables = {"rdms": VECTOR[None], "item_names": cells(NAMES), "raters": cells(["P1"])}
        scipy.io.savemat(tmp_path / "x.mat", variables, do_compression=compressed)
        np.testing.assert_array_equal(matlab.read_mat(tmp_path / "x.mat").rdms, VECTOR[None])


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"estimate_dissimMat_ltv": squareform(VECTOR)}, "estimate_dissimMat_ltv: must be 1 x pairs, got 4 x 4"),
        ({"estimate_dissimMat_ltv": np.ones((1, 5))}, "5 is not a number of pairs"),
        ({"evidenceWeight_ltv": np.ones((1, 3))}, "6 dissimilarities, 3 evidences"),
        ({"distMatsForAllTrials_ltv": np.ones((2, 6))}, "must be 1 x pairs x trials, got 2 x 6"),
        ({"distMatsForAllTrials_ltv": cells([VECTOR])}, "is a cell array"),
    ],
)
def test_arrangement_files_of_another_shape_are_refused(tmp_path, variables, reason):
    keys = ("estimate_dissimMat_ltv", "evidenceWeight_ltv", "distMatsForAllTrials_ltv")
    scipy.io.savemat(tmp_path / "x.mat", dict.fromkeys(keys, VECTOR[None]) | variables)
    with pytest.raises(ValueError, match=rf"x\.mat: .*{reason}"):
        matlab.read_arrangement_mat(tmp_path / "x.mat")
