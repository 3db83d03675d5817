"""Files of all other programs: recognised by their contents, read exactly, or refused with what could be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import Arrangement
from analysis.__main__ import main
from analysis.formats.bundle import Bundle, read_bundle
from analysis.formats.hints import HintsError, hints_of
from analysis.formats.recognise import Hints, bring_in, read_any
from analysis.formats.source import Source, SourceRater, merged
from analysis.formats.source_bundle import write_source
from analysis.report import write
from analysis.report.results import analyse
from analysis.results import Choice
from tests.conftest import ROOT
from tests.other_programs import (
    ARENA,
    NAMES,
    SIZES,
    N,
    as_json,
    at_the_end,
    free_sort,
    long_table,
    rdms,
    same_trials,
    savemat,
    squares,
    task,
    trials,
    workspace,
)


def test_files_are_known_by_what_is_in_them_not_by_their_names(tmp_path):
    frame = pd.DataFrame(squares(rdms(1))[0], index=NAMES, columns=NAMES)
    frame.to_excel(tmp_path / "x.xlsx")
    np.save(tmp_path / "x.npy", squares(rdms()))
    savemat(tmp_path / "x.mat", workspace(trials()))
    as_json(tmp_path, task(), "x.json")
    kinds = set()
    for file in sorted(tmp_path.glob("x.*")):
        nameless = file.rename(tmp_path / f"{file.suffix[1:]}.dat")
        kinds.add(read_any(nameless).kind)
    assert len(kinds) == 4
    assert isinstance(read_any(ROOT / "tests" / "data" / "bundle-v1.zip"), Bundle)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04nonsense", "truncated or corrupt ZIP"),
        (b'{"a": 1}', r"a JSON file that holds an object with a\. What can be read: an export bundle"),
        (b"Dear all,\nplease find the data below.\n", "What can be read: an export bundle"),
        (b"\xff\xd8\xff\xe0 a picture", "is a picture"),
        (b"\x89HDF\r\n\x1a\n", "not an HDF5 file of RDMs"),
    ],
)
def test_what_cannot_be_read_is_answered_by_what_could(tmp_path, content, reason):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=rf"file\b.*{reason}"):
        read_any(tmp_path / "file")


def test_a_hint_that_a_file_does_not_need_is_not_passed_over(tmp_path):
    np.save(tmp_path / "x.npy", squares(rdms()))
    with pytest.raises(ValueError, match=r"x\.npy: it is an array of NumPy, for which arena and task cannot be given"):
        read_any(tmp_path / "x.npy", Hints(arena=ARENA, task="t"))
    with pytest.raises(ValueError, match="there is no column 'trail' to say; there are rater, trial"):
        read_any(long_table(tmp_path), Hints(columns={"trail": "x"}))


def test_hints_are_taken_from_texts(tmp_path):
    (tmp_path / "names.txt").write_text("one\n\ntwo \n", encoding="utf-8")
    hints = hints_of(
        {"columns": "rater=vp, trial=-", "arena": "1,2,3", "names": str(tmp_path / "names.txt"), "raters": "rows"},
        {"y-down": True},
    )
    assert hints == Hints({"rater": "vp", "trial": "-"}, (1.0, 2.0, 3.0), True, ("one", "two"), "rows")
    for wrong in ({"columns": "vp"}, {"columns": "x=a,x=b"}, {"arena": "1,2"}, {"arena": "0,0,0"}, {"raters": "both"}):
        with pytest.raises(HintsError, match=next(iter(wrong))):
            hints_of(wrong, {})


def test_several_files_are_one_study(tmp_path):
    one = Source("a", ("a", "b", "c"), (SourceRater("r", rdm=np.array([1.0, 2.0, 3.0])),), ("Said.",))
    other = Source("a", ("c", "a", "b"), (SourceRater("r", rdm=np.array([2.0, 3.0, 1.0])),), ("Said.",))
    both = merged({"1.csv": one, "2.csv": other})
    assert [rater.name for rater in both.raters] == ["1.csv: r", "2.csv: r"]
    np.testing.assert_array_equal(both.raters[1].rdm, both.raters[0].rdm)
    assert (both.names, both.remarks) == (("a", "b", "c"), ("Said.",))
    three = Arrangement([2, 0, 1], [[0.1, 0.0], [0.0, 0.2], [0.3, 0.0]])
    placed = Source("b", ("b", "d", "e"), (SourceRater("s", (three,), ((None, None),)),))
    with pytest.raises(ValueError, match=r"1\.csv and 3\.json: one has placements, the other only RDMs"):
        merged({"1.csv": one, "3.json": placed})
    with pytest.raises(ValueError, match="their RDMs are of different items"):
        merged({"1.csv": one, "2.csv": Source("a", ("a", "b", "x"), other.raters)})
    more = merged({"3.json": placed, "4.json": Source("b", ("e", "f", "b"), placed.raters)})
    assert more.names == ("b", "d", "e", "f")
    assert more.raters[1].trials[0].items.tolist() == [0, 2, 3]


def test_a_source_written_as_a_bundle_comes_back_and_says_where_it_is_from(tmp_path):
    file = as_json(tmp_path, {"r1": task(), "r2": task(arrangements=trials(1))})
    source = read_any(file)
    write_source(source, [(file, "theirs.json")], tmp_path / "out.zip")
    bundle = read_bundle(tmp_path / "out.zip")
    assert bundle.names == source.names
    for rater in source.raters:
        same_trials(bundle.arrangements()[rater.name], rater.trials)
    assert "taken for sessions of the Meadows platform" in bundle.text("methods.md")
    # Read again, the same file gives the same sessions and trials.
    write_source(source, [(file, "theirs.json")], tmp_path / "again.zip")
    assert list(read_bundle(tmp_path / "again.zip").rows("trials")) == list(bundle.rows("trials"))


def quiet(message: str) -> None:
    """No progress is shown."""


def test_rdms_without_trials_get_the_same_statistics(tmp_path):
    stack = squares(rdms(4))
    stack[0, 0, 1] = stack[0, 1, 0] = np.nan
    np.save(tmp_path / "x.npy", stack)
    bundle = bring_in([(tmp_path / "x.npy", "x.npy")], None, tmp_path / "out.zip")
    analysed = analyse(bundle, Choice(), quiet, jobs=1)
    assert analysed.choice.method == "given"
    table = np.array([row / np.sqrt(np.nanmean(row**2)) for row in stack[:, *np.triu_indices(N, 1)]])
    np.testing.assert_allclose(analysed.table, table)
    # Pearson correlations by pandas, over the pairs that both have.
    between = pd.DataFrame(table.T).corr().to_numpy()[np.triu_indices(4, 1)]
    assert analysed.reliability.pairwise_pearson.value == pytest.approx(between.mean())
    assert analysed.pooled.n_raters.tolist() == [3] + [4] * 9


def test_the_report_of_another_programs_file_says_where_the_data_came_from(tmp_path, capsys, monkeypatch):
    # Figures take seconds, and are those of any bundle.
    monkeypatch.setattr(write, "draw", lambda results: iter(()))
    file = long_table(tmp_path, ("vp", "trial", "item", "x", "y"), name="their <data>.csv")
    out = tmp_path / "report"
    options = ["--columns", "rater=vp", "--method", "weighted_average", "--jobs", "1"]
    assert main([str(file), "--out", str(out), *options]) == 0
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "These data were brought in: they are a table of placements, read from their" in html
    assert "Columns: vp was taken for rater." in html
    assert "<data>" not in html
    assert "minutes" not in (out / "methods.md").read_text(encoding="utf-8")
    assert main([str(file), "--out", str(out), "--raters", "rows"]) == 1
    assert "cannot be given" in capsys.readouterr().err


def is_read(file):
    """Whether the file is read; if not, with an error that names it."""
    try:
        read_any(file)
    except ValueError as error:
        if str(file) not in str(error):
            raise
        return False
    return True


def test_no_damaged_file_ends_in_anything_but_an_error_that_names_it(tmp_path):
    np.save(tmp_path / "a.npy", squares(rdms()))
    savemat(tmp_path / "b.mat", at_the_end(trials()))
    as_json(tmp_path, {"r1": task(), "r2": task()}, "c.json")
    as_json(tmp_path, free_sort(trials(), **SIZES), "d.json")
    long_table(tmp_path, name="e.csv")
    rng = np.random.default_rng(3)
    refused = 0
    for file in sorted(tmp_path.glob("[a-e].*")):
        whole = file.read_bytes()
        for _ in range(60):
            damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)] if rng.random() < 0.3 else whole)
            for place in rng.integers(0, len(damaged), 4):
                damaged[place] = rng.integers(0, 256)
            file.write_bytes(damaged)
            refused += not is_read(file)
    assert refused > 150
