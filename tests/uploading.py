"""A page that sends files to a study piece by piece, and how it is refused."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from app.web.clip_uploads import CHUNK_BYTES
from tests import experimenter
from tests.experimenter import Lab

TUS = {"Tus-Resumable": "1.0.0"}


class Sender:
    """A page that sends files to a study."""

    def __init__(self, lab: Lab, study: str = "faces") -> None:
        self.client = lab.client
        self.address = f"/api/v1/studies/{study}/uploads"
        self.headers = TUS | {"X-CSRFToken": experimenter.csrf_token(lab.client.get("/studies").text)}

    def begin(
        self, name: str, content: bytes, *, size: int | None = None, sha256: str | None = None, **more: str
    ) -> Any:
        sha256 = hashlib.sha256(content).hexdigest() if sha256 is None else sha256
        pairs = {"filename": name, "sha256": sha256} | more
        encoded = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        headers = {"Upload-Length": str(len(content) if size is None else size), "Upload-Metadata": ",".join(encoded)}
        return self.client.post(self.address, headers=self.headers | headers)

    def add(self, location: str, offset: int | str, piece: bytes) -> Any:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self.client.patch(location, data=piece, headers=self.headers | headers)

    def send(self, name: str, content: bytes, piece: int = CHUNK_BYTES, **more: str) -> Any:
        """Send a whole file; returns the last answer, or the first refusal."""
        answer = self.begin(name, content, **more)
        if answer.status_code != 201:
            return answer
        location, offset = answer.headers["Location"], int(answer.headers["Upload-Offset"])
        while answer.status_code in {201, 204} and offset < len(content):
            answer = self.add(location, offset, content[offset : offset + piece])
            offset += piece
        return answer


def error_of(answer: Any) -> tuple[int, str, str]:
    error = answer.json["error"]
    return answer.status_code, error["code"], error["message"]
