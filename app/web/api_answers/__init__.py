"""What the experimenters' API answers, field by field: the schemas of /api/v1/openapi.json.

Tests hold real answers against them: a field that is missing, new or of another type fails there.
"""

from __future__ import annotations

from app.web.api_answers.asked import AnswerCounts, Ratings
from app.web.api_answers.clips import Clips, Done, TableTaken, UploadBegun, Uploads
from app.web.api_answers.form import Form
from app.web.api_answers.models import ChosenClips, ComparisonAsked, Models, ModelsAdded, ModelsRemoved
from app.web.api_answers.plans import Asked, Plan, Working
from app.web.api_answers.quality import Decisions, Flow, Quality
from app.web.api_answers.results import (
    Agreement,
    ClipMap,
    GroupEstimates,
    Rdm,
    Reliability,
    ResultsOrUnchanged,
    ResultsStanding,
    SetResults,
    TreeOrReason,
    Uncertainty,
)
from app.web.api_answers.sessions import Erased, LiveFigures, LivePage, OneSession, SessionPage, StoredTrial
from app.web.api_answers.studies import (
    Definition,
    Deleted,
    Log,
    OneStudy,
    Saved,
    Studies,
    TestDataDeleted,
    TextFiles,
    Versions,
)

# By endpoint and status: the JSON that is answered, else the media type of a file, or None where there is no body.
ANSWERS: dict[str, dict[int, Form]] = {
    "researcher_api.studies": {200: Studies},
    "researcher_api.study": {200: LivePage},
    "researcher_api.live_figures": {200: LiveFigures},
    "researcher_api.reliability": {200: Reliability},
    "researcher_api.clips": {200: Clips},
    "researcher_api.sets_of_clips": {200: SetResults},
    "researcher_api.results": {200: ResultsOrUnchanged, 202: ResultsStanding},
    "researcher_api.retry": {200: Asked},
    "researcher_api.rdm": {200: Rdm},
    "researcher_api.clip_map": {200: ClipMap},
    "researcher_api.clip_tree": {200: TreeOrReason},
    "researcher_api.agreement_between_raters": {200: Agreement},
    "researcher_api.uncertainty.read": {200: Uncertainty},
    "researcher_api.uncertainty.ask": {200: Uncertainty},
    "researcher_api.group_estimates.read": {200: GroupEstimates},
    "researcher_api.group_estimates.table": {200: "text/csv"},
    "researcher_api.definition.definition": {200: Definition},
    "researcher_api.definition.check": {200: Definition},
    "researcher_api.definition.save": {200: Saved},
    "researcher_api.definition.versions": {200: Versions},
    "researcher_api.definition.files_of_texts": {200: TextFiles},
    "researcher_api.definition.remove_file_of_texts": {200: TextFiles},
    "researcher_api.plan.read": {200: Plan},
    "researcher_api.models.read": {200: Models},
    "researcher_api.models.add": {201: ModelsAdded},
    "researcher_api.models.remove": {200: ModelsRemoved},
    "researcher_api.models.controversial": {200: ChosenClips},
    "researcher_api.models.compare": {202: ComparisonAsked},
    "researcher_api.plan.ask": {202: Asked},
    "researcher_api.judging.quality": {200: Quality},
    "researcher_api.judging.decisions": {200: Decisions},
    "researcher_api.judging.decide": {200: Decisions},
    "researcher_api.judging.flow": {200: Flow},
    "researcher_api.judging.trial": {200: StoredTrial},
    "researcher_api.asked.ratings": {200: Ratings},
    "researcher_api.asked.answers": {200: AnswerCounts},
    "researcher_api.life.create": {201: OneStudy},
    "researcher_api.life.duplicate": {201: OneStudy},
    "researcher_api.life.open_it": {200: OneStudy},
    "researcher_api.life.close": {200: OneStudy},
    "researcher_api.life.archive": {200: OneStudy},
    "researcher_api.life.bring_back": {200: OneStudy},
    "researcher_api.life.delete": {200: Deleted},
    "researcher_api.life.remove_test_data": {200: TestDataDeleted},
    "researcher_api.life.log": {200: Log},
    "researcher_api.life.links": {200: "text/csv"},
    "researcher_api.life.bundle": {200: "application/zip", 202: Working},
    "researcher_api.life.rdms": {200: "application/octet-stream", 202: Working},
    "researcher_api.life.figure": {200: "application/octet-stream", 202: Working},
    "researcher_api.life.flow_figure": {200: "application/octet-stream"},
    "researcher_api.sessions.sessions": {200: SessionPage},
    "researcher_api.sessions.session": {200: OneSession},
    "researcher_api.sessions.note": {200: OneSession},
    "researcher_api.sessions.withdraw": {200: OneSession},
    "researcher_api.sessions.erase": {200: Erased},
    "clip_board.move": {200: Done},
    "clip_board.rename": {200: Done},
    "clip_board.attribute": {200: Done},
    "clip_board.table": {200: TableTaken},
    "clip_board.attributes": {200: "text/csv"},
    "clip_board.remove": {200: Done},
    "clip_uploads.unfinished": {200: Uploads},
    "clip_uploads.begin": {201: UploadBegun},
    "clip_uploads.upload": {200: None},
    "clip_uploads.add": {204: None},
    "clip_uploads.remove": {204: None},
}
