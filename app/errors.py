"""What can go wrong in the domain's own words; `app.web.error_answers` turns these into one JSON shape and one page."""

from __future__ import annotations

from datetime import datetime


class AsterismError(Exception):
    """An error with a sentence for a person, a short code for a program, and the field it is about, if any."""

    status = 400
    code = "invalid"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class Invalid(AsterismError):
    """Input that cannot be used."""


class NotFound(AsterismError):
    """No such thing, or not yours: the answer is the same for both."""

    status = 404
    code = "not_found"


class NoStudy(NotFound):
    """No study of that name, or none for who asks."""

    # Whoever came by a link has never heard of its name.
    to_participants = "We do not recognise this link. Open the link from your invitation again."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no study {name.lower()}.")


class Forbidden(AsterismError):
    """The thing exists and may be seen, but the account's role is not enough for this."""

    status = 403
    code = "forbidden"


class NotAllowed(AsterismError):
    """The thing exists, but its present state forbids this."""

    status = 409
    code = "not_allowed"


class Conflict(AsterismError):
    """The same trial was submitted before with other contents, or is no longer the current one."""

    status = 409
    code = "conflict"


class StudyClosed(AsterismError):
    """The study takes no new participants."""

    status = 403
    code = "closed"


class NotYetOpen(StudyClosed):
    """The study takes participants from a certain moment on; `{when}` of the message stands for it."""

    code = "not_yet_open"

    def __init__(self, message: str, opens: datetime) -> None:
        super().__init__(message)
        self.opens = opens


class StudyFull(StudyClosed):
    """All places of the study are taken."""

    code = "full"


class LinkRefused(AsterismError):
    """The link does not say who opens it, or its signature is wrong, and the study admits nobody like that."""

    status = 403
    code = "link"


class NotProven(AsterismError):
    """The browser has a session that began elsewhere, and nothing shows that the same person holds it."""

    status = 403
    code = "not_proven"


class Crowded(AsterismError):
    """Very many open the same study, or the same link, at once."""

    status = 429
    code = "crowded"


class NoRoom(AsterismError):
    """The server's disk is nearly full: nobody new is admitted, so that those at the task can still be saved."""

    status = 503
    code = "no_room"


class Busy(AsterismError):
    """Too many wait for the database; the page tries again."""

    status = 503
    code = "busy"


class DatabaseReplaced(AsterismError):
    """The database's files are not those that the server opened: nothing may be acknowledged (F46)."""

    status = 503
    code = "database_replaced"


class Unauthorised(AsterismError):
    """No token, or one that nobody was given."""

    status = 401
    code = "unauthorised"


class ConfigurationError(AsterismError):
    """The installation cannot run as it is set up."""

    status = 500
    code = "configuration"
