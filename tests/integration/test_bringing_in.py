"""Data that are brought in: a bundle of another installation is the same study again, other programs' data get the same
results, and nothing that is damaged or hostile is ever stored in part.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import squareform
from sqlalchemy import func, select

from analysis.formats.bundle import Bundle, read_bundle
from analysis.formats.hints import Hints
from analysis.results import Choice
from app.config import load_settings
from app.domain import ItemKind, StudyState
from app.errors import AsterismError, Invalid, NotAllowed
from app.models import Base, Clip, ParticipantSession, Study, StudyModel
from app.participation.decisions import exclude
from app.results.chosen import ExportOptions
from app.results.export import export_bundle, exported_methods
from app.results.stored import results_now
from app.studies.bringing_in import store
from app.studies.bundle_rows import read_data
from app.studies.deletion import delete_study
from app.studies.duplication import duplicate_study
from app.studies.kept_models import pack_rdms
from app.studies.lifecycle import open_study
from tests import experimenter
from tests.conftest import ROOT

EVERYTHING = ExportOptions(with_unfinished=True, recruiter_ids=True)
FIRST_RELEASE = ROOT / "tests" / "data" / "bundle-v1.zip"


@pytest.fixture
def empty(tmp_path: Path, empty_sqlite: Path) -> Iterator[experimenter.Lab]:
    """An installation without studies, with an account."""
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "asterism.sqlite3").write_bytes(empty_sqlite.read_bytes())
    with experimenter.open_lab(load_settings(data=folder, rate_limits=False)) as lab:
        experimenter.make_account(lab.database)
        yield lab


def exported(lab: experimenter.Lab, file: Path, name: str = "faces") -> Bundle:
    with lab.database.reading() as db, file.open("wb") as out:
        export_bundle(db, db.scalars(select(Study).where(Study.name == name)).one(), out, EVERYTHING)
    return read_bundle(file)


def bring(lab: experimenter.Lab, file: Path, name: str = "faces", hints: Hints | None = None) -> None:
    folder = file.parent / "work"
    folder.mkdir(exist_ok=True)
    prepared = read_data([(file, file.name)], hints or Hints(), folder)
    with lab.database.writing() as db:
        store(db, name, prepared)


def rows(lab: experimenter.Lab) -> dict[str, int]:
    """The number of rows of every table."""
    with lab.database.reading() as db:
        return {t.name: db.scalar(select(func.count()).select_from(t)) or 0 for t in Base.metadata.sorted_tables}


def contents(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith((".hdf5", ".mat", ".npz"))}


def test_a_bundle_that_is_brought_in_and_exported_again_is_the_same_byte_for_byte(
    lab: experimenter.Lab, empty: experimenter.Lab, tmp_path: Path
) -> None:
    with lab.database.writing() as db:
        db.scalars(select(Clip).where(Clip.position == 1)).one().kind = ItemKind.PICTURE
        db.commit()
    with lab.database.writing() as db:
        exclude(db, db.scalars(select(Study).where(Study.name == "faces")).one(), "P001", "tried keys", trial=1)
    with lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == "faces")).one()
        clips = [*(clip.file_name for clip in study.clips), "another.mp4"][::-1]
        rdms = np.random.default_rng(1).random((2, len(clips) * (len(clips) - 1) // 2))
        rdms[1, 3] = np.nan
        # Activations of more clips than the study has now, in another order: they are kept as they came.
        row = {"kind": "layers", "remarks": ["About it.", "Twice."], "sha256": "0" * 64, "file_name": "z.npz"}
        for name in ("z net", "a net"):
            content = pack_rdms(rdms)
            db.add(StudyModel(study_id=study.id, name=name, models=["l1", "l0"], clips=clips, content=content, **row))
            db.flush()
        db.commit()
    experimenter.compute(lab)
    before = exported(lab, tmp_path / "faces.zip")
    bring(empty, tmp_path / "faces.zip")
    after = exported(empty, tmp_path / "again.zip")
    assert len(contents(tmp_path / "again.zip")["candidate_models.csv"].splitlines()) > 4
    for method in ("weighted_average", "combined"):
        np.testing.assert_array_equal(before.rdms(method).rdms, after.rdms(method).rdms)
    told, again = the_same(tmp_path / "faces.zip", tmp_path / "again.zip")
    origin = again["about"].pop("brought_in")
    assert {key: told[key] for key in ("counts", "study", "about")} == {
        key: again[key] for key in ("counts", "study", "about")
    }
    assert origin["remarks"] == []
    assert origin["files"] == [
        {"file": "faces.zip", "sha256": hashlib.sha256((tmp_path / "faces.zip").read_bytes()).hexdigest()}
    ]
    # Where it is already, the same data come under new ids.
    bring(lab, tmp_path / "faces.zip", "faces-again")
    with lab.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(ParticipantSession)) == 8


def the_same(file: Path, again: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both bundles hold the same files, byte for byte; their manifests."""
    one, other = contents(file), contents(again)
    told = [json.loads(files.pop("manifest.json")) for files in (one, other)]
    # The one file that says when it was made; it also says where the data came from.
    readmes = [files.pop("README.md").decode().splitlines() for files in (one, other)]
    assert len([line for line in readmes[1] if line not in readmes[0]]) <= 2
    assert one.keys() == other.keys()
    for name in one:
        assert one[name] == other[name], name
    return told[0], told[1]


def test_answers_ratings_and_decisions_come_out_as_they_went_in(empty: experimenter.Lab, tmp_path: Path) -> None:
    """Of a study with all of them; bundles of both versions of the format become the same."""
    kept = {"v1": "bundle-v1-rated.zip", "v2": "bundle-v2.zip"}
    for name, file in kept.items():
        (tmp_path / file).write_bytes((ROOT / "tests" / "data" / file).read_bytes())
        bring(empty, tmp_path / file, name)
        again, wanted = exported(empty, tmp_path / f"{name}.zip", name), read_bundle(tmp_path / file)
        assert again.manifest["about"]["brought_in"]["remarks"] == []
        for table in ("answers", "ratings", "attributes_from_ratings", "decisions", "participants", "moves"):
            rows = list(again.rows(table))
            assert rows == list(wanted.rows(table)), table
            assert rows
    # Exported, brought in and exported once more, byte for byte. (In the same installation ids are new.)
    delete_study(empty.database, empty.settings, "v2", typed="v2")
    bring(empty, tmp_path / "v2.zip", "v2")
    exported(empty, tmp_path / "third.zip", "v2")
    the_same(tmp_path / "v2.zip", tmp_path / "third.zip")


def test_a_bundle_of_the_first_release_is_brought_in_for_ever(empty: experimenter.Lab, tmp_path: Path) -> None:
    bring(empty, _copy(tmp_path), "stored")
    wanted, again = read_bundle(FIRST_RELEASE), exported(empty, tmp_path / "again.zip", "stored")
    for table in ("clips", "attributes", "trials", "placements", "moves", "plays"):
        # Placements come in the order of the items now, and in that of the page then.
        # Columns that came since have values now.
        known = {name for row in wanted.rows(table) for name, value in row.items() if value is not None}
        one, other = (
            sorted(({name: row[name] for name in sorted(known)} for row in bundle.rows(table)), key=repr)
            for bundle in (again, wanted)
        )
        assert one == other, table
    # Settings that came since are written out with the values that the study has.
    assert set(wanted.text("study.toml").splitlines()) <= set(again.text("study.toml").splitlines())
    # (That release had another estimator under the name "combined".)
    average = [bundle.rdms("weighted_average").rdms for bundle in (again, wanted)]
    np.testing.assert_allclose(*average, rtol=1e-6)


def _copy(folder: Path) -> Path:
    (folder / FIRST_RELEASE.name).write_bytes(FIRST_RELEASE.read_bytes())
    return folder / FIRST_RELEASE.name


def test_a_study_that_was_brought_in_says_so_and_takes_nobody(empty: experimenter.Lab, tmp_path: Path) -> None:
    bring(empty, _copy(tmp_path), "stored")
    with empty.database.writing() as db:
        study = db.scalars(select(Study)).one()
        assert study.state == StudyState.CLOSED
        with pytest.raises(NotAllowed, match="were brought in, without its clips' files: it cannot be opened"):
            open_study(db, "stored")
        with pytest.raises(NotAllowed, match="cannot be duplicated"):
            duplicate_study(db, study, name="copy", title="Copy")
    experimenter.log_in(empty.client)
    for page in ("", "/clips", "/results", "/settings", "/people"):
        html = empty.client.get(f"/studies/stored{page}").text
        assert "These data were brought in: they are the export bundle of the study stored" in html, page
        assert 'id="join-link"' not in html
    assert empty.client.get("/api/v1/studies/stored").json["study"]["origin"]


def test_rdms_without_placements_get_the_same_results_and_come_out_again(
    empty: experimenter.Lab, tmp_path: Path
) -> None:
    stack = np.random.default_rng(0).uniform(0.1, 1, (4, 10))
    stack[0, 3] = np.nan
    np.save(tmp_path / "theirs.npy", [squareform(row, checks=False) for row in stack])
    bring(empty, tmp_path / "theirs.npy", "theirs", Hints(names=("a", "b", "c", "d", "e")))
    with empty.database.reading() as db:
        study = db.scalars(select(Study)).one()
        assert exported_methods(study) == ("given",)
        results = results_now(db, study.id, Choice("given"))
    np.testing.assert_allclose(results.table, [row / np.sqrt(np.nanmean(row**2)) for row in stack])
    bundle = exported(empty, tmp_path / "out.zip", "theirs")
    given = bundle.rdms("given")
    np.testing.assert_allclose(given.rdms, [row / np.sqrt(np.nansum(row**2)) for row in stack])
    assert (bundle.names, given.raters) == (("a", "b", "c", "d", "e"), ("P001", "P002", "P003", "P004"))
    assert "read from theirs.npy" in bundle.text("methods.md")
    assert "drag and drop" not in bundle.text("methods.md")
    bring(empty, tmp_path / "out.zip", "theirs-again")


def test_another_programs_placements_are_stored_exactly_and_nothing_is_made_up(
    empty: experimenter.Lab, tmp_path: Path
) -> None:
    table = "rater,trial,item,x,y\n" + "".join(
        f"r{rater},{trial},item {item},{0.1 * item - 0.2},{0.05 * rater + 0.01 * trial * item}\n"
        for rater in (1, 2)
        for trial in (1, 2)
        for item in range(4)
    )
    (tmp_path / "table.csv").write_text(table)
    bring(empty, tmp_path / "table.csv", "table")
    bundle = exported(empty, tmp_path / "out.zip", "table")
    stored = {(r["participant"], r["number"], r["clip"]): (r["x"], r["y"]) for r in bundle.rows("placements")}
    assert stored["P002", 2, "item 3"] == (0.1 * 3 - 0.2, 0.05 * 2 + 0.01 * 2 * 3)
    assert len(stored) == 16
    for row in bundle.rows("trials"):
        assert {row[name] for name in ("shown_at", "duration_ms", "arena_diameter_px", "sha256", "design")} == {None}
    assert {row["seat"] for row in bundle.rows("placements")} == {None}
    assert {row["seed"] for row in bundle.rows("participants")} == {None}
    with empty.database.reading() as db:
        study = db.scalars(select(Study)).one()
        assert study.origin is not None
        assert study.origin["raters"] == {"P001": "r1", "P002": "r2"}
    assert "minutes" not in bundle.text("methods.md")


def rewritten(source: Path, out: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The bundle with other contents, whose checksums and sizes fit them."""
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    manifest = json.loads(files.pop("manifest.json"))
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    out.write_bytes(buffer.getvalue())
    return out


def replacing(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        """Replace the text once; it must be there."""
        assert old in files[name], (name, old)
        files[name] = files[name].replace(old, new, 1)

    return change


def test_columns_that_the_program_does_not_know_are_named_where_the_data_come_from(
    empty: experimenter.Lab, tmp_path: Path
) -> None:
    file = rewritten(FIRST_RELEASE, tmp_path / "bundle.zip", with_column("colour", "red"))
    bring(empty, file, "stored")
    with empty.database.reading() as db:
        origin = db.scalars(select(Study).where(Study.name == "stored")).one().origin
    assert origin is not None
    assert origin["remarks"] == ["This program does not keep all columns of clips.csv; it left out 'colour'."]


def with_column(name: str, value: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        """Give clips.csv another column, the same in all rows."""
        header, *rows = csv.reader(io.StringIO(files["clips.csv"].decode()))
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([[*header, name], *([*row, value] for row in rows)])
        files["clips.csv"] = out.getvalue().encode()

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replacing("participants.csv", b",finished,", b",dancing,"), "participants.csv: P001 has an unknown state"),
        (replacing("study.toml", b"title", b"titel"), "study.toml"),
        (replacing("trials.csv", b",main,", b",mane,"), "unknown purpose 'mane'"),
        (replacing("clips.csv", b"\n0,", b"\n7,"), "the items are not 0, 1, 2"),
        (with_column("kind", "film"), "has an unknown kind 'film'; known are clip, picture, sound"),
        (lambda files: files.pop("moves.csv"), "holds no moves.csv"),
        (lambda files: files.update({"../evil.csv": b""}), "../evil.csv"),
    ],
)
def test_bundles_that_contradict_themselves_are_refused_by_name_and_leave_nothing(
    empty: experimenter.Lab, tmp_path: Path, change: Callable[[dict[str, bytes]], None], reason: str
) -> None:
    before = rows(empty)
    file = rewritten(FIRST_RELEASE, tmp_path / "bundle.zip", change)
    if "evil" in reason:
        # What is in the manifest and beside our tables is never unpacked to a file, whatever its name.
        bring(empty, file, "stored")
        assert not list(tmp_path.rglob("evil.csv"))
        return
    with pytest.raises(Invalid) as error:
        bring(empty, file, "stored")
    assert reason in error.value.message
    assert str(tmp_path) not in error.value.message
    assert rows(empty) == before


def refusal(lab: experimenter.Lab, file: Path, name: str) -> str:
    """Why the file is not brought in, in the words of the program; empty where it is."""
    try:
        bring(lab, file, name)
    except AsterismError as error:
        return error.message
    return ""


def test_no_mutated_bundle_is_a_traceback_or_half_a_study(empty: experimenter.Lab, tmp_path: Path) -> None:
    """Bytes of the zip, and cells of its tables under checksums that fit them."""
    rng = np.random.default_rng(11)
    names = ("clips", "participants", "trials", "placements", "moves", "plays", "attributes")
    tables = [f"{name}.csv" for name in names]
    odd = [b"", b"nan", b"-1", b"1e300", b"9" * 20, b"\xff", b"2031-01-01", b"'", b'"', b"true", b"x" * 300]
    before, refused, stored = rows(empty), 0, 0
    for number in range(44):
        file = tmp_path / "bundle.zip"
        if number % 4 == 0:
            data = bytearray(FIRST_RELEASE.read_bytes())
            for place in rng.integers(0, len(data), 3):
                data[place] = rng.integers(0, 256)
            file.write_bytes(data[: rng.integers(len(data) // 2, len(data) + 1)])
        else:
            name = tables[rng.integers(len(tables))]

            def spoil(files: dict[str, bytes], name: str = name) -> None:
                """Give one cell of one line another value."""
                lines = files[name].split(b"\n")
                line = int(rng.integers(0, max(1, len(lines) - 1)))
                cells = lines[line].split(b",")
                cells[rng.integers(len(cells))] = odd[rng.integers(len(odd))]
                lines[line] = b",".join(cells)
                files[name] = b"\n".join(lines)

            rewritten(FIRST_RELEASE, file, spoil)
        told = refusal(empty, file, f"study-{number}")
        assert str(tmp_path) not in told
        refused, stored = refused + bool(told), stored + (not told)
        assert rows(empty)["study"] == before["study"] + stored
    assert refused > 15
    with empty.database.reading() as db:
        # What was stored has all that its bundle says, and can be exported.
        for study in db.scalars(select(Study).limit(2)):
            exported(empty, tmp_path / "out.zip", study.name)
