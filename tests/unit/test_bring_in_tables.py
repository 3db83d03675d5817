"""Tables of placements and of pairs, squares of multiarrangement, and stacks of RDMs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import Arrangement
from analysis.formats.recognise import Hints, read_any
from tests.other_programs import NAMES, N, long_table, rdms, same_trials, savemat, squares, trials


def test_placements_of_many_raters_in_one_table_whatever_its_columns_are_called(tmp_path):
    theirs = ("vp", "block", "stim", "px", "py")
    file = long_table(tmp_path, theirs, scale=560.0, shift=300.0)
    with pytest.raises(ValueError, match=r"columns are vp, block, stim, px, py\. Of a table of placements say which"):
        read_any(file)
    columns = dict(zip(("rater", "trial", "item", "x", "y"), theirs, strict=True))
    with pytest.raises(ValueError, match=r"line 2: the position .* lies outside the arena, whose centre is \(0, 0\)"):
        read_any(file, Hints(columns=columns))
    hints = Hints(columns=columns, arena=(300.0, 300.0, 560.0), names=tuple(NAMES))
    source = read_any(file, hints)
    for rater, seed in zip(source.raters, (0, 1), strict=True):
        same_trials(rater.trials, trials(seed))
    turned = read_any(file, Hints(columns=columns, arena=(300.0, 300.0, 560.0), names=tuple(NAMES), y_down=True))
    same_trials(turned.raters[0].trials, [Arrangement(t.items, t.positions * (1, -1)) for t in trials()])
    plain = read_any(long_table(tmp_path), Hints(names=tuple(NAMES)))
    same_trials(plain.raters[1].trials, trials(1))
    assert plain.remarks == ()


def test_raters_of_a_table_are_never_put_together(tmp_path):
    file = long_table(tmp_path, ("subject", "trial", "item", "x", "y"))
    with pytest.raises(ValueError, match=r"column 'subject' names several people \('r1', 'r2'\); say which column"):
        read_any(file)
    with pytest.raises(ValueError, match="no column is named person"):
        read_any(file, Hints(columns={"rater": "person"}))
    with pytest.raises(ValueError, match="the column 'x' cannot be x and y at once"):
        read_any(file, Hints(columns={"rater": "subject", "y": "x"}))
    assert len(read_any(file, Hints(columns={"rater": "subject"})).raters) == 2


def test_a_table_of_pairs_with_columns_of_other_names(tmp_path):
    rows = [
        (f"r{rater}", NAMES[i], NAMES[j], value)
        for rater, row in enumerate(rdms(), start=1)
        for i, j, value in zip(*np.triu_indices(N, 1), row, strict=True)
    ]
    pd.DataFrame(rows, columns=["who", "one", "other", "rating"]).to_csv(tmp_path / "pairs.csv", index=False)
    columns = {"rater": "who", "clip_a": "one", "clip_b": "other", "dissimilarity": "rating"}
    source = read_any(tmp_path / "pairs.csv", Hints(columns=columns))
    np.testing.assert_array_equal([rater.rdm for rater in source.raters], rdms())
    assert [rater.name for rater in source.raters] == ["r1", "r2", "r3"]


def test_what_multiarrangement_saves_is_read(tmp_path):
    """Its writers are pandas' to_excel and to_csv and numpy.save, of a data frame with the names on both sides."""
    square = squares(rdms(1))[0]
    square[0, 3] = square[3, 0] = np.nan
    frame = pd.DataFrame(square, index=NAMES, columns=NAMES)
    frame.to_excel(tmp_path / "participant_7_results.xlsx")
    frame.to_csv(tmp_path / "participant_7_results.csv")
    np.save(tmp_path / "participant_7_rdm.npy", frame.to_numpy(dtype=float))
    wanted = square[np.triu_indices(N, 1)]
    for name in ("participant_7_results.xlsx", "participant_7_results.csv", "participant_7_rdm.npy"):
        source = read_any(tmp_path / name)
        np.testing.assert_allclose(source.raters[0].rdm, wanted, rtol=1e-14)
        named = tuple(NAMES) if "results" in name else tuple(f"item {k}" for k in range(1, N + 1))
        assert (source.names, source.raters[0].name) == (named, Path(name).stem)
    named = read_any(tmp_path / "participant_7_rdm.npy", Hints(names=tuple(NAMES)))
    assert (named.names, named.remarks) == (tuple(NAMES), ())


STACKS = [
    (squares(rdms()), None),
    (np.moveaxis(squares(rdms()), 0, 2), None),
    (rdms(4), None),
    (rdms(4).T, None),
    (rdms(3), "rows"),
    (rdms(10), "rows"),
    (rdms(10).T, "columns"),
    (squares(rdms(5)), None),
]


@pytest.mark.parametrize(
    ("kind", "array", "raters"),
    # A CSV has two dimensions.
    [(kind, *stack) for kind in ("npy", "mat", "csv") for stack in STACKS if kind != "csv" or stack[0].ndim == 2],
    ids=lambda value: str(getattr(value, "shape", value)),
)
def test_stacks_of_rdms_in_every_shape(tmp_path, kind, array, raters):
    file = tmp_path / f"stack.{kind}"
    if kind == "npy":
        np.save(file, array)
    elif kind == "mat":
        savemat(file, {"D": array})
    else:
        np.savetxt(file, array, delimiter=",", fmt="%.17g")
    wanted = rdms(4 if 4 in array.shape else 10 if array.shape == (10, 10) else 5 if array.shape == (5, 5, 5) else 3)
    source = read_any(file, Hints(raters=raters))
    np.testing.assert_allclose([rater.rdm for rater in source.raters], wanted, rtol=1e-15)
    assert source.names[0] == "item 1"


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (rdms(3), r"3 x 10 numbers can be RDMs of 5 items by 3 raters \(raters rows\) or RDMs of 3 items by 10 raters"),
        (rdms(10) + np.eye(10), "10 x 10 numbers can be .*raters rows.* or .*raters columns"),
        (rdms(2)[:, :9], "has the shape 2 x 9, which holds no RDMs: they are n x n, raters x n x n"),
        (np.eye(4), "its diagonal is 1, not 0: these are similarities"),
        (np.arange(16.0).reshape(4, 4) * (1 - np.eye(4)), "is not symmetric: the pair"),
        (-rdms(4), r"rater 1: the pair \(item 1, item 2\) has -0\.\d+: a dissimilarity is not negative"),
        (np.c_[1:6, squares(rdms(1))[0]], "5 x 6 numbers can be an RDM of 5 items with other numbers beside it"),
        (np.r_[squares(rdms(1))[0], [[1, 2, 3, 4, 5]]], "6 x 5 numbers can be an RDM of 5 items with other numbers"),
    ],
    ids=["three", "ten", "no pairs", "similarities", "asymmetric", "negative", "row numbers", "means"],
)
def test_what_can_be_read_in_two_ways_or_none_is_not_guessed(tmp_path, array, reason):
    np.save(tmp_path / "stack.npy", array)
    with pytest.raises(ValueError, match=rf"stack\.npy.*{reason}"):
        read_any(tmp_path / "stack.npy")


def test_a_table_that_is_as_wide_as_it_is_long_is_not_taken_for_a_square(tmp_path):
    """Five columns and five rows of placements: what helps is to say which column is which."""
    (tmp_path / "five.csv").write_text(
        "who,round,clip,across,up\n" + "".join(f"r1,1,{clip},0.{k},0\n" for k, clip in enumerate("abcd"))
    )
    with pytest.raises(
        ValueError, match=r"columns are who, round, clip, across, up\. Of a table of placements say which"
    ):
        read_any(tmp_path / "five.csv")


def test_matlab_files_of_version_4_are_read(tmp_path):
    savemat(tmp_path / "old.mat", {"RDM": squares(rdms())[0]}, format="4")
    np.testing.assert_allclose(read_any(tmp_path / "old.mat").raters[0].rdm, rdms()[0])


def test_one_of_several_variables_is_asked_for(tmp_path):
    savemat(tmp_path / "x.mat", {"humans": squares(rdms()), "models": squares(rdms(2)), "note": "hello"})
    with pytest.raises(ValueError, match=r"RDMs can be in humans or models: say which is meant"):
        read_any(tmp_path / "x.mat")
    assert len(read_any(tmp_path / "x.mat", Hints(variable="models")).raters) == 2
    with pytest.raises(ValueError, match="no variable note holds RDMs; there are humans, models, note"):
        read_any(tmp_path / "x.mat", Hints(variable="note"))
