"""The task page walked through in a real Chromium: what the participant sees and reads, and what reaches the server."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.fake_api import status
from tests.browser.task_pages import Device, Serve, finish, place, placed, saved, shows_clip
from tests.browser.waiting import drawn, stored, until

pytest_plugins = ["tests.browser.task_fixtures"]
pytestmark = pytest.mark.browser


def test_from_consent_to_thanks(serve: Serve, page: Page) -> None:
    server = serve()
    page.goto(f"{server.url}/join/faces?PROLIFIC_PID=abc")
    expect(page.locator("input[name=PROLIFIC_PID]")).to_have_value("abc")
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    expect(page.locator("#progress-words")).to_have_text("0 % done, about 15 minutes left")
    saved(page)
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", name="How alike are they?")).to_be_visible()
    place(page, 0, 1, 2, 3)
    dropped = placed(page)
    finish(page)
    shows_clip(page, 4)
    expect(page.locator("#progress-words")).to_have_text("50 % done, about 6 minutes left")
    body = json.loads(server.study.submitted[server.study.key(0)])
    assert {row["clip"]: (row["x"], row["y"]) for row in body["placements"]} == dropped
    assert set(body) == {"placements", "moves", "plays", "duration", "hidden", "viewport", "arena"}

    place(page, 4, 5, 6)
    finish(page)
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    expect(page.get_by_text("You have helped us a lot.")).to_be_visible()
    expect(page.locator("[data-code]")).to_have_text("STAR-1234")
    back = page.get_by_role("button", name="Finish and go back")
    expect(back).to_have_attribute("href", "https://recruiter.example/done?cc=STAR-1234")
    expect(page.locator("#bar")).to_be_hidden()
    assert page.context.cookies() == []


def test_a_way_back_that_cannot_be_filled_in_is_explained(serve: Serve, page: Page) -> None:
    completion = {"code": "STAR-1234", "url": None, "incomplete": True}
    server = serve(state="finished", trials=[], completion=completion)
    page.goto(server.task)
    expect(page.get_by_text("so this page cannot take you back")).to_be_visible()
    expect(page.locator("[data-code]")).to_have_text("STAR-1234")
    expect(page.locator("[data-back]")).to_be_hidden()
    expect(page.locator("[data-close]")).to_be_hidden()


def test_a_completion_link_that_is_a_script_is_not_offered(serve: Serve, page: Page) -> None:
    server = serve(state="finished", trials=[], completion={"code": None, "url": "javascript:alert(1)"})
    page.goto(server.task)
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    expect(page.locator("[data-back]")).to_be_hidden()
    expect(page.locator("[data-code-block]")).to_be_hidden()
    expect(page.get_by_text("You can close this page now.").first).to_be_visible()


def test_the_completion_code_can_be_copied_also_without_a_clipboard(serve: Serve, device: Device) -> None:
    server = serve(state="finished", trials=[])
    page = device().new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto(server.task)
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("[data-copy]")).to_have_text("Copied")
    assert page.evaluate("getSelection().toString()").strip() == "STAR-1234"


def test_f21_an_mturk_preview_offers_nothing_to_press(serve: Serve, page: Page) -> None:
    page.goto(serve(preview=True).url + "/join/faces?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    expect(page.get_by_text("This is a preview.")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_f22_no_cookie_and_the_token_goes_nowhere_else(serve: Serve, page: Page) -> None:
    server = serve()
    referrers: list[str | None] = []
    page.on("request", lambda request: referrers.append(request.headers.get("referer")))
    page.goto(server.task)
    shows_clip(page, 0)
    assert page.evaluate("document.cookie") == ""
    # Imports of modules name the importing script; no request names the page, whose address holds the token.
    assert not [referrer for referrer in referrers if referrer and "/join/" in referrer]


def test_f22_requests_for_data_and_clips_leave_the_browsers_cookies_out(serve: Serve, page: Page) -> None:
    server = serve()
    # As a researcher's login in the same browser: a participant's requests must not ride on it.
    page.context.add_cookies([{"name": "session", "value": "somebody-elses-login", "url": server.url}])
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("requestfinished", note)
    page.goto(server.task)
    shows_clip(page, 0)

    def fetched(part: str) -> list[Request]:
        return [one for one in requests if part in one.url and one.resource_type == "fetch"]

    until(page, lambda: fetched("/media/") and fetched("/api/v1/"))
    for request in fetched("/"):
        assert "cookie" not in request.all_headers(), request.url


def test_an_error_in_the_page_reaches_the_experimenters_log(serve: Serve, chromium: Browser) -> None:
    server = serve()
    page = chromium.new_context().new_page()
    page.goto(server.task)
    shows_clip(page, 0)
    page.evaluate("setTimeout(() => { throw new Error('made by the test'); })")
    until(page, lambda: server.study.events)
    page.context.close()
    assert server.study.events == [{"kind": "page_error", "detail": {"message": "Uncaught Error: made by the test"}}]


def test_an_unknown_link_says_so(serve: Serve, page: Page) -> None:
    page.goto(serve().url + "/join/faces/some-other-token")
    expect(page.get_by_text("We do not recognise this link.")).to_be_visible()


def test_a_break_hides_the_clips_and_counts_as_time_away(serve: Serve, page: Page) -> None:
    server = serve(trials=[[0, 1]])
    page.clock.install()
    page.goto(server.task)
    place(page, 0, 1)
    stored(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="A break")).to_be_visible()
    until(page, lambda: server.study.events)
    page.clock.fast_forward(90_000)
    page.get_by_role("button", name="Continue").click()
    until(page, lambda: len(server.study.events) == 2)
    finish(page)
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    body = json.loads(server.study.submitted[server.study.key(0)])
    assert 90_000 <= body["hidden"] <= body["duration"] < 120_000
    assert [event["kind"] for event in server.study.events] == ["pause", "resume"]


def test_the_time_left_counts_down_within_a_round_and_stands_still_in_a_break(serve: Serve, page: Page) -> None:
    server = serve(at_most=True)
    page.clock.install()
    page.goto(server.task)
    shows_clip(page, 0)
    left = page.locator("#progress-words")
    expect(left).to_have_text("0 % done, at most 12 minutes left")
    page.clock.fast_forward(5 * 60_000)
    expect(left).to_have_text("0 % done, at most 7 minutes left")
    page.get_by_role("button", name="Pause").click()
    page.clock.fast_forward(4 * 60_000)
    page.get_by_role("button", name="Continue").click()
    # The dialog tells that it was closed in a task of its own; until then it is a break.
    drawn(page)
    page.clock.fast_forward(60_000)
    expect(left).to_have_text("0 % done, at most 6 minutes left")


def test_the_instructions_can_be_read_again_during_the_task(serve: Serve, page: Page) -> None:
    page.goto(serve(play="click").task)
    page.get_by_role("button", name="Instructions").click()
    dialog = page.locator("#help-dialog")
    expect(dialog.get_by_text("You will see short clips of faces.")).to_be_visible()
    expect(dialog.get_by_text("Click a clip to watch it.")).to_be_visible()
    page.get_by_role("button", name="Back to the task").click()
    expect(dialog).to_be_hidden()


def test_leaving_asks_first_and_then_is_final(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["withdraw"] = [status(503)]
    page.goto(server.task)
    place(page, 0)
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("button", name="Stay").click()
    assert server.study.state == "arranging"
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("button", name="Leave for good").click()
    expect(page.locator("#leave-problem")).to_have_text("No connection. Please try again.")
    page.get_by_role("button", name="Leave for good").click()
    expect(page.get_by_role("heading", name="You have left the study")).to_be_visible()
    assert server.study.state == "withdrawn"
    page.reload()
    expect(page.get_by_role("heading", name="You have left the study")).to_be_visible()


def test_a_practice_round_shows_what_was_expected_and_goes_on_when_it_is_saved(serve: Serve, page: Page) -> None:
    server = serve(trials=[[0, 1, 2, 3], [0, 1, 2, 3], [4, 5]], purposes={0: "practice", 1: "practice"})
    server.study.faults["submit"] = [status(503)]
    page.goto(server.task)
    expect(page.locator("#loading")).to_have_text("This is a practice round.")
    expect(page.locator("#announcer")).to_have_text("This is a practice round.")
    for clip, x in (("C-0", -0.4), ("C-2", -0.38), ("C-1", 0.4), ("C-3", 0.2)):
        page.evaluate("([clip, x]) => standIn.place(clip, x, 0)", [clip, x])
    finish(page)
    expect(page.get_by_text("look different to most people: put them farther apart.")).to_be_visible()
    expect(page.locator("#screen-feedback .mark")).to_have_count(4)
    expect(page.locator("#screen-feedback svg")).to_have_count(2)
    expect(page.locator("#screen-feedback image")).to_have_count(8)
    expect(page.get_by_text("Next comes another practice round.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.get_by_text("Practice is over. From now on it counts.")).to_be_visible()
    expect(page.get_by_text("This is a practice round.")).to_have_count(0)
    page.get_by_role("button", name="Continue").click()
    shows_clip(page, 4)
    expect(page.get_by_text("This is a practice round.")).to_have_count(0)
    assert len(server.study.submitted) == 2


def test_a_clip_that_cannot_be_loaded_is_told_reported_and_tried_again(serve: Serve, page: Page) -> None:
    server = serve(broken_media={2})
    page.clock.install()
    page.goto(server.task)
    expect(page.locator("#loading")).to_have_text("Loading clips: 3 of 4")
    for _ in range(4):
        page.clock.fast_forward(6_000)
        page.wait_for_timeout(200)
    expect(page.locator("#loading")).to_have_text("Clips that could not be loaded: 1.")
    assert page.evaluate("[...standIn.failed]") == ["C-2"]
    until(page, lambda: server.study.events)
    [event] = server.study.events
    assert event == {
        "kind": "clip_failed",
        "detail": {"clip": "C-2", "url": "/media/2.mp4", "reason": "status 500"},
    }
    server.study.broken_media.clear()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#loading")).to_have_text("")
    assert page.evaluate("[...standIn.failed]") == []
    assert page.evaluate("standIn.clips.every(({sources}) => sources[0].src.startsWith('blob:'))")


def test_the_next_trials_clips_are_loaded_before_it_begins(serve: Serve, page: Page) -> None:
    server = serve()
    order: list[str] = []
    page.on("request", lambda request: order.append(urlsplit(request.url).path))
    with page.expect_response("**/media/6.mp4*"):
        page.goto(server.task)
    order = [path for path in order if path.startswith("/media/")]
    wanted = [f"/media/{i}.{kind}" for group in ([0, 1, 2, 3], [4, 5, 6]) for kind in ("webp", "mp4") for i in group]
    # Four at a time: an address may overtake three others, not more.
    assert sorted(order) == sorted(wanted)
    assert all(abs(order.index(path) - i) <= 4 for i, path in enumerate(wanted))


def test_a_neutral_grey_ground_for_vision_studies(serve: Serve, page: Page) -> None:
    page.goto(serve(background="grey").task)
    shows_clip(page, 0)
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(128, 128, 128)"
