"""The Python scripts that remake figures from the study's export bundle."""

from __future__ import annotations

import inspect
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

and the study's export bundle, taken with the same choices as the figure:

    python {stem}.py BUNDLE.zip

It estimates every rater's RDM from the placements, and writes {stem}.pdf, {stem}.svg and {stem}.png into the folder
where it is run. Change the function below as you like.
"""

from __future__ import annotations

import sys
from typing import Any

try:
    from asterism_analysis.paper.tools import (
{names}
    )
except ModuleNotFoundError:  # In a checkout of Asterism the same package has another name.
    from analysis.paper.tools import (  # type: ignore[assignment]
{names}
    )

CHOICE = {choice}
VIEW = {view}


{source}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python {stem}.py BUNDLE.zip")
    bundle = read_bundle(sys.argv[1])
    results = results_of_bundle(bundle, CHOICE)
    figures.save({function}(results, attributes_of(bundle, with_rated=True), VIEW), "{stem}")
'''


MODELS_TEXT = '''\
"""{title} (study: {study}).

Made by Asterism {version}. It needs Python 3.11 and the package of the analysis:

    pip install "asterism-analysis[report]=={version}"

and the study's export bundle, which holds its models, taken with the same choices as the figure:

    python {stem}.py BUNDLE.zip

It estimates every rater's RDM from the placements, compares the models with them again, and writes {stem}.pdf,
{stem}.svg and {stem}.png into the folder where it is run. Change the function below as you like.
"""

from __future__ import annotations

import sys
from typing import Any

try:
    from asterism_analysis.paper.model_tools import (
{names}
    )
except ModuleNotFoundError:  # In a checkout of Asterism the same package has another name.
    from analysis.paper.model_tools import (  # type: ignore[assignment]
{names}
    )

CHOICE = {choice}
OPTIONS = {options}


{source}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python {stem}.py BUNDLE.zip")
    bundle = read_bundle(sys.argv[1])
    results = results_of_bundle(bundle, CHOICE)
    save({function}(findings_of_bundle(bundle, results, OPTIONS){given}), "{stem}")
'''
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
    used = sorted({*ALWAYS_OF_MODELS, *(_names(figure.draw.__code__) & set(model_tools.__all__))}, key=str.casefold)
    return MODELS_TEXT.format(
        title=figure.title,
        study=study,
        version=__version__,
        stem=name,
        names="\n".join(f"        {one}," for one in used),
        choice=_call(choice),
        options=_call(options),
        source=dedent(inspect.getsource(figure.draw)),
        function=figure.draw.__name__,
        given="".join(f", {key}={value!r}" for key, value in given.items()),
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
    used = sorted({*ALWAYS, *(_names(draw.__code__) & set(tools.__all__))}, key=str.casefold)
    return TEXT.format(
        title=title,
        study=study,
        version=__version__,
        stem=name,
        names="\n".join(f"        {one}," for one in used),
        choice=_call(choice),
        view=_call(view),
        source=dedent(inspect.getsource(draw)),
        function=draw.__name__,
    )


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
