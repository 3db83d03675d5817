"""What `serve` and the commands beside it say: who can open the pages, and by which address (README, step 3)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import commands
from app.config import Settings
from app.db import Database
from app.errors import ConfigurationError
from app.server import announced, local_address, network_address
from app.server import free_port as free_port_of
from tests import experimenter
from tests.conftest import ROOT
from tests.factories import make_study
from tests.ports import free_port


def run(settings: Settings, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(commands, ["--data", str(settings.data), *arguments], input=typed)


@contextmanager
def serving(settings: Settings, out: Path, *arguments: str) -> Iterator[str]:
    """`serve` as somebody types it; its local address. What it prints goes to `out`."""
    port = free_port()
    command = [sys.executable, "-m", "app", "serve", "--no-browser", "--port", str(port), "--data", str(settings.data)]
    with out.open("w") as file:
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=file
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            try:
                urllib.request.urlopen(address + "/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)


def test_serve_says_that_only_this_computer_can_open_it_and_other_commands_print_its_links(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    make_study(database, settings, state="draft")  # type: ignore[arg-type]
    with serving(settings, tmp_path / "out") as address:
        said = (tmp_path / "out").read_text()
        assert "this computer alone" in said
        assert "--host 0.0.0.0" in said
        first_link = said.split("Set-up link", 1)[1].split()[0]
        assert f"{address}/join/faces" in run(settings, "study", "open", "faces").output
        # As somebody needs it who opened the study before the server was started.
        again = run(settings, "study", "open", "faces").output
        assert "is open already" in again
        assert f"{address}/join/faces" in again
        second_link = run(settings, "setup-link").output.split("Set-up link", 1)[1].split()[0]
        for link in (first_link, second_link):
            assert link.startswith(f"{address}/setup/")
            assert urllib.request.urlopen(link, timeout=30).status == 200
    after = run(settings, "study", "open", "faces")
    assert not (settings.data / "server.json").exists()
    assert "is open already, but no server is running" in after.output


def test_serve_for_the_network_says_so_and_prints_an_address_that_others_can_open(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    make_study(database, settings, state="draft")  # type: ignore[arg-type]
    with serving(settings, tmp_path / "out", "--host", "0.0.0.0"):
        said = (tmp_path / "out").read_text()
        assert "every device in this machine's network" in said
        assert "127.0.0.1" not in said
        link = run(settings, "study", "open", "faces").output.split("link: ", 1)[1].split()[0]
        assert link.endswith("/join/faces")
        assert "127.0.0.1" not in link


def test_without_a_server_opening_a_study_says_how_to_start_one(settings: Settings, database: Database) -> None:
    make_study(database, settings, state="draft")  # type: ignore[arg-type]
    said = run(settings, "study", "open", "faces").output
    assert "no server is running on this data folder: start it with `python3 run.py serve`" in said
    assert "The participants' link will then be http://127.0.0.1:8000/join/faces" in said
    assert "Participants' link:" not in said


def test_without_a_server_the_links_of_people_come_with_a_note_beside_the_table(
    settings: Settings, database: Database
) -> None:
    make_study(database, settings)  # type: ignore[arg-type]
    done = run(settings, "study", "link", "faces", "--id", "ada")
    assert done.stdout.startswith("id,link\nada,http://127.0.0.1:8000/join/faces")
    assert "No server is running on this data folder" in done.stderr
    given = run(settings, "study", "link", "faces", "--id", "ada", "--address", "https://lab.example")
    assert given.stderr == ""


def test_the_second_server_of_a_folder_leaves_the_first_ones_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.running_server", lambda settings: "somewhere")
    (settings.data / "server.json").write_text("the first")
    with announced(settings, "http://two", "http://two"):
        assert "two" in (settings.data / "server.json").read_text()
    assert (settings.data / "server.json").read_text() == "the first"
    with announced(settings, "http://two", "http://two"):
        (settings.data / "server.json").write_text("the third")
    assert (settings.data / "server.json").read_text() == "the third"


def test_an_empty_host_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="--host is empty"):
        free_port_of("", None)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_loopback_addresses_are_for_this_computer_alone(host: str) -> None:
    assert network_address(host, 8000) is None


def test_other_hosts_are_open_to_the_network() -> None:
    assert network_address("192.168.1.7", 8000) == "http://192.168.1.7:8000"
    assert network_address("lab.example", 8000) == "http://lab.example:8000"
    assert network_address("2001:db8::7", 8000) == "http://[2001:db8::7]:8000"
    assert (local_address("0.0.0.0", 1), local_address("::", 1)) == ("http://127.0.0.1:1", "http://[::1]:1")


def test_a_lost_password_is_set_anew_from_the_machine(settings: Settings, database: Database) -> None:
    assert run(settings, "user", "list").output == ""
    experimenter.make_account(database)
    assert run(settings, "user", "list").output == f"{experimenter.EMAIL}\n"
    new = "eight quiet rivers\n"
    assert run(settings, "user", "password", experimenter.EMAIL, typed=new + new).exit_code == 0
    with experimenter.open_lab(settings) as lab:
        assert experimenter.log_in(lab.client).status_code == 401
        assert experimenter.log_in(lab.client, experimenter.EMAIL, new.strip()).status_code == 303
    nobody = run(settings, "user", "password", "nobody@lab.example", typed=new + new)
    assert "nobody@lab.example" in str(nobody.exception)
    weak = run(settings, "user", "password", experimenter.EMAIL, typed="password123\npassword123\n")
    assert "easy to guess" in str(weak.exception)
