"""Settings that do not go together: refused where the study cannot run, pointed out where it probably is not meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.definition.study_toml import Design, parse_definition
from app.studies.rules import Facts, errors_of, problems_of, trials_needed, warnings_of

SIX = Facts(n_clips=6)
BETWEEN = '[[questions]]\nname = "tired"\nkind = "text"\nask = "Tired?"\nwhen = "between"\nafter_trial = {}\n'
HAND = '[[questions]]\nname = "hand"\nkind = "one_of"\nask = "Hand?"\nwhen = "before"\nrequired = true\n'
AGE = '[[questions]]\nname = "age"\nkind = "number"\nask = "Your age?"\nwhen = "before"\n'
REQUIRED = AGE + "required = true\n"
LATER = Facts(n_clips=6, at=datetime(2027, 1, 1, tzinfo=UTC))


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
        (AGE + "min = 0\nmax = 1\nstep = 5", SIX, "questions", "age: with step = 5 0 is the only answer up to 1"),
        (REQUIRED + "min = 18\nscreen_out_below = 18", SIX, "questions", "min = 18 allows no answer below it"),
        (REQUIRED + "max = 65\nscreen_out_above = 70", SIX, "questions", "max = 65 allows no answer above it"),
        (HAND + 'choices = [{ value = "l", label = "x" }, { value = "r", label = "x" }]', SIX, "questions", "as 'x'"),
        (
            "[recruitment]\nquotas = { hand = { l = 0, r = 5 } }\n" + HAND + 'choices = ["l", "r"]\nscreen_out = ["r"]',
            SIX,
            "recruitment.quotas.hand",
            "nobody could take part",
        ),
        ("[models]\nstd = [0, 1, 1]", SIX, "models.std", "must be above 0"),
        ("[models]\nmean = [0.5, 0.5]", SIX, "models.mean", "one number, or three"),
        ("[models]\nsize = 224\nresize = 100", SIX, "models.resize", "smaller than size, which is 224"),
        ('[recruitment]\nparameters = ["COMPLETION_CODE"]', SIX, "recruitment.parameters", "choose another name"),
        ('[recruitment]\ncompletion_url = "https://x.y:99999/"', SIX, "recruitment.completion_url", "has a port"),
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
            "a trial of 20 clips takes about 1.4 min",
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
        (AGE + "screen_out_below = 18", SIX, "questions", "whoever leaves it without an answer takes part"),
        ('[texts]\nscreened_out = "Sorry"', SIX, "texts.screened_out", "is never shown"),
        ('[texts]\nquota_full = "Sorry"', SIX, "texts.quota_full", "is never shown"),
        ('[recruitment]\nscreened_out_code = "A"', SIX, "recruitment.screened_out_code", "is never used"),
        ('[recruitment]\nquota_full_code = "A"', SIX, "recruitment.quota_full_code", "is never used"),
        ('[recruitment]\ncloses = "2026-12-31 18:00 UTC"', LATER, "recruitment.closes", "was 2026-12-31 18:00 UTC"),
        (
            "[recruitment]\nplaces = 100\nquotas = { hand = 20 }\n" + HAND + 'choices = ["l", "r"]',
            SIX,
            "recruitment.quotas.hand",
            "lets in 40 people in all, but places is 100",
        ),
        (
            "[recruitment]\nquotas = { hand = { r = 5 } }\n" + HAND + 'choices = ["l", "r"]\nscreen_out = ["r"]',
            SIX,
            "recruitment.quotas.hand",
            "nobody counts for 'r'",
        ),
        (
            '[recruitment]\nquotas = { age = { "18-29" = 5, "30+" = 5 } }\n' + REQUIRED + "screen_out_below = 30",
            SIX,
            "recruitment.quotas.age",
            "nobody counts for '18-29'",
        ),
        (
            '[recruitment]\nquotas = { age = { "100+" = 5 } }\n' + REQUIRED + "max = 99",
            SIX,
            "recruitment.quotas.age",
            "nobody counts for '100+'",
        ),
        (
            '[recruitment]\nquotas = { age = { "18-29" = 5 } }\n' + AGE,
            SIX,
            "recruitment.quotas.age",
            "set required = true",
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
        AGE + "min = 0\nmax = 10\nstep = 10",
        "[recruitment]\nquotas = { hand = { l = 0, r = 5 } }\n" + HAND + 'choices = ["l", "r"]\nscreen_out = ["l"]',
        "[recruitment]\nplaces = 5\nquotas = { hand = 5 }\n" + HAND + 'choices = ["l", "r"]\nscreen_out = ["l"]',
    ],
)
def test_what_just_can_run_is_taken(toml: str) -> None:
    assert errors_of(parse_definition(f'title = "x"\n{toml}'), SIX) == []


def test_quotas_that_fill_the_places_have_no_problem() -> None:
    two = HAND + 'choices = ["l", "r"]'
    assert rules("[recruitment]\nplaces = 40\nquotas = { hand = 20 }\n" + two, SIX) == []
    assert rules("[recruitment]\nplaces = 40\nquotas = { hand = { l = 20 } }\n" + two, SIX) == []
    assert rules("[recruitment]\nplaces = 5\nquotas = { hand = 5 }\n" + two + '\nscreen_out = ["l"]', SIX) == []


def test_the_trials_that_repeats_and_checks_need_are_those_of_a_session() -> None:
    assert trials_needed(Design()) == (0, 0)
    assert trials_needed(Design(repeats=10)) == (50, 0)
    assert trials_needed(Design(checks=10)) == (0, 39)
