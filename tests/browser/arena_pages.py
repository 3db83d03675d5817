"""A page object for the arena: positions in arena units, real mouse and keyboard events."""

from __future__ import annotations

from typing import Any, Protocol

from playwright.sync_api import Locator, Page

from tests.browser.waiting import drawn, settled

Point = tuple[float, float]


class ArenaPage:
    """One arena on the harness page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def frame(self) -> None:
        """Wait until what has happened so far is drawn."""
        drawn(self.page)

    def settled(self) -> None:
        """Wait until nothing is moving any longer."""
        settled(self.page)

    def circle(self) -> dict[str, float]:
        """The circle's bounding square, pixels."""
        box = self.page.locator("[data-arena]").bounding_box()
        assert box is not None
        return dict(box)

    def pixel(self, x: float, y: float) -> Point:
        """Where an arena point lies on the page."""
        box = self.circle()
        return box["x"] + (0.5 + x) * box["width"], box["y"] + (0.5 - y) * box["width"]

    def clip(self, clip: str) -> Locator:
        """The element of a clip."""
        return self.page.locator(f'[data-clip="{clip}"]')

    def centre(self, clip: str) -> Point:
        """The centre of a clip, pixels."""
        box = self.clip(clip).bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def shown(self, clip: str) -> Point:
        """The centre of a clip as it is drawn, arena units."""
        box = self.circle()
        x, y = self.centre(clip)
        return (x - box["x"]) / box["width"] - 0.5, 0.5 - (y - box["y"]) / box["width"]

    def move_to(self, x: float, y: float, steps: int = 1) -> None:
        """Move the mouse to an arena point."""
        self.page.mouse.move(*self.pixel(x, y), steps=steps)

    def press(self, clip: str) -> None:
        """Press the mouse button on a clip's centre."""
        self.page.mouse.move(*self.centre(clip))
        self.page.mouse.down()

    def drag(self, clip: str, x: float, y: float) -> None:
        """Drag a clip by its centre to an arena point."""
        self.press(clip)
        self.move_to(x, y, steps=5)
        self.page.mouse.up()
        self.frame()

    def click_clip(self, clip: str, modifiers: list[Any] | None = None) -> None:
        """Click on a clip."""
        for modifier in modifiers or []:
            self.page.keyboard.down(modifier)
        self.page.mouse.click(*self.centre(clip))
        for modifier in modifiers or []:
            self.page.keyboard.up(modifier)
        self.frame()

    def click_at(self, x: float, y: float) -> None:
        """Click on an arena point."""
        self.page.mouse.click(*self.pixel(x, y))
        self.frame()

    def lasso(self, points: list[Point]) -> None:
        """Draw a line around arena points."""
        self.move_to(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.move_to(*point, steps=4)
        self.page.mouse.up()
        self.frame()

    def selected(self) -> set[str]:
        """The clips that are marked as selected."""
        self.frame()
        return set(self.page.eval_on_selector_all(".clip.is-selected", "all => all.map((each) => each.dataset.clip)"))

    def result(self) -> dict[str, Any]:
        """What would be handed in now."""
        answer: dict[str, Any] = self.page.evaluate("harness.arena.result()")
        return answer

    def placements(self) -> dict[str, Point]:
        """The positions of the clips in the arena, arena units."""
        return {each["clip"]: (each["x"], each["y"]) for each in self.result()["placements"]}

    def changes(self) -> int:
        """How often the arena reported a change."""
        return int(self.page.evaluate("harness.changes"))

    def status(self) -> str:
        """The line that says what is missing."""
        self.frame()
        return self.page.locator("[data-status]").inner_text()

    def guidance(self) -> str:
        """The line of help."""
        self.frame()
        return self.page.locator("[data-guidance]").inner_text()

    def heard(self) -> str:
        """What a screen reader was told last."""
        self.frame()
        return self.page.locator("[data-live]").inner_text()

    def name(self, clip: str) -> str:
        """What a screen reader calls a clip."""
        self.frame()
        return self.clip(clip).get_attribute("aria-label") or ""

    def done(self) -> Locator:
        """The Done button."""
        return self.page.locator("[data-done]")

    def available(self, button: Locator) -> bool:
        """Whether a button of the arena does something now."""
        self.frame()
        return button.get_attribute("aria-disabled") == "false"


def draft_of(places: dict[str, Point]) -> dict[str, object]:
    """A draft with these placements."""
    return {"placements": [{"clip": clip, "x": x, "y": y} for clip, (x, y) in places.items()]}


class OpenArena(Protocol):
    """Opens an arena with n clips; further keywords are options of mountArena."""

    def __call__(self, n: int, *, context: dict[str, Any] | None = None, **options: Any) -> ArenaPage: ...
