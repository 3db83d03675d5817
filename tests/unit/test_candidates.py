"""Candidate models out of files, matched to clips by name, and what they come to against raters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.spatial.distance import squareform

from analysis import compare_models
from analysis.formats.rdm_set import RDMSet
from analysis.formats.rsatoolbox import write_hdf5
from analysis.formats.tables import write_long_csv, write_npz, write_square_csv
from analysis.models.candidates import read_candidates
from analysis.models.clip_names import match_clips
from analysis.rdm import subset
from analysis.results.compared import ModelOptions
from analysis.results.model_list import Attribute
from analysis.results.model_tables import MODEL_TABLES, model_rows, models_methods
from analysis.results.models import compare_candidates

N = 6
CLIPS = tuple(f"face{k}.mp4" for k in range(N))
RNG = np.random.default_rng(8)
RDM = RNG.random((2, N * (N - 1) // 2))
LAYERS = RNG.normal(size=(3, N, 7))
# A file with the clips in another order, in a folder and with another ending.
MIXED = np.array([3, 0, 5, 1, 4, 2])
OTHER_NAMES = [f"stimuli/face{k}.png" for k in MIXED]


def expected_layers() -> np.ndarray:
    return np.array([(1 - np.corrcoef(layer))[np.triu_indices(N, 1)] for layer in LAYERS])


def write_activations_hdf5(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["clips"] = OTHER_NAMES
        for k in (0, 1, 2):
            file[f"block{9 + k}/relu"] = LAYERS[k][MIXED]


def write_rsatoolbox(path: Path) -> None:
    write_hdf5(path, RDMSet(subset(RDM, MIXED), OTHER_NAMES, ["early", "late"]))


def write_activations_mat(path: Path) -> None:
    clips = np.array([*OTHER_NAMES], dtype=object)
    savemat(path, {"clips": clips} | {f"layer{k}": LAYERS[k][MIXED] for k in range(3)}, do_compression=True)


def write_structs(path: Path) -> None:
    """As the toolbox for RSA in MATLAB keeps models."""
    structs = np.empty((1, 2), dtype=[("name", object), ("RDM", object)])
    for k, name in enumerate(("early", "late")):
        structs[0, k] = (name, squareform(RDM[k]))
    savemat(path, {"Models": structs}, do_compression=True)


RDMS: dict[str, Callable[[Path], object]] = {
    "condensed.npy": lambda path: np.save(path, RDM),
    "squares.npy": lambda path: np.save(path, np.array([squareform(row) for row in RDM])),
    "named.npz": lambda path: np.savez(path, early=RDM[0], late=squareform(RDM[1])),
    "other order.npz": lambda path: np.savez(
        path, clips=OTHER_NAMES, early=subset(RDM[0], MIXED), late=subset(RDM[1], MIXED)
    ),
    "ours.npz": lambda path: write_npz(path, RDMSet(subset(RDM, MIXED), OTHER_NAMES, ["early", "late"])),
    "toolbox.hdf5": write_rsatoolbox,
    "pairs.csv": lambda path: write_long_csv(path, RDMSet(subset(RDM, MIXED), OTHER_NAMES, ["early", "late"])),
    "vectors.csv": lambda path: np.savetxt(path, RDM, delimiter=","),
    "squares.mat": lambda path: savemat(
        path, {"early": squareform(RDM[0]), "late": squareform(RDM[1])}, do_compression=True
    ),
    "structs.mat": write_structs,
}
ACTIVATIONS: dict[str, Callable[[Path], object]] = {
    "layers.npy": lambda path: np.save(path, LAYERS),
    "layers.npz": lambda path: np.savez(path, conv1=LAYERS[0], conv2=LAYERS[1], fc=LAYERS[2]),
    "one array.npz": lambda path: np.savez(path, activations=LAYERS),
    "other order.npz": lambda path: np.savez(
        path, clips=OTHER_NAMES, conv1=LAYERS[0][MIXED], conv2=LAYERS[1][MIXED], fc=LAYERS[2][MIXED]
    ),
    "network.hdf5": write_activations_hdf5,
    "network.mat": write_activations_mat,
}  # fmt: skip


@pytest.mark.parametrize("name", RDMS)
def test_rdms_of_every_format_come_in_the_order_of_the_studys_clips(tmp_path: Path, name: str) -> None:
    RDMS[name](tmp_path / name)
    candidates = read_candidates(tmp_path / name, CLIPS)
    assert (candidates.kind, len(candidates.models)) == ("rdms", 2)
    np.testing.assert_allclose(candidates.rdms, RDM, rtol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_of_every_format_become_layers_in_the_order_of_the_network(tmp_path: Path, name: str) -> None:
    ACTIVATIONS[name](tmp_path / name)
    candidates = read_candidates(tmp_path / name, CLIPS)
    assert (candidates.kind, len(candidates.models)) == ("layers", 3)
    np.testing.assert_allclose(candidates.rdms, expected_layers(), rtol=1e-9)


def test_frames_are_averaged_only_when_told(tmp_path: Path) -> None:
    frames = RNG.normal(size=(N, N, 4))
    np.savez(tmp_path / "net.npz", conv=frames)
    candidates = read_candidates(tmp_path / "net.npz", CLIPS, frames="mean")
    np.testing.assert_allclose(candidates.rdms[0], (1 - np.corrcoef(frames.mean(axis=1)))[np.triu_indices(N, 1)])
    with pytest.raises(ValueError, match="can be one layer or layers"):
        read_candidates(tmp_path / "net.npz", CLIPS)


def test_a_single_square_table_is_a_model_that_may_be_negative(tmp_path: Path) -> None:
    values = RDM[0] - 0.1
    write_square_csv(tmp_path / "crossnobis.csv", OTHER_NAMES, subset(values, MIXED))
    candidates = read_candidates(tmp_path / "crossnobis.csv", CLIPS)
    assert candidates.models == ("crossnobis",)
    np.testing.assert_allclose(candidates.rdms[0], values)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda p: np.save(p, np.zeros((5, 5))), r"shape 5 x 5, which would be 5 clips, and there are 6 clips"),
        (lambda p: np.save(p, np.array([0.1, np.inf, 0.2])), "infinite"),
        (lambda p: p.write_bytes(b""), "is empty"),
        (lambda p: p.write_bytes(b"PK\x03\x04 broken"), "truncated or corrupt"),
        (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n broken"), "HDF5"),
        (lambda p: p.write_text("who knows\n1;2\n"), "model"),
        (lambda p: np.save(p, np.array([{}], dtype=object)), "pickle"),
        (lambda p: _npz(p, clips=CLIPS[:4], a=LAYERS[0][:4]), "lacks 2 of the study's 6 clips: face4.mp4, face5.mp4"),
        (lambda p: _npz(p, clips=["a", *CLIPS[1:]], a=LAYERS[0]), r"lacks 1 .*: face0.mp4; it has a, which the study"),
        (lambda p: _npz(p, clips=[CLIPS[0], *CLIPS[:-1]], a=LAYERS[0]), "'face0.mp4' twice"),
        (lambda p: _npz(p, a=LAYERS[0], b=RDM[0]), "two kinds of models: b looks like RDMs and a looks like act"),
        (lambda p: _npz(p, clips=CLIPS, a=np.ones((N, 4))), "layer a: face0.mp4 has all its units equal"),
        (lambda p: _npz(p, a=np.where(LAYERS[0] > 1, np.nan, LAYERS[0])), "layer a: a value of face.* is missing"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_are_named_with_the_reason(tmp_path: Path, write: Callable, words: str) -> None:
    path = tmp_path / "stored-under-another-name"
    write(path)
    # NumPy adds its ending.
    path = next(tmp_path.iterdir())
    with pytest.raises(ValueError, match=f"^(?s:my model.npz: .*{words})") as error:
        read_candidates(path, CLIPS, name="my model.npz")
    assert str(tmp_path) not in str(error.value)


def _npz(path: Path, **arrays: object) -> None:
    with path.open("wb") as handle:
        np.savez(handle, **arrays)


def test_clips_are_matched_by_their_whole_name_before_the_stem() -> None:
    assert match_clips(["a.png", "a.mp4", "b"], ["b.mp4", "a.mp4"])[0] == [2, 1]
    places, remark = match_clips(["x", "a", "b"], ["a.mp4", "b.mp4"])
    assert places == [1, 2]
    assert remark == "1 of its clips is not in the study and left out: x."
    with pytest.raises(ValueError, match=r"lacks 1 of the study's 2 clips: a\.avi"):
        match_clips(["a.mp4", "b"], ["a.mp4", "a.avi"])


def noisy(truth: np.ndarray, n: int, noise: float) -> np.ndarray:
    return np.abs(truth + noise * RNG.normal(size=(n, truth.size)))


def test_findings_are_those_of_the_library_and_name_what_is_left_out(tmp_path: Path) -> None:
    clips = [f"c{k}" for k in range(10)]
    groups = np.arange(10) % 2
    apart = (groups[:, None] != groups)[np.triu_indices(10, 1)]
    table = noisy(0.5 + 0.5 * apart + 0.3 * RNG.random(45), 8, 0.1)
    table[0] = 1.0
    units = 3.0 * np.eye(2)[groups] @ RNG.normal(size=(2, 20))
    layers = {f"l{k}": weight * units + RNG.normal(size=(10, 20)) for k, weight in enumerate((0, 0.2, 1, 0.2))}
    np.savez(tmp_path / "net.npz", **layers)
    np.savez(tmp_path / "others.npz", flat=np.ones(45), gap=np.where(np.arange(45) == 3, np.nan, 1.0) * RNG.random(45))
    attributes = [
        Attribute("group", tuple(map(str, groups.tolist()))),
        Attribute("unknown", ("a", "", *"ababababab"[2:])),
        Attribute("id", tuple(clips)),
        Attribute("age", tuple(str(20 + k) for k in range(10)), is_rated=True),
    ]
    candidates = [read_candidates(tmp_path / name, clips) for name in ("net.npz", "others.npz")]
    options = ModelOptions(n_boot=100, n_permutations=199)
    findings = compare_candidates(table, [f"P{k}" for k in range(8)], clips, candidates, attributes, options)
    names = ["net: l0", "net: l1", "net: l2", "net: l3", "group", "age"]
    assert [one.model for one in findings.scores] == names
    models = [*candidates[0].rdms, apart * 1.0, np.abs(np.subtract.outer(range(10), range(10)))[np.triu_indices(10, 1)]]
    own = compare_models(table[1:], models, names=names, n_boot=100, rng=np.random.default_rng(0))
    np.testing.assert_allclose([one.score for one in findings.scores], own.similarity)
    np.testing.assert_allclose([(one.low, one.high) for one in findings.scores], own.interval)
    np.testing.assert_allclose([one.p_above_zero for one in findings.scores], own.p_above_zero)
    np.testing.assert_allclose((findings.ceiling_low, findings.ceiling_high), (own.ceiling.lower, own.ceiling.upper))
    assert findings.n_raters == 7
    (profile,) = findings.profiles
    assert (profile.best, profile.layers) == ("net: l2", tuple(names[:4]))
    assert profile.best in profile.not_worse
    effects = {one.attribute: one for one in findings.effects}
    assert list(effects) == ["group", "unknown", "age"]
    assert effects["group"].p < 0.05 < effects["age"].p
    assert effects["unknown"].n_clips == 9
    assert effects["age"].groups == "up to the median 24.5, above it"
    said = " ".join(findings.remarks)
    for words in (
        "all their dissimilarities are equal: P0.",
        "others: flat is left out: all its dissimilarities are equal",
        "others: gap is left out: 1 of its 45 pairs has no value",
        "unknown cannot be a model, because 1 clip has no value",
        "id has no effect to test: no two clips have the same value",
    ):
        assert words in said
    assert len(models_methods(findings)) == 4
    assert {name: len(rows) for name in MODEL_TABLES if (rows := model_rows(findings, name))} == {
        "models": 6,
        "model_pairs": 15,
        "model_layers": 1,
        "attribute_effects": 3,
    }


@pytest.mark.parametrize(("n_raters", "n_clips", "words"), [(1, 6, "one rater"), (3, 3, "fewer than four clips")])
def test_too_few_to_resample_is_said(n_raters: int, n_clips: int, words: str) -> None:
    truth = RNG.random(n_clips * (n_clips - 1) // 2)
    clips = [f"c{k}" for k in range(n_clips)]
    attribute = Attribute("height", tuple(str(k * k) for k in range(n_clips)))
    options = ModelOptions(n_boot=100, n_permutations=99)
    findings = compare_candidates(noisy(truth, n_raters, 0.1), list("abc")[:n_raters], clips, [], [attribute], options)
    assert len(findings.scores) == 1
    assert words in " ".join(findings.remarks)


def test_an_interval_ends_where_a_correlation_does() -> None:
    clips, heights = [f"c{k}" for k in range(5)], [0, 1, 5, 6, 20]
    truth = np.abs(np.subtract.outer([0, 1, 5, 20, 6], [0, 1, 5, 20, 6]))[np.triu_indices(5, 1)]
    table = noisy(truth, 3, 0.3)
    attribute = Attribute("height", tuple(map(str, heights)))
    (score,) = compare_candidates(table, list("abc"), clips, [], [attribute], ModelOptions(n_boot=100)).scores
    model = np.abs(np.subtract.outer(heights, heights))[np.triu_indices(5, 1)]
    own = compare_models(table, [model], names=["height"], n_boot=100, rng=np.random.default_rng(0))
    assert own.interval[0, 1] > 1
    assert (score.low, score.high) == (-1.0, 1.0)
