"""A client of Asterism's API in one file, with Python's standard library alone: copy it beside your script.

    from asterism_client import Asterism

    lab = Asterism("https://lab.example", token="asterism_...")
    for study in lab.studies():
        print(study["name"], study["state"])
    lab.download("faces", "bundle.zip", "faces.zip")

docs/api.md of the project says how a token is made; /api/v1/openapi.json of your server lists all that `call` can ask
for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

ROOT = "/api/v1/studies"


class Refused(Exception):
    """The server refused: `status` (403, 404, ...), `code`, the server's sentence, and the field that it is about."""

    def __init__(self, status: int, code: str, message: str, field: str | None) -> None:
        super().__init__(f"{status}: {message}")
        self.status, self.code, self.message, self.field = status, code, message, field


class _NoRedirects(HTTPRedirectHandler):
    """The token goes to the server that it was made for, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Asterism:
    """One server, and the token of an account on it.

    Parameters
    ----------
    address
        Of the server, such as https://lab.example.
    token
        An API token.
    timeout
        Seconds to wait for an answer.
    """

    def __init__(self, address: str, token: str, *, timeout: float = 60.0) -> None:
        if urlsplit(address).scheme not in ("http", "https"):
            raise ValueError(f"The address must begin with https:// or http://, not {address!r}.")
        self.address, self.timeout = address.rstrip("/"), timeout
        self._token = token
        self._opener = build_opener(_NoRedirects)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Ask for a route below /api/v1/studies, with a body in JSON if there is one; returns the answer.

        Raises
        ------
        Refused
            When the server refuses.
        """
        return self._json(method, _address(path, query), body)[1]

    def studies(self) -> list[dict[str, Any]]:
        """The account's studies."""
        return list(self.call("GET", "")["studies"])

    def create(self, title: str, toml: str | None = None, *, name: str | None = None) -> str:
        """Make a draft, with the settings of a study.toml if there is one; returns its name."""
        made = str(self.call("POST", "", {"title": title, "name": name})["study"]["name"])
        if toml is not None:
            self.call("PUT", f"/{made}/definition", {"text": toml})
        return made

    def upload(self, study: str, file: str | Path) -> None:
        """Send a clip to a draft, in pieces; one that was cut off goes on where it ended. The server converts it."""
        file = Path(file)
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            size = content.seek(0, 2)
            pairs = {"filename": file.name, "sha256": sha256}
            metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
            headers = {"Upload-Length": str(size), "Upload-Metadata": metadata, "Tus-Resumable": "1.0.0"}
            answer, begun = self._json("POST", f"{ROOT}/{quote(study)}/uploads", headers=headers)
            here = int(begun["here"])
            while here < size:
                content.seek(here)
                piece = {
                    "Upload-Offset": str(here),
                    "Content-Type": "application/offset+octet-stream",
                    "Tus-Resumable": "1.0.0",
                }
                data = content.read(int(begun["chunk"]))
                with self._open("PATCH", answer.headers["Location"], data, piece) as sent:
                    here = int(sent.headers["Upload-Offset"])

    def wait_for_clips(self, study: str, *, seconds: float = 600.0) -> list[dict[str, Any]]:
        """The study's clips, once each was converted or cannot be."""
        over = time.monotonic() + seconds
        while True:
            clips: list[dict[str, Any]] = self.call("GET", f"/{study}/clips")["clips"]
            if all(clip["state"] in ("ready", "failed") for clip in clips):
                return clips
            _wait(1.0, over)

    def sessions(self, study: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All sessions of a study, page by page; `only`, `search`, `sort`, `descending` as in the description."""
        page = pages = 1
        while page <= pages:
            answer = self.call("GET", f"/{study}/sessions", page=page, **query)
            yield from answer["sessions"]
            page, pages = page + 1, answer["pages"]

    def results(self, study: str, *, seconds: float = 600.0, **query: Any) -> dict[str, Any]:
        """The results that were computed last; where there are none yet, wait for them."""
        over = time.monotonic() + seconds
        while True:
            answer: dict[str, Any] = self.call("GET", f"/{study}/results", **query)
            if answer["state"] == "ready":
                return answer
            if (answer["update"] or {}).get("state") == "failed":
                raise RuntimeError(f"The results cannot be computed: {answer['update']['reason']}")
            _wait(2.0, over)

    def rdm(self, study: str, rater: str = "group", **query: Any) -> list[list[float | None]]:
        """The RDM of the group or of a rater (P001) as a square, in the order of the results' clips; None: not seen."""
        pairs = self.call("GET", f"/{study}/results/rdms/{rater}", **query)["rdm"]
        n = (1 + round((1 + 8 * len(pairs)) ** 0.5)) // 2
        square: list[list[float | None]] = [[0.0] * n for _ in range(n)]
        places = ((i, j) for i in range(n) for j in range(i + 1, n))
        for (i, j), value in zip(places, pairs, strict=True):
            square[i][j] = square[j][i] = value
        return square

    def download(self, study: str, what: str, out: str | Path, *, seconds: float = 600.0, **query: Any) -> Path:
        """Save "bundle.zip", "group.csv", "raters.hdf5", "figures/rdm.pdf", ... to the file `out`; returns it.

        What has to be computed first is waited for. `out` is there whole or not at all.
        """
        out, over = Path(out), time.monotonic() + seconds
        address = _address(f"/{study}/{what}", query)
        while True:
            with self._open("GET", address) as answer:
                if answer.status != 202:
                    half = out.with_name(f"{out.name}.part")
                    with half.open("wb") as file:
                        shutil.copyfileobj(answer, file)
                    half.replace(out)
                    return out
                address = json.load(answer)["again"]
            _wait(2.0, over)

    def _json(self, method: str, address: str, body: Any = None, headers: Any = None) -> tuple[Any, Any]:
        data = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        with self._open(method, address, data, kind | (headers or {})) as answer:
            content = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer, json.loads(content) if is_json else content

    def _open(self, method: str, address: str, data: Any = None, headers: Any = None) -> Any:
        request = Request(self.address + address, data=data, method=method)  # noqa: S310 - http or https, see above
        for name, value in {**(headers or {}), "Authorization": f"Bearer {self._token}"}.items():
            request.add_header(name, value)
        try:
            return self._opener.open(request, timeout=self.timeout)
        except HTTPError as error:
            with error:
                raise _refused(error.code, error) from None


def _address(path: str, query: dict[str, Any]) -> str:
    given = {key: int(value) if isinstance(value, bool) else value for key, value in query.items() if value is not None}
    return f"{ROOT}{quote(path)}" + (f"?{urlencode(given)}" if given else "")


def _refused(status: int, content: BinaryIO | HTTPError) -> Refused:
    try:
        told = json.loads(content.read())["error"]
        return Refused(status, told["code"], told["message"], told["field"])
    except (ValueError, KeyError, TypeError):
        return Refused(status, "unknown", "The server refused without saying why.", None)


def _wait(pause: float, over: float) -> None:
    if time.monotonic() > over:
        raise TimeoutError("The server is still computing. Ask again later.")
    time.sleep(pause)
