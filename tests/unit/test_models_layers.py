"""Layers of networks as models: their RDMs, files of activations, the best layer, axes, and very many RDMs at once."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, rankdata
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit

from analysis.inference import layer_profile
from analysis.models import (
    congruence,
    layer_rdms,
    npy_blocks,
    predict_ratings,
    read_activations,
    score_many,
)
from analysis.models.prediction import _folds
from analysis.similarity import similarity

RNG_SEED = 7


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(RNG_SEED)


def test_rdms_of_layers_are_one_minus_numpys_correlations(rng: np.random.Generator) -> None:
    layers = {"a": rng.normal(size=(6, 40)), "b": rng.normal(size=(6, 3, 4, 4))}
    rdms = layer_rdms(layers)
    upper = np.triu_indices(6, 1)
    assert rdms[0] == pytest.approx(1 - np.corrcoef(layers["a"])[upper])
    assert rdms[1] == pytest.approx(1 - np.corrcoef(layers["b"].reshape(6, -1))[upper])
    assert layer_rdms(layers, distance="euclidean")[0] == pytest.approx(pdist(layers["a"]))


def test_clips_that_a_layer_keeps_equally_far_apart_are_tied(rng: np.random.Generator) -> None:
    units = np.hstack([rng.integers(0, 2, (20, 7)), np.tile([0, 1], (20, 1))])
    one, other = layer_rdms({"a": units / 10, "turned": units[:, ::-1] * 3})
    assert rankdata(one).tolist() == rankdata(other).tolist()
    assert np.unique(one).size == np.unique(np.round(pdist(units, "correlation"), 9)).size


def test_frames_are_averaged_or_put_one_after_another_when_told(rng: np.random.Generator) -> None:
    frames = rng.normal(size=(5, 8, 20))
    mean = layer_rdms({"a": frames}, frames="mean")
    assert mean[0] == pytest.approx(pdist(frames.mean(axis=1), "correlation"))
    assert layer_rdms({"a": frames}, frames="concatenate") == pytest.approx(layer_rdms({"a": frames}))


@pytest.mark.parametrize(
    ("layers", "options", "words"),
    [
        ({}, {}, "there is no layer"),
        ({"a": np.ones((4, 2)), "b": np.ones((5, 2))}, {}, "a has 4, b has 5"),
        ({"a": [[1.0, np.nan], [1, 2], [3, 4]]}, {}, "layer a: a value of clip 1 is missing"),
        ({"a": [[1.0, np.inf], [1, 2], [3, 4]]}, {}, "layer a: holds an infinite value"),
        ({"a": [1.0, 2.0, 3.0]}, {}, "layer a: needs at least 3 clips"),
        ({"a": [[1, 2], [2, 2], [3, 1]]}, {}, "layer a: clip 2 has all its units equal"),
        ({"a": [[1, 2], [0, 0], [3, 1]]}, {"distance": "cosine"}, "layer a: clip 2 has all its units at zero"),
        ({"a": 1e300 * np.eye(3)}, {}, "layer a: its values are so large"),
        ({"a": 1e300 * np.eye(3)}, {"distance": "euclidean"}, "layer a: its values are so large"),
        ({"a": 1e-200 * np.eye(3)}, {}, "layer a: its values are so small"),
        ({"a": 1e-200 * np.eye(3)}, {"distance": "euclidean"}, "layer a: its values are so small"),
        ({"a": [["x", "y"]] * 3}, {}, "layer a: must hold real numbers"),
        ({"a": np.eye(3)}, {"frames": "mean"}, "layer a: has no axis for frames"),
        ({"a": np.eye(3)}, {"distance": "hamming"}, "distance must be one of"),
    ],
)
def test_layers_that_are_no_models_are_refused_by_name(layers: dict, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        layer_rdms(layers, **options)


def test_activations_are_brought_into_the_studys_order(tmp_path: Path, rng: np.random.Generator) -> None:
    values = {f"layer{k}": rng.normal(size=(4, k)) for k in (10, 2, 1)}
    names = ["b.mp4", "d.mp4", "a.mp4"]
    np.savez(tmp_path / "net.npz", clips=["a.mp4", "b.mp4", "c.mp4", "d.mp4"], **values)
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file["clips"] = ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
        for name, layer in values.items():
            file[name] = layer
    from_npz = read_activations(tmp_path / "net.npz", names)
    from_hdf5 = read_activations(tmp_path / "net.h5", names)
    assert list(from_npz) == ["layer10", "layer2", "layer1"]
    assert list(from_hdf5) == ["layer1", "layer2", "layer10"]
    for name, layer in values.items():
        assert (from_npz[name] == layer[[1, 3, 0]]).all()
        assert (from_hdf5[name] == layer[[1, 3, 0]]).all()
    # As clips of models are matched everywhere: without folder and ending, and in any case.
    for spelled in (["b", "d", "a"], ["set/b.MP4", "set/d.MP4", "set/a.MP4"]):
        assert (read_activations(tmp_path / "net.h5", spelled)["layer2"] == from_npz["layer2"]).all()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.zeros((4, 2))}, "a has the shape .4, 2., but the study has 3 clips"),
        ({"a": np.zeros((3, 2)), "clips": ["x", "y", "y"]}, "names the clip 'y' twice"),
        ({"a": np.zeros((3, 2)), "clips": ["x", "y", "w"]}, "lacks 1 of the study's 3 clips: z; it has w"),
        ({"a": np.zeros((2, 2)), "clips": ["x", "y", "z"]}, "a has the shape .2, 2., but clips names 3 rows"),
        ({"clips": ["x", "y", "z"]}, "holds no layer"),
        ({"a": np.array(["u", "v", "w"])}, "a must hold real numbers"),
    ],
)
def test_files_of_activations_that_do_not_fit_are_named(tmp_path: Path, arrays: dict, words: str) -> None:
    np.savez(tmp_path / "net.npz", **arrays)
    with pytest.raises(ValueError, match=f"net.npz: {words}"):
        read_activations(tmp_path / "net.npz", ["x", "y", "z"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x89HDF\r\n\x1a\n cut off", b"clip,unit\n"])
def test_files_that_are_no_activations_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"net\.npz: "):
        read_activations(tmp_path / "net.npz")


def noisy(truth: np.ndarray, n: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    return np.maximum(truth + noise * truth.std() * rng.normal(size=(n, truth.size)), 0)


def test_the_layer_from_which_the_raters_come_is_the_best_and_its_interval_holds_it(rng: np.random.Generator) -> None:
    base = rng.normal(size=(14, 12))
    layers = layer_rdms({f"l{k}": base + 0.8 * abs(k - 2) * rng.normal(size=base.shape) for k in range(5)})
    profile = layer_profile(
        noisy(layers[2], 10, 0.7, rng), layers, [f"l{k}" for k in range(5)], method="pearson", n_boot=300
    )
    assert profile.best == 2
    assert profile.best_interval[0] <= 2 <= profile.best_interval[1]
    assert 2 in profile.not_worse
    assert 0 not in profile.not_worse
    assert profile.comparison.share_best.sum() == pytest.approx(1)
    assert profile.comparison.share_best.argmax() == 2


def test_two_copies_of_a_layer_share_the_first_place(rng: np.random.Generator) -> None:
    layer = layer_rdms({"a": rng.normal(size=(10, 5))})[0]
    other = layer_rdms({"b": rng.normal(size=(10, 5))})[0]
    profile = layer_profile(noisy(layer, 6, 0.3, rng), [layer, layer, other], ["a", "copy", "b"], n_boot=100)
    assert profile.comparison.share_best.tolist() == [0.5, 0.5, 0.0]
    assert profile.best_interval == (0, 1)


def test_many_rdms_are_scored_block_by_block_as_all_at_once(tmp_path: Path, rng: np.random.Generator) -> None:
    raters = rng.random((4, 45))
    raters[1, 3] = np.nan
    many = rng.random((50, 45)).astype(np.float32)
    many[7] = np.nan
    np.save(tmp_path / "map.npy", many)
    rest = np.delete(np.arange(50), 7)
    for method in ("pearson", "spearman", "cosine"):
        scores = score_many(raters, npy_blocks(tmp_path / "map.npy", rows=8), method=method)  # type: ignore[arg-type]
        expected = similarity(many[rest].astype(float), raters, method=method).mean(axis=1)  # type: ignore[arg-type]
        assert scores[rest] == pytest.approx(expected)
        assert np.isnan(scores[7])
    with pytest.raises(ValueError, match="45 pairs, a block has the shape"):
        score_many(raters, [np.ones((2, 36))])
    (tmp_path / "map.npy").write_bytes(b"no numbers")
    with pytest.raises(ValueError, match=r"map\.npy: not an NPY file"):
        next(npy_blocks(tmp_path / "map.npy"))


@pytest.mark.parametrize("method", ["pearson", "spearman", "cosine", "rho_a"])
def test_complete_raters_are_scored_as_one_by_one(method: str, rng: np.random.Generator) -> None:
    raters, many = rng.random((4, 45)), rng.random((30, 45))
    many[3] = 0.5
    many[4, 0] = np.nan
    for block in (many, np.delete(many, [3, 4], axis=0)):
        expected = similarity(block, raters, method=method).mean(axis=1)  # type: ignore[arg-type]
        scores = score_many(raters, [block], method=method)  # type: ignore[arg-type]
        assert scores == pytest.approx(expected, nan_ok=True)


def test_many_rdms_take_no_more_memory_than_a_block(tmp_path: Path, rng: np.random.Generator) -> None:
    np.save(tmp_path / "map.npy", rng.random((20_000, 66)))
    tracemalloc.start()
    score_many(rng.random((3, 66)), npy_blocks(tmp_path / "map.npy", rows=500))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000  # the whole table has 10.6 MB


def test_layers_become_numbers_of_64_bits_one_at_a_time(rng: np.random.Generator) -> None:
    layers = {f"layer{k}": rng.random((10, 20_000), dtype=np.float32) for k in range(8)}
    tracemalloc.start()
    layer_rdms(layers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All of them at once would be 12.8 MB.
    assert peak < 8_000_000


def test_congruence_is_tuckers_coefficient() -> None:
    a, b = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), np.array([[2.0, 4.0, 6.0], [3.0, 0.0, -1.0]])
    phi = congruence(a, b)
    assert phi[0, 0] == pytest.approx(1)
    assert phi[0, 1] == pytest.approx(0)
    assert np.isnan(phi[1]).all()
    # Adding a constant changes it, which a correlation would not notice.
    assert congruence([1.0, 2.0], [11.0, 12.0])[0, 0] == pytest.approx(35 / np.sqrt(5 * 265))


def test_ratings_are_predicted_as_by_scikit_learns_ridge_in_the_same_folds(rng: np.random.Generator) -> None:
    x = rng.normal(size=(40, 6))
    y = x @ rng.normal(size=(6, 2)) + rng.normal(size=(40, 2))
    share = 0.1
    result = predict_ratings(x, y, penalties=[share], n_folds=4, rng=np.random.default_rng(3))
    folds = _folds(np.arange(40), 4, np.random.default_rng(3))
    expected = np.empty_like(y)
    for train, test in PredefinedSplit(folds).split():
        mean, sd = x[train].mean(axis=0), x[train].std(axis=0)
        z = (x[train] - mean) / sd
        alpha = share * (np.linalg.svd(z, compute_uv=False) ** 2).mean()
        expected[test] = Ridge(alpha=alpha).fit(z, y[train]).predict((x[test] - mean) / sd)
    assert result.predicted == pytest.approx(expected)
    within = [
        np.concatenate([one[folds == k] - one[folds == k].mean() for k in range(4)])
        for one in (expected[:, 0], y[:, 1])
    ]
    assert result.specificity[0, 1] == pytest.approx(pearsonr(*within).statistic)
    means = np.array([y[folds != k].mean(axis=0) for k in folds])
    assert result.r2 == pytest.approx(1 - ((y - expected) ** 2).sum(axis=0) / ((y - means) ** 2).sum(axis=0))
    assert result.by_fold[2, 1] == pytest.approx(pearsonr(expected[folds == 2, 1], y[folds == 2, 1]).statistic)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    alpha = share * (np.linalg.svd(z, compute_uv=False) ** 2).mean()
    assert result.axes == pytest.approx(Ridge(alpha=alpha).fit(z, y).coef_)


def test_what_the_features_do_not_hold_is_not_predicted(rng: np.random.Generator) -> None:
    x = rng.normal(size=(60, 100))
    y = np.column_stack([x[:, :3].sum(axis=1), rng.normal(size=60)])
    result = predict_ratings(np.hstack([x[:, :10], np.ones((60, 1))]), y)
    assert result.specificity[0, 0] > 0.9
    assert abs(result.specificity[1, 1]) < 0.4
    assert result.penalties.shape == (5, 2)
    assert (result.axes[:, -1] == 0).all()


def test_clips_of_one_group_are_left_out_together(rng: np.random.Generator) -> None:
    people = np.repeat(np.arange(12), 5)
    folds = _folds(people, 4, rng)
    assert all(len(set(folds[people == person])) == 1 for person in range(12))
    assert np.bincount(folds).tolist() == [15, 15, 15, 15]
    # A feature that tells people apart predicts what is a person's own, but nothing of people who were left out.
    x, y = np.eye(12)[people], rng.normal(size=12)[people][:, None]
    assert predict_ratings(x, y, n_folds=4).specificity[0, 0] > 0.9
    assert not predict_ratings(x, y, n_folds=4, groups=people.tolist()).specificity[0, 0] > 0.5


@pytest.mark.parametrize(
    ("x", "y", "options", "words"),
    [
        (np.eye(4), np.ones(3), {}, "features are of 4 clips, ratings of 3"),
        (np.eye(4), np.ones(4), {}, "5 folds need"),
        (np.full((6, 2), np.nan), np.ones(6), {}, "features has a missing or infinite value in row 0"),
        (np.eye(6), np.ones(6), {"groups": ["a"] * 6}, "there are 1"),
        (np.eye(6), np.ones(6), {"penalties": [0.0]}, "penalties must be positive"),
    ],
)
def test_predictions_that_cannot_be_made_say_why(x: np.ndarray, y: np.ndarray, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        predict_ratings(x, y, **options)
