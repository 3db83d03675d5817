"""What a reader must know about the data: the numbers at the top of the report, and the remarks that qualify them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrangement import Floats
from analysis.report.results import Results
from analysis.results import not_converged

MOST_LISTED = 12


@dataclass(frozen=True)
class Work:
    """How much one rater did: trials, placements, minutes from the first trial shown to the last one stored."""

    trials: int
    placements: int
    minutes: float


def work(results: Results) -> dict[str, Work]:
    """The amount of work by rater, over the trials that entered the RDMs."""
    found = {}
    for rater, trials in results.trials.items():
        times = minutes(results, rater)
        placements = sum(len(trial.arrangement) for trial in trials)
        found[rater] = Work(len(trials), placements, float(times[-1]) if times.size else float("nan"))
    return found


def minutes(results: Results, rater: str) -> Floats:
    """When each of a rater's trials was stored, (T,), in minutes since the first was shown (server clock)."""
    rows = [trial.row for trial in results.trials[rater]]
    if not rows:
        return np.empty(0)
    start = min(row["shown_at"] or row["submitted_at"] for row in rows)
    return np.array([(row["submitted_at"] - start).total_seconds() / 60 for row in rows])


def simulated(results: Results) -> set[str]:
    """Raters who are no people."""
    return {row["participant"] for row in results.sessions if row["is_simulated"]} & set(results.raters)


def excluded(results: Results) -> dict[str, str]:
    """Participants whom the experimenter left out, with the reason given."""
    return {
        row["participant"]: row["exclusion_reason"] or "no reason given" for row in results.sessions if row["excluded"]
    }


def summary(results: Results) -> list[tuple[str, str]]:
    """The report's headline numbers as (name, value)."""
    done = list(work(results).values())
    seen = float(np.mean((results.observations > 0).any(axis=0)))
    corrected = results.reliability.split_half_corrected.value
    return [
        ("raters", str(len(results.raters))),
        ("clips", str(len(results.names))),
        ("trials", str(sum(one.trials for one in done))),
        ("placements", str(sum(one.placements for one in done))),
        ("minutes (median)", number(float(np.median([one.minutes for one in done])), 1)),
        ("pairs seen", f"{seen:.0%}"),
        ("mean pairwise Spearman r", number(results.reliability.pairwise_spearman.value)),
        ("reliability of the mean (split-half)", number(corrected)),
    ]


def remarks(results: Results) -> list[str]:
    """Sentences that must be read with the results; none when there is nothing to say."""
    found = []
    if made_up := simulated(results):
        verb = "is" if len(made_up) == 1 else "are"
        some = f"{len(made_up)} of {len(results.raters)} raters {verb} simulated ({_list(made_up)})"
        whole = f"All {len(results.raters)} raters are simulated"
        found.append(f"{whole if len(made_up) == len(results.raters) else some}: these are not data of people.")
    if unfinished := len(results.unfinished):
        sessions = f"{unfinished} unfinished session{' is' if unfinished == 1 else 's are'}"
        found.append(
            f"{sessions} in all figures here ({_list(results.unfinished)})."
            if results.choices.with_unfinished
            else f"{sessions} left out ({_list(results.unfinished)}); --with-unfinished takes them in."
        )
    if left_out := excluded(results):
        verb = "are in this report all the same" if results.choices.with_excluded else "are left out"
        reasons = "; ".join(f"{rater}: {reason}" for rater, reason in left_out.items())
        found.append(f"Excluded by the experimenter, and {verb}: {reasons}.")
    found += [f"{rater} has no RDM: {reason}." for rater, reason in results.failures.items()]
    estimates = results.estimates.items()
    if apart := [rater for rater, estimate in estimates if estimate.n_components > 1]:
        found.append(
            f"The trials of {_list(apart)} fall into groups that share no pair of clips: the scale of one group "
            "relative to another is not determined by the data, and their RDMs must be read group by group."
        )
    if unsettled := [rater for rater, estimate in estimates if not estimate.converged]:
        found.append(not_converged(_list(unsettled)))
    dropped = [(rater, *one) for rater, estimate in estimates for one in estimate.dropped]
    found += [f"Trial {index + 1} of {rater} was not used: {reason}." for rater, index, reason in dropped[:MOST_LISTED]]
    if len(dropped) > MOST_LISTED:
        found.append(f"{len(dropped) - MOST_LISTED} more trials were not used.")
    if predicted := sum(int(estimate.predicted.sum()) for _, estimate in estimates):
        found.append(
            f"{predicted / results.table.size:.1%} of the raters' pairs were never seen by the rater. They enter no "
            "figure and no table here but tables/rdms.csv, whose column completed has what the model predicts for them."
        )
    if results.agreement.influence is not None:
        found.append(results.agreement.influence.sentence)
    if never := int(((results.observations > 0).sum(axis=0) == 0).sum()):
        found.append(f"{never} of {results.group.size} pairs were seen by nobody.")
    if results.map is None:
        found.append("The pairs seen do not tie all clips together, so there is no map of them.")
    if results.tree is None:
        found.append("Pairs are missing from the group's RDM, so there is no tree of the clips.")
    found += [
        f"{rater} {'; '.join(flag.sentence for flag in quality.flags)}."
        for rater, quality in results.working.each.items()
        if quality.flags
    ]
    strange = [rater for rater, out in zip(results.raters, results.working.group.outlier, strict=True) if out]
    if strange:
        found.append(f"{_list(strange)} agree with the others far less than raters do here (robust z below −3).")
    if len(results.raters) < 5:
        found.append("With fewer than five raters, intervals over raters and noise ceilings say little.")
    return found


def number(value: float, digits: int = 2) -> str:
    """A number for a table or a sentence; "–" when it is not defined."""
    return f"{value:.{digits}f}".replace("-", "−") if np.isfinite(value) else "–"


def _list(raters: set[str] | list[str]) -> str:
    names = sorted(raters)
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
