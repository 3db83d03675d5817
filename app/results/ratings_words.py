"""How far raters agreed about the clips, measure by measure, each with a sentence for whoever has not met it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from analysis.ratings import ScaleRatings
from analysis.reliability import Coefficient
from analysis.results.agreement import showable
from app.results.ratings import RatedQuestion

# Of scales: key of `ScaleRatings`, label, sentence.
_OF_SCALES = (
    (
        "icc_2_k",
        "ICC(2,k)",
        "Reliability of the clips' means: would the means of another group of as many raters come out the same? 1 is "
        "perfect; 0 says that the means hold nothing but the raters' differences.",
    ),
    (
        "icc_2_1",
        "ICC(2,1)",
        "Reliability of a single rater: how far does the rating of one stand for that of another? Low values are "
        "normal where the means of many are reliable.",
    ),
    (
        "cronbach_alpha",
        "Cronbach's α",
        "As ICC(2,k), but some raters may rate all clips higher than others do: what counts is the order and the "
        "distances of the clips.",
    ),
    (
        "split_half_corrected",
        "Split-half, corrected",
        "Cut the raters into two halves: how alike are the clips' means of both, brought to the full number of raters "
        "(Spearman-Brown)?",
    ),
    (
        "krippendorff_alpha",
        "Krippendorff's α",
        "Agreement of single raters beyond chance: 1 is perfect, 0 is what chance would give.",
    ),
)
_OF_CHOICES = (
    "krippendorff_alpha",
    "Krippendorff's α",
    "Do raters choose the same for the same clip, beyond chance? 1 is perfect, 0 is what chance would give.",
)


@dataclass(frozen=True)
class Line:
    """A measure of agreement as it is shown; `sentence` says what it means."""

    key: str
    label: str
    coefficient: Coefficient
    sentence: str


def agreement_lines(one: RatedQuestion) -> list[Line]:
    """The measures of a question, the most wanted first."""
    measures = _OF_SCALES if isinstance(one.summary, ScaleRatings) else (_OF_CHOICES,)
    return [Line(key, label, showable(getattr(one.summary, key), key), sentence) for key, label, sentence in measures]


def repeats_sentence(one: RatedQuestion) -> str | None:
    """How far raters agreed with themselves where they rated clips twice; None where nobody did."""
    summary = one.summary
    if summary.n_repeats == 0:
        return None
    clips = "clip that was" if summary.n_repeats == 1 else "clips that were"
    begin = f"Over {summary.n_repeats} {clips} shown to a rater again, "
    if not isinstance(summary, ScaleRatings):
        return f"{begin}{100 * summary.self_same:.0f} % got the same choice."
    differ = f"both ratings differ by {summary.self_difference:.2f} steps on average"
    return (
        f"{begin}{differ}."
        if isnan(summary.self_r)
        else f"{begin}{differ} and correlate with r = {summary.self_r:.2f}."
    )
