"""Quotas: how many may take part with each answer to a question that is asked before the task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from app.definition.questions import Answer, OneOfQuestion, Question, ScaleQuestion, SeveralOfQuestion

Limit = Annotated[int, Field(ge=0, le=100_000)]
# Of one question: so many of each answer, or so many of those that are named.
Quota = Limit | Annotated[dict[str, Limit], Field(min_length=1, max_length=100)]


def offered(question: Question) -> list[str]:
    """The answers among which people choose, as study.toml names them; none of a question without choices."""
    if isinstance(question, OneOfQuestion | SeveralOfQuestion):
        return [choice.value for choice in question.choices]
    if isinstance(question, ScaleQuestion):
        return [str(step) for step in range(question.min, question.max + 1)]
    return []


def limits(question: Question, quota: Quota) -> dict[str, int]:
    """How many may give each answer, for the answers that have a limit."""
    return dict.fromkeys(offered(question), quota) if isinstance(quota, int) else dict(quota)


def chosen(answer: Answer) -> list[str]:
    """The answers that an answer to such a question consists of, as study.toml names them."""
    if answer is None:
        return []
    return [str(one) for one in answer] if isinstance(answer, list) else [str(answer)]


def quota_problems(quotas: dict[str, Quota], questions: list[Question]) -> Iterator[tuple[str, str]]:
    """Each quota that cannot be kept to: the key, and the reason."""
    before = {question.name: question for question in questions if question.when == "before"}
    for name, quota in quotas.items():
        key = f"recruitment.quotas.{name}"
        question = before.get(name)
        if question is None:
            asked = any(one.name == name for one in questions)
            yield key, f"{name} is {'asked too late' if asked else 'no question'}: {_WHICH}"
        elif not offered(question):
            yield key, f"{name} is a question of the kind {question.kind}: {_WHICH}"
        elif isinstance(quota, dict) and (unknown := [one for one in quota if one not in offered(question)]):
            yield key, f"{unknown[0]!r} is none of the answers to {name}, which are {', '.join(offered(question))}"
        elif not any(limits(question, quota).values()) and len(limits(question, quota)) == len(offered(question)):
            yield key, "nobody could take part: no answer has a place"


_WHICH = 'a quota is of a question of the kind one_of, several_of or scale with when = "before"'
