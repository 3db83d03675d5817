"""Settings of a study that do not go together: pure rules, each with the sentence that an experimenter reads.

An *error* is a study that cannot run, or in which something that was asked for can never happen: it is neither made nor
opened. A *warning* is a study that runs, but probably not as it was meant. A study that is open already is never
stopped by a rule. Each rule is a function of the settings and the facts, and gives the problems that it sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.definition.sets import clip_sets
from app.definition.study_toml import StudyDefinition
from app.errors import Invalid
from app.participation.set_turns import one_of_several
from app.studies.rules.around_the_task import (
    network_can_be_shown,
    people_come_and_get_back,
    practice_can_be_passed,
    ratings_can_be_given,
    texts_can_be_read,
)
from app.studies.rules.playback import playing_fits_the_kinds, sound_can_be_heard, watching_fits_the_time
from app.studies.rules.problem import NOTHING_KNOWN, Facts, Problem, Problems
from app.studies.rules.questions import questions_are_asked, questions_can_be_answered, screening_can_work
from app.studies.rules.session_length import (
    checks_and_repeats_come,
    checks_and_repeats_have_time,
    checks_can_be_failed,
    evidence_can_be_reached,
    one_trial_is_all,
    there_is_time,
    trials_needed,
)
from app.studies.rules.trial_clips import (
    clips_are_in_sets,
    cohort_shares_the_clips,
    enough_clips,
    full_shows_all,
    schedule_is_shown_once,
    trials_fit_the_clips,
    trials_show_the_clips,
)

__all__ = [
    "CLIPS_TO_COME",
    "Facts",
    "Problem",
    "errors_of",
    "of_one_set",
    "problems_of",
    "refuse",
    "trials_needed",
    "warnings_of",
]

# What is wrong with these in a draft may come right with clips, or their attributes, that are yet to come.
CLIPS_TO_COME = frozenset({"clips", "sets.column", "sets.anchors", "sets.per_session"})


def problems_of(definition: StudyDefinition, facts: Facts = NOTHING_KNOWN) -> list[Problem]:
    """Everything that is wrong with a study's settings: errors first."""
    of_session = of_one_set(definition, facts)
    problems = [problem for rule in RULES for problem in rule(definition, facts)]
    problems += [problem for rule in RULES_OF_A_SET for problem in rule(*of_session)]
    return sorted(problems, key=lambda problem: problem.severity)


def errors_of(definition: StudyDefinition, facts: Facts = NOTHING_KNOWN) -> list[Problem]:
    """The problems for which a study is neither made nor opened."""
    return [problem for problem in problems_of(definition, facts) if problem.severity == "error"]


def warnings_of(definition: StudyDefinition, facts: Facts = NOTHING_KNOWN) -> list[Problem]:
    """The problems with which a study runs all the same."""
    return [problem for problem in problems_of(definition, facts) if problem.severity == "warning"]


def of_one_set(definition: StudyDefinition, facts: Facts) -> tuple[StudyDefinition, Facts]:
    """The definition and facts that a session meets in the largest set, with the set's share of minutes and trials; of
    a study without sets, its own.
    """
    sets = clip_sets(definition.sets, facts.attributes or ())
    if not sets:
        return definition, facts
    largest, n = max(len(one.items) for one in sets), definition.sets.per_session
    stop = one_of_several(definition.stop, n)
    share = largest / max(facts.n_clips or 0, largest)
    seconds = None if facts.seconds is None else facts.seconds * share
    return definition.model_copy(update={"stop": stop}), replace(facts, n_clips=largest, seconds=seconds)


def refuse(problems: list[Problem], file: str) -> None:
    """Nothing, if there are no problems.

    Raises
    ------
    Invalid
        With the file, the key and the sentence of each.
    """
    if problems:
        told = "; ".join(f"{file}: {problem.key}: {problem.sentence}" for problem in problems)
        raise Invalid(told, field=problems[0].key)


Rules = tuple[Callable[[StudyDefinition, Facts], Problems], ...]
RULES: Rules = (
    enough_clips,
    clips_are_in_sets,
    checks_and_repeats_come,
    questions_are_asked,
    questions_can_be_answered,
    screening_can_work,
    checks_can_be_failed,
    practice_can_be_passed,
    sound_can_be_heard,
    playing_fits_the_kinds,
    ratings_can_be_given,
    texts_can_be_read,
    people_come_and_get_back,
    network_can_be_shown,
)
# Held against the clips that a participant arranges together: those of one set, where there are sets.
RULES_OF_A_SET: Rules = (
    full_shows_all,
    one_trial_is_all,
    watching_fits_the_time,
    trials_show_the_clips,
    schedule_is_shown_once,
    evidence_can_be_reached,
    cohort_shares_the_clips,
    there_is_time,
    checks_and_repeats_have_time,
    trials_fit_the_clips,
)
