"""The address that leads a participant back to the recruiter: its placeholders are filled in, or it is refused.

A placeholder may be written as recruiters and survey tools write theirs: `{NAME}`, `{{NAME}}`, `{{%NAME%}}`, `%NAME%`,
`${NAME}`, `${e://Field/NAME}`, `$NAME`, `#{NAME}`, `[NAME]`, `[[NAME]]`, `<NAME>`, `@NAME@`, `__NAME__`.
NAME is one of the study's parameters, or COMPLETION_CODE.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlsplit

from app.recruiters.arrival import plain
from app.recruiters.known import RECRUITERS

CODE = "COMPLETION_CODE"
_CODES = {"completioncode", "code", "cc"}
_KNOWN = [name for recruiter in RECRUITERS for name in recruiter.parameters]

# An address copied out of a browser has its brackets percent-encoded. Only those around a name are decoded.
_ENCODED = (
    (re.compile(r"%7B", re.IGNORECASE), "{"),
    (re.compile(r"%7D", re.IGNORECASE), "}"),
    (re.compile(r"%24(?=\{)"), "$"),
    (re.compile(r"%5B(\w[\w .-]*)%5D", re.IGNORECASE), r"[\1]"),
    (re.compile(r"%3C(\w[\w .-]*)%3E", re.IGNORECASE), r"<\1>"),
    (re.compile(r"%(?:25)+(\w+?)%(?:25)+"), r"%\1%"),
)
_PLACEHOLDER = re.compile(
    r"""
      \{\{\s*%?\s*(?P<double>[^{}%]*?)\s*%?\s*\}\}
    | [$\#]\{(?:e://Field/)?(?P<dollar>[^{}]*)\}
    | \{(?P<single>[^{}]*)\}
    | (?<=[=/])\[\[?(?P<square>[A-Za-z_][\w .-]*)\]?\]
    | (?<=[=/])<(?P<angle>[^<>]*)>
    | (?<=[=/])\$(?P<shell>[A-Za-z_]\w*)\$?
    | (?<=[=/])@+(?P<at>[A-Za-z_]\w*)@+
    | (?<=[=/])__+(?P<under>[A-Za-z]\w*?)__+(?=[/?&\#]|$)
    | (?P<stars>(?<==)[Xx]{3,}(?=&|\#|$))
    # Not an escape such as the %C3% of %C3%A9: there another escape begins at the second sign.
    | %(?![0-9A-Fa-f]{2}\w*%[0-9A-Fa-f]{2})(?P<percent>[A-Za-z_]\w*)%
    """,
    re.VERBOSE,
)
# A value that was to be replaced by hand, or by a name without the signs of a placeholder.
_BY_HAND = re.compile(
    r"""
      (your|insert|enter|add|paste|replace|my|the)[-_ ]?(\w+[-_ ])?(code|id|pid|token)([-_ ]?here)?
    | (\w+[-_ ])?(code|id|pid|token)[-_ ]?here | todo | tb[ad] | fixme | change[-_ ]?me | placeholder | \.{3} | … | \?+
    """,
    re.IGNORECASE | re.VERBOSE,
)
# What an address may hold (RFC 3986, and letters of other alphabets), each percent sign with its two digits.
_LEGAL = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=\u00a1-\U0010ffff]|%[0-9A-Fa-f]{2})*")


def problems_of(url: str, names: Sequence[str], code: str | None) -> list[str]:
    """Why a completion address cannot be used, in words; an empty list for one that can.

    Parameters
    ----------
    names
        The parameters of the study's links, which a placeholder may name.
    code
        The study's completion code.
    """
    problems = []
    for shown, name, key in _placeholders(url):
        known = _resolve(name, names)
        if known is None:
            problems.append(_unknown(shown, name, key, names))
        elif known == CODE and code is None:
            problems.append(f"{shown} stands for the completion code, but completion_code is not set")
    rest = _fill(url, lambda _shown, _name: "x")
    problems += _left_as_they_are(rest, names)
    legal = _LEGAL.match(rest)
    if legal is not None and legal.end() < len(rest):
        sign = rest[legal.end()]
        problems.append(f"{sign!r} cannot be part of a web address like this; a placeholder is written {{NAME}}")
    head = re.match(r"[^:]*://[^/?#]*", _decoded(url))
    if head and _PLACEHOLDER.search(head[0]):
        problems.append("the name of the site cannot be a placeholder")
    return problems


def completion_address(url: str, values: Mapping[str, str], names: Sequence[str], code: str | None) -> str | None:
    """The address with its placeholders filled in, percent-encoded; None when a value is not known.

    A placeholder is never sent as it is: a session whose link did not bring the value has no way back.
    """
    known = {**values, **({CODE: code} if code is not None else {})}
    missing = False

    def fill(_shown: str, name: str) -> str:
        nonlocal missing
        value = known.get(_resolve(name, names) or "")
        missing = missing or value is None
        return quote(value or "", safe="")

    filled = _fill(url, fill)
    return None if missing or not _LEGAL.fullmatch(filled) else filled


def _left_as_they_are(url: str, names: Sequence[str]) -> Iterator[str]:
    """Values that would be sent as they are, though a placeholder was meant; `url` has none left."""
    parts = urlsplit(url)
    # Before the ? and behind a # are values without names: /done/PROLIFIC_PID, ?pid=#PROLIFIC_PID#. Only whole names
    # are meant there, because a part of a path may well be called CODE.
    for value in re.split(r"[/=&]", f"{parts.path}/{parts.fragment}"):
        named = _resolve(value, [*names, *_KNOWN]) if value.isupper() and "_" in value else None
        if named is not None:
            yield f"{value} would be sent as it is; did you mean {{{named}}}?"
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        meant = _resolve(key, names)
        if not value and meant:
            yield f"{key} has no value: write {key}={{{meant}}}"
        elif _BY_HAND.fullmatch(value) or (value.isupper() and _resolve(value, [*names, *_KNOWN]) and len(value) > 2):
            named = _resolve(value, names) or meant or CODE
            yield f"{value} would be sent as it is; did you mean {{{named}}}?"


def _decoded(url: str) -> str:
    for pattern, plainly in _ENCODED:
        url = pattern.sub(plainly, url)
    return url


def _fill(url: str, fill: Callable[[str, str], str]) -> str:
    return _PLACEHOLDER.sub(lambda match: fill(match[0], _name(match)), _decoded(url))


def _placeholders(url: str) -> list[tuple[str, str, str | None]]:
    """Each placeholder as it is written, its name, and the parameter of the address that it stands for."""
    text = _decoded(url)
    placeholders = []
    for match in _PLACEHOLDER.finditer(text):
        key = re.search(r"[?&]([^=&?#]*)=$", text[: match.start()])
        placeholders.append((match[0], _name(match), key[1] if key else None))
    return placeholders


def _name(match: re.Match[str]) -> str:
    return "" if match["stars"] else str(match[str(match.lastgroup)]).strip()


def _resolve(name: str, names: Sequence[str]) -> str | None:
    """The parameter that a placeholder means, whatever its case and punctuation; None when it means none."""
    same = [one for one in names if one == name] or [one for one in names if plain(one) == plain(name)]
    if same:
        return same[0]
    return CODE if plain(name) in _CODES else None


def _unknown(shown: str, name: str, key: str | None, names: Sequence[str]) -> str:
    choices = {plain(one): one for one in (*names, CODE)}
    close = difflib.get_close_matches(plain(name or key or ""), choices, n=1, cutoff=0.6)
    hint = f"; did you mean {{{choices[close[0]]}}}?" if close else "."
    known = ", ".join(f"{{{one}}}" for one in choices.values())
    return f"nothing is known that could replace {shown}{hint} There can be {known}"
