"""The analysis section of a paper's methods, filled in with what was done to this study's data."""

from __future__ import annotations

import platform
from textwrap import fill

import numpy as np
import scipy

from analysis.report.facts import excluded, number, simulated, work
from analysis.report.results import Results

WIDTH = 100

# How each source is mentioned in the text, and the reference that belongs to the mention.
REFERENCES = {
    "Kriegeskorte & Mur, 2012": """Kriegeskorte, N., & Mur, M. (2012). Inverse MDS: Inferring dissimilarity structure
        from multiple item arrangements. Frontiers in Psychology, 3, 245. https://doi.org/10.3389/fpsyg.2012.00245""",
    "Nili et al. (2014)": """Nili, H., Wingfield, C., Walther, A., Su, L., Marslen-Wilson, W., & Kriegeskorte, N.
        (2014). A toolbox for representational similarity analysis. PLoS Computational Biology, 10(4), e1003553.
        https://doi.org/10.1371/journal.pcbi.1003553""",
    "McGraw & Wong, 1996": """McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
        coefficients. Psychological Methods, 1(1), 30–46. https://doi.org/10.1037/1082-989X.1.1.30""",
    "Hayes & Krippendorff, 2007": """Hayes, A. F., & Krippendorff, K. (2007). Answering the call for a standard
        reliability measure for coding data. Communication Methods and Measures, 1(1), 77–89.
        https://doi.org/10.1080/19312450709336664""",
    "Arvesen, 1969": """Arvesen, J. N. (1969). Jackknifing U-statistics. Annals of Mathematical Statistics, 40(6),
        2076–2100. https://doi.org/10.1214/aoms/1177697287""",
    "Borg & Groenen, 2005": """Borg, I., & Groenen, P. J. F. (2005). Modern multidimensional scaling (2nd ed.).
        Springer. https://doi.org/10.1007/0-387-28981-X""",
    "Sokal & Rohlf, 1962": """Sokal, R. R., & Rohlf, F. J. (1962). The comparison of dendrograms by objective methods.
        Taxon, 11(2), 33–40. https://doi.org/10.2307/1217208""",
}

ESTIMATORS = {
    "weighted_average": """the evidence-weighted average of the trials' distances, brought to a common scale by
        iteration, with weights max(d², 0.2²) where d is the distance in arena diameters (Kriegeskorte & Mur, 2012)""",
    "inverse_mds": """iterative inverse multidimensional scaling: starting from the evidence-weighted average,
        dissimilarities were moved by the mean residual between the placements and their prediction by two-dimensional
        scaling of each trial's clips (Kriegeskorte & Mur, 2012)""",
    "precision_weighted": """an average of the trials' distances on a common scale, weighted by the precision that each
        trial's zoom and number of clips leave after placement noise and misfit to two dimensions, both estimated from
        the data""",
    "latent": """a latent configuration: the distances between clips as points in a few dimensions plus a part unique
        to each clip, fitted with a ridge penalty to the precision-weighted average of the trials""",
    "arrangement": """a forward model of the placements: for candidate dissimilarities the two-dimensional arrangement
        of each trial's clips was predicted by stress minimisation, and the dissimilarities that came closest to the
        observed positions were kept""",
    "combined": """the mean of two estimates at equal root mean square: a latent configuration (points in a few
        dimensions plus a part unique to each clip) fitted to the precision-weighted distances, and a forward model in
        which the two-dimensional arrangement of each trial is predicted from the dissimilarities""",
}

TEXT = """## Data

{data}

## Dissimilarities

For each rater a representational dissimilarity matrix (RDM) was estimated by {estimator}. {fit} Only pairs that a rater
saw together in some trial count as that rater's judgments: everything below is made of these. {predicted} The scale of
an RDM is arbitrary; RDMs in files have a sum of squares of 1, predicted pairs included. The group's RDM is the mean of
the raters' RDMs at equal root mean square, each pair over the raters who saw it.

## Agreement between raters

{agreement}

## Structure

{structure}

## Software

Asterism's analysis library on Python {python}, NumPy {numpy} and SciPy {scipy}. Seed of all random numbers: {seed}.
"""

AGREEMENT = """Every two raters were compared over the pairs that both saw, with each RDM at a root mean square of
1. We report mean pairwise Pearson, Spearman and Kendall τa correlations; the correlation of each rater with the
mean of the others; the mean over {n_splits} split halves and its Spearman–Brown correction; Cronbach's α with
raters as items and pairs as cases; ICC(2,1), ICC(2,k) and ICC(3,k) (McGraw & Wong, 1996); Krippendorff's α with the
interval metric (Hayes & Krippendorff, 2007); and Kendall's W. {intervals} Noise ceilings are those of Nili et al.
(2014): the mean similarity of each rater to the pool of all raters (upper) and of all other raters (lower)."""

INTERVALS = (
    """{level:.0%} intervals over raters come from the jackknife (Arvesen, 1969): each rater was left out once."""
)


def analysis_text(results: Results) -> str:
    """Markdown with the data that went in, estimator, pooling, agreement, structure, software and references."""
    text = TEXT.format(
        data=_data(results),
        estimator=_joined(ESTIMATORS[results.choices.method]),
        fit=_fit(results),
        predicted=_predicted(results),
        agreement=_agreement(results),
        structure=_structure(results),
        python=platform.python_version(),
        numpy=np.__version__,
        scipy=scipy.__version__,
        seed=results.choices.seed,
    )
    paragraphs = [_joined(paragraph) for paragraph in text.split("\n\n")]
    cited = sorted(_joined(source) for mention, source in REFERENCES.items() if mention in _joined(text))
    wrapped = [fill(paragraph, WIDTH, break_on_hyphens=False) for paragraph in [*paragraphs, "## References"]]
    items = [fill(f"* {source}", WIDTH, subsequent_indent="  ", break_on_hyphens=False) for source in cited]
    return "\n\n".join(wrapped) + "\n\n" + "\n".join(items) + "\n"


def _data(results: Results) -> str:
    done = [one for rater, one in work(results).items() if rater in results.raters]
    trials, minutes = [one.trials for one in done], [one.minutes for one in done]
    sizes = [len(trial.arrangement) for rater in results.raters for trial in results.trials[rater]]
    made_up, left_out = simulated(results), excluded(results)
    sentences = [
        f"{len(results.raters)} raters arranged {len(results.names)} clips in {_range(trials)} trials each, with "
        f"{_range(sizes)} clips a trial.",
        f"From the first trial to the last, sessions took {_range(minutes, 1)} minutes.",
    ]
    if made_up:
        share = "All of the raters" if len(made_up) == len(results.raters) else f"{len(made_up)} of the raters"
        sentences.append(f"{share} {'is' if share.startswith('1 ') else 'are'} simulated.")
    if results.unfinished and not results.choices.with_unfinished:
        verb = "unfinished session was" if len(results.unfinished) == 1 else "unfinished sessions were"
        sentences.append(f"{len(results.unfinished)} {verb} left out.")
    if left_out and not results.choices.with_excluded:
        verb = "participant was" if len(left_out) == 1 else "participants were"
        sentences.append(f"{len(left_out)} {verb} excluded.")
    return " ".join(sentences)


def _fit(results: Results) -> str:
    """What the estimator found on the way, for the methods that estimate noise."""
    found = [results.estimates[rater].parameters for rater in results.raters]
    sentences = []
    if all("placement_variance" in parameters for parameters in found):
        spread = [float(np.sqrt(parameters["placement_variance"])) for parameters in found]
        noise = _range(spread, 3)
        sentences.append(
            f"Placement noise had an estimated standard deviation of {noise} of a trial's largest distance."
        )
    if all("dimensions" in parameters for parameters in found):
        sentences.append(f"The latent configuration has {found[0]['dimensions']} dimensions.")
    return " ".join(sentences)


def _predicted(results: Results) -> str:
    share = float(np.mean([results.estimates[rater].predicted for rater in results.raters]))
    if share == 0:
        return ""
    return (
        f"For the others ({share:.1%} of the raters' pairs) the model predicts values; these are given apart, as "
        "completed RDMs, and enter no coefficient, pool, map or figure."
    )


def _agreement(results: Results) -> str:
    report = results.reliability
    if report.n_raters < 2:
        return "There is one rater, so there is no agreement to report."
    intervals = INTERVALS.format(level=report.level) if report.n_raters > 2 else "Two raters leave no intervals."
    return AGREEMENT.format(n_splits=report.n_splits, intervals=intervals)


def _structure(results: Results) -> str:
    sentences = []
    if results.map is not None:
        sentences.append(
            "The group's RDM was mapped into two dimensions by metric multidimensional scaling (SMACOF from a "
            f"classical start; Borg & Groenen, 2005), with a stress-1 of {results.map.stress:.3f}."
        )
    if results.tree is not None:
        sentences.append(
            "Clips were clustered by average linkage; the cophenetic correlation (Sokal & Rohlf, 1962) is "
            f"{number(results.tree.cophenetic_correlation)}."
        )
    if results.dimensions is not None:
        sentences.append(
            "Maps of 1 to 6 dimensions made from some of the raters were compared with the RDMs of the others; the "
            f"fewest dimensions within one standard error of the best were {results.dimensions.simplest}."
        )
    return " ".join(sentences) or "Missing pairs left no map and no clustering of the clips."


def _range(values: list[int] | list[float], digits: int = 0) -> str:
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), np.median(values), max(values)))
    return low if low == high else f"{low} to {high} (median {middle})"


def _joined(text: str) -> str:
    return " ".join(text.split())
