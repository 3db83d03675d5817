"""Bodies of requests in JSON: read strictly, with an error that names the field."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import Invalid


class Body(BaseModel):
    """A body: no unknown key, and no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Model = TypeVar("Model", bound=Body)


def body_of(model: type[Model]) -> Model:
    """The request's body.

    Raises
    ------
    Invalid
        Naming the field, when it is not what the model says.
    """
    try:
        return model.model_validate_json(request.get_data(cache=False) or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise Invalid(f"{field or 'The body'}: {first['msg']}", field=field) from error
