"""Quotas: how many may take part with each answer to a question that is asked before the task.

Answers are named as in study.toml: a choice by its value, a step of a scale by its number, and numbers by ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from math import inf
from typing import Annotated

from pydantic import Field

from analysis.words import counted
from app.definition.questions import Answer, NumberQuestion, OneOfQuestion, Question, ScaleQuestion, SeveralOfQuestion

Limit = Annotated[int, Field(ge=0, le=100_000)]
# Of one question: so many of each answer, or so many of those that are named.
Quota = Limit | Annotated[dict[str, Limit], Field(min_length=1, max_length=100)]
_NUMBER = r"-?\d+(?:\.\d+)?"
RANGE = re.compile(rf"\s*(?P<low>{_NUMBER})\s*(?:[-–]\s*(?P<high>{_NUMBER})|(?P<open>\+))\s*")
# Of a number with more possible answers than that is not said that all are full.
MAX_NUMBERS = 10_000


def offered(question: Question) -> list[str]:
    """The answers among which people choose, as study.toml names them; none of a question without choices."""
    if isinstance(question, OneOfQuestion | SeveralOfQuestion):
        return [choice.value for choice in question.choices]
    if isinstance(question, ScaleQuestion):
        return [str(step) for step in range(question.min, question.max + 1)]
    return []


def possible(question: Question) -> list[str] | list[int]:
    """All answers that can be given, one by one; none where they cannot be told."""
    if not isinstance(question, NumberQuestion):
        return offered(question)
    low, high = question.min, question.max
    if low is None or high is None or question.step != 1 or not low.is_integer() or high - low > MAX_NUMBERS:
        return []
    return list(range(int(low), int(high) + 1))


def limits(question: Question, quota: Quota) -> dict[str, int]:
    """How many may give each answer, for the answers that have a limit."""
    return dict.fromkeys(offered(question), quota) if isinstance(quota, int) else dict(quota)


def counted_as(question: Question, quota: Quota, answer: Answer) -> list[str]:
    """The names under which an answer counts: of each choice in it, or of the ranges that hold the number."""
    if isinstance(question, NumberQuestion):
        if isinstance(quota, int) or isinstance(answer, bool) or not isinstance(answer, int | float):
            return []
        return [name for name in quota if (ends := range_of(name)) and ends[0] <= answer <= ends[1]]
    if answer is None:
        return []
    return [str(one) for one in answer] if isinstance(answer, list) else [str(answer)]


def range_of(name: str) -> tuple[float, float] | None:
    """The ends of a range, both within it, as "18-30" or "61+" names them; None where it is no range."""
    match = RANGE.fullmatch(name)
    if not match:
        return None
    low = float(match["low"])
    return (low, inf) if match["open"] else (low, float(match["high"]))


def quota_doubts(quotas: dict[str, Quota], questions: list[Question], places: int | None) -> Iterator[tuple[str, str]]:
    """Each quota that works, but probably not as it was meant: the key, and the reason."""
    before = {question.name: question for question in questions if question.when == "before"}
    for name, quota in quotas.items():
        key, question = f"recruitment.quotas.{name}", before.get(name)
        if question is None:
            continue
        if not question.required:
            yield key, f"whoever leaves {name} without an answer counts in none of its quotas: set required = true"
        most = limits(question, quota)
        nobodys = [answer for answer in possible_names(question, quota) if _never_counts(question, answer)]
        if isinstance(quota, dict):
            for answer in nobodys:
                if most.get(answer):
                    yield key, f"nobody counts for {answer!r}: such an answer cannot be given, or it ends the session"
        counting = [answer for answer in offered(question) if answer not in nobodys]
        total = sum(most.get(answer, inf) for answer in counting)
        of_one_answer = isinstance(question, OneOfQuestion | ScaleQuestion) and question.required
        if of_one_answer and places is not None and total < places:
            yield (
                key,
                f"lets in {counted(total, 'person', 'people')} in all, but places is {places}: the others can "
                "never be filled",
            )


def possible_names(question: Question, quota: Quota) -> list[str]:
    """The answers that can have a quota, as study.toml names them; of a number the ranges that have one."""
    return list(limits(question, quota)) if isinstance(question, NumberQuestion) else offered(question)


def _never_counts(question: Question, name: str) -> bool:
    """Whether everybody whose answer has this name is sent away, or nobody can give such an answer."""
    if isinstance(question, NumberQuestion):
        ends = range_of(name) or (-inf, inf)
        lows = (ends[0], question.min, question.screen_out_below)
        highs = (ends[1], question.max, question.screen_out_above)
        return max(one for one in lows if one is not None) > min(one for one in highs if one is not None)
    if isinstance(question, SeveralOfQuestion):
        return question.screens_out([name])
    return question.screens_out(int(name) if isinstance(question, ScaleQuestion) else name)


def quota_problems(quotas: dict[str, Quota], questions: list[Question]) -> Iterator[tuple[str, str]]:
    """Each quota that cannot be kept to: the key, and the reason."""
    before = {question.name: question for question in questions if question.when == "before"}
    for name, quota in quotas.items():
        key = f"recruitment.quotas.{name}"
        question = before.get(name)
        if question is None:
            asked = any(one.name == name for one in questions)
            yield key, f"{name} is {'asked too late' if asked else 'no question'}: {_WHICH}"
        elif isinstance(question, NumberQuestion):
            yield from ((key, reason) for reason in _range_problems(question, quota))
        elif not offered(question):
            yield key, f"{name} is a question of the kind {question.kind}: {_WHICH}"
        elif isinstance(quota, dict) and (unknown := [one for one in quota if one not in offered(question)]):
            yield key, f"{unknown[0]!r} is not among the answers to {name}, which are {', '.join(offered(question))}"
        elif _nobody_could(question, quota):
            yield key, _NOBODY


def _range_problems(question: NumberQuestion, quota: Quota) -> Iterator[str]:
    if isinstance(quota, int):
        yield f'{question.name} is a number: name ranges of it, as in {{ "18-30" = {quota}, "31+" = {quota} }}'
        return
    ranges = sorted((ends, name) for name in quota if (ends := range_of(name)))
    if unknown := [name for name in quota if range_of(name) is None]:
        yield f'{unknown[0]!r} is no range of numbers, which is written "18-30", or "61+" for 61 and above'
    elif backward := [name for (low, high), name in ranges if low > high]:
        yield f"{backward[0]!r} ends below its beginning"
    elif both := [(one, other) for (ends, one), (later, other) in pairwise(ranges) if later[0] <= ends[1]]:
        yield f"the ranges {both[0][0]!r} and {both[0][1]!r} overlap: an answer would count in both"
    elif _nobody_could(question, quota):
        yield _NOBODY


def _nobody_could(question: Question, quota: Quota) -> bool:
    most, answers = limits(question, quota), possible(question)
    return bool(answers) and all(
        question.screens_out(answer) or any(most.get(name) == 0 for name in counted_as(question, quota, answer))
        for answer in (int(one) if isinstance(question, ScaleQuestion) else one for one in answers)
    )


_NOBODY = "nobody could take part: no answer has a place"
_WHICH = 'a quota is of a question of the kind one_of, several_of, scale or number with when = "before"'
