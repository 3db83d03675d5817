"""The analysis as a package of its own: built, installed without the rest of Asterism, compared with the checkout."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from analysis import __version__
from app.version import VERSION
from tests.conftest import ROOT

CHECKOUT, INSTALLED = "analysis", "asterism_analysis"
PROJECT = tomllib.loads((ROOT / "analysis" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PROGRAM = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Run under both names, by `python -c`: every way in which a package can depend on what it is called.
NUMBERS = """
import json, sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
import numpy as np

NAME = sys.argv[1]
library = import_module(NAME)
bundles, matlab = (import_module(f"{NAME}.formats.{one}") for one in ("bundle", "matlab"))
rdm_set, simulate = import_module(f"{NAME}.formats.rdm_set"), import_module(f"{NAME}.simulate")
methods = import_module(f"{NAME}.estimators").ESTIMATORS

rng = np.random.default_rng(3)
clips = [f"clip{k}.mp4" for k in range(7)]
truth = simulate.make_truth("clusters", 7, rng=rng)
rows = {"clips": [{"item": k, "clip": clip} for k, clip in enumerate(clips)],
        "participants": [], "trials": [], "placements": []}
for rater in ("P1", "P2", "P3", "P4", "P5"):
    head = {"participant": rater, "session": rater}
    rows["participants"].append(head | {"state": "finished", "is_simulated": False, "excluded": False})
    for number, trial in enumerate(simulate.simulate_rater(truth, rng=rng).arrangements[:4], start=1):
        key = head | {"trial_key": f"{rater}-{number}", "number": number}
        at = datetime(2031, 5, 4, 9, number, tzinfo=UTC)
        rows["trials"].append(key | {"purpose": "main", "n_clips": len(trial), "shown_at": at, "submitted_at": at,
                                     "duration_ms": 30000.0, "arena_diameter_px": 600.0, "item_size_px": 60.0})
        for seat, (item, (x, y)) in enumerate(zip(trial.items.tolist(), trial.positions.tolist())):
            rows["placements"].append(key | {"clip": clips[item], "x": x, "y": y, "seat": seat})
about = {"study_name": "s", "study_toml": 'title = "S"\\n', "created_at": datetime(2031, 6, 1, tzinfo=UTC)}
bundles.write_bundle("study.zip", bundles.BundleContents(tables=rows, **about))

bundle = bundles.read_bundle("study.zip")
trials = bundle.arrangements()
estimates = {m: [library.estimate_rdm(t, 7, method=m).rdm for t in trials.values()] for m in methods}
rdms = np.array(estimates["combined"])
matlab.write_mat("rdm.mat", rdm_set.RDMSet(rdms, clips, list(trials), "combined"))
model = library.pool(rdms)[None]
out = {
    "rdms": {m: np.array(found).tolist() for m, found in estimates.items()},
    "mat": matlab.read_mat("rdm.mat").rdms.tolist(),
    "parallel": library.mantel(rdms, model, n_permutations=120, n_jobs=2, rng=np.random.default_rng(1)).p.tolist(),
    "reliability": library.reliability(rdms).pairwise_pearson.value,
    "next": library.next_items(trials["P1"], 7, design="lift_the_weakest", max_items=4, rng=rng).tolist(),
    "indscal": library.indscal(rdms, 2).weights.tolist(),
    "version": library.__version__,
    "from": str(Path(library.__file__).parent),
    "others": [name for name in ("app", "tests", "run", "analysis") if find_spec(name)],
}
print(json.dumps(out))
"""


# As `python -m NAME`, with the first figures alone: writing them takes longer than all else.
REPORT = """
import runpy, sys
from importlib import import_module
from itertools import islice

name = sys.argv.pop(1)
write = import_module(f"{name}.report.write")
draw = write.draw
write.draw = lambda results: islice(draw(results), 3)
runpy.run_module(name, run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a person would, but without network: the build backend is in the lock of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(folder), str(ROOT / "analysis"))
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    _pip("install", "--no-deps", "--no-index", "--target", str(folder), str(wheel))
    return folder


@pytest.fixture(scope="module")
def both(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    """What NUMBERS prints for each name, and the folder in which it ran."""
    printed = {}
    for name, path in ((CHECKOUT, ROOT), (INSTALLED, installed)):
        folder = tmp_path_factory.mktemp(name)
        printed[name] = (folder, json.loads(_python(path, folder, "-c", NUMBERS, name)))
    return printed


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def _python(path: Path, folder: Path, *arguments: str) -> str:
    """What a child process prints that finds `path` but, unless it is that, not the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONWARNINGS": "error", "MPLCONFIGDIR": str(folder)}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_package_has_every_file_of_the_library_and_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        about = f"asterism_analysis-{VERSION}.dist-info"
        metadata = archive.read(f"{about}/METADATA").decode()
        assert archive.read(f"{about}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    files = {file.relative_to(ROOT / "analysis") for file in (ROOT / "analysis").rglob("*") if file.is_file()}
    library = {f"{INSTALLED}/{file.as_posix()}" for file in files if file.suffix in {".py", ".typed", ".css"}}
    assert f"{INSTALLED}/py.typed" in library
    assert {name for name in names if not name.startswith(about)} == library
    left_out = {file.name for file in files if f"{INSTALLED}/{file.as_posix()}" not in library}
    assert {name for name in left_out if not name.endswith(".pyc")} == {"pyproject.toml", "README.md", "LICENSE"}
    assert f"Version: {VERSION}\n" in metadata
    assert "License-Expression: MIT" in metadata


def test_the_program_and_the_library_have_one_version() -> None:
    assert PROGRAM["project"]["version"] == VERSION == __version__


def test_both_names_give_the_same_numbers(both: dict[str, tuple[Path, dict[str, Any]]], installed: Path) -> None:
    here, there = dict(both[CHECKOUT][1]), dict(both[INSTALLED][1])
    assert (here.pop("from"), there.pop("from")) == (str(ROOT / CHECKOUT), str(installed / INSTALLED))
    assert there.pop("others") == []
    assert "app" in here.pop("others")
    assert there == here
    assert there["version"] == VERSION
    assert len(there["rdms"]["combined"]) == 5
    with (
        zipfile.ZipFile(both[CHECKOUT][0] / "study.zip") as one,
        zipfile.ZipFile(both[INSTALLED][0] / "study.zip") as other,
    ):
        assert {name: one.read(name) for name in one.namelist()} == {
            name: other.read(name) for name in other.namelist()
        }


def test_both_names_make_the_same_report(both: dict[str, tuple[Path, dict[str, Any]]], installed: Path) -> None:
    reports = {}
    for name, path in ((CHECKOUT, ROOT), (INSTALLED, installed)):
        folder = both[name][0]
        printed = _python(path, folder, "-c", REPORT, name, "study.zip", "--out", "report")
        assert Path(printed.strip()).suffix == ".html"
        reports[name] = {
            file.relative_to(folder).as_posix(): file
            for file in sorted((folder / "report").rglob("*"))
            if file.is_file()
        }
        assert f"python -m {name}" in _python(path, folder, "-m", name, "--help")
    assert list(reports[CHECKOUT]) == list(reports[INSTALLED])
    compared = 0
    for file, here in reports[CHECKOUT].items():
        if here.suffix in {".csv", ".md", ".json", ".html"}:
            compared += 1
            assert _undated(here) == _undated(reports[INSTALLED][file]), file
    assert compared > 5


def _undated(file: Path) -> str:
    """The text of a file without the pictures in it, which say when they were drawn."""
    text = file.read_text(encoding="utf-8")
    return re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL) if file.suffix == ".html" else text


def test_the_example_of_the_page_runs_as_the_package(installed: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    renamed = re.sub(r"\banalysis\b(?=[. ])", INSTALLED, code)
    assert f"from {INSTALLED} import" in renamed
    # rsatoolbox, and what it imports, warn.
    assert _python(installed, tmp_path, "-W", "ignore", "-c", renamed).endswith("\n8\n")


def _imports() -> Iterator[tuple[Path, str, bool]]:
    """Packages of others that the library imports, and whether it does so as soon as it is imported itself."""
    for file in (ROOT / "analysis").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            for name in names:
                if name.split(".")[0] not in sys.stdlib_module_names:
                    yield file, name.split(".")[0], node in tree.body


def test_what_the_library_imports_is_what_the_package_asks_for() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[><=\[]", one)[0] for one in requirements}

    extras = PROJECT["optional-dependencies"]
    optional = set().union(*map(names, extras.values()))
    for file, name, at_once in _imports():
        assert name in names(PROJECT["dependencies"]) | (set() if at_once else optional), f"{file}: {name}"
    assert names(PROJECT["dependencies"]) | optional - {"dask"} == {name for _, name, _ in _imports()}
    program = PROGRAM["project"]
    asked = {*program["dependencies"], *chain(*program["optional-dependencies"].values())}
    assert {*PROJECT["dependencies"], *chain(*extras.values())} <= asked, "the same versions as the program's"


def test_a_report_that_lacks_a_package_says_which_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from analysis.__main__ import main

    monkeypatch.setitem(sys.modules, "h5py", None)
    assert main([str(tmp_path / "absent.zip"), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert "needs h5py" in error
    assert "extra of the library that is called report" in error
    assert not (tmp_path / "out").exists()
