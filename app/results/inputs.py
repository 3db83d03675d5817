"""What results are computed from, as stored in the database, and its SHA-256 as a short name."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.clip_sets import ClipSet
from analysis.formats.source_bundle import GIVEN
from analysis.purposes import JUDGMENTS
from analysis.results import Choice, Rater, chosen_raters, is_over_cohort
from app.definition.sets import clip_sets
from app.definition.study_toml import definition_of
from app.domain import LEFT_OUT, SessionState
from app.errors import Invalid, NotFound
from app.models import COUNTED, Clip, GivenRdm, ParticipantSession, Study, Submission, Trial
from app.participation.arrangements import clip_order
from app.participation.decisions import excluded_trials
from app.version import VERSION

# Raised whenever what is kept of results (`packing`) has other parts, so that earlier ones are recomputed.
LAYOUT = 6


@dataclass(frozen=True)
class Sitting:
    """A session with judgments as it stood when it was read: the number of its judgments, and of its last one.

    `left_out` are the numbers (from 0) of trials that the choice leaves out, as somebody decided; `trials` counts the
    others. `with_excluded` says that some were left out, and that the choice includes them anyway. `sets` are the
    sets of clips that the session was given; None where the study has none.
    """

    session_id: int
    public_id: str
    state: str
    rater: Rater
    trials: int
    last: int
    version: int
    left_out: tuple[int, ...]
    with_excluded: bool
    sets: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Inputs:
    """All that results of a choice depend on, from one snapshot of the database.

    `clips` are those of the choice's set, or all of the study's; `sets` are all of the study's sets, whose items are
    places among all of its clips.
    `shares_pairs` says that the design is one over a cohort.
    """

    study_id: int
    choice: Choice
    target: float
    clips: tuple[Clip, ...]
    sittings: tuple[Sitting, ...]
    sets: tuple[ClipSet, ...] = ()
    shares_pairs: bool = False

    @property
    def is_over_cohort(self) -> bool:
        """Whether all trials are one estimate: participants were shown the pairs between them. Sets that are put side
        by side are not, because nothing ties their clips together.
        """
        return self.shares_pairs and (not self.sets or self.choice.clip_set is not None)

    def items_in_sets(self, sitting: Sitting) -> list[tuple[int, ...]]:
        """The items of each of the rater's sets, where several are looked at together; none otherwise."""
        if not self.sets or sitting.sets is None:
            return []
        if self.choice.clip_set is not None:
            return []
        return [one.items for one in self.sets if one.name in sitting.sets]

    def of_set(self, one: ClipSet) -> Inputs:
        """What the results of one of the study's sets are computed from; these must be of all clips."""
        return replace(
            self,
            choice=replace(self.choice, clip_set=one.name),
            clips=tuple(self.clips[item] for item in one.items),
            sittings=tuple(sitting for sitting in self.sittings if one.name in (sitting.sets or ())),
        )

    @cached_property
    def chosen(self) -> list[Sitting]:
        """The sittings of the raters whom the choice takes in."""
        names = {rater.name for rater in chosen_raters(self.everybody, self.choice)}
        return [sitting for sitting in self.sittings if sitting.rater.name in names]

    @property
    def everybody(self) -> tuple[Rater, ...]:
        """All raters who could be chosen."""
        return tuple(sitting.rater for sitting in self.sittings)

    @property
    def versions(self) -> dict[int, int]:
        """How many of the chosen sessions, with a trial that is in, began with each version of the study."""
        return dict(sorted(Counter(sitting.version for sitting in self.chosen if sitting.trials).items()))

    @property
    def names(self) -> tuple[str, ...]:
        """The clips' names, in the order of the items."""
        return tuple(clip.file_name for clip in self.clips)

    def of_rater(self, sitting: Sitting) -> str:
        """A name of what one rater's result is computed from: judgments are never changed, only followed by others.

        Which of them are left out may change.
        """
        excluded = (sitting.left_out, sitting.with_excluded)
        sets = self.choice.clip_set, sitting.sets
        return _named(self._program, "rater", sitting.public_id, sitting.trials, sitting.last, excluded, sets)

    def of_study(self) -> str:
        """A name of what the study's results are computed from."""
        judged = [self.of_rater(sitting) for sitting in self.chosen]
        return _named(
            self._program, "study", astuple(self.choice), self.target, [astuple(one) for one in self.everybody], judged
        )

    @cached_property
    def _program(self) -> str:
        clips = [clip.public_id for clip in self.clips]
        return _named(VERSION, LAYOUT, self.choice.method, self.choice.uncertainty, self.is_over_cohort, clips)


def _named(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def inputs_of(db: Session, study_id: int, choice: Choice) -> Inputs:
    """What the results of a choice are to be computed from now. A withdrawn session is never among it.

    Where nothing is left out, a choice with what was left out is the same as one without, and becomes that; so does one
    with the uncertainty of RDMs that came with the data, which is not known.

    Raises
    ------
    NotFound
        When the study was deleted.
    Invalid
        When the choice names a set of clips that the study does not have.
    """
    study = db.get(Study, study_id)
    if study is None:
        raise NotFound("This study no longer exists.")
    definition = definition_of(study)
    sittings = tuple(_sittings(db, study_id, with_excluded=choice.with_excluded))
    if not any(one.rater.is_left_out for one in sittings):
        choice = replace(choice, with_excluded=False)
    if choice.method == GIVEN:
        choice = replace(choice, uncertainty=False)
    clips = tuple(clip_order(db, study_id))
    sets = clip_sets(definition.sets, [clip.attributes for clip in clips])
    # Where RDMs came with the data there are no trials to estimate.
    shared = is_over_cohort(definition.design.method) and choice.method != GIVEN
    target = definition.stop.min_evidence
    whole = Inputs(study_id, replace(choice, clip_set=None), target, clips, sittings, sets, shared)
    if choice.clip_set is None:
        return whole
    clip_set = next((one for one in sets if one.name == choice.clip_set), None)
    if clip_set is None:
        raise Invalid(f"The study has no set of clips {choice.clip_set!r}.", field="set")
    return whole.of_set(clip_set)


def _sittings(db: Session, study_id: int, *, with_excluded: bool) -> list[Sitting]:
    excluded = excluded_trials(db, study_id)
    query = (
        select(ParticipantSession, func.count(), func.max(Trial.number))
        .join(Trial, Trial.session_id == ParticipantSession.id)
        .join(Submission, Submission.trial_id == Trial.id)
        .where(
            ParticipantSession.study_id == study_id,
            COUNTED,
            ParticipantSession.state.not_in(LEFT_OUT),
            Trial.purpose.in_(JUDGMENTS),
        )
        .group_by(ParticipantSession.id)
        .order_by(ParticipantSession.number)
    )
    sittings = []
    for session, trials, last in db.execute(query):
        decided = excluded.get(session.id, {})
        left_out = () if with_excluded else tuple(decided)
        sittings.append(
            Sitting(
                session.id,
                session.public_id,
                session.state.value,
                _rater(session, decided),
                trials - len(left_out),
                last,
                session.version,
                left_out,
                with_excluded and bool(decided),
                None if session.clip_sets is None else tuple(session.clip_sets),
            )
        )
    return sittings or _with_given_rdms(db, study_id)


def _with_given_rdms(db: Session, study_id: int) -> list[Sitting]:
    """The sessions of a study whose raters' RDMs came with the data, without trials."""
    query = (
        select(ParticipantSession)
        .join(GivenRdm, GivenRdm.session_id == ParticipantSession.id)
        .where(ParticipantSession.study_id == study_id, COUNTED, ParticipantSession.state.not_in(LEFT_OUT))
        .order_by(ParticipantSession.number)
    )
    return [
        Sitting(
            session.id, session.public_id, session.state.value, _rater(session, {}), 0, -1, session.version, (), False
        )
        for session in db.scalars(query)
    ]


def _rater(session: ParticipantSession, excluded: Mapping[int, str]) -> Rater:
    return Rater(
        session.rater,
        is_finished=session.state == SessionState.FINISHED,
        is_simulated=session.is_simulated,
        exclusion=session.exclusion_reason,
        person=session.person,
        excluded_trials=tuple((number + 1, reason) for number, reason in excluded.items()),
    )
