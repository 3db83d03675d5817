"""What a file does not say itself, from whoever knows it: on a command line or a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from .rdm_stacks import RatersAre
from .text import read_text

# Each hint that has a value: how it is shown in a command's help, and what it says.
HINTS = {
    "columns": ("OURS=THEIRS,…", "which column is which: rater, trial, item, x, y, or clip_a, clip_b, dissimilarity"),
    "arena": ("X,Y,DIAMETER", "centre and diameter of the arena in the file's unit"),
    "names": ("FILE", "text file with the names of the items, one a line, in the order of the data"),
    "raters": ("rows|columns", "where an array has its raters"),
    "variable": ("NAME", "the variable of a MATLAB file"),
    "task": ("NAME", "the task of a Meadows file"),
}
SWITCHES = {
    "y-down": "y grows downwards, as on screens",
    "negative": "dissimilarities may be negative",
}


class HintsError(ValueError):
    """A hint cannot be understood."""


@dataclass(frozen=True)
class Hints:
    """What a file does not say itself, from whoever knows it. What is given and not needed is an error.

    Attributes
    ----------
    columns : by our name (rater, trial, item, x, y; clip_a, clip_b, dissimilarity) the table's name of a column
    arena : centre and diameter of the arena in the file's unit (x, y, diameter)
    y_down : whether y grows downwards
    names : of the items, in the file's order
    raters : where an array has raters: "rows" (its first axis) or "columns" (its last)
    variable : of a MATLAB file
    task : of a Meadows file
    negative : whether dissimilarities may be negative
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    arena: tuple[float, float, float] | None = None
    y_down: bool = False
    names: tuple[str, ...] = ()
    raters: RatersAre | None = None
    variable: str | None = None
    task: str | None = None
    negative: bool = False

    def only(self, kind: str, *used: str) -> None:
        """Refuse hints that a kind of file does not need: they would be passed over in silence.

        Raises
        ------
        ValueError
            Naming the hint.
        """
        given = [one.name for one in fields(self) if getattr(self, one.name) and one.name not in used]
        if given:
            raise ValueError(f"it is {kind}, for which {' and '.join(given)} cannot be given")


def hints_of(values: Mapping[str, str | None], switches: Mapping[str, bool]) -> Hints:
    """Hints from texts, by the names of `HINTS` and `SWITCHES`; `names` is the path of a file.

    Raises
    ------
    HintsError
        Naming the hint, when its text cannot be understood.
    """
    given = {name: text.strip() for name, text in values.items() if text is not None and text.strip()}
    try:
        names = names_of(read_text(given["names"])) if "names" in given else ()
    except (OSError, ValueError) as error:
        raise HintsError(f"names: {error}") from error
    return hints_with(given, switches, names)


def hints_with(given: Mapping[str, str], switches: Mapping[str, bool], names: tuple[str, ...]) -> Hints:
    """As `hints_of`, with the names themselves."""
    raters: RatersAre | None = None
    if "raters" in given:
        if given["raters"] not in ("rows", "columns"):
            raise HintsError(f"raters: must be rows or columns, got {given['raters']!r}")
        raters = "rows" if given["raters"] == "rows" else "columns"
    return Hints(
        columns=_columns(given.get("columns", "")),
        arena=_arena(given["arena"]) if "arena" in given else None,
        y_down=switches.get("y-down", False),
        names=names,
        raters=raters,
        variable=given.get("variable"),
        task=given.get("task"),
        negative=switches.get("negative", False),
    )


def names_of(text: str) -> tuple[str, ...]:
    """Names, one a line; empty lines are none."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _columns(text: str) -> dict[str, str]:
    """ "rater=subject,trial=block" as a mapping; of a name with a comma in it a column is named nowhere else."""
    columns: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        ours, equals, theirs = part.partition("=")
        if not equals or not ours.strip() or not theirs.strip():
            raise HintsError(f"columns: {part!r} is not of the form OURS=THEIRS, such as rater=subject")
        if ours.strip() in columns:
            raise HintsError(f"columns: {ours.strip()} is named twice")
        columns[ours.strip()] = theirs.strip()
    return columns


def _arena(text: str) -> tuple[float, float, float]:
    try:
        x, y, diameter = (float(one) for one in text.split(","))
    except ValueError:
        raise HintsError(f"arena: must be three numbers X,Y,DIAMETER, got {text!r}") from None
    if not (abs(x) < 1e9 and abs(y) < 1e9 and 0 < diameter < 1e9):
        raise HintsError(f"arena: must have a diameter above 0, got {text!r}")
    return x, y, diameter
