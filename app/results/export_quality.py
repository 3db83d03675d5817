"""The export's table of how each participant worked, one session at a time (F29)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy.orm import Session

from analysis.purposes import JUDGMENTS
from analysis.results import (
    StudyResults,
    TrialWork,
    group_quality_rows,
    quality_rows,
    rater_quality,
    trials_work,
    uncertainty_rows,
)
from app.models import Study
from app.participation.arrangements import clip_order
from app.results.chosen import Cells, ExportOptions
from app.results.export_tables import bundle_tables


def quality_table(db: Session, study: Study, options: ExportOptions, results: StudyResults | None) -> Iterator[Cells]:
    """Every index of each participant of `results`, or of all without any; then those against the others, and how well
    each RDM is known where that was asked for."""
    items = {clip.file_name: index for index, clip in enumerate(clip_order(db, study.id))}
    for name, trials in _trials_by_participant(bundle_tables(db, study, options), items):
        if trials and (results is None or name in results.raters):
            yield from quality_rows(name, rater_quality(trials))
    if results is not None:
        yield from group_quality_rows(results.raters, results.quality)
        # Only then are there any, and it takes a look at each rater's RDM.
        if options.uncertainty:
            yield from uncertainty_rows(results.estimates)


def _trials_by_participant(
    tables: dict[str, Iterator[Cells]], item: dict[str, int]
) -> Iterator[tuple[str, list[TrialWork]]]:
    """The trials that enter the RDM, one participant after the other: all tables are in the order of the sessions."""
    placements, moves, plays = (_Groups(tables[table]) for table in ("placements", "moves", "plays"))
    for name, group in groupby(tables["trials"], key=_participant):
        trials = [row for row in group if row["purpose"] in JUDGMENTS]
        yield name, trials_work(trials, placements.of(name), moves.of(name), plays.of(name), item)


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
