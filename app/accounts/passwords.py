"""Which passwords can be used, and how one is kept and compared."""

from __future__ import annotations

import re
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from app.errors import Invalid
from app.tokens import new_token

MIN_PASSWORD_LENGTH = 10
# Argon2 reads the whole password, so an upper bound keeps a huge one from costing the server anything.
MAX_PASSWORD_LENGTH = 200

# Guesses that zxcvbn does not know to be likely here.
LIKELY_HERE = ("asterism", "arrangement", "experimenter", "researcher", "psychology", "correcthorsebatterystaple")
# Of zxcvbn's scores, 0 to 4: below 3 fewer than 10^8 guesses are enough.
LOWEST_SCORE = 3
# zxcvbn reads no further. What follows can only make a password harder to guess.
READ_BY_ZXCVBN = 72

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The password as it is stored: its Argon2id hash."""
    return _hasher.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Whether this is the password that was stored; without a stored one the answer is no, and costs the same (F41)."""
    # Made at the first login of all, so that not even that one tells by its time whether the account exists.
    nobodys = _nobodys_hash()
    known = nobodys if stored is None else stored
    try:
        matches = len(password) <= MAX_PASSWORD_LENGTH and _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        matches = False
    return matches and stored is not None


def check_password(password: str, email: str) -> None:
    """Return if the password can be used.

    Raises
    ------
    Invalid
        When it is too short, too long, or among the first that somebody would try.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise Invalid(f"Use at least {MIN_PASSWORD_LENGTH} characters.", field="password")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise Invalid(f"Use at most {MAX_PASSWORD_LENGTH} characters.", field="password")
    if _is_guessable(password, email):
        raise Invalid("This password is easy to guess: use a longer one, or several unrelated words.", field="password")


def _is_guessable(password: str, email: str) -> bool:
    """Whether it is too close to a common password, a word, part of the e-mail address, a row of keys or the like."""
    from_address = {email, *email.split("@"), *re.findall(r"\w+", email)}
    estimate = zxcvbn(password[:READ_BY_ZXCVBN], user_inputs=[*LIKELY_HERE, *from_address])
    return int(estimate["score"]) < LOWEST_SCORE


@cache
def _nobodys_hash() -> str:
    """A hash with the same cost as a real one, of a password that nobody knows."""
    return _hasher.hash(new_token())
