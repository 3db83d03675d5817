"""RDMs of raters out of arrays of numbers: NumPy's, and those of MATLAB files that are no known program's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .hints import Hints
from .mat_variables import load
from .matlab import numbers_of, read_mat, texts
from .matlab_programs import UNNAMED, is_original, read_original
from .meadows import read_1d_mat
from .npz import as_numbers
from .rdm_set import RDMSet
from .rdm_stacks import numbered, read_stack
from .readable import unknown
from .source import Source, source_of_rdms


def stack_source(kind: str, array: Any, file: Path, where: str, hints: Hints, raters: Sequence[str] = ()) -> Source:
    """The raters of a stack of RDMs in any shape, as `read_stack`; `kind` is what the file was taken for."""
    stack = read_stack(
        array, where, names=hints.names, rater_names=raters, raters=hints.raters, negative=hints.negative
    )
    if len(stack.raters) == 1 and not raters:
        stack = RDMSet(stack.rdms, stack.names, [file.stem])
    return source_of_rdms(kind, stack, () if hints.names else (UNNAMED,))


def matlab_source(file: Path, hints: Hints) -> Source:
    """The raters of a MATLAB file: of a known program, or of a stack of RDMs in one of its variables.

    Raises
    ------
    ValueError
        Naming the file, the variable and the reason.
    """
    variables = {name: value for name, value in load(file).items() if not name.startswith("__")}
    if {"rdms", "item_names", "raters"} <= variables.keys():
        hints.only("RDMs of this program", "negative")
        return source_of_rdms("RDMs in a MATLAB file of this program", read_mat(file), unnamed=file.stem)
    if any(name.startswith("rdmutv") for name in variables):
        hints.only("RDMs of the Meadows platform", "negative")
        return source_of_rdms("RDMs of the Meadows platform", read_1d_mat(file), unnamed=file.stem)
    if is_original(variables) and hints.variable is None:
        hints.only("data of Kriegeskorte and Mur's programs", "names", "negative")
        return read_original(file, variables, hints.names)
    hints.only("a MATLAB file of arrays", "names", "raters", "variable", "negative")
    stacks = {name: value for name, value in variables.items() if _may_be_stack(value)}
    if hints.variable is not None and hints.variable not in stacks:
        raise ValueError(f"{file}: no variable {hints.variable} holds RDMs; there are {_listed(variables)}")
    if not stacks:
        why = [f"{name} {reason}" for name, value in variables.items() if (reason := _why_no_stack(value))]
        held = f", with {_listed(variables)}" if not why else f": {'; '.join(why[:3])}"
        raise unknown(file, f"a MATLAB file without RDMs{held}")
    if len(stacks) > 1 and hints.variable is None:
        raise ValueError(f"{file}: RDMs can be in {' or '.join(stacks)}: say which is meant (variable NAME)")
    name = hints.variable or next(iter(stacks))
    value = stacks[name]
    where, kind = f"{file}: {name}", f"RDMs in the variable {name} of a MATLAB file"
    if value.dtype.names is None:
        return stack_source(kind, numbers_of(value, where), file, where, hints)
    structs = list(np.ravel(value, order="F"))
    squares = [numbers_of(np.asarray(one["RDM"]), f"{where}.RDM") for one in structs]
    if len({square.shape for square in squares}) > 1:
        raise ValueError(f"{where}: its RDMs are of different sizes")
    labels = ["".join(texts(one["name"], f"{where}.name")) for one in structs] if "name" in value.dtype.names else []
    named = labels if len(set(labels)) == len(structs) and all(labels) else numbered(len(structs), "rater")
    stack = np.stack([square.ravel() if 1 in square.shape else square for square in squares])
    hints.only("a struct of RDMs", "names", "variable", "negative")
    told = Hints(names=hints.names, raters="rows", negative=hints.negative)
    return stack_source(kind, stack, file, where, told, named)


def _listed(variables: Mapping[str, Any]) -> str:
    return ", ".join(variables) or "no variables"


def _may_be_stack(value: Any) -> bool:
    """Whether an array can hold RDMs by its shape, or is the struct of RDMs of the MATLAB toolbox for RSA."""
    if not isinstance(value, np.ndarray):
        return False
    if value.dtype.names is not None:
        return "RDM" in value.dtype.names and value.size > 0
    if value.dtype.kind not in "iufb" or value.size < 3:
        return False
    try:
        read_stack(as_numbers(value), "", negative=True)
    except ValueError as error:
        return "can be" in str(error)
    return True


def _why_no_stack(value: Any) -> str:
    """Why a variable that may be meant holds no RDMs: "" for what cannot be meant, such as texts."""
    if not isinstance(value, np.ndarray):
        return "is a sparse matrix (save full(...) of it)" if hasattr(value, "toarray") else ""
    if value.dtype.kind == "O":
        return "is a cell array (save an array of numbers, such as cell2mat of it)"
    if value.dtype.kind == "c":
        return "holds complex numbers"
    if value.dtype.kind not in "iufb" or value.size < 3:
        return ""
    try:
        read_stack(as_numbers(value), "it", negative=True)
    except ValueError as error:
        return str(error).removeprefix("it: ").removeprefix("it of rater 1: ")
    return ""
