"""Every answer is counted, by what its request was for; `/metrics` tells the sums."""

from __future__ import annotations

import time

from flask import Flask, Response, current_app, g, request

from app.front.bridge import ARRIVED
from app.metrics import Counts

OF_ENDPOINTS = {
    "participant.agree": "join",
    "participant_api.put_trial": "save",
    "participant_api.put_draft": "draft",
    "participant_api.put_answers": "answers",
}
OF_BLUEPRINTS = {
    "participant": "participant",
    "participant_api": "participant",
    "pilots": "participant",
    "media": "media",
    "static": "static",
    "health_and_metrics": "other",
    "openapi": "other",
}


def register(app: Flask, counts: Counts) -> None:
    """Let the app count its answers."""
    app.extensions["asterism_counts"] = counts
    app.before_request(_begin)
    app.after_request(_count)


def counts() -> Counts:
    """The counters of this app."""
    counted: Counts = current_app.extensions["asterism_counts"]
    return counted


def _begin() -> None:
    # With the wait for a thread, where the front says when the request was there whole.
    g.arrived = request.environ.get(ARRIVED, time.perf_counter())


def _count(response: Response) -> Response:
    arrived = g.get("arrived")
    if arrived is not None:
        counts().count(_kind(), response.status_code, time.perf_counter() - arrived)
    return response


def _kind() -> str:
    endpoint = request.endpoint
    if endpoint is None:
        return "other"
    room = endpoint.split(".")[0]
    return OF_ENDPOINTS.get(endpoint) or OF_BLUEPRINTS.get(room, "experimenter")
