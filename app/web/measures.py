"""The measures of agreement in plain words."""

from __future__ import annotations

from typing import NamedTuple


class Measure(NamedTuple):
    """A field of `analysis.Reliability`: what people call it, what it says, and whether the short table holds it."""

    key: str
    label: str
    meaning: str
    main: bool = True


MEASURES = (
    Measure(
        "pairwise_pearson",
        "Mean pairwise r",
        "Take any two raters: how alike are their RDMs? Low values are normal here: single raters are noisy.",
    ),
    Measure(
        "leave_one_out",
        "Leave-one-out r",
        "How alike is one rater's RDM to the mean of all the others? This is also the lower noise ceiling.",
    ),
    Measure(
        "split_half",
        "Split-half r",
        "Cut the raters into two halves: how alike are the means of the halves? It speaks for half as many raters.",
    ),
    Measure(
        "split_half_corrected",
        "Split-half, corrected",
        "The same for all raters together (Spearman-Brown): would a second group like this one find the same?",
    ),
    Measure(
        "cronbach_alpha",
        "Cronbach's alpha",
        "How reliable is the group's mean RDM? It grows with the number of raters and says little about a single one.",
    ),
    Measure("pairwise_spearman", "Mean pairwise ρ", "As mean pairwise r, on ranks (Spearman).", main=False),
    Measure("pairwise_tau_a", "Mean pairwise τₐ", "As mean pairwise r, on the order of pairs (Kendall).", main=False),
    Measure("icc_2_1", "ICC(2,1)", "Absolute agreement of single raters.", main=False),
    Measure("icc_2_k", "ICC(2,k)", "Absolute agreement of the mean of all raters.", main=False),
    Measure("icc_3_k", "ICC(3,k)", "Consistency of the mean of all raters; the same number as alpha.", main=False),
    Measure("krippendorff_alpha", "Krippendorff's α", "Agreement beyond chance, interval scale.", main=False),
    Measure("kendall_w", "Kendall's W", "Concordance of the raters' rank orders, 0 to 1.", main=False),
)
