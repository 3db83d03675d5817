"""How long a session will take: one rule for the consent, the task's page and the database."""

from __future__ import annotations

import math

# An estimate of the whole never rises by more than this share with one trial.
MAX_RISE = 0.1
# Seconds that a question about a clip takes, before anything is known of the participant; and when something is.
SECONDS_A_QUESTION = 4.0
SOME = 3


def expected_minutes(
    before: float | None,
    minutes: float,
    fraction: float,
    *,
    weakest: float,
    lifts_the_weakest: bool,
    by_count: float,
    max_minutes: float,
) -> float | None:
    """Minutes that the whole session will take at this participant's pace.

    Evidence comes fast at first, so its mean over pairs promises the end too early. The weakest pair's goes about
    evenly with the time, except under the design that lifts the weakest: there it does not move at first and promises
    the end too late, and the geometric mean of both goes evenly.

    Parameters
    ----------
    before
        What was expected before the last trial came in; None after the first.
    minutes
        Worked so far.
    fraction
        How far along the session is by the rule that is nearest to its end, 0 to 1; by evidence, the mean over pairs.
    weakest
        The weakest pair's share of the evidence that each needs, 0 to 1.
    lifts_the_weakest
        Whether the design is lift the weakest.
    by_count
        How far along it is by the rules that count trials or minutes, which go evenly.

    Returns
    -------
    float or None
        At most `max_minutes`, at least `minutes`; None before anything was done.
    """
    if minutes <= 0 or fraction <= 0:
        return before
    by_evidence = math.sqrt(fraction * weakest) if lifts_the_weakest else weakest
    done = max(by_count, by_evidence)
    own = minutes / done if done > 0 else max_minutes
    smooth = own if before is None else min((before + own) / 2, before * (1 + MAX_RISE))
    return min(max(smooth, minutes), max_minutes)


def minutes_left(expected: float | None, minutes: float, max_minutes: float) -> tuple[float, bool]:
    """Minutes that are left after `minutes` of work, and whether that is the time rule's bound and no estimate."""
    by_rule = max(max_minutes - minutes, 0.0)
    if expected is None or expected - minutes >= by_rule:
        return by_rule, True
    return max(expected - minutes, 0.0), False


def rating_minutes(done: int, minutes: float, left: int, *, clip_seconds: float, n_questions: int) -> float:
    """Minutes that rating `left` clips more will take, after `done` took `minutes` of work.

    Before three are done it is the clips' mean playing time and some seconds for each question.
    """
    a_clip = minutes / done if done >= SOME else (clip_seconds + SECONDS_A_QUESTION * n_questions) / 60
    return left * a_clip


def longest_minutes(max_minutes: float) -> int:
    """The time rule in whole minutes, as the texts say it."""
    return math.ceil(max_minutes)
