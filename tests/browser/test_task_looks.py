"""Looks, languages and access: every participant page in all themes, on small screens, by keyboard, for axe-core."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import COLOUR_RULES, complaints, complaints_in_both_schemes
from tests.browser.keyboard import tab_to
from tests.browser.task_pages import Device, Serve, finish, place

pytest_plugins = ["tests.browser.task_fixtures"]
pytestmark = pytest.mark.browser

SCREENS = ("instructions", "sending", "preparing", "refused", "elsewhere", "thanks", "withdrawn", "problem", "loading")
SHOW = "name => import('/static/test/task/screens.js').then(({showScreen}) => { showScreen(name); })"


@pytest.mark.parametrize(("background", "rules"), [("auto", ()), ("grey", COLOUR_RULES)], ids=["auto", "grey"])
def test_axe_finds_nothing_on_any_participant_page(
    serve: Serve, device: Device, background: str, rules: tuple[str, ...]
) -> None:
    """By all rules; on a background of the study's own, which changes nothing but colours, by those about colours."""
    server = serve(
        state="instructed",
        background=background,
        real_arena=True,
        trials=[[0, 1, 2, 3], [4, 5]],
        purposes={0: "practice"},
    )
    page = device(bypass_csp=True).new_page()
    violations = []
    for path in ("/join/faces", "/join/full"):
        page.goto(server.url + path)
        violations += complaints_in_both_schemes(page, path, rules)
    page.goto(server.task)
    expect(page.locator("#start")).to_be_visible()
    violations += complaints_in_both_schemes(page, "instructions", rules)
    page.click("#start")
    expect(page.locator("[data-clip='C-3']")).to_be_visible()
    violations += complaints_in_both_schemes(page, "trial", rules)
    for dialog in ("help", "pause", "leave"):
        page.click(f"#{dialog}")
        expect(page.locator(f"#{dialog}-dialog")).to_be_visible()
        violations += complaints_in_both_schemes(page, dialog, rules)
        page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.locator("[data-clip='C-0']").focus()
    page.keyboard.press("p")
    page.keyboard.press("p")
    expect(page.locator("#saving")).to_have_attribute("data-state", "trouble")
    violations += complaints_in_both_schemes(page, "trouble", rules)
    page.context.set_offline(False)
    for screen in SCREENS:
        page.evaluate(SHOW, screen)
        violations += complaints_in_both_schemes(page, screen, rules)
    assert violations == []


def test_axe_finds_nothing_on_a_preview_and_on_practice_feedback(serve: Serve, device: Device) -> None:
    page = device(bypass_csp=True).new_page()
    server = serve(preview=True, trials=[[0, 1, 2, 3], [4, 5]], purposes={0: "practice"})
    page.goto(server.url + "/join/faces")
    violations = complaints(page, "preview")
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.get_by_role("button", name="Continue")).to_be_enabled()
    violations += complaints(page, "feedback")
    assert violations == []


MUTE = {"de": "Ton aus", "fr": "Couper le son", "es": "Silenciar", "en": "Mute"}


@pytest.mark.parametrize(
    ("size", "language"),
    [
        ((1024, 700), "de"),
        ((1024, 700), "fr"),
        ((1024, 700), "es"),
        ((1280, 720), "de"),
        ((2560, 1440), "en"),
        ((820, 1180), "fr"),
        ((853, 480), "de"),
        ((390, 844), "en"),
        ((390, 844), "fr"),
    ],
)
def test_the_bar_holds_its_longest_words_and_nothing_moves(
    serve: Serve, device: Device, size: tuple[int, int], language: str
) -> None:
    width, height = size
    page = device(viewport={"width": width, "height": height}, locale=language).new_page()
    page.add_init_script("localStorage.setItem('asterism-heard', 'S-1')")
    page.goto(serve(trials=[[0, 1]], at_most=True, sound=True).task)
    expect(page.get_by_role("button", name=MUTE[language])).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("[data-clip='C-0']")).to_be_visible()
    before = page.locator("#arena").bounding_box()
    page.context.set_offline(True)
    place(page, 0)
    expect(page.locator("#saving")).to_have_attribute("data-state", "trouble")
    assert page.locator("#arena").bounding_box() == before
    outside = page.evaluate(
        """() => {
          const bar = document.querySelector('#bar').getBoundingClientRect();
          return [...document.querySelectorAll('#bar *')].filter((element) => {
            const box = element.getBoundingClientRect();
            const inRows = box.top >= bar.top && box.bottom <= bar.bottom;
            const inColumns = box.left >= bar.left && box.right <= bar.right;
            return box.width && !(inRows && inColumns);
          }).map((element) => element.outerHTML.slice(0, 80));
        }"""
    )
    assert outside == []
    rows = page.evaluate(
        "[...document.querySelectorAll('.controls button')].map((one) => one.getBoundingClientRect())"
        ".map(({top, bottom}) => [(top + bottom) / 2, bottom - top])"
    )
    assert max(abs(middle - rows[0][0]) for middle, _ in rows) < 1, "the buttons stand on one line"
    assert max(height for _, height in rows) < 46, "the words on a button are on one line"
    assert page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth && document.body.scrollHeight <= innerHeight"
    )


@pytest.mark.parametrize("size", [(853, 480), (390, 844)])
def test_the_way_back_from_the_instructions_is_in_sight(serve: Serve, device: Device, size: tuple[int, int]) -> None:
    page = device(viewport={"width": size[0], "height": size[1]}).new_page()
    page.goto(serve(trials=[[0, 1]]).task)
    page.locator("#help").click()
    expect(page.get_by_role("button", name="Back to the task")).to_be_in_viewport(ratio=1)
    last = page.locator("#help-dialog li").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=1)


def test_the_page_speaks_the_participants_language(serve: Serve, device: Device) -> None:
    server = serve(state="instructed")
    page = device(locale="de-AT").new_page()
    page.goto(f"{server.url}/join/faces")
    expect(page.locator("input[name=lang]")).to_have_value("de")
    page.get_by_role("button", name="Ich bin einverstanden").click()
    expect(page.get_by_role("heading", name="So geht es")).to_be_visible()
    expect(page.locator("#progress-words")).to_have_text("0 % geschafft, noch etwa 15 Minuten")
    page.get_by_role("button", name="Los geht’s").click()
    expect(page.get_by_role("button", name="Fertig")).to_be_visible()
    page.goto(f"{server.task}?lang=fr")
    expect(page.locator("#saving")).to_have_text("Tout est enregistré")
    expect(page.get_by_role("button", name="Terminé")).to_be_visible()


def test_right_to_left_nothing_overflows_and_the_bar_is_mirrored(serve: Serve, device: Device) -> None:
    page = device(viewport={"width": 1024, "height": 700}).new_page()
    page.goto(serve(state="instructed").task)
    expect(page.locator("#start")).to_be_visible()
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bar = {name: page.locator(name).bounding_box() for name in (".progress", ".controls")}
    assert bar[".progress"]["x"] > bar[".controls"]["x"]
    heading, start = page.locator("h2").first.bounding_box(), page.locator("#start").bounding_box()
    assert abs(heading["x"] + heading["width"] - start["x"] - start["width"]) < 2


def test_a_whole_session_by_keyboard_alone(serve: Serve, page: Page) -> None:
    server = serve(real_arena=True, trials=[[0, 1, 2], [3, 4]])
    page.goto(server.url + "/join/faces")

    tab_to(page, "I agree")
    page.keyboard.press("Enter")
    expect(page.locator("#start")).to_be_visible()
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    for number, clips in enumerate([[0, 1, 2], [3, 4]]):
        expect(page.locator(f"[data-clip='C-{clips[-1]}']")).to_be_visible()
        for clip in clips:
            expect(page.locator(f"[data-clip='C-{clip}']")).to_be_focused()
            page.keyboard.press("p")
            for _ in range(3 * clip + 1):
                page.keyboard.press("ArrowLeft")
            page.keyboard.press("p")
            page.keyboard.press("Tab")
        tab_to(page, "Done")
        page.keyboard.press("Enter")
        expect(page.locator("#progress-words")).to_contain_text("50 %" if number == 0 else "100 %")
    expect(page.locator("h1", has_text="Thank you!")).to_be_focused()
    assert len(server.study.submitted) == 2
