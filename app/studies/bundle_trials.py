"""The trials of a bundle as rows of the database, with the body that holds moves and plays."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis.formats.bundle import Bundle
from analysis.purposes import Purpose
from app.participation.attention_checks import KIND as CHECK
from app.participation.session_log import UNPROVEN_TRIAL
from app.studies.bundle_checks import Row, checked
from app.studies.bundle_prepared import Prepared


def trial_rows(bundle: Bundle, rows: Sequence[Row], prepared: Prepared) -> bool:
    """The trials by session, with their placements and the body that holds moves and plays; whether seats are known."""
    places: dict[str, list[Row]] = defaultdict(list)
    for row in checked(bundle, "placements"):
        places[row["trial_key"]].append(row)
    keys = {row["trial_key"] for row in rows}
    public = {clip["file_name"]: clip["public_id"] for clip in prepared.clips}
    moves = _by_trial(bundle, "moves", keys, public, _move)
    plays = _by_trial(bundle, "plays", keys, public, _play)
    numbers = {row["trial_key"]: row["number"] - 1 for row in rows}
    whose = {session["session"]: session["name"] for session in prepared.sessions}
    seated = [place["seat"] is not None for theirs in places.values() for place in theirs]
    if any(seated) and not all(seated):
        raise ValueError("placements.csv: seat has no value in some rows")
    for row in rows:
        key = row["trial_key"]
        if whose.get(row["session"]) != row["participant"]:
            raise ValueError(f"trials.csv: trial {key}: {row['session']} is not a session of {row['participant']}")
        if row["repeat_of"] is not None and row["repeat_of"] not in numbers:
            raise ValueError(f"trials.csv: trial {key} repeats {row['repeat_of']}, which is not there")
        try:
            purpose = Purpose(row["purpose"])
        except ValueError:
            raise ValueError(f"trials.csv: trial {key} has an unknown purpose {row['purpose']!r}") from None
        order = {name: place for place, name in enumerate(bundle.names)}
        theirs = sorted(places[key], key=lambda place: order[place["clip"]])
        if outside := [place for place in theirs if place["x"] ** 2 + place["y"] ** 2 > 0.25 + 1e-9]:
            raise ValueError(f"placements.csv: trial {key}: {outside[0]['clip']} lies outside the arena")
        body = {
            "placements": [{"clip": public[place["clip"]], "x": place["x"], "y": place["y"]} for place in theirs],
            **_record("moves", moves[key]),
            **_record("plays", plays[key]),
            "duration": row["duration_ms"] or 0.0,
            "hidden": row["hidden_ms"] or 0.0,
            "watched": [public[place["clip"]] for place in theirs if place["watched"] == "yes"],
            "unplayable": [public[place["clip"]] for place in theirs if place["watched"] == "unplayable"],
        }
        raw = json.dumps(body).encode()
        prepared.trials.setdefault(row["session"], []).append(
            {
                "trial": {
                    "key": key,
                    "number": numbers[key],
                    "purpose": purpose,
                    "repeat_of": None if row["repeat_of"] is None else numbers[row["repeat_of"]],
                    "design": row["design"] or "",
                    "seed": 0,
                    "assigned_at": row["shown_at"] or row["submitted_at"],
                },
                "submission": {
                    "sha256": row["sha256"] or hashlib.sha256(raw).hexdigest(),
                    "body": raw,
                    "received_at": row["submitted_at"],
                    "duration_ms": row["duration_ms"] or 0.0,
                    "hidden_ms": row["hidden_ms"] or 0.0,
                    "active_ms": row["active_ms"] or 0.0,
                    "viewport_width": row["viewport_width_px"] or 0.0,
                    "viewport_height": row["viewport_height_px"] or 0.0,
                    "pixel_ratio": row["device_pixel_ratio"] or 0.0,
                    "arena_x": row["arena_center_x_px"] or 0.0,
                    "arena_y": row["arena_center_y_px"] or 0.0,
                    "arena_diameter": row["arena_diameter_px"] or 0.0,
                    "item_width": row["item_size_px"] or 0.0,
                },
                "places": [
                    (
                        *(place[key] for key in ("clip", "x", "y", "watched")),
                        place["seat"] if place["seat"] is not None else k,
                    )
                    for k, place in enumerate(theirs)
                ],
            }
        )
    return not seated or all(seated)


Entry = tuple[int, dict[str, Any]]


def _by_trial(
    bundle: Bundle, table: str, keys: set[str], public: Mapping[str, str], entry: Callable[[Row], dict[str, Any]]
) -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = defaultdict(list)
    for row in checked(bundle, table):
        if row["trial_key"] not in keys:
            raise ValueError(f"{table}.csv: trial {row['trial_key']} is not in trials.csv")
        if row["clip"] not in public:
            raise ValueError(f"{table}.csv: clip {row['clip']} is not in clips.csv")
        entries[row["trial_key"]].append((row["sequence"], {"clip": public[row["clip"]], **entry(row)}))
    return entries


def _move(row: Row) -> dict[str, Any]:
    return {"t": row["at_ms"], "x": row["x"], "y": row["y"], "how": row["kind"]}


def _play(row: Row) -> dict[str, Any]:
    told = {} if row["muted"] is None else {"muted": row["muted"]}
    return {"t": row["started_ms"], "ms": row["played_ms"], "how": row["trigger"], "ended": row["completed"], **told}


def _record(what: str, entries: list[Entry]) -> dict[str, Any]:
    """Moves or plays as a page sends them; what was left out of a very long record keeps its numbers."""
    in_order = sorted(entries, key=lambda entry: entry[0])
    numbers = [number for number, _ in in_order]
    after = next((place for place, number in enumerate(numbers) if place != number), None)
    record: dict[str, Any] = {what: [entry for _, entry in in_order]}
    if after is not None:
        left_out = numbers[after] - after
        if numbers[after:] != list(range(numbers[after], numbers[after] + len(numbers) - after)) or left_out < 1:
            raise ValueError(f"{what}.csv: a record has more than one gap, or a number twice")
        record[f"{what}_gap"] = {"after": after, "left_out": left_out}
    return record


def event_rows(participants: Sequence[Row], prepared: Prepared) -> None:
    """The lines of the log that counts are made of: checks that were passed or not, trials whose sender is unproven."""
    for row in participants:
        trials = prepared.trials.get(row["session"], [])
        checks = [one for one in trials if one["trial"]["purpose"] == Purpose.CHECK]
        passed, unproven = row["n_checks_passed"] or 0, row["n_unproven_trials"] or 0
        # Which of them were passed is known by the rule; how many is in the table.
        rule = [all(y > 0 for _, _, y, _, _ in one["places"]) for one in checks]
        if sum(rule) != passed:
            rule = [place < passed for place in range(len(checks))]
        events = [
            _event(CHECK, one, {"trial": one["trial"]["key"], "passed": good})
            for one, good in zip(checks, rule, strict=True)
        ]
        events += [_event(UNPROVEN_TRIAL, one, {"trial": one["trial"]["key"]}) for one in trials[:unproven]]
        prepared.events[row["session"]] = events


def _event(kind: str, trial: Mapping[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "at": trial["submission"]["received_at"], "detail": detail}
