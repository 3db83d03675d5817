"""What participants said, as members of a study see it: on its pages, by API, in files and by commands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import select, update

from analysis.formats.bundle import read_bundle
from analysis.ratings import choice_ratings, scale_ratings
from app.cli import commands
from app.models import Clip, ParticipantSession, Study
from app.results.export import export_bundle
from app.studies.deletion import holdings_of
from app.web.api_answers.answers_and_ratings import AnswerCounts, Ratings
from tests import experimenter
from tests.apps import installation
from tests.factories import make_study
from tests.integration.test_participant_api import join
from tests.integration.test_ratings import arrange, put, rated

TOML = """
title = "A study"
[stop]
max_trials = 1
min_evidence = 100
[ratings]
repeats = 1
[[ratings.questions]]
name = "valence"
ask = "How **pleasant** is it?"
kind = "scale"
min = -3
max = 3
min_label = "not at all"
[[ratings.questions]]
name = "place"
ask = { de = "Wo ist es?", en = "Where is it?" }
kind = "one_of"
choices = [{ value = "in", label = "indoors" }, { value = "out", label = "outdoors" }]

[[questions]]
name = "age"
ask = "How old are you?"
kind = "number"
when = "before"
[[questions]]
name = "glasses"
ask = "Do you wear **glasses**?"
kind = "one_of"
choices = ["yes", "no", "sometimes"]
[[questions]]
name = "devices"
ask = "What do you own?"
kind = "several_of"
choices = [{ value = "phone", label = "a phone" }, "laptop", "tablet"]
[[questions]]
name = "hard"
ask = "How hard was it?"
kind = "scale"
min = 0
max = 3
[[questions]]
name = "agree"
ask = "I may be asked again"
kind = "consent"
[[questions]]
name = "strategy"
ask = "How did you go about it?"
kind = "text"
"""
# Of each rater, by clip; the fourth is a test that somebody has left out of the results.
VALENCE = np.array([[-3, -1, 0, 1, 2, 3], [-2, -2, 1, 0, 3, 3], [-1, 0, 0, 2, 1, 3], [3, 3, 3, 3, 3, 3]])
PLACE = np.array([[0, 0, 1, 1, 0, 1], [0, 0, 1, 0, 1, 1], [0, 1, 1, 1, 0, 1], [1, 1, 1, 1, 1, 1]])
# After the task; the third says nothing, and the fourth has not come so far.
AFTER = [
    {"glasses": "yes", "devices": ["phone", "tablet"], "hard": 0, "agree": True, "strategy": "=SUM(1)"},
    {"glasses": "no", "devices": ["phone"], "hard": 3, "agree": False, "strategy": "by\nfeeling, mostly"},
    {},
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[experimenter.Lab]:
    """Three raters and a test, who rated all clips; the account that made the study is logged in."""
    settings = installation(tmp_path_factory.mktemp("asked") / "data", empty_sqlite)
    with experimenter.open_lab(settings) as lab:
        owner = experimenter.make_account(lab.database)
        make_study(lab.database, settings, toml=TOML, owner_id=owner.id)
        make_study(lab.database, settings, name="plain")
        with lab.database.reading() as db:
            item = {clip.public_id: clip.position for clip in db.scalars(select(Clip))}
        for rater, (valence, place) in enumerate(zip(VALENCE.tolist(), PLACE.tolist(), strict=True)):
            person = join(lab.client)
            view = arrange(person)
            while (rating := view["rating"]) is not None:
                clip = item[rating["now"]["clip"]["id"]]
                # What was shown again is rated as before by the first rater alone.
                value = valence[clip] if rating["now"]["number"] <= 6 or rater == 0 else -3
                answers = {"valence": value, "place": ("in", "out")[place[clip]]}
                answer = put(person, rating["now"]["key"], rated(answers))
                assert answer.status_code == 200, answer.text
                view = answer.get_json()["next"]
            if rater < len(AFTER):
                assert person.call("PUT", "/answers/after", {"answers": AFTER[rater]}).status_code == 200
        leave_out(lab, 4)
        experimenter.log_in(lab.client)
        yield lab


def leave_out(lab: experimenter.Lab, number: int) -> None:
    with lab.database.writing() as db:
        of_rater = ParticipantSession.number == number
        db.execute(update(ParticipantSession).where(of_rater).values(exclusion_reason="test"))
        db.commit()


def ratings(client: FlaskClient, choice: str = "") -> Any:
    answer = client.get(f"/api/v1/studies/faces/ratings{choice}")
    Ratings.model_validate_json(answer.get_data())
    return answer.get_json()


def run(lab: experimenter.Lab, *arguments: str) -> Result:
    return CliRunner().invoke(commands, ["--data", str(lab.settings.data), *arguments])


def test_each_clip_has_what_it_was_rated_and_raters_agree_as_computed(lab: experimenter.Lab) -> None:
    answer = ratings(lab.client)
    assert [clip["file"] for clip in answer["clips"]] == [f"clip{item}.mp4" for item in range(6)]
    scale, choice = answer["questions"]
    assert (scale["ask"], scale["scale"]) == ("How pleasant is it?", "\u22123 (not at all) to 3")
    assert [clip["mean"] for clip in scale["clips"]] == pytest.approx(VALENCE[:3].mean(axis=0), abs=1e-5)
    assert [clip["sd"] for clip in scale["clips"]] == pytest.approx(VALENCE[:3].std(axis=0, ddof=1), abs=1e-5)
    assert [clip["n"] for clip in scale["clips"]] == [3] * 6
    expected = scale_ratings(VALENCE[:3])
    assert scale["agreement"][0]["key"] == "icc_2_k"
    for line in scale["agreement"]:
        coefficient = getattr(expected, line["key"])
        assert line["value"] == pytest.approx(coefficient.value, abs=1e-5), line["key"]
        assert line["sentence"].endswith((".", "?"))
    assert scale["repeats"].startswith("Over 3 clips that were shown to a rater again, both")

    assert (choice["ask"], [one["label"] for one in choice["choices"]]) == ("Where is it?", ["indoors", "outdoors"])
    assert [clip["counts"] for clip in choice["clips"]] == [
        [int((PLACE[:3, item] == k).sum()) for k in (0, 1)] for item in range(6)
    ]
    alpha = choice_ratings(PLACE[:3], 2).krippendorff_alpha
    assert choice["agreement"][0]["value"] == pytest.approx(alpha.value, abs=1e-5)


def test_who_is_left_out_counts_only_where_all_are_wanted(lab: experimenter.Lab) -> None:
    with_all = ratings(lab.client, "?excluded=1")["questions"][0]
    assert (with_all["raters"], [clip["n"] for clip in with_all["clips"]]) == (4, [4] * 6)
    assert [clip["mean"] for clip in with_all["clips"]] == pytest.approx(VALENCE.mean(axis=0), abs=1e-5)
    # An interval that says nothing is not shown, but the reason is.
    (single,) = [line for line in ratings(lab.client)["questions"][0]["agreement"] if line["key"] == "icc_2_1"]
    assert (single["low"], "too few raters" in single["reason"]) == (None, True)


def test_files_hold_what_the_bundle_holds(lab: experimenter.Lab) -> None:
    answer = lab.client.get("/studies/faces/ratings.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="faces_ratings.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sum(row["participant"] != "P005" for row in rows) == 4 * 7 * 2
    by_clip = list(csv.DictReader(io.StringIO(lab.client.get("/studies/faces/attributes_from_ratings.csv").text)))
    assert [float(row["mean"]) for row in by_clip if row["question"] == "valence"] == pytest.approx(
        VALENCE[:3].mean(axis=0)
    )


def test_pages_show_the_tables_and_a_session_its_own_ratings(lab: experimenter.Lab) -> None:
    page = lab.client.get("/studies/faces/results").text
    assert "data-ratings-table" in page
    page = lab.client.get("/studies/faces/sessions/P002").text
    assert "7 of 7 rated" in page
    assert "How <strong>pleasant</strong> is it?" in page
    assert page.count(">again<") == 1
    assert page.count('<td dir="auto">outdoors</td>') in (3, 4)
    assert "rated, in the order" not in lab.client.get("/studies/plain/sessions/P001").text


def test_the_command_prints_the_same_and_writes_the_files(lab: experimenter.Lab, tmp_path: Path) -> None:
    files = (tmp_path / "single.csv", tmp_path / "clips.csv")
    done = run(lab, "study", "ratings", "faces", "--single", str(files[0]), "--by-clip", str(files[1]))
    assert done.exit_code == 0, done.output
    assert "valence: 3 raters" in done.output
    assert "clip0.mp4  mean -2.00  sd 1.00  n 3" in done.output
    assert "clip1.mp4  in 2, out 1  n 3" in done.output
    with_all = run(lab, "study", "ratings", "faces", "--with-excluded").output
    assert "valence: 4 raters" in with_all
    assert files[0].read_text() == lab.client.get("/studies/faces/ratings.csv").text
    assert files[1].read_text() == lab.client.get("/studies/faces/attributes_from_ratings.csv").text
    none = run(lab, "study", "ratings", "plain")
    assert none.exit_code == 1
    assert "asks for no ratings" in str(none.exception)


def test_answers_are_counted_with_those_that_nobody_gave(lab: experimenter.Lab) -> None:
    answer = lab.client.get("/api/v1/studies/faces/answers")
    # As the description of the API says.
    AnswerCounts.model_validate_json(answer.get_data())
    by_name = {one["name"]: one for one in answer.get_json()["questions"]}
    assert list(by_name) == ["age", "glasses", "devices", "hard", "agree", "strategy"]
    assert (by_name["age"]["asked"], by_name["age"]["answered"], by_name["age"]["given"]) == (3, 3, [])
    assert by_name["age"]["numbers"] == {"mean": 30, "sd": 0, "median": 30, "least": 30, "most": 30}
    assert (by_name["glasses"]["ask"], by_name["glasses"]["answered"]) == ("Do you wear glasses?", 2)
    counts = {name: [(one["label"], one["count"]) for one in by_name[name]["given"]] for name in by_name}
    assert counts["glasses"] == [("yes", 1), ("no", 1), ("sometimes", 0)]
    assert counts["devices"] == [("a phone", 2), ("laptop", 0), ("tablet", 1)]
    # Zero is an answer.
    assert (by_name["hard"]["answered"], counts["hard"]) == (2, [("0", 1), ("1", 0), ("2", 0), ("3", 1)])
    assert (by_name["hard"]["numbers"]["mean"], by_name["hard"]["scale"]) == (1.5, "0 to 3")
    assert counts["agree"] == [("ticked", 1), ("not ticked", 2)]
    assert (by_name["strategy"]["answered"], counts["strategy"]) == (2, [])
    with_all = lab.client.get("/api/v1/studies/faces/answers?excluded=1").get_json()["questions"]
    assert (with_all[0]["asked"], with_all[1]["asked"]) == (4, 3)


def test_the_wide_table_has_a_row_a_session_and_a_column_a_question(lab: experimenter.Lab, tmp_path: Path) -> None:
    text = lab.client.get("/studies/faces/answers.csv").text
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["participant"] != "P005"]
    head = ["participant", "session", "person", "visit", "state"]
    names = ["age", "glasses", "devices", "hard", "agree", "strategy", "comment"]
    assert list(rows[0]) == head + names
    assert [[row[name] for name in names] for row in rows] == [
        # A spreadsheet runs no participant's formula.
        ["30.0", "yes", "phone|tablet", "0", "TRUE", "'=SUM(1)", "NA"],
        ["30.0", "no", "phone", "3", "FALSE", "by\nfeeling, mostly", "NA"],
        ["30.0", "NA", "NA", "NA", "FALSE", "NA", "NA"],
        ["30.0", "NA", "NA", "NA", "NA", "NA", "NA"],
    ]
    assert [(row["participant"], row["person"], row["visit"]) for row in rows[:2]] == [
        ("P001", "1", "1"),
        ("P002", "2", "1"),
    ]
    done = run(lab, "study", "answers", "faces", "--out", str(tmp_path / "answers.csv"))
    assert done.exit_code == 0, done.output
    assert "devices: 2 of 3 answered\n  phone: 2\n  laptop: 0\n  tablet: 1\n" in done.output
    assert (tmp_path / "answers.csv").read_bytes().decode() == text
    # The bundle has the same, and its dictionary says what each column holds.
    with lab.database.reading() as db, (tmp_path / "bundle.zip").open("wb") as file:
        export_bundle(db, db.scalars(select(Study).where(Study.name == "faces")).one(), file)
    bundle = read_bundle(tmp_path / "bundle.zip")
    assert bundle.text("answers_wide.csv") == text
    assert bundle.manifest["counts"]["answers_wide"] == len(text.split("\nP")) - 1
    assert (
        "| devices | text |  | no | several_of; several with \\| between them: What do you own? |"
        in bundle.text("data_dictionary.md").split("## answers_wide.csv")[1]
    )
    assert "answers_wide,hard,int,,no,scale: How hard was it?" in bundle.text("data_dictionary.csv")


def test_what_a_deletion_takes_along_counts_ratings_and_answers(lab: experimenter.Lab) -> None:
    with lab.database.reading() as db:
        faces, plain = (db.scalars(select(Study).where(Study.name == name)).one() for name in ("faces", "plain"))
        held = holdings_of(db, lab.settings, faces)
        assert held.ratings in (28, 29)
        assert f"{held.ratings} ratings of clips, {held.answers} answers to questions" in held.text
        assert held.answers in (19, 20)
        assert "rating" not in holdings_of(db, lab.settings, plain).text


def test_results_offer_ratings_as_attributes_that_say_what_they_are(lab: experimenter.Lab) -> None:
    lab.client.get("/api/v1/studies/faces/results")
    experimenter.compute(lab)
    results = lab.client.get("/api/v1/studies/faces/results").get_json()
    assert results["state"] == "ready"
    first = results["clips"][0]["attributes"]
    assert list(first) == ["valence (rated, mean of 3)", "place (rated, choice of most of 3)"]
    assert (first["valence (rated, mean of 3)"], first["place (rated, choice of most of 3)"]) == ("-2", "in")
    # Who waits for new results hears of a new rating, too, which alone would leave the RDMs as they are.
    assert (
        lab.client.get(f"/api/v1/studies/faces/results?known={results['version']}").get_json()["state"] == "unchanged"
    )
    fifth = join(lab.client)
    put(fifth, arrange(fifth)["rating"]["now"]["key"], rated({"valence": 0, "place": "in"}))
    assert lab.client.get(f"/api/v1/studies/faces/results?known={results['version']}").get_json()["state"] == "ready"
    leave_out(lab, 5)
    # A map in their colours can be had as a file, and as the script that reads them from the bundle.
    names = {"colour": "place (rated, choice of most of 3)"}
    figure = lab.client.get("/studies/faces/figures/map.svg", query_string=names)
    assert figure.status_code == 200, figure.text
    assert ">in<" in figure.text
    script = lab.client.get("/studies/faces/figures/map.py", query_string=names)
    assert "colour='rated_place'" in script.text
    # They are no attributes of the study's own.
    assert lab.client.get("/api/v1/studies/faces/clips").get_json()["clips"][0]["attributes"] == {}
