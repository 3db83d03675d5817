"""Activations that stay in their file: the same layers, of which a part is in memory at a time."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.models import activations, layer_rdms, stored_arrays
from analysis.models.candidates import read_candidates
from analysis.models.stored_arrays import StoredArray

CLIPS = [f"face{k}.mp4" for k in range(40)]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read 4,000 numbers at a time, and more of a layer are kept on the disk."""
    monkeypatch.setattr(stored_arrays, "AT_ONCE", 4_000)
    monkeypatch.setattr(activations, "PART", 4_000)
    monkeypatch.setattr(activations, "IN_MEMORY", 4_000)


def write(path: Path, layers: dict[str, np.ndarray]) -> Path:
    if path.suffix == ".npz":
        np.savez_compressed(path, clips=CLIPS, **layers)
        return path
    with h5py.File(path, "w") as file:
        for name, values in (layers | {"clips": np.array(CLIPS, dtype="S")}).items():
            file.create_dataset(name, data=values, chunks=True, compression="gzip")
    return path


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("ending", ["npz", "h5"])
@pytest.mark.parametrize("frames", ["mean", "concatenate"])
def test_layers_are_those_of_the_whole_arrays(tmp_path: Path, ending: str, frames: str) -> None:
    rng = np.random.default_rng(3)
    layers = {
        "conv": rng.normal(size=(40, 3, 50, 4)).astype(np.float32),
        "fortran": np.asfortranarray(rng.normal(size=(40, 3, 60))),
        "fc": rng.integers(0, 200, (40, 3, 8), dtype=np.uint8),
    }
    found = read_candidates(write(tmp_path / f"net.{ending}", layers), CLIPS, frames=frames)
    ordered = {name: layers[name] for name in found.models}
    np.testing.assert_allclose(found.rdms, layer_rdms(ordered, frames=frames), rtol=1e-12, atol=1e-12)
    stacked = {"layers": rng.normal(size=(2, 40, 200)).astype(np.float32)}
    two = read_candidates(write(tmp_path / f"stack.{ending}", stacked), CLIPS)
    expected = layer_rdms(dict(zip("ab", stacked["layers"], strict=True)))
    np.testing.assert_allclose(two.rdms, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("ending", ["npz", "h5"])
def test_memory_grows_neither_with_the_layers_nor_with_their_units(tmp_path: Path, ending: str) -> None:
    rng = np.random.default_rng(4)
    layers = {f"layer{k}": rng.integers(0, 9, (40, 20_000), dtype=np.uint8) for k in range(3)}
    path = write(tmp_path / f"net.{ending}", layers)
    read_candidates(path, CLIPS)
    tracemalloc.start()
    read_candidates(path, CLIPS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A layer has 6.4 MB as numbers of 64 bits.
    assert peak < 2_000_000


@pytest.mark.parametrize(("value", "words"), [(np.nan, "a value of face39.mp4 is missing"), (np.inf, "infinite value")])
def test_what_is_no_number_is_named_where_it_is_read(
    tmp_path: Path, small_parts: None, value: float, words: str
) -> None:
    layer = np.ones((40, 500))
    layer[39, 499] = value
    with pytest.raises(ValueError, match=rf"net\.h5: layer deep: .*{words}"):
        read_candidates(write(tmp_path / "net.h5", {"deep": layer}), CLIPS)


@pytest.mark.parametrize("ending", ["npz", "h5"])
def test_a_file_that_is_damaged_inside_is_named(tmp_path: Path, ending: str) -> None:
    layer = np.random.default_rng(5).normal(size=(40, 500))
    path = write(tmp_path / f"net.{ending}", {"deep": layer})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"net\.{ending}: "):
        read_candidates(path, CLIPS)


def test_an_array_larger_than_memory_may_be_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.create_dataset("deep", shape=(40, 1 << 28), dtype=np.float32, chunks=True)
    with pytest.raises(ValueError, match="deep unpacks to more than 4 GB"):
        read_candidates(tmp_path / "net.h5", CLIPS)
    assert isinstance(stored_arrays.stored_arrays(write(tmp_path / "a.h5", {"a": np.ones((40, 2))}))["a"], StoredArray)
