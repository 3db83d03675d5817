"""Files that could be taken for something else: the right numbers, or an error that names the file and the reason."""

from __future__ import annotations

import json
import pickle
import zipfile
from io import BytesIO

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy.sparse import csc_matrix

from analysis.formats.hints import Hints
from analysis.formats.npz import write_npz
from analysis.formats.rdm_set import RDMSet
from analysis.formats.recognise import bring_in, read_any
from analysis.formats.source import Source, SourceRater, merged
from analysis.formats.stack_source import _why_no_stack
from analysis.formats.text import read_grids
from analysis.models.array_kinds import kinds_of
from analysis.models.candidates import read_candidates
from analysis.models.clip_names import match_clips
from analysis.results.model_list import Model, _told_apart

CLIPS = ("a.mp4", "b.mp4", "c.mp4", "d.mp4")
# Three items a, b, c with the dissimilarities .1 (a, b), .2 (a, c), .3 (b, c).
SQUARE = np.array([[0, 0.1, 0.2], [0.1, 0, 0.3], [0.2, 0.3, 0]])
STACK = np.random.default_rng(3).uniform(0.1, 1, (5, 6)).round(3)
FOUR = np.random.default_rng(4).uniform(0.1, 1, (4, 4)).round(3)


def put(folder, content, name="data.csv"):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def npy(array):
    file = BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(**files):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


# Tables


@pytest.mark.parametrize(
    ("keep", "first"), [({"index": False}, "line"), ({"header": False}, "column"), ({}, "line")], ids=str
)
def test_headers_and_row_numbers_of_pandas_are_never_dissimilarities(tmp_path, keep, first):
    # With them the shape is that of RDMs: 6 x 6, 6 x 4, 6 x 6.
    array = STACK if "header" not in keep else np.vstack([STACK[:, :3], STACK[:1, :3]])
    file = put(tmp_path, pd.DataFrame(array).to_csv(**keep))
    with pytest.raises(ValueError, match=rf"data\.csv: its first {first} counts 0, 1, 2, … as a header"):
        read_any(file)
    assert len(read_any(put(tmp_path, pd.DataFrame(STACK[:4]).to_csv(index=False, header=False))).raters) == 4


def test_items_on_a_line_are_no_row_numbers(tmp_path):
    places = np.arange(4.0)
    square = np.abs(places[:, None] - places)
    source = read_any(put(tmp_path, pd.DataFrame(square).to_csv(index=False, header=False)))
    assert source.raters[0].rdm.tolist() == [1, 2, 3, 1, 2, 1]


@pytest.mark.parametrize(
    "content",
    [
        ",a,b,c\n0,0,.1,.2\n1,.1,0,.3\n2,.2,.3,0\n",
        '"","a","b","c"\n"1",0,.1,.2\n"2",.1,0,.3\n"3",.2,.3,0\n',
        ",a,b,c\na\nb,.1\nc,.2,.3\n",
        "sep=;;;\n;a;b;c\na;0;0,1;0,2\nb;0,1;0;0,3\nc;0,2;0,3;0\n",
        "sep=;\r;a;b;c\ra;0;0,1;0,2\rb;0,1;0;0,3\rc;0,2;0,3;0\r",
    ],
    ids=[
        "pandas' row numbers",
        "R's row numbers",
        "lines that grow, without a diagonal",
        "sep=;;;",
        "sep= on an old Mac",
    ],
)
@pytest.mark.parametrize("name", ["data.csv", "data.xls", "data.xlsx"])
def test_squares_are_read_whatever_they_are_called(tmp_path, content, name):
    source = read_any(put(tmp_path, content, name))
    assert source.names == ("a", "b", "c")
    np.testing.assert_allclose(source.raters[0].rdm, [0.1, 0.2, 0.3])


@pytest.mark.parametrize("column", ["ID", "pid", "code", "run_id", "ppt", "Probandin", "model"])
def test_other_columns_that_tell_people_or_models_apart_are_asked_about(tmp_path, column):
    pairs = f"{column},clip_a,clip_b,dissimilarity\nP1,a,b,.1\nP2,a,c,.2\nP2,b,c,.3\n"
    with pytest.raises(ValueError, match=rf"data\.csv, line 1: column '{column}' names several people \('P1', 'P2'\)"):
        read_any(put(tmp_path, pairs))


def test_numbers_of_rows_and_items_are_no_people_and_what_is_not_used_is_said(tmp_path):
    pairs = "id,clip_a,clip_b,dissimilarity,mood\n1,a,b,.1,x\n2,a,c,.2,y\n3,b,c,.3,x\n"
    assert read_any(put(tmp_path, pairs)).remarks == ("Not used: the columns id, mood.",)
    rows = "trial,id,item,x,y\n1,7,a,0,.1\n1,8,b,.2,0\n1,9,c,.1,.1\n2,7,a,0,.2\n2,8,b,.2,.1\n2,9,c,0,0\n"
    source = read_any(put(tmp_path, rows))
    assert (len(source.raters), source.remarks) == (1, ("Not used: the column id.",))


def test_a_trial_is_one_however_its_number_is_written(tmp_path):
    rows = "trial,item,x,y\n10.0,c,0,.1\n2,a,0,.1\n2.0,b,.2,0\n02,c,.1,.1\n10,a,.1,0\n"
    (rater,) = read_any(put(tmp_path, rows)).raters
    assert [len(trial.items) for trial in rater.trials] == [3, 2]
    with pytest.raises(ValueError, match="line 2: column rater holds 'NA', which says that there is none"):
        read_any(put(tmp_path, "rater,trial,item,x,y\nNA,1,a,0,.1\nNA,1,b,.2,0\n"))


def test_a_workbook_is_told_by_what_is_in_it(tmp_path):
    book = openpyxl.Workbook()
    for row in [["", "a", "b", "c"], ["a", 0, 0.1, 0.2], ["b", 0.1, 0, "=1"], ["c", 0.2, None, 0]]:
        book.active.append(row)
    whole = BytesIO()
    book.save(whole)
    # As Excel stores a formula that gives an empty text.
    file = tmp_path / "data.xls"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text.replace(b'<c r="D3"><f>1</f><v /></c>', b'<c r="D3" t="str"><f>""</f><v></v></c>'))
    np.testing.assert_array_equal(read_any(file).raters[0].rdm, [0.1, 0.2, np.nan])
    hidden = book.create_sheet("old")
    hidden.append([1])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(ValueError, match="several sheets hold something \\('Sheet', 'old', which is hidden\\)"):
        read_any(tmp_path / "two.xlsx")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel 97 workbook .*or a workbook with a password"),
        (zipped(content_xml=b""), r"a LibreOffice sheet \(\.ods\); save it as \.xlsx"),
        (b"<html><table><tr>", r"a web page \(HTML\)"),
        (b"\x1f\x8b\x08", r"a compressed file .*R's \.rds .*write\.csv"),
        (pickle.dumps([1]), "a pickle of Python, which is never loaded"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"$FL2@(#) SPSS", r"an SPSS file \(\.sav\)"),
    ],
)
@pytest.mark.parametrize("name", ["data.csv", "data.xlsx", "data.xls"])
def test_what_is_no_table_is_called_what_it_is(tmp_path, content, reason, name):
    for read in (read_grids, read_any):
        with pytest.raises(ValueError, match=rf"{name}: is {reason}"):
            read(put(tmp_path, content, name))


# RDMs of every kind


def test_negative_and_empty_rdms_are_refused_in_every_format(tmp_path):
    file = tmp_path / "ours.npz"
    write_npz(file, RDMSet([[0.1, -0.2, 0.3], [0.1, 0.2, 0.3]], "abc", ["P1", "P2"]))
    with pytest.raises(
        ValueError, match=r"ours\.npz: P1: the pair \(a, c\) has -0\.2: a dissimilarity is not negative"
    ):
        read_any(file)
    assert read_any(file, Hints(negative=True)).raters[0].rdm.tolist() == [0.1, -0.2, 0.3]
    write_npz(file, RDMSet([[0.1, -1e-9, 0.3], [np.nan] * 3], "abc", ["P1", "P2"]))
    source = read_any(file)
    assert source.raters[0].rdm.tolist() == [0.1, 0, 0.3]
    assert source.remarks == ("No pair of P2 has a dissimilarity.",)
    write_npz(file, RDMSet([[np.nan] * 3], "abc", ["P1"]))
    with pytest.raises(ValueError, match=r"ours\.npz: all pairs are missing"):
        read_any(file)


def test_a_second_array_in_a_file_is_not_passed_over(tmp_path):
    with pytest.raises(ValueError, match=r"a\.npy: .*more follows after its array"):
        read_any(put(tmp_path, npy(SQUARE) + npy(2 * SQUARE), "a.npy"))


def test_why_a_variable_of_matlab_holds_no_rdms():
    assert "1 minus similarity" in _why_no_stack(1 - SQUARE)
    assert "sparse matrix" in _why_no_stack(csc_matrix(SQUARE))
    assert "cell array" in _why_no_stack(np.array([SQUARE, None], dtype=object))
    assert "complex" in _why_no_stack(SQUARE * 1j)


def test_the_same_file_twice_and_names_that_look_the_same_are_refused(tmp_path):
    text = ",a,b,c\na,0,.1,.2\nb,.1,0,.3\nc,.2,.3,0\n"
    files = [(put(tmp_path, text, name), name) for name in ("P1.csv", "P1 (1).csv")]
    with pytest.raises(ValueError, match=r"P1\.csv and P1 \(1\)\.csv are the same file twice"):
        bring_in(files, None, tmp_path / "out.zip")
    trial = read_any(put(tmp_path, "trial,item,x,y\n1,a,0,.1\n1,b,.2,0\n1,c,.1,.1\n")).raters[0].trials
    one, other = (
        Source("k", names, (SourceRater(rater, trial, ((None, None),)),))
        for rater, names in (("P1", ("\u00e4", "b", "c")), ("P2", ("a\u0308", "b", "c")))
    )
    with pytest.raises(ValueError, match=r"the items .* look the same, but differ in blanks or in how letters"):
        merged({"1.csv": one, "2.csv": other})
    with pytest.raises(ValueError, match="is a folder; give the files in it"):
        read_any(tmp_path)


# JSON


LOCATIONS = [{"src": src, "x": 300 + k, "y": 250} for k, src in enumerate("abc")]
ARENA = Hints(arena=(300.0, 300.0, 700.0))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_jatos_puts_the_participants_one_after_another(tmp_path, encoding):
    trials = json.dumps([{"trial_index": 3, "final_locations": LOCATIONS}])
    source = read_any(put(tmp_path, f"{trials}\n{trials}\n".encode(encoding), "results.txt"), ARENA)
    assert [len(rater.trials) for rater in source.raters] == [1, 1]
    with pytest.raises(ValueError, match=r"results\.txt, line 3: not a JSON file"):
        read_any(put(tmp_path, f"{trials}\n{trials}\n]", "results.txt"), ARENA)


def test_people_whom_no_field_tells_apart_are_never_one(tmp_path):
    two = [{"x": run, "trial_index": 3, "final_locations": LOCATIONS} for run in (0, 1)]
    file = put(tmp_path, json.dumps(two), "data.json")
    with pytest.raises(ValueError, match=r"data\.json, trial 2: has the trial_index 3, as trial 1 has: several people"):
        read_any(file, ARENA)
    source = read_any(file, Hints(columns={"rater": "x"}, arena=ARENA.arena))
    assert [rater.name for rater in source.raters] == ["0", "1"]


def test_of_two_participants_of_the_same_name_none_is_lost(tmp_path):
    tree = json.dumps({"tasks": []})
    with pytest.raises(ValueError, match=r"data\.json: .*'quiet-heron' twice"):
        read_any(put(tmp_path, f'{{"quiet-heron": {tree}, "quiet-heron": {tree}}}', "data.json"))


# Models


def test_a_wrong_rdm_is_never_taken_for_a_layer_of_as_many_units_as_clips():
    square = np.zeros((4, 4))
    square[np.triu_indices(4, 1)] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    square += square.T
    for array, reason in (
        (1 - square, "looks like RDMs, but its diagonal is 1, not 0: these are similarities"),
        (square + np.triu(square), r"looks like RDMs, but is not symmetric: the pair \(a\.mp4, b\.mp4\)"),
        (np.stack([square, 1 - square]), "looks like RDMs, but its diagonal is 1"),
        (FOUR, r"can be an RDM, but .* or it is a layer of 4 units, .* \(1 x 4 x 4\)"),
        (np.ones((4, 6)), r"can be 4 RDMs or a layer of 6 units: .* \(1 x 4 x 6\)"),
    ):
        with pytest.raises(ValueError, match=f"^m of shape .* {reason}"):
            kinds_of({"m": array}, CLIPS, None)
    assert kinds_of({"m": FOUR[None]}, CLIPS, None) == {"m": "layers"}
    assert kinds_of({"m": FOUR, "n": np.ones((4, 9))}, CLIPS, None) == {"m": "layers", "n": "layers"}
    assert kinds_of({"m": square}, CLIPS, None) == {"m": "rdms"}


def test_a_clip_is_called_by_its_name_where_the_file_has_names(tmp_path):
    values = np.random.default_rng(1).normal(size=(4, 9))
    values[2] = 1.0
    np.savez(tmp_path / "net.npz", clips=["d", "a", "b", "c"], fc=values)
    with pytest.raises(ValueError, match=r"net\.npz: layer fc: b has all its units equal"):
        read_candidates(tmp_path / "net.npz", CLIPS)
    np.savez(tmp_path / "net.npz", clips=np.array([b"\xe4", b"a", b"b", b"c"]), fc=values)
    with pytest.raises(ValueError, match=r"net\.npz: clips holds b'\\xe4', which is not UTF-8 text"):
        read_candidates(tmp_path / "net.npz", CLIPS)
    file = put(tmp_path, zipped(manifest_json=b"{}", rdms_npy=npy(SQUARE)), "bundle.zip")
    with pytest.raises(ValueError, match=r"bundle\.zip: .*manifest\.json"):
        read_candidates(file, CLIPS)


def test_clips_are_matched_however_their_names_are_stored():
    assert match_clips(["a.1", "a.2"], ["a.2.mp4", "a.1.mp4"])[0] == [1, 0]
    assert match_clips(["s\\A.PNG", "mu\u0308"], ["m\u00fc.mp4", "a.mp4"])[0] == [1, 0]
    assert match_clips(["A", "a"], ["a.mp4", "A.mp4"])[0] == [1, 0]
    with pytest.raises(ValueError, match=r"lacks 1 of the study's 1 clips: b\.mp4; it has B\.png, B\.gif"):
        match_clips(["B.png", "B.gif"], ["b.mp4"])


def test_no_model_has_a_name_that_is_built_in():
    models = [Model(name, name, "rdms", None, SQUARE) for name in ("the raters", "m")]
    assert [model.name for model in _told_apart(models)] == ["the raters (2)", "m"]
