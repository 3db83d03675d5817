"""Participant flow: how many agreed, began, finished and are analysed, and what became of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..words import counted
from .study import Choice

# What became of a session, as far as a flow tells: each is in one of these.
STAGES = ("not_begun", "screened_out", "quota_full", "withdrew_before", "withdrew", "unfinished", "finished")


class SessionCount(NamedTuple):
    """So many sessions of one kind: their stage, whether they are simulated, hold a stored judgment, are left out."""

    stage: str
    is_simulated: bool
    with_trials: bool
    exclusion: str | None
    sessions: int


@dataclass(frozen=True)
class Aside:
    """Sessions that go no further, and why."""

    label: str
    count: int


@dataclass(frozen=True)
class Step:
    """A step of the flow: so many sessions reached it, and what became of those that did not reach the next one."""

    label: str
    count: int
    asides: tuple[Aside, ...] = ()


@dataclass(frozen=True)
class Flow:
    """The steps from consent to analysis; each count is the one before less what left beside it.

    `simulated` of the sessions at the first step are no people.
    """

    steps: tuple[Step, ...]
    simulated: int

    @property
    def analysed(self) -> int:
        """Number of sessions that are analysed."""
        return self.steps[-1].count

    @property
    def sentence(self) -> str:
        """The flow in a sentence for the methods of a paper."""
        first, *others = self.steps
        parts = [f"{first.count} {'session' if first.count == 1 else 'sessions'} began with consent"]
        parts += [f"{step.count} {step.label[:1].lower()}{step.label[1:]}" for step in others[:-1]]
        return f"{'; '.join(parts)}; {self.analysed} {'was' if self.analysed == 1 else 'were'} analysed."


def flow_of(counts: Iterable[SessionCount], choice: Choice, *, without_rdm: int = 0) -> Flow:
    """The flow of the sessions that a choice allows.

    Parameters
    ----------
    counts
        Of all sessions but pilots'.
    choice
        Who is analysed: simulated raters, unfinished sessions and what was left out are in or not.
    without_rdm
        How many of those who could be analysed have no RDM.

    Raises
    ------
    ValueError
        When there are fewer sessions to analyse than `without_rdm`, or a stage is unknown.
    """
    rows = [row for row in counts if choice.with_simulated or not row.is_simulated]
    if unknown := {row.stage for row in rows} - set(STAGES):
        raise ValueError(f"no stage of a participant flow is named {', '.join(sorted(unknown))}")

    def number(*stages: str, trials: bool | None = None) -> int:
        """Sessions that ended in one of the stages, with or without trials, or both (None)."""
        return sum(
            row.sessions for row in rows if row.stage in stages and (trials is None or row.with_trials == trials)
        )

    taken = {"finished", "unfinished"} if choice.with_unfinished else {"finished"}
    reached = [row for row in rows if row.stage in taken and (row.stage == "finished" or row.with_trials)]
    left_out: Counter[str] = Counter()
    if not choice.with_excluded:
        for row in reached:
            if row.exclusion is not None:
                left_out[row.exclusion] += row.sessions
    inside = [row for row in reached if choice.with_excluded or row.exclusion is None]
    without_trials = sum(row.sessions for row in inside if not row.with_trials)
    n_reached, n_inside = (sum(row.sessions for row in part) for part in (reached, inside))
    analysed = n_inside - without_trials - without_rdm
    if analysed < 0:
        raise ValueError(f"{counted(without_rdm, 'session')} cannot be without an RDM of {n_inside - without_trials}")
    agreed = number(*STAGES)
    begun = number("withdrew", "unfinished", "finished")
    stopped = number("unfinished", trials=False if choice.with_unfinished else None)
    steps = (
        Step(
            "Agreed to take part",
            agreed,
            _asides(
                ("Screened out by an answer", number("screened_out")),
                ("Enough people like them took part", number("quota_full")),
                ("Withdrew before the first trial", number("withdrew_before")),
                ("Did not begin the task", number("not_begun")),
            ),
        ),
        Step(
            "Began the task",
            begun,
            _asides(
                ("Withdrew", number("withdrew")),
                ("Not finished, without a stored trial" if choice.with_unfinished else "Not finished", stopped),
            ),
        ),
        Step(
            "Finished, or stored a trial" if choice.with_unfinished else "Finished",
            n_reached,
            _asides(
                *((f"Excluded: {reason}", count) for reason, count in sorted(left_out.items(), key=_by_count)),
                ("No trial that enters the results", without_trials),
                ("No RDM could be estimated", without_rdm),
            ),
        ),
        Step("Analysed", analysed),
    )
    return Flow(steps, sum(row.sessions for row in rows if row.is_simulated))


def flow_rows(counts: Iterable[SessionCount]) -> Iterator[dict[str, Any]]:
    """Rows of the bundle's table "flow"."""
    for row in counts:
        yield {
            "stage": row.stage,
            "is_simulated": row.is_simulated,
            "with_trials": row.with_trials,
            "excluded": row.exclusion is not None,
            "exclusion_reason": row.exclusion,
            "sessions": row.sessions,
        }


def counts_of_rows(rows: Iterable[Mapping[str, Any]]) -> list[SessionCount]:
    """What `flow_rows` has written; none of a bundle that is older than the table."""
    return [
        SessionCount(
            row["stage"],
            row["is_simulated"],
            row["with_trials"],
            (row["exclusion_reason"] or "no reason given") if row["excluded"] else None,
            row["sessions"],
        )
        for row in rows
    ]


def _asides(*given: tuple[str, int]) -> tuple[Aside, ...]:
    return tuple(Aside(label, count) for label, count in given if count)


def _by_count(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]
