"""What a bundle of another installation holds, as rows of the database: read and checked before anything is stored.
It is the other direction of `app.results.export_tables`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from analysis.formats.bundle import Bundle, BundleError
from analysis.formats.hints import Hints
from analysis.formats.recognise import bring_in
from analysis.formats.source_bundle import GIVEN, Origin
from app.accounts.audit import COMMAND_LINE
from app.definition.study_toml import parse_definition
from app.domain import MIN_CLIPS, Verdict
from app.errors import Invalid
from app.studies.bundle_checks import Row, checked, without_values
from app.studies.bundle_origin import earlier_settings, origin_of, settings_version
from app.studies.bundle_people import answer_rows, clip_rows, rating_rows, session_rows
from app.studies.bundle_prepared import Prepared
from app.studies.bundle_trials import event_rows, trial_rows
from app.studies.kept_models import model_rows

# What is read at most: a file, and all that is packed in it. A study of 300 raters and 12,000 trials has a tenth of it.
MAX_BYTES, MAX_UNPACKED = 1 << 29, 1 << 31
MAX_RATERS, MAX_TRIALS, MAX_CLIPS = 10_000, 200_000, 2000
FINE_ID, FINE_KEY = re.compile(r"S-[0-9A-Z]{16}"), re.compile(r"[0-9a-f]{32}")


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
    rows = {table: list(checked(bundle, table)) for table in ("clips", "participants", "trials")}
    unknown = {table: without_values(rows[table], table) for table in rows}
    origin = Origin.of(bundle)
    prepared = Prepared(
        definition,
        toml,
        earlier_settings(bundle) | {settings_version(bundle, rows["participants"]): (definition, toml)},
        origin_of(bundle, shown_as, origin),
        clip_rows(bundle, rows["clips"]),
        session_rows(rows["participants"], rows["trials"], definition),
    )
    seats_known = trial_rows(bundle, rows["trials"], prepared)
    answer_rows(bundle, prepared)
    rating_rows(bundle, prepared)
    event_rows(rows["participants"], prepared)
    _decisions(bundle, prepared)
    _given(bundle, rows["participants"], prepared)
    prepared.models = model_rows(bundle)
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


def _decisions(bundle: Bundle, prepared: Prepared) -> None:
    """What was decided about sessions and trials; `trial` is the number of a trial in its session, from 0."""
    whose = {session["session"] for session in prepared.sessions}
    numbers = {one["trial"]["key"]: (s, one["trial"]["number"]) for s, of in prepared.trials.items() for one in of}
    for row in checked(bundle, "decisions"):
        session, key = row["session"], row["trial_key"]
        if session not in whose or (key is not None and numbers.get(key, ("", 0))[0] != session):
            raise ValueError(f"decisions.csv: {session} is not a session of the study, or has no trial {key}")
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
    rdms = bundle.rdms(GIVEN)
    sessions = {row["participant"]: row["session"] for row in participants}
    for rater, row in zip(rdms.raters, rdms.rdms, strict=True):
        if rater not in sessions:
            raise ValueError(f"rdms/{GIVEN}/rdms.npz: the rater {rater} is not in participants.csv")
        prepared.given[sessions[rater]] = row.astype("<f8").tobytes()
