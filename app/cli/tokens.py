"""API tokens: `token new`, `list`, `revoke`."""

from __future__ import annotations

from pathlib import Path

import click

from app.accounts.account import account_of
from app.accounts.api_tokens import MAX_DAYS, USUAL_DAYS, make_token, revoke_token, tokens_of
from app.accounts.experimenters import require_account
from app.cli.options import with_data
from app.cli.support import open_installation
from app.domain import Scope


@click.group()
def token() -> None:
    """Make, list and revoke the tokens with which programs use the API."""


@token.command("new")
@click.argument("email")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[Scope.READ.value],
    show_default=True,
    help="What it is for; may be given several times.",
)
@click.option("--study", default=None, help="The name of the only study that it sees.")
@click.option("--days", type=click.IntRange(1, MAX_DAYS), default=USUAL_DAYS, show_default=True, help="When it ends.")
@with_data
def token_new(email: str, name: str, scopes: tuple[str, ...], study: str | None, days: int, data: Path | None) -> None:
    """Print a new token of the account EMAIL, which you call NAME. It is printed once, and kept nowhere."""
    with open_installation(data) as here, here.database.writing() as db:
        owner = account_of(require_account(db, email))
        made = make_token(db, owner, name, scopes, study=study, days=days)
    click.echo(made)


@token.command("list")
@click.argument("email", required=False)
@with_data
def token_list(email: str | None, data: Path | None) -> None:
    """List the tokens of the account EMAIL, or of all: number, account, name, scopes, study, last use, end."""
    with open_installation(data) as here, here.database.reading() as db:
        owner = None if email is None else require_account(db, email).id
        for one in tokens_of(db, owner):
            used = "never used" if one.last_used_at is None else f"used {one.last_used_at:%Y-%m-%d %H:%M} UTC"
            end = f"{'expired' if one.is_over else 'until'} {one.expires_at:%Y-%m-%d}"
            click.echo("\t".join([str(one.id), one.email, one.name, ",".join(one.scopes), one.study or "-", used, end]))


@token.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@with_data
def token_revoke(number: int, data: Path | None) -> None:
    """End the token NUMBER at once; `token list` has the numbers."""
    with open_installation(data) as here, here.database.writing() as db:
        name = revoke_token(db, number)
    click.echo(f"The token {name} no longer works.")
