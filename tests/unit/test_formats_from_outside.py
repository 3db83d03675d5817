"""Tables out of Excel, R, MATLAB and by hand: the right numbers, or an error that names file, line and reason.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.formats import tables
from analysis.formats.number_cells import numbers
from analysis.formats.text import decode

# Three items a, b, c with the dissimilarities .1 (a, b), .2 (a, c), .3 (b, c).
RIGHT = [0.1, 0.2, 0.3]


def write(tmp_path, content, name="table.csv"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


SQUARES = {
    "rounded to single precision": ",a,b,c\na,1e-8,.1,.2\nb,.10000001,-1e-8,.3\nc,.19999999,.3,0\n",
    "names on both sides": ",a,b,c\na,0,.1,.2\nb,.1,0,.3\nc,.2,.3,0\n",
    "a word in the corner": "clip,a,b,c\na,0,.1,.2\nb,.1,0,.3\nc,.2,.3,0\n",
    "R's write.csv": '"","a","b","c"\n"a",0,0.1,0.2\n"b",0.1,0,0.3\n"c",0.2,0.3,0\n',
    "R's write.table": '"a"\t"b"\t"c"\n"a"\t0\t0.1\t0.2\n"b"\t0.1\t0\t0.3\n"c"\t0.2\t0.3\t0\n',
    "R's write.csv without row names": '"a","b","c"\n0,0.1,0.2\n0.1,0,0.3\n0.2,0.3,0\n',
    "names in the first column alone": "a,0,.1,.2\nb,.1,0,.3\nc,.2,.3,0\n",
    "semicolons and decimal commas": ";a;b;c\na;0;0,1;0,2\nb;0,1;0;0,3\nc;0,2;0,3;0\n",
    "semicolons and decimal points": ";a;b;c\na;0;0.1;0.2\nb;0.1;0;0.3\nc;0.2;0.3;0\n",
    "tabs and decimal commas": "\ta\tb\tc\na\t0\t0,1\t0,2\nb\t0,1\t0\t0,3\nc\t0,2\t0,3\t0\n",
    "sep=": "sep=;\n;a;b;c\na;0;0.1;0.2\nb;0.1;0;0.3\nc;0.2;0.3;0\n",
    "sep= and Windows' line ends": 'sep=,\r\n"",a,b,c\r\na,0,.1,.2\r\nb,.1,0,.3\r\nc,.2,.3,0\r\n',
    "old Mac's line ends": ",a,b,c\ra,0,.1,.2\rb,.1,0,.3\rc,.2,.3,0\r",
    "quoted numbers": ',"a","b","c"\n"a","0","0.1","0.2"\n"b","0.1","0","0.3"\n"c","0.2","0.3","0"\n',
    "exponents": ",a,b,c\na,0,1e-1,2E-01\nb,1e-1,0,+.3\nc,2E-01,3e-1,0\n",
    "blanks and non-breaking spaces around numbers": ",a,b,c\na, 0 ,.1,\u00a0.2\nb,.1,0,.3\nc,.2\u00a0,.3,0\n",
    "empty columns and lines of Excel": ",a,b,c,,\na,0,.1,.2,,\nb,.1,0,.3,,\nc,.2,.3,0,,\n,,,,,\n,,,,,\n",
    "empty diagonal": ",a,b,c\na,,.1,.2\nb,.1,,.3\nc,.2,.3,\n",
    "NA diagonal": ",a,b,c\na,NA,.1,.2\nb,.1,NA,.3\nc,.2,.3,NA\n",
    "lower triangle, zeros above": ",a,b,c\na,0,0,0\nb,.1,0,0\nc,.2,.3,0\n",
    "upper triangle, zeros below": ",a,b,c\na,0,.1,.2\nb,0,0,.3\nc,0,0,0\n",
    "lower triangle, nothing above": ",a,b,c\na,0,,\nb,.1,0,\nc,.2,.3,0\n",
    "upper triangle, nothing below": ",a,b,c\na,0,.1,.2\nb,,0,.3\nc,,,0\n",
    "upper triangle, NA below": ",a,b,c\na,0,.1,.2\nb,NA,0,.3\nc,NA,NA,0\n",
    "lower triangle without its diagonal": ",a,b,c\na,,,\nb,.1,,\nc,.2,.3,\n",
    "lines that grow": ",a,b,c\na,0\nb,.1,0\nc,.2,.3,0\n",
    "names in the first column, lines that grow": "a,0\nb,.1,0\nc,.2,.3,0\n",
    "rounded differently": ",a,b,c\na,1e-17,.1,.2\nb,.10000000000000003,0,.3\nc,.2,.3,-1e-17\n",
}


@pytest.mark.parametrize("content", SQUARES.values(), ids=SQUARES.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_square_tables_as_people_have_them_are_read(tmp_path, content, encoding):
    table = tables.read_square_csv(write(tmp_path, content.encode(encoding)))
    np.testing.assert_allclose(table.rdms, [RIGHT], rtol=1e-12)
    assert table.names == ("a", "b", "c")


@pytest.mark.parametrize("missing", ["", "NA", "NaN", "nan", "NULL", "#N/A", "N/A", "#NV", " NA "])
def test_missing_pairs_in_all_their_spellings(tmp_path, missing):
    text = f",a,b,c\na,0,.1,{missing}\nb,.1,0,.3\nc,{missing},.3,0\n"
    np.testing.assert_array_equal(tables.read_square_csv(write(tmp_path, text)).rdms, [[0.1, np.nan, 0.3]])


UNNAMED = {
    "square": "0,.1,.2\n.1,0,.3\n.2,.3,0\n",
    "semicolons and decimal commas": "0;0,1;0,2\n0,1;0;0,3\n0,2;0,3;0\n",
    "lower triangle, zeros": "0,0,0\n.1,0,0\n.2,.3,0\n",
    "lower triangle, blanks": "0,,\n.1,0,\n.2,.3,0\n",
    "strictly lower triangle": ",,\n.1,,\n.2,.3,\n",
    "strictly upper triangle": ",.1,.2\n,,.3\n,,\n",
    "lines that grow": "0\n.1,0\n.2,.3,0\n",
}


@pytest.mark.parametrize("content", UNNAMED.values(), ids=UNNAMED.keys())
def test_a_square_without_names_is_never_named_after_its_numbers(tmp_path, content):
    file = write(tmp_path, content)
    with pytest.raises(ValueError, match=r"table\.csv: has no names: all its cells are numbers"):
        tables.read_square_csv(file)
    table = tables.read_square_csv(file, names=["x", "y", "z"])
    np.testing.assert_allclose(table.rdms, [RIGHT])
    assert table.names == ("x", "y", "z")
    with pytest.raises(ValueError, match="has 3 rows for the 2 names"):
        tables.read_square_csv(file, names=["x", "y"])


def test_names_that_are_numbers_are_names_where_the_table_says_so(tmp_path):
    table = tables.read_square_csv(write(tmp_path, ",1,2,3\n1,0,.1,.2\n2,.1,0,.3\n3,.2,.3,0\n"))
    assert table.names == ("1", "2", "3")
    np.testing.assert_allclose(table.rdms, [RIGHT])
    table = tables.read_square_csv(write(tmp_path, "clip,1,2,3\n1,0,.1,.2\n2,.1,0,.3\n3,.2,.3,0\n"))
    assert table.names == ("1", "2", "3")
    np.testing.assert_allclose(table.rdms, [RIGHT])
    with pytest.raises(ValueError, match="can be read with and without names"):
        tables.read_square_csv(write(tmp_path, ",.1,.2\n.1,,.3\n.2,.3,\n"), names=["x", "y", "z"])


def test_what_single_precision_makes_negative_is_zero(tmp_path):
    table = tables.read_square_csv(write(tmp_path, ",a,b,c\na,0,-6e-8,1\nb,-6e-8,0,1\nc,1,1,0\n"))
    assert table.rdms.tolist() == [[0.0, 1.0, 1.0]]


REFUSED_SQUARES = {
    "asymmetric": (",a,b,c\na,0,.1,.2\nb,.1,0,.3\nc,.2,.4,0\n", r"not symmetric: the pair \(b, c\) has 0.3 .* 0.4"),
    "one side missing": (",a,b,c\na,0,.1,\nb,.1,0,.3\nc,.2,.3,0\n", r"the pair \(a, c\) has nothing .* 0.2"),
    "two items, one side zero": (",a,b\na,0,0\nb,.1,0\n", r"the pair \(a, b\) has 0 .* 0.1"),
    "similarities": (",a,b,c\na,1,.1,.2\nb,.1,1,.3\nc,.2,.3,1\n", "its diagonal is 1, not 0: these are similarities"),
    "percent of similarity": (",a,b,c\na,100,1,2\nb,1,100,3\nc,2,3,100\n", "diagonal is 100, not 0"),
    "one wrong diagonal": (",a,b,c\na,0,.1,.2\nb,.1,.5,.3\nc,.2,.3,0\n", "b has 0.5 with itself"),
    "negative": (",a,b,c\na,0,.1,-.2\nb,.1,0,.3\nc,-.2,.3,0\n", r"the pair \(a, c\) has -0.2: .* not negative"),
    "infinite": (",a,b,c\na,0,.1,Inf\nb,.1,0,.3\nc,Inf,.3,0\n", "line 2, column c: 'Inf' is infinite"),
    "too large": (",a,b\na,0,1e999\nb,1e999,0\n", "line 2, column b: '1e999' is too large"),
    "no number": (",a,b\na,0,high\nb,high,0\n", "line 2, column b: 'high' is not a number"),
    "Python's underscore": (",a,b\na,0,1_0\nb,1_0,0\n", "'1_0' is not a number"),
    "a spreadsheet's error": (",a,b\na,0,#DIV/0!\nb,1,0\n", "'#DIV/0!' is not a number: the spreadsheet"),
    "thousands": (";a;b\na;0;1.234,5\nb;1.234,5;0\n", "'1.234,5' is not a number: leave out thousands"),
    "thousands in quotes": (',a,b\na,0,"1,234"\nb,"1,234",0\n', "'1,234' has a decimal comma or a thousands sep"),
    "both decimal signs": (";a;b;c\na;0;0,1;0.2\nb;0,1;0;0,3\nc;0.2;0,3;0\n", "'0,1' has a comma, but .* '0.2'"),
    "other names": (",a,b\na,0,1\nc,1,0\n", "line 3: the row is named 'c', but the column in its place 'b'"),
    "another order": (",a,b\nb,0,1\na,1,0\n", "line 2: the row is named 'b', but the column in its place 'a'"),
    "a name twice": (",a,a\na,0,1\na,1,0\n", "the name 'a' appears twice"),
    "not square": (",a,b,c\na,0,.1,.2\nb,.1,0,.3\n", "not a square table"),
    "cut off": (",a,b,c\na,0,.1,.2\nb,.1,0,.3\nc,.2\n", "not a square table"),
    "an open quote": (',a,b\na,0,"1\nb,1,0\n', "line 2: a quote .* opens here that nothing closes"),
    "spaces between": ("a b c\n0 .1 .2\n.1 0 .3\n.2 .3 0\n", "not a square table"),
    "nothing": ("", "it holds nothing"),
    "blank": ("\n,,\n\n", "it holds nothing"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED_SQUARES.values(), ids=REFUSED_SQUARES.keys())
def test_square_tables_that_are_no_rdms_are_refused_with_file_and_reason(tmp_path, content, reason):
    with pytest.raises(ValueError, match=rf"table\.csv.*{reason}"):
        tables.read_square_csv(write(tmp_path, content))


def test_negative_values_are_read_where_they_are_meant(tmp_path):
    file = write(tmp_path, ",a,b\na,0,-.1\nb,-.1,0\n")
    assert tables.read_square_csv(file, negative=True).rdms.tolist() == [[-0.1]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("clip,mood\nc1,fröhlich\n".encode("cp1252"), r"line 2: is not UTF-8 text \(byte 0xf6\).*CSV UTF-8"),
        ("a,b\nä,1\n".encode("mac_roman"), "line 2: is not UTF-8 text"),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1: holds a zero byte: .* UTF-16 without its mark"),
        (b"\xff\xfea", "line 1: damaged UTF-16-LE text"),
        (b"PK\x03\x04....", "is a workbook or another zip file, not text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"is an Excel 97 workbook \(\.xls\)"),
        (b"a,b\n\0,1\n", "line 2: holds a zero byte"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_the_way_to_save_them_right(content, reason):
    with pytest.raises(ValueError, match=rf"^t\.csv.*{reason}"):
        decode(content, "t.csv")


@pytest.mark.parametrize("cell", ["1 234", "1\u00a0234", "1'234", "1,234.5", "12e", "0x1f", "١", "--1", "−1", "1.2.3"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_is_no_plain_number_is_never_taken_for_one(cell, delimiter):
    with pytest.raises(ValueError, match=r"^here: "):
        numbers([("here", cell)], delimiter)


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("cells", [["1.000", "2.500"], ["1,000", "2,500", "5"], ["12.345"]])
def test_a_separator_before_three_digits_alone_does_not_say_what_it_is(cells, delimiter):
    with pytest.raises(ValueError, match=r"^here: '.*' may have decimals or a thousands separator"):
        numbers([("here", cell) for cell in cells], delimiter)
    sign = "," if "," in cells[0] else "."
    values = numbers([("here", cell) for cell in [*cells, f"0{sign}5"]], delimiter)
    assert values[0] == float(cells[0].replace(",", "."))


def test_a_square_in_a_workbook_is_read(tmp_path):
    book = openpyxl.Workbook()
    for row in [[None, "a", "b", "c"], ["a", 0, 0.1, 0.2], ["b", 0.1, 0, "NA"], ["c", 0.2, None, 0]]:
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    table = tables.read_square_csv(tmp_path / "table.xlsx")
    np.testing.assert_array_equal(table.rdms, [[0.1, 0.2, np.nan]])


LONGS = {
    "our own": "method,rater,clip_a,clip_b,dissimilarity\n,,a,b,.1\n,,a,c,.2\n,,b,c,.3\n",
    "three columns": "clip_a,clip_b,dissimilarity\na,b,.1\na,c,.2\nb,c,.3\n",
    "columns in another order": "dissimilarity,clip_b,clip_a\n.1,b,a\n.2,c,a\n.3,c,b\n",
    "pairs in another order": "clip_a,clip_b,dissimilarity\na,b,.1\nc,b,.3\nc,a,.2\n",
    "R's row numbers": '"","clip_a","clip_b","dissimilarity"\n"1","a","b",.1\n"2","a","c",.2\n"7","b","c",.3\n',
    "R's write.table": '"clip_a"\t"clip_b"\t"dissimilarity"\n"1"\t"a"\t"b"\t.1\n"2"\t"a"\t"c"\t.2\n"3"\t"b"\t"c"\t.3\n',
    "semicolons": "clip_a;clip_b;dissimilarity\na;b;0,1\na;c;0,2\nb;c;0,3\n",
    "empty ends": "clip_a,clip_b,dissimilarity,,\na,b,.1,,\na,c,.2,,\nb,c,.3,,\n,,,,\n",
    "a whole square made long": "clip_a,clip_b,dissimilarity\n"
    "a,a,0\na,b,.1\na,c,.2\nb,a,.1\nb,b,0\nb,c,.3\nc,a,.2\nc,b,.3\nc,c,\n",
}


@pytest.mark.parametrize("content", LONGS.values(), ids=LONGS.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_pairs_as_people_have_them_are_read(tmp_path, content, encoding):
    table = tables.read_long_csv(write(tmp_path, content.encode(encoding)), names=["a", "b", "c"])
    np.testing.assert_allclose(table.rdms, [RIGHT])


HEAD = "rater,clip_a,clip_b,dissimilarity\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (HEAD + "P1,a,b,.1\nP1,a,c,.2\nP1,a,b,.1\n", r"line 4: the pair \(a, b\) came before, in line 2, for the .*P1"),
        (HEAD + "P1,a,b,.1\nP1,b,a,.3\n", r"line 3: the pair \(b, a\) came before, in line 2, with other numbers, for"),
        (HEAD + "P1,a,b,.1\nP1,b,a,\n", r"line 3: the pair \(b, a\) came before, in line 2, with other numbers, for"),
        (HEAD + "P1,a,a,.2\n", "line 2: 'a' has 0.2 with itself, not 0"),
        (HEAD + "P1,a,x,.1\n", "line 2: the clip 'x' is not among the names"),
        (HEAD + "P1,a,,.1\n", "line 2: column clip_b is empty"),
        (HEAD + "P1,a,b,-.1\n", "line 2: the dissimilarity -0.1 is negative"),
        (HEAD + "P1,a,b,inf\n", "line 2: column dissimilarity: 'inf' is infinite"),
        (HEAD + "P1,a,b\n", "line 2: 3 cells under 4 columns"),
        (HEAD + "P1,a,b,.1,.2\n", "line 2: 5 cells under 4 columns"),
        ("clip_a,clip_b,value\na,b,.1\n", "line 1: no column is named dissimilarity; the header has 'clip_a'"),
        ("clip_a clip_b dissimilarity\na b .1\n", "cells are separated by commas, semicolons or tabs"),
        ("clip_a,clip_b,,dissimilarity\na,b,1,.1\n", "line 1: column 3 has no name"),
        ("clip_a,clip_b,dissimilarity,x,x\na,b,1,.1,2\n", "line 1: two columns are named 'x'"),
        ("method,rater,clip_a,clip_b,dissimilarity\nx,P,a,b,1\ny,P,a,c,1\n", "rows of several methods: x, y"),
        ("", "holds nothing: no column is named clip_a"),
    ],
)
def test_tables_of_pairs_that_contradict_themselves_are_refused_by_line(tmp_path, content, reason):
    with pytest.raises(ValueError, match=rf"table\.csv.*{reason}"):
        tables.read_long_csv(write(tmp_path, content), names=["a", "b", "c"])


def test_two_raters_may_have_the_same_pair_and_true_is_spelled_as_r_does(tmp_path):
    text = HEAD.replace("\n", ",predicted\n") + "P1,a,b,.1,TRUE\nP2,b,a,.2,FALSE\nP1,a,c,NA,NA\n"
    table = tables.read_long_csv(write(tmp_path, text))
    np.testing.assert_array_equal(table.rdms, [[0.1, np.nan, np.nan], [0.2, np.nan, np.nan]])
    assert table.predicted[:, 0].tolist() == [1, 0]


PIXELS = "trial,item,x,y\n1,a,640,360\n1,b,920,360\n1,c,640,80\n"


def test_positions_in_pixels_or_radii_are_never_taken_for_arena_diameters(tmp_path):
    file = write(tmp_path, PIXELS)
    with pytest.raises(
        ValueError, match=r"table\.csv, line 2: .*\(640, 360\) lies outside the arena.*\(arena\): 0,0,2 where"
    ):
        tables.read_placements_csv(file)
    (trial,), _ = tables.read_placements_csv(file, arena=(640, 360, 560))
    np.testing.assert_allclose(trial.positions, [[0, 0], [0.5, 0], [0, -0.5]])
    file = write(tmp_path, "trial,item,x,y\n1,a,.1,.2\n1,b,-.8,.1\n")
    with pytest.raises(ValueError, match=r"line 3: .*\(-0.8, 0.1\) lies outside.*\(arena\): 0,0,2 where"):
        tables.read_placements_csv(file)
    (trial,), _ = tables.read_placements_csv(file, arena=(0, 0, 2))
    np.testing.assert_allclose(trial.positions, [[0.05, 0.1], [-0.4, 0.05]])
    with pytest.raises(ValueError, match=r"outside the arena with the centre \(0, 0\) and the diameter 0.5"):
        tables.read_placements_csv(file, arena=(0, 0, 0.5))
    with pytest.raises(ValueError, match="arena must be"):
        tables.read_placements_csv(file, arena=(0, 0, 0))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("1,a,.1,.2\n1,a,.2,.2\n", "line 3: the item 'a' appears twice in trial 1"),
        ("1,a,.1,NA\n", "line 2: column y is empty"),
        ("1.5,a,.1,.1\n", "line 2: column trial holds whole numbers"),
        ("1,,.1,.1\n", "line 2: column item is empty"),
        ("1,a,inf,.1\n", "line 2: column x: 'inf' is infinite"),
    ],
)
def test_placements_that_are_none_are_refused_by_line(tmp_path, rows, reason):
    with pytest.raises(ValueError, match=rf"table\.csv, {reason}"):
        tables.read_placements_csv(write(tmp_path, "trial,item,x,y\n" + rows))


ALIKE = [("b", "b "), ("b", " b"), ("a b", "a  b"), ("a b", "a\u00a0b"), ("\u00e4", "a\u0308"), ("b", "b\u200b")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_the_same_are_never_two_in_silence(tmp_path, one, other):
    pairs = f"clip_a,clip_b,dissimilarity\nx,{one},.1\nx,c,.2\n{other},c,.3\n"
    raters = f"rater,clip_a,clip_b,dissimilarity\n{one},x,y,.1\n{other},x,z,.2\n"
    square = f",{one},{other},c\n{one},0,.1,.2\n{other},.1,0,.3\nc,.2,.3,0\n"
    placements = f"trial,item,x,y\n1,{one},0,0\n1,c,.1,0\n2,{other},0,0\n2,c,.2,0\n"
    first_row = f"{one},{other},c\n0,.1,.2\n.1,0,.3\n.2,.3,0\n"
    for read, text, lines in (
        (tables.read_long_csv, pairs, "lines 2 and 4"),
        (tables.read_long_csv, raters, "lines 2 and 3"),
        (tables.read_square_csv, square, "lines 2 and 3"),
        (tables.read_square_csv, first_row, "line 1"),
        (tables.read_placements_csv, placements, "lines 2 and 4"),
    ):
        with pytest.raises(ValueError, match=rf"table\.csv, {lines}: the names .* look the same"):
            read(write(tmp_path, text))


def test_the_lone_point_of_spss_is_a_missing_value(tmp_path):
    for separator, point in ((",", "."), ("\t", "."), (";", ",")):
        rows = [
            ["", "a", "b", "c"],
            ["a", "0", " . ", f"{point}2"],
            ["b", ".", "0", f"{point}34"],
            ["c", f"{point}2", f"{point}34", "0"],
        ]
        square = "\n".join(separator.join(row) for row in rows)
        np.testing.assert_array_equal(tables.read_square_csv(write(tmp_path, square)).rdms, [[np.nan, 0.2, 0.34]])
    pairs = "clip_a,clip_b,dissimilarity\na,b,.\na,c,.2\nb,c,.3\n"
    np.testing.assert_array_equal(tables.read_long_csv(write(tmp_path, pairs)).rdms, [[np.nan, 0.2, 0.3]])
    placements = "trial,item,x,y\n1,a,.,0\n1,b,.1,0\n1,c,.2,0\n"
    with pytest.raises(ValueError, match=r"table\.csv, line 2: column x is empty"):
        tables.read_placements_csv(write(tmp_path, placements))


@pytest.mark.parametrize("column", ["participant", "Rater", "subject_id", "Session", "PROLIFIC_PID", "Subject ID"])
def test_the_judgments_of_several_people_are_never_put_together_as_one(tmp_path, column):
    pairs = f"{column},clip_a,clip_b,dissimilarity\nP1,a,b,.1\n{{}},a,c,.2\n"
    placements = f"{column},trial,item,x,y\nP1,1,a,0,0\nP1,1,b,.1,0\n{{}},1,c,0,0\n"
    for read, text in ((tables.read_long_csv, pairs), (tables.read_placements_csv, placements)):
        with pytest.raises(ValueError, match=rf"table\.csv, line 1: column '{column}' names several people"):
            read(write(tmp_path, text.format("P2")))
        read(write(tmp_path, text.format("P1")))


def test_a_damaged_workbook_is_named_whatever_is_wrong_with_it(tmp_path):
    book = openpyxl.Workbook()
    for row in [[None, "a", "b"], ["a", 0, 0.5], ["b", 0.5, 0]]:
        book.active.append(row)
    book.save(tmp_path / "whole.xlsx")
    whole = (tmp_path / "whole.xlsx").read_bytes()
    for place in range(0, len(whole), 41):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        file = write(tmp_path, bytes(damaged), "table.xlsx")
        try:
            assert tables.read_square_csv(file).rdms.tolist() == [[0.5]]
        except ValueError as error:
            assert "table.xlsx" in str(error)  # noqa: PT017


PIECES = st.sampled_from(
    [",", ";", "\t", "\n", "\r\n", '"', "0", "1", ".5", "0,5", "NA", "a", "b", "clip_a", "trial", " ", "'"]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=60).map(lambda p: "".join(p).encode())))
def test_no_file_ends_in_anything_but_numbers_or_an_error_that_names_it(tmp_path, data):
    file = write(tmp_path, data)
    for read in (tables.read_square_csv, tables.read_long_csv, tables.read_placements_csv):
        try:
            read(file)
        except ValueError as error:
            assert "table.csv" in str(error)  # noqa: PT017
