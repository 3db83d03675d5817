"""Results of the study "faces": asked for, and as they are stored."""

from __future__ import annotations

from sqlalchemy import select

from analysis.results import Choice
from app.models import Study
from app.results.inputs import Inputs, inputs_of
from app.results.overview import Overview
from app.results.stored import Standing, standing_of, stored_overview
from app.results.work import request_results
from tests import experimenter

QUICK = Choice("weighted_average")
EVERYBODY = Choice("weighted_average", with_unfinished=True)


def study_id(lab: experimenter.Lab) -> int:
    with lab.database.reading() as db:
        return db.scalars(select(Study.id).where(Study.name == "faces")).one()


def standing(lab: experimenter.Lab, choice: Choice = QUICK) -> tuple[Inputs, Standing]:
    with lab.database.reading() as db:
        inputs = inputs_of(db, study_id(lab), choice)
        return inputs, standing_of(db, inputs)


def request(lab: experimenter.Lab, choice: Choice = QUICK, *, retry: bool = False) -> None:
    inputs, _ = standing(lab, choice)
    with lab.database.writing() as db:
        request_results(db, inputs, retry=retry)


def overview(lab: experimenter.Lab, choice: Choice = QUICK) -> Overview | None:
    with lab.database.reading() as db:
        return stored_overview(db, inputs_of(db, study_id(lab), choice))
