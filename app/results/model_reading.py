"""Files of candidate models are read here: one at a time, and within a bound of memory where one is set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from analysis.models.activations import Distance, Frames, unpacked_bytes
from analysis.models.candidates import Candidates, read_candidates
from app.errors import Invalid

# Activations can take gigabytes while they are read: one file at a time in each process.
ONE_FILE = Lock()


def read_models(
    called: str,
    content: bytes | Path,
    clips: Sequence[str],
    distance: Distance,
    frames: Frames | None,
    most_bytes: int | None,
) -> tuple[Candidates, str]:
    """The models of a file for these clips, and its SHA-256; `called` and the others are as in `add_model`.

    Raises
    ------
    Invalid
        Naming the file and the reason: it is too large, or holds no models of these clips.
    """
    path = Path()
    try:
        with TemporaryDirectory() as folder, ONE_FILE:
            path = content if isinstance(content, Path) else Path(folder) / "file"
            if isinstance(content, bytes):
                path.write_bytes(content)
            if most_bytes is not None and (size := unpacked_bytes(path)) > most_bytes:
                raise ValueError(
                    f"has {size >> 20} MB unpacked, and the page takes {most_bytes >> 20} MB: add it with the "
                    "command study models NAME --add FILE, or fewer units of each layer"
                )
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return read_candidates(path, clips, name=called, distance=distance, frames=frames), digest
    except (ValueError, OSError, MemoryError) as error:
        reason = (str(error) or "it needs more memory than there is").replace(str(path), called)
        raise Invalid(reason if called in reason else f"{called}: {reason}", field="file") from error
