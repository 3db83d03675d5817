"""What the docs must name: every column, every key, every command."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Any, get_args

import click
from pydantic import BaseModel

from analysis import compare_models
from analysis.formats.bundle_tables import TABLES
from app.cli import commands
from app.config import Settings
from app.definition.controls import control_groups, setting_keys
from app.definition.questions import KINDS
from app.definition.ratings import RATING_KINDS, Ratings
from app.definition.setting_texts import GROUPS, SETTING_TEXTS
from app.definition.study_toml import StudyDefinition, check_definition
from app.models import Base
from app.participation.payloads import MoveBody, PlayBody
from tests.conftest import ROOT

DOCS = ROOT / "docs"


def test_the_data_dictionary_names_every_table_and_column_and_no_other() -> None:
    text = (DOCS / "data-dictionary.md").read_text()
    documented = {
        section.split("\n", 1)[0].strip(): set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
        for section in text.split("\n## ")[1:]
    }
    actual = {name: {column.name for column in table.columns} for name, table in Base.metadata.tables.items()}
    assert documented == actual


def test_the_kinds_of_moves_and_plays_that_a_bundle_promises_are_those_that_are_taken() -> None:
    for table, body in (("moves", MoveBody), ("plays", PlayBody)):
        meanings = [c.meaning for c in TABLES[table] if c.name in {"kind", "trigger"}]
        [words] = [meaning.split(": ")[1] for meaning in meanings]
        assert re.split(r", | or ", words) == list(get_args(body.model_fields["how"].annotation))


def _toml_of_the_docs() -> str:
    block = re.search(r"```toml\n(.*?)```", (DOCS / "study-toml.md").read_text(), re.DOTALL)
    assert block is not None
    return block[1]


def test_every_setting_has_its_sentences_and_is_on_the_page_in_a_group() -> None:
    """A new key of study.toml: give it a row in app/definition/setting_texts.py; its control follows from its type."""
    keys = {key for key, _ in setting_keys()}
    assert keys - set(SETTING_TEXTS) == set(), f"no row in app/definition/setting_texts.py ({len(SETTING_TEXTS)} there)"
    assert set(SETTING_TEXTS) - keys == set(), "rows of app/definition/setting_texts.py without a key in study.toml"
    assert sum(len(group.settings) for group in GROUPS) == len(SETTING_TEXTS)
    for _, controls in control_groups():
        for control in controls:
            text = control.text
            assert text.name[0].isupper()
            assert text.does.endswith("."), control.key
            assert text.usual.endswith("."), control.key
            named = set(text.choices)
            assert named in (set(), set(control.choices)), f"{control.key}: names for other choices than it has"


def _keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    keys = set()
    for name, field in model.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            keys |= _keys(nested, f"{name}.")
        elif model in (StudyDefinition, Ratings) and name == "questions":
            continue  # They have a block of their own.
        else:
            keys.add(prefix + name)
    return keys


def test_study_toml_is_documented_key_by_key() -> None:
    section, documented = "", set()
    for line in _toml_of_the_docs().splitlines():
        if heading := re.match(r"\[(\w+)\]", line):
            section = heading[1] + "."
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            documented.add(section + key[1])
    assert documented == _keys(StudyDefinition)


def test_each_kind_of_question_is_documented_key_by_key() -> None:
    text = (DOCS / "study-toml.md").read_text()
    block = next(one for one in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "[[questions]]" in one)
    documented = set(re.findall(r"^(?:# )?(\w+) = ", block, re.MULTILINE))
    assert documented == set().union(*(_keys(kind) for kind in KINDS.values()))
    shown = check_definition(tomllib.loads(block) | {"title": "x"})
    assert {question.kind for question in shown.questions} == set(KINDS)


def test_each_kind_of_question_about_clips_is_documented_key_by_key() -> None:
    text = (DOCS / "study-toml.md").read_text()
    block = next(one for one in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "\n[[ratings.questions]]" in one)
    shown = check_definition(tomllib.loads(block) | {"title": "x"}).ratings
    assert {question.kind for question in shown.questions} == set(RATING_KINDS)
    documented = set(re.findall(r"^(?:# )?(\w+) = ", block, re.MULTILINE)) - {"when", "clips", "repeats"}
    assert documented == set().union(*(_keys(kind) for kind in RATING_KINDS.values()))


def test_the_documented_defaults_of_study_toml_are_the_real_ones() -> None:
    shown: dict[str, Any] = tomllib.loads(_toml_of_the_docs())
    assert check_definition(shown) == check_definition({"title": shown["title"]})


def test_every_command_is_documented() -> None:
    text = (ROOT / "README.md").read_text() + (DOCS / "commands.md").read_text()
    for name, command in commands.commands.items():
        if command.hidden:
            continue
        subcommands = command.commands if isinstance(command, click.Group) else {"": command}
        for subname, one in subcommands.items():
            full = f"{name} {subname}".strip()
            assert f"run.py {full}" in text, full
            for option in one.params:
                if isinstance(option, click.Option) and not option.hidden:
                    assert option.opts[0] in text, f"{full} {option.opts[0]}"


def test_every_setting_is_documented() -> None:
    text = (DOCS / "commands.md").read_text()
    for name in Settings.model_fields:
        assert f"`ASTERISM_{name.upper()}`" in text, name


def test_what_drawing_raters_alone_cannot_show_is_said_where_it_is_chosen() -> None:
    for text in (compare_models.__doc__ or "", (DOCS / "methods.md").read_text()):
        words = " ".join(text.split())
        assert "14 to 29 % of models that have nothing to do with the raters come out significant at .05" in words


def test_vendored_files_are_those_that_are_listed() -> None:
    listing = (ROOT / "static" / "vendor" / "VENDOR.md").read_text()
    for file in (ROOT / "static" / "vendor").rglob("*"):
        if file.suffix in {".js", ".css"}:
            assert hashlib.sha256(file.read_bytes()).hexdigest() in listing, file


def test_the_architecture_says_who_imports_flask() -> None:
    said = re.search(r"Only (.*?)\s+import Flask", (DOCS / "architecture.md").read_text(), re.DOTALL)
    assert said is not None
    named = set(re.findall(r"`(\w+)`", said[1])) | ({"__init__"} if "the factory" in said[1] else set())
    importing = {
        file.relative_to(ROOT / "app").parts[0].removesuffix(".py")
        for file in (ROOT / "app").rglob("*.py")
        if re.search(r"^\s*(?:from|import) flask\b", file.read_text(), re.MULTILINE)
    }
    assert named == importing


def test_each_decision_has_a_number_of_its_own_in_its_name_and_its_title() -> None:
    files = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [int(file.name[:4]) for file in files]
    assert numbers == list(range(1, len(files) + 1))
    assert [file.read_text().split(".", 1)[0] for file in files] == [f"# {number}" for number in numbers]


def test_links_between_the_docs_lead_to_files_that_are_there() -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    texts = [(page, re.sub(r"`!\[[^`]*`", "", page.read_text())) for page in pages]
    links = [(page, link) for page, text in texts for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)]
    assert links
    assert [f"{page}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_the_launchers_help_names_commands_that_exist_and_all_of_them() -> None:
    text = (ROOT / "run.py").read_text().split('"""')[1]
    named = set(re.findall(r"run\.py ([\w-]+)", text))
    assert named == {name for name, one in commands.commands.items() if not one.hidden} | {"test", "bench"}


def test_no_page_names_a_command_that_does_not_exist() -> None:
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *DOCS.rglob("*.md"),
        *(ROOT / "templates").rglob("*.html"),
    ]:
        for name, sub in re.findall(r"run\.py ([a-z-]+)(?: ([a-z-]+))?", page.read_text()):
            if name in {"test", "bench"}:
                continue
            command = commands.commands.get(name)
            assert command is not None, f"{page}: run.py {name}"
            if isinstance(command, click.Group):
                assert sub in command.commands, f"{page}: run.py {name} {sub}"
