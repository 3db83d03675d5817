"""How models are compared with a study's raters, and what is computed of them beside scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.results.model_parts import AskedParts
from analysis.results.variance_shares import MAX_EXPLAINED
from app.errors import Invalid


class ModelSettings(BaseModel):
    """How models are compared with the raters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    comparator: Literal["rho_a", "spearman", "pearson", "cosine", "tau_a"] = Field(
        default="rho_a",
        title="Compared by",
        description="Spearman ρa does not favour models that predict ties, as attributes do.",
    )
    with_simulated: bool = Field(default=True, title="with simulated raters", description="Simulated raters are in.")
    with_unfinished: bool = Field(
        default=False, title="with unfinished sessions", description="Unfinished sessions are in."
    )
    permutations: bool = Field(
        default=False, title="permutation tests", description="Each model by permutation, and without raters' noise."
    )
    explain: tuple[str, ...] = Field(
        default=(),
        max_length=MAX_EXPLAINED,
        title="Shares of variance",
        description="2 to 4 models or groups of models between which the variance is divided.",
    )
    hold_constant: str = Field(
        default="",
        max_length=600,
        title="Held constant",
        description="A model or group of models that all others are freed of.",
    )
    weighted: bool = Field(
        default=False, title="weighted sums", description="Models added up with weights, cross-validated."
    )
    individuals: bool = Field(
        default=False, title="how raters differ", description="By more than noise, in groups, by attributes."
    )
    axes: bool = Field(
        default=False, title="axes of attributes", description="In models and in the raters' space, and how alike."
    )
    predictions: bool = Field(
        default=False, title="predictions", description="Attributes and the map's axes, for clips that were left out."
    )

    @property
    def parts(self) -> AskedParts:
        """What is asked for beside scores and effects."""
        return AskedParts(
            permutations=self.permutations,
            explain=self.explain,
            hold_constant=self.hold_constant,
            weighted=self.weighted,
            individuals=self.individuals,
            axes=self.axes,
            predictions=self.predictions,
        )

    @property
    def base(self) -> tuple[object, ...]:
        """What scores and effects depend on."""
        return (self.comparator, self.with_simulated, self.with_unfinished)


def settings_of(values: Mapping[str, Any]) -> ModelSettings:
    """The settings that these values ask for; the others have their usual value.

    Raises
    ------
    Invalid
        Naming the setting and the reason.
    """
    try:
        return ModelSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise Invalid(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}", field=name) from error
