"""The export bundle of a study, and its RDMs as single files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sqlalchemy.orm import Session

from analysis.formats import matlab, rsatoolbox, tables
from analysis.formats.bundle import BundleContents, write_bundle
from analysis.formats.bundle_tables import RDM_COLUMNS
from analysis.formats.bundle_writer import Writable
from analysis.formats.rdm_set import RDMSet, completed_only
from analysis.results import ceiling_rows, reliability_rows
from app.errors import Invalid
from app.models import Study
from app.results.estimates import Choice, count_unfinished, estimate_raters
from app.results.export_quality import quality_table
from app.results.export_tables import Cells, ExportOptions, bundle_tables
from app.results.methods_text import methods_text
from app.results.study_results import agreement, pooled_rdm, rater_rdms
from app.studies.definition import check_definition
from app.version import VERSION

METHODS = ("weighted_average", "combined")
# Above this size a file waits on disk, not in memory, while it is made.
SPOOL = 16 * 1024 * 1024
BLOCK = 64 * 1024


def export_bundle(db: Session, study: Study, out: Writable, options: ExportOptions | None = None) -> dict[str, Any]:
    """Write the study's bundle to `out` in one pass and constant memory; returns the bundle's manifest."""
    return write_bundle(out, bundle_contents(db, study, options))


def bundle_contents(db: Session, study: Study, options: ExportOptions | None = None) -> BundleContents:
    """What the bundle holds. Rows and RDMs are made while it is written, so `db` must stay open until then."""
    options = options or ExportOptions()
    choices = [Choice(method, options.with_simulated, options.with_unfinished) for method in METHODS]
    sets = (rater_rdms(db, estimate_raters(db, study.id, choice)) for choice in choices)
    pooled = (pooled_rdm(estimate_raters(db, study.id, choice)) for choice in choices)
    unfinished = count_unfinished(db, study.id, with_simulated=options.with_simulated)
    left_out = 0 if options.with_unfinished else unfinished
    return BundleContents(
        study_name=study.name,
        study_toml=study.definition_toml,
        tables={
            **bundle_tables(db, study, options),
            "reliability": _reliability(db, study, choices),
            "noise_ceiling": _noise_ceilings(db, study, choices),
            "quality": quality_table(db, study, options, choices[-1] if choices else None),
        },
        rdms=(rdms for rdms in sets if rdms is not None),
        group_rdms=(rdms for rdms in pooled if rdms is not None),
        methods_text=methods_text(check_definition(study.definition), METHODS, unfinished_left_out=left_out),
        software=f"asterism {VERSION}",
        about={
            "simulated_raters_included": options.with_simulated,
            "unfinished_sessions_included": options.with_unfinished,
            "unfinished_sessions_left_out": left_out,
            "recruiter_ids_included": options.recruiter_ids,
        },
    )


def write_csv(out: IO[bytes], rdms: RDMSet) -> None:
    """Write the RDMs as a table of pairs, one row for each rater and pair."""
    out.writelines(line.encode() for line in tables.csv_lines(RDM_COLUMNS, tables.rdm_rows(rdms)))


RDM_WRITERS: dict[str, tuple[Callable[[IO[bytes], RDMSet], None], str]] = {
    "csv": (write_csv, "text/csv"),
    "npz": (tables.write_npz, "application/zip"),
    "mat": (matlab.write_mat, "application/x-matlab-data"),
    "hdf5": (rsatoolbox.write_hdf5, "application/x-hdf5"),
}


def rdms_to_download(
    db: Session, study: Study, choice: Choice, *, group: bool, kind: str, completed: bool = False
) -> RDMSet:
    """The raters' RDMs, or the pooled one, for a file of that kind; `completed` by the estimator's model, or as seen.

    Raises
    ------
    Invalid
        When the kind is none of RDM_WRITERS, or there is no RDM yet.
    """
    if kind not in RDM_WRITERS:
        raise Invalid(f"RDMs can be had as {', '.join(RDM_WRITERS)}, not as {kind}.", field="kind")
    estimates = estimate_raters(db, study.id, choice)
    rdms = pooled_rdm(estimates) if group else rater_rdms(db, estimates)
    if rdms is None:
        raise Invalid("There is no RDM to download yet: no rater has submitted a trial that can be used.")
    return completed_only(rdms) if completed else rdms


def rdm_file(rdms: RDMSet, kind: str) -> Iterator[bytes]:
    """The RDMs as a file of that kind, piece by piece."""
    with SpooledTemporaryFile(SPOOL) as file:
        RDM_WRITERS[kind][0](file, rdms)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _reliability(db: Session, study: Study, choices: list[Choice]) -> Iterator[Cells]:
    for choice in choices:
        if found := agreement(estimate_raters(db, study.id, choice)):
            yield from reliability_rows(found, choice.method)


def _noise_ceilings(db: Session, study: Study, choices: list[Choice]) -> Iterator[Cells]:
    for choice in choices:
        if found := agreement(estimate_raters(db, study.id, choice)):
            yield from ceiling_rows(found, choice.method)
