"""What models are compared with in a study of several sets of clips."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from analysis.clip_sets import ClipSet
from analysis.results import Choice
from analysis.results.joint_rdms import TrialsOfSet
from app.results.cohort_rdm import judgments_together
from app.results.inputs import inputs_of
from app.results.stored import results_now

WITHIN_SETS_TOGETHER = (
    "The clips are in several sets, whose pairs the raters saw between them. Models and attributes are compared with "
    "the RDMs of the sets, each of all its trials: nothing is known of clips of different sets. Each set by itself, "
    "and the means over sets, stand below."
)
WITHIN_SETS = (
    "The clips are in several sets. A rater's RDM has the pairs within the rater's sets, and models and attributes are "
    "compared with the raters over these alone: nothing is known of clips of different sets. Each set by "
    "itself, and the means over sets, stand below."
)


def trials_of_set(db: Session, study_id: int, choice: Choice, one: ClipSet) -> TrialsOfSet:
    """The trials of a set whose pairs its raters saw between them, and what they came to."""
    choice = replace(choice, clip_set=one.name)
    together = results_now(db, study_id, choice).together
    return TrialsOfSet(one, together, judgments_together(db, inputs_of(db, study_id, choice)))
