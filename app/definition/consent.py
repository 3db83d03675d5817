"""Clauses of the consent that participants tick on the consent page: study.toml's [[consent.clauses]]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from app.definition.questions import Asked, ConsentQuestion
from app.definition.section import Section

MAX_CLAUSES = 20
# Where a clause was ticked, beside the sheets of questions.
CONSENT = "consent"


class Clause(Asked):
    """A clause; whoever leaves a required one without a tick cannot take part."""

    required: bool = True


class Consent(Section):
    """What participants tick before they agree, below the text of the consent."""

    clauses: list[Clause] = Field(default=[], max_length=MAX_CLAUSES)


def as_question(clause: Clause) -> ConsentQuestion:
    """The clause as a question to tick, which is shown and read in the same way."""
    return ConsentQuestion.model_construct(
        name=clause.name, ask=clause.ask, required=clause.required, kind="consent", when="before", after_trial=None
    )


def clause_problems(
    clauses: Sequence[Clause], questions: Sequence[Asked]
) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Clauses that share a name with a question: their columns would be one."""
    names = {question.name.lower(): number for number, question in enumerate(questions, start=1)}
    for number, clause in enumerate(clauses):
        if clause.name.lower() in names:
            yield ("consent", "clauses", number, "name"), f"question {names[clause.name.lower()]} has this name, too"
