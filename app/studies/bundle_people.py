"""The clips and sessions of a bundle, and what sessions answered and rated, as rows of the database."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from analysis.formats.bundle import Bundle
from app.definition.sets import SEPARATOR
from app.definition.study_toml import StudyDefinition
from app.domain import ClipState, ItemKind, SessionState
from app.models import now
from app.studies.bundle_checks import Row, checked
from app.studies.bundle_prepared import Prepared
from app.tokens import new_public_id

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def _kind(row: Row) -> ItemKind:
    """What the item is; a bundle that does not say comes from before there were others than clips."""
    try:
        return ItemKind(row["kind"] or ItemKind.CLIP)
    except ValueError:
        kinds = ", ".join(kind.value for kind in ItemKind)
        raise ValueError(f"clips.csv: {row['clip']} has an unknown kind {row['kind']!r}; known are {kinds}") from None


def clip_rows(bundle: Bundle, rows: Sequence[Row]) -> list[dict[str, Any]]:
    attributes: dict[str, dict[str, str]] = defaultdict(dict)
    names = set(bundle.names)
    for row in checked(bundle, "attributes"):
        if row["clip"] not in names:
            raise ValueError(f"attributes.csv: the clip {row['clip']} is not in clips.csv")
        if row["attribute"] in attributes[row["clip"]]:
            raise ValueError(f"attributes.csv: {row['clip']} has the attribute {row['attribute']} twice")
        attributes[row["clip"]][row["attribute"]] = row["value"] or ""
    made = now()
    return [
        {
            "public_id": new_public_id("C"),
            "position": row["item"],
            "file_name": row["clip"],
            "kind": _kind(row),
            "label": row["label"] if row["label"] is not None else row["clip"],
            "source_sha256": row["sha256"] or hashlib.sha256(f"no file: {row['clip']}".encode()).hexdigest(),
            "attributes": attributes[row["clip"]],
            "state": ClipState.READY,
            "progress": 1.0,
            "width": row["width_px"],
            "height": row["height_px"],
            "duration_s": None if row["duration_ms"] is None else _seconds(row["duration_ms"]),
            "fps": row["frame_rate"],
            "has_audio": row["has_sound"],
            "remarks": [],
            "converted_at": row["converted_at"],
            "created_at": made,
        }
        for row in sorted(rows, key=lambda row: int(row["item"]))
    ]


def _seconds(milliseconds: float) -> float:
    """The seconds that are exactly so many milliseconds when they are exported again."""
    near = milliseconds / 1000
    candidates = (near, float(np.nextafter(near, np.inf)), float(np.nextafter(near, -np.inf)))
    return next((seconds for seconds in candidates if seconds * 1000 == milliseconds), near)


def session_rows(
    participants: Sequence[Row], trials: Sequence[Row], definition: StudyDefinition
) -> list[dict[str, Any]]:
    last: dict[str, datetime] = {}
    for row in trials:
        last[row["session"]] = max(row["submitted_at"], last.get(row["session"], row["submitted_at"]))
    ours = [re.fullmatch(r"P([0-9]{3,9})", row["participant"]) for row in participants]
    numbers = [int(match[1]) if match else 0 for match in ours]
    # The names are kept where they are such as a study gives.
    kept = all(f"P{number:03d}" == row["participant"] for number, row in zip(numbers, participants, strict=True))
    if not kept or 0 in numbers:
        numbers = list(range(1, len(participants) + 1))
    parameters = definition.recruitment.parameters
    sessions = []
    for number, row in zip(numbers, participants, strict=True):
        try:
            state = SessionState(row["state"])
        except ValueError:
            raise ValueError(f"participants.csv: {row['participant']} has an unknown state {row['state']!r}") from None
        begun = row["consented_at"] or row["started_at"] or last.get(row["session"], NO_TIME)
        ended = row["finished_at"]
        recruiter = json.loads(row["recruiter"]) if row["recruiter"] else {}
        if not isinstance(recruiter, dict) or not all(isinstance(one, str) for one in recruiter.values()):
            raise ValueError(f"participants.csv: {row['participant']}: recruiter must be an object of texts")
        if row["recruiter_id"] is not None and parameters:
            recruiter = {parameters[0]: row["recruiter_id"], **recruiter}
        excluded = (row["exclusion_reason"] or "no reason given") if row["excluded"] else None
        sessions.append(
            {
                "name": row["participant"],
                "session": row["session"],
                "public_id": row["session"],
                "number": number,
                "state": state,
                "is_simulated": row["is_simulated"],
                "is_pilot": False,
                "exclusion_reason": excluded,
                "note": row["experimenter_note"],
                "recruiter": recruiter,
                "id_note": row["id_note"],
                "person": number if row["person"] is None else row["person"],
                "visit": row["visit"] or 1,
                "version": row["study_version"] or 1,
                "clip_sets": None if row["clip_sets"] is None else row["clip_sets"].split(SEPARATOR),
                "seed": row["seed"] or 0,
                "progress": 1.0 if state == SessionState.FINISHED else 0.0,
                "language": row["language"] or "en",
                "consented_at": begun,
                "started_at": row["started_at"],
                "ended_at": ended,
                "ended_by": row["ended_by"],
                "last_seen_at": ended or last.get(row["session"]) or begun,
            }
        )
    return sessions


def answer_rows(bundle: Bundle, prepared: Prepared) -> None:
    """The answers to the study's questions, by session."""
    whose = {session["session"] for session in prepared.sessions}
    answers: dict[tuple[str, str], dict[str, Any]] = {}
    for row in checked(bundle, "answers"):
        if row["session"] not in whose:
            raise ValueError(f"answers.csv: the session {row['session']} is not in participants.csv")
        key = (row["session"], row["question"])
        value = _answer(row)
        if row["kind"] == "several_of":
            given = answers.setdefault(key, {"sheet": row["asked"], "value": [], "answered_at": row["answered_at"]})
            if value is not None:
                given["value"].append(value)
        elif key in answers:
            raise ValueError(f"answers.csv: {row['participant']} gives two answers to {row['question']}")
        else:
            answers[key] = {"sheet": row["asked"], "value": value, "answered_at": row["answered_at"]}
    for (session, question), answer in answers.items():
        prepared.answers.setdefault(session, []).append({"question": question, **answer})


def _answer(row: Row) -> Any:
    """The value as it was stored: texts as they are, all else as JSON."""
    if row["value"] is None:
        return None
    is_text = row["number"] is None and not (row["kind"] == "consent" and row["value"] in ("true", "false"))
    return row["value"] if is_text else json.loads(row["value"])


def rating_rows(bundle: Bundle, prepared: Prepared) -> None:
    """The clips that each session rated, with what it said of each; of a changed rating the last is known."""
    whose = {session["session"] for session in prepared.sessions}
    clips = {clip["file_name"] for clip in prepared.clips}
    ratings: dict[tuple[str, int], dict[str, Any]] = {}
    for row in checked(bundle, "ratings"):
        session, place = row["session"], row["place"]
        where = f"ratings.csv: {row['participant']}, place {place}"
        if session not in whose or row["clip"] not in clips:
            raise ValueError(f"{where}: {session} is not in participants.csv, or {row['clip']} not in clips.csv")
        about = {
            "clip": row["clip"],
            "is_repeat": row["is_repeat"],
            "revision": row["revisions"] or 0,
            "watched": row["watched"] or "no",
            "plays": row["plays"] or 0,
            **{name: row[name] or 0.0 for name in ("played_ms", "duration_ms", "hidden_ms", "active_ms")},
            "rated_at": row["rated_at"],
        }
        rating = ratings.setdefault((session, place), {"place": place - 1, **about, "answers": {}})
        if any(rating[name] != value for name, value in about.items()) or place < 1:
            raise ValueError(f"{where}: its rows are of different ratings")
        if row["question"] in rating["answers"]:
            raise ValueError(f"{where}: {row['question']} is answered twice")
        rating["answers"][row["question"]] = _rating(row, where)
    for (session, _), rating in ratings.items():
        rating["sha256"] = hashlib.sha256(json.dumps(rating["answers"]).encode()).hexdigest()
        prepared.ratings.setdefault(session, []).append(rating)


def _rating(row: Row, where: str) -> str | int | None:
    """The answer as it was stored: the step of a scale as a whole number, a choice as its text."""
    number = row["number"]
    if number is None:
        return row["value"]  # type: ignore[no-any-return]
    if number != int(number):
        raise ValueError(f"{where}: {row['question']} is {number}, and a step of a scale is a whole number")
    return int(number)
