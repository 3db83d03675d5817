"""The files of deploy/ name commands, settings and files that exist; what containers would do is not run here."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import threading
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from app.cli import commands, serving, support
from app.config import Settings
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
KEYS = {
    *("image", "build", "command", "environment", "volumes", "ports", "depends_on", "healthcheck", "restart"),
    *("stop_grace_period", "ulimits", "networks", "profiles"),
}


def check_command(words: list[str]) -> None:
    """A command line of the program: its command and each option exist."""
    name, *rest = words
    command = commands.commands[name]
    options = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
    assert {word for word in rest if word.startswith("--")} <= options, words


def test_compose_is_whole_and_names_commands_and_settings_that_exist() -> None:
    services = COMPOSE["services"]
    known = {f"ASTERISM_{name.upper()}" for name in Settings.model_fields}
    for name, service in services.items():
        assert set(service) <= KEYS, name
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume
        if service.get("image") == "asterism":
            assert set(service["environment"]) <= known
            assert service["volumes"] == ["data:/data"]
            assert service["command"][:3] == ["python", "-m", "app"]
            check_command(service["command"][3:])
    # One alone makes the tables.
    assert services["prepare"]["restart"] == "no"
    for name in ("app1", "app2", "worker"):
        assert services[name]["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}}
    wanted = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert wanted == set(re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE))
    apps = services["proxy"]["environment"]["ASTERISM_APPS"].split()
    assert [one.split(":")[0] for one in apps] == ["app1", "app2"]


def test_the_bucket_of_compose_is_optional_and_fits_the_settings_that_are_named_for_it() -> None:
    services, said = COMPOSE["services"], (DEPLOY / "example.env").read_text()
    assert services["bucket"]["profiles"] == ["bucket"]
    assert not any("bucket" in service.get("depends_on", {}) for service in services.values())
    garage = tomllib.loads((DEPLOY / "garage.toml").read_text())
    assert f"ASTERISM_BUCKET_REGION={garage['s3_api']['s3_region']}" in said
    assert f"/{services['bucket']['environment']['GARAGE_DEFAULT_BUCKET']}\n" in said
    port = garage["s3_api"]["api_bind_addr"].rpartition(":")[2]
    assert f"reverse_proxy bucket:{port}" in (DEPLOY / "bucket.caddy").read_text()
    kept = services["bucket"]["volumes"][1].partition(":")[2]
    assert garage["metadata_dir"].startswith(kept)
    assert garage["data_dir"].startswith(kept)


def test_the_image_holds_what_the_program_needs() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (\S+) \1$", text, re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).is_dir()] == []
    imported = re.findall(
        r"^(?:from|import) (\w+)", "\n".join(f.read_text() for f in (ROOT / "app").rglob("*.py")), re.M
    )
    own = {name for name in imported if (ROOT / name).is_dir()}
    assert own | {"static", "templates", "locks"} <= set(copied)
    assert "USER asterism" in text
    assert "--require-hashes" in text
    # Without more the program alone; --build-arg LOCK=networks adds what shows clips to a network.
    assert "ARG LOCK=runtime\n" in text
    assert "-r locks/$LOCK.txt\n" in text
    assert all((ROOT / "locks" / f"{lock}.txt").is_file() for lock in ("runtime", "networks"))
    words = re.findall(r'"([^"]+)"', re.findall(r"^CMD (.*)$", text, re.MULTILINE)[0])
    check_command(words[3:])


@pytest.mark.parametrize("file", sorted(DEPLOY.glob("*.service")), ids=lambda file: file.name)
def test_units_run_commands_that_exist(file: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(file)
    program, launcher, *words = unit["Service"]["ExecStart"].split()
    assert (program, launcher) == ("/usr/bin/python3", "run.py")
    check_command(words)
    for folder in unit["Service"]["ReadWritePaths"].split():
        assert folder in (ROOT / "docs/deployment.md").read_text()


def test_caddy_takes_the_file_of_the_proxy() -> None:
    text = (DEPLOY / "Caddyfile").read_text() + (DEPLOY / "bucket.caddy").read_text()
    settings = set(re.findall(r"\{\$(\w+)", text))
    assert settings - {"ASTERISM_CADDY_ADMIN"} == set(COMPOSE["services"]["proxy"]["environment"])
    assert text.count("{") == text.count("}")
    if shutil.which("caddy") is None:
        return
    environment = {"ASTERISM_SITE": "asterism.example.org", "ASTERISM_APPS": "app1:8000 app2:8000", "HOME": "/tmp"}
    run = ["caddy", "adapt", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("app1:8000") == done.stdout.count("app2:8000") == 1


def test_an_app_without_a_worker_starts_none_and_is_not_the_server_of_the_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    @contextmanager
    def worker(_settings: Settings) -> Any:
        ran.append("worker")
        yield

    def serve(*_: object) -> None:
        ran.append("server.json" if (settings.data / "server.json").exists() else "nothing")

    for module in (support, serving):
        monkeypatch.setattr(module, "worker", worker)
    monkeypatch.setattr(support, "serve", serve)
    run = ["serve", "--no-browser", "--port", "0", "--data", str(settings.data)]
    for arguments in (run, [*run, "--no-worker"]):
        done = CliRunner().invoke(commands, arguments)
        assert done.exit_code == 0, done.output
    assert ran == ["worker", "server.json", "nothing"]

    @contextmanager
    def told_to_stop(over: threading.Event) -> Any:
        over.set()
        yield

    monkeypatch.setattr(serving, "told_to_stop", told_to_stop)
    assert CliRunner().invoke(commands, ["work", "--data", str(settings.data)]).exit_code == 0
    assert ran[3:] == ["worker"]
