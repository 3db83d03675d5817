"""The file of a backup: a ZIP archive whose manifest names each file in it with its size and SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from app.errors import Invalid
from app.files import named, private_file

FORMAT, FORMAT_VERSION = "asterism-backup", 1
DATABASE, SECRET, MANIFEST, SEAL = "database.sqlite3", "secret_key", "manifest.json", "manifest.sha256"
NAME = re.compile(rf"({re.escape(DATABASE)}|{SECRET}|(media|sources)/[0-9a-f]{{64}}\.[a-z0-9]{{1,8}})")
BLOCK = 1 << 20
# The manifest of a study of 2,000 clips takes 2 MB; nobody's takes more than this.
MAX_MANIFEST = 1 << 28
# What zipfile raises for an archive that is not whole.
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)


class Entry(NamedTuple):
    """One file of a backup."""

    bytes: int
    sha256: str


def write_archive(out: Path, files: Mapping[str, Path], about: Mapping[str, Any]) -> dict[str, Entry]:
    """Write the archive, which only its owner can read, and read it back; it has its name when it is whole.

    Parameters
    ----------
    files
        Where each file of the archive is now, by its name in the archive.
    about
        Further facts for the manifest, JSON values.

    Raises
    ------
    Invalid
        When what was written does not read back as it was.
    OSError
        When it cannot be written, or a file cannot be read.
    """
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    private_file(part)
    try:
        with named(out), zipfile.ZipFile(part, "w", allowZip64=True) as archive:
            entries = {}
            for name, file in files.items():
                try:
                    entries[name] = _add(archive, name, file)
                except FileNotFoundError:
                    # A clip's file, whose study was deleted after the folder was listed.
                    if "/" not in name:
                        raise
            manifest = {
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                **about,
                "files": {name: entry._asdict() for name, entry in entries.items()},
            }
            text = json.dumps(manifest, indent=1).encode()
            archive.writestr(MANIFEST, text)
            archive.writestr(SEAL, hashlib.sha256(text).hexdigest() + "\n")
        with part.open("rb") as written:
            os.fsync(written.fileno())
        with open_archive(part):
            pass
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return entries


def _add(archive: zipfile.ZipFile, name: str, file: Path) -> Entry:
    # Clips are compressed already.
    info = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
    info.compress_type = zipfile.ZIP_DEFLATED if name == DATABASE else zipfile.ZIP_STORED
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        while block := source.read(BLOCK):
            target.write(block)
            digest.update(block)
            size += len(block)
    return Entry(size, digest.hexdigest())


class Archive(NamedTuple):
    """A backup whose files were all found to be as the manifest says."""

    zip: zipfile.ZipFile
    manifest: dict[str, Any]
    entries: dict[str, Entry]

    def extract(self, name: str, to: Path) -> None:
        """Write one file to a place that has none yet, readable by its owner alone."""
        private_file(to)
        with self.zip.open(name) as source, to.open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)
            target.flush()
            os.fsync(target.fileno())


@contextmanager
def open_archive(file: Path) -> Iterator[Archive]:
    """The backup in `file`, after every byte of it was compared with its manifest.

    Raises
    ------
    Invalid
        Naming the file and the reason, when it is not a backup, is of a newer format, or any file in it is missing, not
        listed, or differs from what was put in.
    """
    if not file.is_file():
        raise Invalid(f"{file}: there is no such file.")
    with ExitStack() as stack:
        try:
            checked = _checked(file, stack.enter_context(zipfile.ZipFile(file)))
        except UNREADABLE as error:
            raise Invalid(f"{file}: this is not a backup, or it is truncated or damaged ({error}).") from error
        yield checked


def _checked(file: Path, archive: zipfile.ZipFile) -> Archive:
    names = archive.namelist()
    for info in archive.infolist():
        if info.header_offset < 0 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Invalid(f"{file}: this is not a backup, or it is damaged: its file list is not that of a backup.")
    if not {MANIFEST, SEAL} <= set(names):
        raise Invalid(f"{file}: this is not a backup, or it is truncated: it has no {MANIFEST}.")
    if len(set(names)) != len(names) or archive.getinfo(MANIFEST).file_size > MAX_MANIFEST:
        raise Invalid(f"{file}: this is not a backup of this program.")
    text = archive.read(MANIFEST)
    if hashlib.sha256(text).hexdigest().encode() != archive.read(SEAL).strip():
        raise Invalid(f"{file}: {MANIFEST} is damaged.")
    manifest, entries = _read_manifest(file, text)
    if missing := sorted(set(entries) - set(names)):
        raise Invalid(f"{file}: {missing[0]} is missing.")
    if extra := sorted(set(names) - set(entries) - {MANIFEST, SEAL}):
        raise Invalid(f"{file}: {extra[0]} is not in {MANIFEST}.")
    for name, entry in entries.items():
        if archive.getinfo(name).file_size != entry.bytes or _sha256(archive, name) != entry.sha256:
            raise Invalid(f"{file}: {name} is damaged: its checksum differs from the one in {MANIFEST}.")
    return Archive(archive, manifest, entries)


def _read_manifest(file: Path, text: bytes) -> tuple[dict[str, Any], dict[str, Entry]]:
    try:
        manifest = json.loads(text)
        if manifest["format"] != FORMAT:
            raise ValueError("another format")
        if manifest["format_version"] > FORMAT_VERSION:
            raise Invalid(f"{file}: this backup was made by a newer version of Asterism: update the program.")
        entries = {name: Entry(int(one["bytes"]), str(one["sha256"])) for name, one in manifest["files"].items()}
        if DATABASE not in entries or not all(NAME.fullmatch(name) for name in entries):
            raise ValueError("other files than a backup has")
        if not isinstance(manifest["database"]["revision"], str):
            raise ValueError("no version of the schema")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"{file}: {MANIFEST} is not that of a backup.") from error
    return manifest, entries


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as source:
        while block := source.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
