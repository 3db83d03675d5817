"""Activations of very many units, clip after clip: kept on the disk while they come, and not in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats
from .activations import CLIPS, Distance, layer_distances

NUMBER = np.dtype(np.float32)


class LayerFiles:
    """Layers, each in a file of its own that nobody else sees and that is gone when this is closed.

    Parameters
    ----------
    shapes
        For each layer the shape of what one clip gives: (units,), or (frames, units).
    folder
        On which disk they are.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], folder: Path) -> None:
        if CLIPS in shapes:
            raise ValueError(f"a layer cannot be called {CLIPS!r}: a file of activations names its clips there")
        self._shapes = shapes
        self._files: dict[str, IO[bytes]] = {}
        try:
            for name in shapes:
                self._files[name] = TemporaryFile(dir=folder)  # noqa: SIM115
        except OSError:
            self.close()
            raise
        self.n_clips = 0

    def __enter__(self) -> LayerFiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the disk back."""
        for file in self._files.values():
            file.close()

    def add(self, values: Iterable[NDArray[np.float32]]) -> None:
        """The next clip's values, layer by layer."""
        for (name, shape), value in zip(self._shapes.items(), values, strict=True):
            self._files[name].write(np.ascontiguousarray(value, dtype=NUMBER).reshape(shape).tobytes())
        self.n_clips += 1

    def rdms(self, distance: Distance, clips: Sequence[str] | None = None) -> Floats:
        """One RDM for each layer, (L, P); the frames of a clip count as more units. `clips` are names for messages."""
        distances = []
        for name in self._shapes:
            table = self._layer(name)
            distances.append(layer_distances(name, table.reshape(self.n_clips, -1), distance, clips))
        return np.array(distances)

    def save(self, path: Path, clips: Sequence[str]) -> None:
        """Write an NPZ file with an array for each layer, in their order, and the clips' names; whole or not at all."""
        part = path.with_name(f"{path.name}.part")
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
                arrays = {CLIPS: np.array(clips, dtype=np.str_)}
                for name in (CLIPS, *self._shapes):
                    array = arrays[name] if name == CLIPS else self._layer(name)
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _layer(self, name: str) -> NDArray[np.float32]:
        file = self._files[name]
        file.flush()
        return np.memmap(file, NUMBER, "r", shape=(self.n_clips, *self._shapes[name]))
