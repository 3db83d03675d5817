"""What docs/formats.md promises about bundles of other releases, and bundles that are damaged or hostile.

Bundles of each version of the format are kept for ever in tests/data (never rewrite them): of the first release
(bundle-v1.zip; what it must say stands beside it, taken from that release's database), and one of each version with
all tables filled (bundle-v1-rated.zip, bundle-v2.zip: the study of tests/rated.py).
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from analysis import estimate_rdm
from analysis.__main__ import main
from analysis.formats import bundle_reader, bundle_writer
from analysis.formats.bundle import BundleContents, BundleError, read_bundle, write_bundle
from analysis.formats.bundle_tables import RDM_COLUMNS, TABLES, Column
from analysis.report.drawings import draw
from tests.conftest import ROOT

STORED = ROOT / "tests" / "data" / "bundle-v1.zip"
SAYS = json.loads((ROOT / "tests" / "data" / "bundle-v1.json").read_text(encoding="utf-8"))
STAYING = [rater for rater, state in SAYS["states"].items() if state != "withdrawn"]


def test_a_bundle_of_the_first_release_says_what_it_said():
    bundle = read_bundle(STORED)
    assert list(bundle.names) == SAYS["clips"]
    assert bundle.manifest["format_version"] == 1
    place = {name: item for item, name in enumerate(SAYS["clips"])}
    purposes = {"main": "arrange", "repeat": "repeat", "check": "check"}
    assert list(bundle.trials()) == STAYING
    for rater, trials in bundle.trials().items():
        told = SAYS["trials"][rater]
        assert [purposes[trial.row["purpose"]] for trial in trials] == [one["purpose"] for one in told]
        for trial, one in zip(trials, told, strict=True):
            read = dict(zip(trial.arrangement.items.tolist(), trial.arrangement.positions.tolist(), strict=True))
            assert read == {place[clip]: [x, y] for clip, x, y in one["placements"]}
    assert sum(len(trials) for trials in bundle.arrangements().values()) == 6
    assert 'title = "Fäces"' in bundle.text("study.toml")


def test_every_table_of_a_bundle_of_the_first_release_has_its_rows():
    bundle = read_bundle(STORED)
    for table in TABLES:
        rows = list(bundle.rows(table))
        assert len(rows) == bundle.manifest["counts"].get(table, 0), table
    assert [row["value"] for row in bundle.rows("attributes") if row["clip"] == "-minus.mp4"] == ["f", "0.5"]
    assert [row["is_simulated"] for row in bundle.rows("participants")] == [False, True]


@pytest.mark.parametrize("method", ["weighted_average", "combined"])
def test_the_rdms_of_a_bundle_of_the_first_release_are_read(method):
    bundle = read_bundle(STORED)
    rdms = bundle.rdms(method)
    assert list(rdms.raters) == STAYING
    assert rdms.rdms.shape == (2, 15)
    assert bundle.rdms(method, group=True).raters == ("group",)
    if method == "weighted_average":
        for rater, row in zip(rdms.raters, rdms.rdms, strict=True):
            again = estimate_rdm(bundle.arrangements()[rater], 6, method=method).rdm
            np.testing.assert_allclose(row, again, rtol=1e-6)


def test_the_report_can_be_made_from_a_bundle_of_the_first_release(tmp_path, capsys, monkeypatch):
    drawn = []
    # Writing the figures takes longer than all else, and is the same for every bundle.
    monkeypatch.setattr("analysis.report.write.draw", lambda results: drawn.extend(draw(results)) or [])
    assert main([str(STORED), "--out", str(tmp_path / "report"), "--method", "weighted_average", "--jobs", "1"]) == 0
    assert (tmp_path / "report").is_dir()
    assert capsys.readouterr().out.strip()
    assert drawn


def test_columns_only_ever_join_at_the_end_and_need_not_have_a_value():
    """A change of any other kind breaks bundles that are out there: it is a new format version."""
    assert bundle_writer.FORMAT_VERSION == 2
    rows = list(csv.DictReader(io.StringIO(read_bundle(STORED).text("data_dictionary.csv"))))
    first: dict[str, list[tuple[str, str, str, str]]] = {}
    for row in rows:
        first.setdefault(row["table"], []).append((row["column"], row["kind"], row["unit"], row["required"]))
    for table, columns in {**TABLES, "rdms": RDM_COLUMNS}.items():
        now = [(c.name, c.kind, c.unit, "yes" if c.required else "no") for c in columns]
        then = first.pop(table, [])
        # Version 2 made texts of seeds.
        then = [(name, "digits" if name == "seed" else kind, *rest) for name, kind, *rest in then]
        assert now[: len(then)] == then, table
        if then:
            assert not [c.name for c in columns[len(then) :] if c.required], table
    assert not first


@pytest.mark.parametrize("name", ["bundle-v1-rated.zip", "bundle-v2.zip"])
def test_a_bundle_of_each_version_says_what_it_said(name):
    """Each is of the study of tests/rated.py, whose texts are such as programs like to change."""
    bundle = read_bundle(ROOT / "tests" / "data" / name)
    people = list(bundle.rows("participants"))
    assert [row["seed"] for row in people][:2] == [9080609714381269916, 4814410409991990783]
    assert [(row["is_simulated"], row["excluded"]) for row in people[:3]] == [
        (False, False),
        (False, False),
        (True, True),
    ]
    assert people[0]["finished_at"] is not None
    assert (people[3]["finished_at"], people[3]["exclusion_reason"]) == (None, None)
    texts = [row["value"] for row in bundle.rows("answers") if row["question"] == "strategy"]
    assert texts == ["NA", '=1+1\nand "more"', "007"]
    assert [row["value"] for row in bundle.rows("answers") if row["question"] == "saw"] == [
        "faces",
        "places",
        None,
        None,
    ]
    ratings = [row for row in bundle.rows("ratings") if row["participant"] == "P001"]
    assert [row["number"] for row in ratings if row["question"] == "valence"] == [0, -2, -1, 2, 0]
    assert [row["value"] for row in ratings if row["question"] == "place"] == ["NA", "indoors", None, "NA", "indoors"]
    assert [row["revisions"] for row in ratings][::2] == [0, 1, 0, 0, 0]
    assert [row["reason"] for row in bundle.rows("decisions")] == ["tried keys", "a test of ours"]
    for rater, row in zip(bundle.rdms("combined").raters, bundle.rdms("combined").rdms, strict=True):
        again = estimate_rdm(bundle.arrangements()[rater], 6, method="combined").seen_rdm
        np.testing.assert_allclose(row, again, rtol=1e-6)


NEW_COLUMN = Column("heard", "bool", "", "A column that a later release adds")
NEW_TABLE = (Column("question", "text", "", "A table that a later release adds", True),)


@pytest.fixture
def newer(monkeypatch, tmp_path):
    """A bundle as a later release writes it, with one more column at the end and one more table."""
    tables = {**TABLES, "plays": (*TABLES["plays"], NEW_COLUMN), "answers": NEW_TABLE}
    old = read_bundle(STORED)
    content = {table: list(old.rows(table)) for table in TABLES}
    content["plays"] = [row | {"heard": True} for row in content["plays"]]
    with monkeypatch.context() as patch:
        patch.setattr(bundle_writer, "TABLES", tables)
        contents = BundleContents(
            study_name="stored",
            study_toml=old.text("study.toml"),
            tables={**content, "answers": [("why?",)]},
            methods_text="x",
            rdms=[old.rdms("combined")],
        )
        write_bundle(tmp_path / "newer.zip", contents)
    return tmp_path / "newer.zip"


def test_a_newer_bundle_with_one_more_column_and_table_is_read_by_this_release(newer):
    bundle = read_bundle(newer)
    assert list(bundle.rows("plays")) == list(read_bundle(STORED).rows("plays"))
    assert "answers.csv" in bundle.manifest["files"]
    assert len(bundle.arrangements()) == 2


def test_an_older_bundle_without_a_column_and_a_table_is_read_by_a_newer_release(newer, monkeypatch):
    tables = {**TABLES, "plays": (*TABLES["plays"], NEW_COLUMN), "answers": NEW_TABLE}
    monkeypatch.setattr(bundle_reader, "TABLES", tables)
    old, new = read_bundle(STORED), read_bundle(newer)
    assert list(old.rows("answers")) == []
    assert [row["question"] for row in new.rows("answers")] == ["why?"]
    assert {row["heard"] for row in old.rows("plays")} == {None}
    assert {row["heard"] for row in new.rows("plays")} == {True}


def rebuilt(target, change, *, compression=zipfile.ZIP_DEFLATED, rename=lambda name: name):
    """The stored bundle with other files, and a manifest that lists them with their true checksums."""
    import hashlib

    with zipfile.ZipFile(STORED) as old:
        files = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    files = change(files)
    manifest["files"] = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    }
    with zipfile.ZipFile(target, "w", compression) as new:
        for name, data in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
            new.writestr(rename(name), data)
    return target


def test_a_table_of_the_first_release_is_never_taken_for_one_that_came_later(tmp_path):
    def without_plays(files):
        return {name: data for name, data in files.items() if name != "plays.csv"}

    with pytest.raises(BundleError, match=r"holds no plays\.csv"):
        read_bundle(rebuilt(tmp_path / "x.zip", without_plays))


def test_a_required_column_that_is_missing_is_an_error(tmp_path):
    def without_x(files):
        return files | {"placements.csv": files["placements.csv"].replace(b",x,", b",ex,", 1)}

    with pytest.raises(BundleError, match=r"placements\.csv: no column is named x"):
        read_bundle(rebuilt(tmp_path / "x.zip", without_x)).trials()


def test_positions_outside_the_arena_are_never_taken_for_placements(tmp_path):
    def in_pixels(files):
        rows = files["placements.csv"].decode().splitlines()
        cells = rows[1].split(",")
        cells[-2:] = ["640.0", "360.0"]
        return files | {"placements.csv": "\n".join([rows[0], ",".join(cells), *rows[2:], ""]).encode()}

    with pytest.raises(BundleError, match=r"placements\.csv: trial .*: \(640, 360\) lies outside the arena"):
        read_bundle(rebuilt(tmp_path / "x.zip", in_pixels)).trials()


def test_a_bundle_that_was_unpacked_and_packed_anew_says_so(tmp_path):
    path = rebuilt(tmp_path / "x.zip", dict, rename=lambda name: f"faces/{name}")
    with pytest.raises(BundleError, match=r"was repacked: .* not in faces/"):
        read_bundle(path)


def test_a_bundle_that_was_stored_is_read_and_other_ways_to_compress_are_refused(tmp_path):
    path = rebuilt(tmp_path / "x.zip", dict, compression=zipfile.ZIP_STORED)
    assert len(read_bundle(path).arrangements()) == 2
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(BundleError, match=r"x\.zip: README\.txt is not compressed as in plain zip files"):
            read_bundle(rebuilt(path, dict, compression=compression))


# Read in a process of its own, because a limit on memory is a limit on all of it.
LIMITED = """
import resource, sys
from analysis.report.drawings import draw
from analysis.formats.bundle import read_bundle, BundleError
import numpy, analysis.formats.matlab
used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 80 * 2**20, used + 80 * 2**20))
try:
    bundle = read_bundle(sys.argv[1])
    for table in ('clips', 'participants', 'trials', 'placements', 'plays'):
        for _ in bundle.rows(table):
            pass
    bundle.text('methods.md')
    bundle.rdms('combined')
except BundleError as error:
    print(error)
"""


def hostile_npz():
    stream = io.BytesIO()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 15)})
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("names", "raters", "method", "rdms"):
            archive.writestr(f"{name}.npy", header.getvalue())
    return stream.getvalue()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
@pytest.mark.parametrize(
    ("file", "data", "reason"),
    [
        ("methods.md", b"x" * (120 << 20), "more than the 16 MB"),
        ("plays.csv", b"a" * (120 << 20), "plays.csv, line 1: is longer than 4 MB"),
        ("plays.csv", b'"' + b"a,\n" * (40 << 20), "plays.csv, line 1: a cell is longer"),
        ("rdms/combined/rdms.npz", hostile_npz(), "truncated: its header promises"),
    ],
)
def test_a_file_that_unpacks_to_far_more_than_it_should_is_named_and_needs_no_memory(tmp_path, file, data, reason):
    path = rebuilt(tmp_path / "bomb.zip", lambda files: files | {file: data})
    assert path.stat().st_size < 1 << 20
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, cwd=ROOT, check=True, timeout=300
    )
    assert reason in done.stdout
    assert "bomb.zip" in done.stdout


def test_a_manifest_that_is_nested_too_deeply_or_too_large_is_refused(tmp_path):
    for data in (b"[" * 100_000, b" " * (17 << 20) + b"{}"):
        with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", data)
        with pytest.raises(BundleError, match=r"x\.zip: manifest\.json is damaged"):
            read_bundle(tmp_path / "x.zip")


def test_the_command_names_what_is_wrong_with_a_bundle(tmp_path, capsys):
    path = tmp_path / "no.zip"
    path.write_text("trial,item,x,y\n")
    assert main([str(path), "--out", str(tmp_path / "report")]) == 1
    assert "no.zip: truncated or corrupt ZIP file" in capsys.readouterr().err
    assert main([str(tmp_path), "--out", str(tmp_path / "report")]) == 1
    assert str(tmp_path) in capsys.readouterr().err
