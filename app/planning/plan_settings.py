"""What an experimenter asks of a plan: the assumptions with their usual values, in plain words, and two models."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.arrangement import Floats
from analysis.formats.square import read_square_csv
from analysis.models.clip_names import match_clips
from analysis.planning import Assumptions, Timing, Wanted
from analysis.rdm import n_pairs, subset
from analysis.results import COMPARATOR_LABELS
from analysis.words import counted
from app.errors import Invalid

Truth = Literal["gaussian_5", "gaussian_2", "gaussian_full", "clusters", "hierarchy", "circumplex", "features"]
TRUTHS: dict[Truth, str] = {
    "gaussian_5": "five dimensions",
    "gaussian_2": "two dimensions",
    "gaussian_full": "each clip differs in its own way",
    "clusters": "five groups",
    "hierarchy": "three groups of three",
    "circumplex": "a circle, such as hues",
    "features": "features, had or not",
}
# In the order of the form; Kendall's τa would take too long.
COMPARATORS = {method: COMPARATOR_LABELS[method] for method in ("rho_a", "spearman", "pearson", "cosine")}
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(ge=0.0, le=600.0)]
Correlation = Annotated[float, Field(gt=-1.0, lt=1.0)]
_TIMING, _ASSUMED, _WANTED = Timing(), Assumptions(), Wanted()


class PlanSettings(BaseModel):
    """What a plan assumes and is to say; the study's own settings are not among it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    raters: int = Field(
        default=_WANTED.raters, ge=2, le=500, title="Raters you plan with", description="The curves reach beyond them."
    )
    reliability: float = Field(
        default=_WANTED.reliability,
        gt=0.0,
        lt=1.0,
        title="Reliability you want",
        description="Of the mean of all raters: the corrected split-half correlation. 0.9 is what most people aim at.",
    )
    accuracy: float = Field(
        default=_WANTED.accuracy,
        gt=0.0,
        lt=1.0,
        title="Correlation you want",
        description="With the design cohort: of the RDM of all trials with what raters have in common.",
    )
    individual: Share = Field(
        default=_ASSUMED.individual,
        title="How far raters differ",
        description="The share of a rater's RDM that is the rater's own. At 0.55 two raters of 24 clips correlate by "
        "about 0.35, as 16 people with 92 pictures did (0.36).",
    )
    noise: Share = Field(
        default=_ASSUMED.noise,
        title="Placement noise",
        description="How far a clip lies from where it was meant: standard deviation, by the largest distance.",
    )
    random_trials: Share = Field(
        default=_ASSUMED.random_trials,
        title="Careless trials",
        description="The share of trials in which clips are put anywhere.",
    )
    truth: Truth = Field(
        default="gaussian_5", title="What raters have in common", description="The kind of structure that they share."
    )
    seconds_per_placement: Seconds = Field(
        default=_TIMING.seconds_per_placement,
        title="Seconds for a placement",
        description="For each clip of each trial, with looking at it again. In a session with 118 images it was 1.5.",
    )
    seconds_per_trial: Seconds = Field(
        default=_TIMING.seconds_per_trial, title="Seconds for a trial", description="Besides its placements."
    )
    watch: bool = Field(
        default=True,
        title="Each clip is watched once",
        description="To its end, when it is seen for the first time. Adds the clips' own lengths.",
    )
    pace_spread: Share = Field(
        default=_TIMING.pace_spread,
        title="How far people's pace differs",
        description="Standard deviation of its logarithm: at 0.3 one in six takes more than 1.35 times as long.",
    )
    model_a: Correlation = Field(
        default=_ASSUMED.model_a,
        title="Model A and the truth",
        description="The correlation of model A with what raters have in common.",
    )
    model_b: Correlation = Field(
        default=_ASSUMED.model_b, title="Model B and the truth", description="The same for model B."
    )
    comparator: Literal["rho_a", "spearman", "pearson", "cosine"] = Field(
        default="rho_a", title="Compared by", description="How a model is compared with each rater."
    )
    resample: Literal["both", "raters"] = Field(
        default="both",
        title="The test generalises to",
        description="Other raters and other clips need many clips; these clips alone need few raters.",
    )
    seed: int = Field(default=1, ge=0, lt=2**63, title="Seed", description="The same seed gives the same plan.")

    @property
    def assumptions(self) -> Assumptions:
        """What the analysis calls it."""
        return Assumptions(self.noise, self.individual, self.random_trials, self.truth, self.model_a, self.model_b)

    @property
    def timing(self) -> Timing:
        """The timing model, at the pace that it states."""
        return Timing(self.seconds_per_trial, self.seconds_per_placement, self.watch, pace_spread=self.pace_spread)

    @property
    def wanted(self) -> Wanted:
        """What the plan is to say."""
        return Wanted(self.reliability, self.raters, self.comparator, self.resample, accuracy=self.accuracy)


CHOICES: dict[str, dict[Any, str]] = {
    "truth": dict(TRUTHS),
    "comparator": dict(COMPARATORS),
    "resample": {"both": "other raters and clips", "raters": "other raters, these clips"},
}
assert set(TRUTHS) == set(get_args(Truth))


@dataclass(frozen=True, eq=False)
class Models:
    """Two models of the study's clips: the files' names, and the RDMs (2, P) in the order of the clips."""

    names: tuple[str, str]
    rdms: Floats


def settings_of(values: dict[str, Any]) -> PlanSettings:
    """The settings that these values ask for; what is not among them has its usual value.

    Raises
    ------
    Invalid
        Naming the setting and the reason.
    """
    try:
        return PlanSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise Invalid(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}", field=name) from error


def models_of_texts(texts: Sequence[tuple[str, str]], clips: Sequence[str]) -> Models:
    """Two models out of square tables (CSV or TSV), each with its file's name; `clips` are the clips' file names.

    Raises
    ------
    Invalid
        Naming the file and the reason.
    """
    with TemporaryDirectory() as folder:
        files = []
        for number, (name, text) in enumerate(texts):
            file = Path(folder) / f"{number}{Path(name).suffix or '.csv'}"
            file.write_text(text, encoding="utf-8")
            files.append((name, file))
        return _models(files, clips)


def models_of_files(files: Sequence[Path], clips: Sequence[str]) -> Models:
    """As `models_of_texts`, from files on this machine."""
    return _models([(file.name, file) for file in files], clips)


def _models(files: Sequence[tuple[str, Path]], clips: Sequence[str]) -> Models:
    if len(files) != 2:
        raise Invalid("Give two models, A and B, or none.", field="models")
    (first, one), (second, two) = files
    return Models((first, second), np.stack([_read(first, one, clips), _read(second, two, clips)]))


def _read(name: str, file: Path, clips: Sequence[str]) -> Floats:
    """A model's RDM (P,) in the order of the clips."""
    try:
        given = read_square_csv(file, negative=True)
    except (ValueError, OSError) as error:
        raise Invalid(str(error).replace(str(file), name), field="models") from error
    try:
        places, _ = match_clips(given.names, clips)
    except ValueError as error:
        raise Invalid(f"{name}: {error}", field="models") from error
    rdm = subset(given.rdms[0], np.array(places))
    if np.isnan(rdm).any():
        raise Invalid(
            f"{name}: {counted(int(np.isnan(rdm).sum()), 'pair of clips has', 'pairs of clips have')} no value",
            field="models",
        )
    return rdm


def pack_models(models: Models) -> bytes:
    """The models for the database."""
    file = io.BytesIO()
    np.savez_compressed(file, names=np.array(models.names), rdms=models.rdms)
    return file.getvalue()


def unpack_models(content: bytes | None, n_clips: int) -> Models | None:
    """What `pack_models` has packed; None without any.

    Raises
    ------
    Invalid
        When they are of other clips than the study has now.
    """
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        names, rdms = archive["names"], archive["rdms"]
    if rdms.shape[1] != n_pairs(n_clips):
        raise Invalid("The models are for clips other than the study's present ones: add them again.", field="models")
    return Models((str(names[0]), str(names[1])), rdms)
