"""The pages of a study with 707 clips in a real browser: when they can be used, what they load, how they move.

    python3 run.py bench many_clips [--clips 707] [--sessions 3] [--trials 40] [--items 20] [--data DIR] [--json FILE]

The study is made by bulk insert as in `bench pages`; each clip has files of its own, copies of one drawn clip. Results
are computed once as the worker does. Chromium at 1280 x 720 then opens each page, cold: the seconds until what is named
beside it can be seen, the pictures and videos that were fetched, and those that the page holds. On the results page the
pointer crosses the RDM and the map of 707 clips for two seconds each, while the time between frames is taken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import av
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from analysis.results import Choice
from app import create_app
from app.config import Settings, load_settings
from app.db import open_database
from app.media import EXTENSIONS, media_path
from app.models import Rendition, Study
from app.results.inputs import inputs_of
from app.results.work import compute_next, request_results
from app.schema import migrate
from benchmarks.pages import EMAIL, PASSWORD, fill
from benchmarks.recovery_tables import table
from tests.browser.chromium import launch_chromium

VIEWPORT = {"width": 1280, "height": 720}
DRAWN = Path(__file__).resolve().parent.parent / "demo" / "clips"
# What a page is opened for.
PAGES = {
    "clips": "main tbody tr img",
    "plan": "main button[type=submit]",
    "settings": "[data-save]",
    "results": "[data-rdm] canvas",
    "quality": "main h2",
    "models": "main h2",
}
MOVES = {"RDM": "[data-rdm] canvas[role=img]", "map": "[data-map] .field-of-clips"}
FRAMES = """() => new Promise((done) => {
  const frames = [];
  let last = null;
  const begun = performance.now();
  const tick = (now) => {
    if (last !== null) frames.push(now - last);
    last = now;
    if (now - begun < 2000) requestAnimationFrame(tick); else done(frames);
  };
  requestAnimationFrame(tick);
})"""


def main(argv: list[str]) -> int:
    """Make the study, open its pages, and print both tables."""
    parser = argparse.ArgumentParser(prog="bench many_clips")
    parser.add_argument("--clips", type=int, default=707)
    parser.add_argument("--sessions", type=int, default=3)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data=options.data or Path(folder) / "data", rate_limits=False)
        name = prepare(settings, options)
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            report = look(f"http://127.0.0.1:{server.port}", name)
        finally:
            server.shutdown()
    for rows in report.values():
        print(table(list(rows[0]), [[str(value) for value in row.values()] for row in rows]))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if options.json:
        options.json.write_text(json.dumps(report | {"load": os.getloadavg()[0]}, indent=1) + "\n")
    return 0


def prepare(settings: Settings, options: argparse.Namespace) -> str:
    """The study with its files and results; its name."""
    database, name = open_database(settings.database), f"size-{options.clips}"
    migrate(database)
    with database.reading() as db:
        is_there = db.scalar(select(Study.id).where(Study.name == name)) is not None
    if not is_there:
        fill(database, name, options)
        write_media(settings.media_folder, database)
    with database.writing() as db:
        request_results(db, inputs_of(db, db.scalars(select(Study.id).where(Study.name == name)).one(), Choice()))
    start = time.monotonic()
    while compute_next(database):
        pass
    print(f"results in {time.monotonic() - start:.1f} s")
    database.close()
    return name


def write_media(folder: Path, database: Any) -> None:
    """Files for every rendition, each with bytes of its own at its end."""
    clip = sorted(DRAWN.glob("*.mp4"))[0]
    with av.open(str(clip)) as container:
        picture = next(container.decode(video=0)).to_image()
    picture.save(folder / "poster.webp", quality=85)
    contents = {"mp4": clip.read_bytes(), "webp": (folder / "poster.webp").read_bytes()}
    with database.writing() as db:
        for rendition in db.scalars(select(Rendition)).all():
            if rendition.kind == "webm":
                db.delete(rendition)
                continue
            ending = EXTENSIONS[rendition.kind]
            content = contents[ending] + f"{rendition.clip_id}".encode()
            rendition.sha256, rendition.bytes = hashlib.sha256(content).hexdigest(), len(content)
            media_path(folder, rendition.sha256, ending).write_bytes(content)
        db.commit()


def look(site: str, name: str) -> dict[str, list[dict[str, Any]]]:
    """Each page opened, and the two figures crossed."""
    opened, moved = [], []
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        context = browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{site}/login")
        page.fill("input[name=email]", EMAIL)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/studies")
        state = context.storage_state()
        for tab, wanted in PAGES.items():
            # Nothing is in the cache of a new context.
            fresh = browser.new_context(viewport=VIEWPORT, storage_state=state)  # type: ignore[arg-type]
            one = fresh.new_page()
            one.set_default_timeout(60_000)
            opened.append({"page": tab} | open_page(one, f"{site}/studies/{name}/{tab}", wanted))
            if tab == "results":
                moved = [{"figure": figure} | cross(one, where) for figure, where in MOVES.items()]
            fresh.close()
        browser.close()
    return {"pages": opened, "figures": moved}


def open_page(page: Page, address: str, wanted: str) -> dict[str, Any]:
    """Seconds until what is wanted can be seen, and the media that came within three seconds more."""
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "/media/" in request.url else None)
    start = time.monotonic()
    page.goto(address, wait_until="commit")
    page.locator(wanted).first.wait_for()
    seconds = time.monotonic() - start
    page.wait_for_timeout(3000)
    counts = page.evaluate(
        "() => ['img', 'video', '*'].map((kind) => document.querySelectorAll(kind).length)",
    )
    return {
        "usable after s": round(seconds, 2),
        "media fetched": len(set(fetched)),
        "pictures": counts[0],
        "videos": counts[1],
        "elements": counts[2],
    }


def cross(page: Page, where: str) -> dict[str, Any]:
    """Times between frames while the pointer goes to and fro over a figure, and while nothing happens."""
    figure = page.locator(where)
    figure.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    still = page.evaluate(FRAMES)
    box = figure.bounding_box()
    assert box is not None
    page.evaluate(f"() => {{ window.measured = ({FRAMES})(); }}")
    end, step = time.monotonic() + 2, 0
    while time.monotonic() < end:
        across, down = (step * 0.013) % 1, (step * 0.0037) % 1
        page.mouse.move(box["x"] + 1 + across * (box["width"] - 2), box["y"] + 1 + down * (box["height"] - 2))
        step += 1
    moving = page.evaluate("() => window.measured")
    return {
        "moves": step,
        "still, median ms": round(statistics.median(still), 1),
        "moving, median ms": round(statistics.median(moving), 1),
        "moving, 95 % ms": round(statistics.quantiles(moving, n=20)[-1], 1),
        "frames a second": round(1000 * len(moving) / sum(moving), 1),
    }
