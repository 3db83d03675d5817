"""/api/v1/openapi.json: the API's description, made from the URL map, the docstrings and the validating models."""

from __future__ import annotations

import inspect
import re
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from app.participation.payloads import AnswersBody, EventBody, RatingBody, TrialBody
from app.version import VERSION
from app.web.definition_api import CheckBody, DefinitionBody
from app.web.judging_api import DecisionBody
from app.web.plan import PlanBody

blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")

BODIES = {
    "participant_api.put_trial": TrialBody,
    "participant_api.put_draft": TrialBody,
    "participant_api.put_answers": AnswersBody,
    "participant_api.put_rating": RatingBody,
    "participant_api.events": EventBody,
    "researcher_api.definition.check": CheckBody,
    "researcher_api.definition.save": DefinitionBody,
    "researcher_api.judging.decide": DecisionBody,
    "researcher_api.plan.ask": PlanBody,
}
HTTP_METHODS = ("get", "put", "post", "patch", "delete")
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
    models = [(model, "validation") for model in dict.fromkeys(BODIES.values())]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for rule in current_app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
            operations = {m: _operation(rule) for m in HTTP_METHODS if m.upper() in (rule.methods or set())}
            paths.setdefault(path, {}).update(operations)
    schemes = {
        "participant": {"type": "http", "scheme": "bearer", "description": "The last part of the participant's link."},
        "experimenter": {"type": "apiKey", "in": "cookie", "name": "session"},
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
    view = current_app.view_functions[rule.endpoint]
    problem = {"description": "Refused.", "content": _json("Error")}
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": (inspect.getdoc(view) or "").split("\n")[0],
        "responses": {"200": {"description": "Done."}, "4XX": problem, "5XX": problem},
    }
    if rule.endpoint.startswith(("participant_api.", "pilots_api.")):
        operation["security"] = [{"participant": []}]
    elif not rule.endpoint.startswith("openapi."):
        operation["security"] = [{"experimenter": []}]
    if rule.arguments:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in sorted(rule.arguments)
        ]
    if rule.endpoint in BODIES:
        operation["requestBody"] = {"required": True, "content": _json(BODIES[rule.endpoint].__name__)}
    return operation


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
