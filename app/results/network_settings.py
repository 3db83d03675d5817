"""What is asked of a network: `[models]` of study.toml where it names this file, and what the command says instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analysis.models.network_input import Preprocessing
from app.definition.networks import Models
from app.errors import Invalid
from app.results.activations import Wanted, layer_lines


def network_file(section: Models, file: Path) -> Path:
    """The network's file: `file` itself, or the one of a study's folder that study.toml names.

    Raises
    ------
    Invalid
        When the folder is given and study.toml names none, or it is not there.
    """
    if not file.is_dir():
        return file
    if section.network is None:
        raise Invalid(f"{file} is a folder, and study.toml names no network; give the file, or set models.network.")
    network = file / section.network
    if not network.is_file():
        raise Invalid(f"{network}: no such file; study.toml names it (models.network).")
    return network


def wanted_of(section: Models, network: Path, layers: Sequence[str], given: Mapping[str, Any]) -> Wanted:
    """What is asked of `network`; `given` holds what the command says, None where it says nothing.

    A section that names another network says nothing of this one.

    Raises
    ------
    Invalid
        Naming the option, when a value cannot be used; or no layer is named, with those that there are.
    """
    base = section if section.network in (None, network.name) else Models()
    said: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    for key in ("mean", "std"):
        if key in said:
            said[key] = _numbers(key, said[key])
    try:
        chosen = Models.model_validate(base.model_dump() | said | ({"layers": list(layers)} if layers else {}))
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from error
    if not chosen.layers:
        there = layer_lines(network)
        raise Invalid(f"{network.name}: no layer is named; --layers A,B takes some of:\n  " + "\n  ".join(there))
    preprocessing = Preprocessing(
        size=chosen.size,
        resize=chosen.resize,
        fit=chosen.fit,
        mean=tuple(chosen.mean),
        std=tuple(chosen.std),
        colours=chosen.colours,
        layout=None if chosen.layout == "auto" else chosen.layout,
    )
    return Wanted(tuple(chosen.layers), chosen.frames, chosen.over_frames, preprocessing, chosen.distance)


def _numbers(key: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise Invalid(f"--{key}: {text!r} is not a list of numbers, such as 0.5,0.5,0.5") from error
