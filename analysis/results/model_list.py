"""The models that are compared with the raters: those of files, and the clips' attributes as models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..models.attributes import attribute_rdm
from ..models.candidates import Candidates
from ..similarity import Method, similarity
from ..words import counted

# What the blocks of all attributes and of all ratings are called, and the raters where spaces of models are spoken of.
ALL_ATTRIBUTES, ALL_RATINGS = "all attributes", "all ratings"
RATERS = "the raters"
# No model has one of these names.
BUILT_IN = (ALL_ATTRIBUTES, ALL_RATINGS, RATERS)


@dataclass(frozen=True)
class Attribute:
    """An attribute of the clips: one value for each, "" where it has none.

    `is_rated` says that the values are what participants' ratings came to.
    """

    name: str
    values: tuple[str, ...]
    is_rated: bool = False

    @property
    def numbers(self) -> Floats | None:
        """The values as numbers, NaN where there is none, when they are numbers of more than two sizes."""
        # Python takes the label 1_2 for twelve.
        if any("_" in value for value in self.values):
            return None
        try:
            numbers = np.array([float(value) if value.strip() else np.nan for value in self.values])
        except ValueError:
            return None
        return numbers if np.isfinite(numbers).any() and np.unique(numbers[np.isfinite(numbers)]).size > 2 else None

    @property
    def n_unknown(self) -> int:
        """How many clips have no value; among numbers "nan" and "inf" are none."""
        if (numbers := self.numbers) is not None:
            return int((~np.isfinite(numbers)).sum())
        return sum(not value.strip() for value in self.values)


@dataclass(frozen=True, eq=False)
class Model:
    """A model RDM (P,) with its name, and what it is as in `ModelScore`."""

    name: str
    source: str
    kind: str
    layer: int | None
    rdm: Floats


def models_of(candidates: Sequence[Candidates], attributes: Sequence[Attribute], remarks: list[str]) -> list[Model]:
    """All models, each with a name of its own; adds why an attribute is none to the remarks."""
    models = []
    for one in candidates:
        for place, (name, rdm) in enumerate(zip(one.models, one.rdms, strict=True), start=1):
            layer = place if one.kind == "layers" else None
            models.append(Model(full_name(one.name, one.models, name), one.name, one.kind, layer, rdm))
    for attribute in attributes:
        kind = "rating" if attribute.is_rated else "attribute"
        if unknown := attribute.n_unknown:
            without = counted(unknown, "clip has", "clips have")
            remarks.append(f"{attribute.name} cannot be a model, because {without} no value of it.")
            continue
        numbers = attribute.numbers
        rdm = attribute_rdm(attribute.values) if numbers is None else attribute_rdm(numbers, kind="number")
        models.append(Model(attribute.name, attribute.name, kind, None, rdm))
    return _told_apart(models)


def _told_apart(models: Sequence[Model]) -> list[Model]:
    """The models, of which those with the same name, or with one that is built in, get a number behind it."""
    count, seen = Counter([*BUILT_IN, *(model.name for model in models)]), Counter(BUILT_IN)
    named = []
    for model in models:
        seen[model.name] += 1
        name = model.name if count[model.name] == 1 else f"{model.name} ({seen[model.name]})"
        named.append(Model(name, model.source, model.kind, model.layer, model.rdm))
    return named


def usable_models(models: Sequence[Model], table: Floats, comparator: Method, remarks: list[str]) -> list[Model]:
    """Those that predict something of what raters saw; adds why others do not to the remarks."""
    kept = []
    for model in models:
        if missing := int(np.isnan(model.rdm).sum()):
            remarks.append(
                f"{model.name} is left out: {missing} of its {model.rdm.size} pairs "
                f"{'has' if missing == 1 else 'have'} no value."
            )
        elif np.ptp(model.rdm) <= 1e-12 * np.abs(model.rdm).max():
            remarks.append(f"{model.name} is left out: all its dissimilarities are equal, so it predicts nothing.")
        elif len(table) and np.isnan(similarity(table, model.rdm, method=comparator)).all():
            remarks.append(f"{model.name} is left out: it is constant over the pairs that raters saw.")
        else:
            kept.append(model)
    return kept


def full_name(source: str, models: Sequence[str], name: str) -> str:
    """What a model of a file is called among all; the only one of a file is called as the file is."""
    return source if len(models) == 1 else name if name.startswith(source) else f"{source}: {name}"


def blocks_of(models: Sequence[Model]) -> Mapping[str, list[Model]]:
    """What can be named together or alone: all attributes, all ratings, each file, each model."""
    blocks: dict[str, list[Model]] = {}
    for kind, name in (("attribute", ALL_ATTRIBUTES), ("rating", ALL_RATINGS)):
        if len(mine := [model for model in models if model.kind == kind]) > 1:
            blocks[name] = mine
    for source in dict.fromkeys(model.source for model in models if model.kind in ("rdms", "layers")):
        blocks.setdefault(source, [model for model in models if model.source == source])
    return {model.name: [model] for model in models} | blocks


def block_named(name: str, blocks: Mapping[str, list[Model]], remarks: list[str]) -> list[Model]:
    """The models of a block; none where there is no such block, which is added to the remarks."""
    members = blocks.get(name, [])
    if not members:
        remarks.append(f"{name} is not one of the models that can be compared.")
    return members
