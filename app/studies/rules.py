"""Settings of a study that do not go together: pure rules, each with the sentence that an experimenter reads.

An *error* is a study that cannot run, or in which something that was asked for can never happen: it is neither made nor
opened. A *warning* is a study that runs, but probably not as it was meant. A study that is open already is never
stopped by a rule.

Over 300 lines: one short function a rule, and the list of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from analysis.designs import DESIGNS, TRIALS_BETWEEN_REPEATS, covering_schedule, later_size
from analysis.evidence import DISTANCE_FLOOR
from analysis.simulate import Behaviour
from app.definition.quotas import quota_problems
from app.definition.ratings import Ratings
from app.definition.sets import clip_sets, set_problems
from app.definition.study_toml import Design, Stop, StudyDefinition
from app.domain import MIN_CLIPS
from app.errors import Invalid
from app.participation import attention_checks
from app.participation.set_turns import one_of_several
from app.recruiters.rules import recruitment_doubts, recruitment_problems

# What a pair gets from a trial at the very least.
MIN_EVIDENCE = DISTANCE_FLOOR**2
# At this and above the evidence rule is meant to be out of use (docs/study-toml.md).
NO_EVIDENCE_RULE = 100.0
# Trials that must lie between a trial and its repeat, as `analysis.designs.choose_repeat` has it.
REPEAT_GAP = 3
# What is wrong with these in a draft may come right with clips, or their attributes, that are yet to come.
CLIPS_TO_COME = frozenset({"clips", "sets.column", "sets.anchors", "sets.per_session"})
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Facts:
    """What is known of a study's clips. None: not known yet.

    `seconds` is their playing time in all; `with_sound` is how many of them have sound. Among the `n_clips` are
    `n_pictures` pictures and `n_sounds` sounds; `attributes` are those of each.
    """

    n_clips: int | None = None
    seconds: float | None = None
    with_sound: int | None = None
    n_pictures: int = 0
    n_sounds: int = 0
    attributes: tuple[Mapping[str, str], ...] | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong with which setting."""

    severity: Literal["error", "warning"]
    key: str
    sentence: str


Found = Iterator[Problem]
NOTHING_KNOWN = Facts()


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


def _error(key: str, sentence: str) -> Problem:
    return Problem("error", key, sentence)


def _warning(key: str, sentence: str) -> Problem:
    return Problem("warning", key, sentence)


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
    if not (DESIGNS[design.method].shows_all or _first_shows_all(design, facts)):
        return stop.max_trials
    # Each of these trials gives each pair the least evidence at least; only `full` shows all clips again and again.
    by_evidence = math.ceil(stop.min_evidence / MIN_EVIDENCE - 1e-9)
    return (
        min(stop.max_trials, by_evidence) if DESIGNS[design.method].shows_all or by_evidence == 1 else stop.max_trials
    )


def _first_shows_all(design: Design, facts: Facts) -> bool:
    fit = facts.n_clips is not None and facts.n_clips <= design.max_items
    return fit and not DESIGNS[design.method].first_is_like_others


def _full_shows_all(definition: StudyDefinition, facts: Facts) -> Found:
    design = definition.design
    if DESIGNS[design.method].shows_all and facts.n_clips is not None and facts.n_clips > design.max_items:
        yield _error(
            "design.max_items",
            f'method = "{design.method}" shows all {facts.n_clips} clips in each trial, but max_items is '
            f"{design.max_items}: raise max_items (to 100 at most), or choose another method",
        )


def _enough_clips(_definition: StudyDefinition, facts: Facts) -> Found:
    if facts.n_clips is not None and facts.n_clips < MIN_CLIPS:
        yield _error("clips", f"A study needs at least {MIN_CLIPS} clips that can be shown; it has {facts.n_clips}.")


def _checks_and_repeats_come(definition: StudyDefinition, facts: Facts) -> Found:
    design = definition.design
    allowed = most_trials(definition, facts)
    by = (
        f"max_trials = {allowed}" if allowed == definition.stop.max_trials else f"min_evidence, after {allowed} at most"
    )
    for key, needed, number in zip(
        ("repeats", "checks"), trials_needed(design), (design.repeats, design.checks), strict=True
    ):
        if number and needed > allowed:
            yield _error(
                f"design.{key}",
                f"{key} = {number} can never all come: that takes sessions of at least {needed} trials, and this "
                f"study's end by {by}",
            )


def _one_trial_is_all(definition: StudyDefinition, facts: Facts) -> Found:
    if definition.stop.max_trials > 1 and most_trials(definition, facts) == 1:
        yield _warning(
            "stop.min_evidence",
            f"with min_evidence = {definition.stop.min_evidence:g} every session ends after its first trial, which "
            "shows all clips and gives each pair that much",
        )


def _practice_can_be_passed(definition: StudyDefinition, _facts: Facts) -> Found:
    design = definition.design
    if design.practice_pass is not None and not design.practice:
        yield _error("design.practice_pass", "is set, but practice is off")
    elif design.practice_pass is not None and design.practice_pass > 0.98:
        yield _warning(
            "design.practice_pass",
            f"hardly anybody reaches an agreement of {design.practice_pass:g}; 0.7 shows that somebody understood "
            "the task",
        )


def _sound_can_be_heard(definition: StudyDefinition, facts: Facts) -> Found:
    playback = definition.playback
    if not playback.sound:
        return
    if facts.with_sound == 0:
        yield _error("playback.sound", "is on, but none of the clips has sound")
    elif facts.with_sound is not None and facts.n_clips is not None and facts.with_sound < facts.n_clips:
        silent = facts.n_clips - facts.with_sound
        yield _warning("playback.sound", f"is on, but {silent} of the {facts.n_clips} clips have no sound")
    only_sounds = facts.n_sounds > 0 and facts.with_sound == facts.n_sounds
    if playback.play != "click" and not only_sounds:
        yield _warning(
            "playback.play",
            f'with sound, play = "{playback.play}" shows clips in silence until they are clicked, because browsers '
            'allow no other way; with "click" each playback is heard',
        )


def _playing_fits_the_kinds(definition: StudyDefinition, facts: Facts) -> Found:
    playback = definition.playback
    if facts.n_sounds and playback.play == "always":
        yield _error(
            "playback.play",
            f'is "always", but {facts.n_sounds} of the {facts.n_clips} clips are sounds, of which one is heard at a '
            'time: choose "hover" or "click"',
        )
    if facts.n_clips and facts.n_pictures == facts.n_clips and playback.watch != "free":
        yield _warning(
            "playback.watch",
            f'is "{playback.watch}", but all {facts.n_clips} clips are pictures: a picture counts as seen when it is '
            "shown",
        )


def _watching_fits_the_time(definition: StudyDefinition, facts: Facts) -> Found:
    if definition.playback.watch == "free" or facts.seconds is None:
        return
    minutes = facts.seconds / 60
    if minutes > definition.stop.max_minutes:
        yield _warning(
            "stop.max_minutes",
            f'watch = "{definition.playback.watch}" asks participants to see all clips to their ends, which takes '
            f"{minutes:.0f} minutes, but sessions end after {definition.stop.max_minutes:g}",
        )


def _trials_show_the_clips(definition: StudyDefinition, facts: Facts) -> Found:
    n, design, stop = facts.n_clips, definition.design, definition.stop
    if n is None or n < MIN_CLIPS or DESIGNS[design.method].shows_all or DESIGNS[design.method].is_over_cohort:
        return
    later = later_size(design.method, n, max_items=design.max_items)
    first = later if DESIGNS[design.method].first_is_like_others else min(design.max_items, n)
    clips = first + (stop.max_trials - 1) * later
    pairs = math.comb(first, 2) + (stop.max_trials - 1) * math.comb(later, 2)
    if clips < n:
        yield _warning(
            "stop.max_trials",
            f"with max_trials = {stop.max_trials} no participant sees more than {clips} of the {n} clips",
        )
    elif pairs < math.comb(n, 2):
        yield _warning(
            "stop.max_trials",
            f"with max_trials = {stop.max_trials} and max_items = {design.max_items} no participant sees more than "
            f"{pairs} of the {math.comb(n, 2)} pairs together",
        )


def _schedule_is_shown_once(definition: StudyDefinition, facts: Facts) -> Found:
    n, design, stop = facts.n_clips, definition.design, definition.stop
    if n is None or n < MIN_CLIPS or not DESIGNS[design.method].is_scheduled:
        return
    schedule = covering_schedule(n, later_size(design.method, n, max_items=design.max_items))
    if stop.max_trials < len(schedule):
        yield _warning(
            "stop.max_trials",
            f'method = "{design.method}" has {len(schedule)} trials for {n} clips, {len(schedule[0])} in each, but '
            f"sessions end after {stop.max_trials}: raise max_trials, or max_items",
        )
    elif stop.min_evidence > MIN_EVIDENCE:
        yield _warning(
            "stop.min_evidence",
            f'method = "{design.method}" shows every pair in {len(schedule)} trials, and then again until each pair '
            f"has an evidence of {stop.min_evidence:g}: min_evidence = {MIN_EVIDENCE:g} ends sessions when every pair "
            "was shown",
        )


def _evidence_can_be_reached(definition: StudyDefinition, facts: Facts) -> Found:
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
        yield _warning(
            "stop.min_evidence",
            f"min_evidence = {stop.min_evidence:g} can't be reached in {stop.max_trials} trials, which give a pair "
            f"{most:.2g} on average at most: all sessions end by another rule (100 switches this one off)",
        )


def _cohort_shares_the_clips(definition: StudyDefinition, facts: Facts) -> Found:
    n, design, stop = facts.n_clips, definition.design, definition.stop
    if not DESIGNS[design.method].is_over_cohort:
        return
    if stop.min_evidence not in (Stop.model_fields["min_evidence"].default, NO_EVIDENCE_RULE):
        yield _warning(
            "stop.min_evidence",
            f'with method = "{design.method}" sessions end by minutes or trials: the evidence is gathered by all '
            "participants together, so that min_evidence ends nobody's session",
        )
    if n is None or n < MIN_CLIPS:
        return
    size, places = later_size(design.method, n, max_items=design.max_items), definition.recruitment.places
    if size == n:
        yield _warning(
            "design.method",
            f'is "{design.method}", but every trial shows all {n} clips: there is nothing for participants to share',
        )
    elif places is not None:
        seen = places * stop.max_trials * math.comb(size, 2)
        if seen < math.comb(n, 2):
            yield _warning(
                "stop.max_trials",
                f"{places} participants with {stop.max_trials} trials of {size} clips see at most {seen} of the "
                f"{math.comb(n, 2)} pairs together: the others are only predicted",
            )


def _there_is_time(definition: StudyDefinition, facts: Facts) -> Found:
    stop, size = definition.stop, definition.design.max_items
    first = size if facts.n_clips is None else min(size, facts.n_clips)
    usual = Behaviour()
    minutes = (usual.seconds_per_trial + usual.seconds_per_item * first**usual.time_exponent) / 60
    if stop.max_minutes < minutes and stop.max_trials > 1:
        yield _warning(
            "stop.max_minutes",
            f"a trial of {first} clips takes about {minutes:.1f} minutes, so that sessions of {stop.max_minutes:g} "
            "minutes end after the first",
        )


def _trials_fit_the_clips(definition: StudyDefinition, facts: Facts) -> Found:
    design = definition.design
    chosen = design.max_items != Design.model_fields["max_items"].default
    larger = facts.n_clips is not None and design.max_items > facts.n_clips >= MIN_CLIPS
    if chosen and larger and _first_shows_all(design, facts):
        yield _warning(
            "design.max_items",
            f"is {design.max_items}, but there are {facts.n_clips} clips: the first trial shows all of them",
        )
    if DESIGNS[design.method].shows_all and design.repeats:
        yield _warning("design.repeats", f'every trial of method = "{design.method}" repeats the one before it anyway')


def _ratings_can_be_given(definition: StudyDefinition, facts: Facts) -> Found:
    ratings, n = definition.ratings, facts.n_clips
    if not ratings.questions:
        if ratings != Ratings():
            yield _error("ratings.questions", "nothing is asked about the clips: add a section [[ratings.questions]]")
        return
    if ratings.clips is not None and n is not None and ratings.clips > n >= MIN_CLIPS:
        yield _warning("ratings.clips", f"is {ratings.clips}, but there are {n} clips: each participant rates all")
    rated = ratings.clips if n is None else ratings.n_clips(n)
    if rated is not None and ratings.repeats > rated:
        yield _error(
            "ratings.repeats", f"is {ratings.repeats}, but only {rated} clips are rated: none comes three times"
        )


def _texts_can_be_read(definition: StudyDefinition, _facts: Facts) -> Found:
    texts = definition.texts
    own = [name for name in ("consent", "instructions", "thanks", "question") if getattr(texts, name)]
    if definition.language == "auto" and (own or texts.replace):
        yield _warning(
            "language",
            f'is "auto", so that the pages come in each participant\'s language, but '
            f"{'texts.' + (own or ['replace'])[0]} comes in one: set language to that of your texts, "
            'for example language = "en"',
        )
    if texts.question is not None and len(texts.question.splitlines()) > 1:
        yield _error("texts.question", "must be one line; instructions may have more")
    for name in ("consent", "instructions", "thanks"):
        if getattr(texts, name) == "":
            yield _warning(f"texts.{name}", "is empty: the page's own text is shown in its place")
    for old, new in texts.replace.items():
        if not new.strip():
            yield _error("texts.replace", f"{old!r} is replaced by nothing: that leaves a button or a line empty")
        unknown = sorted(set(PLACEHOLDER.findall(new)) - set(PLACEHOLDER.findall(old)))
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDER.findall(old)) or "none"
            yield _error(
                "texts.replace",
                f"{new!r} has {{{unknown[0]}}}, which the page fills in nowhere; the placeholders of {old!r}: {known}",
            )


def _clips_are_in_sets(definition: StudyDefinition, facts: Facts) -> Found:
    for key, sentence in set_problems(definition.sets, facts.attributes, definition.stop.max_trials):
        yield _error(key, sentence)


def _people_come_and_get_back(definition: StudyDefinition, _facts: Facts) -> Found:
    for key, sentence in recruitment_problems(definition.recruitment):
        yield _error(key, sentence)
    for key, sentence in quota_problems(definition.recruitment.quotas, definition.questions):
        yield _error(key, sentence)
    for key, sentence in recruitment_doubts(definition.recruitment):
        yield _warning(key, sentence)


Rules = tuple[Callable[[StudyDefinition, Facts], Found], ...]
RULES: Rules = (
    _enough_clips,
    _clips_are_in_sets,
    _checks_and_repeats_come,
    _practice_can_be_passed,
    _sound_can_be_heard,
    _playing_fits_the_kinds,
    _ratings_can_be_given,
    _texts_can_be_read,
    _people_come_and_get_back,
)
# Held against the clips that a participant arranges together: those of one set, where there are sets.
RULES_OF_A_SET: Rules = (
    _full_shows_all,
    _one_trial_is_all,
    _watching_fits_the_time,
    _trials_show_the_clips,
    _schedule_is_shown_once,
    _evidence_can_be_reached,
    _cohort_shares_the_clips,
    _there_is_time,
    _trials_fit_the_clips,
)
