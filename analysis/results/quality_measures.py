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
    _measure(
        "seconds_per_item",
        "Seconds per clip",
        "Time of a trial divided by its clips. Very short: the clips were not watched.",
        "s",
    ),
    _measure("seconds_per_move", "Seconds per move", "Time of a trial divided by its moves.", "s"),
    _measure("watched", "Watched to the end", "Share of a trial's clips that were played to the end before Done.", "%"),
    _measure(
        "never_moved_again",
        "Never moved again",
        "Share of the clips that stayed where they were first dropped. Careful participants make corrections.",
        "%",
    ),
    _measure("hull_area", "Arena used", "Area enclosing all clips as a share of the arena.", "%"),
    _measure(
        "spread",
        "Spread",
        "How evenly the clips are spread over the arena; 100 % is as even as possible. Low: they were crowded.",
        "%",
    ),
    _measure("stacked", "Stacked", "Share of the clips that lie on another one.", "%"),
    _measure(
        "on_a_line",
        "On a line",
        "Share of the variance of positions along one direction. 100 %: all clips are on one line.",
        "%",
    ),
    _measure(
        "by_seat",
        "Follows the seats",
        "Correlation of the positions with where the clips waited. High: clips were dropped at the nearest spot.",
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
        "Correlation of the RDM with the mean RDM of all other raters; where raters share the pairs, with the RDM of "
        "the half of them without this one.",
        of_trials=False,
    ),
    QualityMeasure(
        "robust_z",
        "z of r with the others",
        "How far that is from the other raters' median, in robust standard deviations. Below −3: unlike the others.",
        of_trials=False,
        limit=OUTLIER,
        side="low",
    ),
    QualityMeasure(
        "alpha_if_deleted",
        "α without",
        "Cronbach's alpha without this rater. Higher than with everybody: the group is more reliable without.",
        of_trials=False,
    ),
)
TRIAL_MEASURES = tuple(measure for measure in QUALITY_MEASURES if measure.of_trials)
