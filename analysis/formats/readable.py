"""Which files can be read, in words."""

from __future__ import annotations

from pathlib import Path

READABLE = """an export bundle of this program (.zip); Meadows tree.json of one participant or of all, a zip of these,
and 1D.mat; files of Kriegeskorte and Mur's MATLAB programs (.mat); jsPsych free-sort data (.json, .csv); tables of
placements or of pairs (.csv, .xlsx; columns say which column is which); squares of dissimilarities (.csv, .xlsx) such
as multiarrangement writes; stacks of RDMs (.npy, .mat, .csv); RDMs saved by rsatoolbox (.hdf5) or by this program
(.npz, .mat)"""


def unknown(file: Path, seen: str) -> ValueError:
    """The error about a file that is nothing known; `seen` says what it is."""
    return ValueError(f"{file}: {seen}. What can be read: {' '.join(READABLE.split())}")
