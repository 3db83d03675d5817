"""The methods section of a paper, filled in with what was done to a study's data: the one place that writes it.

Over 300 lines: half of it is the texts.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
import scipy

from ..ceiling_interval import GROUPS
from ..designs import DESIGNS
from ..version import __version__
from ..words import counted, percent
from .flow import Flow
from .labels import MEASURES, SHARED_MEASURES
from .remarks import excluded_sentence, unfinished_sessions
from .study import StudyResults

WIDTH = 100

# How each source is mentioned in the text, and the reference that belongs to the mention.
REFERENCES = {
    "Kriegeskorte & Mur, 2012": """Kriegeskorte, N., & Mur, M. (2012). Inverse MDS: Inferring dissimilarity structure
        from multiple item arrangements. Frontiers in Psychology, 3, 245. https://doi.org/10.3389/fpsyg.2012.00245""",
    "Nili et al. (2014)": """Nili, H., Wingfield, C., Walther, A., Su, L., Marslen-Wilson, W., & Kriegeskorte, N.
        (2014). A toolbox for representational similarity analysis. PLoS Computational Biology, 10(4), e1003553.
        https://doi.org/10.1371/journal.pcbi.1003553""",
    "Schütt et al. (2023)": """Schütt, H. H., Kipnis, A. D., Diedrichsen, J., & Kriegeskorte, N. (2023). Statistical
        inference on representational geometries. eLife, 12, e82566. https://doi.org/10.7554/eLife.82566""",
    "Benjamini & Hochberg, 1995": """Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate: A
        practical and powerful approach to multiple testing. Journal of the Royal Statistical Society B, 57(1),
        289–300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x""",
    "McGraw & Wong, 1996": """McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
        coefficients. Psychological Methods, 1(1), 30–46. https://doi.org/10.1037/1082-989X.1.1.30""",
    "Hayes & Krippendorff, 2007": """Hayes, A. F., & Krippendorff, K. (2007). Answering the call for a standard
        reliability measure for coding data. Communication Methods and Measures, 1(1), 77–89.
        https://doi.org/10.1080/19312450709336664""",
    "Arvesen, 1969": """Arvesen, J. N. (1969). Jackknifing U-statistics. Annals of Mathematical Statistics, 40(6),
        2076–2100. https://doi.org/10.1214/aoms/1177697287""",
    "Gourieroux et al., 1993": """Gourieroux, C., Monfort, A., & Renault, E. (1993). Indirect inference. Journal of
        Applied Econometrics, 8(S1), S85–S118. https://doi.org/10.1002/jae.3950080507""",
    "Beaumont et al., 2002": """Beaumont, M. A., Zhang, W., & Balding, D. J. (2002). Approximate Bayesian computation in
        population genetics. Genetics, 162(4), 2025–2035. https://doi.org/10.1093/genetics/162.4.2025""",
    "Borg & Groenen, 2005": """Borg, I., & Groenen, P. J. F. (2005). Modern multidimensional scaling (2nd ed.).
        Springer. https://doi.org/10.1007/0-387-28981-X""",
    "Sokal & Rohlf, 1962": """Sokal, R. R., & Rohlf, F. J. (1962). The comparison of dendrograms by objective methods.
        Taxon, 11(2), 33–40. https://doi.org/10.2307/1217208""",
}

ESTIMATOR_TEXTS = {
    "weighted_average": """the evidence-weighted average of the trials' distances, brought to a common scale by
        iteration, with weights max(d², 0.2²) where d is the distance in arena diameters (Kriegeskorte & Mur, 2012).""",
    "inverse_mds": """iterative inverse multidimensional scaling: starting from the evidence-weighted average,
        dissimilarities were moved by the mean residual between the placements and their prediction by two-dimensional
        scaling of each trial's clips (Kriegeskorte & Mur, 2012).""",
    "precision_weighted": """an average of the trials' distances on a common scale, weighted by the precision that each
        trial's zoom and number of clips leave after placement noise and misfit to two dimensions, both estimated from
        the data.""",
    "latent": """a latent configuration: the distances between clips as points in a few dimensions plus a part unique
        to each clip, fitted with a ridge penalty to the precision-weighted average of the trials.""",
    "arrangement": """a forward model of the placements: for candidate dissimilarities the two-dimensional arrangement
        of each trial's clips was predicted by stress minimisation, and the dissimilarities that came closest to the
        observed positions were kept.""",
    "combined": """the mean of two estimates at equal root mean square: a latent configuration (points in a few
        dimensions plus a part unique to each clip) fitted to the precision-weighted distances, and a forward model in
        which the two-dimensional arrangement of each trial is predicted from the dissimilarities.""",
}

TASK = """Participants arranged video clips by drag and drop inside a circular arena in their browser, so that distances
between clips showed how different they are (multi-arrangement task; Kriegeskorte & Mur, 2012). A trial held at most
{max_items} clips. {design} A session ended {by_evidence}after {max_minutes:g} minutes, or after {max_trials} trials,
whichever came first."""

DISSIMILARITIES = """For each rater a representational dissimilarity matrix (RDM) was estimated:

{estimators}

Only pairs that a rater saw together in some trial count as that rater's judgments: everything below is made of these.
Where an estimator predicts the others, the predictions are given apart, as completed RDMs, and enter no coefficient,
pool, map or figure. The scale of an RDM is arbitrary; RDMs in files have a sum of squares of 1, predicted pairs
included. The group's RDM is the mean of the raters' RDMs at equal root mean square, each pair over the raters who saw
it."""

TOGETHER = """The clips were shared between the raters, none of whom saw more than a part of the pairs. One
representational dissimilarity matrix (RDM) was estimated from the trials of all raters as if they were one person's:

{estimators}

Only pairs that some rater saw count as judgments; the others are predictions of the estimator's model, given apart as
the completed RDM. A rater's own RDM holds the pairs of that rater's trials on a common scale (precision-weighted
average) and is in no figure of the group. Reliability is the mean correlation of the RDMs of two halves of the raters,
each estimated in the same way, over the pairs that were seen, and what follows from it for all raters
(Spearman-Brown). RDMs in files have a sum of squares of 1, predicted pairs included."""

GIVEN_DISSIMILARITIES = """The representational dissimilarity matrices (RDMs) of the raters came with the data; none was
estimated here. Pairs without a value are missing and enter nothing. The scale of an RDM is arbitrary; RDMs in files
have a sum of squares of 1. The group's RDM is the mean of the raters' RDMs at equal root mean square, each pair over
the raters who have it."""

AGREEMENT = """Every two raters were compared over the pairs that both saw, with each RDM at a root mean square of 1. We
report {coefficients}. {intervals} Noise ceilings are those of Nili et al. (2014): the mean similarity of each rater to
the pool of all raters (upper) and of all other raters (lower){ceiling_intervals}."""

AGREEMENT_TOGETHER = """We report {coefficients}, each half's RDM estimated from its trials. Each rater was compared
(Pearson) with the RDM of the half without that rater, over the pairs that the rater saw. Single raters were not
compared with one another, because two of them have too few pairs in common; so there is no noise ceiling, and
there are no intervals over raters."""

INTERVALS = "{level} intervals over raters come from the jackknife (Arvesen, 1969): each rater was left out once."


@dataclass(frozen=True)
class Task:
    """What participants were asked to do, as far as the methods text says it."""

    max_items: int
    design: str
    min_evidence: float
    max_minutes: float
    max_trials: int


def task_text(task: Task) -> str:
    """The text about the task, Markdown without a heading."""
    entry = DESIGNS[task.design]
    # In a cohort a participant alone is never done by evidence.
    by_evidence = f"when every pair had an evidence of at least {task.min_evidence:g}, "
    return TASK.format(
        **vars(task) | {"design": entry.summary, "by_evidence": "" if entry.is_over_cohort else by_evidence}
    )


def quoted_task(methods: str) -> str:
    """The text about the task out of a methods text that was written before: its section "Task", else all of it."""
    match = re.search(r"^## Task\n+(.*?)(?=^## |\Z)", methods, re.MULTILINE | re.DOTALL)
    return (match[1] if match else re.sub(r"\A# [^\n]*\n+", "", methods)).strip()


def methods_text(
    task: str,
    results: Sequence[StudyResults],
    *,
    software: str,
    structure: Iterable[str] = (),
    models: Iterable[str] = (),
    flow: Flow | None = None,
) -> str:
    """Markdown with task, data, estimators, pooling, agreement, software and references.

    Parameters
    ----------
    task
        As `task_text` or `quoted_task` give it.
    results
        Of one study and the same raters, one for each estimator.
    software
        What wrote the data, with its version.
    structure
        Sentences about maps and clusters, where there are any.
    models
        Sentences about models and attributes, where they were compared.
    flow
        Of the participants to those analysed, where it is known.
    """
    seeds = sorted({result.choice.seed for result in results})
    sections = {
        "Task": task,
        "Data": " ".join([*([flow.sentence] if flow is not None else []), *_data(results[0])]),
        "Dissimilarities": _dissimilarities(results),
        "Agreement between raters": _agreement(results[0]),
        "Structure": " ".join(structure),
        "Models": " ".join(models),
        "Software": f"Data: {software}. Analysis: Asterism's analysis library {__version__} on Python "
        f"{platform.python_version()}, NumPy {np.__version__} and SciPy {scipy.__version__}. "
        f"Seed of all random numbers: {', '.join(map(str, seeds))}.",
    }
    body = "\n\n".join(f"## {name}\n\n{_wrapped(text)}" for name, text in sections.items() if text)
    cited = sorted(_joined(source) for mention, source in REFERENCES.items() if mention in _joined(body))
    listed = "\n".join(_item(source) for source in cited)
    return f"# Methods\n\n{body}\n\n## References\n\n{listed}\n"


def _data(results: StudyResults) -> list[str]:
    if not results.raters:
        sentences = ["No rater has an RDM yet."]
    else:
        works = [results.chosen[rater].work for rater in results.raters]
        many = counted(len(works), "rater")
        each = " each" if len(works) > 1 else ""
        if any(work.trials for work in works):
            sizes = _range([size for work in works for size in work.sizes])
            sentences = [
                f"{many} arranged {len(results.names)} clips in {_range([work.trials for work in works])} "
                f"trials{each}, with {sizes} clips a trial."
            ]
        else:
            sentences = [f"The RDMs of {many} over {len(results.names)} clips came with the data, without trials."]
        minutes = [work.duration for work in works if np.isfinite(work.duration)]
        if minutes:
            sentences.append(f"From the first trial to the last, sessions took {_range(minutes, 1)} minutes.")
    if made_up := len(results.simulated):
        share = "All of the raters" if made_up == len(results.raters) else f"{made_up} of the raters"
        sentences.append(f"{share} {'is' if share.startswith('1 ') else 'are'} simulated.")
    if again := len(results.repeated):
        sessions = "each of whose sessions counts as a rater" if again == 1 else "and each session counts as a rater"
        sentences.append(f"{counted(again, 'person', 'people')} took part more than once, {sessions}.")
    if results.n_left_out:
        was = "was" if results.n_left_out == 1 else "were"
        sentences.append(f"{unfinished_sessions(results.n_left_out)} {was} left out.")
    if sentence := excluded_sentence(results):
        sentences.append(sentence)
    return sentences


def _dissimilarities(results: Sequence[StudyResults]) -> str:
    if {result.choice.method for result in results} == {"given"}:
        return GIVEN_DISSIMILARITIES
    if results[0].together is not None:
        return TOGETHER.format(estimators="\n".join(map(_estimator, results)))
    return DISSIMILARITIES.format(estimators="\n".join(map(_estimator, results)))


def _estimator(results: StudyResults) -> str:
    """The estimator of the results as an item of a list, with what it found on the way."""
    method = results.choice.method
    # One after the other: of many raters not all RDMs are held at once.
    estimates = results.estimates.values() if results.together is None else [results.together.estimate]
    fitted, predicted, pairs = [], 0, 0
    for estimate in estimates:
        fitted.append(estimate.parameters)
        predicted += int(estimate.predicted.sum())
        pairs += estimate.predicted.size
    sentences = [f"`{method}`: {ESTIMATOR_TEXTS[method]}"]
    if fitted and all("placement_variance" in parameters for parameters in fitted):
        spread = [float(np.sqrt(parameters["placement_variance"])) for parameters in fitted]
        sentences.append(
            f"Placement noise had an estimated standard deviation of {_range(spread, 3)} of a trial's largest distance."
        )
    if fitted and all("dimensions" in parameters for parameters in fitted):
        sentences.append(f"The latent configuration has {counted(fitted[0]['dimensions'], 'dimension')}.")
    if predicted:
        whose = "the raters' pairs" if results.together is None else "the pairs"
        sentences.append(f"It predicts {percent(predicted / pairs, 1)} of {whose}.")
    if results.choice.uncertainty and results.estimates:
        sentences.append(_uncertainty(results))
    return f"* {' '.join(sentences)}"


def _uncertainty(results: StudyResults) -> str:
    """How standard errors were found, and for how many raters."""
    known = [one.correlation_with_truth for one in results.estimates.values() if one.correlation_with_truth is not None]
    told = "No RDM's are known"
    if known:
        few = f"{len(known)} of {len(results.estimates)} RDMs have them"
        told = f"{few}, with an estimated correlation with the true RDM of {_range([one.value for one in known], 2)}"
    return (
        "Standard errors and each RDM's correlation with the rater's true one were found by simulating whole "
        "participants whose sessions are like the real one and estimating their RDMs in the same way (indirect "
        "inference, Gourieroux et al., 1993; approximate Bayesian computation with regression adjustment, Beaumont et "
        f"al., 2002). {told}; none is given where intervals are not known to hold."
    )


def _agreement(results: StudyResults) -> str:
    if len(results.raters) < 2:
        return f"There is {'one' if results.raters else 'no'} rater, so there is no agreement to report."
    report = results.reliability
    shared = results.together is not None
    names = [
        f"{measure.in_sentence} ({measure.computed.format(n_splits=report.n_splits)})"
        if measure.computed
        else measure.in_sentence
        for measure in (SHARED_MEASURES if shared else MEASURES)
    ]
    intervals = (
        INTERVALS.format(level=percent(report.level)) if report.n_raters > 2 else "Two raters leave no intervals."
    )
    groups = f", over {GROUPS} groups of raters," if report.n_raters > GROUPS else ""
    ceilings = f"; the jackknife{groups} gives their intervals too" if report.n_raters > 2 else ""
    coefficients = f"{', '.join(names[:-1])} and {names[-1]}"
    if shared:
        return AGREEMENT_TOGETHER.format(coefficients=coefficients)
    return AGREEMENT.format(coefficients=coefficients, intervals=intervals, ceiling_intervals=ceilings)


def _range(values: Sequence[int] | Sequence[float], digits: int = 0) -> str:
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), np.median(values), max(values)))
    return low if low == high else f"{low} to {high} (median {middle})"


def _wrapped(text: str) -> str:
    """Paragraphs and lists at the width of a page."""
    blocks = []
    for paragraph in text.split("\n\n"):
        items = re.split(r"^\* ", paragraph, flags=re.MULTILINE)
        lines = [fill(_joined(items[0]), WIDTH, break_on_hyphens=False)] if items[0].strip() else []
        blocks.append("\n".join(lines + [_item(item) for item in items[1:]]))
    return "\n\n".join(blocks)


def _item(text: str) -> str:
    return fill(f"* {_joined(text)}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _joined(text: str) -> str:
    return " ".join(text.split())
