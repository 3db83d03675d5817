"""Small networks with known weights as ONNX files, and what they come to by NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIZE = 16
FILTERS, CLASSES = 4, 5
LAYERS = ("conv", "relu", "scores")


def weights(channels: int = 3) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(5)
    shapes = ((FILTERS, channels, 3, 3), (FILTERS, CLASSES), (CLASSES,))
    kernel, mixing, bias = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    return kernel, mixing, bias


def small_network(
    path: Path,
    *,
    shape: Sequence[int | str] = ("N", 3, SIZE, SIZE),
    kind: int = TensorProto.FLOAT,
    external: bool = False,
    change: float = 0.0,
) -> Path:
    """Convolution (valid), ReLU, mean over the picture, and a linear layer; `shape` is NCHW or NHWC.

    `change` is added to the last layer's bias.
    """
    channels = next(side for side in (shape[1], shape[3]) if side in (1, 3))
    kernel, mixing, bias = weights(int(channels))
    nodes, start = [], "pixels"
    if shape[1] != channels:
        nodes.append(helper.make_node("Transpose", ["pixels"], ["turned"], perm=[0, 3, 1, 2]))
        start = "turned"
    if kind != TensorProto.FLOAT:
        nodes.append(helper.make_node("Cast", [start], ["floats"], to=TensorProto.FLOAT))
        start = "floats"
    nodes += [
        helper.make_node("Conv", [start, "kernel"], ["conv"], name="/features/conv"),
        helper.make_node("Relu", ["conv"], ["relu"], name="/features/relu"),
        helper.make_node("Shape", ["relu"], ["shape"]),
        helper.make_node("GlobalAveragePool", ["relu"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["flat"]),
        helper.make_node("Gemm", ["flat", "mixing", "bias"], ["scores"], name="/head"),
    ]
    return _saved(path, nodes, shape, kind, (kernel, mixing, bias + np.float32(change)), external=external)


def video_network(path: Path, shape: Sequence[int | str]) -> Path:
    """The mean over rows and columns of each frame and channel, of an input (N, C, T, H, W): "scores"."""
    nodes = [helper.make_node("ReduceMean", ["pixels"], ["scores"], axes=[3, 4], keepdims=0)]
    return _saved(path, nodes, shape, TensorProto.FLOAT, ())


def _saved(
    path: Path,
    nodes: list[Any],
    shape: Sequence[int | str],
    kind: int,
    values: tuple[Any, ...],
    *,
    external: bool = False,
) -> Path:
    named = [
        numpy_helper.from_array(value, name) for value, name in zip(values, ("kernel", "mixing", "bias"), strict=False)
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("pixels", kind, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        named,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    more = {"save_as_external_data": True, "location": f"{path.name}.data", "size_threshold": 0} if external else {}
    onnx.save(model, path, **more)
    return path


def expected(pixels: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """What the layers of `small_network` come to for one picture (channels, rows, columns), by sums written out."""
    kernel, mixing, bias = (one.astype(np.float64) for one in weights(len(pixels)))
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (3, 3), axis=(1, 2))
    conv = np.einsum("cijkl,fckl->fij", windows, kernel)
    relu = np.maximum(conv, 0)
    return {"conv": conv.ravel(), "relu": relu.ravel(), "scores": relu.mean(axis=(1, 2)) @ mixing + bias}
