"""RDMs of raters that borrow from the others: computed where somebody asks, as JSON and as a table."""

from __future__ import annotations

import numpy as np
from flask import Blueprint, Response, jsonify
from werkzeug.wrappers import Response as AnyResponse

from analysis.formats.tables import csv_lines
from analysis.results import GROUP_ESTIMATE_COLUMNS, NOT_INDEPENDENT, POOLED, GroupEstimates, group_estimate_rows
from app.accounts.members import require_study
from app.domain import Role
from app.models import Study
from app.results.group_estimates import borrowed_estimates
from app.web.context import database
from app.web.downloads import download, file_name
from app.web.login import account_id
from app.web.query import choice_of_request

# A part of the experimenter's API: guarded as all of it.
blueprint = Blueprint("group_estimates", __name__)


@blueprint.get("/<name>/results/group-estimates")
def read(name: str) -> Response:
    """Each rater's RDM helped by the others', how much it borrowed, and the RDM of all trials together; computed now,
    which takes some seconds.
    """
    _, estimates = _computed(name)
    # As every RDM of the API: a root mean square of 1.
    unit = np.sqrt(estimates.pooled.size)
    return jsonify(
        sentence=NOT_INDEPENDENT,
        clips=estimates.names,
        pairs=estimates.pooled.size,
        raters=[
            {"rater": rater, "borrowed": borrowed, "pairs_seen": seen, "rdm": rdm}
            for rater, borrowed, seen, rdm in zip(
                estimates.raters,
                estimates.mean_borrowed.tolist(),
                estimates.n_seen.tolist(),
                (unit * estimates.rdms).tolist(),
                strict=True,
            )
        ],
        group={
            "sentence": POOLED,
            "pairs_seen": estimates.n_seen_by_anybody,
            "rdm": (unit * estimates.pooled).tolist(),
        },
        unusable=[{"rater": rater, "reason": reason} for rater, reason in estimates.unusable.items()],
    )


@blueprint.get("/<name>/results/group-estimates.csv")
def table(name: str) -> AnyResponse:
    """The same as a table: a row for each rater and pair, with the share that was borrowed; the group's come last."""
    study, estimates = _computed(name)
    lines = csv_lines(GROUP_ESTIMATE_COLUMNS, group_estimate_rows(estimates))
    return download((line.encode() for line in lines), "text/csv", f"{file_name(study)}_group_estimates.csv")


def _computed(name: str) -> tuple[Study, GroupEstimates]:
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
    return study, borrowed_estimates(database(), study.id, choice_of_request())
