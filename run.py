#!/usr/bin/env python3
"""Asterism's launcher: standard library only. It makes .venv once per lock, then hands over to the program in it.

python3 run.py demo      a study with drawn clips and simulated raters, in a minute
python3 run.py serve     the app for your own studies
python3 run.py work      the worker alone, for servers that run with --no-worker
python3 run.py test      all tests, with everything they need
python3 run.py bench N   the benchmark N of benchmarks/
python3 run.py doctor    what is wrong with this machine, in words
python3 run.py backup …   write everything to one file, while the server runs
python3 run.py restore …  restore such a file into an empty place
python3 run.py study …   make, open, close, list, export a study, get its results
python3 run.py clips …   add clips to a study
python3 run.py user …    list the accounts, set a new password
python3 run.py token …   the tokens with which programs use the API
python3 run.py setup-link    the one-time link for the first account

Each tells more with --help; docs/commands.md lists all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
OLDEST_PYTHON = (3, 11)
NEEDS_TEST_LOCK = {"test", "bench"}


def main(arguments):
    """Do what the command line says; the exit status, 1 when the machine cannot run Asterism."""
    if sys.version_info < OLDEST_PYTHON:
        return fail(
            f"Asterism needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer; this is {sys.version.split()[0]}.\n"
            "Install a newer Python and run it with that, for example: python3.12 run.py demo"
        )
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(__doc__.strip())
        return 0
    command = arguments[0]
    lock = os.path.join(ROOT, "locks", "test.txt" if command in NEEDS_TEST_LOCK else "runtime.txt")
    try:
        set_up(lock)
    except SetupError as error:
        return fail(str(error))
    if command == "test":
        return run_tests(arguments[1:])
    if command == "bench":
        return run([venv_python(), "-m", "benchmarks", *arguments[1:]])
    return run([venv_python(), "-m", "app", *arguments])


class SetupError(Exception):
    """The set-up cannot be finished; the message says why, and what to do."""


# --- set-up ----------------------------------------------------------------------------------------------------------


def set_up(lock):
    """Make .venv hold exactly what `lock` pins, unless it does already."""
    with open(lock, "rb") as file:
        wanted = hashlib.sha256(file.read() + sys.version.encode() + VENV.encode()).hexdigest()
    stamp = os.path.join(VENV, "asterism-" + os.path.basename(lock))
    if read(stamp) == wanted and os.path.exists(venv_python()):
        return
    free = shutil.disk_usage(ROOT).free
    if free < 2 * 1024**3:
        raise SetupError(f"Only {free // 1024**2} MB of disk are free at {ROOT}; the set-up needs 2 GB.")
    print("Setting up Asterism in .venv (once for this version) …", flush=True)
    began = time.monotonic()
    make_venv()
    install(lock)
    with open(stamp, "w") as file:
        file.write(wanted)
    print(f"Set up in {time.monotonic() - began:.0f} s.", flush=True)


def make_venv():
    """Make an empty .venv, unless there is one of this very Python in this very place."""
    if read(os.path.join(VENV, "asterism-python")) == sys.version + VENV and os.path.exists(venv_python()):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], check=False, capture_output=True, text=True)
    if made.returncode != 0:
        install_venv_module(made.stdout + made.stderr)
    with open(os.path.join(VENV, "asterism-python"), "w") as file:
        file.write(sys.version + VENV)


def install_venv_module(complaint):
    """Debian ships Python without the module that makes virtual environments; its package manager has it."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    shutil.rmtree(VENV, ignore_errors=True)
    if shutil.which("apt-get") and is_root():
        print(f"Installing {package}, which this Python lacks …", flush=True)
        install_debian_packages(package)
        if subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode == 0:
            return
    hint = "On Debian or Ubuntu: sudo apt-get install " + package if shutil.which("apt-get") else complaint.strip()
    raise SetupError("This Python cannot make a virtual environment.\n" + hint)


def install(lock):
    """Install what the lock pins, with one line of progress for each package."""
    total = sum("==" in line for line in (read(lock) or "").splitlines())
    command = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--progress-bar", "off", "-r", lock]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        seen, tail = 0, []
        for line in pip.stdout:
            tail = [*tail[-20:], line.rstrip()]
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                progress(f"  {min(seen, total)} of {total}  {line.split(': ')[-1].split('==')[0].split()[-1]}")
            elif line.startswith("Installing collected"):
                progress("  unpacking …")
    progress("")
    if pip.returncode != 0:
        raise SetupError("The packages could not be installed:\n" + "\n".join(tail))


def progress(text):
    """Show one line that the next one replaces; where nobody watches, only every line that says something new."""
    if sys.stdout.isatty():
        print("\r\033[K" + text[:100], end="", flush=True)
    elif text:
        print(text, flush=True)


def install_debian_packages(*packages):
    """Install packages by apt-get, as root; whether that went well. What it complains of is printed."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout[-2000:] + done.stderr[-2000:], file=sys.stderr)
            return False
    return True


# --- tests -----------------------------------------------------------------------------------------------------------


def run_tests(arguments):
    """Everything, or what the arguments (pytest's own) choose."""
    chromium = find_chromium() or install_chromium()
    if chromium is None:
        return fail(
            "The browser tests need Chromium, and none was found or could be installed.\n"
            "Install it (Debian, Ubuntu: sudo apt-get install chromium; otherwise: .venv/bin/playwright install "
            "chromium), or name it: ASTERISM_CHROMIUM=/path/to/chromium python3 run.py test"
        )
    print("Browser for the tests: " + chromium, flush=True)
    node = shutil.which("node")
    print(
        "Node: " + (node or "not found; the checks and unit tests of the client code are counted as skipped"),
        flush=True,
    )
    if node:
        try:
            install_node_packages()
        except SetupError as error:
            return fail(str(error))
    os.environ["ASTERISM_CHROMIUM"] = chromium
    # Without compiled modules on disk, each of the many processes that the tests start would compile the app anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # The whole suite runs in several processes, a test file at a time, in the order that tests/conftest.py gives them;
    # a choice of tests in one. One process more than there are processors: many tests wait for a browser or a server.
    processes = str((os.cpu_count() or 1) + 1)
    parallel = [] if arguments else ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    return run([venv_python(), "-m", "pytest", *parallel, *arguments])


def find_chromium():
    """The Chromium that ASTERISM_CHROMIUM names, or else the machine's, or Playwright's; None if there is none."""
    named = os.environ.get("ASTERISM_CHROMIUM")
    if named:
        return named if os.path.exists(named) else None
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        browser = shutil.which(name)
        if browser:
            return browser
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as q: print(q.chromium.executable_path)"
    answer = subprocess.run([venv_python(), "-c", ask], check=False, capture_output=True, text=True).stdout.strip()
    return answer if answer and os.path.exists(answer) else None


def install_chromium():
    """Get a Chromium from the system's packages or from Playwright, and find it; None if there is none even then."""
    if shutil.which("apt-get") and is_root():
        print("Installing Chromium for the browser tests …", flush=True)
        install_debian_packages("chromium", "fonts-dejavu-core")
    else:
        print("Fetching Playwright's Chromium for the browser tests …", flush=True)
        subprocess.run([venv_python(), "-m", "playwright", "install", "chromium"], check=False)
    return find_chromium()


def install_node_packages():
    """Make node_modules hold the tools that package-lock.json pins for the client code, unless it does already."""
    with open(os.path.join(ROOT, "package-lock.json"), "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(ROOT, "node_modules", "asterism-lock")
    if read(stamp) == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SetupError("The tools that check the client code need npm, which is not installed.")
    print("Installing the tools that check the client code …", flush=True)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SetupError("npm could not install the tools that check the client code:\n" + done.stderr[-2000:].strip())
    with open(stamp, "w") as file:
        file.write(wanted)


# --- small things ----------------------------------------------------------------------------------------------------


def venv_python():
    """The path of the Python in .venv."""
    return os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def run(command):
    """Run a command of the program in its place, so that signals reach it; say how it ended."""
    # Threads of the numerical libraries only get into each other's way at the sizes of this field.
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
    environment["PYTHONPATH"] = ROOT
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    sys.stdout.flush()
    os.execve(command[0], command, environment)  # does not return
    return 0


def is_root():
    """Whether this process may install packages of the system."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def read(path):
    """The text of a file; None when there is none, or it must not be read."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def fail(message):
    """Say what is wrong; the exit status for it."""
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
