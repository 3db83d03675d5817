"""What cannot work in the way to or from the recruiter, as the settings of a study describe it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from app.definition.moments import in_words, moment_of
from app.definition.study_toml import Recruitment
from app.recruiters.arrival import plain
from app.recruiters.completion import CODE, problems_of
from app.recruiters.endings import Ending, code_and_url

# Names that the participant's pages use in addresses and forms themselves.
RESERVED = {"lang", "sig", "held", "again", "read", "declined"}


def recruitment_problems(recruitment: Recruitment) -> Iterator[tuple[str, str]]:
    """Each setting that cannot work, with the reason."""
    names = recruitment.parameters
    for ending in Ending:
        code, url = code_and_url(recruitment, ending)
        if url is not None and not _has_a_port_or_none(url):
            yield f"recruitment.{ending}_url", "has a port (behind the :) that is not a number from 0 to 65535"
        for problem in [] if url is None else problems_of(url, names, code):
            yield f"recruitment.{ending}_url", problem.replace("completion_code", f"{ending}_code")
    if recruitment.opens and recruitment.closes and moment_of(recruitment.closes) <= moment_of(recruitment.opens):
        yield "recruitment.closes", f"is not after opens, which is {in_words(moment_of(recruitment.opens))}"
    alike = [name for name in names if [plain(one) for one in names].count(plain(name)) > 1]
    if alike:
        yield "recruitment.parameters", f"{alike[0]} and {alike[1]} are the same name"
    reserved = [name for name in names if name.lower() in RESERVED]
    if reserved:
        yield "recruitment.parameters", f"{reserved[0]} has a meaning of its own in links"
    taken = [name for name in names if plain(name) == plain(CODE)]
    if taken:
        yield "recruitment.parameters", f"{taken[0]} stands for the completion code in addresses: choose another name"
    if not names and recruitment.without_id == "nobody":
        yield "recruitment.without_id", "nobody can take part: parameters names no id"
    if not names and recruitment.signed:
        yield "recruitment.signed", "only an id can be signed, and parameters names none"
    if not names and recruitment.visits > 1:
        yield "recruitment.visits", "without an id nobody can be recognised, and parameters names none"
    if recruitment.signed and recruitment.without_id == "anybody":
        yield "recruitment.without_id", "is anybody, but only people with a signed id are admitted"


def over_since(recruitment: Recruitment, at: datetime) -> str | None:
    """Since when nobody can begin any more, in words; None while people can, or yet will."""
    closes = None if recruitment.closes is None else moment_of(recruitment.closes)
    return None if closes is None or at < closes else in_words(closes)


def recruitment_doubts(recruitment: Recruitment, at: datetime | None = None) -> Iterator[tuple[str, str]]:
    """Each setting that works, but probably not as it was meant, with the reason; `at` is the time now."""
    if at is not None and (over := over_since(recruitment, at)) is not None:
        yield "recruitment.closes", f"was {over}: nobody can begin"
    paid = recruitment.completion_code is not None or recruitment.completion_url is not None
    if recruitment.quotas and paid and code_and_url(recruitment, Ending.QUOTA_FULL) == (None, None):
        yield "recruitment.quota_full_code", "whoever is over a quota gets no code and no way back to the recruiter"
    if recruitment.return_after is not None and not any(code_and_url(recruitment, ending)[1] for ending in Ending):
        yield "recruitment.return_after", "nobody is taken back: there is no address for any ending"


def _has_a_port_or_none(url: str) -> bool:
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True
