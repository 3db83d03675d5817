"""What the MATLAB programs of multi-arrangement save, in all versions of MATLAB's files."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from analysis import pair_evidence
from analysis.formats.recognise import Hints, read_any
from tests.other_programs import NAMES, N, at_the_end, distances, rdms, savemat, trials, workspace


def write_v73(file, variables):
    """A file of version 7.3 as MATLAB writes it: HDF5 behind a block of text, arrays turned over, classes as marks."""

    def put(group, name, value):
        if isinstance(value, dict):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for key, one in value.items():
                put(inner, key, one)
        elif isinstance(value, str):
            made = group.create_dataset(name, data=np.array([[ord(letter)] for letter in value], dtype=np.uint16))
            made.attrs["MATLAB_class"] = np.bytes_("char")
        elif isinstance(value, list):
            cells = []
            for one in value:
                key = f"#refs#/{len(group.file.require_group('#refs#'))}"
                put(group.file, key, one)
                cells.append(group.file[key].ref)
            made = group.create_dataset(name, data=np.array([cells], dtype=object), dtype=h5py.ref_dtype)
            made.attrs["MATLAB_class"] = np.bytes_("cell")
        else:
            made = group.create_dataset(name, data=np.atleast_2d(value).T)
            made.attrs["MATLAB_class"] = np.bytes_("double")

    with h5py.File(file, "w", userblock_size=512) as handle:
        for key, one in variables.items():
            put(handle, key, one)
    with file.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def in_the_older_versions(file, variables):
    savemat(file, variables)


@pytest.mark.parametrize("save", [in_the_older_versions, write_v73])
@pytest.mark.parametrize("kind", [workspace, at_the_end])
def test_the_matlab_programs_distances_become_their_arrangements(tmp_path, save, kind):
    file = tmp_path / "7_AB_session1_trial3.mat"
    save(file, kind(trials()))
    source = read_any(file, Hints(names=tuple(NAMES)))
    (rater,) = source.raters
    assert rater.name == ("NK" if kind is at_the_end else "7_AB")
    np.testing.assert_allclose(distances(rater.trials), distances(trials()), atol=1e-9)
    np.testing.assert_allclose(pair_evidence(rater.trials, N), workspace(trials())["evidenceWeight_ltv"][0], atol=1e-12)
    assert [(end - start).total_seconds() for start, end in rater.times] == [60, 60, 60]
    assert rater.times[1][0].isoformat() == "2012-05-04T10:02:12.500000+00:00"
    assert source.names == tuple(NAMES)
    assert "up to rotation" in source.remarks[0]


def test_the_estimate_alone_and_a_single_trial_of_the_matlab_programs(tmp_path):
    estimate = rdms(1)
    savemat(tmp_path / "XX_session2.mat", {"estimate_dissimMat_ltv": estimate})
    source = read_any(tmp_path / "XX_session2.mat")
    np.testing.assert_array_equal(source.raters[0].rdm, estimate[0])
    assert (source.raters[0].name, source.names[0]) == ("XX", "item 1")
    assert source.remarks == (
        "The file names no items: they are numbered in its order.",
        "It holds the estimate alone, without the trials.",
    )
    savemat(tmp_path / "one.mat", workspace(trials()[:1]))
    np.testing.assert_allclose(distances(read_any(tmp_path / "one.mat").raters[0].trials), distances(trials()[:1]))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"distMatsForAllTrials_ltv": rdms(1).T[None]}, "trial 1: no points of a plane have these distances"),
        ({"distMatsForAllTrials_ltv": np.ones((1, 7, 2))}, "7 is not a number of pairs"),
        ({"distMatsForAllTrials_ltv": np.ones((3, 10))}, "must be 1 x pairs x trials, got 3 x 10"),
        ({"trialStartTimes": np.ones((2, 6))}, "trialStartTimes: must be 3 x 6, got 2 x 6"),
        ({"estimate_RDM_ltv": np.ones((1, 6))}, "estimate_RDM_ltv has 6 values, distMatsForAllTrials_ltv 10"),
        ({"story": 3.0}, "story must be a single struct"),
    ],
)
def test_what_the_matlab_programs_cannot_have_written_is_refused(tmp_path, changes, reason):
    savemat(tmp_path / "x.mat", workspace(trials()) | changes)
    with pytest.raises(ValueError, match=rf"x\.mat.*{reason}"):
        read_any(tmp_path / "x.mat")
