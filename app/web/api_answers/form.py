"""The base of all answers in JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An answer in JSON: all of these fields, and no other."""

    model_config = ConfigDict(extra="forbid", strict=True)


Form = type[BaseModel] | str | None
