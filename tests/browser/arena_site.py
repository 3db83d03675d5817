"""A plain static site for the arena's browser tests and benchmark: the harness page and drawn clips."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
HARNESS = Path(__file__).parent / "arena_harness"
POLICY = "default-src 'self'; img-src 'self' data:; media-src 'self' blob:"
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}


def draw_clips(folder: Path, count: int, *, seconds: float = 1.0, size: tuple[int, int] = (160, 120)) -> None:
    """Draw `count` clips of a disc that circles on a coloured ground, with posters and `clips.json`, into a folder."""
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width]
    entries = []
    for index in range(count):
        ground = np.array([60 + 150 * index // max(1, count - 1), 110, 200 - 120 * index // max(1, count - 1)])
        name = f"clip{index:03d}"
        with av.open(str(folder / f"{name}.mp4"), "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for step in range(int(25 * seconds)):
                turn = 2 * np.pi * (step / (25 * seconds) + index / count)
                centre = (width * (0.5 + 0.3 * np.cos(turn)), height * (0.5 + 0.3 * np.sin(turn)))
                frame = np.broadcast_to(ground.astype(np.uint8), (height, width, 3)).copy()
                frame[np.hypot(columns - centre[0], rows - centre[1]) < height / 6] = 255
                if step == 0:
                    Image.fromarray(frame).save(folder / f"{name}.png")
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
        source = {"src": f"/clips/{name}.mp4", "type": "video/mp4"}
        entries.append({"poster": f"/clips/{name}.png", "width": width, "height": height, "sources": [source]})
    (folder / "clips.json").write_text(json.dumps(entries))


class _Handler(SimpleHTTPRequestHandler):
    """Serves /static, /clips and the harness; answers Range requests, which browsers want for video."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, clips: Path, extra: dict[str, Path], **kwargs: Any) -> None:
        self.clips = clips
        self.extra = extra
        super().__init__(*args, **kwargs)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _file(self) -> Path | None:
        path = self.path.split("?", maxsplit=1)[0]
        folders = {"/static/": ROOT / "static", "/clips/": self.clips, **self.extra}
        for prefix, folder in folders.items():
            if path.startswith(prefix):
                return folder / path.removeprefix(prefix)
        if path == "/clips.json":
            return self.clips / "clips.json"
        return HARNESS / (path.lstrip("/") or "index.html")

    def do_GET(self) -> None:
        file = self._file()
        if file is None or not file.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        data = file.read_bytes()
        wanted = self.headers.get("Range", "")
        status, start, end = HTTPStatus.OK, 0, len(data)
        if wanted.startswith("bytes="):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            status, start = HTTPStatus.PARTIAL_CONTENT, int(first or 0)
            end = min(len(data), int(last) + 1) if last else len(data)
        self.send_response(status)
        self.send_header("Content-Type", TYPES.get(file.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "max-age=3600")
        if file.parent == HARNESS:
            self.send_header("Content-Security-Policy", POLICY)
        if status == HTTPStatus.PARTIAL_CONTENT:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[start:end])


@contextmanager
def serve_arena(clips: Path, **extra: Path) -> Iterator[str]:
    """Serve the harness with the clips of a folder; `extra` folders appear under their name. Yields the address."""
    folders = {f"/{name}/": folder for name, folder in extra.items()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, clips=clips, extra=folders))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
