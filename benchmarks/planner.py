"""Does a planned study reach the reliability that its plan promised?

A study is planned by the service that the page and the command use. Then it is run, over and over, by simulated raters
who use the real services: they enrol, get each trial from the server and submit it, and the study's results are
computed as for people. Each study has a truth and raters of its own, of the kind that the plan assumes. The reliability
of the results (split-half, corrected) should lie within the plan's 95 % band in 19 of 20 studies.

    python3 run.py bench planner [--studies 20] [--clips 8 12] [--json FILE]

The number of raters is what the plan says is needed for a reliability of .9.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from analysis.planning.curve import Expected
from analysis.results import Choice
from analysis.simulate import Behaviour, individual, make_truth, place_items
from app.config import Settings, load_settings
from app.db import Database, open_database
from app.definition.find import find_study
from app.participation.arrangements import clip_order
from app.participation.enrolment import enter
from app.participation.submission import submit
from app.participation.trials import advance, start
from app.planning.basis import basis_of
from app.planning.plan_settings import PlanSettings
from app.planning.stored import standing_of
from app.planning.work import ensure_plan, request_plan
from app.results.inputs import inputs_of
from app.results.stored import stored_overview
from app.results.work import ensure_results
from app.schema import migrate
from tests.experimenter import trial_bytes
from tests.factories import make_study

TOML = 'title = "Planned"\n'


def planned(database: Database, name: str, settings: PlanSettings) -> dict[str, Any]:
    """The plan of a study, as it is stored."""
    with database.writing() as db:
        study = find_study(db, name)
        request_plan(db, study, settings)
    ensure_plan(database, study.id)
    with database.reading() as db:
        study = find_study(db, name)
        content = standing_of(db, study, basis_of(db, study)).content
    assert content is not None
    plan: dict[str, Any] = content["plan"]
    return plan


def run_rater(database: Database, name: str, rdm: np.ndarray, noise: float, rng: np.random.Generator) -> None:
    """One simulated rater takes part, from the link to the end, by the same services as a person."""
    with database.writing() as db:
        entry = enter(db, name, {}, is_simulated=True)
    with database.reading() as db:
        clips = clip_order(db, find_study(db, name).id)
    index = {clip.id: item for item, clip in enumerate(clips)}
    start(database, entry.token)
    record = advance(database, entry.token)
    while (trial := record.open_trial) is not None:
        items = np.array([index[clip_id] for clip_id in trial.clip_ids])
        placed = place_items(rdm, items, behaviour=Behaviour(noise=noise), rng=rng)
        body = trial_bytes([clips[item].public_id for item in items], placed.positions)
        _, record = submit(database, entry.token, trial.key, body)


def run_study(
    database: Database,
    settings: Settings,
    name: str,
    n_clips: int,
    raters: int,
    asked: PlanSettings,
    rng: np.random.Generator,
    *,
    toml: str = TOML,
    method: str = "combined",
) -> float:
    """A whole study with a truth of its own; the reliability that its results say, NaN where it is not defined."""
    study_id = make_study(database, settings, name=name, n_clips=n_clips, toml=toml)
    truth = make_truth(asked.truth, n_clips, rng=rng)
    for _ in range(raters):
        run_rater(database, name, individual(truth, asked.individual, rng=rng), asked.noise, rng)
    choice = Choice(method)
    ensure_results(database, study_id, choice)
    with database.reading() as db:
        overview = stored_overview(db, inputs_of(db, study_id, choice))
    assert overview is not None
    assert overview.agreement is not None
    return overview.agreement.reliability.split_half_corrected.value


def band_of(plan: dict[str, Any], raters: int) -> Expected:
    """What the plan expects of so many raters."""
    return Expected(**next(point["reliability"] for point in plan["curve"] if point["raters"] == raters))


def compare(n_clips: int, n_studies: int, seed: int) -> dict[str, Any]:
    """A plan, and the studies that were run by it."""
    asked = PlanSettings(seed=seed)
    with TemporaryDirectory() as folder:
        settings = load_settings(data=Path(folder) / "data", rate_limits=False)
        database = open_database(settings.database)
        migrate(database)
        make_study(database, settings, name="planned", n_clips=n_clips, toml=TOML)
        first = planned(database, "planned", asked)
        raters = first["needed"]["value"]
        # The curve has a point at the number of raters that is asked about.
        plan = planned(database, "planned", asked.model_copy(update={"raters": raters}))
        begun = time.monotonic()
        rng = np.random.default_rng([seed, n_clips])
        reached = [
            run_study(database, settings, f"study{k}", n_clips, raters, asked, each)
            for k, each in enumerate(rng.spawn(n_studies))
        ]
        database.close()
    band = band_of(plan, raters)
    return {
        "clips": n_clips,
        "raters": raters,
        "needed": plan["needed"],
        "promised": [band.value, band.low, band.high],
        "reached": reached,
        "inside": sum(band.low <= value <= band.high for value in reached),
        "studies": n_studies,
        "seconds": time.monotonic() - begun,
    }


def main(argv: list[str]) -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="run.py bench planner", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--clips", type=int, nargs="+", default=[8, 12])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    rows = []
    print("| clips | raters | promised | band | reached: mean | least | most | within the band |")
    print("|---|---|---|---|---|---|---|---|")
    for n_clips in options.clips:
        row = compare(n_clips, options.studies, options.seed)
        value, low, high = row["promised"]
        reached = np.array(row["reached"])
        print(
            f"| {n_clips} | {row['raters']} | {value:.3f} | {low:.3f} to {high:.3f} | {np.nanmean(reached):.3f} | "
            f"{np.nanmin(reached):.3f} | {np.nanmax(reached):.3f} | {row['inside']} of {row['studies']} |",
            flush=True,
        )
        rows.append(row)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0
