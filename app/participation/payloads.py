"""Bodies of the participant's API, validated as they come in; the API's description is made from the same models."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from analysis.words import counted
from app.errors import Invalid

# The page checks the same limit before it sends, and the shipped proxy settings allow it.
Model = TypeVar("Model", bound=BaseModel)

MAX_BODY = 512 * 1024
MAX_LOG = 20_000
MAX_INTEGER = 2**53
RADIUS_SQUARED = 0.25
ROUNDING = 1e-9

Milliseconds = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
Pixels = Annotated[float, Field(ge=-1e5, le=1e5, allow_inf_nan=False)]
Coordinate = Annotated[float, Field(ge=-0.5 - ROUNDING, le=0.5 + ROUNDING, allow_inf_nan=False)]
ClipId = Annotated[str, Field(min_length=1, max_length=32)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlacementBody(_Body):
    """Where a clip lies, in arena units."""

    clip: ClipId
    x: Coordinate
    y: Coordinate


class MoveBody(_Body):
    """A drop; x and y are null when the clip went back to its seat."""

    clip: ClipId
    t: Milliseconds
    x: Coordinate | None
    y: Coordinate | None
    how: Literal["drag", "click", "key", "lasso", "undo", "redo"]


class PlayBody(_Body):
    """A playback from `t` on, for `ms`; `muted` where it could not be heard from its start to its end."""

    clip: ClipId
    t: Milliseconds
    ms: Milliseconds
    how: Literal["hover", "focus", "tap", "click", "always", "enlarged"]
    ended: bool
    muted: bool | None = None


class GapBody(_Body):
    """A record too long for one request: `left_out` entries are missing after the first `after` of those that came."""

    after: Annotated[int, Field(ge=0, le=MAX_LOG)]
    left_out: Annotated[int, Field(ge=1, le=1_000_000_000)]


class ViewportBody(_Body):
    """The browser's window in CSS pixels."""

    width: Pixels
    height: Pixels
    pixel_ratio: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class ArenaBody(_Body):
    """The arena in CSS pixels: its centre in the viewport, its diameter, and the width of an item."""

    x: Pixels
    y: Pixels
    diameter: Annotated[float, Field(ge=0, le=1e5, allow_inf_nan=False)]
    item: Annotated[float, Field(ge=0, le=1e5, allow_inf_nan=False)]


class TrialBody(_Body):
    """A trial as it comes back, finished or as a draft.

    `watched` are the clips seen to their end once, on this page or before it was loaded again; `unplayable` those that
    could not be played. Pages older than these fields leave them out.
    """

    placements: Annotated[list[PlacementBody], Field(max_length=1000)]
    moves: Annotated[list[MoveBody], Field(max_length=MAX_LOG)]
    plays: Annotated[list[PlayBody], Field(max_length=MAX_LOG)]
    moves_gap: GapBody | None = None
    plays_gap: GapBody | None = None
    duration: Milliseconds
    hidden: Milliseconds
    watched: Annotated[list[ClipId], Field(max_length=1000)] | None = None
    unplayable: Annotated[list[ClipId], Field(max_length=1000)] = []
    viewport: ViewportBody
    arena: ArenaBody


def _storable(value: Any) -> Any:
    """The value, if both databases can store it as JSON.

    What is no valid Unicode never comes here: such a body is refused while it is parsed.

    Raises
    ------
    ValueError
        When a number in it is not finite or too large.
    """
    if isinstance(value, dict):
        for one in value.values():
            _storable(one)
    elif isinstance(value, list):
        for one in value:
            _storable(one)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ValueError("a number is too large")
    return value


class EventBody(_Body):
    """Something that happened around a trial, for the log alone."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
    detail: Annotated[dict[str, Any], Field(max_length=20), AfterValidator(_storable)] = {}


class AnswersBody(_Body):
    """The answers to a sheet of questions, by the questions' names; what is left out was not answered.

    A text and one choice are texts, a number and a step of a scale numbers, several choices a list of texts, and a
    clause that is ticked or not is true or false.
    """

    answers: Annotated[dict[Annotated[str, Field(max_length=64)], Any], Field(max_length=100)]


class RatingBody(_Body):
    """How a clip was rated: the answers by the questions' names, each a number of a scale, a choice, or null.

    `revision` is 0, and one more each time somebody has gone back to the clip. `duration` is how long it was shown,
    `hidden` how much of that the page was not in sight, `played` how long it played in its `plays` playbacks.
    """

    answers: Annotated[dict[Annotated[str, Field(max_length=64)], Any], Field(max_length=100)]
    revision: Annotated[int, Field(ge=0, le=1000)] = 0
    watched: Literal["yes", "no", "unplayable"]
    plays: Annotated[int, Field(ge=0, le=MAX_LOG)]
    played: Milliseconds
    duration: Milliseconds
    hidden: Milliseconds


def parse_trial(raw: bytes) -> TrialBody:
    """The validated body of a submit or a draft.

    Raises
    ------
    Invalid
        When it is not JSON, or a field is missing, unknown, of the wrong type or out of range; `field` names it.
    """
    return _parse(TrialBody, raw)


def parse_event(raw: bytes) -> EventBody:
    """The validated body of an event; raises `Invalid` as `parse_trial` does."""
    return _parse(EventBody, raw)


def parse_answers(raw: bytes) -> AnswersBody:
    """The body of a sheet of questions; each answer is yet to be held against its question.

    Raises
    ------
    Invalid
        When it is not JSON, or has another form.
    """
    return _parse_given(AnswersBody, raw)


def parse_rating(raw: bytes) -> RatingBody:
    """The body of a rating; each answer is yet to be held against its question. Raises as `parse_answers`."""
    return _parse_given(RatingBody, raw)


def _parse_given(model: type[Model], raw: bytes) -> Model:
    try:
        # Python takes half a character and NaN too; whoever checks the answer tells which question it belongs to.
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Invalid("body: is not JSON") from error
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise _refusal(error) from error


@dataclass(frozen=True)
class Record:
    """The moves and plays of a stored trial, each with its own number in the trial and as its page sent it."""

    moves: list[tuple[int, dict[str, Any]]]
    plays: list[tuple[int, dict[str, Any]]]


def recorded(raw: bytes) -> Record:
    """What a stored body says of moves and plays. It was validated when it came in, by the rules of its time."""
    body = json.loads(raw)
    return Record(_numbered(body["moves"], body.get("moves_gap")), _numbered(body["plays"], body.get("plays_gap")))


def _numbered(entries: list[dict[str, Any]], gap: dict[str, int] | None) -> list[tuple[int, dict[str, Any]]]:
    """What was left out of a very long record keeps its numbers."""
    after, left_out = (gap["after"], gap["left_out"]) if gap else (len(entries), 0)
    return [(place + left_out if place >= after else place, entry) for place, entry in enumerate(entries)]


def _parse(model: type[Model], raw: bytes) -> Model:
    if b"\\u0000" in raw:
        raise Invalid("body: holds a zero byte, which no database stores")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise _refusal(error) from error
    except RecursionError as error:
        raise Invalid("body: nested too deeply") from error


def _refusal(error: ValidationError) -> Invalid:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = _path(problem["loc"])
    return Invalid(f"{field or 'body'}: {problem['msg']}", field=field or None)


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def check_placements(body: TrialBody, clips: set[str], *, complete: bool) -> None:
    """Hold the placements against the trial's clips and the arena's circle.

    Raises
    ------
    Invalid
        When a clip is unknown, duplicated or (with `complete`) missing, or lies outside the circle.
    """
    seen: set[str] = set()
    for number, placement in enumerate(body.placements):
        if placement.clip not in clips:
            raise Invalid("This clip is not part of the trial.", field=f"placements[{number}].clip")
        if placement.clip in seen:
            raise Invalid("This clip is placed twice.", field=f"placements[{number}].clip")
        if placement.x**2 + placement.y**2 > RADIUS_SQUARED + ROUNDING:
            raise Invalid("This place is outside the arena.", field=f"placements[{number}]")
        seen.add(placement.clip)
    if complete and seen != clips:
        raise Invalid(
            f"{counted(len(clips - seen), 'clip of the trial has', 'clips of the trial have')} no place.",
            field="placements",
        )
    for field, clips_named in (("watched", body.watched or []), ("unplayable", body.unplayable)):
        if len(set(clips_named)) < len(clips_named):
            raise Invalid("A clip is named twice.", field=field)
    logged = [(f"moves[{k}].clip", move.clip) for k, move in enumerate(body.moves)]
    logged += [(f"plays[{k}].clip", play.clip) for k, play in enumerate(body.plays)]
    logged += [(f"watched[{k}]", clip) for k, clip in enumerate(body.watched or [])]
    logged += [(f"unplayable[{k}]", clip) for k, clip in enumerate(body.unplayable)]
    for field, clip in logged:
        if clip not in clips:
            raise Invalid("This clip is not part of the trial.", field=field)
