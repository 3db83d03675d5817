"""The clips of a study that best tell models apart, and the raters that this takes: the start of a new study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from analysis.models.controversial import MAX_MODELS, controversial, raters_to_tell
from analysis.rdm import n_items_of
from analysis.results.model_list import models_of
from app.errors import Invalid
from app.models import Study
from app.participation.arrangements import clip_order
from app.results.chosen import options_of
from app.results.model_files import attributes_of, candidates_of
from app.results.model_settings import ModelSettings
from app.results.model_work import choice_of

# As many as one round can show, and an address can name.
MAX_CLIPS = 60
RANDOM_SUBSETS = 3


@dataclass(frozen=True)
class ChosenClips:
    """Names of the clips, and the separation and raters needed with them and with random ones; None = beyond number."""

    clips: tuple[str, ...]
    separation: float
    of_random: float
    raters: int | None
    raters_of_random: int | None


def choose_clips(db: Session, study: Study, models: Sequence[str], n_clips: int) -> ChosenClips:
    """The `n_clips` clips that best tell these models of the study apart; the same for the same study.

    Raises
    ------
    Invalid
        When a model is unknown, incomplete or negative, or the numbers do not fit.
    """
    candidates, _ = candidates_of(db, study)
    attributes = attributes_of(db, study, options_of(choice_of(study, ModelSettings())))
    known = {model.name: model.rdm for model in models_of(candidates, attributes, [])}
    if unknown := [name for name in models if name not in known]:
        raise Invalid(f"There is no model {unknown[0]} of these clips.", field="models")
    if not 2 <= len(set(models)) <= MAX_MODELS:
        raise Invalid(f"Clips are chosen for 2 to {MAX_MODELS} different models.", field="models")
    if not 4 <= n_clips <= MAX_CLIPS:
        raise Invalid(f"Choose 4 to {MAX_CLIPS} clips.", field="clips")
    rdms, rng = np.array([known[name] for name in dict.fromkeys(models)]), np.random.default_rng(0)
    try:
        chosen = controversial(rdms, n_clips, rng=rng)
        needed = raters_to_tell(rdms, chosen.items, rng=rng)
        n = n_items_of(rdms.shape[1])
        subsets = [rng.choice(n, n_clips, replace=False) for _ in range(RANDOM_SUBSETS)]
        at_random = float(np.median([raters_to_tell(rdms, one, rng=rng) for one in subsets]))
    except ValueError as error:
        raise Invalid(f"The clips cannot be chosen: {error}.", field="models") from error
    names = [clip.file_name for clip in clip_order(db, study.id)]
    return ChosenClips(
        tuple(names[item] for item in chosen.items),
        chosen.separation,
        chosen.of_random,
        _whole(needed),
        _whole(at_random),
    )


def _whole(raters: float) -> int | None:
    return int(raters) if math.isfinite(raters) else None
