"""Firefox through WebDriver BiDi, which it speaks itself: no driver between, nothing to download."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE = 120.0  # seconds, for a machine that is busy with other things
# First-run pages, updates and reports to the maker have no place in a test.
PREFERENCES = """
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("media.autoplay.default", 0);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("toolkit.telemetry.enabled", false);
"""


def find() -> str | None:
    """The machine's Firefox, or None."""
    return next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)


def launch(folder: Path) -> Firefox:
    """Start it with a fresh profile in `folder`, which must not exist yet."""
    program = find()
    assert program is not None
    return Firefox(program, folder)


class Firefox:
    """One window. See `tests.browser.engines.engine.Engine`."""

    def __init__(self, program: str, profile: Path) -> None:
        profile.mkdir()
        (profile / "user.js").write_text(PREFERENCES)
        self._log = profile.parent / "firefox.log"
        command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        command += ["--width", "1280", "--height", "800", "about:blank"]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        try:
            # Screenshots have no bound, this machine's proxy none of its business, and a busy browser answers no ping.
            connection = connect(
                self._address() + "/session", open_timeout=PATIENCE, max_size=None, proxy=None, ping_interval=None
            )
            self._open = ExitStack()
            self._socket = self._open.enter_context(connection)
            self._calls = 0
            self.errors: list[str] = []
            capabilities = self._call("session.new", capabilities={})["capabilities"]
            self.version = f"Firefox {capabilities['browserVersion']}"
            self._window = self._call("browsingContext.getTree")["contexts"][0]["context"]
            self._call("session.subscribe", events=["log.entryAdded"])
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._call("browsingContext.navigate", context=self._window, url=address, wait="complete")

    def reload(self) -> None:
        """Load the page again and wait until it is there."""
        self._call("browsingContext.reload", context=self._window, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        answer = self._call(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self._window},
            awaitPromise=False,
        )
        if answer["type"] != "success":
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['text']}")
        value = answer["result"].get("value")
        return None if value is None else json.loads(value)

    def act(self, sources: list[dict[str, Any]]) -> None:
        """Real input, as the W3C's WebDriver describes actions."""
        self._call("input.performActions", context=self._window, actions=sources)

    def close(self) -> None:
        """End the browser."""
        try:
            self._call("browser.close")
            self._open.close()
            self._process.wait(timeout=20)
        except (OSError, ConnectionClosed, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def _address(self) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if match := re.search(r"WebDriver BiDi listening on (ws://\S+)\n", self._log.read_text()):
                return match[1]
            time.sleep(0.1)
        raise RuntimeError(f"Firefox cannot be reached: {self._log.read_text()}")

    def _call(self, method: str, **params: Any) -> Any:
        self._calls += 1
        self._socket.send(json.dumps({"id": self._calls, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(PATIENCE))
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.errors.append(str(message["params"]["text"]))
            if message.get("id") != self._calls:
                continue
            if message["type"] == "error":
                raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
            return message["result"]
