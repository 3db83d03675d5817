"""The project's own rules, held by the tools: format, lint, types and imports, in both languages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from run import install_node_packages
from tests.conftest import ROOT

BIN = Path(sys.executable).parent


def run(*command: str) -> str:
    """Run a tool at the project's root; its output is the assertion's message when it finds something."""
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=600)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


def test_ruff_finds_nothing() -> None:
    run(str(BIN / "ruff"), "check", ".")


def test_ruff_would_format_nothing() -> None:
    run(str(BIN / "ruff"), "format", "--check", ".")


def test_mypy_strict_finds_nothing_in_analysis_and_app() -> None:
    run(str(BIN / "mypy"))


def test_the_import_rules_of_the_architecture_hold() -> None:
    assert "3 kept, 0 broken" in run(str(BIN / "lint-imports"))


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed; the client goes unchecked")


@pytest.fixture(scope="module")
def client_tools() -> Path:
    """The folder of the programs that check the client code, installed as the launcher does it."""
    install_node_packages()
    return ROOT / "node_modules" / ".bin"


@needs_node
def test_prettier_would_format_nothing(client_tools: Path) -> None:
    run(str(client_tools / "prettier"), "--check", ".")


@needs_node
def test_eslint_finds_nothing(client_tools: Path) -> None:
    run(str(client_tools / "eslint"), "--max-warnings", "0", ".")


@needs_node
def test_the_types_of_the_client_code_are_right(client_tools: Path) -> None:
    run(str(client_tools / "tsc"), "--project", ".")


def test_no_file_of_the_client_code_escapes_the_compiler() -> None:
    files = [file for file in (ROOT / "static").rglob("*.js") if "vendor" not in file.parts]
    assert len(files) > 60
    assert [file.name for file in files if not file.read_text(encoding="utf-8").startswith("// @ts-check\n")] == []


@needs_node
def test_the_javascript_unit_tests_pass() -> None:
    files = sorted(str(file) for file in (ROOT / "tests" / "js").glob("*.test.mjs"))
    assert files
    output = run("node", "--test", *files)
    match = re.search(r"^. pass (\d+)$", output, re.MULTILINE)
    assert match is not None
    assert int(match[1]) >= len(files)


def test_the_lock_for_tests_pins_what_the_lock_for_running_pins() -> None:
    pins = {}
    for name in ("runtime", "networks", "test"):
        lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
        # Behind the semicolon stands for which systems; a package that the tests need too may be wanted on more.
        pins[name] = {line.removesuffix(" \\").split(" ;")[0].strip() for line in lines if "==" in line}
    assert pins["runtime"] <= pins["networks"] <= pins["test"]


def test_no_word_about_registries_or_machines_in_the_locks() -> None:
    for name in ("runtime", "networks", "test"):
        assert "://" not in (ROOT / "locks" / f"{name}.txt").read_text()


def test_the_migrations_are_one_chain() -> None:
    from alembic.script import ScriptDirectory

    from app.schema import _config

    script = ScriptDirectory.from_config(_config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
