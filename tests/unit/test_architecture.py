"""`docs/architecture.md` names every folder, and the program keeps what belongs to one system behind a test for it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from analysis.designs import DESIGNS, DesignName
from app.definition.question_fields import KIND_NAMES
from app.definition.questions import KINDS, ConsentQuestion
from app.results.export import RDM_FORMATS
from app.web.api_answers.participant import AskedQuestion
from tests.conftest import ROOT

SOURCES = {".py", ".js", ".mjs", ".css", ".html", ".toml", ".md", ".svg", ".json", ".mp4"}
TOPS = [
    ROOT / top for top in ("analysis", "app", "benchmarks", "clients", "demo", "docs", "static", "templates", "tests")
]
ONE_SYSTEM = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "winreg", "msvcrt"}


def _folders() -> set[str]:
    """Folders of the project with something to read in them; none that git ignores, none of `static/vendor`."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()} | {
        "static/vendor"
    }
    folders = set()
    for name, below, files in os.walk(ROOT):
        folder = Path(name).relative_to(ROOT)
        below[:] = [
            child for child in below if not child.startswith(".") and not {child, (folder / child).as_posix()} & ignored
        ]
        if folder.parts and any(Path(file).suffix in SOURCES for file in files):
            folders |= {part.as_posix() for part in (folder, *folder.parents) if part.parts}
    assert {"app/results", "tests/unit"} <= folders
    return folders


def _house() -> dict[str, str]:
    """What the drawing of the house says, by top folder."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawing = text.split("## The house")[1].split("```")[1]
    parts = re.split(r"^(?=[\w.-]+/)", drawing, flags=re.MULTILINE)[1:]
    return {part.split("/")[0]: part for part in parts}


def test_every_folder_is_named_in_the_architecture() -> None:
    house = _house()
    missing = []
    for folder in sorted(_folders()):
        top, *below = folder.split("/")
        if not re.search(rf"(?<![\w/-]){re.escape(below[-1] if below else top)}/", house.get(top, "")):
            missing.append(folder)
    assert missing == []


def test_every_folder_that_the_architecture_draws_exists() -> None:
    for top, part in _house().items():
        assert (ROOT / top).is_dir()
        for name in re.findall(r"^  ([\w-]+)/", part, re.MULTILINE):
            assert (ROOT / top / name).is_dir(), f"{top}/{name}"


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for file in [*(ROOT / "app").rglob("*.py"), *(ROOT / "analysis").rglob("*.py"), ROOT / "run.py"]:
        yield file, ast.parse(file.read_text(encoding="utf-8"))


def test_modules_of_one_system_are_imported_only_where_they_are_used() -> None:
    for file, tree in _modules():
        for node in tree.body:
            if isinstance(node, ast.Import):
                assert not ONE_SYSTEM & {name.name for name in node.names}, file
            if isinstance(node, ast.ImportFrom):
                assert node.module not in ONE_SYSTEM, file


def test_times_are_written_without_flags_of_one_system() -> None:
    flags = re.compile(r"%[-#_^][a-zA-Z]")
    for file, tree in _modules():
        for node in ast.walk(tree):
            is_format = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            texts = list(node.args) if is_format and node.func.attr in {"strftime", "strptime"} else []  # type: ignore[attr-defined]
            texts += [node.format_spec] if isinstance(node, ast.FormattedValue) and node.format_spec else []
            assert not any(flags.search(ast.unparse(text)) for text in texts), f"{file}:{node.lineno}"


def test_the_program_forks_nothing() -> None:
    for file, tree in _modules():
        calls = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert not {"fork", "forkpty", "set_start_method", "killpg"} & set(calls), file


def test_the_analysis_never_calls_itself_by_name() -> None:
    """A checkout imports it as `analysis`, its wheel as `asterism_analysis`: inside, imports are relative."""
    for file, tree in _modules():
        if not file.is_relative_to(ROOT / "analysis"):
            continue
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            elif isinstance(node, ast.Call):  # import_module("analysis.x"), patch("analysis.x"), files("analysis")
                names = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            assert not any(re.match(r"analysis(\.|$)", name) for name in names), f"{file}:{node.lineno}"


def test_the_names_of_designs_stand_in_their_registry_alone() -> None:
    """A design is a row of `analysis/designs/registry.py`: nothing else asks for one by its name."""
    assert set(get_args(DesignName)) == set(DESIGNS)
    # "random" and "full" are words of other things too; what `study.toml` calls a design by mistake is mended by name.
    own_words = set(DESIGNS) - {"random", "full"}
    for file, tree in _modules():
        if file in {ROOT / "analysis/designs/registry.py", ROOT / "app/definition/study_toml_errors.py"}:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant):
                assert node.value not in own_words, f"{file}:{node.lineno}"
            if isinstance(node, ast.Compare):
                compared = {side.value for side in (node.left, *node.comparators) if isinstance(side, ast.Constant)}
                assert not compared & set(DESIGNS), f"{file}:{node.lineno}"
    for file in [*(ROOT / "static").rglob("*.js"), *(ROOT / "templates").rglob("*.html")]:
        text = file.read_text(encoding="utf-8")
        assert file.is_relative_to(ROOT / "static/vendor") or not any(word in text for word in own_words), file


def test_designs_and_formats_are_in_the_docs() -> None:
    """Recruiters are too: `test_recruiters.py` holds that."""
    docs = {
        name: (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in ("methods.md", "study-toml.md", "formats.md")
    }
    for name in DESIGNS:
        assert f"`{name}`" in docs["methods.md"]
        assert name in docs["study-toml.md"]
    for extension in RDM_FORMATS:
        assert f"`.{extension}`" in docs["formats.md"]


def test_each_kind_of_question_stands_in_each_file_that_the_newcomers_table_names() -> None:
    files = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("templates/participant/question.html", "static/task/answers.js")
    }
    for kind, model in KINDS.items():
        assert KIND_NAMES[kind]
        # The API's description has all that the page is told of a question without another file that names its keys.
        own = model.model_fields.keys() - ConsentQuestion.model_fields.keys()
        assert {key for key in own if not key.startswith("screen_out")} <= AskedQuestion.model_fields.keys()
        assert not any(key.startswith("screen_out") for key in AskedQuestion.model_fields)
        for name, text in files.items():
            assert re.search(rf"[\"']{kind}[\"']", text), f"{kind}: {name}"


def test_what_the_newcomers_table_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## What to touch for something new")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| new")]
    assert len(rows) == 5
    for row in rows:
        files = re.findall(r"`([\w./-]+)`", row.split("|")[2])
        assert 2 <= len(files) <= 5, row
        assert all((ROOT / file).exists() for file in files), row


def test_long_files_say_why() -> None:
    """A file of more than 300 lines holds two things, or a sentence at its top that says why it does not."""
    ours = [
        file for pattern in ("*.py", "*.js", "*.mjs", "*.css", "*.html") for top in TOPS for file in top.rglob(pattern)
    ]
    assert len(ours) > 300
    silent = []
    for file in ours:
        lines = file.read_text(encoding="utf-8").splitlines()
        foreign = {"vendor", "node_modules"} & set(file.parts)
        if len(lines) > 300 and not foreign and not any("Over 300 lines: " in line for line in lines[:45]):
            silent.append(file.relative_to(ROOT).as_posix())
    assert silent == []


def test_scipy_stats_is_loaded_when_it_is_first_used() -> None:
    """It takes a second, which each command and each process of the server would pay."""
    at_once = []
    for file in (file for top in ("analysis", "app") for file in (ROOT / top).rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            at_once += [f"{file}: {name}" for name in names if name.startswith("scipy.stats")]
    assert at_once == []


def test_starting_loads_nothing_that_few_pages_and_commands_need(tmp_path: Path) -> None:
    """Every command and process of the server would pay for it; the decoder is for child processes alone."""
    heavy = {"av", "h5py", "joblib", "matplotlib", "onnx", "onnxruntime", "openpyxl", "pandas", "PIL", "rsatoolbox"}
    code = (
        "import pathlib, sys, app.cli, app.jobs, app.server, app.video\n"
        "from app import create_app\nfrom app.config import Settings\n"
        "create_app(Settings(data=pathlib.Path(sys.argv[1])))\n"
        f"print(*sorted(sys.modules.keys() & {heavy | {'scipy.stats'}!r}))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert run.stdout.split() == []
