"""What a reader must know about the data: the numbers at the top of the report, and the remarks that qualify them."""

from __future__ import annotations

import math

import numpy as np

from ..results import LABELS, listed, not_converged, repeated_sentence, together_sentences, unfinished_sentence
from ..results.remarks import MAX_LISTED
from ..words import counted, percent
from .results import Results


def summary(results: Results) -> list[tuple[str, str]]:
    """The report's headline numbers as (name, value)."""
    done = [result.work for result in results.chosen.values()]
    minutes = [one.duration for one in done if np.isfinite(one.duration)]
    seen = float(np.mean(np.isfinite(results.table).any(axis=0)))
    corrected = results.reliability.split_half_corrected.value
    shared = results.together is not None
    pairwise = (LABELS["pairwise_spearman"], number(results.reliability.pairwise_spearman.value))
    return [
        ("raters", str(len(results.raters))),
        ("clips", str(len(results.names))),
        ("trials", str(sum(one.trials for one in done))),
        ("placements", str(sum(one.placements for one in done))),
        ("minutes (median)", number(float(np.median(minutes)) if minutes else np.nan, 1)),
        ("pairs seen", f"{percent(seen)}"),
        *([] if shared else [pairwise]),
        (
            f"{LABELS['split_half_corrected']}: reliability of the {'RDM of all trials' if shared else 'mean'}",
            number(corrected),
        ),
    ]


def remarks(results: Results) -> list[str]:
    """Sentences that must be read with the results; none when there is nothing to say."""
    sentences = []
    if made_up := results.simulated:
        verb = "is" if len(made_up) == 1 else "are"
        some = f"{len(made_up)} of {counted(len(results.raters), 'rater')} {verb} simulated ({listed(made_up)})"
        whole = (
            "The only rater is simulated"
            if len(results.raters) == 1
            else f"All {len(results.raters)} raters are simulated"
        )
        sentences.append(f"{whole if len(made_up) == len(results.raters) else some}: these are not data of people.")
    if unfinished := unfinished_sentence(results):
        sentences.append(f"{unfinished}{_which_unfinished(results)}.")
    if repeated := repeated_sentence(results):
        sentences.append(repeated)
    if left_out := results.excluded:
        verb = "are in this report all the same" if results.choice.with_excluded else "are left out"
        reasons = "; ".join(f"{rater}: {reason}" for rater, reason in left_out.items())
        sentences.append(f"Excluded by the experimenter, and {verb}: {reasons}.")
    if trials := results.excluded_trials:
        verb = "are in this report all the same" if results.choice.with_excluded else "are left out"
        which = [
            f"{rater} trial {number}: {reason}" for rater, numbered in trials.items() for number, reason in numbered
        ]
        shown = "; ".join(which[:MAX_LISTED]) + (f"; and {more} more" if (more := len(which) - MAX_LISTED) > 0 else "")
        sentences.append(f"Trials excluded by the experimenter, which {verb}: {shown}.")
    sentences += [f"{rater} has no RDM: {reason}." for rater, reason in results.failures.items()]
    estimates = results.estimates.items()
    if results.together is not None:
        # A rater's own trials are neither meant to share pairs nor to show most of them.
        sentences += together_sentences(results.together)
    elif apart := [rater for rater, estimate in estimates if estimate.n_components > 1]:
        sentences.append(
            f"The trials of {listed(apart)} fall into groups that share no pair of clips: the scale of one group "
            "relative to another is not determined by the data, and their RDMs must be read group by group."
        )
    if unsettled := [rater for rater, estimate in estimates if not estimate.converged]:
        sentences.append(not_converged(listed(unsettled)))
    dropped = [(rater, *one) for rater, estimate in estimates for one in estimate.dropped]
    sentences += [
        f"Trial {index + 1} of {rater} was not used: {reason}." for rater, index, reason in dropped[:MAX_LISTED]
    ]
    if len(dropped) > MAX_LISTED:
        sentences.append(f"{counted(len(dropped) - MAX_LISTED, 'more trial was', 'more trials were')} not used.")
    if predicted := sum(int(estimate.predicted.sum()) for _, estimate in estimates):
        sentences.append(
            f"{percent(predicted / results.table.size, 1)} of the raters' pairs were never seen by the rater. "
            "They enter no "
            "figure and no table here but tables/rdms.csv, whose column completed has what the model predicts for them."
        )
    if results.agreement.influence is not None:
        sentences.append(results.agreement.influence.sentence)
    if never := int((~np.isfinite(results.table)).all(axis=0).sum()):
        sentences.append(f"{never} of {results.group.size} pairs {'was' if never == 1 else 'were'} seen by nobody.")
    if isinstance(results.map, str):
        sentences.append("The pairs seen do not tie all clips together, so there is no map of them.")
    if isinstance(results.tree, str):
        sentences.append("Pairs are missing from the group's RDM, so there is no tree of the clips.")
    sentences += [
        f"{rater} {'; '.join(flag.sentence for flag in quality.flags)}."
        for rater, quality in results.rater_quality.each.items()
        if quality.flags
    ]
    strange = [rater for rater, out in zip(results.raters, results.rater_quality.group.outlier, strict=True) if out]
    if strange:
        sentences.append(f"{listed(strange)} agree with the others far less than raters do here (robust z below −3).")
    if len(results.raters) < 5:
        sentences.append("With fewer than five raters, intervals over raters and noise ceilings say little.")
    return sentences


def number(value: float, digits: int = 2) -> str:
    """A number for a table or a sentence; "–" when it is not defined."""
    if not np.isfinite(value):
        return "–"
    # Adding 0 makes 0 of what would be written -0.
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _which_unfinished(results: Results) -> str:
    if not results.unfinished:
        return " of the bundle"
    names = listed(results.unfinished)
    return f" here ({names})" if results.choice.with_unfinished else f" ({names}); --with-unfinished takes them in"


def p_value(p: float) -> str:
    """A p value as papers print it."""
    if math.isnan(p):
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def interval(low: float, high: float, digits: int = 3) -> str:
    """Both ends of an interval."""
    return f"{number(low, digits)} to {number(high, digits)}" if math.isfinite(low) else "–"
