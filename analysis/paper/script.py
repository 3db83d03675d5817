"""The Python scripts that remake figures from the study's export bundle."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from textwrap import dedent
from types import CodeType
from typing import Any

from ..results import Choice
from ..results.compared import ModelOptions
from ..results.models import ModelFindings
from ..version import __version__
from . import model_tools, tools
from .draw import FIGURES
from .model_draw import model_figure
from .tools import View

# What every script uses, beside what its figure does.
ALWAYS = (
    "Attributes",
    "Choice",
    "StudyResults",
    "View",
    "attributes_of",
    "figures",
    "read_bundle",
    "results_of_bundle",
)

TEXT = '''\
"""{title} (study: {study}).

Made by Asterism {version}. It needs Python 3.11 and the package of the analysis:

    pip install "asterism-analysis[report]=={version}"

and the study's export bundle, {bundle}:

    python {stem}.py BUNDLE.zip

{does}
"""

from __future__ import annotations

import sys
from typing import Any

try:
    from asterism_analysis.paper.{tools} import (
{names}
    )
except ModuleNotFoundError:  # In a checkout of Asterism the same package has another name.
    from analysis.paper.{tools} import (  # type: ignore[assignment]
{names}
    )

CHOICE = {choice}
{setting}


{source}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python {stem}.py BUNDLE.zip")
    bundle = read_bundle(sys.argv[1])
    results = results_of_bundle(bundle, CHOICE)
    {save}
'''
OF_RATERS = """\
It estimates every rater's RDM from the placements, and writes {stem}.pdf, {stem}.svg and {stem}.png into the folder
where it is run. Change the function below as you like."""
OF_MODELS = """\
It estimates every rater's RDM from the placements, compares the models with them again, and writes {stem}.pdf,
{stem}.svg and {stem}.png into the folder where it is run. Change the function below as you like."""
# What every script of models uses, beside what its figure does.
ALWAYS_OF_MODELS = (
    "AskedParts",
    "Choice",
    "ModelFindings",
    "ModelOptions",
    "findings_of_bundle",
    "read_bundle",
    "results_of_bundle",
    "save",
)


def model_script(name: str, study: str, choice: Choice, options: ModelOptions, findings: ModelFindings) -> str:
    """The script of a figure of models, as text.

    Raises
    ------
    ValueError
        As `model_figure`.
    """
    figure, given = model_figure(name, findings)
    arguments = "".join(f", {key}={value!r}" for key, value in given.items())
    return TEXT.format(
        title=figure.title,
        bundle="which holds its models, taken with the same choices as the figure",
        does=OF_MODELS.format(stem=name),
        tools="model_tools",
        setting=f"OPTIONS = {_call(options)}",
        save=f'save({figure.draw.__name__}(findings_of_bundle(bundle, results, OPTIONS){arguments}), "{name}")',
        **_filled_alike(name, study, choice, figure.draw, {*ALWAYS_OF_MODELS}, model_tools.__all__),
    )


def script(name: str, study: str, choice: Choice, view: View) -> str:
    """The script of a figure, one of FIGURES, as text.

    Raises
    ------
    ValueError
        When there is no such figure.
    """
    if name not in FIGURES:
        raise ValueError(f"There is no figure {name!r}; there are {', '.join(FIGURES)}.")
    title, draw, *_ = FIGURES[name]
    return TEXT.format(
        title=title,
        bundle="taken with the same choices as the figure",
        does=OF_RATERS.format(stem=name),
        tools="tools",
        setting=f"VIEW = {_call(view)}",
        save=f'figures.save({draw.__name__}(results, attributes_of(bundle, with_rated=True), VIEW), "{name}")',
        **_filled_alike(name, study, choice, draw, {*ALWAYS}, tools.__all__),
    )


def _filled_alike(
    stem: str, study: str, choice: Choice, draw: Callable[..., Any], always: set[str], known: Sequence[str]
) -> dict[str, str]:
    """What is filled in from the same in each script; `known` are the names that it can import."""
    used = sorted(always | (_names(draw.__code__) & set(known)), key=str.casefold)
    return {
        "study": study,
        "version": __version__,
        "stem": stem,
        "names": "\n".join(f"        {one}," for one in used),
        "choice": _call(choice),
        "source": dedent(inspect.getsource(draw)),
    }


def _names(code: CodeType) -> set[str]:
    """Names that the code uses, also in its inner functions."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _call(value: Any) -> str:
    """A dataclass as the call that makes it, with what differs from the defaults."""
    given = [(field.name, getattr(value, field.name)) for field in fields(value)]
    told = [
        f"{name}={_call(setting) if is_dataclass(setting) else repr(setting)}"
        for (name, setting), field in zip(given, fields(value), strict=True)
        if setting != (field.default if field.default_factory is MISSING else field.default_factory())
        or name in ("method", "width", "comparator", "n_boot", "n_permutations")
    ]
    return f"{type(value).__name__}({', '.join(told)})"
