"""RDMs of raters that borrow from the others, of a study's trials as they are now: on request, and kept nowhere."""

from __future__ import annotations

from threading import Lock

from analysis.formats.source_bundle import GIVEN
from analysis.rdm import n_pairs
from analysis.results import Choice, GroupEstimates, group_estimates
from analysis.words import counted
from app.db import Database
from app.errors import Busy, Invalid, NotAllowed
from app.results.cohort_rdm import judgments_together
from app.results.inputs import Inputs, inputs_of

# Somebody waits for the answer meanwhile.
MAX_SECONDS = 20.0
# What a rater takes on one core, in seconds, and for how many pairs and how many raters a second more. Measured on two
# busy cores: 16 raters of 24 clips 4 to 6 s, 40 raters 26 s; 4 raters of 48 clips 5 s, 3 of 92 clips 7 s.
AT_LEAST, PAIRS_A_SECOND, RATERS_A_SECOND = 0.2, 2000.0, 150.0
# One at a time in a process: others are to be served beside it.
_at_work = Lock()


def borrowed_estimates(database: Database, study_id: int, choice: Choice) -> GroupEstimates:
    """Each rater's RDM from their own trials and the others'.

    Raises
    ------
    Invalid
        When there is nothing to compute them from, with the reason.
    NotAllowed
        When it would take too long to wait for; the command of the report computes them.
    Busy
        While others are computed.
    """
    with database.reading() as db:
        inputs = inputs_of(db, study_id, choice)
        _check(inputs)
        trials = judgments_together(db, inputs)
    if not _at_work.acquire(blocking=False):
        raise Busy("Other estimates that borrow from the group are being computed; try again in a few seconds.")
    try:
        return group_estimates(trials, inputs.names)
    except ValueError as error:
        raise Invalid(f"These estimates cannot be computed: {error}.") from error
    finally:
        _at_work.release()


def seconds_for(raters: int, clips: int) -> float:
    """About how long it takes."""
    return raters * (AT_LEAST + n_pairs(clips) / PAIRS_A_SECOND + raters / RATERS_A_SECOND)


def _check(inputs: Inputs) -> None:
    if inputs.choice.method == GIVEN:
        raise Invalid("The study holds RDMs and no trials, so no others can be estimated.")
    if inputs.sets and inputs.choice.clip_set is None:
        raise Invalid("Choose one of the study's sets of clips.", field="set")
    if len(inputs.clips) < 3:
        raise Invalid("An RDM needs at least three clips.")
    raters, clips = len(inputs.chosen), len(inputs.clips)
    if (seconds := seconds_for(raters, clips)) > MAX_SECONDS:
        raise NotAllowed(
            f"For {counted(raters, 'rater')} and {clips} clips this takes about "
            f"{counted(round(seconds), 'second')}, too long to wait for here. "
            "Download the bundle: python -m analysis BUNDLE.zip --group-estimates --out DIR computes it."
        )
