"""What a link says about who opens it: the recruiter's parameters, and what is wrong with the person's id."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs

from app.errors import Invalid
from app.recruiters.known import PREVIEW_ASSIGNMENT, RECRUITERS

MAX_PARAMETER = 200
# Names that are this similar (difflib's ratio) are taken for the same name with a slip of the finger.
ALIKE = 0.8

# What people call a person's id who do not know its name, without case and punctuation.
_WORDS_FOR_AN_ID = re.compile(
    r"[pu]?id|(prolific|worker|participant|subject|respondent|panelist|person|user|proband|vp)(p?id|no|nr|number|code)?"
)

# What a link contains when its recruiter has filled in nothing: placeholders of recruiters and survey tools, also when
# they were percent-encoded once too often, and what programs write for "no value".
_PLACEHOLDERS = re.compile(
    r"""
      .*[{}].* | \$\w+\$? | \[.*\] | <.*> | %+\s*\w+\s*%+ | _{2,}\w+_{2,}
    | %(25)*(7b|5b|24|3c).* | %25\w+%25
    | undefined | null | none | nil | nan | n/?a | \(?empty\)? | object\ object
    | x{3,8} | \?+ | \.{3} | … | -+ | _+
    | your[ _-]?\w*[ _-]?id | \w*id[ _-]here
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def plain(name: str) -> str:
    """A parameter's name without case and punctuation: PROLIFIC_PID, prolific-pid and ProlificPid are one name."""
    return re.sub(r"[\W_]+", "", name.casefold())


# The names of all recruiters' parameters: as a value, such a name is a placeholder that lost its signs.
_NAMES = frozenset(plain(name) for recruiter in RECRUITERS for name in recruiter.parameters)


class IdNote(StrEnum):
    """Remarks about a person's id; an id that arrives as expected gets none."""

    PLAIN_LINK = "plain_link"
    """The link has no parameters of a recruiter at all."""
    MISSING = "missing"
    """The link has parameters, but not the person's id."""
    EMPTY = "empty"
    UNFILLED = "unfilled"
    """The recruiter's placeholder, or what a program writes for no value."""
    REPEATED = "repeated"
    UNUSABLE = "unusable"
    """Control characters, or bytes that are no UTF-8: nothing that a recruiter gives out."""
    NEAR_NAME = "near_name"
    """There is an id, under a name that differs from the study's in case or punctuation."""


@dataclass(frozen=True)
class Arrival:
    """What a link holds.

    `parameters` are the usable values by the study's own names; `note` says what is odd about the person's id, or is
    None; `similar` is a name of the link that may have been meant for the person's id.
    """

    parameters: dict[str, str]
    note: IdNote | None = None
    similar: str | None = None

    @property
    def has_id(self) -> bool:
        """Whether the link says who the person is."""
        return self.note in {None, IdNote.NEAR_NAME}


def link_query(query: bytes) -> dict[str, list[str]]:
    """The parameters of a link's query, empty ones too; U+FFFD stands for bytes that are no UTF-8.

    (Flask's own reading leaves such bytes percent-encoded, as if somebody's id were the text %FF.)
    """
    return parse_qs(query.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")


def read_link(names: Sequence[str], query: Mapping[str, Sequence[str]]) -> Arrival:
    """The recruiter's parameters of a link, by the names that the study gives them, the person's id first.

    A name that differs only in case or punctuation is the same name. One that is merely similar is not used: two
    people who share its value would become one. Values that are missing, empty, repeated, unusable or a placeholder
    that nobody filled in are left out, so that nobody is merged with anybody by them (F18).

    Raises
    ------
    Invalid
        When a value is longer than 200 characters (cutting it could merge two people), or holds a zero byte.
    """
    parameters: dict[str, str] = {}
    values = {name: _given_as(name, names, query) for name in names}
    for name, given in values.items():
        value, _ = _value(name, query[given]) if given is not None else (None, None)
        if value is not None:
            parameters[name] = value
    if not names:
        return Arrival(parameters, IdNote.PLAIN_LINK)
    person, given = names[0], values[names[0]]
    if given is None:
        similar = _similar(person, names, query)
        recruited = similar or any(values.values()) or _of_a_recruiter(query)
        return Arrival(parameters, IdNote.MISSING if recruited else IdNote.PLAIN_LINK, similar)
    _, note = _value(person, query[given])
    if note is None and given != person:
        note = IdNote.NEAR_NAME
    return Arrival(parameters, note, given if given != person else None)


def bare(typed: str) -> str:
    """Without what a mail puts behind an address: the stop of its sentence, a bracket, a blank."""
    return re.sub(r"[^\w-]+$", "", typed) or typed


def name_of_typed(name: str) -> str:
    """A study's name as it is written, of one as it was typed."""
    return bare(name).lower()


def is_preview(query: Mapping[str, Sequence[str]]) -> bool:
    """Whether the link shows a task that its reader has not accepted yet (F21)."""
    return any(value.strip().upper() == PREVIEW_ASSIGNMENT for values in query.values() for value in values)


def _given_as(name: str, names: Sequence[str], query: Mapping[str, Sequence[str]]) -> str | None:
    """Under which name of the link the parameter `name` came; None when it did not, or under several."""
    if name in query:
        return name
    same = [given for given in query if given not in names and plain(given) == plain(name)]
    return same[0] if len(same) == 1 else None


def _similar(name: str, names: Sequence[str], query: Mapping[str, Sequence[str]]) -> str | None:
    others = {plain(given): given for given in query if given not in names}
    close = difflib.get_close_matches(plain(name), others, n=1, cutoff=ALIKE)
    close += [given for given in others if _WORDS_FOR_AN_ID.fullmatch(given)]
    return others[close[0]] if close else None


def _of_a_recruiter(query: Mapping[str, Sequence[str]]) -> bool:
    return any(plain(given) in _NAMES for given in query)


def _value(name: str, values: Sequence[str]) -> tuple[str | None, IdNote | None]:
    """The one usable value, or why there is none."""
    if len(values) != 1:
        return None, IdNote.REPEATED
    value = values[0].strip()
    if "\x00" in value:
        raise Invalid(f"{name} holds a zero byte.", field=name)
    if len(value) > MAX_PARAMETER:
        raise Invalid(f"{name} is longer than {MAX_PARAMETER} characters.", field=name)
    # U+FFFD stands for any byte that is no UTF-8, so that M%FCller and M%E4ller are one text.
    if any(c == "\ufffd" or unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in value):
        return None, IdNote.UNUSABLE
    if not value:
        return None, IdNote.EMPTY
    if _PLACEHOLDERS.fullmatch(value) or value.upper() == PREVIEW_ASSIGNMENT or plain(value) in {plain(name), *_NAMES}:
        return None, IdNote.UNFILLED
    return value, None
