"""Mail, where the operator has named a server that sends it (ASTERISM_SMTP_HOST)."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

import structlog

from app.config import Settings
from app.errors import AsterismError

# A server that does not answer must not hold up a page.
TIMEOUT_S = 10

log = structlog.get_logger()


class MailFailed(AsterismError):
    """A mail could not be sent."""

    status = 502
    code = "mail"


def send_mail(settings: Settings, to: str, subject: str, text: str) -> None:
    """Send a mail, and return once the server has taken it.

    Raises
    ------
    MailFailed
        When the server cannot be reached, or does not take it.
    """
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.smtp_from, to, subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        with _connect(settings) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        # What the server says of an address stays out of the log.
        log.error("mail_not_sent", error=type(error).__name__, host=settings.smtp_host)
        raise MailFailed(f"The mail server {settings.smtp_host} did not take the mail: {_reason(error)}") from error


def _connect(settings: Settings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=context)
        except Exception:
            server.close()
            raise
    return server


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(error.smtp_code)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "it refuses the address"
    return str(error) or type(error).__name__
