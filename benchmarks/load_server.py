"""The servers that `load` measures: the program on a data folder with studies for it, and a bare handler beside it.

python benchmarks/load_server.py studies DIR PLACES      make the studies
python benchmarks/load_server.py bare PORT FILE          serve one durable insert, by the program's own server

It runs with the PYTHONPATH of the version that is measured, which may be an earlier one.
"""

from __future__ import annotations

import inspect
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

CLIP_BYTES = 40 * 1024 * 1024
TASK = 'title = "Load"\nseed = 7\n[design]\nmax_items = 12\n'


def make_studies(data: Path, places: int) -> None:
    """`full` has few places; `task` has 36 clips; `large` has one clip of 40 MB."""
    from app.config import load_settings
    from app.db import open_database
    from app.schema import migrate
    from tests.factories import make_study

    settings = load_settings(data=data)
    database = open_database(settings.database)
    migrate(database)
    make_study(database, settings, name="full", toml=f'title = "Full"\n[recruitment]\nplaces = {places}\n')
    make_study(database, settings, name="task", n_clips=36, toml=TASK)
    there = set(settings.media_folder.iterdir())
    make_study(database, settings, name="large", n_clips=3, toml='title = "Large"\n')
    for file in set(settings.media_folder.iterdir()) - there:
        if file.suffix == ".mp4":
            with file.open("r+b") as handle:
                handle.truncate(CLIP_BYTES)
    database.close()


def serve_bare(port: int, file: Path) -> None:
    """PUT / stores the body and commits it to the disk, as a save does; nothing else."""
    from flask import Flask, jsonify, request

    from app.config import load_settings
    from app.server import serve

    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE body (number INTEGER PRIMARY KEY, body BLOB)")
    turn = threading.Lock()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024

    @app.get("/healthz")
    def healthz() -> Any:
        """Answers as soon as the server runs."""
        return jsonify(status="ok")

    @app.put("/")
    def put() -> Any:
        """Stores the body."""
        body = request.get_data(cache=False)
        with turn:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO body (body) VALUES (?)", (body,))
            connection.execute("COMMIT")
        return jsonify(saved=True)

    if "settings" in inspect.signature(serve).parameters:
        serve(app, "127.0.0.1", port, load_settings(data=file.parent))
    else:
        # Versions up to the one with waitress.
        serve(app, "127.0.0.1", port, proxy_hops=0)


if __name__ == "__main__":
    if sys.argv[1] == "studies":
        make_studies(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        serve_bare(int(sys.argv[2]), Path(sys.argv[3]))
