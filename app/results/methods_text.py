"""The methods section of a study, in words that can go into a paper, with the literature."""

from __future__ import annotations

from collections.abc import Iterable

from app.studies.definition import StudyDefinition
from app.version import VERSION

DESIGNS = {
    "lift_the_weakest": """After each trial the clips of the next were chosen to raise the evidence about the least
known pairs most, for the least expected effort (lift the weakest; Kriegeskorte & Mur, 2012).""",
    "posterior_variance": """After each trial the clips of the next were chosen so that its placements were expected to
lower the uncertainty about all dissimilarities most.""",
    "balanced": "The clips of each trial were chosen so that all pairs were shown together equally often.",
    "random": "The clips of each trial were drawn at random.",
    "full": "Each trial showed all clips.",
}

ESTIMATORS = {
    "weighted_average": """distances of each trial were scaled to the common estimate and averaged over trials, each
weighted by its evidence, max(d², 0.2²) with d in arena diameters, until the estimate no longer changed
(Kriegeskorte & Mur, 2012).""",
    "inverse_mds": """starting from the weighted average, dissimilarities were adjusted until two-dimensional
scaling of each trial's clips reproduced the placements (Kriegeskorte & Mur, 2012).""",
    "precision_weighted": """trials were averaged on a common scale, weighted by the precision that each trial's
zoom and number of clips leave after placement noise and the reduction to two dimensions.""",
    "latent": """dissimilarities were modelled as distances between points in a few dimensions plus a part unique to
each clip, fitted to the precision-weighted average with a ridge penalty. Pairs never seen together are predicted.""",
    "arrangement": """the placements themselves were modelled as noisy two-dimensional scaling of the
dissimilarities among the clips of each trial.""",
    "combined": "the mean of the `latent` and `arrangement` estimates at equal size.",
}

TEXT = """# Methods

## Task

Participants arranged video clips by drag and drop inside a circular arena in their browser, so that distances between
clips showed how different they are (multi-arrangement task; Kriegeskorte & Mur, 2012). A trial held at most
{max_items} clips. {design} A session ended when every pair had an evidence of at least {min_evidence:g}, after
{max_minutes:g} minutes, or after {max_trials} trials, whichever came first.{left_out}

## Dissimilarities

A representational dissimilarity matrix (RDM) was estimated for each participant:

{estimators}

Only pairs that a participant saw together in some trial count as that participant's judgments. Where an estimator
predicts the others, the predictions are given apart, as completed RDMs; they enter no pool, coefficient or noise
ceiling. The scale of an RDM is arbitrary: RDMs in files have a sum of squares of 1, predicted pairs included. The
group's RDM is the mean of the participants' RDMs at equal root mean square, over the participants who saw the pair.

## Agreement

Agreement between participants is given as mean pairwise correlation, correlation of each participant with the mean of
the others, split-half correlation (all halvings, or a random sample of them), Cronbach's alpha and intraclass
correlations (McGraw & Wong, 1996), each over the pairs that both sides saw, with each RDM at a root mean square of 1.
Intervals come from the jackknife over participants. The noise ceiling follows Nili et al. (2014).

## Software

Asterism {version}.

## References

* Kriegeskorte, N., & Mur, M. (2012). Inverse MDS: inferring dissimilarity structure from multiple item arrangements.
  Frontiers in Psychology, 3, 245.
* McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation coefficients. Psychological
  Methods, 1(1), 30-46.
* Nili, H., Wingfield, C., Walther, A., Su, L., Marslen-Wilson, W., & Kriegeskorte, N. (2014). A toolbox for
  representational similarity analysis. PLoS Computational Biology, 10(4), e1003553.
"""


def methods_text(definition: StudyDefinition, methods: Iterable[str], *, unfinished_left_out: int = 0) -> str:
    """The methods section of a study as Markdown: the task, the design, the estimators of `methods`, and agreement."""
    stop, design = definition.stop, definition.design
    return TEXT.format(
        max_items=design.max_items,
        design=DESIGNS[design.method],
        min_evidence=stop.min_evidence,
        max_minutes=stop.max_minutes,
        max_trials=stop.max_trials,
        left_out=_left_out(unfinished_left_out),
        estimators="\n".join(f"* `{method}`: {ESTIMATORS[method]}" for method in methods),
        version=VERSION,
    )


def _left_out(unfinished: int) -> str:
    if not unfinished:
        return ""
    return f" {unfinished} unfinished session{' was' if unfinished == 1 else 's were'} left out."
