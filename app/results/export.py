"""The export bundle of a study, and its RDMs as single files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple

from sqlalchemy.orm import Session

from analysis.formats import matlab, rsatoolbox, sets, tables
from analysis.formats.bundle import BundleContents, write_bundle
from analysis.formats.bundle_tables import RDM_COLUMNS
from analysis.formats.bundle_writer import Writable
from analysis.formats.meadows_archive import RaterTrials, write_meadows
from analysis.formats.rdm_rows import RDMs
from analysis.formats.source_bundle import BROUGHT_IN, GIVEN
from analysis.results import (
    Choice,
    StudyResults,
    Task,
    both_ways_rows,
    ceiling_rows,
    flow_rows,
    methods_text,
    reliability_rows,
    set_rows,
    sets_sentence,
    task_text,
)
from app.definition.study_toml import StudyDefinition, definition_of
from app.errors import Invalid
from app.models import ParticipantSession, Study
from app.participation.arrangements import session_trials
from app.results.answers import wide_columns, wide_rows
from app.results.chosen import ExportOptions, both_ways
from app.results.export_quality import quality_table
from app.results.export_tables import bundle_tables
from app.results.inputs import inputs_of
from app.results.judging import session_counts, study_flow
from app.results.sets import set_results_now
from app.results.stored import results_now
from app.studies.origin import has_placements
from app.studies.text import study_text
from app.studies.versions import earlier_versions, pooled_sentence
from app.version import VERSION

EXPORTED = ("weighted_average", "combined")
# Above this size a file waits on disk, not in memory, while it is made.
SPOOL = 16 * 1024 * 1024
BLOCK = 64 * 1024


def export_bundle(db: Session, study: Study, out: Writable, options: ExportOptions | None = None) -> dict[str, Any]:
    """Write the study's bundle to `out` in one pass and constant memory; returns the bundle's manifest."""
    return write_bundle(out, bundle_contents(db, study, options))


def bundle_contents(db: Session, study: Study, options: ExportOptions | None = None) -> BundleContents:
    """What the bundle holds. Its rows are made while it is written, so `db` must stay open until then."""
    options = options or ExportOptions()
    definition = definition_of(study)
    results = [results_now(db, study.id, options.choice(method)) for method in exported_methods(study)]
    known = [result for result in results if result.raters]
    sets = {result.choice.method: set_results_now(db, study, result.choice) for result in known}
    software = f"Asterism {VERSION}"
    versions = inputs_of(db, study.id, options.choice(exported_methods(study)[-1])).versions
    flow = study_flow(db, study, results[-1].choice, list(results[-1].failures))
    told = task_told(study, definition), sets_told(db, study, options), pooled_sentence(versions)
    task = " ".join(filter(None, told))
    return BundleContents(
        study_name=study.name,
        study_toml=study_text(study.definition_toml, definition),
        tables={
            **bundle_tables(db, study, options),
            "reliability": chain(*(reliability_rows(result.agreement, result.choice.method) for result in known)),
            "set_agreement": chain(*(set_rows(method, [one for one, _ in of]) for method, of in sets.items())),
            "noise_ceiling": chain(*(ceiling_rows(result.agreement, result.choice.method) for result in known)),
            "flow": flow_rows(session_counts(db, study)),
            "with_and_without": chain(*(_both_ways(db, study, options, method) for method in exported_methods(study))),
            "quality": quality_table(db, study, options, known[-1] if known else None),
        },
        own_tables={"answers_wide": (wide_columns(db, study), wide_rows(db, study, options))},
        rdms=(result.rdm_rows() for result in known if not sets[result.choice.method]),
        set_rdms=(
            (number, len(of), result.rdm_rows(), result.group_set())
            for of in sets.values()
            for number, (_, result) in enumerate(of, start=1)
            if result.raters
        ),
        group_rdms=(result.group_set() for result in known),
        methods_text=methods_text(task, results, software=software, flow=flow),
        software=software,
        about={
            "simulated_raters_included": options.with_simulated,
            "unfinished_sessions_included": options.with_unfinished,
            "unfinished_sessions_left_out": results[0].n_left_out,
            "recruiter_ids_included": options.recruiter_ids,
            "excluded_in_results": options.with_excluded,
            "standard_errors_included": options.uncertainty,
            "study_version": study.version,
            "sessions_by_study_version": {str(version): number for version, number in versions.items()},
            "earlier_study_versions": earlier_versions(db, study),
            **_brought_in(study),
        },
    )


def bundle_choices(db: Session, study: Study, options: ExportOptions) -> list[Choice]:
    """The results that a bundle holds: of each estimator, with and without what was left out, and of each set of clips.

    Where nothing is left out, with and without it are one.
    """
    whole = [
        inputs_of(db, study.id, one.choice(method)) for one in both_ways(options) for method in exported_methods(study)
    ]
    of_sets = [inputs.of_set(one).choice for inputs in whole[: len(whole) // 2] for one in inputs.sets]
    return list(dict.fromkeys([*(inputs.choice for inputs in whole), *of_sets]))


def _both_ways(db: Session, study: Study, options: ExportOptions, method: str) -> Iterator[dict[str, Any]]:
    ways = {one.with_excluded: results_now(db, study.id, one.choice(method)) for one in both_ways(options)}
    return both_ways_rows(ways[False], ways[True])


def exported_methods(study: Study) -> tuple[str, ...]:
    """The estimators whose RDMs a bundle holds; where RDMs came with the data, only these."""
    return EXPORTED if has_placements(study) else (GIVEN,)


def task_told(study: Study, definition: StudyDefinition) -> str:
    """What the methods text says of the task; of data that were brought in, what was said with them."""
    return task_text(task_of(definition)) if study.origin is None else str(study.origin["task"])


def sets_told(db: Session, study: Study, options: ExportOptions) -> str | None:
    """What the methods text says of the study's sets of clips; None where it has none."""
    inputs = inputs_of(db, study.id, options.choice(exported_methods(study)[-1]))
    if not inputs.sets:
        return None
    return sets_sentence(inputs.sets, Counter(len(one.sets) for one in inputs.chosen if one.sets))


def _brought_in(study: Study) -> dict[str, Any]:
    """What a bundle's manifest says of data that were brought in, beside the rest."""
    if study.origin is None:
        return {}
    told = ("files", "kind", "remarks", "times_known", "has_placements")
    return {BROUGHT_IN: {key: study.origin[key] for key in told if key in study.origin}}


def task_of(definition: StudyDefinition) -> Task:
    """What the methods text says of a study's definition."""
    design, stop = definition.design, definition.stop
    return Task(design.max_items, design.method, stop.min_evidence, stop.max_minutes, stop.max_trials)


def write_csv(out: IO[bytes], rdms: RDMs) -> None:
    """Write the RDMs as a table of pairs, one row for each rater and pair."""
    # Not `writelines`: a spooled file looks at its size only after the last of these lines.
    for line in tables.csv_lines(RDM_COLUMNS, tables.rdm_rows(rdms)):
        out.write(line.encode())


class RDMFormat(NamedTuple):
    """A kind of file of RDMs: how it is written, its MIME type, and what the results page calls it."""

    write: Callable[[IO[bytes], RDMs], None]
    mime_type: str
    label: str


# By extension. A new format is a row here; pages, addresses and errors follow.
RDM_FORMATS = {
    "csv": RDMFormat(write_csv, "text/csv", "CSV, one row a pair"),
    "npz": RDMFormat(tables.write_npz, "application/zip", "NPZ for NumPy"),
    "mat": RDMFormat(matlab.write_mat, "application/x-matlab-data", "MAT for MATLAB"),
    "hdf5": RDMFormat(rsatoolbox.write_hdf5, "application/x-hdf5", "HDF5 for rsatoolbox"),
    "npy.zip": RDMFormat(
        lambda out, rdms: sets.write_set_archive(out, [rdms]), "application/zip", "NPY, raters × pairs (01.npy)"
    ),
}
# Of the raters alone: what else they take in is the raters' trials.
MEADOWS = "meadows.zip"


def check_kind(kind: str) -> None:
    """Return if RDMs are available as files of that kind.

    Raises
    ------
    Invalid
        When it is neither one of RDM_FORMATS nor MEADOWS.
    """
    if kind not in RDM_FORMATS and kind != MEADOWS:
        raise Invalid(f"RDMs are available as {', '.join([*RDM_FORMATS, MEADOWS])}, not as {kind}.", field="kind")


def rdms_to_download(
    db: Session, study: Study, choice: Choice, *, group: bool, kind: str, completed: bool = False
) -> RDMs:
    """The raters' RDMs, or the pooled one, for a file of that kind; `completed` by the estimator's model, or as seen.

    Raises
    ------
    Invalid
        When the kind is not one of RDM_FORMATS, or there is no RDM yet.
    """
    check_kind(kind)
    results = _with_raters(db, study, choice)
    rdms: RDMs = results.group_set() if group else results.rdm_rows()
    return rdms.completed_only() if completed else rdms


def _with_raters(db: Session, study: Study, choice: Choice) -> StudyResults:
    results = results_now(db, study.id, choice)
    if not results.raters:
        raise Invalid("There is no RDM to download yet: no rater has submitted a trial that can be used.")
    return results


def rdm_file(rdms: RDMs, kind: str) -> Iterator[bytes]:
    """The RDMs as a file of that kind, piece by piece."""
    with SpooledTemporaryFile(SPOOL) as file:
        RDM_FORMATS[kind].write(file, rdms)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def meadows_file(db: Session, study: Study, choice: Choice) -> Iterator[bytes]:
    """The raters' RDMs and trials as Meadows' files, in a zip that is made before the first piece is asked for.

    Raises
    ------
    Invalid
        When there is no RDM yet, or clips' names do not fit that platform's files.
    """
    rdms = _with_raters(db, study, choice).rdm_rows()
    with ExitStack() as stack:
        file = stack.enter_context(SpooledTemporaryFile(SPOOL))
        try:
            write_meadows(file, study.name, rdms, _trials(db, study, choice, rdms))
        except ValueError as error:
            raise Invalid(f"These RDMs do not fit Meadows' files: {error}.") from error
        opened = stack.pop_all()

    def pieces() -> Iterator[bytes]:
        """The file, which is closed at its end."""
        with opened:
            file.seek(0)
            while block := file.read(BLOCK):
                yield block

    return pieces()


def _trials(db: Session, study: Study, choice: Choice, rdms: RDMs) -> Iterator[tuple[str, RaterTrials]]:
    """The trials of each rater who has an RDM, rater after rater."""
    inputs = inputs_of(db, study.id, choice)
    clip_ids = [clip.id for clip in inputs.clips]
    for sitting in inputs.chosen:
        session = db.get(ParticipantSession, sitting.session_id)
        if session is not None and sitting.rater.name in rdms.raters:
            trials, times = session_trials(db, session, clip_ids, last=sitting.last, without=sitting.left_out)
            ends = [(shown.timestamp() * 1000, stored.timestamp() * 1000) for shown, stored in times]
            yield sitting.rater.name, RaterTrials(trials, ends)
