"""[models]: the network whose layers are a study's candidate models, and how its pictures are made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from analysis.models.activations import Distance, Frames
from analysis.models.network_input import IMAGENET_MEAN, IMAGENET_STD, MAX_SIZE, MIN_SIZE, Colours, Fit
from app.definition.section import Section

LayerName = Annotated[str, Field(min_length=1, max_length=300)]
MAX_FRAMES = 64


class Models(Section):
    """A network as an ONNX file, which lies in the study's folder, the layers that are wanted, and what it is shown.

    `mean` and `std` are of pixel values from 0 to 1, for red, green and blue, or one number for all.
    """

    network: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    layers: list[LayerName] = Field(default=[], max_length=200)
    frames: int | None = Field(default=None, ge=1, le=MAX_FRAMES)
    over_frames: Frames = "mean"
    size: int | None = Field(default=None, ge=MIN_SIZE, le=MAX_SIZE)
    resize: int | None = Field(default=None, ge=MIN_SIZE, le=MAX_SIZE)
    fit: Fit = "crop"
    mean: list[float] = Field(default=list(IMAGENET_MEAN), min_length=1, max_length=3)
    std: list[float] = Field(default=list(IMAGENET_STD), min_length=1, max_length=3)
    colours: Colours = "rgb"
    layout: Literal["auto", "NCHW", "NHWC", "NCTHW", "NTCHW", "NTHWC"] = "auto"
    distance: Distance = "correlation"
