"""How fast is the arena in a real browser, beside jsPsych's free-sort plugin with as many pictures in the same run?

Chromium at 1280 x 720 with the processor throttled four times. The arena drags a clip while it plays; jsPsych's items
are pictures, so that its task is the lighter one. An empty page gives the control: what the machine itself costs.

    python3 run.py bench arena [--json FILE] [--counts 30 60 100] [--throttle 4] [--trials 80] [--repeat 3]

The rival is installed by npm into a temporary folder.

Over 300 lines: a benchmark is one script, read from top to bottom.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import cos, sin
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.arena_site import serve_arena  # noqa: E402
from tests.browser.chromium import launch_chromium  # noqa: E402

PAGES = ROOT / "benchmarks" / "arena"
RIVAL = ("jspsych@8.3.0", "@jspsych/plugin-free-sort@2.1.0")
VIEWPORT = {"width": 1280, "height": 720}
TEN_MBIT = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 5e6 / 8}
ITEMS = {"arena": "[data-clip]", "jspsych": ".jspsych-free-sort-draggable"}
MOMENTS = (5, 20, 40, 60, 80)  # numbers of trials after which the memory is looked at
CIRCLE = {"arena": "[data-arena]", "jspsych": "#jspsych-free-sort-border"}


def prepare_clips(folder: Path) -> None:
    """The demo's clips with a poster each, and the list that the pages read."""
    entries = []
    for file in sorted((ROOT / "demo" / "clips").glob("*.mp4")):
        (folder / file.name).write_bytes(file.read_bytes())
        with av.open(str(file)) as container:
            picture = next(container.decode(video=0)).to_image()
        picture.save(folder / f"{file.stem}.webp", quality=85)
        entries.append(
            {
                "poster": f"/clips/{file.stem}.webp",
                "width": picture.width,
                "height": picture.height,
                "sources": [{"src": f"/clips/{file.name}", "type": "video/mp4"}],
            }
        )
    (folder / "clips.json").write_text(json.dumps(entries))


def install_rival(folder: Path) -> Path:
    """jsPsych and its plugin, by npm. Raises CalledProcessError when npm fails."""
    (folder / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", *RIVAL]
    subprocess.run(command, cwd=folder, check=True, timeout=300)
    return folder / "node_modules"


def address(site: str, who: str, count: int, **query: Any) -> str:
    """Where `count` clips lie in our arena, or in the rival's task."""
    page = "/bench/jspsych.html" if who == "jspsych" else "/"
    return f"{site}{page}?{urlencode({'n': count, **query})}"


@contextmanager
def opened(browser: Browser, url: str, throttle: float, *, network: dict[str, Any] | None = None) -> Iterator[Any]:
    """A fresh profile on a page, ready for its first drag; yields the page and its debugging session."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.add_init_script(path=PAGES / "probe.js")
    protocol = context.new_cdp_session(page)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    if network:
        protocol.send("Network.enable")
        protocol.send("Network.emulateNetworkConditions", network)
    page.goto(url)
    if url != "about:blank":
        for _ in range(600):  # at most a minute
            if page.evaluate("probe.allPictures ?? 0"):
                break
            page.wait_for_timeout(100)
        else:
            raise RuntimeError(f"the pictures of {url[:80]} did not load within a minute")
    yield page, protocol
    context.close()


def mouse(protocol: CDPSession, kind: str, x: float, y: float, buttons: int) -> None:
    """One mouse event at a pixel, by the debugging protocol; `buttons` are those held down."""
    button = {"button": "left", "buttons": buttons, "clickCount": 1} if kind != "mouseMoved" or buttons else {}
    protocol.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **button})


def middle(page: Page, selector: str, index: int = 0) -> tuple[float, float]:
    """The middle of the element with that number among those that match, pixels."""
    box = page.locator(selector).nth(index).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def frames_of(page: Page, protocol: CDPSession, path: list[tuple[float, float]], buttons: int) -> dict[str, float]:
    """Frame times while the mouse follows a path at sixty steps a second, and the main thread's work a frame."""
    work = {}
    protocol.send("Performance.enable")
    for moment in ("before", "after"):
        if moment == "after":
            began = time.perf_counter()
            for step, (x, y) in enumerate(path):
                mouse(protocol, "mouseMoved", x, y, buttons)
                time.sleep(max(0.0, began + (step + 1) / 60 - time.perf_counter()))
            frames = page.evaluate("probe.stop()")
        metrics = {each["name"]: each["value"] for each in protocol.send("Performance.getMetrics")["metrics"]}
        work[moment] = metrics["TaskDuration"]
        if moment == "before":
            page.evaluate("probe.start()")
    frames.sort()
    return {
        "frames": len(frames),
        "median_ms": statistics.median(frames),
        "p95_ms": frames[int(0.95 * len(frames))],
        "over_20_ms": sum(frame > 20 for frame in frames) / len(frames),
        "work_ms_per_frame": 1000 * (work["after"] - work["before"]) / len(frames),
    }


def spiral(centre: tuple[float, float], radius: float, steps: int) -> list[tuple[float, float]]:
    """A path of so many pixels (x, y) round a centre, within `radius` of it, that comes by many places."""
    turns = [0.06 * step for step in range(steps)]
    return [(centre[0] + radius * cos(turn) * sin(turn / 9), centre[1] + radius * sin(turn) * 0.9) for turn in turns]


def measure_drag(browser: Browser, site: str, who: str, count: int, options: argparse.Namespace) -> dict[str, float]:
    """Most clips lie in the circle, one is dragged among them for some seconds."""
    placements = [
        {"clip": f"c{i}", "x": 0.45 * (i / count) ** 0.5 * cos(2.4 * i), "y": 0.45 * (i / count) ** 0.5 * sin(2.4 * i)}
        for i in range(1, count)
    ]
    query = {"options": json.dumps({"draft": {"placements": placements}})} if who == "arena" else rival_size(count)
    with opened(browser, address(site, who, count, **query), options.throttle) as (page, protocol):
        centre = middle(page, CIRCLE[who])
        start = middle(page, ITEMS[who])
        mouse(protocol, "mouseMoved", *start, 0)
        if who == "arena":
            page.wait_for_selector('[data-clip="c0"] video.is-shown')
        mouse(protocol, "mousePressed", *start, 1)
        mouse(protocol, "mouseMoved", *centre, 1)
        figures = frames_of(page, protocol, spiral(centre, 220, options.steps), 1)
        mouse(protocol, "mouseReleased", *centre, 0)
        if who == "arena":
            assert page.evaluate("harness.arena.result().placements.length") == count
        return figures


def keep_best(rows: dict[str, dict[str, float]], name: str, row: dict[str, float]) -> None:
    """Of several drags the one with the least p95, for both alike: what else the machine does can only add to it."""
    if name not in rows or row["p95_ms"] < rows[name]["p95_ms"]:
        rows[name] = row


def rival_size(count: int) -> dict[str, int]:
    """The area and the items as large as the arena makes them on the same screen."""
    return {"area": 480, "item": {30: 69, 60: 49}.get(count, 46)}


def measure_control(browser: Browser, options: argparse.Namespace) -> dict[str, float]:
    """The same mouse over an empty page."""
    with opened(browser, "about:blank", options.throttle) as (page, protocol):
        return frames_of(page, protocol, spiral((640, 360), 220, options.steps), 0)


def measure_first_frame(browser: Browser, site: str, options: argparse.Namespace) -> dict[str, float]:
    """From pointing at a clip to its video's first frame, and to the next; clips preloaded as the task page does it.

    The mouse goes from each clip to the next in the order of the seats, and stays for half a second.
    """
    with opened(browser, address(site, "arena", 24), options.throttle) as (page, protocol):
        page.evaluate("harness.preload()")
        for index in range(24):
            mouse(protocol, "mouseMoved", *middle(page, ITEMS["arena"], index), 0)
            page.locator(f'[data-clip="c{index}"] video.is-shown').wait_for()
            page.wait_for_timeout(500)
        first, motion = (sorted(page.evaluate(f"probe.{name}")) for name in ("firstFrames", "motions"))
    return {
        "clips": len(first),
        "median_ms": statistics.median(first),
        "p95_ms": first[int(0.95 * len(first))],
        "moving_median_ms": statistics.median(motion),
    }


def measure_start(browser: Browser, site: str, who: str, options: argparse.Namespace) -> dict[str, Any]:
    """From navigation to the first possible drag, and to all pictures, 60 clips, 10 Mbit/s, empty cache."""
    query = {} if who == "arena" else rival_size(60)
    rounds = []
    for _ in range(options.repeat):
        with opened(browser, address(site, who, 60, **query), options.throttle, network=TEN_MBIT) as (page, _protocol):
            rounds.append(page.evaluate("[probe.firstDrag, probe.allPictures]"))
    first, everything = min(rounds)
    return {"first_drag_ms": first, "all_pictures_ms": everything, "rounds": rounds}


def measure_memory(browser: Browser, site: str, who: str, options: argparse.Namespace) -> dict[str, list[float]]:
    """What the page holds after each of many trials of 30 clips in which clips were played and dragged.

    `untouched` is the arena's page with one trial that nobody works on, asked the same: what the measuring itself adds.
    """
    query = {**rival_size(30), "trials": options.trials + 1} if who == "jspsych" else {}
    next_trial = {"arena": "harness.mount()", "jspsych": "rival.nextTrial()", "untouched": "null"}[who]
    items = ITEMS.get(who, ITEMS["arena"])
    held: dict[str, list[float]] = {"heap_MB": [], "own_kB": [], "nodes": [], "listeners": []}
    with opened(browser, address(site, who, 30, **query), 1) as (page, protocol):
        protocol.send("Performance.enable")
        for number in range(1, options.trials + 1):
            page.locator(items).first.wait_for()  # keeps no handle on the page, which would hold its elements
            for index in range(6):
                x, y = middle(page, items, index)
                page.wait_for_timeout(30)
                if who == "untouched":
                    continue
                mouse(protocol, "mouseMoved", x, y, 0)
                mouse(protocol, "mousePressed", x, y, 1)
                for share in (0.5, 1.0):
                    mouse(protocol, "mouseMoved", x + share * (640 + 20 * index - x), y + share * (340 - y), 1)
                mouse(protocol, "mouseReleased", 640 + 20 * index, 340, 0)
            page.evaluate(next_trial)
            if number not in MOMENTS:
                continue
            protocol.send("HeapProfiler.collectGarbage")
            metrics = {each["name"]: each["value"] for each in protocol.send("Performance.getMetrics")["metrics"]}
            held["heap_MB"].append(metrics["JSHeapUsedSize"] / 1e6)
            held["nodes"].append(metrics["Nodes"])
            held["listeners"].append(metrics["JSEventListeners"])
            held["own_kB"].append(own_bytes(page) / 1000)
    return held


def own_bytes(page: Page) -> int:
    """What the page's own data take in the heap: objects, functions, arrays and texts, without the code that the engine
    compiles as it goes and without the browser's own records."""
    chunks: list[str] = []
    protocol = page.context.new_cdp_session(page)
    protocol.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    protocol.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    protocol.detach()
    snapshot = json.loads("".join(chunks))
    meta = snapshot["snapshot"]["meta"]
    kinds, fields, nodes = meta["node_types"][0], meta["node_fields"], snapshot["nodes"]
    own = {kinds.index(kind) for kind in ("object", "closure", "array", "string", "concatenated string", "number")}
    rows = range(0, len(nodes), len(fields))
    kind, size = fields.index("type"), fields.index("self_size")
    return sum(nodes[row + size] for row in rows if nodes[row + kind] in own)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of a run: drags (the best of the repeats), first frames, starts, memory, the machine's load."""
    figures: dict[str, Any] = {"throttle": options.throttle, "load_before": os.getloadavg()[0], "drag": {}}
    with tempfile.TemporaryDirectory(prefix="asterism-bench-") as name, sync_playwright() as playwright:
        clips, npm = Path(name) / "clips", Path(name) / "npm"
        clips.mkdir()
        npm.mkdir()
        prepare_clips(clips)
        rival = install_rival(npm)
        browser = launch_chromium(playwright)
        figures["chromium"] = browser.version
        with serve_arena(clips, rival=rival, bench=PAGES) as site:
            for _ in range(options.repeat):
                keep_best(figures["drag"], "control", measure_control(browser, options))
                for count in options.counts:
                    for who in ITEMS:
                        keep_best(figures["drag"], f"{who} {count}", measure_drag(browser, site, who, count, options))
            figures["first_frame"] = measure_first_frame(browser, site, options)
            figures["start"] = {who: measure_start(browser, site, who, options) for who in ITEMS}
            figures["memory"] = {who: measure_memory(browser, site, who, options) for who in (*ITEMS, "untouched")}
        browser.close()
    figures["load_after"] = os.getloadavg()[0]
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures in words and columns."""
    lines = [
        f"Chromium {figures['chromium']}, 1280 x 720, processor throttled {figures['throttle']:g} times; "
        f"load of the machine {figures['load_before']:.1f} before, {figures['load_after']:.1f} after",
        "",
        f"{'dragging (goal: p95 16.8 ms)':<30}{'median':>10}{'p95':>10}{'> 20 ms':>10}{'work/frame':>12}",
    ]
    for name, row in figures["drag"].items():
        lines.append(
            f"{name:<30}{row['median_ms']:>7.1f} ms{row['p95_ms']:>7.1f} ms{100 * row['over_20_ms']:>8.1f} %"
            f"{row['work_ms_per_frame']:>9.1f} ms"
        )
    first = figures["first_frame"]
    lines += [
        "",
        f"first frame on hover (goal: < 60 ms): median {first['median_ms']:.0f} ms, p95 {first['p95_ms']:.0f} ms; "
        f"next frame: median {first['moving_median_ms']:.0f} ms",
    ]
    for who, row in figures["start"].items():
        lines.append(
            f"{who}: 60 clips at 10 Mbit/s (goal: < 2 s): first drag {row['first_drag_ms'] / 1000:.2f} s, "
            f"all pictures {row['all_pictures_ms'] / 1000:.2f} s"
        )
    for who, row in figures["memory"].items():
        moments = ", ".join(map(str, MOMENTS[: len(row["nodes"])]))
        lines.append(f"{who}: held after {moments} trials")
        for name, values in row.items():
            digits = 2 if name == "heap_MB" else 0
            lines.append(f"    {name}: {' -> '.join(f'{value:.{digits}f}' for value in values)}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark, print its table, and write the figures where --json says."""
    parser = argparse.ArgumentParser(prog="bench arena", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--counts", type=int, nargs="+", default=[30, 60, 100], help="numbers of clips")
    parser.add_argument("--throttle", type=float, default=4, help="how many times slower the processor is made")
    parser.add_argument("--trials", type=int, default=80, help="trials for the memory figures, at least 5")
    parser.add_argument("--repeat", type=int, default=3, help="drags and starts of each kind, of which the best counts")
    parser.add_argument("--steps", type=int, default=300, help="steps of the mouse in each drag, 60 a second")
    options = parser.parse_args(argv)
    figures = measure(options)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
