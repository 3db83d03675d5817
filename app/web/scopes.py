"""What an API token must be for, route by route. A route that is not here refuses tokens; a test names such a route.

A token acts within the role of its account besides: a viewer's token with `write` changes nothing.
"""

from __future__ import annotations

from app.domain import Scope

READ = frozenset({Scope.READ})
# What single participants did, and what is computed from it rater by rater.
PEOPLE = frozenset({Scope.PARTICIPANTS})
WRITE = frozenset({Scope.WRITE})
# What decides about participants' data, or takes them along.
BOTH = frozenset({Scope.PARTICIPANTS, Scope.WRITE})

SCOPES: dict[str, frozenset[Scope]] = {
    "imports.begin": WRITE,
    "imports.piece": WRITE,
    "imports.preview": WRITE,
    "imports.make": WRITE,
    "imports.forget": WRITE,
    "researcher_api.studies": READ,
    "researcher_api.study": PEOPLE,
    "researcher_api.reliability": READ,
    "researcher_api.clips": READ,
    "researcher_api.results": PEOPLE,
    "researcher_api.sets_of_clips": PEOPLE,
    "researcher_api.retry": PEOPLE,
    "researcher_api.rdm": PEOPLE,
    "researcher_api.clip_map": PEOPLE,
    "researcher_api.clip_tree": PEOPLE,
    "researcher_api.agreement_between_raters": PEOPLE,
    "researcher_api.uncertainty.read": PEOPLE,
    "researcher_api.uncertainty.ask": PEOPLE,
    "researcher_api.group_estimates.read": PEOPLE,
    "researcher_api.group_estimates.table": PEOPLE,
    "researcher_api.definition.definition": READ,
    "researcher_api.definition.check": READ,
    "researcher_api.definition.save": WRITE,
    "researcher_api.definition.versions": READ,
    "researcher_api.definition.files_of_texts": READ,
    "researcher_api.definition.remove_file_of_texts": WRITE,
    "researcher_api.models.read": PEOPLE,
    "researcher_api.models.add": WRITE,
    "researcher_api.models.remove": WRITE,
    "researcher_api.models.compare": WRITE,
    "researcher_api.models.controversial": WRITE,
    "researcher_api.plan.read": READ,
    "researcher_api.plan.ask": WRITE,
    "researcher_api.judging.quality": PEOPLE,
    "researcher_api.judging.decisions": PEOPLE,
    "researcher_api.judging.decide": BOTH,
    "researcher_api.judging.flow": READ,
    "researcher_api.judging.trial": PEOPLE,
    "researcher_api.answers_and_ratings.ratings": PEOPLE,
    "researcher_api.answers_and_ratings.answers": PEOPLE,
    "researcher_api.live_figures": READ,
    "researcher_api.life.create": WRITE,
    "researcher_api.life.duplicate": WRITE,
    "researcher_api.life.open_it": WRITE,
    "researcher_api.life.close": WRITE,
    "researcher_api.life.archive": WRITE,
    "researcher_api.life.bring_back": WRITE,
    "researcher_api.life.delete": BOTH,
    "researcher_api.life.remove_test_data": BOTH,
    "researcher_api.life.log": PEOPLE,
    "researcher_api.life.links": BOTH,
    "researcher_api.life.bundle": PEOPLE,
    "researcher_api.life.rdms": PEOPLE,
    "researcher_api.life.figure": PEOPLE,
    "researcher_api.life.flow_figure": READ,
    "researcher_api.sessions.sessions": PEOPLE,
    "researcher_api.sessions.session": PEOPLE,
    "researcher_api.sessions.note": BOTH,
    "researcher_api.sessions.withdraw": BOTH,
    "researcher_api.sessions.erase": BOTH,
    "clip_board.move": WRITE,
    "clip_board.rename": WRITE,
    "clip_board.attribute": WRITE,
    "clip_board.table": WRITE,
    "clip_board.attributes": READ,
    "clip_board.remove": WRITE,
    "clip_uploads.unfinished": WRITE,
    "clip_uploads.begin": WRITE,
    "clip_uploads.upload": WRITE,
    "clip_uploads.add": WRITE,
    "clip_uploads.remove": WRITE,
}
# Of the routes without a study's name those that a token for one study may use: they show that study alone.
OF_ONE_STUDY = {"researcher_api.studies"}
# Of the routes with one those that it may not use: they make another study.
BEYOND_ONE_STUDY = {"researcher_api.life.duplicate"}
