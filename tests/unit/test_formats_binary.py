"""NumPy, HDF5 and Meadows files of other programs: the right numbers, or an error with file and reason."""

from __future__ import annotations

import io
import json
import zipfile

import h5py
import numpy as np
import pytest
import scipy.io
from scipy.spatial.distance import squareform

from analysis.formats import meadows, rsatoolbox, tables
from analysis.formats.rdm_set import RDMSet
from analysis.formats.sets import read_set_arrays
from tests.other_programs import cells

NAMES = ["a.mp4", "bb.mp4", "ü.mp4", "d.mp4"]
VECTOR = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


@pytest.mark.parametrize(
    ("stimuli", "rdm", "reason"),
    [
        (cells(NAMES), VECTOR[None], None),
        (NAMES, VECTOR[None], None),
        (NAMES, VECTOR[:, None], None),
        (NAMES, squareform(VECTOR), "rdmutv: must be 1 x 6 for 4 stimuli, got 4 x 4"),
        (NAMES[:2], VECTOR[None], "rdmutv: must be 1 x 1 for 2 stimuli, got 1 x 6"),
        (NAMES, cells([VECTOR]), "rdmutv: must hold real numbers"),
        ({"a": 1}, VECTOR[None], "stimuli: must be a cell array of texts"),
    ],
)
def test_meadows_one_participant_files(tmp_path, stimuli, rdm, reason):
    file = tmp_path / "Meadows_x_v_v1_cuddly-bunny_3_1D.mat"
    scipy.io.savemat(file, {"stimuli": stimuli, "rdmutv": rdm})
    if reason is None:
        read = meadows.read_1d_mat(file)
        assert (read.names, read.raters) == (tuple(NAMES), ("cuddly-bunny",))
        np.testing.assert_allclose(read.rdms, [VECTOR])
        return
    with pytest.raises(ValueError, match=rf"1D\.mat: {reason}"):
        meadows.read_1d_mat(file)


def tree(**changes):
    task = {
        "task": {"name": "t", "task_type": "multiarrange"},
        "stimuli": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}, {"id": "3", "name": "c"}],
        "trials": [{"positions": [{"id": "1", "x": 0.5, "y": 0}, {"id": "2", "x": -0.5, "y": 0.1}]}],
        "rdm": [1.0, 2.0, None],
    }
    return {"tasks": [task | changes]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stimuli": [{"id": "1", "name": "a"}, {"id": "1", "name": "b"}]}, "two stimuli have the id '1'"),
        ({"stimuli": [{"id": "1", "name": "a"}, {"id": "2", "name": "a"}]}, "two stimuli have the name 'a'"),
        ({"rdm": ["x", 1, 2]}, "rdm must be a number, got 'x'"),
        ({"rdm": {"a": 1}}, "rdm must be a list of numbers"),
        ({"rdm": [1e400, 1, 2]}, "rdm must be a number, got inf"),
        ({"trials": [{"positions": [{"id": "1", "x": 640, "y": 360}]}]}, "trial 1: a position lies far outside"),
        ({"trials": [{"positions": [{"id": "1", "x": "0.1", "y": 0}]}]}, "trial 1: x must be a number, got '0.1'"),
        ({"trials": [{"positions": [{"id": "1", "x": 10**400, "y": 0}]}]}, "trial 1: x must be a number"),
        ({"trials": [{"positions": [{"id": "1", "y": 0}]}]}, "trial 1: has no 'x'"),
        ({"trials": ["x"]}, "trial 1: "),
        ({"trials": [{"positions": [], "log": 5}]}, "trial 1: "),
        ({"trials": None}, "must have a list of stimuli"),
    ],
)
def test_meadows_trees_that_do_not_fit_are_refused_by_file_task_and_trial(tmp_path, changes, reason):
    file = tmp_path / "x_tree.json"
    file.write_text(json.dumps(tree()))
    (task,) = meadows.read_tree(file)
    np.testing.assert_allclose(task.arrangements[0].positions, [[0.25, 0], [-0.25, 0.05]])
    np.testing.assert_array_equal(task.rdm, [1, 2, np.nan])
    file.write_text(json.dumps(tree(**changes)))
    with pytest.raises(ValueError, match=rf"x_tree\.json: task 1.*{reason}"):
        meadows.read_tree(file)


def test_json_with_a_byte_order_mark_is_read_and_with_endless_brackets_refused(tmp_path):
    file = tmp_path / "x_tree.json"
    for encoding in ("utf-8-sig", "utf-16"):
        file.write_text(json.dumps(tree()), encoding=encoding)
        assert meadows.read_tree(file)[0].names == ("a", "b", "c")
    file.write_text("[" * 200_000)
    with pytest.raises(ValueError, match=r"x_tree\.json: not a JSON file"):
        meadows.read_tree(file)


class Evil:
    """What a pickle runs when it is loaded."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([[Evil()] * 3]), "holds Python objects"),
        (np.array([["1", "2", "3"]]), "must hold real numbers, got str"),
        (np.ones((1, 3)) * 1j, "must hold real numbers, got complex"),
        (np.array([[1, np.inf, 2]]), "holds an infinite value"),
        (np.zeros((1, 3), "datetime64[s]"), "must hold real numbers, got datetime64"),
        (np.zeros((3, 4, 4)), r"has shape \(3, 4, 4\) in place of raters x pairs"),
    ],
)
def test_arrays_of_another_kind_are_refused_and_no_pickle_is_loaded(tmp_path, array, reason):
    np.save(tmp_path / "01.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=rf"01\.npy: .*{reason}"):
        read_set_arrays(tmp_path)


def test_truncated_and_unknown_npy_files_are_refused(tmp_path):
    np.save(tmp_path / "01.npy", np.ones((2, 3)))
    whole = (tmp_path / "01.npy").read_bytes()
    for data in (b"", whole[:40], whole[:-1], b"x" * 200, b"PK\x03\x04" + b"x" * 50, b"\x80\x04K\x01."):
        (tmp_path / "01.npy").write_bytes(data)
        with pytest.raises(ValueError, match=r"01\.npy: not an NPY file"):
            read_set_arrays(tmp_path)


def test_nothing_is_set_aside_for_what_a_header_merely_claims(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 15)})
    (tmp_path / "01.npy").write_bytes(header.getvalue())
    with pytest.raises(ValueError, match=r"01\.npy: .*its header promises 120000000000 bytes, and the file has 128"):
        read_set_arrays(tmp_path)


def test_sets_are_in_the_order_of_their_numbers(tmp_path):
    for name in ("10", "9", "2"):
        np.save(tmp_path / f"{name}.npy", np.full((1, 3), float(name)))
    assert list(read_set_arrays(tmp_path)) == ["2", "9", "10"]
    np.save(tmp_path / "02.npy", np.ones((1, 3)))
    with pytest.raises(ValueError, match="there is another array of set 2"):
        read_set_arrays(tmp_path)


def npz(**changes):
    stream = io.BytesIO()
    arrays = {"rdms": VECTOR[None], "names": np.array(NAMES), "raters": np.array(["P1"]), "method": np.array("latent")}
    np.savez(stream, **{key: value for key, value in (arrays | changes).items() if value is not None})
    return stream.getvalue()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rdms": np.array([[Evil()] * 6])}, "holds Python objects"),
        ({"names": np.array([Evil()] * 4)}, "holds Python objects"),
        ({"names": np.arange(4)}, "names and raters must be lists of texts"),
        ({"rdms": np.array([["1"] * 6])}, "must hold real numbers"),
        ({"rdms": np.ones((1, 5))}, "rdms must have shape"),
        ({"names": None}, "holds no array names, but method, raters, rdms"),
    ],
)
def test_npz_files_of_another_kind_are_refused(tmp_path, changes, reason):
    (tmp_path / "x.npz").write_bytes(npz())
    assert tables.read_npz(tmp_path / "x.npz").names == tuple(NAMES)
    (tmp_path / "x.npz").write_bytes(npz(**changes))
    with pytest.raises(ValueError, match=rf"x\.npz: .*{reason}"):
        tables.read_npz(tmp_path / "x.npz")


def test_damaged_npz_files_never_raise_an_unexpected_error(tmp_path):
    whole = npz()
    rng = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(damaged), 3):
            damaged[place] = rng.integers(256)
        (tmp_path / "x.npz").write_bytes(damaged)
        try:
            tables.read_npz(tmp_path / "x.npz")
        except (ValueError, zipfile.BadZipFile) as error:
            assert isinstance(error, ValueError), error  # noqa: PT017


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda h: h.__delitem__("dissimilarities"), "not an HDF5 file of RDMs"),
        (lambda h: (h.__delitem__("dissimilarities"), h.create_group("dissimilarities")), "not an HDF5 file of RDMs"),
        (lambda h: h["dissimilarities"].__setitem__((0, 0), np.inf), "holds an infinite value"),
        (lambda h: h["pattern_descriptors"].__delitem__("clip"), None),
        (lambda h: (h.__delitem__("dissimilarities"), h.__setitem__("dissimilarities", VECTOR[:5])), "must have shape"),
        (lambda h: (h.__delitem__("dissimilarities"), h.__setitem__("dissimilarities", ["a"] * 6)), "real numbers"),
    ],
)
def test_hdf5_files_of_another_kind_are_refused(tmp_path, change, reason):
    file = tmp_path / "x.hdf5"
    rsatoolbox.write_hdf5(file, RDMSet(VECTOR, ["a", "b", "c", "d"], ["P1"]))
    with h5py.File(file, "a") as handle:
        change(handle)
    if reason is None:
        assert rsatoolbox.read_hdf5(file).names == ("0", "1", "2", "3")
        return
    with pytest.raises(ValueError, match=rf"x\.hdf5: not an HDF5 file of RDMs .*{reason}|x\.hdf5: {reason}"):
        rsatoolbox.read_hdf5(file)


def test_names_stored_as_bytes_are_texts(tmp_path):
    file = tmp_path / "x.hdf5"
    rsatoolbox.write_hdf5(file, RDMSet(VECTOR, ["a", "b", "c", "d"], ["P1"]))
    with h5py.File(file, "a") as handle:
        del handle["pattern_descriptors"]["clip"]
        handle["pattern_descriptors"].attrs["clip"] = np.array(["w", "x", "y", "z"], dtype=np.bytes_)
    assert rsatoolbox.read_hdf5(file).names == ("w", "x", "y", "z")


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"\x89HDF\r\n\x1a\n"])
def test_files_that_are_not_hdf5_are_refused(tmp_path, data):
    (tmp_path / "x.hdf5").write_bytes(data)
    with pytest.raises(ValueError, match=r"x\.hdf5: not an HDF5 file of RDMs"):
        rsatoolbox.read_hdf5(tmp_path / "x.hdf5")
