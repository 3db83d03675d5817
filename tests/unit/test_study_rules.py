"""Settings that do not go together: refused where the study cannot run, pointed out where it probably is not meant."""

from __future__ import annotations

import pytest

from app.definition.study_toml import Design, parse_definition
from app.studies.rules import Facts, errors_of, problems_of, trials_needed, warnings_of

SIX = Facts(n_clips=6)
BETWEEN = '[[questions]]\nname = "tired"\nkind = "text"\nask = "Tired?"\nwhen = "between"\nafter_trial = {}\n'
AGE = '[[questions]]\nname = "age"\nkind = "number"\nask = "Your age?"\nwhen = "before"\n'


def rules(toml: str, facts: Facts) -> list[tuple[str, str]]:
    return [(one.severity, one.key) for one in problems_of(parse_definition(f'title = "x"\n{toml}'), facts)]


@pytest.mark.parametrize(
    ("toml", "facts", "key", "words"),
    [
        ('[design]\nmethod = "full"', Facts(n_clips=21), "design.max_items", "all 21 clips in each trial, but"),
        ("", Facts(n_clips=2), "clips", "at least 3 clips that can be shown; it has 2"),
        ("[design]\nchecks = 1\n[stop]\nmax_trials = 2", SIX, "design.checks", "checks = 1 can never all come"),
        ("[design]\nchecks = 2\n[stop]\nmax_trials = 6", SIX, "design.checks", "at least 7 trials"),
        ("[design]\nrepeats = 1\n[stop]\nmax_trials = 4", SIX, "design.repeats", "at least 5 trials"),
        ("[design]\nrepeats = 3\n[stop]\nmax_trials = 14", SIX, "design.repeats", "at least 15 trials"),
        ("[design]\nrepeats = 1\n[stop]\nmin_evidence = 0.03", SIX, "design.repeats", "min_evidence, after 1 at most"),
        ("[design]\nchecks = 1\n[stop]\nmin_evidence = 0.04", SIX, "design.checks", "min_evidence, after 1 at most"),
        (
            '[design]\nmethod = "full"\nchecks = 4\n[stop]\nmin_evidence = 0.5',
            SIX,
            "design.checks",
            "at least 15 trials, and this study's end by min_evidence, after 13 at most",
        ),
        (
            BETWEEN.format(5) + "[stop]\nmax_trials = 5",
            SIX,
            "questions",
            "tired: is never asked: sessions have at most 5",
        ),
        (
            BETWEEN.format(4) + '[design]\nmethod = "full"\n[stop]\nmin_evidence = 0.16',
            SIX,
            "questions",
            "at most 4 tr",
        ),
        (AGE + "min = 18\nmax = 99\nscreen_out_below = 100", SIX, "questions", "age: every answer ends the session"),
        (AGE + "screen_out_below = 30\nscreen_out_above = 20", SIX, "questions", "age: every answer ends the session"),
        (
            AGE + "step = 1\nscreen_out_below = 18.2\nscreen_out_above = 18.8",
            SIX,
            "questions",
            "nobody could take part",
        ),
        (AGE.replace("number", "scale") + "screen_out_below = 8", SIX, "questions", "nobody could take part"),
        ("[design]\npractice_pass = 0.7", SIX, "design.practice_pass", "practice is off"),
        ("[playback]\nsound = true", Facts(6, 9.0, 0), "playback.sound", "none of the clips has sound"),
        ('[texts]\nquestion = "One\\nTwo"', SIX, "texts.question", "must be one line"),
        ('[texts.replace]\n"Clip {n}" = "Clip {number}"', SIX, "texts.replace", "'Clip {number}' has {number}"),
        ('[texts.replace]\n"Done" = ""', SIX, "texts.replace", "'Done' is replaced by nothing"),
        ('[texts.replace]\n"Done" = "\u00a0 "', SIX, "texts.replace", "'Done' is replaced by nothing"),
    ],
)
def test_what_cannot_run_is_an_error(toml: str, facts: Facts, key: str, words: str) -> None:
    [error] = errors_of(parse_definition(f'title = "x"\nlanguage = "en"\n{toml}'), facts)
    assert error.key == key
    assert words in error.sentence


@pytest.mark.parametrize(
    ("toml", "facts", "key", "words"),
    [
        ("[design]\nmax_items = 30", Facts(n_clips=24), "design.max_items", "is 30, but there are 24 clips"),
        ("[stop]\nmin_evidence = 0.04", SIX, "stop.min_evidence", "ends after its first trial"),
        ("[stop]\nmax_trials = 2", Facts(n_clips=60), "stop.max_trials", "no participant sees more than 40 of the 60"),
        ("[stop]\nmax_trials = 5", Facts(n_clips=60), "stop.max_trials", "more than 950 of the 1770 pairs"),
        ("[stop]\nmin_evidence = 35\nmax_trials = 50", SIX, "stop.min_evidence", "can't be reached in 50 trials"),
        (
            "[stop]\nmax_minutes = 1",
            Facts(n_clips=40),
            "stop.max_minutes",
            "a trial of 20 clips takes about 1.4 minutes",
        ),
        ("[playback]\nsound = true", Facts(6, 9.0, 6), "playback.play", "in silence until they are clicked"),
        ('[playback]\nsound = true\nplay = "click"', Facts(6, 9.0, 4), "playback.sound", "2 of the 6 clips have no"),
        ('[playback]\nwatch = "before_done"', Facts(6, 2400.0, 0), "stop.max_minutes", "takes 40 minutes, but"),
        (
            '[design]\nmethod = "full"\nrepeats = 2\n[stop]\nmin_evidence = 0.5',
            SIX,
            "design.repeats",
            "repeats the one before",
        ),
        ("[design]\npractice = true\npractice_pass = 1.0", SIX, "design.practice_pass", "hardly anybody"),
        (
            '[design]\nmethod = "covering"\nmax_items = 8',
            Facts(n_clips=24),
            "stop.min_evidence",
            "shows every pair in 12 trials, and then again until each pair has an evidence of 0.2",
        ),
        (
            '[design]\nmethod = "covering"\nmax_items = 8\n[stop]\nmin_evidence = 0.04\nmax_trials = 11',
            Facts(n_clips=24),
            "stop.max_trials",
            "12 trials for 24 clips, 8 in each, but sessions end after 11",
        ),
        (
            '[design]\nmethod = "cohort"\n[stop]\nmin_evidence = 0.5',
            Facts(n_clips=707),
            "stop.min_evidence",
            "min_evidence ends nobody's session",
        ),
        ('[design]\nmethod = "cohort"', Facts(n_clips=5), "design.method", "every trial shows all 5 clips"),
        (
            '[design]\nmethod = "cohort"\n[stop]\nmax_trials = 3\n[recruitment]\nplaces = 128',
            Facts(n_clips=707),
            "stop.max_trials",
            "128 participants with 3 trials of 20 clips see at most 72960 of the 249571 pairs together",
        ),
        (
            "[design]\nchecks = 5\n[stop]\nmax_minutes = 3",
            SIX,
            "design.checks",
            "for most participants not all of them",
        ),
        ("[design]\nrepeats = 3\n[stop]\nmax_minutes = 4", SIX, "design.repeats", "takes sessions of 15 trials, about"),
        ('[texts]\nconsent = ""', SIX, "texts.consent", "is empty"),
        (
            "[design]\nchecks = 1\n[quality]\nfailed_checks = 2",
            SIX,
            "quality.failed_checks",
            "nobody can fail that many",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(toml: str, facts: Facts, key: str, words: str) -> None:
    definition = parse_definition(f'title = "x"\nlanguage = "en"\n{toml}')
    assert errors_of(definition, facts) == []
    [warning] = warnings_of(definition, facts)
    assert warning.key == key
    assert words in warning.sentence


def test_texts_in_one_language_on_pages_in_each_participants_own_are_pointed_out() -> None:
    assert rules('[texts]\nconsent = "Please agree."', SIX) == [("warning", "language")]
    assert rules('language = "de"\n[texts]\nconsent = "Bitte"', SIX) == []


@pytest.mark.parametrize("n_clips", [None, 3, 6, 12, 24, 60])
def test_a_schedule_that_is_shown_once_has_no_problem(n_clips: int | None) -> None:
    assert rules('[design]\nmethod = "covering"\n[stop]\nmin_evidence = 0.04', Facts(n_clips=n_clips)) == []


@pytest.mark.parametrize("n_clips", [None, 3, 6, 12, 24, 60, 100])
def test_a_study_of_defaults_has_no_problem(n_clips: int | None) -> None:
    assert rules("", Facts(n_clips=n_clips)) == []


@pytest.mark.parametrize(
    "toml",
    [
        "[design]\nchecks = 1\n[stop]\nmax_trials = 3",
        "[design]\nrepeats = 1\n[stop]\nmax_trials = 5",
        '[design]\nmethod = "full"\n[stop]\nmax_trials = 3',
        "[stop]\nmin_evidence = 100\nmax_trials = 40",
        BETWEEN.format(4) + "[stop]\nmax_trials = 5",
        BETWEEN.format(5) + "[stop]\nmax_trials = 5\n[design]\nchecks = 1",
        AGE + "step = 1\nscreen_out_below = 18\nscreen_out_above = 18",
        AGE.replace("number", "scale") + "screen_out_below = 7",
    ],
)
def test_what_just_can_run_is_taken(toml: str) -> None:
    assert errors_of(parse_definition(f'title = "x"\n{toml}'), SIX) == []


def test_the_trials_that_repeats_and_checks_need_are_those_of_a_session() -> None:
    assert trials_needed(Design()) == (0, 0)
    assert trials_needed(Design(repeats=10)) == (50, 0)
    assert trials_needed(Design(checks=10)) == (0, 39)
