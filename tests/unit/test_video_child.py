"""Conversion in its child process: what it leaves, what it is allowed, and how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import pytest

from app.video import Limits, Options, VideoError, child, convert, probe, remove_unfinished, sha256_file
from tests.factories_video import make_clip, picture

ROOT = Path(__file__).resolve().parents[2]
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits or signals")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "a b ü.mp4")


@pytest.fixture(scope="module")
def slow_clip(tmp_path_factory) -> Path:
    """More than a second of work for one processor."""
    pictures = [picture(320, 240, index) for index in range(40)] * 50
    path = tmp_path_factory.mktemp("slow") / "slow.mkv"
    return make_clip(path, size=(320, 240), frames=2000, pictures=pictures, fps=60, codec="mpeg4")


@pytest.fixture
def stand_in(monkeypatch):
    """Replaces the worker by a few lines of Python."""

    def put(lines: str) -> None:
        monkeypatch.setattr(child, "COMMAND", (sys.executable, "-c", lines))

    return put


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_conversion_leaves_three_files_named_by_their_content_and_nothing_else(tmp_path, clip):
    before = sha256_file(clip)
    shares: list[float] = []
    made = convert(clip, tmp_path / "new" / "out", progress=shares.append)
    files = {"mp4": made.files["mp4"], "webm": made.files["webm"], "webp": made.files["poster"]}
    for suffix, rendition in files.items():
        data = rendition.path.read_bytes()
        assert rendition.sha256 == hashlib.sha256(data).hexdigest()
        assert rendition.path.name == f"{rendition.sha256}.{suffix}"
        assert rendition.size == len(data)
    assert names(tmp_path / "new" / "out") == {rendition.path.name for rendition in files.values()}
    assert (made.width, made.height, made.frames, made.has_sound) == (64, 48, 12, False)
    assert made.duration == pytest.approx(0.48)
    assert made.source == probe(clip)
    assert shares[-1] == 1.0
    assert sha256_file(clip) == before


def test_the_options_reach_the_worker(tmp_path):
    source = make_clip(tmp_path / "a.mp4", size=(128, 64), sound=0.4)
    made = convert(source, tmp_path / "out", Options(side=64, sound=True))
    assert (made.width, made.height, made.has_sound) == (64, 32, True)
    with av.open(str(made.files["webm"].path)) as container:
        assert {stream.codec_context.name for stream in container.streams} == {"vp9", "opus"}


@pytest.mark.parametrize("background", [(0, 0, 0), (128, 128, 128)])
def test_a_transparent_clip_is_converted_over_the_background_that_is_asked_for(tmp_path, background):
    clip = Path(__file__).parent.parent / "data" / "clips" / "alpha.webm"
    made = convert(clip, tmp_path / "out", Options(background=background))
    with av.open(str(made.files["mp4"].path)) as container:
        corner = next(container.decode(video=0)).to_ndarray(format="rgb24")[2, 2]
    assert np.abs(corner.astype(int) - background).max() < 8
    assert any("where it is transparent" in remark for remark in made.remarks)


def test_f37_a_refused_file_leaves_nothing_and_the_next_one_goes_on(tmp_path, clip):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    with pytest.raises(VideoError, match="the file is text, not a video"):
        convert(bad, tmp_path / "out")
    assert names(tmp_path / "out") == set()
    assert convert(clip, tmp_path / "out").frames == 12


def test_a_missing_file_is_an_error_of_its_own(tmp_path):
    with pytest.raises(FileNotFoundError):
        convert(tmp_path / "none.mp4", tmp_path / "out")


def test_f37_time_is_limited(tmp_path, slow_clip):
    with pytest.raises(VideoError, match=r"longer than the 0\.3 s allowed"):
        convert(slow_clip, tmp_path, limits=Limits(wall_seconds=0.3))
    assert names(tmp_path) == set()


@needs_posix
def test_f37_processor_time_is_limited(tmp_path, slow_clip):
    with pytest.raises(VideoError, match="more than the 1 s of processor time"):
        convert(slow_clip, tmp_path, limits=Limits(cpu_seconds=1))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space")
def test_f37_memory_is_limited(tmp_path, clip):
    """A small clip takes about 470 MB of address space, this one more than 700 MB."""
    wide = np.zeros((4400, 8000, 3), dtype=np.uint8)
    source = make_clip(tmp_path / "a.mkv", codec="mpeg4", size=(8000, 4400), frames=2, pictures=[wide] * 2)
    limits = Limits(memory_bytes=560_000_000)
    assert convert(clip, tmp_path / "out", limits=limits).frames == 12
    with pytest.raises(VideoError, match="memory"):
        convert(source, tmp_path / "out", limits=limits)


@needs_posix
def test_f37_what_is_written_is_limited(tmp_path, slow_clip):
    with pytest.raises(VideoError, match="after conversion"):
        convert(slow_clip, tmp_path, limits=Limits(output_bytes=20_000))
    assert names(tmp_path) == set()


@needs_posix
def test_f37_a_file_that_crashes_the_decoder_is_refused(tmp_path, clip, stand_in):
    stand_in("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(VideoError, match=r"crash.*SIGSEGV"):
        convert(clip, tmp_path)
    assert names(tmp_path) == set()


def test_a_full_disk_is_no_fault_of_the_clip(tmp_path, clip, stand_in):
    stand_in("""print('{"machine": [28, "No space left on device"]}')""")
    with pytest.raises(OSError, match="No space left") as caught:
        convert(clip, tmp_path)
    assert not isinstance(caught.value, VideoError)
    assert caught.value.errno == 28


def test_a_worker_that_cannot_start_says_why(clip, stand_in):
    stand_in("import sys; sys.exit('no module named av')")
    with pytest.raises(RuntimeError, match="no module named av"):
        probe(clip)


def test_a_fault_of_ours_is_reported_with_its_traceback(clip, stand_in):
    stand_in("""print('{"progress": 0.5}'); print('{"failed": "Traceback: KeyError"}')""")
    with pytest.raises(RuntimeError, match="Traceback: KeyError"):
        probe(clip)


def test_the_child_sees_no_secrets(monkeypatch, clip, stand_in):
    monkeypatch.setenv("ASTERISM_SECRET_KEY", "hidden")
    stand_in("import json, os; print(json.dumps({'result': dict(os.environ)}))")
    seen = child.run_limited({}, Limits())
    assert "hidden" not in json.dumps(seen)


def test_an_error_in_the_listener_ends_the_child(tmp_path, slow_clip):
    def fail(share: float) -> None:
        raise KeyError("listener")

    with pytest.raises(KeyError):
        convert(slow_clip, tmp_path, progress=fail)
    assert names(tmp_path) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the child by /proc, which Linux alone has")
def test_f33_killing_the_parent_ends_the_child_and_leaves_only_what_the_next_run_removes(tmp_path, slow_clip, clip):
    script = (
        "import sys; from pathlib import Path; from app.video import convert\n"
        "convert(Path(sys.argv[1]), Path(sys.argv[2]), progress=lambda share: print(share, flush=True))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(slow_clip), str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert float(parent.stdout.readline()) < 0.5
        children = _children_of(parent.pid)
        assert len(children) == 1
        parent.send_signal(signal.SIGKILL)
    assert _gone_within(children[0], seconds=20)
    (left,) = names(tmp_path)
    assert left.startswith(".unfinished-")
    assert "clip.webp" not in names(tmp_path / left), "the poster comes last: the child was stopped in the middle"

    # A young folder may belong to a conversion that still runs.
    convert(clip, tmp_path)
    assert left in names(tmp_path)
    hours_ago = time.time() - 7200
    os.utime(tmp_path / left, (hours_ago, hours_ago))
    convert(clip, tmp_path)
    assert all(re.fullmatch(r"[0-9a-f]{64}\.(mp4|webm|webp)", name) for name in names(tmp_path))


def test_f33_the_child_ends_when_its_input_closes_even_if_nobody_reads_its_output(tmp_path, slow_clip):
    request = {"task": "render", "source": str(slow_clip), "folder": str(tmp_path)}
    request |= {"options": asdict(Options()), "limits": asdict(Limits())}
    with subprocess.Popen(
        child.COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as worker:
        worker.stdin.write(json.dumps(request) + "\n")
        worker.stdin.close()
        assert worker.wait(timeout=60) == 1
    assert "clip.webp" not in names(tmp_path)


def test_what_is_unfinished_can_be_removed_at_once_by_who_knows_that_nothing_runs(tmp_path):
    (tmp_path / ".unfinished-abc").mkdir()
    (tmp_path / ".unfinished-abc" / "clip.mp4").write_bytes(b"half")
    (tmp_path / "kept.mp4").write_bytes(b"whole")
    assert remove_unfinished(tmp_path) == 1
    assert names(tmp_path) == {"kept.mp4"}


def test_sha256_file(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    assert sha256_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def _processes() -> dict[int, tuple[str, int]]:
    """State and parent of every process, by its number."""
    processes = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            processes[int(stat.parent.name)] = (state, int(parent))
    return processes


def _children_of(pid: int) -> list[int]:
    return [own for own, (_, parent) in _processes().items() if parent == pid]


def _gone_within(pid: int, *, seconds: float) -> bool:
    for _ in range(int(seconds / 0.05)):
        # Where nobody collects it, a process that has ended is still listed, as a zombie.
        if _processes().get(pid, ("Z", 0))[0] == "Z":
            return True
        time.sleep(0.05)
    return False
