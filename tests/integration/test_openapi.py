"""The API's description: every route, and the limits that really hold."""

from __future__ import annotations

import re

from flask import Flask


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    routes = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert set(document["paths"]) == {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route) for route in routes}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path


def test_every_reference_leads_somewhere(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/openapi.json")
    schemas = answer.get_json()["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert "TrialBody" in references
    assert references <= set(schemas)


def test_the_described_limits_are_those_of_the_validation(app: Flask) -> None:
    schemas = app.test_client().get("/api/v1/openapi.json").get_json()["components"]["schemas"]
    assert schemas["PlacementBody"]["properties"]["x"]["maximum"] == 0.5 + 1e-9
    assert schemas["MoveBody"]["properties"]["how"]["enum"] == ["drag", "click", "key", "lasso", "undo", "redo"]
    assert schemas["TrialBody"]["additionalProperties"] is False
