"""Where the data of a bundle came from, and the versions of the study's settings in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from analysis.formats.bundle import Bundle
from analysis.formats.source_bundle import BROUGHT_IN, GIVEN, Origin
from analysis.results import quoted_task
from analysis.words import counted
from app.definition.study_toml import FILE, StudyDefinition, parse_definition
from app.studies.bundle_checks import BIGGEST, Row

# Tables whose rows are stored, and those that follow from them and are recomputed.
STORED = (
    "clips",
    "attributes",
    "participants",
    "trials",
    "placements",
    "moves",
    "plays",
    "answers",
    "ratings",
    "decisions",
    "candidate_models",
)
COMPUTED = (
    "reliability",
    "noise_ceiling",
    "quality",
    "flow",
    "sets",
    "set_agreement",
    "with_and_without",
    "attributes_from_ratings",
    "answers_wide",
)
KEPT = ("files", "kind", "remarks")


def settings_version(bundle: Bundle, participants: Sequence[Row]) -> int:
    """The version of the study that the bundle's study.toml is."""
    about = bundle.manifest.get("about")
    told = about.get("study_version") if isinstance(about, dict) else None
    newest = max((row["study_version"] or 1 for row in participants), default=1)
    return told if isinstance(told, int) and not isinstance(told, bool) and newest <= told <= BIGGEST else newest


def earlier_settings(bundle: Bundle) -> dict[int, tuple[StudyDefinition, str]]:
    """The study's settings in its earlier versions, as far as the bundle has them."""
    about = bundle.manifest.get("about")
    told = about.get("earlier_study_versions") if isinstance(about, dict) else None
    earlier = {}
    for key, text in (told if isinstance(told, dict) else {}).items():
        if not (isinstance(text, str) and key.isascii() and key.isdecimal() and 0 < int(key) <= BIGGEST):
            raise ValueError("manifest.json: earlier_study_versions must be texts by number")
        earlier[int(key)] = (parse_definition(text, file=f"{FILE} of version {key}"), text)
    return earlier


def origin_of(bundle: Bundle, shown_as: str, origin: Origin) -> dict[str, Any]:
    """What is kept of where the data came from; `files` and what is beside them are in bundles of the study too."""
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
            kept["remarks"].append(
                f"{counted(left_out, 'unfinished session was', 'unfinished sessions were')} left out when the "
                "bundle was made."
            )
        dropped = [
            f"{table}.csv ({counted(number, 'row')})"
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
