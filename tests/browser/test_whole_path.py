"""The main job from end to end: real clips, a real browser with a real mouse, a real server; then the data."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from analysis import estimate_rdm
from analysis.formats.bundle import read_bundle
from analysis.results import Choice
from app.clips.conversion import convert_waiting_clips
from app.db import Database
from app.definition.find import find_study
from app.models import Clip, ParticipantSession, Placement, Submission, Trial
from app.results.export import export_bundle
from app.results.stored import results_now
from app.studies.lifecycle import create_study, open_study
from app.studies.study_folder import read_study_folder
from tests.browser.waiting import PATIENCE, settled, until
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

N_CLIPS = 6
TOML = """
title = "Whole path"
seed = 3
[texts]
question = "How alike are these faces?"
[design]
max_items = 5
[stop]
max_trials = 3
[recruitment]
completion_code = "DONE-42"
"""
Point = tuple[float, float]


@pytest.fixture
def study(app: Flask, database: Database, tmp_path: Path) -> str:
    """An open study of drawn clips that went through the real conversion."""
    settings = app.extensions["asterism"].settings
    folder = tmp_path / "whole-path"
    (folder / "clips").mkdir(parents=True)
    for clip in sorted((ROOT / "demo" / "clips").glob("*.mp4"))[:: 24 // N_CLIPS]:
        shutil.copy(clip, folder / "clips")
    (folder / "study.toml").write_text(TOML)
    with database.writing() as db:
        name, imported = create_study(db, settings, read_study_folder(folder))
    assert len(imported.added) == N_CLIPS
    convert_waiting_clips(database, settings)
    with database.writing() as db:
        open_study(db, name)
    return name


def drag(page: Page, clip: str, target: Point) -> Point:
    """Drag a clip by the mouse to about `target` (arena units); returns where it must lie then, from pixels alone.

    A press keeps the distance from the pointer to the centre, so the centre lands that far from the release.
    """
    settled(page)
    box, circle = (page.locator(css).bounding_box() for css in (f'[data-clip="{clip}"]', "[data-arena]"))
    assert box is not None
    assert circle is not None
    centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    press = (round(centre[0]) + 3, round(centre[1]) + 2)
    release = (
        round(circle["x"] + (0.5 + target[0]) * circle["width"]),
        round(circle["y"] + (0.5 - target[1]) * circle["width"]),
    )
    page.mouse.move(*press)
    page.mouse.down()
    page.mouse.move((press[0] + release[0]) / 2, (press[1] + release[1]) / 2, steps=4)
    page.mouse.move(*release, steps=4)
    page.mouse.up()
    landed = (release[0] + centre[0] - press[0], release[1] + centre[1] - press[1])
    return (landed[0] - circle["x"]) / circle["width"] - 0.5, 0.5 - (landed[1] - circle["y"]) / circle["width"]


def shown_clips(page: Page) -> list[str]:
    return [element.get_attribute("data-clip") or "" for element in page.locator("[data-clip]").all()]


def spread(n: int, turn: float) -> list[Point]:
    return [(0.3 * np.cos(turn + 2 * np.pi * k / n), 0.2 * np.sin(turn + 2 * np.pi * k / n)) for k in range(n)]


def placements(database: Database) -> dict[int, dict[str, Point]]:
    """What the database holds, by the trial's number and the clip's public name."""
    by_trial: dict[int, dict[str, Point]] = {}
    with database.reading() as db:
        query = select(Trial.number, Clip.public_id, Placement.x, Placement.y)
        query = query.join_from(Placement, Trial, Placement.trial_id == Trial.id).join(Clip)
        for number, clip, x, y in db.execute(query):
            by_trial.setdefault(number, {})[clip] = (x, y)
    return by_trial


def test_a_participant_arranges_real_clips_and_every_placement_arrives(
    study: str, server: str, database: Database, chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/join/{study}?PROLIFIC_PID=p1&STUDY_ID=s1&SESSION_ID=x1")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start").click()
    dropped: dict[int, dict[str, Point]] = {}

    # The first trial, with a reload in the middle.
    expect(page.locator("[data-clip]")).to_have_count(5)
    expect(page.get_by_text("How alike are these faces?")).to_be_visible()
    clips = shown_clips(page)
    expect(page.locator("[data-done]")).to_be_disabled()
    _plays_on_hover(page, clips[0])
    targets = spread(5, 0.3)
    dropped[0] = {clip: drag(page, clip, at) for clip, at in zip(clips[:3], targets[:3], strict=True)}
    expect(page.locator("[data-status]")).to_contain_text("2")
    expect(page.locator("#saving")).to_contain_text("All saved")
    page.reload()
    expect(page.locator("[data-clip]")).to_have_count(5)
    assert shown_clips(page) == clips
    dropped[0] |= {clip: drag(page, clip, at) for clip, at in zip(clips[3:], targets[3:], strict=True)}
    expect(page.locator("[data-done]")).to_be_enabled()
    page.locator("[data-done]").click()

    # The second trial is submitted while the network is gone; it comes back, and the outbox delivers.
    expect(page.locator("[data-clip]").first).not_to_have_attribute("data-clip", clips[0])
    clips = shown_clips(page)
    dropped[1] = {clip: drag(page, clip, at) for clip, at in zip(clips, spread(len(clips), 1.1), strict=True)}
    context.set_offline(True)
    page.locator("[data-done]").click()
    expect(page.locator("#saving")).to_contain_text("Not saved yet")
    assert 1 not in placements(database)
    context.set_offline(False)

    # The third, and the end.
    expect(page.locator("[data-done]")).to_be_disabled()
    expect(page.locator("#saving")).to_contain_text("All saved")
    clips = shown_clips(page)
    dropped[2] = {clip: drag(page, clip, at) for clip, at in zip(clips, spread(len(clips), 2.0), strict=True)}
    page.locator("[data-done]").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    expect(page.locator("[data-code]")).to_have_text("DONE-42")
    assert context.cookies() == []
    context.close()
    assert errors == []

    stored = placements(database)
    assert {number: set(clips) for number, clips in stored.items()} == {n: set(c) for n, c in dropped.items()}
    for number, clips_there in dropped.items():
        for clip, place in clips_there.items():
            assert stored[number][clip] == pytest.approx(place, abs=1e-6), (number, clip)
    _everything_else_is_there(database)
    _the_rdm_is_that_of_the_exported_placements(database, study, tmp_path)


def _plays_on_hover(page: Page, clip: str) -> None:
    page.locator(f'[data-clip="{clip}"]').hover()
    plays = "[...document.querySelectorAll('video')].some((v) => !v.paused && v.currentTime > 0.1)"
    until(page, lambda: page.evaluate(plays))


def _everything_else_is_there(database: Database) -> None:
    with database.reading() as db:
        [session] = db.scalars(select(ParticipantSession))
        assert session.recruiter == {"PROLIFIC_PID": "p1", "STUDY_ID": "s1", "SESSION_ID": "x1"}
        assert (session.state, session.ended_by) == ("finished", "trials")
        submissions = list(db.scalars(select(Submission)))
    assert len(submissions) == 3
    for submission in submissions:
        assert (submission.viewport_width, submission.viewport_height) == (1280, 720)
        assert submission.arena_diameter > 300


def _the_rdm_is_that_of_the_exported_placements(database: Database, study: str, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    with database.reading() as db:
        study_row = find_study(db, study)
        with file.open("wb") as out:
            export_bundle(db, study_row, out)
        estimates = results_now(db, study_row.id, Choice("weighted_average", True, True)).estimates
        shown = next(iter(estimates.values()))
    bundle = read_bundle(file)
    [arrangements] = bundle.arrangements().values()
    apart = estimate_rdm(arrangements, N_CLIPS, method="weighted_average")
    np.testing.assert_allclose(apart.rdm, shown.rdm, rtol=1e-9)
    np.testing.assert_allclose(bundle.rdms("weighted_average").rdms[0], apart.rdm, rtol=1e-9)
