"""Moments in study.toml: a date, a time, and the time zone without which nobody knows when that is."""

from __future__ import annotations

import difflib
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator

FORM = '"2026-12-01 09:00 Europe/Berlin" or 2026-12-01T09:00:00+01:00'


def moment_of(text: str) -> datetime:
    """The moment that a text names, in the time zone that it names.

    Raises
    ------
    ValueError
        When it is not a date, a time and a time zone, the clocks of that zone never showed that time, or no calendar
        has it.
    """
    parts = text.split()
    named = len(parts) == 3
    try:
        moment = datetime.fromisoformat("T".join(parts[:2]) if named else text)
    except ValueError:
        raise ValueError(f"must be a date and time with its time zone, such as {FORM}") from None
    if not named and moment.tzinfo is None:
        raise ValueError(f"has no time zone: write it as {FORM}")
    try:
        if named:
            moment = _in_zone(moment, parts[2])
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"the year {moment.year:04} is beyond the calendar") from None
    return moment


def in_words(moment: datetime) -> str:
    """The moment as experimenters read it: date, time and zone."""
    return f"{moment:%Y-%m-%d %H:%M} {zone_of(moment)}"


def zone_of(moment: datetime) -> str:
    """The moment's time zone: its name, or how far it is from UTC."""
    if isinstance(moment.tzinfo, ZoneInfo):
        return moment.tzinfo.key
    return f"UTC{moment.isoformat()[-6:]}" if moment.utcoffset() else "UTC"


def _in_zone(local: datetime, name: str) -> datetime:
    if local.tzinfo is not None:
        raise ValueError(f"names two time zones: write it as {FORM}")
    try:
        moment = local.replace(tzinfo=ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; {_meant(name)}they are written as in {FORM}") from None
    if moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) != local:
        raise ValueError(f"clocks never show {local:%H:%M} on that day in {name}: they are put forward then")
    return moment


def _meant(name: str) -> str:
    """Which time zone was probably meant: places come without their part of the world, or in small letters."""
    known = {key.casefold(): zone for zone in sorted(available_timezones()) for key in (zone, zone.rpartition("/")[2])}
    near = difflib.get_close_matches(name.replace(" ", "_").casefold(), known, n=1, cutoff=0.8)
    return f"did you mean {known[near[0]]}? " if near else ""


def _as_text(value: Any) -> Any:
    """TOML has dates and times of its own."""
    return value.isoformat() if isinstance(value, date) else value


def _checked(text: str) -> str:
    moment_of(text)
    return text


Moment = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
