"""What is wrong with a study.toml, in words: the line, the reason, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from app.definition.consent import Clause
from app.definition.questions import KINDS
from app.definition.ratings import RATING_KINDS
from app.errors import Invalid

# Values that people write, and what they mean here.
SYNONYMS = {
    "german": "de",
    "deutsch": "de",
    "ger": "de",
    "english": "en",
    "englisch": "en",
    "eng": "en",
    "french": "fr",
    "français": "fr",
    "spanish": "es",
    "español": "es",
    "gray": "grey",
    "mouseover": "hover",
    "autoplay": "always",
    "all": "full",
    "ltw": "lift_the_weakest",
    "radio": "one_of",
    "choice": "one_of",
    "select": "one_of",
    "checkboxes": "several_of",
    "multiple": "several_of",
    "likert": "scale",
    "slider": "scale",
    "integer": "number",
    "textarea": "text",
    "checkbox": "consent",
}
KEY = re.compile(r"""\s*(?P<key>[A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*=""")
SECTION = re.compile(r"\s*(?P<one_of_many>\[)?\[\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
# A key's place in the file: sections and keys by their names, those that are there several times by their index.
Place = tuple[int | str, ...]


@dataclass(frozen=True)
class SettingProblem:
    """What is wrong with a key of study.toml (None: with the text as a whole), and the line of it.

    Of a list of questions, `at` says where in it (the question's index, and the key), and `reason` is the sentence
    without that.
    """

    key: str | None
    line: int | None
    sentence: str
    at: Place = field(default=(), kw_only=True)
    reason: str = field(default="", kw_only=True)

    def told(self, file: str) -> str:
        """The problem as one sentence that names the file, the line and the key."""
        at = "" if self.line is None else f", line {self.line}"
        return f"{file}{at}: " + (f"{self.key}: " if self.key is not None else "") + self.sentence


class DefinitionRefused(Invalid):
    """A study.toml that cannot be used; `problems` are all that was found."""

    def __init__(self, problems: Sequence[SettingProblem], file: str) -> None:
        super().__init__("; ".join(problem.told(file) for problem in problems), field=problems[0].key)
        self.problems = tuple(problems)


def line_of(text: str, place: Sequence[int | str]) -> int | None:
    """The line of a key, or else of its section; None where there is neither."""
    path = list(place)
    section: list[int | str] = []
    many: dict[str, int] = {}
    of_section: tuple[int, int | None] = (0, None)
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := SECTION.match(line):
            names = [part.strip(" \"'") for part in heading["name"].split(".")]
            if heading["one_of_many"]:
                many[".".join(names)] = many.get(".".join(names), -1) + 1
            section = []
            for depth, name in enumerate(names, start=1):
                above = ".".join(names[:depth])
                section += [name, many[above]] if above in many else [name]
            if path[: len(section)] == section and len(section) > of_section[0]:
                of_section = (len(section), number)
            elif section[: len(path)] == path and len(path) > of_section[0]:
                # A section that lies in the one that is looked for, or is one of several.
                of_section = (len(path), number)
        elif (match := KEY.match(line)) and [*section, match["key"].strip("\"'")] == path[: len(section) + 1]:
            return number
    return of_section[1]


def place_of(problem: Any) -> Place:
    """Where one of pydantic's errors is; of what is in a list of several kinds, it also names the kind."""
    place: Place = problem["loc"]
    if problem["type"].startswith("union_tag_"):
        return (*place, str(problem["ctx"]["discriminator"]).strip("'"))
    if place[:2] == ("recruitment", "quotas"):
        # After the question's name comes which of the two forms of a quota was tried.
        return (*place[:3], *place[4:])
    above = question_depth(place)
    return place if above is None or place[0] == "consent" else (*place[: above + 1], *place[above + 2 :])


def question_depth(place: Sequence[int | str]) -> int | None:
    """How many names come before the number of a question or clause in its place; None outside such a list."""
    if place[:1] == ("questions",):
        return 1
    return 2 if place[:2] in (("ratings", "questions"), ("consent", "clauses")) else None


def setting_problem(problem: Any, model: type[BaseModel]) -> str:
    """The reason of one of pydantic's errors, with what was probably meant."""
    kind, location, given = problem["type"], place_of(problem), problem.get("input")
    above = question_depth(location)
    kinds: dict[str, type[BaseModel]] = {**(RATING_KINDS if above == 2 else KINDS)}
    if kind == "union_tag_not_found":
        near = next((key for key in given if key == "type" or key.lower() == "kind"), None)
        return f"is missing; it can be {_listed(kinds)}" + (f"; did you mean kind, not {near}?" if near else "")
    if kind == "union_tag_invalid":
        return _unknown_word(problem["ctx"]["tag"] if isinstance(given["kind"], str) else given["kind"], list(kinds))
    if location[:2] == ("recruitment", "quotas") and len(location) > 2:
        if kind == "greater_than_equal":
            return "must be 0 or more"
        return "must be a whole number for each answer, or { answer = number, … } for those that are named"
    if above is not None and len(location) == above + 3 and location[-2] == "choices" and kind == "model_type":
        return f'must be a text in quotes, or {{ value = "…", label = "…" }}, not {_shown(given)}'
    if (
        above is not None
        and len(location) <= above + 1
        and kind in ("list_type", "model_attributes_type", "model_type")
    ):
        name = ".".join(map(str, location[:above]))
        one = "clause" if location[0] == "consent" else "question"
        return f"each {one} is a section of its own with two brackets, [[{name}]]"
    if above is not None and location[-1] == "name" and kind == "string_pattern_mismatch":
        return "must be letters, digits and _ alone, at most 40, and begin with a letter: it becomes a column's name"
    if kind == "extra_forbidden":
        of_question: type[BaseModel] | None = None
        if above is not None and len(location) == above + 2:
            of_question = Clause if location[0] == "consent" else kinds[problem["loc"][above + 1]]
        return f"no such key{_meant(of_question or model, location, is_section=isinstance(given, list | dict))}"
    if kind == "missing":
        return "is missing"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"must be a section, [{'.'.join(map(str, location))}]"
    if kind == "string_too_short" and not str(given).strip():
        return "must not be empty"
    if kind in ("string_too_long", "too_long", "too_short"):
        limit, things = problem["ctx"], "characters" if kind == "string_too_long" else "entries"
        how_many = f"most {limit['max_length']}" if "max_length" in limit else f"least {limit['min_length']}"
        return f"must have at {how_many} {things}, not {len(given)}"
    if location[:2] == ("recruitment", "parameters") and kind == "string_pattern_mismatch":
        return f"must be letters, digits and _ alone, at most 64, and begin with no digit, not {_shown(given)}"
    if location[-2:] == ("clips", "labels"):
        return 'must be "numbers", "file_names", or "attributes." and the name of a column of attributes.csv'
    if kind == "literal_error":
        return _unknown_word(given, re.findall(r"'([^']*)'", str(problem["ctx"]["expected"])))
    if kind.startswith(("int_", "float_", "bool_")) or kind in ("string_type", "list_type"):
        wanted = {
            "int": "a whole number",
            "float": "a number",
            "bool": "true or false",
            "string": "a text",
            "list": "a list",
        }
        name = wanted[kind.split("_")[0]]
        quotes = " (without quotes)" if isinstance(given, str) and kind[0] in "ifb" else ""
        quotes = " (in quotes)" if kind == "string_type" else quotes
        if kind.startswith("float_") and isinstance(given, str) and re.fullmatch(r"[+-]?\d+,\d+", given.strip()):
            quotes = f" with a point, {given.strip().replace(',', '.')}"
        return f"must be {name}{quotes}, not {_shown(given)}"
    reason = str(problem["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    reason = reason.replace(" after validation,", ",")
    reason = reason.replace("greater than or equal to", "at least").replace("less than or equal to", "at most")
    return reason[:1].lower() + reason[1:]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _near(word: str, known: Sequence[str]) -> list[str]:
    plain = {re.sub(r"[ _-]", "", name.lower()): name for name in known}
    close = difflib.get_close_matches(re.sub(r"[ _-]", "", word.lower()), plain, n=1, cutoff=0.7)
    return [plain[name] for name in close]


def _unknown_word(given: Any, known: list[str]) -> str:
    word = str(given).strip().lower()
    # A language may come with its country: en-GB.
    near = SYNONYMS.get(word, re.split("[-_]", word)[0]) if isinstance(given, str) else None
    near = near if near in known else next(iter(_near(str(given), known)), None)
    return f"must be one of {_listed(known)}, not {_shown(given)}" + (f'; did you mean "{near}"?' if near else "")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _meant(model: type[BaseModel], location: Sequence[int | str], *, is_section: bool) -> str:
    """Where a key that is not known here belongs, or which one it is like; a section is not meant for a single key."""
    keys = list(_keys(model))
    section, wrong = ".".join(map(str, location[:-1])), str(location[-1])
    # A question's own model has its keys above all sections.
    section = "" if re.fullmatch(r"((ratings\.)?questions|consent\.clauses)\.\d+", section) else section
    here = [name for name, place in keys if place == section]
    elsewhere = [(name, place) for name, place in keys if name == wrong]
    if elsewhere and not is_section:
        place = elsewhere[0][1]
        return f"; it belongs {f'into the section [{place}]' if place else 'above all sections'}"
    if near := _near(wrong, here):
        return f"; did you mean {near[0]}?"
    if near := _near(wrong, [name for name, _ in keys]):
        place = next(place for name, place in keys if name == near[0])
        return f"; did you mean {near[0]}{f', in the section [{place}]' if place else ''}?"
    return f"; the keys here are {', '.join(here)}" if here else ""


def _keys(model: type[BaseModel], section: str = "") -> Iterator[tuple[str, str]]:
    """Each key with its section."""
    for name, info in model.model_fields.items():
        yield name, section
        nested = info.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            yield from _keys(nested, f"{section}.{name}" if section else name)
