"""Secrets that are handed out (kept only as hashes) and public names that are not secret."""

from __future__ import annotations

import hashlib
import secrets

# Crockford's letters: none is mistaken for another when a participant reads an id to somebody.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_token() -> str:
    """A bearer token of 192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex. The token is random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_public_id(prefix: str) -> str:
    """A random name such as S-7K2M9QWXJ4ETB0H1: 80 bits, not a secret, but not to be guessed either."""
    return prefix + "-" + "".join(secrets.choice(ALPHABET) for _ in range(16))


def new_trial_key() -> str:
    """The key of a trial: 128 random bits in hex."""
    return secrets.token_hex(16)
