"""What a bundle of another installation holds, as rows of the database: read and checked before anything is stored.

Over 300 lines: one direction of one format, read against `app.results.export_tables`, which is the other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from analysis.formats.bundle import Bundle, BundleError
from analysis.formats.bundle_tables import TABLES
from analysis.formats.hints import Hints
from analysis.formats.recognise import bring_in
from analysis.formats.source_bundle import BROUGHT_IN, GIVEN, Origin
from analysis.purposes import Purpose
from analysis.results import quoted_task
from app.accounts.audit import COMMAND_LINE
from app.definition.study_toml import FILE, StudyDefinition, parse_definition
from app.domain import MIN_CLIPS, ClipState, ItemKind, SessionState, Verdict
from app.errors import Invalid
from app.models import (
    now,
)
from app.participation.attention_checks import KIND as CHECK
from app.participation.session_log import UNPROVEN_TRIAL
from app.tokens import new_public_id

# What is read at most: a file, and all that is packed in it. A study of 300 raters and 12,000 trials has a tenth of it.
MAX_BYTES, MAX_UNPACKED = 1 << 29, 1 << 31
# Tables whose rows are stored, and those that follow from them and are computed anew.
STORED = ("clips", "attributes", "participants", "trials", "placements", "moves", "plays", "answers", "decisions")
COMPUTED = ("reliability", "noise_ceiling", "quality", "flow", "with_and_without")
# What the database wants a value for, and a bundle may not have.
MAY_BE_UNKNOWN = {
    "clips": ("label", "sha256"),
    "participants": ("language", "seed", "consented_at", "admitted_at", "person", "visit", "study_version"),
    "trials": (
        "design",
        "shown_at",
        "duration_ms",
        "hidden_ms",
        "active_ms",
        "viewport_width_px",
        "viewport_height_px",
        "arena_center_x_px",
        "arena_center_y_px",
        "arena_diameter_px",
        "item_size_px",
        "device_pixel_ratio",
        "sha256",
    ),
    "placements": ("seat",),
}
MAX_RATERS, MAX_TRIALS, MAX_CLIPS = 10_000, 200_000, 2000
# Of a text column, by the longest that the database takes.
LONGEST = {
    "clip": 255,
    "label": 255,
    "language": 16,
    "ended_by": 16,
    "id_note": 16,
    "exclusion_reason": 200,
    "experimenter_note": 10_000,
    "design": 32,
    "watched": 16,
    "sha256": 64,
    "question": 64,
    "asked": 32,
    "attribute": 64,
    "reason": 200,
    "rule": 32,
    "decided_by": 254,
    "recruiter": 10_000,
    "recruiter_id": 200,
}
BIGGEST = 2**31 - 1
BIGGEST_SEED = 2**63 - 1
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
FINE_ID, FINE_KEY = re.compile(r"S-[0-9A-Z]{16}"), re.compile(r"[0-9a-f]{32}")

Row = Mapping[str, Any]


@dataclass
class Prepared:
    """What a bundle holds, as rows: references go by the bundle's own names until they are stored."""

    definition: StudyDefinition
    toml: str
    versions: dict[int, tuple[StudyDefinition, str]]
    origin: dict[str, Any]
    clips: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    trials: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    decisions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    given: dict[str, bytes] = field(default_factory=dict)


def read_data(files: Sequence[tuple[Path, str]], hints: Hints, folder: Path) -> Prepared:
    """What files hold: a bundle, or another program's data, which become one in `folder`.

    `files` are each a path and the name that people know it by.

    Raises
    ------
    Invalid
        Naming the file and the reason; nothing of the server's folders is in it.
    """
    total = sum(path.stat().st_size for path, _ in files)
    if total > MAX_BYTES:
        raise Invalid(f"The files have {total >> 20} MB, and at most {MAX_BYTES >> 20} are read.", field="file")
    try:
        bundle = bring_in(files, hints, folder / "data.zip")
        unpacked = sum(one["bytes"] for one in bundle.manifest["files"].values())
        if unpacked > MAX_UNPACKED:
            raise ValueError(f"unpacks to {unpacked >> 20} MB, and at most {MAX_UNPACKED >> 20} are read")
    except (ValueError, OSError) as error:
        told = str(error)
        for path, name in files:
            told = told.replace(str(path), name)
        raise Invalid(told, field="file") from error
    return prepare(bundle, shown_as=files[0][1])


def prepare(bundle: Bundle, *, shown_as: str) -> Prepared:
    """Read and check all of a bundle; the database is not needed for it.

    Parameters
    ----------
    shown_as
        The name of the file that was brought in.

    Raises
    ------
    Invalid
        Naming the file of the bundle and the reason.
    """
    try:
        return _prepare(bundle, shown_as)
    except RecursionError as error:
        raise Invalid(f"{shown_as}: nested too deeply", field="file") from error
    except (BundleError, ValueError) as error:
        # The path on the server says nothing to who sent the file.
        told = str(error).replace(str(bundle.path), shown_as)
        raise Invalid(told if told.startswith(shown_as) else f"{shown_as}: {told}", field="file") from error


def _prepare(bundle: Bundle, shown_as: str) -> Prepared:
    toml = bundle.text("study.toml")
    definition = parse_definition(toml)
    counts = bundle.manifest["counts"]
    for table, most in (("clips", MAX_CLIPS), ("participants", MAX_RATERS), ("trials", MAX_TRIALS)):
        if isinstance(counts.get(table), int) and counts[table] > most:
            raise ValueError(f"{table}.csv has more than the {most} rows that a study can have")
    if len(bundle.names) < MIN_CLIPS:
        raise ValueError(f"clips.csv: a study has at least {MIN_CLIPS} clips, this one has {len(bundle.names)}")
    # The reader's own checks of all tables against each other.
    bundle.trials()
    rows = {table: list(_checked(bundle, table)) for table in ("clips", "participants", "trials")}
    unknown = {table: _unknown(rows[table], table) for table in rows}
    origin = Origin.of(bundle)
    prepared = Prepared(
        definition,
        toml,
        _versions(bundle) | {_version(bundle, rows["participants"]): (definition, toml)},
        _origin(bundle, shown_as, origin),
        _clips(bundle, rows["clips"]),
        _sessions(rows["participants"], rows["trials"], definition),
    )
    seats_known = _trials(bundle, rows["trials"], prepared)
    _answers(bundle, prepared)
    _events(rows["participants"], prepared)
    _decisions(bundle, prepared)
    _given(bundle, rows["participants"], prepared)
    if not seats_known:
        unknown["placements"] = ["seat"]
    prepared.origin |= {"not_known": {table: columns for table, columns in unknown.items() if columns}}
    names = {session["public_id"]: session["name"] for session in prepared.sessions}
    renamed = {f"P{session['number']:03d}": session["name"] for session in prepared.sessions}
    changed = {ours: theirs for ours, theirs in renamed.items() if ours != theirs}
    prepared.origin["raters"] = changed
    if changed:
        told = f"In the file the raters had other names: {', '.join(f'{o} was {t}' for o, t in changed.items())}."
        prepared.origin["remarks"].append(told)
        prepared.origin["sentences"].append(told)
    if len(names) < len(prepared.sessions):
        raise ValueError("participants.csv: two rows have the same session")
    return prepared


def _checked(bundle: Bundle, table: str) -> Iterable[Row]:
    """The rows of a table, once no text is longer than the database takes and no number larger."""
    columns = {column.name: column.kind for column in TABLES[table]}
    for number, row in enumerate(bundle.rows(table), start=1):
        for name, value in row.items():
            if isinstance(value, str):
                if "\0" in value or (not value.isprintable() and name not in ("experimenter_note", "value")):
                    raise ValueError(f"{table}.csv, row {number}: {name} holds a character that is none of a text")
                if len(value) > LONGEST.get(name, 50_000):
                    raise ValueError(f"{table}.csv, row {number}: {name} is longer than {LONGEST.get(name, 50_000)}")
            elif columns[name] in ("int", "digits") and value is not None:
                most = BIGGEST_SEED if name == "seed" else BIGGEST
                if not 0 <= value <= most:
                    raise ValueError(f"{table}.csv, row {number}: {name} must be 0 to {most}, got {value}")
            elif isinstance(value, float) and not abs(value) < 1e15:
                raise ValueError(f"{table}.csv, row {number}: {name} must be a number, got {value}")
            elif isinstance(value, datetime) and not 1969 < value.year < 9000:
                raise ValueError(f"{table}.csv, row {number}: {name} is no time of a study: {value}")
        yield row


def _unknown(rows: Sequence[Row], table: str) -> list[str]:
    """The columns without a value in any row.

    Raises
    ------
    ValueError
        When a column has a value in some rows and none in others: the database could not keep them apart.
    """
    unknown = []
    for name in MAY_BE_UNKNOWN[table]:
        missing = sum(row[name] is None for row in rows)
        if missing == len(rows):
            unknown.append(name)
        elif missing:
            raise ValueError(f"{table}.csv: {name} has no value in {missing} of {len(rows)} rows")
    return unknown


def _version(bundle: Bundle, participants: Sequence[Row]) -> int:
    """The version of the study that the bundle's study.toml is."""
    about = bundle.manifest.get("about")
    told = about.get("study_version") if isinstance(about, dict) else None
    newest = max((row["study_version"] or 1 for row in participants), default=1)
    return told if isinstance(told, int) and not isinstance(told, bool) and newest <= told <= BIGGEST else newest


def _versions(bundle: Bundle) -> dict[int, tuple[StudyDefinition, str]]:
    """The study's settings in its earlier versions, as far as the bundle has them."""
    about = bundle.manifest.get("about")
    told = about.get("earlier_study_versions") if isinstance(about, dict) else None
    found = {}
    for key, text in (told if isinstance(told, dict) else {}).items():
        if not (isinstance(text, str) and key.isascii() and key.isdecimal() and 0 < int(key) <= BIGGEST):
            raise ValueError("manifest.json: earlier_study_versions are no texts by number")
        found[int(key)] = (parse_definition(text, file=f"{FILE} of version {key}"), text)
    return found


def _origin(bundle: Bundle, shown_as: str, origin: Origin) -> dict[str, Any]:
    """What is kept of where the data came from; `files` and what is beside them stand in bundles of the study too."""
    about = bundle.manifest.get("about")
    about = about if isinstance(about, dict) else {}
    digest = hashlib.sha256()
    with bundle.path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    software, made = (str(bundle.manifest.get(key, "")) for key in ("software", "created_at"))
    kept: dict[str, Any] = {"remarks": []}
    if isinstance(about.get(BROUGHT_IN), dict):
        kept |= {key: value for key, value in about[BROUGHT_IN].items() if key in KEPT}
        remarks = kept["remarks"] if isinstance(kept["remarks"], list) else []
        kept["remarks"] = [remark for remark in remarks if isinstance(remark, str)]
        sentences = list(origin.sentences)
    else:
        kept |= {
            "kind": f"the export bundle of the study {bundle.manifest.get('study')}, made by {software} at {made}",
            "files": [{"file": shown_as, "sha256": digest.hexdigest()}],
        }
        left_out = about.get("unfinished_sessions_left_out")
        if isinstance(left_out, int) and left_out > 0:
            kept["remarks"].append(f"{left_out} unfinished sessions were left out when the bundle was made.")
        dropped = [
            f"{table}.csv ({number} rows)"
            for table, number in sorted(bundle.manifest["counts"].items())
            if table not in (*STORED, *COMPUTED)
            and f"{table}.csv" in bundle.manifest["files"]
            and number
            and not table.startswith("rdms/")
        ]
        if dropped:
            kept["remarks"].append(f"This program does not keep {', '.join(dropped)} of the bundle.")
        sentences = list(Origin.told({**kept, "times_known": True}).sentences)
    for table in STORED:
        if columns := bundle.unknown_columns(table):
            # They are names of somebody else's file: quoted, and no longer than can be read.
            named = ", ".join(repr(column[:40]) for column in columns[:5])
            rest = f" and {len(columns) - 5} more" if len(columns) > 5 else ""
            kept["remarks"].append(f"This program does not keep all columns of {table}.csv; it left out {named}{rest}.")
    is_given = f"rdms/{GIVEN}/rdms.npz" in bundle.manifest["files"]
    has_placements = next(bundle.rows("trials"), None) is not None or not is_given
    return kept | {
        "times_known": origin.times_known,
        "has_placements": has_placements,
        "sentences": sentences,
        "task": quoted_task(bundle.text("methods.md")),
    }


KEPT = ("files", "kind", "remarks")


def _kind(row: Row) -> ItemKind:
    """What the item is; a bundle that does not say comes from before there were others than clips."""
    try:
        return ItemKind(row["kind"] or ItemKind.CLIP)
    except ValueError:
        kinds = ", ".join(kind.value for kind in ItemKind)
        raise ValueError(f"clips.csv: {row['clip']} has an unknown kind {row['kind']!r}; known are {kinds}") from None


def _clips(bundle: Bundle, rows: Sequence[Row]) -> list[dict[str, Any]]:
    attributes: dict[str, dict[str, str]] = defaultdict(dict)
    names = set(bundle.names)
    for row in _checked(bundle, "attributes"):
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


def _sessions(participants: Sequence[Row], trials: Sequence[Row], definition: StudyDefinition) -> list[dict[str, Any]]:
    last: dict[str, datetime] = {}
    for row in trials:
        last[row["session"]] = max(row["submitted_at"], last.get(row["session"], row["submitted_at"]))
    ours = [re.fullmatch(r"P([0-9]{3,9})", row["participant"]) for row in participants]
    numbers = [int(found[1]) if found else 0 for found in ours]
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
            raise ValueError(f"participants.csv: {row['participant']}: recruiter is no object of texts")
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


def _trials(bundle: Bundle, rows: Sequence[Row], prepared: Prepared) -> bool:
    """The trials by session, with their placements and the body that holds moves and plays; whether seats are known."""
    places: dict[str, list[Row]] = defaultdict(list)
    for row in _checked(bundle, "placements"):
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
            raise ValueError(f"trials.csv: trial {key}: {row['session']} is no session of {row['participant']}")
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
    found: dict[str, list[Entry]] = defaultdict(list)
    for row in _checked(bundle, table):
        if row["trial_key"] not in keys:
            raise ValueError(f"{table}.csv: trial {row['trial_key']} is not in trials.csv")
        if row["clip"] not in public:
            raise ValueError(f"{table}.csv: clip {row['clip']} is not in clips.csv")
        found[row["trial_key"]].append((row["sequence"], {"clip": public[row["clip"]], **entry(row)}))
    return found


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


def _answers(bundle: Bundle, prepared: Prepared) -> None:
    whose = {session["session"] for session in prepared.sessions}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in _checked(bundle, "answers"):
        if row["session"] not in whose:
            raise ValueError(f"answers.csv: the session {row['session']} is not in participants.csv")
        key = (row["session"], row["question"])
        value = _answer(row)
        if row["kind"] == "several_of":
            given = found.setdefault(key, {"sheet": row["asked"], "value": [], "answered_at": row["answered_at"]})
            if value is not None:
                given["value"].append(value)
        elif key in found:
            raise ValueError(f"answers.csv: {row['participant']} answers {row['question']} twice")
        else:
            found[key] = {"sheet": row["asked"], "value": value, "answered_at": row["answered_at"]}
    for (session, question), answer in found.items():
        prepared.answers.setdefault(session, []).append({"question": question, **answer})


def _answer(row: Row) -> Any:
    """The value as it was stored: texts as they are, all else as JSON."""
    if row["value"] is None:
        return None
    is_text = row["number"] is None and not (row["kind"] == "consent" and row["value"] in ("true", "false"))
    return row["value"] if is_text else json.loads(row["value"])


def _events(participants: Sequence[Row], prepared: Prepared) -> None:
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


def _decisions(bundle: Bundle, prepared: Prepared) -> None:
    """What was decided about sessions and trials; `trial` is the number of a trial in its session, from 0."""
    whose = {session["session"] for session in prepared.sessions}
    numbers = {one["trial"]["key"]: (s, one["trial"]["number"]) for s, of in prepared.trials.items() for one in of}
    for row in _checked(bundle, "decisions"):
        session, key = row["session"], row["trial_key"]
        if session not in whose or (key is not None and numbers.get(key, ("", 0))[0] != session):
            raise ValueError(f"decisions.csv: {session} is no session of the study, or has no trial {key}")
        try:
            verdict = Verdict(row["verdict"])
        except ValueError:
            raise ValueError(f"decisions.csv: unknown verdict {row['verdict']!r}") from None
        prepared.decisions.setdefault(session, []).append(
            {
                "trial": None if key is None else numbers[key][1],
                "verdict": verdict,
                "reason": row["reason"],
                "rule": row["rule"],
                "account": None if row["decided_by"] == COMMAND_LINE else row["decided_by"],
                "at": row["decided_at"],
            }
        )


def _given(bundle: Bundle, participants: Sequence[Row], prepared: Prepared) -> None:
    if prepared.origin["has_placements"]:
        return
    found = bundle.rdms(GIVEN)
    sessions = {row["participant"]: row["session"] for row in participants}
    for rater, row in zip(found.raters, found.rdms, strict=True):
        if rater not in sessions:
            raise ValueError(f"rdms/{GIVEN}/rdms.npz: the rater {rater} is not in participants.csv")
        prepared.given[sessions[rater]] = row.astype("<f8").tobytes()
