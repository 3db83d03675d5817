"""run.py: what it says when something is missing, and that it sets up once per lock."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ROOT


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """run.py as a module, with its .venv in a temporary folder."""
    spec = importlib.util.spec_from_file_location("launcher", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    return module


def test_an_old_python_can_read_the_launcher_and_is_told_so(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ast.parse((ROOT / "run.py").read_text(), feature_version=(3, 7))
    monkeypatch.setattr(launcher.sys, "version_info", (3, 9, 1))
    assert launcher.main(["demo"]) == 1
    assert "3.11" in capsys.readouterr().err


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse((ROOT / "run.py").read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= set(sys.stdlib_module_names)


def test_the_set_up_runs_once_per_lock(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed: list[str] = []

    def make_venv() -> None:
        python = Path(launcher.venv_python())
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(launcher, "make_venv", make_venv)
    monkeypatch.setattr(launcher, "install", installed.append)
    lock = tmp_path / "runtime.txt"
    lock.write_text("one==1\n")
    launcher.set_up(str(lock))
    launcher.set_up(str(lock))
    assert len(installed) == 1
    lock.write_text("one==2\n")
    launcher.set_up(str(lock))
    assert len(installed) == 2


def test_a_set_up_that_fails_says_why_and_is_tried_again(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def install(_: str) -> None:
        raise launcher.SetupError("The packages could not be installed:\nno network")

    monkeypatch.setattr(launcher, "make_venv", lambda: Path(launcher.VENV).mkdir())
    monkeypatch.setattr(launcher, "install", install)
    assert launcher.main(["demo"]) == 1
    assert "no network" in capsys.readouterr().err
    assert list(Path(launcher.VENV).iterdir()) == []


def test_browser_tests_never_vanish_silently(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(launcher, "find_chromium", lambda: None)
    monkeypatch.setattr(launcher, "install_chromium", lambda: None)
    monkeypatch.setattr(launcher, "run", ran.append)
    assert launcher.run_tests([]) == 1
    assert "apt-get install chromium" in capsys.readouterr().err
    assert ran == []


@pytest.fixture
def client(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The launcher of a project that has nothing but a package-lock.json, on a machine with Node and a browser."""
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(launcher, "ROOT", str(tmp_path))
    monkeypatch.setattr(launcher, "find_chromium", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(launcher.shutil, "which", lambda name: "/usr/bin/" + name)
    return launcher


def test_the_tools_for_the_client_code_are_installed_once_per_lock(
    client: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[list[str]] = []

    def npm(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        (tmp_path / "node_modules").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(client.subprocess, "run", npm)
    client.install_node_packages()
    client.install_node_packages()
    assert [command[:2] for command in ran] == [["/usr/bin/npm", "ci"]]
    (tmp_path / "package-lock.json").write_text("{ }")
    client.install_node_packages()
    assert len(ran) == 2


def test_without_the_registry_the_checks_of_the_client_code_do_not_pass_silently(
    client: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def npm(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "npm error network request failed")

    ran: list[Any] = []
    monkeypatch.setattr(client.subprocess, "run", npm)
    monkeypatch.setattr(client, "run", ran.append)
    assert client.run_tests([]) == 1
    said = capsys.readouterr().err
    assert "could not install the tools that check the client code" in said
    assert "network request failed" in said
    assert ran == []


def test_without_the_venv_module_it_says_what_to_install(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "is_root", lambda: False)
    monkeypatch.setattr(launcher.shutil, "which", lambda name: "/usr/bin/" + name)
    with pytest.raises(launcher.SetupError, match=r"apt-get install python3\.\d+-venv"):
        launcher.install_venv_module("ensurepip is not available")


def test_help_names_every_command() -> None:
    command = [sys.executable, str(ROOT / "run.py")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    for command in ("demo", "serve", "test", "bench", "doctor", "study"):
        assert command in done.stdout


def test_commands_compute_on_one_thread_unless_told_otherwise() -> None:
    code = "import app.__main__, threadpoolctl as t; print(max(pool['num_threads'] for pool in t.threadpool_info()))"
    without = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    for given, threads in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")):
        command, environment = [sys.executable, "-c", code], {**without, **given}
        result = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)
        assert result.stdout.strip() == threads, result.stderr
