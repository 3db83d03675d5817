"""Accounts: `user list`, `password`, `add`, `remove`, `admin`."""

from __future__ import annotations

from pathlib import Path

import click

from app.accounts.experimenters import (
    all_accounts,
    has_experimenter,
    remove_account,
    require_account,
    set_administrator,
    set_password,
)
from app.accounts.links import invite
from app.cli.options import with_data
from app.cli.support import open_installation, server_address
from app.errors import NotAllowed


@click.group()
def user() -> None:
    """List, add and remove accounts; set a new password for one."""


@user.command("list")
@with_data
def user_list(data: Path | None) -> None:
    """List the e-mail addresses of all accounts."""
    with open_installation(data) as here, here.database.reading() as db:
        for account in all_accounts(db):
            click.echo(account.email)


@user.command("password")
@click.argument("email")
@with_data
def user_password(email: str, data: Path | None) -> None:
    """Set a new password for the account EMAIL, asked for twice; every browser is logged out of it."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            require_account(db, email)
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
        with here.database.writing() as db:
            account = set_password(db, email, password)
    click.echo(f"{account.email} has a new password, and is logged out everywhere.")


@user.command("add")
@click.argument("email")
@with_data
def user_add(email: str, data: Path | None) -> None:
    """Print a link with which EMAIL makes an account. It works once, for a week."""
    with open_installation(data) as here:
        with here.database.writing() as db:
            if not has_experimenter(db):
                raise NotAllowed("There is no account yet. The first one is made by: python3 run.py setup-link")
            token = invite(db, email, study=None, role=None, by=None)
        click.echo(f"{server_address(here.settings)}/invited/{token}")


@user.command("remove")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_data
def user_remove(email: str, yes: bool, data: Path | None) -> None:
    """Remove the account EMAIL, its logins and its roles in studies; what it did stays in the logs."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            address = require_account(db, email).email
        if not yes:
            click.confirm(f"Remove the account {address}? This cannot be undone.", abort=True)
        with here.database.writing() as db:
            remove_account(db, address)
    click.echo(f"{address} no longer has an account.")


@user.command("admin")
@click.argument("email")
@click.option("--no-longer", is_flag=True, help="Take it away again.")
@with_data
def user_admin(email: str, no_longer: bool, data: Path | None) -> None:
    """Let the account EMAIL administer all accounts: see and remove them, and invite people without a study."""
    with open_installation(data) as here, here.database.writing() as db:
        set_administrator(db, email, not no_longer)
    click.echo(f"{email} administers the accounts{' no longer' if no_longer else ''}.")
