"""A bundle leaves while it is made, and takes no more memory for more rows (F29)."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from analysis.formats.bundle import BundleContents, read_bundle
from analysis.formats.bundle_writer import Row
from app.models import Seat, Submission, Trial
from app.results import export as export_module
from app.results.chosen import ExportOptions
from app.web import researcher
from tests import experimenter
from tests.integration.test_export import export


def test_f29_the_download_is_streamed(lab: experimenter.Lab, tmp_path: Path) -> None:
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    answer = lab.client.get("/studies/faces/bundle.zip?unfinished=1")
    assert answer.status_code == 200
    assert answer.is_streamed
    assert answer.content_length is None
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="faces_')
    file = tmp_path / "download.zip"
    file.write_bytes(b"".join(answer.response))
    assert len(read_bundle(file).rdms("combined").raters) == 4


def test_f29_the_first_bytes_leave_before_the_last_are_made(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def counted(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            made.append(row)
            yield row

    def watched(*about: object) -> BundleContents:
        contents = export_module.bundle_contents(*about)  # type: ignore[arg-type]
        return replace(contents, tables={**contents.tables, "plays": counted(contents.tables["plays"])})

    monkeypatch.setattr(researcher, "bundle_contents", watched)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    answer = lab.client.get("/studies/faces/bundle.zip?unfinished=1")
    pieces = iter(answer.response)
    assert next(pieces).startswith(b"PK")
    assert made == []
    assert sum(len(piece) for piece in pieces) > 10_000
    assert made


def test_f29_memory_does_not_grow_with_the_rows(
    lab: experimenter.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "EXPORTED", ("weighted_average",))

    def peak() -> int:
        tracemalloc.start()
        export(lab, tmp_path, ExportOptions())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    export(lab, tmp_path)
    small = peak()
    _add_trials(lab, 20, plays=1_500)
    assert peak() < small + 4_000_000


def _add_trials(lab: experimenter.Lab, number: int, *, plays: int) -> None:
    """Checks, which no result needs, in the first session; each holds a record of 150 kB."""
    with lab.database.writing() as db:
        query = select(Trial).join(Submission).options(joinedload(Trial.submission).undefer(Submission.body))
        first = db.scalars(query).first()
        assert first is not None
        assert first.submission is not None
        body = json.loads(first.submission.body)
        body["plays"] *= plays
        for k in range(number):
            trial = Trial(
                session_id=first.session_id,
                key=f"more{k}",
                number=1000 + k,
                purpose="check",
                design="random",
                seed=1,
                seats=[Seat(seat=seat.seat, clip_id=seat.clip_id) for seat in first.seats],
            )
            db.add(trial)
            db.flush()
            columns = {column.key for column in sa.inspect(Submission).column_attrs} - {"trial_id", "body"}
            copied = {name: getattr(first.submission, name) for name in columns}
            db.add(Submission(trial_id=trial.id, body=json.dumps(body).encode(), **copied))
        db.commit()
