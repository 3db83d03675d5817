"""Accounts: `user list`, `user password`."""

from __future__ import annotations

from pathlib import Path

import click

from app.accounts.experimenters import all_accounts, require_account, set_password
from app.cli.options import with_data
from app.cli.support import open_installation


@click.group()
def user() -> None:
    """List the accounts; set a new password for one."""


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
