"""Rules: how many trials a session can have, and whether all that is asked for comes before it ends."""

from __future__ import annotations

import math

from analysis.designs import DESIGNS, TRIALS_BETWEEN_REPEATS, later_size
from analysis.evidence import DISTANCE_FLOOR
from analysis.simulate import Behaviour
from analysis.words import counted
from app.definition.study_toml import Design, Stop, StudyDefinition
from app.domain import MIN_CLIPS
from app.participation import attention_checks
from app.studies.rules.problem import Facts, Problems, error, warning

# What a pair gets from a trial at the very least.
MIN_EVIDENCE = DISTANCE_FLOOR**2
# At this and above the evidence rule is meant to be out of use (docs/study-toml.md).
NO_EVIDENCE_RULE = 100.0
# Trials that must lie between a trial and its repeat, as `analysis.designs.choose_repeat` has it.
REPEAT_GAP = 3


def trials_needed(design: Design) -> tuple[int, int]:
    """How many trials a session must be allowed for all of the study's repeats to come, and for all of its checks.

    Follows `app.participation.trials`: an attention check is no trial to `max_trials`, a repeat is one.
    """
    judged: list[str] = []
    given = repeats = checks = for_repeats = for_checks = 0
    while repeats < design.repeats or checks < design.checks:
        may_repeat = judged[: max(len(judged) - REPEAT_GAP, 0)].count("new") > repeats
        if repeats < design.repeats and may_repeat and len(judged) >= TRIALS_BETWEEN_REPEATS * (repeats + 1) + repeats:
            for_repeats = len(judged) + 1
            judged.append("repeat")
            repeats += 1
        elif attention_checks.is_due(given, checks, design.checks):
            for_checks = len(judged) + 1
            checks += 1
        else:
            judged.append("new")
        given += 1
    return for_repeats, for_checks


def most_trials(definition: StudyDefinition, facts: Facts) -> int:
    """The most trials that a session can have by its trials and evidence rules, whatever the participant does."""
    design, stop = definition.design, definition.stop
    if not (DESIGNS[design.method].shows_all or first_shows_all(design, facts)):
        return stop.max_trials
    # Each of these trials gives each pair the least evidence at least; only `full` shows all clips again and again.
    by_evidence = math.ceil(stop.min_evidence / MIN_EVIDENCE - 1e-9)
    return (
        min(stop.max_trials, by_evidence) if DESIGNS[design.method].shows_all or by_evidence == 1 else stop.max_trials
    )


def first_shows_all(design: Design, facts: Facts) -> bool:
    fit = facts.n_clips is not None and facts.n_clips <= design.max_items
    return fit and not DESIGNS[design.method].first_is_like_others


def checks_and_repeats_come(definition: StudyDefinition, facts: Facts) -> Problems:
    design = definition.design
    allowed = most_trials(definition, facts)
    by = (
        f"max_trials = {allowed}" if allowed == definition.stop.max_trials else f"min_evidence, after {allowed} at most"
    )
    for key, needed, number in zip(
        ("repeats", "checks"), trials_needed(design), (design.repeats, design.checks), strict=True
    ):
        if number and needed > allowed:
            yield error(
                f"design.{key}",
                f"{key} = {number} can never all come: that takes sessions of at least "
                f"{counted(needed, 'trial')}, and this "
                f"study's end by {by}",
            )


def checks_can_be_failed(definition: StudyDefinition, _facts: Facts) -> Problems:
    failed, checks = definition.quality.failed_checks, definition.design.checks
    if failed > checks > 0:
        yield warning(
            "quality.failed_checks",
            f"is {failed}, but a session has {checks} attention checks: nobody can fail that many",
        )


def one_trial_is_all(definition: StudyDefinition, facts: Facts) -> Problems:
    if definition.stop.max_trials > 1 and most_trials(definition, facts) == 1:
        yield warning(
            "stop.min_evidence",
            f"with min_evidence = {definition.stop.min_evidence:g} every session ends after its first trial, which "
            "shows all clips and gives each pair that much",
        )


def evidence_can_be_reached(definition: StudyDefinition, facts: Facts) -> Problems:
    n, design, stop = facts.n_clips, definition.design, definition.stop
    # A study that keeps the usual goal and ends by trials or time before means just that.
    chosen = stop.min_evidence != Stop.model_fields["min_evidence"].default
    if n is None or n < MIN_CLIPS or stop.min_evidence >= NO_EVIDENCE_RULE or not chosen:
        return
    if DESIGNS[definition.design.method].is_over_cohort:
        return
    m = n if DESIGNS[design.method].shows_all else min(design.max_items, n)
    # The squared distances of m points in a circle of diameter 1 have a sum of m**2 / 4 at most.
    most = stop.max_trials * (m**2 / 4 + MIN_EVIDENCE * math.comb(m, 2)) / math.comb(n, 2)
    if most < stop.min_evidence:
        yield warning(
            "stop.min_evidence",
            f"min_evidence = {stop.min_evidence:g} can't be reached in {counted(stop.max_trials, 'trial')}: a "
            "pair gets "
            f"{most:.2g} on average at most, so all sessions end by another rule (100 switches this one off)",
        )


def there_is_time(definition: StudyDefinition, facts: Facts) -> Problems:
    stop, size = definition.stop, definition.design.max_items
    first = size if facts.n_clips is None else min(size, facts.n_clips)
    minutes = _usual_minutes(first)
    if stop.max_minutes < minutes and stop.max_trials > 1:
        yield warning(
            "stop.max_minutes",
            f"a trial of {first} clips takes about {minutes:.1f} min, so that sessions of {stop.max_minutes:g} min "
            "end after the first",
        )


def checks_and_repeats_have_time(definition: StudyDefinition, facts: Facts) -> Problems:
    design, stop, n = definition.design, definition.stop, facts.n_clips
    if n is None or n < MIN_CLIPS:
        return
    minutes = _usual_minutes(later_size(design.method, n, max_items=design.max_items))
    numbers = (design.repeats, design.checks)
    for key, needed, number in zip(("repeats", "checks"), trials_needed(design), numbers, strict=True):
        if number and needed * minutes > stop.max_minutes:
            yield warning(
                f"design.{key}",
                f"{key} = {number} takes sessions of {counted(needed, 'trial')}, about "
                f"{counted(round(needed * minutes), 'minute')}, but they "
                f"end after {stop.max_minutes:g}: for most participants not all of them come",
            )


def _usual_minutes(n_items: int) -> float:
    """How long a trial usually takes."""
    usual = Behaviour()
    return (usual.seconds_per_trial + usual.seconds_per_item * float(n_items**usual.time_exponent)) / 60
