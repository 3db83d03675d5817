"""/api/v1/openapi.json: the API's description, made from the URL map, the docstrings and the validating models.

What a route takes is in BODIES and QUERIES, what it answers in `app.web.api_answers`, and what a token needs for it in
`app.web.scopes`.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from app.participation.payloads import AnswersBody, EventBody, RatingBody, TrialBody
from app.results.export import MEADOWS, RDM_FORMATS
from app.results.figures import WIDTHS
from app.studies.watching import FILTERS, SORTS
from app.version import VERSION
from app.web import clip_board
from app.web.api_answers import ANSWERS
from app.web.api_answers.form import Form
from app.web.bring_in import FilesBody, HintsBody
from app.web.definition_api import CheckBody, DefinitionBody
from app.web.judging_api import DecisionBody
from app.web.models_page import ComparisonBody, ControversialBody
from app.web.plan import PlanBody
from app.web.scopes import SCOPES
from app.web.sessions_api import NoteBody
from app.web.study_api import DuplicateBody, NewStudyBody, OpenBody

blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")

BODIES: dict[str, type[BaseModel]] = {
    "imports.begin": FilesBody,
    "imports.preview": HintsBody,
    "imports.make": HintsBody,
    "participant_api.put_trial": TrialBody,
    "participant_api.put_draft": TrialBody,
    "participant_api.put_answers": AnswersBody,
    "participant_api.put_rating": RatingBody,
    "participant_api.events": EventBody,
    "researcher_api.definition.check": CheckBody,
    "researcher_api.definition.save": DefinitionBody,
    "researcher_api.judging.decide": DecisionBody,
    "researcher_api.models.compare": ComparisonBody,
    "researcher_api.models.controversial": ControversialBody,
    "researcher_api.plan.ask": PlanBody,
    "researcher_api.life.create": NewStudyBody,
    "researcher_api.life.duplicate": DuplicateBody,
    "researcher_api.life.open_it": OpenBody,
    "researcher_api.sessions.note": NoteBody,
    "clip_board.move": clip_board.MoveClipBody,
    "clip_board.rename": clip_board.RenameBody,
    "clip_board.remove": clip_board.ClipsBody,
    "clip_board.attribute": clip_board.AttributeBody,
}
# Bodies that are files.
FILES = {
    "clip_board.table": "application/octet-stream",
    "clip_uploads.add": "application/offset+octet-stream",
    "researcher_api.life.links": "application/octet-stream",
}
Schema = dict[str, Any]
SWITCH: Schema = {"type": "string", "enum": ["0", "1"]}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
WHOSE: dict[str, Schema] = {
    "method": {**TEXT, "description": "The estimator."},
    "simulated": {**SWITCH, "description": "Whether with simulated raters; 1 unless given."},
    "unfinished": {**SWITCH, "description": "Whether with unfinished sessions."},
    "excluded": {**SWITCH, "description": "Whether with what was left out by hand."},
    "uncertainty": {**SWITCH, "description": "Whether with standard errors, which take seconds to minutes a rater."},
    "set": {**TEXT, "description": "One of the study's sets of clips, by its name; all clips unless given."},
}
COMPLETED: dict[str, Schema] = {
    "completed": {**SWITCH, "description": "Whether pairs that nobody saw hold what the model predicts."}
}
DIMS: dict[str, Schema] = {
    "dims": {"type": "string", "enum": ["2", "3"], "description": "The map's dimensions; 2 unless given."}
}
PAGE: dict[str, Schema] = {
    "page": NUMBER,
    "sort": {"type": "string", "enum": list(SORTS)},
    "descending": SWITCH,
    "only": {"type": "string", "enum": ["", *FILTERS]},
    "search": TEXT,
}
ASKED: dict[str, Schema] = {
    "asked": {"type": "number", "description": "When it was asked for first; it comes with `again`."}
}
# Parts of addresses that are one of a few words.
PARTS: dict[str, dict[str, Schema]] = {
    "researcher_api.life.rdms": {"kind": {"type": "string", "enum": [*RDM_FORMATS, MEADOWS]}},
}
# What may follow the ? of an address.
QUERIES: dict[str, dict[str, Schema]] = {
    "researcher_api.study": PAGE,
    "researcher_api.sessions.sessions": PAGE,
    "researcher_api.reliability": {"target": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}},
    "researcher_api.results": WHOSE | {"known": {**TEXT, "description": "The version that is known already."}},
    "researcher_api.retry": WHOSE,
    "researcher_api.sets_of_clips": WHOSE,
    "researcher_api.rdm": WHOSE | COMPLETED,
    "researcher_api.clip_map": WHOSE | COMPLETED | DIMS,
    "researcher_api.clip_tree": WHOSE | COMPLETED,
    "researcher_api.models.add": {
        "file": {**TEXT, "description": "The file's name, with its ending; the body is its bytes."},
        "distance": {**TEXT, "description": "Between the activations of two clips."},
        "frames": {**TEXT, "description": "How the frames of a clip are taken: mean or concatenate."},
        "batch": {**TEXT, "description": "The id under which a file came in pieces, in place of the body."},
    },
    "researcher_api.agreement_between_raters": WHOSE,
    "researcher_api.uncertainty.read": {key: WHOSE[key] for key in WHOSE if key != "uncertainty"},
    "researcher_api.uncertainty.ask": {key: WHOSE[key] for key in WHOSE if key != "uncertainty"},
    "researcher_api.group_estimates.read": {key: WHOSE[key] for key in ("simulated", "unfinished", "excluded", "set")},
    "researcher_api.group_estimates.table": {key: WHOSE[key] for key in ("simulated", "unfinished", "excluded", "set")},
    "researcher_api.answers_and_ratings.ratings": {key: WHOSE[key] for key in ("simulated", "unfinished", "excluded")},
    "researcher_api.answers_and_ratings.answers": {key: WHOSE[key] for key in ("simulated", "unfinished", "excluded")},
    "researcher_api.life.bundle": {key: WHOSE[key] for key in ("simulated", "unfinished", "excluded", "uncertainty")}
    | {"recruiter_ids": {**SWITCH, "description": "Whether with the recruiters' ids; for editors."}}
    | ASKED,
    "researcher_api.life.figure": WHOSE
    | COMPLETED
    | ASKED
    | {"width": {"type": "string", "enum": list(WIDTHS)}, "rater": TEXT, "order": TEXT, "colour": TEXT}
    | DIMS,
    "researcher_api.life.rdms": WHOSE | COMPLETED | ASKED,
    "researcher_api.life.delete": {"typed": {**TEXT, "description": "The study's name."}},
    "researcher_api.life.remove_test_data": {"what": {"type": "string", "enum": ["pilots", "simulated"]}},
    "researcher_api.life.log": {"before": NUMBER},
    "researcher_api.life.links": {"file": TEXT, "new_ids": SWITCH},
    "clip_board.table": {"file": TEXT},
}
NEEDED_QUERIES = {"researcher_api.life.delete"}
HTTP_METHODS = ("get", "head", "put", "post", "patch", "delete")
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "field"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string", "description": "A sentence for a person."},
                "field": {"type": ["string", "null"], "description": "Which part of the body it is about."},
            },
        }
    },
}


@blueprint.get("/openapi.json")
def description() -> Response:
    """This description."""
    forms = [form for by_status in ANSWERS.values() for form in by_status.values() if _is_model(form)]
    models = [(model, "validation") for model in dict.fromkeys([*BODIES.values(), *forms])]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for rule in current_app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
            methods = rule.methods or set()
            # Who can GET can HEAD.
            told = [m for m in HTTP_METHODS if m.upper() in methods and not (m == "head" and "GET" in methods)]
            paths.setdefault(path, {}).update({method: _operation(rule) for method in told})
    schemes = {
        "participant": {"type": "http", "scheme": "bearer", "description": "The last part of the participant's link."},
        "token": {"type": "http", "scheme": "bearer", "description": "An API token of an experimenter's account."},
        "experimenter": {
            "type": "apiKey",
            "in": "cookie",
            "name": "session",
            "description": "Of a browser; what changes something also takes the header X-CSRFToken.",
        },
    }
    return jsonify(
        openapi="3.1.0",
        info={
            "title": "Asterism",
            "version": VERSION,
            "description": "Positions are in arena units: centre (0, 0), diameter 1, y upwards. Times are in ms.",
        },
        paths=dict(sorted(paths.items())),
        components={"schemas": {**definitions.get("$defs", {}), "Error": ERROR}, "securitySchemes": schemes},
    )


def _operation(rule: Rule) -> dict[str, Any]:
    endpoint = rule.endpoint
    view = current_app.view_functions[endpoint]
    problem = {"description": "Refused.", "content": _json("Error")}
    answers: dict[int, Form] = ANSWERS.get(endpoint, {200: "application/json"})
    operation: dict[str, Any] = {
        "operationId": endpoint.replace(".", "_"),
        "summary": (inspect.getdoc(view) or "").split("\n")[0],
        "responses": {str(status): _response(form) for status, form in answers.items()}
        | {"4XX": problem, "5XX": problem},
    }
    if endpoint.startswith(("participant_api.", "pilots_api.")):
        operation["security"] = [{"participant": []}]
    elif not endpoint.startswith("openapi."):
        operation["security"] = [{"token": sorted(SCOPES.get(endpoint, ()))}, {"experimenter": []}]
    parts = PARTS.get(endpoint, {})
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": parts.get(name, TEXT)}
        for name in sorted(rule.arguments)
    ]
    needed = endpoint in NEEDED_QUERIES
    parameters += [
        {"name": name, "in": "query", "required": needed, "schema": schema}
        for name, schema in QUERIES.get(endpoint, {}).items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if endpoint in BODIES:
        operation["requestBody"] = {"required": True, "content": _json(BODIES[endpoint].__name__)}
    if endpoint in FILES:
        operation["requestBody"] = {"required": True, "content": {FILES[endpoint]: {}}}
    return operation


def _is_model(form: Form) -> bool:
    return isinstance(form, type) and issubclass(form, BaseModel)


def _response(form: Form) -> dict[str, Any]:
    if form is None:
        return {"description": "Done."}
    content = {form: {}} if isinstance(form, str) else _json(form.__name__)
    return {"description": "Done.", "content": content}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
