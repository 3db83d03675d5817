"""What the tests ask of any browser, and the few gestures they are made of."""

from __future__ import annotations

import json
import time
from typing import Any, Protocol

Point = tuple[float, float]

PATIENCE = 60.0  # seconds


class Engine(Protocol):
    """A running browser with one window. `errors`: script errors of its pages, where the browser reports them."""

    version: str
    errors: list[str]

    def open(self, address: str) -> None: ...
    def reload(self) -> None: ...
    def evaluate(self, expression: str) -> Any: ...
    def act(self, sources: list[dict[str, Any]]) -> None: ...
    def close(self) -> None: ...


def until(engine: Engine, expression: str) -> Any:
    """The value of a JavaScript expression as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    last: object = None
    while time.monotonic() < deadline:
        try:
            if value := engine.evaluate(expression):
                return value
        except RuntimeError as error:  # asked between two pages
            last = error
        time.sleep(0.1)
    shown = engine.evaluate("document.body.innerText.slice(0, 500)")
    raise AssertionError(f"never came true: {expression}\nlast error: {last}\n{shown}")


def centre(engine: Engine, css: str) -> Point:
    """The middle of an element that is shown, CSS pixels."""
    box = until(
        engine,
        f"""(() => {{
          const box = document.querySelector({json.dumps(css)})?.getBoundingClientRect();
          return box?.width ? [box.left + box.width / 2, box.top + box.height / 2] : null;
        }})()""",
    )
    return (box[0], box[1])


def press(engine: Engine, css: str) -> None:
    """Click an element with the mouse, once it can be used."""
    until(engine, f"Boolean(document.querySelector({json.dumps(css)})?.matches(':enabled'))")
    _mouse(engine, [centre(engine, css)], lift=[])


def hover(engine: Engine, css: str) -> None:
    """Point at an element with the mouse."""
    x, y = centre(engine, css)
    _perform(engine, [_move(x - 5, y), _move(x, y)])


def drag(engine: Engine, clip: str, target: Point) -> Point:
    """Drag a clip by the mouse to about `target` (arena units); where it must lie then, from pixels alone."""
    until(engine, "document.getAnimations().every((one) => one.playState !== 'running')")
    at = centre(engine, f'[data-clip="{clip}"]')
    left, top, width = _circle(engine)
    start = (round(at[0]) + 3, round(at[1]) + 2)
    end = (round(left + (0.5 + target[0]) * width), round(top + (0.5 - target[1]) * width))
    half = (round((start[0] + end[0]) / 2), round((start[1] + end[1]) / 2))
    _mouse(engine, [start], lift=[half, end])
    landed = (end[0] + at[0] - start[0], end[1] + at[1] - start[1])
    return (landed[0] - left) / width - 0.5, 0.5 - (landed[1] - top) / width


def place_of(engine: Engine, clip: str) -> Point:
    """Where a clip is shown, arena units."""
    left, top, width = _circle(engine)
    x, y = centre(engine, f'[data-clip="{clip}"]')
    return (x - left) / width - 0.5, 0.5 - (y - top) / width


def _circle(engine: Engine) -> tuple[float, float, float]:
    box = engine.evaluate("document.querySelector('[data-arena]').getBoundingClientRect().toJSON()")
    return box["left"], box["top"], box["width"]


def _mouse(engine: Engine, start: list[Point], *, lift: list[Point]) -> None:
    steps = [_move(*point) for point in start] + [{"type": "pointerDown", "button": 0}]
    steps += [_move(*point, duration=60) for point in lift] + [{"type": "pointerUp", "button": 0}]
    _perform(engine, steps)


def _perform(engine: Engine, steps: list[dict[str, Any]]) -> None:
    engine.act([{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}])


def _move(x: float, y: float, duration: int = 0) -> dict[str, Any]:
    return {"type": "pointerMove", "x": round(x), "y": round(y), "duration": duration}
