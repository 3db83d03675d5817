"""The RDM of all raters' trials as one, of a study whose participants were shown the pairs between them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from analysis import Arrangement
from analysis.results import Together, estimate_together
from app.models import ParticipantSession
from app.participation.arrangements import session_judgments
from app.results.inputs import Inputs


def judgments_together(db: Session, inputs: Inputs) -> dict[str, list[Arrangement]]:
    """The trials of each rater whom the choice takes in, as they stood when the inputs were read."""
    ids, judgments = [clip.id for clip in inputs.clips], {}
    for sitting in inputs.chosen:
        session = db.get(ParticipantSession, sitting.session_id)
        if session is not None:
            judgments[sitting.rater.name], _ = session_judgments(
                db, session, ids, last=sitting.last, without=sitting.left_out
            )
    return judgments


def compute_together(db: Session, inputs: Inputs) -> Together | None:
    """The RDM of all trials; None for a study in which each participant is a rater of all pairs."""
    if not inputs.is_over_cohort:
        return None
    choice = inputs.choice
    return estimate_together(judgments_together(db, inputs), len(inputs.clips), choice.method, seed=choice.seed)
