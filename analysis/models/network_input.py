"""What a network takes: pictures of which size, in which order of axes, and their values out of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Layout = Literal["NCHW", "NHWC", "NCTHW", "NTCHW", "NTHWC"]
Colours = Literal["rgb", "bgr", "grey"]
Fit = Literal["crop", "stretch"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
# What ImageNet's networks were trained with: of pixel values from 0 to 1, red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
USUAL_SIZE = 224
USUAL_FRAMES = 8
# The usual 256 of 224: pictures are made larger than what is cut out of their middle.
MARGIN = 8 / 7
# Grey out of red, green and blue (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])
FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
MIN_SIZE, MAX_SIZE = 8, 2048


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a network's input.

    Attributes
    ----------
    size : int or None
        The side of the square that the network takes; None: as the file says, else 224.
    resize : int or None
        The length that the picture's shorter side gets before the middle is cut out; None: 8/7 of the size.
    fit : str
        "crop" cuts the middle out, "stretch" squeezes the whole picture into the size.
    mean, std : tuple of float
        Subtracted from and divided by, of values from 0 to 1, for red, green and blue, or one for all.
    colours : str
        The order of the channels: "rgb", "bgr", or "grey" for one channel.
    layout : str or None
        The order of the input's axes; None: told from its shape.
    """

    size: int | None = None
    resize: int | None = None
    fit: Fit = "crop"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    colours: Colours = "rgb"
    layout: Layout | None = None


@dataclass(frozen=True)
class NetworkInput:
    """What a network takes: `frames` pictures at once, or None where it takes single ones."""

    name: str
    layout: Layout
    dtype: Any
    height: int
    width: int
    frames: int | None

    @property
    def sentence(self) -> str:
        """The input in words."""
        at_once = "" if self.frames is None else f", {self.frames} frames at once"
        return f"{self.width} x {self.height} pixels{at_once} ({self.layout})"

    def shorter_side(self, preprocessing: Preprocessing) -> int:
        """The length of a picture's shorter side before the middle is cut out."""
        size = min(self.height, self.width)
        return preprocessing.resize or round(size * MARGIN)


def network_input(
    file: str, inputs: Sequence[tuple[str, str, list[Any]]], preprocessing: Preprocessing, frames: int | None
) -> NetworkInput:
    """What a network takes that has these inputs: a name, a type and a shape each, as ONNX Runtime tells them.

    Raises
    ------
    ValueError
        Naming the file, the input and the reason, when it does not take pictures, or others than `preprocessing` makes.
    """
    if len(inputs) != 1:
        names = ", ".join(name for name, _, _ in inputs) or "none"
        raise ValueError(f"{file}: needs one input, for pictures; it has {len(inputs)}: {names}")
    name, kind, shape = inputs[0]
    where = f"{file}: its input {name}"
    if kind not in FLOATS:
        raise ValueError(f"{where} takes {kind}; only floating-point numbers are given to a network")
    layout = _layout(where, shape, preprocessing.layout)
    sides = dict(zip(layout, shape, strict=True))
    if isinstance(sides["N"], int) and sides["N"] > 1:
        raise ValueError(
            f"{where} takes {sides['N']} items at once ({_told(shape)}); "
            "export the network with a batch of 1, or of any size"
        )
    grey = preprocessing.colours == "grey"
    if isinstance(sides["C"], int) and sides["C"] != (1 if grey else 3):
        hint = 'colours = "grey" gives one' if sides["C"] == 1 else f"colours = {preprocessing.colours!r} gives another"
        raise ValueError(f"{where} takes pictures of {sides['C']} channels ({_told(shape)}); {hint}")
    _check_preprocessing(file, preprocessing)
    sizes = []
    for axis in "HW":
        fixed = sides[axis] if isinstance(sides[axis], int) and sides[axis] > 0 else None
        if fixed is not None and preprocessing.size not in (None, fixed):
            raise ValueError(f"{where} takes {_told(shape)}, so size cannot be {preprocessing.size}")
        sizes.append(fixed or preprocessing.size or USUAL_SIZE)
    takes = NetworkInput(name, layout, FLOATS[kind], sizes[0], sizes[1], _frames(where, sides, frames))
    if preprocessing.fit == "crop" and takes.shorter_side(preprocessing) < min(sizes):
        raise ValueError(
            f"{file}: resize is {preprocessing.resize}, which is less than the {min(sizes)} that are cut out of it"
        )
    return takes


def as_input(pictures: NDArray[np.uint8], given: NetworkInput, preprocessing: Preprocessing) -> list[dict[str, Any]]:
    """Pictures of the network's size, (F, rows, columns, 3), as what it takes: one after another, or all at once."""
    values = pictures.astype(np.float64) / 255
    if preprocessing.colours == "grey":
        mean, std = np.mean(preprocessing.mean), np.mean(preprocessing.std)
        values = ((values @ LUMA) - mean)[..., None] / std
    else:
        values = (values - np.array(preprocessing.mean)) / np.array(preprocessing.std)
        if preprocessing.colours == "bgr":
            values = values[..., ::-1]
    if given.frames is None:
        batches = [values[k : k + 1] for k in range(len(values))]
        source = "NHWC"
    else:
        batches, source = [values[None]], "NTHWC"
    axes = [source.index(axis) for axis in given.layout]
    return [{given.name: np.ascontiguousarray(one.transpose(axes), dtype=given.dtype)} for one in batches]


def _layout(where: str, shape: list[Any], wanted: Layout | None) -> Layout:
    if len(shape) not in (4, 5):
        raise ValueError(
            f"{where} has {len(shape)} axes ({_told(shape)}); pictures have 4 (batch, channels, rows, columns), clips 5"
        )
    fitting = [one for one in LAYOUTS if len(one) == len(shape)]
    if wanted is not None:
        if wanted not in fitting:
            raise ValueError(f"{where} has {len(shape)} axes ({_told(shape)}), which are not {wanted}")
        return wanted
    layouts = [one for one in fitting if shape[one.index("C")] in (1, 3)]
    if len(layouts) != 1:
        raise ValueError(
            f"{where} has the shape {_told(shape)}, which does not tell its axes; set layout to {' or '.join(fitting)}"
        )
    return layouts[0]


def _frames(where: str, sides: dict[str, Any], frames: int | None) -> int | None:
    if "T" not in sides:
        return None
    fixed = sides["T"] if isinstance(sides["T"], int) and sides["T"] > 0 else None
    if fixed is not None and frames not in (None, fixed):
        raise ValueError(f"{where} takes {fixed} frames at once, so frames cannot be {frames}")
    return fixed or frames or USUAL_FRAMES


def _check_preprocessing(file: str, preprocessing: Preprocessing) -> None:
    for name in ("mean", "std"):
        values = getattr(preprocessing, name)
        if len(values) not in (1, 3) or not np.isfinite(values).all():
            raise ValueError(f"{file}: {name} needs one number, or three for red, green and blue")
    if min(preprocessing.std) <= 0:
        raise ValueError(f"{file}: std must be above 0")
    if preprocessing.size is not None and not MIN_SIZE <= preprocessing.size <= MAX_SIZE:
        raise ValueError(f"{file}: size must be from {MIN_SIZE} to {MAX_SIZE} pixels")


def _told(shape: list[Any]) -> str:
    return " x ".join("?" if side is None else str(side) for side in shape) or "a single number"
