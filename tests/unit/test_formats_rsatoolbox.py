"""rsatoolbox, which we did not write, opens our HDF5 and Meadows files with the same numbers."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest

from analysis.arrangement import Arrangement
from analysis.formats.meadows import read_1d_mat, read_tree
from analysis.formats.meadows_writer import all_participants_name, one_task_name, tree_name, write_1d_mat, write_tree
from analysis.formats.petnames import ANIMALS, petname
from analysis.formats.rdm_set import RDMSet
from analysis.formats.rsatoolbox import read_hdf5, write_hdf5

NAMES = ("c.mp4", "a.mp4", "b.mp4", "d.mp4")


@pytest.fixture(scope="module")
def toolbox():
    with warnings.catch_warnings():
        # Its imports and ours of h5py, pandas and sklearn warn of their own futures.
        warnings.simplefilter("ignore")
        import rsatoolbox
        import rsatoolbox.io.meadows
        import rsatoolbox.io.petnames
    return rsatoolbox


@pytest.fixture
def rdms():
    rows = np.random.default_rng(8).random((3, 6))
    rows[1, 2] = np.nan
    return RDMSet(rows, NAMES, ("P001", "P002", "P003"), "combined")


def test_load_rdm_gives_the_numbers_and_the_descriptors(toolbox, rdms, tmp_path):
    file = tmp_path / "rdms.hdf5"
    write_hdf5(
        file, rdms, rdm_descriptors={"excluded": [0, 1, 0]}, pattern_descriptors={"gender": ["f", "m", "f", "m"]}
    )
    loaded = toolbox.rdm.load_rdm(str(file))
    np.testing.assert_array_equal(loaded.dissimilarities, rdms.rdms)
    assert (loaded.n_rdm, loaded.n_cond) == (3, 4)
    assert list(loaded.rdm_descriptors["rater"]) == list(rdms.raters)
    assert list(loaded.rdm_descriptors["excluded"]) == [0, 1, 0]
    assert list(loaded.pattern_descriptors["clip"]) == list(NAMES)
    assert list(loaded.pattern_descriptors["gender"]) == ["f", "m", "f", "m"]
    assert loaded.descriptors["method"] == "combined"
    assert loaded.dissimilarity_measure == "multi-arrangement distance"
    # It must be good for work, not only for looking at.
    assert list(loaded.subset_pattern("clip", ["a.mp4", "d.mp4"]).dissimilarities.ravel()) == list(rdms.rdms[:, 4])
    loaded.sort_by(clip="alpha")
    np.testing.assert_array_equal(loaded.dissimilarities[:, 0], rdms.rdms[:, 3])


def test_names_that_are_not_ascii_and_a_single_rdm_load_too(toolbox, tmp_path):
    file = tmp_path / "one.hdf5"
    names = ("é.mp4", "面.mp4", "z.mp4")
    write_hdf5(file, RDMSet([[0.1, 0.2, 0.3]], names, ("P001",)))
    loaded = toolbox.rdm.load_rdm(str(file))
    assert list(loaded.pattern_descriptors["clip"]) == list(names)
    assert loaded.n_rdm == 1
    assert read_hdf5(file).names == names


def test_read_hdf5_reads_ours_and_rsatoolboxs_own(toolbox, rdms, tmp_path):
    buffer = io.BytesIO()
    write_hdf5(buffer, rdms)
    back = read_hdf5(buffer)
    np.testing.assert_array_equal(back.rdms, rdms.rdms)
    assert (back.names, back.raters, back.method) == (rdms.names, rdms.raters, "combined")
    theirs = toolbox.rdm.RDMs(
        rdms.rdms, rdm_descriptors={"participant": ["x", "y", "z"]}, pattern_descriptors={"conds": ["i", "j", "k", "l"]}
    )
    theirs.save(str(tmp_path / "theirs.hdf5"))
    back = read_hdf5(tmp_path / "theirs.hdf5")
    np.testing.assert_array_equal(back.rdms, rdms.rdms)
    assert (back.names, back.raters) == (("i", "j", "k", "l"), ("x", "y", "z"))


def test_hdf5_errors_name_the_file_and_the_reason(rdms, tmp_path):
    file = tmp_path / "no.hdf5"
    file.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"no\.hdf5: not an HDF5 file of RDMs"):
        read_hdf5(file)
    with pytest.raises(ValueError, match="descriptor age must have 3 values, got 1"):
        write_hdf5(io.BytesIO(), rdms, rdm_descriptors={"age": [3]})
    with pytest.raises(ValueError, match="descriptor age must be all texts or all numbers"):
        write_hdf5(io.BytesIO(), rdms, rdm_descriptors={"age": [3, "4", 5]})


def test_one_participants_1d_mat_loads(toolbox, rdms, tmp_path):
    file = tmp_path / one_task_name("faces", "1", petname(5), 2)
    one = RDMSet(rdms.rdms[1:2], NAMES, (petname(5),))
    write_1d_mat(file, one)
    loaded = toolbox.io.meadows.load_rdms(str(file), sort=False)
    np.testing.assert_array_equal(loaded.dissimilarities, one.rdms)
    assert loaded.pattern_descriptors["conds"] == ["c", "a", "b", "d"]
    assert loaded.rdm_descriptors["participant"] == [petname(5)]
    back = read_1d_mat(file)
    np.testing.assert_array_equal(back.rdms, one.rdms)
    assert (back.names, back.raters) == (NAMES, (petname(5),))


def test_all_participants_1d_mat_loads(toolbox, rdms, tmp_path):
    file = tmp_path / all_participants_name("faces", "1", "arrange")
    raters = tuple(petname(i) for i in range(3))
    write_1d_mat(file, RDMSet(rdms.rdms, NAMES, raters))
    loaded = toolbox.io.meadows.load_rdms(str(file), sort=False)
    np.testing.assert_array_equal(loaded.dissimilarities, rdms.rdms)
    assert loaded.rdm_descriptors["participant"] == list(raters)
    assert loaded.rdm_descriptors["task"] == ["arrange"] * 3
    back = read_1d_mat(file)
    np.testing.assert_array_equal(back.rdms, rdms.rdms)
    assert back.raters == raters


def test_a_session_as_tree_json_loads_and_comes_back(toolbox, tmp_path):
    rng = np.random.default_rng(2)
    trials = [Arrangement(rng.permutation(4)[:m], rng.uniform(-0.3, 0.3, (m, 2))) for m in (4, 3)]
    rdm = rng.random(6)
    file = tmp_path / tree_name("faces", "1", petname(77))
    times = [[1_000, 61_000], [62_000, 90_000]]
    write_tree(file, task_name="arrange", names=NAMES, arrangements=trials, times_ms=times, rdm=rdm)
    loaded = toolbox.io.meadows.load_rdms(str(file), sort=False)
    np.testing.assert_allclose(loaded.dissimilarities[0], rdm / np.linalg.norm(rdm), rtol=1e-15)
    assert loaded.pattern_descriptors["conds"] == ["c", "a", "b", "d"]
    (task,) = read_tree(file)
    assert (task.name, task.names) == ("arrange", ("c", "a", "b", "d"))
    assert task.times_ms.tolist() == times
    for ours, theirs in zip(trials, task.arrangements, strict=True):
        np.testing.assert_array_equal(ours.items, theirs.items)
        np.testing.assert_allclose(ours.positions, theirs.positions, rtol=1e-15)


def test_every_animal_is_one_that_the_loader_knows(toolbox):
    assert set(ANIMALS) <= set(toolbox.io.petnames.PETNAMES)
    assert len({petname(number) for number in range(3072)}) == 3072
    with pytest.raises(ValueError, match="3072"):
        petname(3072)
