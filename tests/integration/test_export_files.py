"""RDMs as single files, opened by the programs that they are for: the same numbers as the results."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from analysis.formats.meadows import read_1d_mat, read_tree
from analysis.formats.recognise import read_any
from analysis.results import Choice
from app.cli import main
from app.results.export import meadows_file, rdm_file, rdms_to_download
from app.results.stored import results_now
from tests import experimenter
from tests.integration.test_export import results, study_of


def downloaded(lab: experimenter.Lab, folder: Path, kind: str, method: str, *, group: bool = False) -> Path:
    file = folder / f"rdms.{kind}"
    with lab.database.reading() as db:
        rdms = rdms_to_download(db, study_of(db), Choice(method, with_unfinished=True), group=group, kind=kind)
    file.write_bytes(b"".join(rdm_file(rdms, kind)))
    return file


def test_the_mat_file_opens_with_the_same_numbers(lab: experimenter.Lab, tmp_path: Path) -> None:
    table, group = results(lab, "combined")
    data = loadmat(downloaded(lab, tmp_path, "mat", "combined"))
    sizes = np.sqrt(np.nanmean(data["rdms"] ** 2, axis=1, keepdims=True))
    np.testing.assert_allclose(data["rdms"] / sizes, table, rtol=1e-12)
    np.testing.assert_array_equal(np.isfinite(data["completed"]), True)
    assert [str(cell[0][0]) for cell in data["raters"]] == ["P001", "P002", "P003", "P004"]
    pooled = loadmat(downloaded(lab, tmp_path, "mat", "combined", group=True))
    np.testing.assert_array_equal(pooled["rdms"][0], group)


@pytest.mark.filterwarnings("default")
def test_the_hdf5_file_opens_in_rsatoolbox_with_the_same_numbers(lab: experimenter.Lab, tmp_path: Path) -> None:
    from rsatoolbox.rdm import load_rdm

    table, _ = results(lab, "weighted_average")
    rdms = load_rdm(str(downloaded(lab, tmp_path, "hdf5", "weighted_average")), file_type="hdf5")
    sizes = np.sqrt(np.nanmean(rdms.dissimilarities**2, axis=1, keepdims=True))
    np.testing.assert_allclose(rdms.dissimilarities / sizes, table, rtol=1e-12)
    assert rdms.n_cond == 6


def test_npz_and_csv_hold_the_same_numbers(lab: experimenter.Lab, tmp_path: Path) -> None:
    table, group = results(lab, "weighted_average")
    with np.load(downloaded(lab, tmp_path, "npz", "weighted_average")) as data:
        sizes = np.sqrt(np.nanmean(data["rdms"] ** 2, axis=1, keepdims=True))
        np.testing.assert_allclose(data["rdms"] / sizes, table, rtol=1e-12)
        np.testing.assert_array_equal(data["observations"] > 0, np.isfinite(table))
    text = downloaded(lab, tmp_path, "csv", "weighted_average", group=True).read_text()
    values = [float(row["dissimilarity"] or "nan") for row in csv.DictReader(io.StringIO(text))]
    np.testing.assert_array_equal(values, group)


def test_meadows_files_hold_each_raters_rdm_and_trials(lab: experimenter.Lab, tmp_path: Path) -> None:
    """Read back by the platform's own file names: RDMs as seen, trials as placed, and who is who."""
    choice = Choice("weighted_average", with_unfinished=True)
    file = tmp_path / "study.meadows.zip"
    with lab.database.reading() as db:
        study, rdms = study_of(db), results_now(db, study_of(db).id, choice).rdm_set()
        file.write_bytes(b"".join(meadows_file(db, study, choice)))
        placed = experimenter.placed_trials(db, study.id)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path)
    names = dict(line.split(",") for line in (tmp_path / "raters.csv").read_text().splitlines()[1:])
    assert list(names) == list(rdms.raters)
    back = read_1d_mat(next(tmp_path.glob("Meadows_faces_v_v1_*_1D.mat")))
    np.testing.assert_array_equal(back.rdms, rdms.rdms)
    told = (tmp_path / "README.txt").read_text()
    whole = []
    for place, rater in enumerate(rdms.raters):
        trees = list(tmp_path.glob(f"Meadows_faces_v_v1_{names[rater]}_tree.json"))
        assert bool(trees) == bool(np.isfinite(rdms.rdms[place]).all())
        assert (rater in told) != bool(trees)
        if trees:
            whole.append(rater)
            (session,) = read_tree(trees[0])
            for exported, given in zip(session.arrangements, placed[rater], strict=True):
                np.testing.assert_array_equal(exported.items, given.items)
                np.testing.assert_allclose(exported.positions, given.positions, atol=1e-12)
    # The zip itself is read as well, with the raters' own names.
    source = read_any(file)
    assert [rater.name for rater in source.raters] == whole
    assert [sum(remark.startswith(rater) for remark in source.remarks) for rater in rdms.raters] == [
        int(rater not in whole) for rater in rdms.raters
    ]
    for rater in source.raters:
        for exported, given in zip(rater.trials, placed[rater.name], strict=True):
            same = {source.names[item]: place for item, place in zip(exported.items, exported.positions, strict=True)}
            for item, place in zip(given.items, given.positions, strict=True):
                np.testing.assert_allclose(same[Path(rdms.names[item]).stem], place, atol=1e-12)


def test_a_zip_of_meadows_files_with_a_damaged_tree_names_it(tmp_path: Path) -> None:
    file = tmp_path / "all.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Meadows_faces_v_v1_quiet-heron_tree.json", "{")
    with pytest.raises(
        ValueError, match=r"all\.zip: Meadows_faces_v_v1_quiet-heron_tree\.json, line 1: not a JSON file"
    ):
        read_any(file)


def test_the_command_writes_one_file_of_rdms(lab: experimenter.Lab, tmp_path: Path) -> None:
    out = tmp_path / "faces.npy.zip"
    data = ["--data", str(lab.settings.data)]
    with pytest.raises(SystemExit) as ended:
        main([*data, "study", "rdms", "faces", "--out", str(out), "--method", "weighted_average"])
    assert not ended.value.code
    with lab.database.reading() as db:
        expected = results_now(db, study_of(db).id, Choice("weighted_average")).rdm_set()
    with zipfile.ZipFile(out) as archive:
        np.testing.assert_array_equal(np.load(io.BytesIO(archive.read("01.npy"))), expected.rdms)
        assert archive.read("01_raters.txt").decode().split() == list(expected.raters)
    with pytest.raises(SystemExit) as ended:
        main([*data, "study", "rdms", "faces", "--out", str(tmp_path / "faces.docx")])
    assert ended.value.code
