"""A study whose participants share the pairs is planned: the RDM of all trials, by number of raters."""

from __future__ import annotations

from functools import partial

import pytest

from analysis.planning import plan_cohort
from analysis.planning.cohort_budget import CohortBudget
from app import cli
from app.planning import work as work_module
from app.planning.cohort_words import cohort_sentences
from app.planning.words import needed_sentence
from app.planning.work import compute_next_plan
from tests import experimenter
from tests.factories import make_study

COHORT = """
title = "Shared"
seed = 3
[design]
method = "cohort"
max_items = 5
[stop]
max_trials = 2
"""


def test_a_cohort_is_planned_by_the_rdm_of_all_its_trials(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = partial(plan_cohort, budget=CohortBudget(3, (2, 4, 8), 4), method="weighted_average")
    monkeypatch.setattr(work_module, "plan_cohort", small)
    # Of two sets the larger is planned, and a session has one of them.
    toml = COHORT + '[sets]\ncolumn = "set"\n'
    make_study(lab.database, lab.settings, name="shared", toml=toml, n_clips=14, sets="a" * 8 + "b" * 6)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    page = lab.client.get("/studies/shared/plan").text
    assert "Correlation you want" in page
    assert "Reliability you want" not in page
    assert "Two models" not in page
    assert 'value="100"' in page
    headers, address = {"X-CSRFToken": experimenter.csrf_token(page)}, "/api/v1/studies/shared/plan"
    square = "," + ",".join(f"clip{k}" for k in range(8)) + "\n"
    models = [{"name": name, "text": square} for name in ("a.csv", "b.csv")]
    assert lab.client.post(address, json={"models": models}, headers=headers).status_code == 400
    asked = {"settings": {"raters": 4, "accuracy": 0.5, "noise": 0.02, "individual": 0.1}}
    assert lab.client.post(address, json=asked, headers=headers).status_code == 202
    compute_next_plan(lab.database)
    answer = lab.client.get(address).json
    assert (answer["work"], answer["changes"], answer["plan"]["pairs_are_shared"]) == (None, [], True)
    plan = answer["plan"]["plan"]
    assert (plan["sessions"], plan["trials"]["median"], plan["placements"]["median"]) == (24, 2, 10)
    assert [point["raters"] for point in plan["curve"]] == [2, 4, 8]
    assert plan["curve"][2]["together"] == pytest.approx(8 * 2 * 10 / 28)
    assert answer["plan"]["facts"]["stop.min_evidence"] is None
    told = " ".join([answer["needed"], *answer["sentences"]])
    assert "a correlation of 0.5 with what raters have in common" in told
    assert "All figures are for one set of 8 clips, of 2 sets." in told
    assert "in 3 cohorts" in told
    assert "Power" not in told
    with pytest.raises(SystemExit):
        cli.main(["study", "plan", "shared", "--data", str(lab.settings.data)])
    out = capsys.readouterr().out
    assert "placements" in out
    assert "trials a pair" in out
    assert answer["needed"] in out


def test_what_a_cohort_s_results_say_stands_beside_its_plan(lab: experimenter.Lab) -> None:
    make_study(lab.database, lab.settings, name="shared", toml=COHORT, n_clips=7)
    for seed in range(4):
        experimenter.take_part(lab.database, "shared", seed)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    lab.client.get("/api/v1/studies/shared/results")
    experimenter.compute(lab)
    observed = lab.client.get("/api/v1/studies/shared/plan").json["observed"]
    assert (observed["raters"], observed["interval"]) == (4, None)
    assert -1 <= observed["value"] <= 1


def test_a_cohort_of_one_size_is_said_in_words() -> None:
    point = {"raters": 2, "seen": 1.0}
    plan = {"curve": [point], "sessions": 6, "cohorts": 3, "raters": 2, "reliability": None}
    assert "estimated once there are 2 of them." in cohort_sentences({"plan": plan, "asked": {"raters": 2}})[0]


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        ((20, 15, 40), "About 20 raters are needed for a correlation of 0.9 with what raters have in common (95 % of"),
        ((20, 10, None), "need 10 or fewer to more than 80)"),
        ((10, 10, 10), "No more than 10 raters are needed"),
        (
            (10, 10, None),
            "No more than 10 raters are needed for a correlation of 0.9 with what raters have in common (95",
        ),
        ((None, None, None), "Even 80 raters, the most that were simulated, do not reach a correlation of 0.9"),
    ],
)
def test_the_raters_of_a_cohort_are_said_in_words(needed: tuple[int | None, ...], said: str) -> None:
    curve = [{"raters": raters, "accuracy": {"value": 0.7}} for raters in (10, 80)]
    plan = {"needed": dict(zip(("value", "low", "high"), needed, strict=True)), "curve": curve}
    assert said in needed_sentence({"pairs_are_shared": True, "plan": plan, "asked": {"accuracy": 0.9}})
