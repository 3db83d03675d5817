"""The people of a study: `study people`, `invite`, `role`, `log`."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.accounts.audit import entries_named
from app.accounts.experimenters import require_account
from app.accounts.links import invite, open_invitations
from app.accounts.members import members_of, remove_member, set_role
from app.cli.options import with_data
from app.cli.support import open_installation, server_address
from app.definition.find import find_study
from app.domain import Role
from app.errors import NotFound
from app.models import Study

NO_ROLE = "none"


@click.command("people")
@click.argument("name")
@with_data
def study_people(name: str, data: Path | None) -> None:
    """List the members of the study NAME with their roles, and who is invited."""
    with open_installation(data) as here, here.database.reading() as db:
        study = find_study(db, name)
        members, invitations = members_of(db, study), open_invitations(db, study)
    for member in members:
        click.echo(f"{member.email}\t{member.role.value}")
    for invitation in invitations:
        click.echo(f"{invitation.email}\t{invitation.role}\tinvited until {invitation.expires_at:%Y-%m-%d}")


@click.command("invite")
@click.argument("name")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.EDITOR.value,
    show_default=True,
    help="The role.",
)
@with_data
def study_invite(name: str, email: str, role: str, data: Path | None) -> None:
    """Print a link with which EMAIL joins the study NAME, with or without an account. It works once, for a week."""
    with open_installation(data) as here:
        with here.database.writing() as db:
            token = invite(db, email, study=find_study(db, name), role=Role(role), by=None)
        click.echo(f"{server_address(here.settings)}/invited/{token}")


@click.command("role")
@click.argument("name")
@click.argument("email")
@click.argument("role", type=click.Choice([*(role.value for role in Role), NO_ROLE]))
@with_data
def study_role(name: str, email: str, role: str, data: Path | None) -> None:
    """Give the member EMAIL of the study NAME another ROLE, or none: then the account sees the study no longer."""
    with open_installation(data) as here, here.database.writing() as db:
        study = find_study(db, name)
        account_id = require_account(db, email).id
        if role == NO_ROLE:
            remove_member(db, study, account_id)
        else:
            set_role(db, study, account_id, Role(role))
        now_has = _role_of(db, study, account_id)
    click.echo(f"{email}: {now_has}")


@click.command("log")
@click.argument("name")
@with_data
def study_log(name: str, data: Path | None) -> None:
    """Print who did what with the study NAME, oldest first, also after it was deleted."""
    with open_installation(data) as here, here.database.reading() as db:
        entries = entries_named(db, name)
    if not entries:
        raise NotFound(f"The log has nothing about a study {name}.")
    for entry in entries:
        click.echo("\t".join([f"{entry.at:%Y-%m-%d %H:%M:%S} UTC", entry.who, entry.action, entry.text]).rstrip())


def _role_of(db: Session, study: Study, account_id: int) -> str:
    roles = {member.account_id: member.role.value for member in members_of(db, study)}
    return roles.get(account_id, NO_ROLE)
