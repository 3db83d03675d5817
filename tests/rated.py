"""A study with all that a bundle can hold: questions, ratings, changed ratings, a rater who withdrew, decisions."""

from __future__ import annotations

from sqlalchemy import select

from app.db import Database
from app.models import Study
from app.participation.answers import hand_in
from app.participation.decisions import exclude
from app.participation.enrolment import enter, session_of
from app.participation.rating_answers import rate
from app.participation.trials import advance, start
from app.participation.withdrawal import withdraw
from tests.experimenter import Lab, go_on, take_part
from tests.factories import encode, make_study

NAME = "rated"
VALENCE = """\
[[ratings.questions]]
name = "valence"
ask = "How pleasant is it?"
kind = "scale"
min = -3
max = 3
"""
AGE_AND_STRATEGY = """\
[[questions]]
name = "age"
ask = "How old are you?"
kind = "number"
when = "before"
[[questions]]
name = "strategy"
ask = "How did you go about it?"
kind = "text"
"""
SAW = """\
[[questions]]
name = "saw"
ask = "What did you see?"
kind = "several_of"
choices = ["faces", "places"]
"""
TOML = f"""
title = "Fäces, rated"
seed = 11
[design]
method = "lift_the_weakest"
max_items = 5
[stop]
min_evidence = 0.2
max_trials = 3
[ratings]
clips = 4
repeats = 1
{VALENCE}[[ratings.questions]]
name = "place"
ask = "Where is it?"
kind = "one_of"
required = false
choices = ["indoors", "NA"]
{AGE_AND_STRATEGY}{SAW}"""
# "NA" is a text here, and 007 is not the number 7.
AFTER = (
    {"strategy": "NA", "saw": ["faces", "places"]},
    {"strategy": '=1+1\nand "more"', "saw": []},
    {"strategy": "007"},
)
RATING = {"watched": "yes", "plays": 2, "played": 1500.0, "duration": 4000.0, "hidden": 0.25}


def make_rated_study(lab: Lab) -> None:
    """Two raters and a simulated one, who are done; a fourth who withdrew; a trial and a session left out."""
    make_study(lab.database, lab.settings, name=NAME, toml=TOML)
    for number, after in enumerate(AFTER):
        with lab.database.writing() as db:
            token = enter(db, NAME, {}, is_simulated=number == 2).token
        with lab.database.reading() as db:
            session_id = session_of(db, token).id
        hand_in(lab.database, token, "before", encode({"answers": {"age": 30.5 + number}}))
        start(lab.database, token)
        go_on(lab.database, session_id, number, trials=None, token=token)
        _rate(lab.database, token, number)
        hand_in(lab.database, token, "after", encode({"answers": after}))
    take_part(lab.database, NAME, 9, trials=0)
    with lab.database.writing() as db:
        withdraw(db, enter(db, NAME, {}).token)
    with lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == NAME)).one()
        exclude(db, study, "P001", "tried keys", trial=2)
        exclude(db, study, "P003", "a test of ours")


def _rate(database: Database, token: str, number: int) -> None:
    """All clips that the session is asked for, 0 on the scale among the answers; the second one is changed once."""
    record = advance(database, token)
    for step, place in ((-3, "NA"), (2, "indoors"), (0, None), (3, "NA"), (1, "indoors")):
        assert record.open_rating is not None
        key = record.open_rating.key
        answers = {"valence": (step + number) % 4 - 1, "place": place}
        _, record = rate(database, token, key, encode({**RATING, "answers": answers}))
        if step == 2:
            _, record = rate(
                database, token, key, encode({**RATING, "revision": 1, "answers": {**answers, "valence": -2}})
            )
    assert record.open_rating is None
