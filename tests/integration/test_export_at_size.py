"""The export of many raters: memory does not grow with their RDMs (F29)."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from analysis.formats import bundle_writer, rdm_rows
from analysis.formats.bundle import read_bundle
from analysis.formats.source_bundle import GIVEN
from analysis.rdm import n_pairs
from analysis.results import Choice, StudyResults, agreement, given_result
from app.domain import SessionState
from app.models import GivenRdm, ParticipantSession, StoredRater, StoredResults, Study, now
from app.results import export as export_module
from app.results.chosen import ExportOptions
from app.results.export import export_bundle, rdm_file, rdms_to_download
from app.results.inputs import inputs_of
from app.results.overview import Overview
from app.results.packing import pack_overview, pack_rater
from tests import experimenter
from tests.factories import make_study

CLIPS = 80
ORIGIN = {
    "files": [],
    "kind": "stack",
    "remarks": [],
    "sentences": [],
    "task": "Made up.",
    "times_known": False,
    "has_placements": False,
    "not_known": {},
}


def add_raters(lab: experimenter.Lab, study_id: int, first: int, last: int) -> None:
    """Raters with made-up RDMs, and results of all of them as a worker keeps them."""
    with lab.database.writing() as db:
        for number in range(first, last + 1):
            session = ParticipantSession(
                study_id=study_id, public_id=f"S{number}", number=number, state=SessionState.FINISHED, seed=number
            )
            db.add(session)
            db.flush()
            values = np.random.default_rng(number).uniform(0.1, 1.0, n_pairs(CLIPS))
            db.add(GivenRdm(session_id=session.id, values=values.astype("<f8").tobytes()))
        db.flush()
        inputs = inputs_of(db, study_id, Choice(GIVEN))
        estimates = {}
        for sitting in inputs.chosen:
            values = np.frombuffer(db.get_one(GivenRdm, sitting.session_id).values, "<f8")
            estimates[sitting.rater.name] = given_result(values, GIVEN)
            kept = {"inputs": inputs.of_rater(sitting), "content": pack_rater(estimates[sitting.rater.name])}
            key = {"session_id": sitting.session_id, "method": GIVEN, "clip_set": ""}
            db.merge(StoredRater(**key, with_excluded=False, uncertainty=False, computed_at=now(), **kept))
        results = StudyResults(inputs.choice, inputs.names, inputs.everybody, estimates)
        known = Overview(
            [{"rater": name, "problem": None} for name in results.raters],
            *(0, None, None, []),
            group=results.pooled,
            agreement=agreement(results.table[:, : n_pairs(10)], results.raters, comparators=("pearson",)),
            against_others=results.quality,
        )
        key = {"study_id": study_id, "method": GIVEN, "with_simulated": True, "clip_set": ""}
        key |= dict.fromkeys(("with_unfinished", "with_excluded", "uncertainty"), False)
        db.merge(
            StoredResults(**key, inputs=inputs.of_study(), wanted="", content=pack_overview(known), computed_at=now())
        )
        db.commit()


def test_f29_memory_does_not_grow_with_raters(
    lab: experimenter.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bundle_writer, export_module):
        monkeypatch.setattr(module, "SPOOL", 1024)
    monkeypatch.setattr(rdm_rows, "BLOCK", 4096)
    study_id = make_study(lab.database, lab.settings, name="many", n_clips=CLIPS)
    with lab.database.writing() as db:
        db.get_one(Study, study_id).origin = ORIGIN
        db.commit()

    def export() -> None:
        with lab.database.reading() as db, (tmp_path / "many.zip").open("wb") as out:
            export_bundle(db, db.get_one(Study, study_id), out, ExportOptions())

    def download() -> None:
        with lab.database.reading() as db:
            study = db.get_one(Study, study_id)
            for kind in export_module.RDM_FORMATS:
                for _ in rdm_file(rdms_to_download(db, study, Choice(GIVEN), group=False, kind=kind), kind):
                    pass

    def peaks() -> list[int]:
        memory = []
        for work in (export, download):
            tracemalloc.start()
            work()
            memory.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        return memory

    add_raters(lab, study_id, 1, 2)
    export()
    few = peaks()
    add_raters(lab, study_id, 3, 8)
    many = peaks()
    one_rdm = n_pairs(CLIPS) * 8
    for before, after in zip(few, many, strict=True):
        assert after - before < 6 * one_rdm / 2, (few, many)
    bundle = read_bundle(tmp_path / "many.zip")
    assert bundle.rdms(GIVEN).rdms.shape == (8, n_pairs(CLIPS))
