"""States of studies, clips and participants' sessions, and the transitions between them."""

from __future__ import annotations

from enum import StrEnum

from app.errors import NotAllowed

# A trial needs this many clips, so a study does.
MIN_CLIPS = 3


class StudyState(StrEnum):
    """A draft is being built, an open study takes participants, a closed one takes none (running sessions continue)."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Role(StrEnum):
    """What an account may do with a study: see it, also change it, or also delete it and decide about its members."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Verdict(StrEnum):
    """What somebody decided: to leave a session or trial out of the results, take it in, or pass over a proposal."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    DISMISS = "dismiss"


class Scope(StrEnum):
    """What an API token is for: to see studies, to see what single participants did, to change things."""

    READ = "read"
    PARTICIPANTS = "participants"
    WRITE = "write"


class LinkKind(StrEnum):
    """What a one-time link to an account is for."""

    INVITATION = "invitation"
    RESET = "reset"


class ItemKind(StrEnum):
    """What an item of a study is: a clip plays, a picture does not, a sound is heard. `clips` holds all three."""

    CLIP = "clip"
    PICTURE = "picture"
    SOUND = "sound"


class ClipState(StrEnum):
    """Where a clip is on its way from the experimenter's file to something that a browser plays."""

    WAITING = "waiting"
    CONVERTING = "converting"
    READY = "ready"
    FAILED = "failed"


class WorkState(StrEnum):
    """Where background work on a study's results is: not wanted, asked for, under way, or given up with a reason."""

    IDLE = "idle"
    WAITING = "waiting"
    COMPUTING = "computing"
    FAILED = "failed"


class SessionState(StrEnum):
    """A participant's sitting: consented and shown the instructions, at the task, done, withdrawn, or not admitted to
    the task because of an answer: nobody with it is looked for, or enough people with it are there.
    """

    INSTRUCTED = "instructed"
    ARRANGING = "arranging"
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"
    SCREENED_OUT = "screened_out"
    QUOTA_FULL = "quota_full"


# Sessions that hold no place and are in no result.
LEFT_OUT = (SessionState.WITHDRAWN, SessionState.SCREENED_OUT, SessionState.QUOTA_FULL)


class Proof(StrEnum):
    """What shows that whoever holds a session's token is its participant."""

    BEGAN = "began"
    """The session began in this browser."""
    SIGNED = "signed"
    """The link was signed by somebody who has the study's key."""
    ID = "id"
    """The link had the person's id, which nobody could guess."""
    NONE = "none"
    """The link had the person's id, which can be guessed."""


STUDY_TRANSITIONS = {
    StudyState.DRAFT: {StudyState.OPEN},
    StudyState.OPEN: {StudyState.CLOSED},
    StudyState.CLOSED: {StudyState.OPEN},
}

SESSION_TRANSITIONS = {
    SessionState.INSTRUCTED: {
        SessionState.ARRANGING,
        SessionState.SCREENED_OUT,
        SessionState.QUOTA_FULL,
        SessionState.WITHDRAWN,
    },
    SessionState.ARRANGING: {SessionState.FINISHED, SessionState.WITHDRAWN},
    SessionState.FINISHED: {SessionState.WITHDRAWN},
    SessionState.SCREENED_OUT: {SessionState.WITHDRAWN},
    SessionState.QUOTA_FULL: {SessionState.WITHDRAWN},
    SessionState.WITHDRAWN: set(),
}


def transition_study(state: StudyState, to: StudyState) -> StudyState:
    """The study's next state.

    Raises
    ------
    NotAllowed
        When a study cannot go from `state` to `to`.
    """
    if to == state:
        raise NotAllowed(f"The study is {state.value} already.")
    if to not in STUDY_TRANSITIONS[state]:
        is_now = "a draft" if state == StudyState.DRAFT else state.value
        raise NotAllowed(f"A study that is {is_now} cannot become {to.value}.")
    return to


def transition_session(state: SessionState, to: SessionState) -> SessionState:
    """The session's next state.

    Raises
    ------
    NotAllowed
        When a session cannot go from `state` to `to`.
    """
    if to not in SESSION_TRANSITIONS[state]:
        raise NotAllowed(f"A session that is {state.value} cannot become {to.value}.")
    return to
