"""How each rater worked, from the bundle's trials, moves and plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..formats.bundle import Bundle, BundleTrial
from ..quality import GroupQuality, ParticipantQuality, odd_even_correlation
from ..results import rater_quality, trials_work


@dataclass(frozen=True, eq=False)
class QualityOfRaters:
    """Quality of the raters of `raters`: by rater their own, `odd_even` (R,) with themselves, and against the group."""

    raters: tuple[str, ...]
    each: dict[str, ParticipantQuality]
    odd_even: Floats
    group: GroupQuality


def quality_of_raters(
    bundle: Bundle, trials: Mapping[str, Sequence[BundleTrial]], raters: tuple[str, ...], group: GroupQuality
) -> QualityOfRaters:
    """Quality of each rater over the trials that entered the RDMs, beside that against the group.

    Where a rater has no moves or plays at all, they were not recorded: what depends on them is left open.
    """
    items = {name: item for item, name in enumerate(bundle.names)}
    rows = [[trial.row for trial in trials.get(rater, ())] for rater in raters]
    together = [row for theirs in rows for row in theirs]
    each = trials_work(together, bundle.rows("placements"), bundle.rows("moves"), bundle.rows("plays"), items)
    ends = np.cumsum([len(theirs) for theirs in rows])
    return QualityOfRaters(
        raters=raters,
        each={
            rater: rater_quality(each[end - len(theirs) : end])
            for rater, theirs, end in zip(raters, rows, ends.tolist(), strict=True)
        },
        odd_even=np.array(
            [
                odd_even_correlation([trial.arrangement for trial in trials.get(rater, ())], len(bundle.names))
                for rater in raters
            ]
        ),
        group=group,
    )
