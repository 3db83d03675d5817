"""Networks as ONNX files: which layers a file has, and what they do for the pictures of a clip.

An ONNX graph gives out its last values alone, so the layers that are wanted become outputs before ONNX Runtime gets it.
Both packages are those of the extra `networks`, and are loaded where a network is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .network_input import NetworkInput, Preprocessing, as_input, network_input

Pictures = NDArray[np.uint8]
Activation = NDArray[np.float32]
# As many names are suggested where one is wrong.
SUGGESTED = 5
# Of ONNX: values of these kinds can be activations (float, float16, double, bfloat16).
FLOATING = (1, 10, 11, 16)
# What other kinds of files begin with, and what to do about them.
OTHERS = {
    b"PK": "it is a zip archive, as PyTorch's .pt and .pth are: export the network with torch.onnx.export",
    b"\x89HDF": "it is an HDF5 file, as Keras writes them: export the network with tf2onnx",
    b"version https://git-lfs": "it is a pointer of Git LFS: fetch the file itself with git lfs pull",
}


class PackagesMissing(ValueError):
    """onnx or onnxruntime is not installed."""


@dataclass(frozen=True)
class Layer:
    """A value that a network computes: its name, the node that gives it, that node's operator, and its shape.

    A side that is not fixed is None, or its name in the file; without `shape`, nothing is known of it.
    """

    name: str
    node: str
    operator: str
    shape: tuple[int | str | None, ...] | None


@dataclass(frozen=True, eq=False)
class Network:
    """A network that is ready to run.

    Attributes
    ----------
    layers : tuple of str
        The layers asked for, in that order and by these names.
    units : tuple of int
        How many units each has.
    input : NetworkInput
    versions : dict
        Those of onnxruntime and onnx.
    """

    layers: tuple[str, ...]
    units: tuple[int, ...]
    input: NetworkInput
    versions: dict[str, str]
    file: str
    _session: Any
    _values: tuple[str, ...]
    _preprocessing: Preprocessing

    def run(self, pictures: Pictures) -> list[Activation]:
        """What each layer does for some pictures, (F, rows, columns, 3) red, green, blue: (F, units) of each layer.

        A network that takes several pictures at once gives (1, units).

        Raises
        ------
        ValueError
            Naming the file and the layer, when a value is missing or infinite, or their number is another than before.
        """
        values = _run(self._session, self.file, self._values, as_input(pictures, self.input, self._preprocessing))
        for name, units, value in zip(self.layers, self.units, values, strict=True):
            if value.shape[1] != units:
                raise ValueError(f"{self.file}: layer {name} gave {units} units before, and now {value.shape[1]}")
            if not np.isfinite(value).all():
                what = "a value that is not a number (NaN)" if np.isnan(value).any() else "an infinite value"
                raise ValueError(f"{self.file}: layer {name} gives {what}")
        return values


def network_layers(file: str | Path) -> list[Layer]:
    """The layers of an ONNX file in the order of its graph: all that follows from its input, but for whole numbers.

    Raises
    ------
    ValueError
        Naming the file and the reason, when it is not an ONNX file.
    """
    onnx, _ = _packages()
    return _layers(_read(Path(file), onnx), onnx)


def _layers(model: Any, onnx: Any) -> list[Layer]:
    try:
        inferred = onnx.shape_inference.infer_shapes(model).graph
    except Exception:
        # Its shapes are a help, no more: an operator of somebody's own has none.
        inferred = model.graph
    types = {one.name: one.type.tensor_type for one in (*inferred.value_info, *inferred.output)}
    layers = []
    for name, node in _computed(model.graph).items():
        kind = types.get(name)
        if kind is None or kind.elem_type in (0, *FLOATING):
            layers.append(Layer(name, node.name, node.op_type, _shape(kind)))
    return layers


def open_network(
    file: str | Path, layers: Sequence[str], preprocessing: Preprocessing | None = None, *, frames: int | None = None
) -> Network:
    """A network that gives the values of `layers`: names of values or of the nodes that give them, or with a * for any
    part of a name, which stands for all that fit, in the order of the graph.

    It is tried on black pictures, so that what cannot work is told before anything else is done.

    Parameters
    ----------
    frames
        How many pictures of each clip a network gets that takes them all at once; None: as its file says, else 8.

    Raises
    ------
    ValueError
        Naming the file, the field and the reason: it is not an ONNX file, has no such layer (with those that may have
        been meant), takes something else than pictures, or a layer's values are no activations.
    """
    onnx, runtime = _packages()
    path = Path(file)
    model = _read(path, onnx)
    chosen_layers = _named(path.name, model, layers, onnx)
    names = list(chosen_layers.values())
    there = {one.name for one in model.graph.output}
    model.graph.output.extend([onnx.ValueInfoProto(name=name) for name in names if name not in there])
    options = runtime.SessionOptions()
    # What it could say is either raised, or about how fast it runs.
    options.log_severity_level = 4
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path.resolve().parent))
    try:
        session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # ONNX Runtime raises a dozen kinds of errors, which have nothing in common but what they say.
        raise ValueError(f"{path.name}: ONNX Runtime cannot load it: {_reason(error)}") from error
    del model
    chosen = preprocessing or Preprocessing()
    taken = [(one.name, one.type, list(one.shape)) for one in session.get_inputs()]
    fits = network_input(path.name, taken, chosen, frames)
    black = np.zeros((fits.frames or 1, fits.height, fits.width, 3), np.uint8)
    values = _run(session, path.name, names, as_input(black, fits, chosen))
    versions = {"onnxruntime": runtime.__version__, "onnx": onnx.__version__}
    units = tuple(value.shape[1] for value in values)
    return Network(tuple(chosen_layers), units, fits, versions, path.name, session, tuple(names), chosen)


def weight_files(file: str | Path) -> list[Path]:
    """The files beside an ONNX file in which its weights are; none where they are in the file itself."""
    onnx, _ = _packages()
    path = Path(file)
    return [path.parent / name for name in _locations(_read(path, onnx))]


def _packages() -> tuple[Any, Any]:
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise PackagesMissing(f"ONNX files need the packages onnx and onnxruntime ({error})") from error
    return onnx, onnxruntime


def _read(path: Path, onnx: Any) -> Any:
    """The graph without the weights that are in other files, which ONNX Runtime reads itself."""
    with path.open("rb") as handle:
        start = handle.read(64)
    if not start:
        raise ValueError(f"{path.name}: is empty")
    other = next((f": {text}" for head, text in OTHERS.items() if start.startswith(head)), "")
    try:
        # Whatever the file is called: its ending would choose another format.
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except Exception as error:
        raise ValueError(f"{path.name}: is not an ONNX file, or damaged{other}") from error
    if not model.graph.node:
        raise ValueError(f"{path.name}: is not an ONNX file: it has no graph{other}")
    for name in _locations(model):
        if not (path.parent / name).is_file():
            raise ValueError(f"{path.name}: its weights are in {name}, which is not beside it")
    return model


def _locations(model: Any) -> list[str]:
    entries = (entry for tensor in model.graph.initializer for entry in tensor.external_data)
    return list(dict.fromkeys(entry.value for entry in entries if entry.key == "location"))


def _computed(graph: Any) -> dict[str, Any]:
    """The values that follow from the input, each with the node that gives it, in the order of the graph."""
    computed: dict[str, Any] = {}
    given = {one.name for one in graph.input} - {one.name for one in graph.initializer}
    for node in graph.node:
        if any(name in given or name in computed for name in node.input):
            computed |= {name: node for name in node.output if name}
    return computed


def _named(file: str, model: Any, layers: Sequence[str], onnx: Any) -> dict[str, str]:
    """The values that `layers` name, by the names under which they were meant."""
    values = _computed(model.graph)
    by_node = {node.name: next(filter(None, node.output)) for node in values.values() if node.name}
    known = by_node | {name: name for name in values}
    if not layers:
        raise ValueError(f"{file}: no layer is named")
    chosen: dict[str, str] = {}
    for name in layers:
        if name in known:
            meant = {name: known[name]}
        elif "*" in name:
            meant = _fitting(name, _layers(model, onnx), by_node)
        else:
            meant = {}
        if not meant:
            near = similar_names(name.replace("*", ""), known)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise ValueError(f"{file}: has no layer {name!r}{hint}")
        if twice := [one for one, value in meant.items() if value in chosen.values()]:
            raise ValueError(f"{file}: the layer {twice[0]!r} is named twice")
        chosen |= meant
    return chosen


def _fitting(pattern: str, listed: Sequence[Layer], by_node: Mapping[str, str]) -> dict[str, str]:
    """The layers whose node or value fits, in the order of the graph."""
    expression = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    layers = {}
    for one in listed:
        names = [one.node, one.name] if by_node.get(one.node) == one.name else [one.name]
        if fits := [name for name in names if expression.fullmatch(name)]:
            layers[fits[0]] = one.name
    return layers


def similar_names(name: str, known: Mapping[str, str]) -> list[str]:
    """Up to five of the names that may have been meant by `name`: the last of those that hold it, or similar ones."""
    plain = name.lower()
    holding = [one for one in known if plain in one.lower()]
    # The last value of a part of a network is what that part comes to.
    return holding[-SUGGESTED:][::-1] or difflib.get_close_matches(name, known, n=SUGGESTED, cutoff=0.5)


def _run(session: Any, file: str, layers: Sequence[str], batches: Sequence[Mapping[str, Any]]) -> list[Activation]:
    """The layers' values for each batch of one, a row each."""
    rows: list[list[Activation]] = [[] for _ in layers]
    for batch in batches:
        try:
            values = session.run(list(layers), dict(batch))
        except Exception as error:
            raise ValueError(f"{file}: ONNX Runtime cannot run it on these pictures: {_reason(error)}") from error
        for name, row, value in zip(layers, rows, values, strict=True):
            kind = getattr(value, "dtype", None)
            if kind is None or kind.kind != "f":
                raise ValueError(f"{file}: layer {name} gives {kind or 'no array of numbers'}, not activations")
            # What overflows is told as an infinite value.
            with np.errstate(over="ignore"):
                row.append(np.asarray(value, dtype=np.float32).reshape(-1))
    for name, row in zip(layers, rows, strict=True):
        if len({len(one) for one in row}) > 1 or not len(row[0]):
            raise ValueError(f"{file}: layer {name} gives another number of units for each picture, or none")
    return [np.array(row) for row in rows]


def _shape(kind: Any) -> tuple[int | str | None, ...] | None:
    if kind is None or not kind.HasField("shape"):
        return None
    return tuple(one.dim_value if one.HasField("dim_value") else one.dim_param or None for one in kind.shape.dim)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ", "", text)[:400]
