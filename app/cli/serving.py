"""The server, the demo, and what they start: `serve`, `demo`, `setup-link`, `work`, `pages`, `worker`."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import click

from app import create_app
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
from app.server import free_port, running_server, serve, told_to_stop, worker


@click.command("serve")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=None, help="How many processes answer; 1 unless set otherwise."
)
@click.option("--no-worker", is_flag=True, help="Answer requests alone, beside others; `work` runs elsewhere.")
@serving
def serve_command(
    data: Path | None, host: str, port: int | None, no_browser: bool, no_worker: bool, processes: int | None
) -> None:
    """Run the app for your own studies."""
    with open_installation(data, make=True) as here:
        port = free_port(host, port)
        link = base_address(here.settings, host, port)
        click.echo(f"\n  Studies      {link}/studies")
        echo_setup_link(here, link)
        click.echo(f"  Data folder  {here.settings.data.resolve()}\n")
        if not no_worker and (other := running_server(here.settings)):
            click.echo(f"  A server runs on this data folder already: {other}")
            click.echo("  Stop one of the two; --no-worker is for several.\n")
        echo_who_can_open(here.settings, host, port)
        click.echo("\n  Stop with Ctrl+C.\n")
        serve_pages(here, host, port, f"{link}/studies", no_browser, processes=processes, alone=not no_worker)


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


@click.command("work")
@with_data
def work_command(data: Path | None) -> None:
    """Convert clips and compute results until it is told to stop: for servers that run with --no-worker."""
    over = threading.Event()
    with open_installation(data) as here, told_to_stop(over), worker(here.settings):
        click.echo(f"Working for {here.settings.data.resolve()}. Stop with Ctrl+C.")
        # A wait without an end would not let the signals in on every system.
        while not over.wait(1.0):
            pass


@click.command("pages", hidden=True)
@click.option("--socket", "descriptor", type=int, required=True, help="The open socket to answer on.")
@click.option("--window", type=click.Path(path_type=Path), required=True, help="Where the processes count together.")
@with_data
def pages_command(data: Path | None, descriptor: int, window: Path) -> None:
    """Answer requests beside other processes until standard input ends."""
    with open_installation(data) as here, socket.socket(fileno=descriptor) as listening:
        host, port = listening.getsockname()[:2]
        app = create_app(here.settings, window=window)
        serve(app, host, port, here.settings, listening=listening, with_parent=True)


@click.command("worker", hidden=True)
@click.option("--restarts", type=int, default=0, help="How often it was started again; for /healthz.")
@with_data
def worker_command(data: Path | None, restarts: int) -> None:
    """Run background jobs until standard input ends."""
    with open_installation(data) as here:
        work(here.settings, restarts=restarts)
