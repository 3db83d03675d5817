"""The server, the demo, and what they start: `serve`, `demo`, `setup-link`, `worker`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import serving, with_data
from app.cli.support import (
    base_address,
    echo_setup_link,
    echo_who_can_open,
    open_installation,
    serve_pages,
    server_address,
)
from app.demo import DEMO_DATA, demo_study
from app.jobs import work
from app.server import free_port


@click.command("serve")
@serving
def serve_command(data: Path | None, host: str, port: int | None, no_browser: bool) -> None:
    """Run the app for your own studies."""
    with open_installation(data, make=True) as here:
        port = free_port(host, port)
        link = base_address(here.settings, host, port)
        click.echo(f"\n  Studies      {link}/studies")
        echo_setup_link(here, link)
        click.echo(f"  Data folder  {here.settings.data.resolve()}\n")
        echo_who_can_open(here.settings, host, port)
        click.echo("\n  Stop with Ctrl+C.\n")
        serve_pages(here, host, port, f"{link}/studies", no_browser)


@click.command("demo")
@click.option("--clips", type=click.Path(path_type=Path), default=None, help="A folder of your own clips to try with.")
@serving
def demo_command(data: Path | None, clips: Path | None, host: str, port: int | None, no_browser: bool) -> None:
    """Show everything with a small study: drawn clips and simulated raters."""
    with open_installation(data, DEMO_DATA, make=True) as here:
        port = free_port(host, port)
        name = demo_study(here, clips)
        link = base_address(here.settings, host, port)
        click.echo(f"\n  Take part    {link}/join/{name}")
        click.echo(f"  Results      {link}/studies/{name}/results")
        echo_setup_link(here, link)
        click.echo()
        echo_who_can_open(here.settings, host, port)
        click.echo("\n  Stop with Ctrl+C.\n")
        serve_pages(here, host, port, f"{link}/join/{name}", no_browser)


@click.command("setup-link")
@with_data
def setup_link_command(data: Path | None) -> None:
    """Print another one-time link for the first account; earlier links keep working for a week."""
    with open_installation(data) as here:
        if not echo_setup_link(here, server_address(here.settings)):
            click.echo("There is an account already. For a lost password: python3 run.py user password E-MAIL")


@click.command("worker", hidden=True)
@click.option("--restarts", type=int, default=0, help="How often it was started again; for /healthz.")
@with_data
def worker_command(data: Path | None, restarts: int) -> None:
    """Run background jobs until standard input ends."""
    with open_installation(data) as here:
        work(here.settings, restarts=restarts)
