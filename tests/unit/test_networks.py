"""Networks as ONNX files: their layers against sums by NumPy, what they take, and what is refused in words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from analysis.models.activations import DISTANCES, layer_rdms, read_activations
from analysis.models.layer_files import LayerFiles
from analysis.models.network import PackagesMissing, network_layers, open_network
from analysis.models.network_input import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from tests.factories_networks import LAYERS, SIZE, expected, small_network, video_network

MEAN, STD = (np.array(one)[:, None, None] for one in (IMAGENET_MEAN, IMAGENET_STD))


@pytest.fixture
def pictures() -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)


def usual(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = (picture.transpose(2, 0, 1) / 255 - MEAN) / STD
    return values


@pytest.mark.parametrize(
    ("shape", "external"),
    [
        (("N", 3, SIZE, SIZE), False),
        ((1, 3, SIZE, SIZE), True),
        (("N", 3, "H", "W"), False),
        (("N", SIZE, SIZE, 3), False),
    ],
)
def test_layers_come_to_what_numpy_computes(
    tmp_path: Path, pictures: NDArray[np.uint8], shape: tuple[Any, ...], external: bool
) -> None:
    file = small_network(tmp_path / "net.onnx", shape=shape, external=external)
    # A layer is named by its value, or by the node that gives it; their order is that which is asked for.
    network = open_network(file, ["scores", "/features/conv", "relu"], Preprocessing(size=SIZE))
    assert network.layers == ("scores", "/features/conv", "relu")
    assert network.units == (5, 4 * 14 * 14, 4 * 14 * 14)
    layers = dict(zip(("scores", "conv", "relu"), network.run(pictures), strict=True))
    for k, picture in enumerate(pictures):
        for name, values in expected(usual(picture)).items():
            np.testing.assert_allclose(layers[name][k], values, rtol=1e-4, atol=1e-4)


def test_colours_and_numbers_are_what_is_asked_for(tmp_path: Path, pictures: NDArray[np.uint8]) -> None:
    values = pictures[0].transpose(2, 0, 1) / 255
    bgr = open_network(
        small_network(tmp_path / "net.onnx"), ["scores"], Preprocessing(colours="bgr", mean=(0.5,), std=(2.0,))
    )
    np.testing.assert_allclose(bgr.run(pictures[:1])[0][0], expected((values[::-1] - 0.5) / 2)["scores"], rtol=1e-4)
    one = small_network(tmp_path / "grey.onnx", shape=("N", 1, SIZE, SIZE))
    grey = open_network(one, ["scores"], Preprocessing(colours="grey", mean=(0.0,), std=(1.0,)))
    luma = np.tensordot([0.299, 0.587, 0.114], values, 1)[None]
    np.testing.assert_allclose(grey.run(pictures[:1])[0][0], expected(luma)["scores"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("shape", "frames"), [((1, 3, 3, "H", "W"), None), ((1, 3, "T", SIZE, SIZE), 3)])
def test_a_network_for_videos_gets_all_frames_at_once(
    tmp_path: Path, pictures: NDArray[np.uint8], shape: tuple[Any, ...], frames: int | None
) -> None:
    plain = Preprocessing(size=SIZE, mean=(0.0,), std=(1.0,), layout="NCTHW")
    network = open_network(video_network(tmp_path / "net.onnx", shape), ["scores"], plain, frames=frames)
    assert network.input.frames == 3
    (values,) = network.run(pictures)
    np.testing.assert_allclose(values[0].reshape(3, 3), pictures.mean(axis=(1, 2)).T / 255, rtol=1e-4)


def test_the_layers_of_a_file_are_listed_in_their_order(tmp_path: Path) -> None:
    layers = network_layers(small_network(tmp_path / "net.onnx"))
    assert [one.name for one in layers] == ["conv", "relu", "pool", "flat", "scores"]
    assert (layers[0].node, layers[0].operator, layers[0].shape) == ("/features/conv", "Conv", ("N", 4, 14, 14))


def test_a_star_stands_for_all_layers_that_fit(tmp_path: Path) -> None:
    file = small_network(tmp_path / "net.onnx")
    assert open_network(file, ["/features/*", "*o*s"]).layers == ("/features/conv", "/features/relu", "scores")
    # Whole numbers are no layers.
    assert open_network(file, ["*"]).layers == ("/features/conv", "/features/relu", "pool", "flat", "/head")
    with pytest.raises(ValueError, match=r"has no layer 'relu\.\*'; did you mean"):
        open_network(file, ["relu.*"])
    with pytest.raises(ValueError, match="the layer '/features/relu' is named twice"):
        open_network(file, ["relu", "*relu"])


@pytest.mark.parametrize(
    ("shape", "layers", "options", "words"),
    [
        (("N", 3, SIZE, SIZE), ["rellu"], {}, "has no layer 'rellu'; did you mean relu"),
        (("N", 3, SIZE, SIZE), ["features"], {}, "did you mean /features/relu, /features/conv"),
        (("N", 3, SIZE, SIZE), ["relu", "/features/relu"], {}, "'/features/relu' is named twice"),
        (("N", 3, SIZE, SIZE), [], {}, "no layer is named"),
        (("N", 3, SIZE, SIZE), ["shape"], {}, "layer shape gives int64, not activations"),
        ((8, 3, SIZE, SIZE), ["relu"], {}, "takes 8 items at once .8 x 3 x 16 x 16."),
        (("N", 1, SIZE, SIZE), ["relu"], {}, 'of 1 channels .*; colours = "grey" gives one'),
        (("N", 3, SIZE, SIZE), ["relu"], {"colours": "grey"}, "of 3 channels"),
        (("N", 3, SIZE, SIZE), ["relu"], {"size": 32}, "takes N x 3 x 16 x 16, so size cannot be 32"),
        (("N", 3, SIZE, SIZE), ["relu"], {"resize": 8}, "resize is 8, which is less than the 16"),
        (("N", 3, SIZE, 3), ["relu"], {}, "does not tell its axes; set layout to NCHW or NHWC"),
        (("N", 3, SIZE, SIZE), ["relu"], {"layout": "NTCHW"}, "has 4 axes .*, which are not NTCHW"),
        (("N", 3, SIZE, SIZE), ["relu"], {"mean": (1.0, 2.0)}, "mean needs one number, or three"),
        (("N", 3, SIZE, SIZE), ["relu"], {"std": (0.0,)}, "std must be above 0"),
    ],
)
def test_what_a_network_cannot_do_is_said(
    tmp_path: Path, shape: tuple[Any, ...], layers: list[str], options: dict[str, Any], words: str
) -> None:
    file = small_network(tmp_path / "net.onnx", shape=shape)
    with pytest.raises(ValueError, match=f"^net.onnx: .*{words}"):
        open_network(file, layers, Preprocessing(**options))


def test_networks_that_take_no_pictures_are_named(tmp_path: Path) -> None:
    whole = small_network(tmp_path / "whole.onnx", kind=TensorProto.UINT8)
    with pytest.raises(ValueError, match=r"its input pixels takes tensor\(uint8\); only floating-point"):
        open_network(whole, ["relu"])
    flat = video_network(tmp_path / "flat.onnx", ("N", 3, 4, 4, 4, 4))
    with pytest.raises(ValueError, match="its input pixels has 6 axes"):
        open_network(flat, ["scores"])
    eight = video_network(tmp_path / "eight.onnx", (1, 3, 8, SIZE, SIZE))
    with pytest.raises(ValueError, match="takes 8 frames at once, so frames cannot be 4"):
        open_network(eight, ["scores"], frames=4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"no network", "is not an ONNX file"),
        (b"PK\x03\x04", "is not an ONNX file.*torch.onnx.export"),
        (b"\x08\x09", "it has no graph"),
    ],
)
def test_files_that_are_no_networks_are_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ValueError, match=f"net.onnx: .*{words}"):
        network_layers(tmp_path / "net.onnx")


def test_weights_that_are_missing_and_values_that_are_no_numbers_are_named(
    tmp_path: Path, pictures: NDArray[np.uint8]
) -> None:
    file = small_network(tmp_path / "net.onnx", external=True)
    (tmp_path / "net.onnx.data").rename(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"its weights are in net.onnx.data, which is not beside it"):
        open_network(file, ["relu"])
    network = open_network(small_network(tmp_path / "nan.onnx", change=np.nan), ["relu", "scores"])
    with pytest.raises(ValueError, match=r"nan.onnx: layer scores gives a value that is not a number \(NaN\)"):
        network.run(pictures)


def test_without_the_packages_it_is_said_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(PackagesMissing, match="ONNX files need the packages onnx and onnxruntime"):
        network_layers(small_network(tmp_path / "net.onnx"))


@pytest.mark.parametrize("distance", DISTANCES)
def test_layers_in_files_come_to_the_same_rdms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, distance: Any) -> None:
    monkeypatch.setattr("analysis.models.activations.PART", 70)
    values = {
        name: np.random.default_rng(k).normal(size=(6, 4, 25)).astype(np.float32) for k, name in enumerate(LAYERS)
    }
    with LayerFiles(dict.fromkeys(LAYERS, (4, 25)), tmp_path) as files:
        for clip in range(6):
            files.add([values[name][clip] for name in LAYERS])
        rdms = files.rdms(distance)
        files.save(tmp_path / "net.npz", [f"{clip}.mp4" for clip in range(6)])
    monkeypatch.setattr("analysis.models.activations.PART", 10**9)
    np.testing.assert_allclose(rdms, layer_rdms(values, distance=distance, frames="concatenate"), atol=1e-12)
    back = read_activations(tmp_path / "net.npz", [f"{clip}.mp4" for clip in range(6)])
    assert list(back) == list(LAYERS)
    assert all((back[name] == values[name]).all() for name in LAYERS)
    assert [file.name for file in tmp_path.iterdir()] == ["net.npz"]
