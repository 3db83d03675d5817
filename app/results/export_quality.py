"""The export's table of how each participant worked, one session at a time (F29)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby

from sqlalchemy.orm import Session

from analysis import Arrangement
from analysis.formats.bundle_reader import RDM_PURPOSES
from analysis.quality import group_quality
from analysis.results import TrialWork, group_quality_rows, quality_rows, rater_quality, trial_work
from app.models import Study
from app.participation.arrangements import clip_order
from app.results.estimates import Choice, estimate_raters
from app.results.export_tables import Cells, ExportOptions, bundle_tables
from app.results.study_results import rdm_table


def quality_table(db: Session, study: Study, options: ExportOptions, choice: Choice | None) -> Iterator[Cells]:
    """Every index of each participant; those against the others are of the RDMs of `choice`, where there is one."""
    usable = [] if choice is None else estimate_raters(db, study.id, choice).usable
    raters = [rater.name for rater, _ in usable]
    item = {clip.file_name: index for index, clip in enumerate(clip_order(db, study.id))}
    for name, trials in _trials_by_participant(bundle_tables(db, study, options), item):
        if trials and (choice is None or name in raters):
            yield from quality_rows(name, rater_quality(trials))
    if choice is not None and usable:
        yield from group_quality_rows(raters, group_quality(rdm_table(estimate_raters(db, study.id, choice))))


def _trials_by_participant(
    tables: dict[str, Iterator[Cells]], item: dict[str, int]
) -> Iterator[tuple[str, list[TrialWork]]]:
    """The trials that enter the RDM, one participant after the other: all tables are in the order of the sessions."""
    placements, moves, plays = (_Groups(tables[table]) for table in ("placements", "moves", "plays"))
    for name, group in groupby(tables["trials"], key=_participant):
        trials = list(group)
        placed: dict[str, list[Cells]] = defaultdict(list)
        for row in placements.of(name):
            placed[row["trial_key"]].append(row)
        drops: dict[str, list[int]] = defaultdict(list)
        for row in moves.of(name):
            if row["x"] is not None:
                drops[row["trial_key"]].append(item[row["clip"]])
        watched: dict[str, set[int]] = {}
        for row in plays.of(name):
            items = watched.setdefault(row["trial_key"], set())
            if row["completed"]:
                items.add(item[row["clip"]])
        found = []
        for row in trials:
            key = row["trial_key"]
            if row["purpose"] in RDM_PURPOSES:
                clips = [item[place["clip"]] for place in placed[key]]
                arrangement = Arrangement(clips, [(place["x"], place["y"]) for place in placed[key]])
                seats = [place["seat"] for place in placed[key]]
                found.append(trial_work(row, arrangement, seats, drops[key], watched.get(key)))
        yield name, found


class _Groups:
    """Rows in the order of the participants, given out to one participant after the other; some may have none."""

    def __init__(self, rows: Iterator[Cells]) -> None:
        self.groups = groupby(rows, key=_participant)
        self.waiting = next(self.groups, None)

    def of(self, participant: str) -> Iterator[Cells]:
        """The rows of a participant, one at a time."""
        if self.waiting is not None and self.waiting[0] == participant:
            yield from self.waiting[1]
            self.waiting = next(self.groups, None)


def _participant(row: Cells) -> str:
    return str(row["participant"])
