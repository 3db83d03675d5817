"""The demo's design, and the true geometry that its attributes define.

Four people, three expressions and two manners of moving the head make 24 clips. Strength of the expression, head turn
and tempo differ a little from clip to clip, as they would between recordings, so that no two pairs of clips are alike.

The true position of a clip is its row of numeric attributes, each put on a common scale by `RANGES`. The true RDM holds
the Euclidean distances between these positions: what an ideal participant, weighing the attributes so, would arrange.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ATTRIBUTES = Path(__file__).with_name("attributes.csv")

# Each numeric attribute: the values that span one step, and how much that step weighs in the true geometry.
RANGES: dict[str, tuple[float, float, float]] = {
    "face_width": (0.76, 0.94, 0.6),
    "skin_lightness": (0.30, 0.85, 0.8),
    "hair_length": (0.1, 0.9, 0.7),
    "valence": (-1.0, 1.0, 1.0),
    "arousal": (-1.0, 1.0, 0.7),
    "head_turn": (10.0, 30.0, 0.35),
    "tempo": (0.4, 0.9, 0.35),
}

PEOPLE: dict[str, dict[str, Any]] = {
    "Ada": {"face_width": 0.90, "skin_lightness": 0.36, "hair": "curls", "hair_length": 0.62, "eyes": "brown"},
    "Bruno": {"face_width": 0.76, "skin_lightness": 0.80, "hair": "beard", "hair_length": 0.22, "eyes": "green"},
    "Cleo": {"face_width": 0.82, "skin_lightness": 0.62, "hair": "long", "hair_length": 0.90, "eyes": "black"},
    "Dov": {"face_width": 0.94, "skin_lightness": 0.85, "hair": "bald", "hair_length": 0.10, "eyes": "blue"},
}

# Valence and arousal at full strength.
EXPRESSIONS = {"happy": (1.0, 0.4), "surprised": (0.1, 1.0), "sad": (-1.0, -0.6)}

# Head turn to each side in degrees, and turns to and fro in one loop.
MOVEMENTS = {"calm": (13.0, 1), "lively": (25.0, 2)}

FRAMES_PER_SECOND = 25


def design() -> list[dict[str, Any]]:
    """The 24 clips, one dictionary of attributes each, in the order of attributes.csv; always the same."""
    rng = np.random.default_rng(2012)
    clips = []
    for person, looks in PEOPLE.items():
        for expression, (valence, arousal) in EXPRESSIONS.items():
            for movement, (turn, turns) in MOVEMENTS.items():
                strength = round(float(rng.uniform(0.75, 1.0)), 3)
                frames = int(rng.integers(54, 68))
                clips.append(
                    {
                        "clip": f"{person}_{expression}_{movement}.mp4".lower(),
                        "person": person,
                        "expression": expression,
                        "movement": movement,
                        **looks,
                        "strength": strength,
                        "valence": round(valence * strength, 3),
                        "arousal": round(arousal * strength, 3),
                        "head_turn": round(turn + float(rng.uniform(-3, 3)), 1),
                        "tempo": round(turns * FRAMES_PER_SECOND / frames, 3),
                        "seconds": frames / FRAMES_PER_SECOND,
                    }
                )
    return clips


def read_attributes(path: Path = ATTRIBUTES) -> list[dict[str, str]]:
    """The rows of attributes.csv as text, in the file's order."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def true_positions(path: Path = ATTRIBUTES) -> NDArray[np.float64]:
    """True coordinates of the clips, (24, 7), in the order of attributes.csv and from that file alone."""
    rows = read_attributes(path)
    columns = []
    for name, (low, high, weight) in RANGES.items():
        values = np.array([float(row[name]) for row in rows])
        columns.append(weight * (values - low) / (high - low))
    return np.stack(columns, axis=1)


def true_rdm(path: Path = ATTRIBUTES) -> NDArray[np.float64]:
    """The condensed true RDM, (276,): Euclidean distances between `true_positions`, scaled to a largest of 1."""
    positions = true_positions(path)
    first, second = np.triu_indices(len(positions), 1)
    distances = np.linalg.norm(positions[first] - positions[second], axis=1)
    return np.asarray(distances / distances.max(), dtype=np.float64)
