"""WebKit through its own WebDriver, with GTK's small browser in a virtual display."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.ports import free_port

PATIENCE = 30.0  # seconds until a call counts as unanswered


def find() -> str | None:
    """The machine's WebKitWebDriver, or None; it also needs a display that Xvfb makes."""
    return shutil.which("WebKitWebDriver") if shutil.which("Xvfb") else None


def launch(folder: Path) -> WebKit:
    """Start it with a fresh profile in `folder`, which must not exist yet."""
    program = find()
    assert program is not None
    return WebKit(program, folder)


class WebKit:
    """One window. See `tests.browser.engines.engine.Engine`."""

    def __init__(self, program: str, folder: Path) -> None:
        folder.mkdir()
        self.errors: list[str] = []
        reader, writer = os.pipe()
        display = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._display = subprocess.Popen(display, pass_fds=[writer], **quiet)  # type: ignore[call-overload]
        os.close(writer)
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        port = free_port()
        own = {"DISPLAY": f":{number}", "GDK_BACKEND": "x11", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        # Without a graphics card the pages are drawn in memory; a private bus is not needed.
        own |= {"LIBGL_ALWAYS_SOFTWARE": "1", "WEBKIT_DISABLE_DMABUF_RENDERER": "1", "NO_AT_BRIDGE": "1"}
        command = [program, "--host=127.0.0.1", f"--port={port}"]
        self._driver = subprocess.Popen(command, env={**os.environ, **own}, **quiet)  # type: ignore[call-overload]
        self._address = f"http://127.0.0.1:{port}"
        self._session = ""
        try:
            self._wait_for_the_driver()
            made = self._call("POST", "/session", {"capabilities": {}})
            self._session = f"/session/{made['sessionId']}"
            self.version = f"WebKitGTK {made['capabilities']['browserVersion']}"
            self._call("POST", "/window/rect", {"x": 0, "y": 0, "width": 1280, "height": 860})
        except BaseException:
            self.close()
            raise

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._call("POST", "/url", {"url": address})

    def reload(self) -> None:
        """Load the page again and wait until it is there."""
        self._call("POST", "/refresh", {})

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        return self._call("POST", "/execute/sync", {"script": f"return ({expression})", "args": []})

    def act(self, sources: list[dict[str, Any]]) -> None:
        """Real input, as the W3C's WebDriver describes actions."""
        self._call("POST", "/actions", {"actions": sources})

    def close(self) -> None:
        """End the browser, its driver and its display."""
        if self._session:
            with suppress(OSError):  # a browser that hangs does not answer; it ends with its driver
                self._call("DELETE", "", None)
        for process in (self._driver, self._display):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_for_the_driver(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self._address + "/status", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("WebKitWebDriver does not answer")

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + self._session + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()}") from error
