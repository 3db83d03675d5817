"""Rules: questions that could never be asked or answered, and those that would send everybody away, or nobody."""

from __future__ import annotations

import math

from analysis.words import counted
from app.definition.questions import (
    NumberQuestion,
    OneOfQuestion,
    Question,
    ScaleQuestion,
    SeveralOfQuestion,
    WithChoices,
    in_language,
)
from app.definition.study_toml import StudyDefinition
from app.i18n.catalogues import LANGUAGES
from app.studies.rules.problem import Facts, Problems, error, warning
from app.studies.rules.session_length import most_trials


def questions_are_asked(definition: StudyDefinition, facts: Facts) -> Problems:
    # Attention checks count for questions between trials, though no stop rule counts them.
    most = most_trials(definition, facts) + definition.design.checks
    for question in definition.questions:
        after = question.after_trial
        # At the end of a session there is no next trial, before which it would be asked.
        if after is not None and after >= most:
            yield error(
                "questions",
                f"{question.name}: is never asked: sessions have at most {counted(most, 'trial')}, and "
                f"after_trial = {after} asks "
                'it only when one more follows; when = "after" asks it at the end',
            )
        if isinstance(question, NumberQuestion | ScaleQuestion) and _sends_all_away(question):
            yield error("questions", f"{question.name}: every answer ends the session: nobody could take part")


def questions_can_be_answered(definition: StudyDefinition, _facts: Facts) -> Problems:
    for question in definition.questions:
        if not isinstance(question, NumberQuestion):
            continue
        low, high, step = question.min, question.max, question.step
        if low is not None and high is not None and step is not None and step > high - low:
            yield error(
                "questions",
                f"{question.name}: with step = {step:g} {low:g} is the only answer up to {high:g}: leave "
                "step out, or choose a smaller one",
            )
    for key, asked in (("questions", definition.questions), ("ratings.questions", definition.ratings.questions)):
        for one in asked:
            if isinstance(one, WithChoices) and (label := _label_of_two(one)):
                yield error(key, f"{one.name}: two choices are read as {label!r}: nobody could tell them apart")


def _label_of_two(question: WithChoices) -> str | None:
    """A label that two choices have in some language."""
    for language in LANGUAGES:
        labels = [in_language(choice.label, language) for choice in question.choices]
        for label in labels:
            if labels.count(label) > 1:
                return label
    return None


def screening_can_work(definition: StudyDefinition, _facts: Facts) -> Problems:
    """An answer that ends the session must be one that can be given, and a question that can be left out ends none."""
    for question in definition.questions:
        if not ends_sessions(question):
            continue
        if not question.required:
            yield warning(
                "questions",
                f"{question.name}: whoever leaves it without an answer takes part; required = true asks everybody",
            )
        if isinstance(question, NumberQuestion | ScaleQuestion):
            below, above = question.screen_out_below, question.screen_out_above
            if below is not None and question.min is not None and below <= question.min:
                yield error(
                    "questions",
                    f"{question.name}: screen_out_below = {below:g} ends no session: min = {question.min:g} allows no "
                    "answer below it; leave min out, or make it smaller",
                )
            if above is not None and question.max is not None and above >= question.max:
                yield error(
                    "questions",
                    f"{question.name}: screen_out_above = {above:g} ends no session: max = {question.max:g} allows no "
                    "answer above it; leave max out, or make it greater",
                )
    if definition.texts.screened_out and not any(ends_sessions(one) for one in definition.questions):
        yield warning("texts.screened_out", "is never shown: no answer ends a session")
    if definition.texts.quota_full and not definition.recruitment.quotas:
        yield warning("texts.quota_full", "is never shown: there are no quotas")


def ends_sessions(question: Question) -> bool:
    """Whether the question names answers that end the session."""
    if isinstance(question, NumberQuestion | ScaleQuestion):
        return question.screen_out_below is not None or question.screen_out_above is not None
    return isinstance(question, OneOfQuestion | SeveralOfQuestion) and bool(question.screen_out)


def _sends_all_away(question: NumberQuestion | ScaleQuestion) -> bool:
    """Whether no number that can be given lies between `screen_out_below` and `screen_out_above`."""
    below, above = question.screen_out_below, question.screen_out_above
    if below is None and above is None:
        return False
    lows = [float(one) for one in (question.min, below) if one is not None]
    highs = [float(one) for one in (question.max, above) if one is not None]
    low, high = max(lows, default=-math.inf), min(highs, default=math.inf)
    step = question.step if isinstance(question, NumberQuestion) else 1.0
    if step is None or math.isinf(low) or math.isinf(high):
        return low > high
    first = float(question.min or 0.0)
    return first + math.ceil((low - first) / step - 1e-6) * step > high + 1e-6 * step
