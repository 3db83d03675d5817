"""Files that are no text, known by their first bytes whatever they are called, and how to get a table out of them."""

from __future__ import annotations

import zipfile
from pathlib import Path

SAVE_RIGHT = (
    'in Excel: File > Save As > "CSV UTF-8 (Comma delimited)"; in LibreOffice: File > Save As > Text CSV, UTF-8'
)
FROM_R = 'in R: write.csv(as.matrix(x), "x.csv")'
FROM_STATISTICS = "export the table from that program as CSV in UTF-8"
FROM_PYTHON = "in Python: numpy.save an array of numbers, or DataFrame.to_csv"
# (first bytes, what it is, how to get a table out of it).
KINDS = (
    (b"\xd0\xcf\x11\xe0", "an Excel 97 workbook (.xls), or a workbook with a password", SAVE_RIGHT),
    (b"PK\x03\x04", "a workbook or another zip file", SAVE_RIGHT),
    (b"\x1f\x8b", "a compressed file (gzip), as R's .rds and .RData are", f"unpack it, or {FROM_R}"),
    (b"BZh", "a compressed file (bzip2)", f"unpack it, or {FROM_R}"),
    (b"\xfd7zXZ", "a compressed file (xz)", f"unpack it, or {FROM_R}"),
    (b"X\n\0\0\0", "a file of R (.rds)", FROM_R),
    (b"RDX", "a workspace of R (.RData)", FROM_R),
    (b"$FL2", "an SPSS file (.sav)", FROM_STATISTICS),
    (b"$FL3", "an SPSS file (.zsav)", FROM_STATISTICS),
    (b"<stata_dta>", "a Stata file (.dta)", FROM_STATISTICS),
    (b"PAR1", "a Parquet file", FROM_PYTHON),
    (b"ARROW1", "a Feather file", FROM_PYTHON),
    (b"\x93NUMPY", "an array of NumPy", "a table is a CSV or XLSX file"),
    (b"MATLAB 5.0 MAT", "a MATLAB file", "a table is a CSV or XLSX file (writetable)"),
    (b"MATLAB 7.3 MAT", "a MATLAB file", "a table is a CSV or XLSX file (writetable)"),
    (b"\x89HDF", "an HDF5 file", "a table is a CSV or XLSX file"),
    (b"SQLite format 3", "a database (SQLite)", "export the table as CSV in UTF-8"),
    (b"%PDF", "a PDF document", SAVE_RIGHT),
    (b"\x89PNG", "a picture", SAVE_RIGHT),
    (b"\xff\xd8\xff", "a picture", SAVE_RIGHT),
    (b"GIF8", "a picture", SAVE_RIGHT),
    *((bytes([0x80, version]), "a pickle of Python, which is never loaded", FROM_PYTHON) for version in (2, 3, 4, 5)),
)
WEB_PAGE = (b"<html", b"<!doctype html", b"<table")
# What a zip file holds tells of what program it is.
ZIPS = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("Index/Document.iwa", "a Numbers sheet"),
    ("content.xml", "a LibreOffice sheet (.ods)"),
)


def why_no_text(data: bytes) -> str:
    """What a file is that begins so, and how to get a table out of it: "is …"; "" where it may be a text."""
    if data[4:8] == b"ftyp":
        return "is a video"
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:14].lower().startswith(WEB_PAGE):
        return f"is a web page (HTML), as some programs save tables under the name .xls; {SAVE_RIGHT}"
    for beginning, kind, remedy in KINDS:
        if data.startswith(beginning):
            return f"is {kind}, not text; {remedy}"
    return ""


def why_no_workbook(file: str | Path) -> str:
    """What a zip file is that is no workbook of ours, and how to save it right: "is …"; "" where that is not known."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return ""
    kind = next((kind for name, kind in ZIPS if name in names), "")
    return f"is {kind}; save it as .xlsx or as CSV ({SAVE_RIGHT})" if kind else ""
