"""Mail to experimenters: forgotten passwords and invitations, on a real mail server."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from app.config import Settings, read_settings
from app.errors import ConfigurationError
from app.mail import MailFailed, send_mail
from tests import experimenter
from tests.experimenter import Lab, send_form
from tests.factories import make_study
from tests.mailbox import Mailbox, mailbox

OTHER = "grace@lab.example"


@pytest.fixture
def post(settings: Settings) -> Iterator[tuple[Mailbox, Settings]]:
    """A mail server, and settings that name it."""
    with mailbox() as server:
        yield server, mailing(settings, server)


def mailing(settings: Settings, server: Mailbox) -> Settings:
    return settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
            "smtp_from": "asterism@lab.example",
            "smtp_security": "none",
            "base_url": "https://asterism.lab.example",
        }
    )


def test_a_forgotten_password_is_set_anew_by_a_mail_and_nobody_learns_who_has_an_account(
    post: tuple[Mailbox, Settings],
) -> None:
    server, settings = post
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        pages = [
            send_form(lab.client, "/forgot", email=email).text for email in ("nobody@lab.example", experimenter.EMAIL)
        ]
        assert pages[0] == pages[1]
        assert "a mail is on its way" in pages[0]
        (message,) = server.wait_for(1)
        assert (message["To"], message["From"]) == (experimenter.EMAIL, "asterism@lab.example")
        # The operator's address, whatever name the visitor's request had.
        match = re.search(r"^https://asterism\.lab\.example(/reset/\S+)", message.get_content(), re.MULTILINE)
        assert match is not None
        new = "another long sentence"
        assert experimenter.EMAIL in lab.client.get(match[1]).text
        assert send_form(lab.client, match[1], password=new, again="else").status_code == 400
        done = send_form(lab.client, match[1], password=new, again=new)
        assert done.headers["Location"] == "/login"
        assert "The new password is set." in lab.client.get("/login").text
        assert lab.client.get(match[1]).status_code == 404
        assert experimenter.log_in(lab.client, password=new).status_code == 303


def test_f41_asking_for_new_passwords_is_slowed_down_for_accounts_that_exist_and_those_that_do_not(
    post: tuple[Mailbox, Settings],
) -> None:
    server, settings = post
    with experimenter.open_lab(settings.model_copy(update={"rate_limits": True})) as lab:
        experimenter.make_account(lab.database)
        token = experimenter.csrf_token(lab.client.get("/forgot").text)
        for email in ("nobody@lab.example", experimenter.EMAIL):
            answers = [lab.client.post("/forgot", data={"csrf_token": token, "email": email}) for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200] * 3 + [429]
        for thread in threading.enumerate():
            if thread.name == "reset":
                thread.join(timeout=20)
        assert {message["To"] for message in server.wait_for(3)} == {experimenter.EMAIL}


def test_without_a_mail_server_the_page_says_whom_to_ask(owner_lab: Lab) -> None:
    visitor = owner_lab.app.test_client()
    assert "Forgot your password?" in visitor.get("/login").text
    assert "python3 run.py user password" in visitor.get("/forgot").text
    token = experimenter.csrf_token(visitor.get("/login").text)
    assert visitor.post("/forgot", data={"csrf_token": token, "email": experimenter.EMAIL}).status_code == 400


def test_an_invitation_goes_out_by_mail_too_and_a_server_that_refuses_is_named(
    post: tuple[Mailbox, Settings],
) -> None:
    server, settings = post
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, lab.settings)
        experimenter.log_in(lab.client)
        page = send_form(lab.client, "/studies/faces/people", email=OTHER, role="editor").text
        assert f"A mail with the link was sent to {OTHER}." in page
        link = re.search(r'value="(https://asterism\.lab\.example/invited/[^"]+)"', page)
        assert link is not None
        (message,) = server.messages
        assert link[1] in message.get_content()
        assert "the study “A study”, as an editor" in message.get_content()
        server.refuse = "550 no such user"
        page = send_form(lab.client, "/studies/faces/people", email="x@lab.example", role="editor").text
        assert "No mail was sent." in page
        assert "/invited/" in page


def test_a_user_and_a_password_are_given_to_the_mail_server_and_an_encrypted_one_is_insisted_on(
    post: tuple[Mailbox, Settings],
) -> None:
    server, settings = post
    with_user = settings.model_copy(update={"smtp_user": "ada", "smtp_password": "secret"})
    send_mail(with_user, OTHER, "Übung", "Grüße")
    assert server.messages[0].get_content().strip() == "Grüße"
    assert server.logins == ["AGFkYQBzZWNyZXQ="]
    with pytest.raises(MailFailed, match="did not take the mail"):
        send_mail(with_user.model_copy(update={"smtp_security": "starttls"}), OTHER, "x", "y")
    assert len(server.messages) == 1
    assert "smtp_password" not in repr(with_user)


def test_mail_needs_an_address_of_the_program_and_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTERISM_SMTP_HOST", "mail.example")
    with pytest.raises(ConfigurationError, match="ASTERISM_SMTP_FROM: is needed to send mail"):
        read_settings()
    monkeypatch.setenv("ASTERISM_SMTP_FROM", "asterism@lab.example")
    with pytest.raises(ConfigurationError, match="ASTERISM_BASE_URL: is needed to send mail"):
        read_settings()
    monkeypatch.setenv("ASTERISM_BASE_URL", "https://asterism.lab.example")
    assert read_settings().smtp_security == "starttls"
