"""Tables of clips' attributes as people have them: read, or refused with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from app.errors import Invalid
from app.studies.attributes import read_attributes

FILES = ["c1.mp4", "c2.mov", "Müller.mp4"]


def attributes(tmp_path: Path, content: str | bytes, name: str = "attributes.csv") -> dict[str, dict[str, str]]:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_attributes(file, FILES)


RIGHT = {"c1.mp4": {"gender": "f", "valence": "0.5"}, "c2.mov": {"gender": "m", "valence": "1.25"}}


@pytest.mark.parametrize(
    "content",
    [
        "clip,gender,valence\nc1.mp4,f,0.5\nc2.mov,m,1.25\n",
        "sep=,\r\nclip,gender,valence\r\nc1.mp4,f,0.5\r\nc2.mov,m,1.25\r\n",
        "clip;gender;valence\r\nc1.mp4;f;0,5\r\nc2.mov;m;1,25\r\n",
        "clip\tgender\tvalence\nc1.mp4\tf\t0,5\nc2.mov\tm\t1,25\n",
        "Clip,gender,valence\nc1,f,0.5\nc2,m,1.25\n",
        "FILE,gender,valence\nC1.MP4,f,0.5\nC2,m,1.25\n",
        "File name,gender,valence\nc1.mp4,f,0.5\nc2.mov,m,1.25\n",
        "gender,filename,valence\nf,c1.mp4,0.5\nm,c2.mov,1.25\n",
        '"","clip","gender","valence"\n"1","c1.mp4","f",0.5\n"2","c2.mov","m",1.25\n',
        '"clip"\t"gender"\t"valence"\n"1"\t"c1.mp4"\t"f"\t0.5\n"2"\t"c2.mov"\t"m"\t1.25\n',
        "clip,gender,valence,,\nc1.mp4,f,0.5,,\nc2.mov,m,1.25,,\n,,,,\n,,,,\n",
        "clip,gender,valence\rc1.mp4,f,0.5\rc2.mov,m,1.25\r",
        ",,\nclip,gender,valence\nc1.mp4,f,0.5\nc2.mov,m,1.25\n",
        "\u00a0clip , gender,valence\nc1.mp4\u00a0, f,0.5\nc2.mov,m ,1.25\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_attributes_as_people_have_them_are_read(tmp_path: Path, content: str, encoding: str) -> None:
    assert attributes(tmp_path, content.encode(encoding)) == RIGHT


def test_names_of_clips_are_found_whatever_wrote_them(tmp_path: Path) -> None:
    for name in ("Müller.mp4", "Mu\u0308ller.mp4", "Müller", "MÜLLER.MP4", "mu\u0308ller"):
        assert list(attributes(tmp_path, f"clip,x\n{name},1\n")) == ["Müller.mp4"]


@pytest.mark.parametrize(
    ("files", "name", "meant"),
    [
        (["a.mp4", "a.mov"], "a", ("a.mov", "a.mp4")),
        (["A.mp4", "a.mp4"], "A.MP4", ("A.mp4", "a.mp4")),
        (["A.mp4", "a.mp4"], "a.mp4", "a.mp4"),
        (["A.mp4", "a.mp4"], "a", "a.mp4"),
        (["a.mp4", "a.mp4.mov"], "a.mp4", "a.mp4"),
    ],
)
def test_a_name_that_could_be_two_clips_is_refused(
    tmp_path: Path, files: list[str], name: str, meant: str | tuple[str, str]
) -> None:
    file = tmp_path / "attributes.csv"
    file.write_text(f"clip,x\n{name},1\n")
    if isinstance(meant, str):
        assert list(read_attributes(file, files)) == [meant]
        return
    with pytest.raises(Invalid) as refused:
        read_attributes(file, files)
    assert "line 2" in refused.value.message
    assert all(repr(one) in refused.value.message for one in meant)


def test_unknown_values_are_empty_and_words_stay_words(tmp_path: Path) -> None:
    read = attributes(tmp_path, "clip,a,b,c,d\nc1,NA,#N/A,na,.\nc2,1,x,yes,2.5\n")
    assert read == {
        "c1.mp4": {"a": "", "b": "", "c": "na", "d": ""},
        "c2.mov": {"a": "1", "b": "x", "c": "yes", "d": "2.5"},
    }
    for delimiter, number in ((",", "007"), (";", "0,5")):
        for word in ("na", "-", "k.A.", "None", "?"):
            rows = [["clip", "v"], ["c1", number], ["c2", word]]
            table = "\n".join(delimiter.join(row) for row in rows)
            with pytest.raises(Invalid, match=f"line 3: v: '{re.escape(word)}' among numbers would make labels"):
                attributes(tmp_path, table)
    with pytest.raises(Invalid, match="line 2: v: '50 %' would be a label: write numbers without a percent sign"):
        attributes(tmp_path, "clip,v\nc1,50 %\nc2,20 %\n")


def test_another_encoding_is_refused_with_the_menu_entry_that_saves_it_right(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"attributes\.csv, line 2: is not UTF-8 .*Save As > \"CSV UTF-8"):
        attributes(tmp_path, "clip,mood\nc1.mp4,fröhlich\n".encode("cp1252"))


def workbook(tmp_path: Path, rows: list[list[object]], name: str = "attributes.xlsx") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


def test_a_workbook_is_read_like_its_csv(tmp_path: Path) -> None:
    file = workbook(
        tmp_path, [["Clip", "gender", "valence", "age"], ["c1", "f", 0.5, 31], ["c2.mov", "m", 1.25, None], [None] * 4]
    )
    expected = {clip: {**row, "age": {"c1.mp4": "31", "c2.mov": ""}[clip]} for clip, row in RIGHT.items()}
    assert read_attributes(file, FILES) == expected


def test_workbooks_that_cannot_be_told_are_refused_with_the_cell(tmp_path: Path) -> None:
    file = workbook(tmp_path, [["clip", "x"], ["c1", "=1+1"]])
    with pytest.raises(Invalid, match=r"attributes\.xlsx, cell B2: its formula was never computed"):
        read_attributes(file, FILES)
    file = workbook(tmp_path, [["clip", "x"], ["c1", "#REF!"]])
    with pytest.raises(Invalid, match="cell B2: holds the error #REF!"):
        read_attributes(file, FILES)
    file = workbook(tmp_path, [["clip", "x"], ["c1", "0,5"]])
    with pytest.raises(Invalid, match="line 2: x: '0,5' has a decimal comma"):
        read_attributes(file, FILES)
    book = openpyxl.load_workbook(workbook(tmp_path, [["clip", "x"], ["c1", 1]]))
    book.create_sheet("other").append(["something"])
    book.save(file)
    with pytest.raises(Invalid, match="several sheets hold something \\('Sheet', 'other'\\)"):
        read_attributes(file, FILES)
    book = openpyxl.load_workbook(workbook(tmp_path, [["clip", "x"], ["c1", 1], ["c2", None]]))
    book.active.merge_cells("B2:B3")
    book.save(file)
    with pytest.raises(Invalid, match="the cells B2:B3 are merged"):
        read_attributes(file, FILES)
    book = openpyxl.load_workbook(workbook(tmp_path, [["clip", "x"], ["c1", 1]]))
    book.active["XFD1048576"] = 1
    book.save(file)
    with pytest.raises(Invalid, match="reaches to row 1048576 and column 16384"):
        read_attributes(file, FILES)
    whole = workbook(tmp_path, [["clip", "x"], ["c1", 1]]).read_bytes()
    for damaged, reason in (
        (b"", "holds nothing"),
        (b"PK\x03\x04", "is not an Excel workbook"),
        (whole[: len(whole) // 2], "is not an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), r"is an Excel 97 workbook \(\.xls\), or a workbook with a password"),
    ):
        file.write_bytes(damaged)
        with pytest.raises(Invalid, match=rf"attributes\.xlsx: {reason}"):
            read_attributes(file, FILES)
    file.write_bytes(b"clip,x\nc1,1\n")
    assert read_attributes(file, FILES) == {"c1.mp4": {"x": "1"}}
