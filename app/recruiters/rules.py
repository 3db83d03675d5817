"""What cannot work in the way to or from the recruiter, as the settings of a study describe it."""

from __future__ import annotations

from collections.abc import Iterator

from app.definition.study_toml import Recruitment
from app.recruiters.arrival import plain
from app.recruiters.completion import problems_of

# Names that the participant's pages use in addresses and forms themselves.
RESERVED = {"lang", "sig", "held", "again", "read"}


def recruitment_problems(recruitment: Recruitment) -> Iterator[tuple[str, str]]:
    """Each setting that cannot work, with the reason."""
    names = recruitment.parameters
    if recruitment.completion_url is not None:
        for problem in problems_of(recruitment.completion_url, names, recruitment.completion_code):
            yield "recruitment.completion_url", problem
    if recruitment.screened_out_url is not None:
        for problem in problems_of(recruitment.screened_out_url, names, recruitment.screened_out_code):
            yield "recruitment.screened_out_url", problem.replace("completion_code", "screened_out_code")
    alike = [name for name in names if [plain(one) for one in names].count(plain(name)) > 1]
    if alike:
        yield "recruitment.parameters", f"{alike[0]} and {alike[1]} are the same name"
    reserved = [name for name in names if name.lower() in RESERVED]
    if reserved:
        yield "recruitment.parameters", f"{reserved[0]} has a meaning of its own in links"
    if not names and recruitment.without_id == "nobody":
        yield "recruitment.without_id", "nobody can take part: parameters names no id"
    if not names and recruitment.signed:
        yield "recruitment.signed", "only an id can be signed, and parameters names none"
    if not names and recruitment.visits > 1:
        yield "recruitment.visits", "without an id nobody can be recognised, and parameters names none"
    if recruitment.signed and recruitment.without_id == "anybody":
        yield "recruitment.without_id", "is anybody, but only people with a signed id are admitted"
