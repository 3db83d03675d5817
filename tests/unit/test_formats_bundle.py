"""The export bundle: what goes in comes out, in constant memory, and damage is named.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analysis.formats.bundle import BundleContents, BundleError, iter_bundle, read_bundle, write_bundle
from analysis.formats.bundle_tables import TABLES
from analysis.formats.rdm_set import RDMSet

START = datetime(2031, 5, 4, 9, 0, tzinfo=UTC)
NAMES = ("=cmd().mp4", "b,'\"\n.mp4", "ç clip.mp4", "-d.mp4")


class Unseekable:
    """A stream as a web server gives it: write only, no seek, no tell."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""


def participant(name: str, **more: object) -> dict[str, object]:
    return {"participant": name, "session": f"s-{name}", "state": "finished", "is_simulated": False} | more


def trial(name: str, number: int, n_clips: int, purpose: str = "main") -> dict[str, object]:
    return {
        "participant": name,
        "session": f"s-{name}",
        "trial_key": f"{name}-{number}",
        "number": number,
        "purpose": purpose,
        "n_clips": n_clips,
        "submitted_at": START + timedelta(minutes=number),
        "duration_ms": 1234.5,
    }


def placements(name: str, number: int, places: dict[int, tuple[float, float]]) -> list[dict[str, object]]:
    head = {"participant": name, "session": f"s-{name}", "trial_key": f"{name}-{number}", "number": number}
    return [{**head, "clip": NAMES[item], "seat": item, "x": x, "y": y} for item, (x, y) in places.items()]


PLACES = {
    ("P001", 1): {0: (0.1 + 0.2, -1 / 3), 1: (0.0, 0.5), 2: (-0.25, 5e-324), 3: (0.1, 0.2)},
    ("P001", 2): {2: (0.3, 0.0), 0: (-0.3, 0.1), 1: (0.0, 0.0)},
    ("P002", 1): {3: (0.4, 0.1), 1: (-0.4, 0.0)},
}


def contents(**more: object) -> BundleContents:
    rng = np.random.default_rng(3)
    rdms = RDMSet(
        rng.random((2, 6)),
        NAMES,
        ("P001", "P002"),
        "weighted_average",
        evidence=rng.random((2, 6)),
        predicted=rng.random((2, 6)) < 0.5,
    )
    pooled = RDMSet(
        [0.1, np.nan, 0.3, 0.4, 0.5, 0.6], NAMES, ("group",), "weighted_average", observations=np.arange(6.0)
    )
    tables = {
        "clips": [{"item": item, "clip": name, "duration_ms": 2.5} for item, name in enumerate(NAMES)],
        "attributes": [(NAMES[0], "gender", "-1"), (NAMES[1], "gender", None)],
        "participants": [participant("P001", seed=2**62 + 1), participant("P002", is_simulated=True)],
        "trials": (trial(name, number, len(places)) for (name, number), places in PLACES.items()),
        "placements": (row for (name, number), places in PLACES.items() for row in placements(name, number, places)),
        "reliability": [("weighted_average", "cronbach_alpha", float("nan"), None, None, 2)],
        "noise_ceiling": [
            {"method": "weighted_average", "comparator": "pearson", "lower": 0.25, "upper": 0.5, "n_raters": 2}
        ],
    }
    given = {
        "study_name": "fäces",
        "study_toml": 'title = "Fäces"\n',
        "tables": tables,
        "rdms": [rdms],
        "group_rdms": [pooled],
        "methods_text": "# Methods\n",
        "created_at": START,
        "about": {"n_items": 4},
    }
    return BundleContents(**{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "whole.zip"
    write_bundle(path, contents())
    return path


def test_everything_that_was_written_is_read_again_exactly(whole):
    bundle = read_bundle(whole)
    assert bundle.names == NAMES
    assert bundle.text("study.toml") == 'title = "Fäces"\n'
    assert bundle.manifest["study"] == "fäces"
    assert bundle.manifest["created_at"] == "2031-05-04T09:00:00Z"
    assert bundle.manifest["counts"]["placements"] == 9
    raters = bundle.arrangements()
    assert list(raters) == ["P001", "P002"]
    for (name, number), places in PLACES.items():
        arrangement = raters[name][number - 1]
        assert arrangement.items.tolist() == list(places)
        assert arrangement.positions.tolist() == [list(place) for place in places.values()]
    first = next(bundle.rows("participants"))
    assert first["seed"] == 2**62 + 1
    assert first["is_simulated"] is False
    assert first["finished_at"] is None
    assert next(bundle.rows("trials"))["submitted_at"] == START + timedelta(minutes=1)
    assert next(bundle.rows("attributes")) == {"clip": NAMES[0], "attribute": "gender", "value": "-1"}
    given = contents()
    for read, written in (
        (bundle.rdms("weighted_average"), given.rdms),
        (bundle.rdms("weighted_average", group=True), given.group_rdms),
    ):
        (expected,) = written
        np.testing.assert_array_equal(read.rdms, expected.rdms)
        assert read.raters == expected.raters
    assert json.loads(bundle.text("reliability.json"))[0]["value"] is None


def test_no_cell_is_a_formula_but_negative_numbers_stay_numbers(whole):
    with zipfile.ZipFile(whole) as archive:
        tables = {n: archive.read(n).decode() for n in archive.namelist() if n.endswith(".csv")}
    for name, text in tables.items():
        for row in csv.reader(io.StringIO(text)):
            for cell in row:
                if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                    assert float(cell) < 0, f"{name}: {cell!r} may run in a spreadsheet"
    assert "-0.3333333333333333" in tables["placements.csv"]
    assert "'=cmd().mp4" in tables["clips.csv"]


def test_a_stream_that_cannot_seek_and_the_iterator_give_the_same_tables(whole, tmp_path):
    sink = Unseekable()
    manifest = write_bundle(sink, contents())
    (tmp_path / "sink.zip").write_bytes(sink.data)
    (tmp_path / "iter.zip").write_bytes(b"".join(iter_bundle(contents())))
    text = {
        key: value
        for key, value in read_bundle(whole).manifest["files"].items()
        if key.endswith((".csv", ".json", ".md"))
    }
    for name in ("sink.zip", "iter.zip"):
        files = read_bundle(tmp_path / name).manifest["files"]
        assert {key: files[key] for key in text} == text
    assert manifest == read_bundle(tmp_path / "sink.zip").manifest


def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(n_rows: int) -> int:
        moves = (("P001", "s", "t", i, NAMES[0], "pointer", 0.5 * i, None, None, 0.1, 0.2) for i in range(n_rows))
        tracemalloc.start()
        for _ in iter_bundle(contents(tables={"moves": moves}, rdms=(), group_rdms=())):
            pass
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(10)
    assert peak(15_000) < peak(1_500) + 500_000


def test_the_manifest_comes_last_and_every_file_is_in_it(whole):
    with zipfile.ZipFile(whole) as archive:
        names = archive.namelist()
    assert names[-1] == "manifest.json"
    assert set(names[:-1]) == set(read_bundle(whole).manifest["files"])


def test_the_data_dictionary_names_every_column(whole):
    bundle = read_bundle(whole)
    listed = {(row["table"], row["column"]) for row in csv.DictReader(io.StringIO(bundle.text("data_dictionary.csv")))}
    for table in TABLES:
        header = bundle.text(f"{table}.csv").splitlines()[0].split(",")
        assert {(table, column) for column in header} <= listed
    header = bundle.text("rdms/weighted_average/rdms.csv").splitlines()[0].split(",")
    assert {("rdms", column) for column in header} <= listed


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("clips", {"item": 0, "clip": "a", "colour": "red"}, "row 1: no column is named colour"),
        ("clips", {"item": 0}, "row 1: column clip must have a value"),
        ("clips", {"item": 0.5, "clip": "a"}, "column item holds int"),
        ("clips", {"item": 0, "clip": "a", "duration_ms": float("inf")}, "column duration_ms"),
        ("clips", {"item": 0, "clip": 7}, "column clip holds text"),
        ("clips", (0,), "row 1"),
        ("participants", participant("P001", is_simulated="no"), "is_simulated holds true or false"),
        ("trials", {**trial("P001", 1, 2), "submitted_at": datetime(2031, 5, 4)}, "time zone"),
        ("placement", {}, "no table of the bundle is named placement"),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_no_file_is_left(tmp_path, table, row, reason):
    path = tmp_path / "bad.zip"
    with pytest.raises(ValueError, match=reason):
        write_bundle(path, contents(tables={table: [row]}))
    assert not path.exists()


def test_a_stream_that_breaks_off_is_no_bundle(tmp_path):
    path = tmp_path / "broken.zip"
    with path.open("wb") as file, pytest.raises(ValueError, match="clips"):
        file.writelines(iter_bundle(contents(tables={"clips": [{"item": 0}]})))
    with pytest.raises(BundleError, match="truncated or corrupt ZIP"):
        read_bundle(path)


def test_practice_excluded_simulated_and_withdrawn_trials_are_left_out(tmp_path):
    tables = {
        "clips": [{"item": item, "clip": name} for item, name in enumerate(NAMES)],
        "participants": [
            participant("P001"),
            participant("P002", excluded=True, exclusion_reason="asleep"),
            participant("P003", is_simulated=True),
            participant("P004", state="withdrawn"),
        ],
        "trials": [trial("P001", 1, 2, "practice"), trial("P001", 2, 2, "repeat")]
        + [trial(name, 1, 2) for name in ("P002", "P003", "P004")],
        "placements": [
            row
            for name, number in (("P001", 1), ("P001", 2), ("P002", 1), ("P003", 1), ("P004", 1))
            for row in placements(name, number, {0: (0.1 * number, 0.0), 1: (0.0, 0.0)})
        ],
    }
    path = tmp_path / "kinds.zip"
    write_bundle(path, contents(tables=tables))
    bundle = read_bundle(path)
    assert {rater: len(trials) for rater, trials in bundle.arrangements().items()} == {"P001": 1, "P003": 1}
    assert bundle.arrangements()["P001"][0].positions[0, 0] == 0.2
    assert set(bundle.arrangements(with_excluded=True, with_simulated=False)) == {"P001", "P002"}
    assert len(bundle.trials()["P001"]) == 2


def rewritten(source, target, change):
    """A copy of a bundle whose files are what `change(name, data)` gives; None leaves one out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
    return target


def edited_manifest(**changes):
    def change(name, data):
        return json.dumps(json.loads(data) | changes) if name == "manifest.json" else data

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda n, d: None if n == "manifest.json" else d, "holds no manifest.json"),
        (lambda n, d: b"{" if n == "manifest.json" else d, "manifest.json is damaged"),
        (edited_manifest(format="another"), "does not describe a asterism-bundle"),
        (edited_manifest(format_version=99), "has format version 99, and this program reads up to 2"),
        (edited_manifest(format_version="1"), "no format_version"),
        (edited_manifest(files=[]), "lists no files"),
        (lambda n, d: None if n == "trials.csv" else d, "trials.csv is listed in manifest.json but missing"),
        (
            lambda n, d: d.replace(b"0.5", b"0.4") if n == "placements.csv" else d,
            "placements.csv does not have the SHA-256",
        ),
        (lambda n, d: d + b"\n" if n == "study.toml" else d, "study.toml is longer or shorter"),
    ],
)
def test_damage_is_refused_with_the_file_and_the_reason(whole, tmp_path, change, reason):
    with pytest.raises(BundleError, match=reason) as error:
        read_bundle(rewritten(whole, tmp_path / "damaged.zip", change))
    assert "damaged.zip" in str(error.value)


def test_a_file_that_is_not_listed_is_refused(whole, tmp_path):
    path = tmp_path / "more.zip"
    path.write_bytes(whole.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("extra.csv", "")
    with pytest.raises(BundleError, match=r"extra\.csv is not listed"):
        read_bundle(path)


def test_flipped_bytes_are_never_read_as_data(whole, tmp_path):
    data = whole.read_bytes()
    path = tmp_path / "flipped.zip"
    for place in np.random.default_rng(0).integers(0, len(data), 60).tolist():
        flipped = bytearray(data)
        flipped[place] ^= 0xFF
        path.write_bytes(flipped)
        try:
            bundle = read_bundle(path)
        except BundleError:
            continue
        # Some bytes of a zip carry no content (times, attributes): what is read then is still what was written.
        assert bundle.manifest == read_bundle(whole).manifest


@pytest.mark.parametrize("size", [0, 10, 1000, -1])
def test_a_truncated_file_is_refused(whole, tmp_path, size):
    path = tmp_path / "short.zip"
    path.write_bytes(whole.read_bytes()[:size])
    with pytest.raises(BundleError, match="truncated or corrupt ZIP"):
        read_bundle(path)


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({"clips": [{"item": 1, "clip": "a"}]}, "items are not 0, 1, 2"),
        ({"clips": [{"item": 0, "clip": "a"}, {"item": 1, "clip": "a"}]}, "duplicate clip name"),
    ],
)
def test_clips_that_give_no_order_are_refused(tmp_path, tables, reason):
    path = tmp_path / "clips.zip"
    write_bundle(path, contents(tables=tables))
    with pytest.raises(BundleError, match=reason):
        read_bundle(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"placements": placements("P001", 2, {0: (0, 0)})}, "trial P001-2 is not in trials.csv"),
        (
            {"placements": placements("P001", 1, {0: (0, 0)})},
            "trial P001-1 has 2 clips in trials.csv, 1 in placements.csv",
        ),
        ({"placements": placements("P001", 1, {0: (0, 0)}) * 2}, "duplicate item"),
        ({"clips": [{"item": 0, "clip": "other"}]}, "is not in clips.csv"),
        ({"participants": [participant("P002")]}, "trial P001-1: P001 is not in participants.csv"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(tmp_path, change, reason):
    tables = {
        "clips": [{"item": item, "clip": name} for item, name in enumerate(NAMES)],
        "participants": [participant("P001")],
        "trials": [trial("P001", 1, 2)],
        "placements": placements("P001", 1, {0: (0, 0), 1: (0, 0)}),
    }
    path = tmp_path / "contradiction.zip"
    write_bundle(path, contents(tables=tables | change))
    with pytest.raises(BundleError, match=reason):
        read_bundle(path).arrangements()


def test_two_sets_of_rdms_of_one_method_are_refused(tmp_path):
    one = RDMSet([[0.5]], ("a", "b"), ("P001",), "latent")
    with pytest.raises(ValueError, match="each name their own method"):
        write_bundle(tmp_path / "x.zip", contents(rdms=[one, one]))
