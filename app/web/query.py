"""What a page's or an API's address asks for, behind its question mark."""

from __future__ import annotations

from flask import request

from analysis.estimators import ESTIMATORS
from analysis.formats.source_bundle import GIVEN
from analysis.results import Choice
from app.errors import Invalid

DEFAULT_METHOD = Choice.method


def switch(name: str, *, default: bool = True) -> bool:
    """A yes or no in the address: 1 or 0."""
    return request.args.get(name, "1" if default else "0") == "1"


def choice_of_request() -> Choice:
    """The estimator and the raters that the address asks for.

    Raises
    ------
    Invalid
        When there is no such estimator.
    """
    method = request.args.get("method", DEFAULT_METHOD)
    if method not in (*ESTIMATORS, GIVEN):
        raise Invalid(f"There is no estimator {method!r}; there are {', '.join(ESTIMATORS)}.", field="method")
    return Choice(
        method,
        with_simulated=switch("simulated"),
        with_unfinished=switch("unfinished", default=False),
        with_excluded=switch("excluded", default=False),
        uncertainty=switch("uncertainty", default=False),
        clip_set=request.args.get("set") or None,
    )


def dimensions_of_request() -> int:
    """How many dimensions the map has that the address asks for.

    Raises
    ------
    Invalid
        When they are neither 2 nor 3.
    """
    dims = request.args.get("dims", "2")
    if dims not in ("2", "3"):
        raise Invalid("A map has 2 or 3 dimensions.", field="dims")
    return int(dims)
