"""Layers of a network as candidate models, by one command: from clips in files to RDMs that the study keeps."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from scipy.spatial.distance import pdist
from sqlalchemy import select

from analysis.models.candidates import read_candidates
from app.cli import commands
from app.clips.importing import source_path
from app.config import Settings
from app.db import Database
from app.definition.find import find_study
from app.domain import ItemKind
from app.errors import AsterismError
from app.models import Clip
from app.results.model_files import candidates_of, kept_models
from tests.factories import make_study
from tests.factories_networks import expected, small_network, video_network
from tests.factories_video import make_clip

NAMES = ["a.mp4", "b.mp4", "c.mp4", "still.png"]
TOML = """title = "Shown"
[models]
network = "net.onnx"
layers = ["scores", "/features/relu"]
frames = 3
resize = 18
mean = [0.5]
std = [0.25]
"""


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(commands, ["--data", str(settings.data), *arguments], catch_exceptions=True)


def refusal(settings: Settings, *arguments: str) -> str:
    error = run(settings, "study", "activations", "shown", *arguments).exception
    assert isinstance(error, AsterismError)
    return error.message


@pytest.fixture
def folder(settings: Settings, database: Database, tmp_path: Path) -> Path:
    """The folder of a study of three clips and a picture that an installation has."""
    folder = tmp_path / "shown"
    folder.mkdir()
    rng = np.random.default_rng(4)
    for name in NAMES:
        coarse = rng.integers(0, 256, (6, 2, 3, 3), dtype=np.uint8)
        pictures = [np.kron(one, np.ones((24, 24, 1), np.uint8)) for one in coarse]
        if name.endswith(".png"):
            Image.fromarray(pictures[0]).save(folder / name)
        else:
            make_clip(folder / name, frames=6, size=(72, 48), pictures=pictures)
    small_network(folder / "net.onnx")
    make_study(database, settings, name="shown", n_clips=len(NAMES), toml=TOML)
    with database.writing() as db:
        for clip, name in zip(db.scalars(select(Clip).order_by(Clip.position)), NAMES, strict=True):
            clip.file_name = name
            source = source_path(settings, clip)
            source.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / name, source)
        db.commit()
    return folder


def shown(file: Path) -> list[np.ndarray]:
    """The frames in the middles of three parts, decoded and fitted without the program."""
    if file.suffix == ".png":
        images = [Image.open(file).convert("RGB")] * 3
    else:
        with av.open(str(file)) as container:
            decoded = [frame.to_image() for frame in container.decode(video=0)]
        images = [decoded[k] for k in (1, 3, 5)]
    return [np.asarray(one.resize((27, 18), Image.Resampling.BILINEAR).crop((6, 1, 22, 17))) for one in images]


def test_one_command_makes_models_of_layers(
    settings: Settings, database: Database, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "net.npz"
    done = run(settings, "study", "activations", "shown", str(folder), "--save", str(out))
    assert done.exit_code == 0, done.output
    assert "net.onnx takes 16 x 16 pixels (NCHW); it is shown 3 frames of each clip." in done.output
    assert "/features/relu: 784 units" in done.output
    assert "4 clips: 0.1 MB of activations" in done.output
    layers: dict[str, list[np.ndarray]] = {"scores": [], "/features/relu": []}
    for name in NAMES:
        pictures = [(one.transpose(2, 0, 1) / 255 - 0.5) / 0.25 for one in shown(folder / name)]
        for layer, rows in layers.items():
            rows.append(np.mean([expected(one)[layer.rpartition("/")[2]] for one in pictures], axis=0))
    with np.load(out) as file:
        assert file["clips"].tolist() == NAMES
        for layer, rows in layers.items():
            # Two ways from the file's colours to red, green and blue differ by a few levels of 255.
            assert np.corrcoef(file[layer].ravel(), np.ravel(rows))[0, 1] > 0.999
            np.testing.assert_allclose(file[layer], rows, atol=0.06 * np.abs(rows).max())
        exact = np.array([pdist(file[layer].astype(float), "correlation") for layer in layers])
    origin = json.loads(out.with_name(f"{out.name}.json").read_text())
    sha = hashlib.sha256((folder / "net.onnx").read_bytes()).hexdigest()
    assert (origin["sha256"], origin["frames"], origin["shorter_side"]) == (sha, 3, 18)
    with database.reading() as db:
        study = find_study(db, "shown")
        (kept,), (candidate,) = kept_models(db, study), candidates_of(db, study)[0]
    # In the order of study.toml.
    assert (kept.name, kept.kind, kept.models, kept.sha256) == ("net", "layers", ("scores", "/features/relu"), sha)
    assert kept.remarks[0].startswith(f"Activations of net.onnx (SHA-256 {sha[:12]}…), computed with ONNX Runtime ")
    assert "3 frames spread evenly over each clip, averaged; shorter side 18, middle cut to 16 x 16" in kept.remarks[0]
    np.testing.assert_allclose(candidate.rdms, exact, atol=1e-6)
    np.testing.assert_allclose(read_candidates(out, NAMES).rdms, exact, atol=1e-12)
    assert "There is a model named net; remove it first" in refusal(settings, str(folder))
    frames = run(
        settings,
        "study",
        "activations",
        "shown",
        str(folder / "net.onnx"),
        "--layers",
        "scores",
        "--model",
        "by frame",
        "--over-frames",
        "concatenate",
        "--save",
        str(out),
    )
    assert frames.exit_code == 0, frames.output
    with np.load(out) as file:
        assert file["scores"].shape == (4, 3, 5)
        np.testing.assert_allclose(
            file["scores"][3], file["scores"][3][[0]].repeat(3, axis=0), err_msg="a still picture"
        )


def test_what_cannot_be_shown_to_a_network_is_said_first(
    settings: Settings, database: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = str(folder / "net.onnx")
    listed = run(settings, "study", "activations", "shown", network, "--list")
    assert "relu  Relu  N x 4 x 14 x 14" in listed.output
    assert "did you mean relu" in refusal(settings, network, "--layers", "rellu")
    assert "--frames: Input should be less than or equal to 64" in refusal(settings, network, "--frames", "65")
    assert "--mean: 'x' is not a list of numbers" in refusal(settings, network, "--mean", "x")
    assert "give --save" in refusal(settings, network, "--no-keep")
    nowhere = tmp_path / "nowhere"
    assert f"there is no folder {nowhere}" in refusal(settings, network, "--save", str(nowhere / "net.npz"))
    for called in (" ", "a\nb", "m" * 256):
        assert "at most 255 printable characters" in refusal(settings, network, "--layers", "scores", "--model", called)
    single = video_network(tmp_path / "single.onnx", (1, 1, 1, 16, 16))
    assert "layer scores has a single unit" in refusal(
        settings, str(single), "--layers", "scores", "--colours", "grey", "--layout", "NCTHW"
    )
    # What study.toml says of one network is not meant for another.
    other = small_network(tmp_path / "other.onnx", change=np.nan)
    assert "no layer is named; --layers A,B takes some of:\n  conv  Conv" in refusal(settings, str(other))
    assert "a.mp4: other.onnx: layer scores gives a value that is not a number (NaN)" in refusal(
        settings, str(other), "--layers", "scores"
    )
    (folder / "net.onnx").rename(folder / "renamed.onnx")
    assert "net.onnx: no such file; study.toml names it (models.network)" in refusal(settings, str(folder))
    with database.writing() as db:
        db.scalars(select(Clip).where(Clip.file_name == "still.png")).one().kind = ItemKind.SOUND
        db.commit()
    assert "still.png is a sound; networks are given pictures" in refusal(settings, str(other), "--layers", "scores")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "-r locks/networks.txt" in refusal(settings, str(other), "--list")
