"""What all sections of study.toml share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of study.toml: unknown keys are refused, and values are never converted."""

    # Strict: "20" is no number and 1 is not true, so that nothing is taken for what it may not have been meant as.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, strict=True, allow_inf_nan=False)
