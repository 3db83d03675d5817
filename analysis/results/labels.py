"""The measures of agreement and of similarity in words: the only place for each name and what it says."""

from __future__ import annotations

from typing import NamedTuple

from ..similarity import Method


class Measure(NamedTuple):
    """A field of `analysis.Reliability`: what people call it, what it says, and whether the short table holds it.

    `computed` says in a paper's methods what it is, where the label alone does not. `of_shared` is what it says where
    raters shared the pairs, and one RDM is made of the trials of many; empty where it then does not exist.
    """

    key: str
    label: str
    meaning: str
    main: bool = True
    computed: str = ""
    of_shared: str = ""

    @property
    def in_sentence(self) -> str:
        """The label within a sentence."""
        return in_sentence(self.label)


MEASURES = (
    Measure(
        "pairwise_pearson",
        "Mean pairwise r",
        "Take any two raters: how alike are their RDMs? Low values are normal here: single raters are noisy.",
        computed="Pearson",
    ),
    Measure(
        "leave_one_out",
        "Leave-one-out r",
        "How alike is one rater's RDM to the mean of all the others? This is also the lower noise ceiling.",
        computed="each rater with the mean of the others",
    ),
    Measure(
        "split_half",
        "Split-half r",
        "Cut the raters into two halves: how alike are the means of the halves? It speaks for half as many raters.",
        computed="mean over {n_splits} halvings of the raters",
        of_shared="Cut the raters into two halves, and make one RDM of each half's trials: how alike are the two? It "
        "speaks for half as many raters.",
    ),
    Measure(
        "split_half_corrected",
        "Split-half, corrected",
        "The same for all raters together (Spearman-Brown): would a second group like this one find the same?",
        computed="Spearman–Brown",
        of_shared="The same for all raters together (Spearman-Brown): would a second group like this one find the "
        "same?",
    ),
    Measure(
        "cronbach_alpha",
        "Cronbach's α",
        "How reliable is the group's mean RDM? It grows with the number of raters and says little about a single one.",
        computed="raters as items, pairs as cases",
    ),
    Measure(
        "pairwise_spearman",
        "Mean pairwise ρ",
        "As mean pairwise r, on ranks (Spearman).",
        main=False,
        computed="Spearman",
    ),
    Measure(
        "pairwise_tau_a",
        "Mean pairwise τa",
        "As mean pairwise r, on the order of pairs (Kendall).",
        main=False,
        computed="Kendall",
    ),
    Measure("icc_2_1", "ICC(2,1)", "Absolute agreement of single raters.", main=False),
    Measure("icc_2_k", "ICC(2,k)", "Absolute agreement of the mean of all raters.", main=False),
    Measure(
        "icc_3_k",
        "ICC(3,k)",
        "Consistency of the mean of all raters; the same number as alpha.",
        main=False,
        computed="McGraw & Wong, 1996",
    ),
    Measure(
        "krippendorff_alpha",
        "Krippendorff's α",
        "Agreement beyond chance, interval scale.",
        main=False,
        computed="interval metric; Hayes & Krippendorff, 2007",
    ),
    Measure("kendall_w", "Kendall's W", "Concordance of the raters' rank orders, 0 to 1.", main=False),
)
# Those of raters who shared the pairs.
SHARED_MEASURES = tuple(measure._replace(meaning=measure.of_shared) for measure in MEASURES if measure.of_shared)
# What each measure can say. Alpha, the ICCs and Krippendorff's alpha have no lower bound; below -1 they say no more
# than that raters contradict each other.
RANGES: dict[str, tuple[float, float]] = {measure.key: (-1.0, 1.0) for measure in MEASURES} | {
    "split_half_corrected": (0.0, 1.0),
    "kendall_w": (0.0, 1.0),
}


def in_sentence(label: str) -> str:
    """A label without its capital, but where a name or an abbreviation begins it."""
    return label if label.startswith(("Cronbach", "ICC", "Krippendorff", "Kendall")) else label[:1].lower() + label[1:]


LABELS = {measure.key: measure.label for measure in MEASURES}

COMPARATOR_LABELS: dict[Method, str] = {
    "pearson": "Pearson r",
    "spearman": "Spearman ρ",
    "rho_a": "Spearman ρa",
    "tau_a": "Kendall τa",
    "cosine": "cosine",
}
