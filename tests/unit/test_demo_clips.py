"""The demo's drawn clips: files, attributes and the true geometry belong together."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import av
import numpy as np
import pytest
from scipy.spatial.distance import pdist

from demo.draw_clips import draw_moment
from demo.geometry import ATTRIBUTES, FRAMES_PER_SECOND, design, read_attributes, true_positions, true_rdm

CLIPS = ATTRIBUTES.parent / "clips"


def test_attributes_csv_is_exactly_the_design():
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(design()[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(design())
    assert ATTRIBUTES.read_text(encoding="utf-8") == text.getvalue()


def test_every_row_has_its_file_and_every_file_its_row():
    rows = [row["clip"] for row in read_attributes()]
    assert len(rows) == len(set(rows)) == 24
    assert {path.name for path in CLIPS.iterdir()} == set(rows)
    assert sum(path.stat().st_size for path in CLIPS.iterdir()) < 800_000


@pytest.mark.parametrize("clip", design(), ids=lambda clip: clip["clip"])
def test_a_clip_is_what_every_browser_plays(clip):
    path = CLIPS / clip["clip"]
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.width == stream.height == 288
        n_frames = sum(1 for _ in container.decode(stream))
    assert n_frames == round(clip["seconds"] * FRAMES_PER_SECOND)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index must come before the pictures"


@pytest.mark.parametrize("index", [0, 15])
def test_the_files_show_what_the_script_draws(index):
    clip = design()[index]
    with av.open(str(CLIPS / clip["clip"])) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(float)
    error = np.abs(stored - np.asarray(draw_moment(clip, 0.0), dtype=float)).mean()
    other = np.abs(stored - np.asarray(draw_moment(design()[index + 1], 0.0), dtype=float)).mean()
    assert error < 3.0
    assert error < other


def test_true_rdm_is_the_euclidean_distance_between_the_true_positions():
    distances = pdist(true_positions())
    np.testing.assert_allclose(true_rdm(), distances / distances.max(), rtol=1e-12)


def test_true_geometry_is_not_degenerate():
    positions, rdm = true_positions(), true_rdm()
    centred = positions - positions.mean(axis=0)
    assert positions.shape == (24, 7)
    assert np.linalg.matrix_rank(centred) == 7
    assert rdm.shape == (276,)
    assert rdm.min() > 0.02
    assert len(np.unique(rdm.round(9))) == 276, "no two pairs of clips are alike"


def test_true_geometry_reads_its_file_and_nothing_else(tmp_path: Path):
    lines = ATTRIBUTES.read_text(encoding="utf-8").splitlines(keepends=True)
    shorter = tmp_path / "attributes.csv"
    shorter.write_text("".join([lines[0], *reversed(lines[1:4])]), encoding="utf-8")
    np.testing.assert_array_equal(true_positions(shorter), true_positions()[[2, 1, 0]])
