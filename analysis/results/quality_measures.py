"""The measures of how somebody worked, in words: what each says, how it is written, and when it asks for a look."""

from __future__ import annotations

from typing import NamedTuple

from ..quality.group import OUTLIER
from ..quality.participant import HIGH, LOW, Limits


class QualityMeasure(NamedTuple):
    """A measure of a participant, and where `of_trials` also of each trial (the participant's is then their median).

    `unit` is "s", "%", or "" for a plain number. A value below (`side` "low") or above ("high") the limit asks for a
    look; both are None where none does.
    """

    key: str
    label: str
    meaning: str
    unit: str = ""
    of_trials: bool = True
    limit: float | None = None
    side: str | None = None


def _measure(key: str, label: str, meaning: str, unit: str) -> QualityMeasure:
    side = "low" if key in LOW else "high"
    assert key in LOW or key in HIGH
    return QualityMeasure(key, label, meaning, unit, True, getattr(Limits(), key), side)


QUALITY_MEASURES = (
    _measure("seconds_per_item", "Seconds per clip", "Time of a trial by its clips. Too little: nobody looked.", "s"),
    _measure("seconds_per_move", "Seconds per move", "Time of a trial by the moves in it.", "s"),
    _measure(
        "watched", "Watched to the end", "Share of a trial's clips that were played to the end before it was sent.", "%"
    ),
    _measure(
        "never_moved_again",
        "Never moved again",
        "Share of the clips that stayed where they were first dropped. Careful work corrects itself.",
        "%",
    ),
    _measure("hull_area", "Arena used", "Area around all clips as a share of the arena's.", "%"),
    _measure(
        "spread",
        "Spread",
        "How evenly the clips lie over the arena: 100 % is as even as so many clips can. Low: they were crowded.",
        "%",
    ),
    _measure("stacked", "Stacked", "Share of the clips that lie on another one.", "%"),
    _measure(
        "on_a_line",
        "On a line",
        "Share of the differences between positions that one direction explains. 100 %: all clips on one line.",
        "%",
    ),
    _measure(
        "by_seat",
        "Follows the seats",
        "Correlation of the positions with the order in which the clips waited. High: put where it was nearest.",
        "",
    ),
    QualityMeasure(
        "repeats",
        "Repeated trials",
        "Mean correlation of trials that showed the same clips twice. It should be above 0.",
        of_trials=False,
    ),
    QualityMeasure(
        "with_others",
        "r with the others",
        "Correlation of the RDM with the mean of all other raters'.",
        of_trials=False,
    ),
    QualityMeasure(
        "robust_z",
        "z of r with the others",
        "How far that lies from the other raters' median, in robust standard deviations. Below −3 is unlike anybody.",
        of_trials=False,
        limit=OUTLIER,
        side="low",
    ),
    QualityMeasure(
        "alpha_if_deleted",
        "α without",
        "Cronbach's alpha of all others: higher than everybody's means that the group is more reliable without.",
        of_trials=False,
    ),
)
TRIAL_MEASURES = tuple(measure for measure in QUALITY_MEASURES if measure.of_trials)
