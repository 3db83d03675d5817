"""Models and attributes against the raters of an export bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from ..arrangement import Arrangement, Floats
from ..clip_sets import ClipSet
from ..formats.bundle import Bundle, BundleError
from ..models.activations import Distance, Frames
from ..models.array_kinds import CandidateKind
from ..models.candidates import Candidates, read_candidates
from ..models.clip_names import match_clips
from ..rdm import subset
from ..words import percent
from .compared import ModelOptions
from .individuals import halves_of
from .joint_rdms import TrialsOfSet, joint_rdms, joint_rdms_of_sets
from .model_list import Attribute
from .models import ModelFindings, compare_candidates
from .of_bundle import Progress, arrangements_of, judgments, results_of_bundle, shares_pairs
from .study import StudyResults


@dataclass(frozen=True)
class AskedModels:
    """What is compared with a bundle's raters: files of models, how layers become RDMs, and how it compares.

    With `attributes` the clips' attributes are compared also where there are no models.
    """

    files: tuple[Path, ...] = ()
    attributes: bool = False
    distance: Distance = "correlation"
    frames: Frames | None = None
    options: ModelOptions = field(default_factory=ModelOptions)


def read_asked(bundle: Bundle, asked: AskedModels) -> list[Candidates]:
    """The bundle's models and those of the files, for its clips.

    Raises
    ------
    ValueError, OSError
        As `read_candidates`.
    """
    files = [read_candidates(file, bundle.names, distance=asked.distance, frames=asked.frames) for file in asked.files]
    return [*bundle_models(bundle), *files]


@dataclass(frozen=True, eq=False)
class StoredModels:
    """Models of one file as a bundle holds them: M RDMs (M, P) over `clips`, in their order; NaN = missing."""

    name: str
    kind: str
    models: tuple[str, ...]
    clips: tuple[str, ...]
    rdms: Floats
    remarks: str


def stored_models(bundle: Bundle) -> list[StoredModels]:
    """The models that the bundle holds.

    Raises
    ------
    ValueError
        Naming what is wrong with a row, or the model that does not have each pair of its clips once and in order.
    """
    by_name: dict[str, tuple[str, dict[tuple[int, str], dict[tuple[str, str], float]]]] = {}
    remarks: dict[str, str] = {}
    for row in bundle.rows("candidate_models"):
        if row["remarks"]:
            remarks.setdefault(row["name"], row["remarks"])
        _, models = by_name.setdefault(row["name"], (row["kind"], {}))
        value = np.nan if row["dissimilarity"] is None else row["dissimilarity"]
        models.setdefault((row["number"], row["model"]), {})[row["clip_a"], row["clip_b"]] = value
    stored = []
    for name, (kind, models) in by_name.items():
        pairs = list(next(iter(models.values())))
        clips = tuple(dict.fromkeys(clip for pair in pairs for clip in pair))
        if any(list(values) != pairs for values in models.values()) or pairs != list(combinations(clips, 2)):
            raise BundleError(
                f"{bundle.path}: candidate_models.csv: {name} does not have each pair of its clips once and in order"
            )
        ordered = sorted(models)
        rdms = np.array([list(models[key].values()) for key in ordered], dtype=np.float64)
        stored.append(
            StoredModels(name, kind, tuple(model for _, model in ordered), clips, rdms, remarks.get(name, ""))
        )
    return stored


def bundle_models(bundle: Bundle) -> list[Candidates]:
    """The models that the bundle holds, for its clips.

    Raises
    ------
    ValueError
        As `stored_models`, and naming the clips that a model lacks.
    """
    candidates = []
    for one in stored_models(bundle):
        try:
            places, remark = match_clips(one.clips, bundle.names)
        except ValueError as error:
            raise BundleError(f"{bundle.path}: candidate_models.csv: {one.name} {error}") from error
        rdms = np.array([subset(rdm, np.array(places)) for rdm in one.rdms])
        kind: CandidateKind = "layers" if one.kind == "layers" else "rdms"
        candidates.append(Candidates(one.name, kind, one.models, rdms, tuple(filter(None, (one.remarks, remark)))))
    return candidates


def bundle_attributes(bundle: Bundle) -> list[Attribute]:
    """The attributes of the bundle's clips, the study's own and those that participants' ratings gave."""
    own: dict[str, dict[str, str]] = {}
    for row in bundle.rows("attributes"):
        own.setdefault(row["attribute"], {})[row["clip"]] = row["value"] or ""
    rated: dict[str, dict[str, str]] = {}
    for row in bundle.rows("attributes_from_ratings"):
        value = row["choice"] or "" if row["mean"] is None else repr(row["mean"])
        rated.setdefault(row["attribute"], {})[row["clip"]] = value
    return [
        Attribute(name, tuple(values.get(clip, "") for clip in bundle.names), is_rated)
        for table, is_rated in ((own, False), (rated, True))
        for name, values in table.items()
    ]


def compare(
    bundle: Bundle, results: StudyResults, candidates: Sequence[Candidates], options: ModelOptions, progress: Progress
) -> ModelFindings:
    """The candidates and the bundle's attributes against the raters of the results."""
    shares: dict[str, int] = {}

    def tell(what: str, share: float) -> None:
        """Say it at each quarter."""
        if shares.get(what) != (quarter := int(4 * share)):
            shares[what] = quarter
            progress(f"{what}: {percent(share)}")

    attributes = bundle_attributes(bundle)
    halves = joint = None
    arranged = _arranged(bundle, results)
    if options.parts.individuals and arranged:
        halves = halves_of(arranged, results.raters, len(results.names))
    if results.together is not None:
        joint = joint_rdms(
            results.together,
            {rater: arranged.get(rater, []) for rater in results.together.raters},
            len(results.names),
            results.choice.method,
            progress=lambda done, of: tell("Estimating without some of the raters", done / of),
        )
    sets = bundle.sets() if results.choice.clip_set is None else ()
    if sets and shares_pairs(judgments(bundle, results.choice)):
        joint = joint_rdms_of_sets(
            [_of_set(bundle, results, one, progress) for one in sets],
            len(results.names),
            results.choice.method,
            progress=lambda done, of: tell("Estimating sets without some of the raters", done / of),
        )
    return compare_candidates(
        results.table,
        results.raters,
        results.names,
        candidates,
        attributes,
        options,
        tell,
        halves=halves,
        sets=sets,
        joint=joint,
    )


def _of_set(bundle: Bundle, results: StudyResults, one: ClipSet, progress: Progress) -> TrialsOfSet:
    """The trials of a set whose pairs its raters saw between them, and what they came to."""
    choice = replace(results.choice, clip_set=one.name, uncertainty=False)
    try:
        of_set = results_of_bundle(bundle, choice, progress)
    except ValueError:
        # Nobody has had it, or it has too few trials: its models are not compared.
        return TrialsOfSet(one, None, {})
    return TrialsOfSet(one, of_set.together, arrangements_of(bundle, of_set))


def _arranged(bundle: Bundle, results: StudyResults) -> dict[str, list[Arrangement]]:
    """The trials of each rater; none where RDMs came in their place."""
    if results.choice.clip_set is not None:
        return arrangements_of(bundle, results)
    return {
        rater: [trial.arrangement for trial in theirs] for rater, theirs in judgments(bundle, results.choice).items()
    }


def findings_of_bundle(bundle: Bundle, results: StudyResults, options: ModelOptions) -> ModelFindings:
    """The bundle's models and attributes against the raters of the results, which are the bundle's too.

    Raises
    ------
    ValueError
        As `bundle_models` and `compare_candidates`.
    """
    return compare(bundle, results, bundle_models(bundle), options, lambda _: None)
