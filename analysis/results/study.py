"""The results of a study, from its raters: what page, bundle and report show alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..arrangement import Floats
from ..estimators import RDMEstimate
from ..formats.rdm_rows import RDMRows, rows_on_disk
from ..formats.rdm_set import RDMSet
from ..pooling import seen_by_anybody
from ..quality import GroupQuality, group_quality
from ..reliability import GrowthCurve, Reliability, growth
from ..similarity import similarity
from ..structure import MDS, Tree
from .agreement import Agreement, agreement
from .cohort_rdm import Together, agreement_together, quality_together
from .pooled import GroupRDM, group_rdm, group_set, judged, rater_row, rater_set
from .raters import Rater, RaterResult
from .structure import clip_map, clip_tree, cluster_order, rater_order

# Numbers of raters at which the growth of agreement is taken, where there are more.
GROWTH_SIZES = 30


@dataclass(frozen=True)
class Choice:
    """What somebody looks at: an estimator, and which raters are in.

    Unfinished sessions are out unless `with_unfinished`: a single round of one can turn every figure over. What the
    experimenter left out, sessions and single trials, is in `with_excluded`.
    With `clip_set`, the name of one of a study's sets of clips, the results are those of the set: its clips, the raters
    who had it, and their trials of it. `uncertainty` adds standard errors and each RDM's correlation with the truth,
    which takes seconds to minutes for each rater.
    """

    method: str = "combined"
    with_simulated: bool = True
    with_unfinished: bool = False
    with_excluded: bool = False
    uncertainty: bool = False
    seed: int = 0
    clip_set: str | None = None


@dataclass(frozen=True, eq=False)
class StudyResults:
    """Results of one choice; R raters with an RDM, P pairs of n clips.

    `everybody` holds the raters who could be chosen, in the study's order, `chosen` those who were, with what follows
    from the trials of each. Everything else is made of those who have an RDM; where there is none, what needs one
    (`table`, `pooled`, `agreement` and the sets) raises ValueError, so ask for `raters` first. `absent` counts the
    unfinished sessions that the data do not hold at all, as those that were left out of a bundle.
    `together` is the RDM of all trials as one, where the raters saw the pairs between them: it is then the group's.
    """

    choice: Choice
    names: tuple[str, ...]
    everybody: tuple[Rater, ...]
    chosen: Mapping[str, RaterResult]
    absent: int = 0
    together: Together | None = None

    @cached_property
    def estimates(self) -> Mapping[str, RDMEstimate]:
        """The RDM of each rater who has one."""
        return {name: result.estimate for name, result in self.chosen.items() if result.estimate is not None}

    @cached_property
    def failures(self) -> dict[str, str]:
        """Why others have none."""
        return {name: result.problem for name, result in self.chosen.items() if result.problem is not None}

    @cached_property
    def raters(self) -> tuple[str, ...]:
        """The names of the R raters who have an RDM."""
        return tuple(self.estimates)

    @cached_property
    def unfinished(self) -> tuple[str, ...]:
        """Raters whose sessions are not finished, whether the choice takes them in or not."""
        return tuple(rater.name for rater in self._allowed() if not rater.is_finished)

    @property
    def n_left_out(self) -> int:
        """Number of unfinished sessions that are left out."""
        return self.absent + (0 if self.choice.with_unfinished else len(self.unfinished))

    @cached_property
    def excluded(self) -> dict[str, str]:
        """Raters whom the experimenter left out, with the reason, whether the choice takes them in or not."""
        return {rater.name: rater.exclusion for rater in self.everybody if rater.exclusion is not None}

    @cached_property
    def excluded_trials(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """Single trials that the experimenter left out, number (from 1) and reason, of the raters who are chosen."""
        return {
            rater.name: rater.excluded_trials
            for rater in self.everybody
            if rater.excluded_trials and rater.name in self.chosen
        }

    @cached_property
    def simulated(self) -> tuple[str, ...]:
        """Raters with an RDM who are no people."""
        return tuple(rater.name for rater in self.everybody if rater.is_simulated and rater.name in self.estimates)

    @cached_property
    def repeated(self) -> tuple[tuple[str, ...], ...]:
        """Raters with an RDM who are sessions of one person, person by person."""
        sessions: dict[int, list[str]] = defaultdict(list)
        for rater in self.everybody:
            if rater.person is not None and rater.name in self.estimates:
                sessions[rater.person].append(rater.name)
        return tuple(tuple(names) for names in sessions.values() if len(names) > 1)

    @cached_property
    def table(self) -> Floats:
        """What the raters saw, (R, P), NaN = not seen, each row at a root mean square of 1 (`judged`)."""
        return judged(self._found())

    @cached_property
    def _seen(self) -> Floats:
        """The table without the pairs that nobody saw: all that agreement rests on."""
        return seen_by_anybody(self.table)

    @cached_property
    def pooled(self) -> GroupRDM:
        """The raters' RDMs as one, of what they saw, with the completed one beside it."""
        return group_rdm(self._found()) if self.together is None else self.together.group

    @cached_property
    def agreement(self) -> Agreement:
        """Agreement between the raters, as it is to be shown; that of one rater says why it is undefined."""
        if self.together is not None:
            return agreement_together(self.together, self.raters)
        return agreement(self._seen, self.raters, seed=self.choice.seed)

    @cached_property
    def quality(self) -> GroupQuality:
        """Each rater against the others."""
        if self.together is not None:
            return quality_together(self.together, self.raters)
        return group_quality(self._seen)

    @property
    def reliability(self) -> Reliability:
        """The coefficients of `agreement`."""
        return self.agreement.reliability

    @cached_property
    def between(self) -> Floats:
        """Spearman's correlation of every two raters, (R, R), over the pairs that both saw."""
        return similarity(self._seen, method="spearman")

    @cached_property
    def rater_order(self) -> list[int]:
        """The raters' places, those who agree side by side; in the study's order where they are not compared."""
        return rater_order(self.between) if self.together is None else list(range(len(self.raters)))

    @cached_property
    def growth(self) -> GrowthCurve | None:
        """Agreement by number of raters; None with fewer than three, or where they saw the pairs between them.

        Of many raters it is taken at fewer sizes and from fewer draws: the work grows with the cube of their number.
        """
        n_raters = len(self.raters)
        if n_raters < 3 or self.together is not None:
            return None
        sizes = np.unique(np.geomspace(1, n_raters - 1, GROWTH_SIZES).round().astype(int)).tolist()
        few = n_raters <= GROWTH_SIZES
        n_draws = int(np.clip(200 * (40 / n_raters) ** 2, 10, 200))
        rng = np.random.default_rng(self.choice.seed)
        return growth(self._seen, sizes=None if few else sizes, n_draws=n_draws, rng=rng)

    @cached_property
    def order(self) -> list[int]:
        """The clips' places, those that are alike in the pooled RDM side by side."""
        return cluster_order(self.pooled.rdm)

    @cached_property
    def tree(self) -> Tree | str:
        """The clips' tree by the pooled RDM, or in words why there is none."""
        return clip_tree(self.pooled.rdm)

    @cached_property
    def map(self) -> MDS | str:
        """The map of the clips by the pooled RDM, or in words why there is none."""
        return clip_map(self.pooled.rdm)

    @cached_property
    def observations(self) -> Floats:
        """Number of trials that held a pair, (R, P)."""
        return np.array([self.chosen[rater].observations for rater in self.raters])

    @cached_property
    def evidence(self) -> Floats:
        """Evidence of each pair for each rater, (R, P)."""
        return np.array([estimate.evidence for estimate in self.estimates.values()])

    def rdm_set(self) -> RDMSet:
        """The raters' RDMs with all that is known of each pair."""
        method = None if self.together is None else self.choice.method
        return rater_set(self._found(), self.names, self.raters, list(self.observations), method)

    def rdm_rows(self) -> RDMRows:
        """The same, in a temporary file: one rater's are in memory at a time."""
        if not self.raters:
            raise ValueError("no rater has an RDM")
        method = self.estimates[self.raters[0]].method if self.together is None else self.choice.method
        chosen = (self.chosen[rater] for rater in self.raters)
        rows = (rater_row(one.estimate, one.observations) for one in chosen if one.estimate is not None)
        return rows_on_disk(self.names, self.raters, method, rows)

    def group_set(self) -> RDMSet:
        """The pooled RDM, with the mean evidence and the number of raters who saw each pair."""
        return group_set(self.pooled, self.names, self.choice.method)

    def _found(self) -> list[RDMEstimate]:
        if not self.estimates:
            raise ValueError("no rater has an RDM")
        return list(self.estimates.values())

    def _allowed(self) -> Sequence[Rater]:
        return [rater for rater in self.everybody if _is_allowed(rater, self.choice)]


def chosen_raters(everybody: Iterable[Rater], choice: Choice) -> list[Rater]:
    """The raters whom the choice takes in."""
    return [
        rater for rater in everybody if _is_allowed(rater, choice) and (choice.with_unfinished or rater.is_finished)
    ]


def _is_allowed(rater: Rater, choice: Choice) -> bool:
    """Whether the choice takes the rater in as soon as the session is finished."""
    return (choice.with_simulated or not rater.is_simulated) and (choice.with_excluded or rater.exclusion is None)
