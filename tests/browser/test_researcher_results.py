"""The results page in a real browser: figures that answer to pointer and keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.researcher_fixtures import lab, open_results, page, prepared, site, site_for_axe
from tests.browser.waiting import PATIENCE, drawn

__all__ = ["lab", "page", "prepared", "site", "site_for_axe"]
pytestmark = pytest.mark.browser


def colour_at(page: Page, figure: str, x: float, y: float) -> list[int]:
    """The canvas's colour at a place given in shares of its width and height."""
    return page.locator(f"[{figure}] canvas[role]").evaluate(
        "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x * canvas.width, y * canvas.height, 1, 1).data]",
        [x, y],
    )


def test_the_matrix_answers_to_the_pointer_and_to_the_keyboard(page: Page) -> None:
    open_results(page, "method=weighted_average&unfinished=1&order=study")
    matrix = page.locator("[data-rdm] canvas[role]")
    values = page.evaluate(
        "fetch('/api/v1/studies/faces/results/rdms/group?method=weighted_average&unfinished=1').then(r => r.json())"
    )
    matrix.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        matrix.press(key)
    card = page.locator("[data-rdm] .pair-card")
    expect(card).to_contain_text("face 1")
    expect(card).to_contain_text("face 2")
    # Pair (1, 2) of six items is number 5 of the condensed vector.
    expect(card).to_contain_text(f"Dissimilarity{values['rdm'][5]:.2f}")
    expect(card).to_contain_text(f"{values['n_raters'][5]} of 4")
    expect(page.locator("[data-rdm] [aria-live]")).to_contain_text("face 1 and face 2, Dissimilarity")
    # Both clips play, for who goes by the keyboard as for who points.
    for place in range(2):
        expect(card.locator("video").nth(place)).to_have_js_property("paused", False)
        expect(card.locator("video").nth(place)).to_have_js_property("readyState", 4)
    matrix.blur()
    expect(card).to_be_hidden()
    assert card.locator("video").evaluate_all("(all) => all.every((video) => video.paused && !video.src)")
    box = matrix.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 0.2 * box["height"])
    expect(card).to_contain_text("face 5")
    page.mouse.move(box["x"] - 5, box["y"] - 5)
    expect(card).to_be_hidden()
    # The same for every two raters, agreement growing with their number, and the tree of the clips.
    between = page.locator("[data-between] canvas[role]")
    between.focus()
    between.press("ArrowRight")
    expect(page.locator("[data-between] .pair-card")).to_contain_text("Spearman ρ")
    expect(page.locator("[data-growth] svg")).to_have_attribute("aria-label", re.compile("The mean of 3: 0"))
    expect(page.locator(".tree text").filter(has_text="face")).to_have_count(5)
    page.get_by_label("Order").select_option("mood")
    expect(page).to_have_url(re.compile("order=mood"))
    page.get_by_label("Order").select_option("study")
    assert page.title() != "broken"


def test_the_matrix_is_symmetric_and_coloured_by_its_values(page: Page) -> None:
    open_results(page, "method=weighted_average&unfinished=1&order=study")
    shares = [(0.92, 0.35), (0.35, 0.92)]
    above, below = (colour_at(page, "data-rdm", *share) for share in shares)
    assert above == below
    assert len({tuple(colour_at(page, "data-rdm", 0.2 + 0.14 * k, 0.93)) for k in range(5)}) > 2
    size = page.locator("[data-rdm] canvas[role]").evaluate(
        "(canvas) => [canvas.width, Math.round(canvas.getBoundingClientRect().width * devicePixelRatio)]"
    )
    assert size[0] == size[1]


def test_every_rater_has_a_small_picture_once_it_is_in_view(page: Page) -> None:
    open_results(page)
    pictures = page.locator(".thumb canvas")
    pictures.last.scroll_into_view_if_needed()
    fewest = pictures.evaluate_all(
        """async (canvases, patience) => {
            const coloursOf = (canvas) => {
                const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                return new Set(new Uint32Array(data.buffer)).size;
            };
            const end = performance.now() + patience;
            let fewest = 0;
            while (fewest < 4 && performance.now() < end) {
                await new Promise(requestAnimationFrame);
                fewest = Math.min(...canvases.map(coloursOf));
            }
            return fewest;
        }""",
        PATIENCE / 4,
    )
    assert fewest >= 4


def test_choosing_a_rater_an_order_and_who_is_in(page: Page) -> None:
    open_results(page)
    expect(page.locator("[data-simulated]")).to_contain_text("1 of 4 raters is simulated")
    page.locator(".thumb", has_text="P002").click()
    expect(page.get_by_role("heading", name="Dissimilarities of P002")).to_be_visible()
    expect(page).to_have_url(re.compile("rater=P002"))
    page.reload()
    expect(page.get_by_role("heading", name="Map of P002")).to_be_visible()
    page.get_by_label("simulated raters").uncheck()
    expect(page.locator(".thumb")).to_have_count(4)
    expect(page.locator("[data-simulated]")).to_be_hidden()
    expect(page.get_by_role("link", name="Export bundle (ZIP)")).to_have_attribute("href", re.compile("simulated=0"))
    with page.expect_download() as download:
        page.get_by_role("link", name="NPZ for NumPy").first.click()
    assert download.value.suggested_filename.endswith("_raters_weighted_average.npz")


def test_estimates_that_borrow_are_computed_by_a_button_and_shown_for_the_chosen_rater(page: Page) -> None:
    open_results(page)
    card = page.get_by_role("region", name="Estimates that borrow from the group")
    expect(card).to_contain_text("No agreement, noise ceiling or reliability may be computed from them.")
    expect(card.get_by_role("table")).to_have_count(0)
    card.get_by_role("button", name="Compute estimates").click()
    expect(card.locator("tbody th")).to_have_text(["P001", "P002", "P003", "P004", "group"])
    expect(card.locator("tbody tr").last).to_contain_text("of 15")
    expect(card.get_by_role("img", name="Dissimilarities of the group, from all trials")).to_be_visible()
    expect(card).to_contain_text("no rater's agreement with it, and no noise ceiling, may be computed from it")
    page.get_by_label("RDM of").select_option("P001")
    expect(card.get_by_role("img", name="Dissimilarities of P001")).to_be_visible()
    expect(card).not_to_contain_text("no rater's agreement with it")
    page.get_by_label("unfinished sessions").uncheck()
    expect(card.get_by_role("button", name="Compute estimates")).to_be_visible()
    expect(card.get_by_role("table")).to_have_count(0)


def test_unfinished_sessions_are_out_until_they_are_asked_for(page: Page) -> None:
    open_results(page, "method=weighted_average")
    expect(page.locator(".thumb")).to_have_count(4)
    notice = page.locator("[data-left-out]")
    expect(notice).to_contain_text("1 unfinished session is left out")
    page.get_by_label("unfinished sessions").check()
    expect(page.locator(".thumb")).to_have_count(5)
    expect(notice).to_contain_text("1 unfinished session is in all figures below")
    expect(page.get_by_role("link", name="Export bundle (ZIP)")).to_have_attribute("href", re.compile("unfinished=1"))


def test_predicted_pairs_are_shown_when_asked_for_and_say_so(page: Page) -> None:
    open_results(page, "method=latent&unfinished=1&order=study")
    expect(page.locator("[data-pairs-shown]")).to_contain_text("1 is the size of a typical dissimilarity")
    page.get_by_label("predicted pairs").check()
    page.get_by_label("RDM of").select_option("P004")
    title = page.get_by_role("heading", name="Dissimilarities of P004")
    expect(title).to_have_text("Dissimilarities of P004, completed by the model")
    expect(page.locator("[data-pairs-shown]")).to_contain_text("5 of 15 pairs are predicted")
    expect(page.locator(".spot")).to_have_count(6)
    expect(page).to_have_url(re.compile("completed=1"))
    with page.expect_download() as download:
        page.get_by_role("link", name="HDF5, completed by the model").first.click()
    assert download.value.suggested_filename.endswith("_raters_latent_completed.hdf5")


def test_a_clip_on_the_map_plays_while_it_is_pointed_at(page: Page) -> None:
    open_results(page)
    spot = page.locator(".spot").nth(3)
    spot.scroll_into_view_if_needed()
    spot.hover()
    video = page.locator(".preview video")
    expect(video).to_be_visible()
    expect(video).to_have_js_property("paused", False)
    expect(video).to_have_js_property("readyState", 4)
    expect(video).to_have_js_property("muted", True)
    page.mouse.move(2, 2)
    expect(video).to_be_hidden()
    expect(video).to_have_js_property("paused", True)
    page.get_by_label("Colour by").select_option("mood")
    expect(page.locator("[data-colour-legend]")).to_contain_text("happy")
    page.get_by_label("points").check()
    expect(page.locator(".spot.point")).to_have_count(6)

    page.get_by_label("Dimensions of the map").select_option("3-D")
    expect(page.locator("[data-map] .hint")).to_contain_text("in 3 dimensions")
    field = page.get_by_role("region", name="Map of the clips in three dimensions")
    at_first = place_on_map(page)
    page.get_by_role("button", name="Turn the map to the left").click()
    assert place_on_map(page) != pytest.approx(at_first, abs=1)
    field.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    # Three steps of a key are one of a button.
    assert place_on_map(page) == pytest.approx(at_first, abs=0.01)
    box = field.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.mouse.up()
    assert place_on_map(page) != pytest.approx(at_first, abs=1)
    page.locator(".spot").nth(3).focus()
    expect(video).to_be_visible()
    page.get_by_label("Dimensions of the map").select_option("2-D")
    expect(page.locator("[data-map] .hint")).to_contain_text("in 2 dimensions")
    expect(field).to_have_count(0)
    drawn_while_it_turns, buttons_again = page.evaluate(TURN_MANY)
    assert drawn_while_it_turns == [True, True, True]
    assert buttons_again == [True, True]


# A map of 200 clips on the same page: while it turns it is a drawing, and the buttons stay where they were.
TURN_MANY = """async () => {
  const results = document.querySelector('script[src*="researcher/results.js"]').src;
  const { mountMap } = await import(new URL('map.js', results));
  const element = document.querySelector('main').appendChild(document.createElement('div'));
  const clips = Array.from({ length: 200 }, (_, k) => ({ id: `${k}`, label: `${k}`, poster: null, sources: [] }));
  const positions = clips.map((_, k) => [Math.cos(k), Math.sin(k), k / 200]);
  mountMap(element).show({ clips, positions, points: true, colours: clips.map(() => null), words: '' });
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const [field, spot, canvas] = ['.field-of-clips', '.spot', 'canvas'].map((name) => element.querySelector(name));
  const before = spot.style.transform;
  field.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
  while (!field.classList.contains('turning')) await frame();
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const turning = [!canvas.hidden, data.some((value) => value > 0), spot.style.transform === before];
  while (field.classList.contains('turning')) await frame();
  element.remove();
  return [turning, [canvas.hidden, spot.style.transform !== before]];
}"""


def place_on_map(page: Page) -> float:
    """How far to the right of the map's middle a clip is, once it is drawn."""
    drawn(page)
    where: float = page.locator(".spot").nth(3).evaluate("(spot) => new DOMMatrix(spot.style.transform).e")
    return where
