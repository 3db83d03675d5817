"""RDMs of the odd and the even trials of a study's raters: do raters differ by more than noise?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from analysis.arrangement import Floats
from analysis.formats.source_bundle import GIVEN
from analysis.results import Choice
from analysis.results.individuals import halves_of
from app.models import ParticipantSession
from app.participation.arrangements import session_judgments
from app.results.inputs import inputs_of


def rater_halves(db: Session, study_id: int, choice: Choice, raters: Sequence[str]) -> Floats | None:
    """RDMs of halves of the trials of these raters, (R, 2, P); None in a study that has only RDMs."""
    if choice.method == GIVEN:
        return None
    inputs = inputs_of(db, study_id, choice)
    ids, trials = [clip.id for clip in inputs.clips], {}
    for sitting in inputs.chosen:
        session = db.get(ParticipantSession, sitting.session_id)
        if session is not None and sitting.rater.name in raters:
            arrangements, _ = session_judgments(db, session, ids, last=sitting.last, without=sitting.left_out)
            trials[sitting.rater.name] = arrangements
    return halves_of(trials, raters, len(inputs.clips))
