"""The export bundle as a ZIP file: its manifest, and sizes and checksums of all that is in it, verified before use."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..words import counted
from .bundle_writer import BLOCK, FORMAT, FORMAT_VERSION, MANIFEST

# The tables of the first release, which every bundle holds. A table that came later is missing from older bundles, and
# then has no rows. This list never grows.
FIRST_TABLES = (
    "clips",
    "attributes",
    "participants",
    "trials",
    "placements",
    "moves",
    "plays",
    "reliability",
    "noise_ceiling",
    "quality",
)
ALWAYS_THERE = ("study.toml", "methods.md", *(f"{table}.csv" for table in FIRST_TABLES))

# More than any study needs of a manifest, a text or the RDMs of one method; a file that claims more is refused before
# it is unpacked into memory. Tables are read line by line and may be longer.
MAX_TEXT = 1 << 24
# What a damaged, forged or unusual archive makes zipfile raise while a file is unpacked.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


class BundleError(ValueError):
    """A bundle cannot be read; the message names the file and the reason."""


def verified_manifest(path: Path) -> dict[str, Any]:
    """The manifest, once every file has been compared with its sizes and SHA-256.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be read.
    BundleError
        Naming file and reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            _verify(archive, manifest, path)
    except zipfile.BadZipFile as error:
        raise BundleError(f"{path}: truncated or corrupt ZIP file ({error})") from error
    except NotImplementedError as error:
        raise BundleError(f"{path}: not a zip file that can be read ({error})") from error
    return manifest


@contextmanager
def named_errors(path: Path, name: str) -> Iterator[None]:
    """What goes wrong with a file of the archive as an error that names archive, file and reason."""
    try:
        yield
    except BundleError:
        raise
    except KeyError as error:
        raise BundleError(f"{path}: holds no {name}") from error
    except (*ZIP_ERRORS, RecursionError) as error:
        raise BundleError(f"{path}: {name} is damaged ({error or type(error).__name__})") from error


def whole_file(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A file of the archive, unpacked in memory, if it has at most `most` bytes."""
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it has more than the {most >> 20} MB that such a file can have")
    return data


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    if MANIFEST not in archive.namelist():
        deeper = [name for name in archive.namelist() if name.endswith(f"/{MANIFEST}")]
        if deeper:
            folder = deeper[0].removesuffix(MANIFEST)
            raise BundleError(f"{path}: was repacked: its files must be at the top level of the zip, not in {folder}")
        raise BundleError(f"{path}: holds no {MANIFEST}, so it is not an export bundle, or an incomplete one")
    for info in archive.infolist():
        # The other kinds may ask for gigabytes of memory to be unpacked.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{path}: {info.filename} is not compressed as in plain zip files (Deflate)")
    with named_errors(path, MANIFEST):
        manifest = json.loads(whole_file(archive, MANIFEST, MAX_TEXT))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{path}: {MANIFEST} does not describe a {FORMAT}")
    version = manifest.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BundleError(f"{path}: {MANIFEST} has no format_version")
    if version > FORMAT_VERSION:
        raise BundleError(
            f"{path}: has format version {version}, and this program reads up to {FORMAT_VERSION}: use a newer program"
        )
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("counts"), dict):
        raise BundleError(f"{path}: {MANIFEST} lists no files or counts")
    return manifest


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _verify(archive: zipfile.ZipFile, manifest: dict[str, Any], path: Path) -> None:
    present = [info.filename for info in archive.infolist() if info.filename != MANIFEST]
    if len(set(present)) != len(present):
        raise BundleError(f"{path}: holds a file twice")
    if missing := sorted(manifest["files"].keys() - set(present)):
        raise BundleError(f"{path}: {missing[0]} is listed in {MANIFEST} but missing")
    if unlisted := sorted(set(present) - manifest["files"].keys()):
        raise BundleError(f"{path}: {unlisted[0]} is not listed in {MANIFEST}")
    if absent := sorted(set(ALWAYS_THERE) - set(present)):
        raise BundleError(f"{path}: holds no {absent[0]}")
    for name, listed in manifest["files"].items():
        if not isinstance(listed, dict) or not _is_count(listed.get("bytes")):
            raise BundleError(f"{path}: {MANIFEST} does not give the size of {name}")
        digest, size = hashlib.sha256(), 0
        with named_errors(path, name), archive.open(name) as file:
            # Reading stops at the listed size, so a file that unpacks to far more than it should does no harm.
            lines = _Lines()
            while size <= listed["bytes"] and (block := file.read(BLOCK)):
                digest.update(block)
                lines.take(block)
                size += len(block)
        if size != listed["bytes"]:
            raise BundleError(f"{path}: {name} is longer or shorter than the {listed['bytes']} bytes in {MANIFEST}")
        if digest.hexdigest() != listed.get("sha256"):
            raise BundleError(f"{path}: {name} does not have the SHA-256 in {MANIFEST}: it was changed or damaged")
        # Tables of version 1 are not listed with their rows.
        if name.endswith(".csv") and manifest["format_version"] > 1 and listed.get("rows") != lines.ended - 1:
            raise BundleError(
                f"{path}: {name} has {counted(lines.ended - 1, 'row')}, and {listed.get('rows')} by {MANIFEST}"
            )


class _Lines:
    """Counts the lines of a CSV file; a line end in a cell with quotes around it ends no line."""

    def __init__(self) -> None:
        self.ended = 0
        self.in_quotes = False

    def take(self, block: bytes) -> None:
        """Count on in the next bytes of the file."""
        pieces = block.split(b'"')
        self.ended += sum(piece.count(b"\n") for piece in pieces[self.in_quotes :: 2])
        self.in_quotes ^= len(pieces) % 2 == 0
