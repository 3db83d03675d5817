"""A session with pictures and sounds in Chromium, by keyboard alone: seen whole, heard once each, placed, stored."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select

from app.domain import ItemKind
from app.models import Clip
from tests.browser.axe import complaints
from tests.browser.session_pages import Device, done, place
from tests.browser.session_site import Site
from tests.browser.waiting import until

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser

TOML = """
title = "Shapes and tones"
language = "en"
[clips]
labels = "file_names"
[playback]
watch = "before_done"
[stop]
min_evidence = 100
max_trials = 1
"""


def two_pictures_and_two_sounds(folder: Path) -> None:
    Image.new("RGB", (300, 60), (200, 40, 40)).save(folder / "wide.png")
    Image.new("RGBA", (60, 300), (40, 40, 200, 90)).save(folder / "tall.png")
    for name, pitch in (("low", 220), ("high", 880)):
        with wave.open(str(folder / f"{name}.wav"), "wb") as out:
            out.setparams((1, 2, 22_050, 0, "NONE", ""))
            samples = np.sin(2 * np.pi * pitch * np.arange(0, 0.6, 1 / 22_050))
            out.writeframes((samples * 16_000).astype("<i2").tobytes())


def test_pictures_are_seen_whole_and_sounds_are_heard_by_keyboard_alone(
    site: Site, add_study: Callable[..., None], device: Device
) -> None:
    add_study("items", TOML, fill=two_pictures_and_two_sounds)
    with site.database.reading() as db:
        rows = db.execute(
            select(Clip.kind, Clip.public_id, Clip.label).where(Clip.label.in_(["low", "high", "wide", "tall"]))
        )
        named = {label: (kind, public_id) for kind, public_id, label in rows}
    link = site.link("items")
    page = device(bypass_csp=True).new_page()
    page.add_init_script("Math.random = () => 0.6")
    page.goto(link)
    page.get_by_role("button", name="I agree").press("Enter")
    expect(page.get_by_text("A short sound check comes first.")).to_be_visible()
    page.get_by_role("button", name="Start").press("Enter")
    expect(page.get_by_text("Some items have sound, and it matters here.")).to_be_visible()
    page.get_by_role("button", name="Play the beeps").press("Enter")
    expect(page.get_by_role("button", name="4", exact=True)).to_be_enabled()
    page.get_by_role("button", name="4", exact=True).press("Enter")
    expect(page.locator("[data-status]")).to_have_text("4 items are still outside")

    def item(label: str) -> str:
        return f'[data-clip="{named[label][1]}"]'

    # Each lies in its card as it is: a picture is not cut off, and a sound has its waveform.
    pictures = '[data-kind="picture"] > .clip__poster'
    look = "all => all.map((one) => [getComputedStyle(one).objectFit, one.naturalWidth > 0])"
    until(page, lambda: page.eval_on_selector_all(pictures, look) == [["contain", True]] * 2)
    expect(page.locator(item("low"))).to_contain_text("low")

    # A picture has nothing to hear; a sound is heard as soon as it has the focus, and again by Space.
    page.locator(item("wide")).focus()
    for label in ("low", "high"):
        page.locator(item(label)).focus()
        expect(page.locator(f"{item(label)}[data-playing], {item(label)} [data-playing]")).to_have_count(1)
        expect(page.locator(f"{item(label)}:not(.is-unwatched)")).to_have_count(1)
    assert complaints(page, "pictures and sounds") == []
    placed = place(page, 0, 1, 2, 3)
    done(page)
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    (trial,) = site.stored(link)
    assert set(trial.placements) == set(placed)
    sounds = {public_id for kind, public_id in named.values() if kind == ItemKind.SOUND}
    assert {clip for clip, _ in trial.plays} == sounds
