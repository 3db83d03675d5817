"""A study is planned before anybody takes part: asked for, computed in the background, kept, held against the study."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from analysis.formats.square import write_square_csv
from analysis.planning import Timing, plan_study
from analysis.planning import plan as plan_module
from analysis.planning.budget import Budget
from analysis.simulate import make_truth
from app import cli
from app.claims import CLAIM_LEASE
from app.config import Settings
from app.domain import WorkState
from app.errors import Invalid
from app.models import Clip, Study, StudyPlan, Submission, now
from app.planning import work as work_module
from app.planning.basis import basis_of, changes_since, timing_of, worked_sessions
from app.planning.plan_settings import PlanSettings, models_of_files, models_of_texts, settings_of
from app.planning.stored import standing_of
from app.planning.words import needed_sentence, sentences_of
from app.planning.work import compute_next_plan, ensure_plan, plan_waits, request_plan
from benchmarks import planner
from tests import experimenter
from tests.factories import make_study

TINY = Budget(worlds=3, raters=3, max_trials=12)
TOML = """
title = "Planned"
seed = 3
[design]
method = "balanced"
max_items = 5
[stop]
min_evidence = 0.2
max_trials = 4
"""


@pytest.fixture(autouse=True)
def small_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans are small, and use a quick estimator."""

    def small(*arguments: Any, **options: Any) -> Any:
        return plan_study(*arguments, **{"budget": TINY, "method": "weighted_average"} | options)

    monkeypatch.setattr(work_module, "plan_study", small)
    monkeypatch.setattr(plan_module, "N_BOOT", 10)


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """A study of six clips."""
    with experimenter.open_lab(settings) as lab:
        make_study(lab.database, lab.settings, toml=TOML)
        yield lab


@pytest.fixture
def both_lab(both_settings: Settings) -> Iterator[experimenter.Lab]:
    """The same on SQLite and on PostgreSQL."""
    with experimenter.open_lab(both_settings) as lab:
        make_study(lab.database, lab.settings, toml=TOML)
        yield lab


def study_of(db: Any) -> Study:
    return db.scalars(select(Study)).one()  # type: ignore[no-any-return]


def ask(lab: experimenter.Lab, **settings: Any) -> None:
    with lab.database.writing() as db:
        request_plan(db, study_of(db), PlanSettings(**settings))


def standing(lab: experimenter.Lab) -> Any:
    with lab.database.reading() as db:
        study = study_of(db)
        return standing_of(db, study, basis_of(db, study))


def test_a_plan_is_asked_for_computed_and_kept_with_what_it_came_from(both_lab: experimenter.Lab) -> None:
    assert standing(both_lab).content is None
    ask(both_lab, raters=5, reliability=0.8, individual=0.3)
    assert plan_waits(both_lab.database)
    steps: list[tuple[int, int]] = []
    assert compute_next_plan(both_lab.database, on_session=lambda done, of: steps.append((done, of)))
    assert not plan_waits(both_lab.database)
    assert not compute_next_plan(both_lab.database)
    stands = standing(both_lab)
    assert steps[-1] == (9, 9)
    assert (stands.state, stands.changes, stands.content["plan"]["sessions"]) == (WorkState.IDLE, [], 9)
    assert stands.content["asked"]["raters"] == 5
    assert stands.content["facts"]["design.max_items"] == 5
    text = " ".join([needed_sentence(stands.content), *sentences_of(stands.content)])
    assert "0.8" in text
    assert "This is an assumption" in text


def test_a_plan_says_what_of_the_study_has_changed_since(lab: experimenter.Lab) -> None:
    ask(lab)
    ensure_plan(lab.database, 1)
    with lab.database.writing() as db:
        study = study_of(db)
        study.definition = study.definition | {"design": {"method": "balanced", "max_items": 4}}
        db.commit()
    assert standing(lab).changes == ["design.max_items was 5, and is 4 now"]
    assert changes_since({"a": 1.5}, {"b": 2}) == ["a was 1.5, and is unknown now", "b was unknown, and is 2 now"]


def test_who_asks_for_something_else_takes_the_work_away(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(lab, raters=5)

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        ask(lab, raters=7)
        return plan_study(*arguments, budget=TINY, method="weighted_average", **options)

    with monkeypatch.context() as patched:
        patched.setattr(work_module, "plan_study", meanwhile)
        assert compute_next_plan(lab.database)
    assert (standing(lab).content, standing(lab).state) == (None, WorkState.WAITING)
    assert compute_next_plan(lab.database)
    assert standing(lab).content["asked"]["raters"] == 7


def test_a_worker_that_died_is_replaced_and_given_up_after_three_times(both_lab: experimenter.Lab) -> None:
    ask(both_lab)
    old = now() - 2 * CLAIM_LEASE
    with both_lab.database.writing() as db:
        db.execute(update(StudyPlan).values(state=WorkState.COMPUTING, claim="gone", worked_at=old, attempts=2))
        db.commit()
    assert compute_next_plan(both_lab.database)
    assert standing(both_lab).content is not None
    with both_lab.database.writing() as db:
        db.execute(update(StudyPlan).values(state=WorkState.COMPUTING, claim="gone", worked_at=old, attempts=3))
        db.commit()
    assert not compute_next_plan(both_lab.database)
    assert "3 times" in standing(both_lab).reason


def test_what_cannot_be_planned_says_why(lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise ValueError("no truth correlates with both")

    ask(lab)
    with monkeypatch.context() as patched:
        patched.setattr(work_module, "plan_study", fails)
        with pytest.raises(Invalid, match="no truth correlates"):
            ensure_plan(lab.database, 1)
    assert standing(lab).state == WorkState.FAILED
    with pytest.raises(Invalid, match="reliability"):
        settings_of({"reliability": 2})
    with pytest.raises(Invalid, match="haste"):
        settings_of({"haste": 1})
    with lab.database.writing() as db:
        for clip in list(db.scalars(select(Clip)))[3:]:
            clip.state = "failed"  # type: ignore[assignment]
        db.flush()
        with pytest.raises(Invalid, match="at least 4 clips"):
            request_plan(db, study_of(db), PlanSettings())


def test_the_pace_of_people_replaces_the_assumed_one(both_lab: experimenter.Lab) -> None:
    for seed in range(3):
        experimenter.take_part(both_lab.database, "faces", seed)
    experimenter.take_part(both_lab.database, "faces", 9, is_simulated=True)
    with both_lab.database.writing() as db:
        db.execute(update(Submission).values(active_ms=60_000.0))
        db.commit()
    with both_lab.database.reading() as db:
        study = study_of(db)
        basis = basis_of(db, study)
        assumed = Timing(seconds_per_trial=10.0, seconds_per_placement=4.0, watch=False)
        timing = timing_of(db, study, basis, assumed)
        seconds, trials = worked_sessions(db, study)[0]
    assert basis.facts["sessions with measured times"] == 3
    assert seconds == 60 * len(trials)
    assert timing.measured == 3
    assert timing.pace == pytest.approx(seconds / sum(10 + 4 * len(items) for items in trials))


def test_models_come_from_square_tables_in_any_order_of_clips(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    clips = ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
    rdm = make_truth("gaussian_2", 4, rng=rng)
    write_square_csv(tmp_path / "one.csv", clips, rdm)
    # The same model without endings, and with the clips the other way round.
    square = np.zeros((4, 4))
    square[np.triu_indices(4, 1)] = rdm
    square = (square + square.T)[::-1, ::-1]
    rows = [",d,c,b,a", *(f"{n},{','.join(map(str, row))}" for n, row in zip("dcba", square, strict=True))]
    text = "\n".join(rows) + "\n"
    models = models_of_texts([("one.csv", (tmp_path / "one.csv").read_text()), ("two.csv", text)], clips)
    np.testing.assert_allclose(models.rdms[0], rdm)
    np.testing.assert_allclose(models.rdms[1], rdm)
    assert models.names == ("one.csv", "two.csv")
    with pytest.raises(Invalid, match=r"one\.csv: lacks 1 of the study's 4 clips: e\.mp4"):
        models_of_texts([("one.csv", text), ("two.csv", text)], [*clips[:3], "e.mp4"][::-1])
    with pytest.raises(Invalid, match="two models"):
        models_of_files([tmp_path / "one.csv"], clips)


def test_page_and_api(lab: experimenter.Lab) -> None:
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    page = lab.client.get("/studies/faces/plan")
    assert page.status_code == 200
    assert "Seconds for a placement" in page.text
    headers = {"X-CSRFToken": experimenter.csrf_token(page.text)}
    address = "/api/v1/studies/faces/plan"
    before = lab.client.get(address).json
    assert before == {
        "computed_at": None, "changes": [], "work": None, "plan": None, "sentences": [], "needed": None,
        "observed": None,
    }  # fmt: skip
    wrong = lab.client.post(address, json={"settings": {"noise": 3}}, headers=headers)
    assert (wrong.status_code, wrong.json["error"]["field"]) == (400, "noise")
    asked = lab.client.post(address, json={"settings": {"raters": 6}}, headers=headers)
    assert asked.status_code == 202
    waiting = lab.client.get(address).json["work"]
    assert (waiting["state"], waiting["worker"]) == ("waiting", "none")
    compute_next_plan(lab.database)
    answer = lab.client.get(address).json
    assert answer["work"] is None
    assert answer["plan"]["asked"]["raters"] == 6
    assert answer["needed"]
    assert 'value="6"' in lab.client.get("/studies/faces/plan").text


def test_the_command_prints_the_plan_and_computes_it_once(
    lab: experimenter.Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(lab.settings.data)]

    def run(*more: str) -> None:
        cli.main(["study", "plan", "faces", *more, *data])

    with pytest.raises(SystemExit):
        run("--raters", "6")
    out = capsys.readouterr().out
    assert "minutes of work" in out
    assert "raters are needed" in out or "no number of raters" in out
    first = standing(lab).computed_at
    with pytest.raises(SystemExit):
        run("--json")
    assert standing(lab).computed_at == first
    assert '"raters": 6' in capsys.readouterr().out


def test_studies_run_by_the_real_services_reach_the_planned_reliability_within_its_band(lab: experimenter.Lab) -> None:
    """The small form of `run.py bench planner`: a plan, and two studies of simulated raters who enrol and submit."""
    asked = PlanSettings(raters=6, individual=0.4, comparator="pearson")
    with pytest.MonkeyPatch.context() as patched:
        larger = Budget(worlds=6, raters=5, max_trials=12)
        patched.setattr(work_module, "plan_study", partial(plan_study, budget=larger, method="weighted_average"))
        band = planner.band_of(planner.planned(lab.database, "faces", asked), 6)
    rng = np.random.default_rng(5)
    reached = [
        planner.run_study(
            lab.database, lab.settings, f"study{k}", 6, 6, asked, each, toml=TOML, method="weighted_average"
        )
        for k, each in enumerate(rng.spawn(2))
    ]
    assert band.high - band.low < 0.75
    assert sum(band.low <= value <= band.high for value in reached) == 2, (band, reached)
