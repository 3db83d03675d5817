"""Tables and constraints: other rooms import them from here. docs/data-dictionary.md says what each column means."""

from app.models.accounts import AccountLink, ApiToken, AuditEntry, Experimenter, Login, SetupLink
from app.models.answers import Answer, ClipToRate, Rating
from app.models.base import Base, UtcDateTime, now, states, table_of
from app.models.clips import Clip, FormerRendition, Rendition, TextFile
from app.models.results import GivenRdm, ModelComparison, StoredRater, StoredResults, StudyModel, StudyPlan
from app.models.sessions import COUNTED, Decision, ParticipantSession, SessionEvent, SessionToken
from app.models.studies import Study, StudyMember, StudyRevision
from app.models.trials import Draft, Placement, Seat, Submission, Trial

__all__ = [
    "COUNTED",
    "AccountLink",
    "Answer",
    "ApiToken",
    "AuditEntry",
    "Base",
    "Clip",
    "ClipToRate",
    "Decision",
    "Draft",
    "Experimenter",
    "FormerRendition",
    "GivenRdm",
    "Login",
    "ModelComparison",
    "ParticipantSession",
    "Placement",
    "Rating",
    "Rendition",
    "Seat",
    "SessionEvent",
    "SessionToken",
    "SetupLink",
    "StoredRater",
    "StoredResults",
    "Study",
    "StudyMember",
    "StudyModel",
    "StudyPlan",
    "StudyRevision",
    "Submission",
    "TextFile",
    "Trial",
    "UtcDateTime",
    "now",
    "states",
    "table_of",
]
