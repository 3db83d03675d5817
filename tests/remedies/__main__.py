"""
python -m tests.remedies [NAME…]: take each remedy out once, and say which tests notice.

For each row of the tables here (or those that are named; a part of a name will do) the project is copied to a temporary
folder, the remedy is taken out there, and the row's tests are run. A row is NOTICED when a test fails by itself; a
program that no longer starts proves nothing. The exit status is 0 if every row was noticed, 1 if one was not, and 2 if
a row does not fit the program or its tests cannot be run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from run import find_chromium
from tests.conftest import SHARED_DATA
from tests.remedies.table import ROOT, BadRow, Row, read_rows, without

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".import_linter_cache", "node_modules")
SECONDS_A_TEST = 150
SECONDS_A_ROW = 400
MAX_LINE_LENGTH = 200


def main(arguments: list[str]) -> int:
    """Run the rows that are asked for; 0 when all were noticed, 1 when one was not, 2 when one does not fit."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.remedies", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows whose name has this in it; all without a name")
    parser.add_argument("--list", action="store_true", help="list the rows and their tests, and run nothing")
    parser.add_argument(
        "--control", action="store_true", help="run the tests with the remedy in place first: they must pass"
    )
    asked = parser.parse_args(arguments)
    rows = [row for row in read_rows() if not asked.names or any(name in row.name for name in asked.names)]
    if not rows:
        parser.error("no row has such a name")
    if asked.list:
        for row in rows:
            print(f"{row.name}: {row.what}", *row.tests, sep="\n    ")
        return 0
    missed, bad = [], []
    for row in rows:
        try:
            if not noticed(row, control=asked.control):
                missed.append(row.name)
        except BadRow as error:
            print(f"BAD ROW     {error}", flush=True)
            bad.append(row.name)
    print(f"{len(rows) - len(missed) - len(bad)} of {len(rows)} noticed.")
    for word, names in (("not noticed", missed), ("bad row", bad)):
        for name in names:
            print(f"  {word}: {name}")
    return 2 if bad else 1 if missed else 0


def noticed(row: Row, *, root: Path = ROOT, control: bool = False) -> bool:
    """Whether a test of the row fails without its remedy; says so, and which.

    Raises:
        BadRow: the row does not fit the program, or (with `control`) its tests fail with the remedy in place.
    """
    began = time.monotonic()
    changed = without(row, root)
    with copied(root) as tree:
        if control and (wrong := failures(row, tree)):
            raise BadRow(f"{row.name}: these fail with the remedy in place: {', '.join(wrong)}")
        (tree / row.file).write_text(changed, encoding="utf-8")
        failed = failures(row, tree)
    verdict = "NOTICED" if failed else "NOT NOTICED"
    print(f"{verdict:<12}{row.name}  ({time.monotonic() - began:.0f} s)", *failed, sep="\n    ", flush=True)
    return bool(failed)


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of the project in a temporary folder, with the shared data of the tests beside it where there are any."""
    with tempfile.TemporaryDirectory(prefix="asterism-remedies-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder) / "asterism"
        shutil.copytree(root, tree, ignore=NOT_COPIED, symlinks=True)
        if SHARED_DATA.is_dir():
            (Path(folder) / "shared").symlink_to(SHARED_DATA.parent)
        yield tree


def failures(row: Row, tree: Path) -> list[str]:
    """The row's tests that fail in this copy of the project, with pytest's short reasons.

    Raises:
        BadRow: the tests could not be run.
    """
    python = [test for test in row.tests if not test.partition("::")[0].endswith(".mjs")]
    return [
        *(_pytest(row, python, tree) if python else []),
        *(failed for test in row.tests if test not in python for failed in _node(row, test, tree)),
    ]


def _pytest(row: Row, tests: list[str], tree: Path) -> list[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--timeout={SECONDS_A_TEST}", *tests]
    code, output = _run(row, command, tree)
    # With the reason: who reads it can tell a test that noticed from one that merely was too slow.
    failed = [line[:MAX_LINE_LENGTH] for line in re.findall(r"^FAILED (.+)", output, re.MULTILINE)]
    # 0: all passed; 1: some failed. What breaks before a test begins has noticed nothing.
    if code not in {0, 1} or (code == 1 and not failed):
        raise BadRow(f"{row.name}: the tests did not run (status {code}):\n{output[-3000:]}")
    return failed


def _node(row: Row, test: str, tree: Path) -> list[str]:
    path, _, title = test.partition("::")
    pattern = f"--test-name-pattern=^{re.escape(title)}$"
    code, output = _run(row, ["node", "--test", "--test-reporter=tap", pattern, path], tree)
    if code == 0:
        return []
    # A file that cannot be loaded fails as a whole, without a result of the test itself.
    if not re.search(rf"^\s*not ok \d+ - {re.escape(title)}", output.replace("\\#", "#"), re.MULTILINE):
        raise BadRow(f"{row.name}: the test did not run:\n{output[-3000:]}")
    return [test]


def _run(row: Row, command: list[str], tree: Path) -> tuple[int, str]:
    """Run a command in a copy of the project, with all that it starts ended afterwards: its status and its output.

    Raises:
        BadRow: it takes too long.
    """
    environment = dict(os.environ, PYTHONPATH=str(tree), PYTHONDONTWRITEBYTECODE="1")
    environment.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"})
    if chromium := find_chromium():
        environment["ASTERISM_CHROMIUM"] = chromium
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            command, cwd=tree, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = process.wait(timeout=SECONDS_A_ROW)
        except subprocess.TimeoutExpired as error:
            raise BadRow(f"{row.name}: its tests take longer than {SECONDS_A_ROW} s") from error
        finally:
            _end(process)
        output.seek(0)
        return code, output.read()


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    # Whoever ends this ends what it has started, and leaves no copy behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
