"""Rules: the clips that trials show, and the pairs of them that are seen together."""

from __future__ import annotations

import math

from analysis.designs import DESIGNS, covering_schedule, later_size
from analysis.words import counted
from app.definition.sets import set_problems
from app.definition.study_toml import Design, Stop, StudyDefinition
from app.domain import MIN_CLIPS
from app.studies.rules.problem import Facts, Problems, error, warning
from app.studies.rules.session_length import MIN_EVIDENCE, NO_EVIDENCE_RULE, first_shows_all


def enough_clips(_definition: StudyDefinition, facts: Facts) -> Problems:
    if facts.n_clips is not None and facts.n_clips < MIN_CLIPS:
        yield error("clips", f"A study needs at least {MIN_CLIPS} clips that can be shown; it has {facts.n_clips}.")


def clips_are_in_sets(definition: StudyDefinition, facts: Facts) -> Problems:
    for key, sentence in set_problems(definition.sets, facts.attributes, definition.stop.max_trials):
        yield error(key, sentence)


def full_shows_all(definition: StudyDefinition, facts: Facts) -> Problems:
    design = definition.design
    if DESIGNS[design.method].shows_all and facts.n_clips is not None and facts.n_clips > design.max_items:
        yield error(
            "design.max_items",
            f'method = "{design.method}" shows all {facts.n_clips} clips in each trial, but max_items is '
            f"{design.max_items}: raise max_items (to 100 at most), or choose another method",
        )


def trials_show_the_clips(definition: StudyDefinition, facts: Facts) -> Problems:
    n, design, stop = facts.n_clips, definition.design, definition.stop
    if n is None or n < MIN_CLIPS or DESIGNS[design.method].shows_all or DESIGNS[design.method].is_over_cohort:
        return
    later = later_size(design.method, n, max_items=design.max_items)
    first = later if DESIGNS[design.method].first_is_like_others else min(design.max_items, n)
    clips = first + (stop.max_trials - 1) * later
    pairs = math.comb(first, 2) + (stop.max_trials - 1) * math.comb(later, 2)
    if clips < n:
        yield warning(
            "stop.max_trials",
            f"with max_trials = {stop.max_trials} no participant sees more than {clips} of the {n} clips",
        )
    elif pairs < math.comb(n, 2):
        yield warning(
            "stop.max_trials",
            f"with max_trials = {stop.max_trials} and max_items = {design.max_items} no participant sees more than "
            f"{pairs} of the {math.comb(n, 2)} pairs together",
        )


def schedule_is_shown_once(definition: StudyDefinition, facts: Facts) -> Problems:
    n, design, stop = facts.n_clips, definition.design, definition.stop
    if n is None or n < MIN_CLIPS or not DESIGNS[design.method].is_scheduled:
        return
    schedule = covering_schedule(n, later_size(design.method, n, max_items=design.max_items))
    if stop.max_trials < len(schedule):
        yield warning(
            "stop.max_trials",
            f'method = "{design.method}" has {counted(len(schedule), "trial")} for {n} clips, '
            f"{len(schedule[0])} in each, but "
            f"sessions end after {stop.max_trials}: raise max_trials, or max_items",
        )
    elif stop.min_evidence > MIN_EVIDENCE:
        yield warning(
            "stop.min_evidence",
            f'method = "{design.method}" shows every pair in {counted(len(schedule), "trial")}, '
            "and then again until each pair "
            f"has an evidence of {stop.min_evidence:g}: min_evidence = {MIN_EVIDENCE:g} ends sessions when every pair "
            "was shown",
        )


def cohort_shares_the_clips(definition: StudyDefinition, facts: Facts) -> Problems:
    n, design, stop = facts.n_clips, definition.design, definition.stop
    if not DESIGNS[design.method].is_over_cohort:
        return
    if stop.min_evidence not in (Stop.model_fields["min_evidence"].default, NO_EVIDENCE_RULE):
        yield warning(
            "stop.min_evidence",
            f'with method = "{design.method}" sessions end by minutes or trials: the evidence is gathered by all '
            "participants together, so that min_evidence ends nobody's session",
        )
    if n is None or n < MIN_CLIPS:
        return
    size, places = later_size(design.method, n, max_items=design.max_items), definition.recruitment.places
    if size == n:
        yield warning(
            "design.method",
            f'is "{design.method}", but every trial shows all {n} clips: there is nothing for participants to share',
        )
    elif places is not None:
        seen = places * stop.max_trials * math.comb(size, 2)
        if seen < math.comb(n, 2):
            yield warning(
                "stop.max_trials",
                f"{counted(places, 'participant')} with {counted(stop.max_trials, 'trial')} of {size} clips see "
                f"at most {seen} of the "
                f"{math.comb(n, 2)} pairs together: the others are only predicted",
            )


def trials_fit_the_clips(definition: StudyDefinition, facts: Facts) -> Problems:
    design = definition.design
    chosen = design.max_items != Design.model_fields["max_items"].default
    larger = facts.n_clips is not None and design.max_items > facts.n_clips >= MIN_CLIPS
    if chosen and larger and first_shows_all(design, facts):
        yield warning(
            "design.max_items",
            f"is {design.max_items}, but there are {facts.n_clips} clips: the first trial shows all of them",
        )
    if DESIGNS[design.method].shows_all and design.repeats:
        yield warning("design.repeats", f'every trial of method = "{design.method}" repeats the one before it anyway')
