"""The analysis as a library: the example of its page runs, and rsatoolbox takes RDMs without a file."""

from __future__ import annotations

import re

import numpy as np
import pytest
from rsatoolbox.rdm import RDMs

import analysis
from analysis.formats.rdm_set import RDMSet
from analysis.formats.rsatoolbox import from_rsatoolbox, to_rsatoolbox
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")


def test_the_example_runs_and_the_raters_agree(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "docs/library.md", "exec"), {})
    agreement, model, count = capsys.readouterr().out.splitlines()
    assert float(re.findall(r"r (\d\.\d\d)", agreement)[0]) > 0.5
    assert float(re.findall(r"p = (\d\.\d+)", model)[0]) < 0.05
    assert count == "8"


def test_names_at_the_top_are_those_that_the_page_lists() -> None:
    listed = PAGE[PAGE.index("## What there is") :]
    for name in ("similarity", "pool", "mantel", "attribute_effects", "variance_partition", "indscal"):
        assert callable(getattr(analysis, name))
        assert f"`{name}`" in listed
    assert sorted(analysis.__all__) == list(analysis.__all__)


def test_rsatoolbox_gets_the_rdms_and_gives_them_back() -> None:
    rng = np.random.default_rng(0)
    rdms = rng.uniform(size=(3, 10))
    rdms[1, 4] = np.nan
    given = RDMSet(rdms, ["a", "b", "c", "d", "e"], ["P1", "P2", "P3"], "combined")
    there = to_rsatoolbox(given)
    assert isinstance(there, RDMs)
    np.testing.assert_array_equal(there.get_matrices()[1][0, 1:], rdms[1, :4])
    assert list(there.subset("rater", "P2").rdm_descriptors["rater"]) == ["P2"]
    assert list(there.subset_pattern("clip", ["b", "d"]).pattern_descriptors["clip"]) == ["b", "d"]
    back = from_rsatoolbox(there)
    np.testing.assert_array_equal(back.rdms, rdms)
    assert (back.names, back.raters, back.method) == (given.names, given.raters, "combined")
    there.dissimilarities[0, 0] = 99.0
    assert given.rdms[0, 0] == rdms[0, 0], "the copy is rsatoolbox's own"


def test_rdms_of_rsatoolbox_without_names_are_numbered_and_equal_names_refused() -> None:
    plain = RDMs(np.arange(6.0).reshape(2, 3))
    assert from_rsatoolbox(plain).names == ("0", "1", "2")
    assert from_rsatoolbox(plain).raters == ("0", "1")
    doubled = RDMs(np.arange(3.0)[None], pattern_descriptors={"clip": ["a", "a", "b"]})
    with pytest.raises(ValueError, match="'a' twice"):
        from_rsatoolbox(doubled)
