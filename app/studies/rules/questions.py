"""Rules: questions that could never be asked, and those that would send everybody away."""

from __future__ import annotations

import math

from app.definition.questions import NumberQuestion, ScaleQuestion
from app.definition.study_toml import StudyDefinition
from app.studies.rules.problem import Facts, Problems, error
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
                f"{question.name}: is never asked: sessions have at most {most} trials, and after_trial = {after} asks "
                'it only when one more follows; when = "after" asks it at the end',
            )
        if isinstance(question, NumberQuestion | ScaleQuestion) and _sends_all_away(question):
            yield error("questions", f"{question.name}: every answer ends the session: nobody could take part")


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
