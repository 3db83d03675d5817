"""Lists of tables in study.toml, such as [[questions]]: changed in the text, where each keeps its comments.

The text of one such table is its *block*: the comments directly above its heading, the heading, and what
follows up to the last line before a blank one. Blocks are changed, moved and removed; all between them stays.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.items import Array

from app.definition.study_toml_errors import SECTION

Table = dict[str, Any]
# Longer lists are written with a line for each of their items.
LINE = 100


def is_list_of_tables(value: Any) -> bool:
    """Whether it is a list with nothing in it but tables."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def has_blocks(text: str, key: str) -> bool:
    """Whether the text has a list of tables of that name (such as "ratings.questions") with two brackets."""
    return any(is_block for is_block, _ in _parts(text, key))


def with_tables(text: str, key: str, before: Sequence[Table], after: Sequence[Table]) -> str:
    """The text with the list of tables `key` changed from `before`, which is what it says now, to `after`.

    A table that is there in both keeps its comments and the form of what stays the same in it; see `_origins` for which
    are taken for the same. The caller holds the result against what was meant.
    """
    parts = list(_parts(text, key))
    blocks = [part for is_block, part in parts if is_block]
    origins = _origins(before, after)
    new = [
        _new_block(key, table) if origin is None else _edited(blocks[origin], key, before[origin], table)
        for origin, table in zip(origins, after, strict=True)
    ]
    places = [number for number, (is_block, _) in enumerate(parts) if is_block]
    kept = [place for number, place in enumerate(places) if number in origins]
    written: list[str] = []
    for number, (is_block, part) in enumerate(parts):
        if not is_block:
            # Where a block was taken out, only one of the gaps beside it stays.
            written.append(part.lstrip("\r\n") if number and number - 1 in places and number - 1 not in kept else part)
        elif number in kept:
            written.append(_ended(new.pop(0)))
            if number == kept[-1]:
                written += [f"\n{_ended(block)}" for block in new]
                new = []
    start = "".join(written)
    if not new:
        return start
    return "\n".join([*([_ended(start.rstrip("\r\n"))] if start.strip() else []), *map(_ended, new)])


def _origins(before: Sequence[Table], after: Sequence[Table]) -> list[int | None]:
    """For each table after the change the one that it was before: the same in all, of the same name, or of the same
    words, or in the same place; None for a new one.
    """
    origins: list[int | None] = [None] * len(after)
    free = list(range(len(before)))

    def is_same(old: int, new: int) -> Iterator[bool]:
        """Whether the two are one by each of the four rules, the strictest first."""
        yield before[old] == after[new]
        yield before[old].get("name") == after[new].get("name")
        yield before[old].get("ask") == after[new].get("ask") and len(before) == len(after)
        yield old == new and len(before) == len(after)

    for rule in range(4):
        for number in range(len(after)):
            if origins[number] is None:
                origin = next((old for old in free if list(is_same(old, number))[rule]), None)
                if origin is not None:
                    origins[number] = origin
                    free.remove(origin)
    return origins


def _parts(text: str, key: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces, with whether each is a block of `key`."""
    # Not splitlines(), which ends lines at characters that a text of TOML may contain.
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    headings = list(_headings(lines))
    at = 0
    for number, (line, name, is_one_of_many) in enumerate(headings):
        if name != key or not is_one_of_many:
            continue
        inner = [one for one, other, _ in headings[number + 1 :] if not other.startswith(f"{key}.")]
        start = _with_comments_above(lines, line, at)
        end = _with_comments_above(lines, inner[0], line) if inner else len(lines)
        last = max(one for one in range(line, end) if lines[one].strip() and not lines[one].lstrip().startswith("#"))
        while last + 1 < end and lines[last + 1].strip():
            last += 1
        yield False, "".join(lines[at:start])
        yield True, "".join(lines[start : last + 1])
        at = last + 1
    yield False, "".join(lines[at:])


def _headings(lines: Sequence[str]) -> Iterator[tuple[int, str, bool]]:
    """Each heading of a section: its line, its name, and whether it has two brackets."""
    start = 0
    for number, line in enumerate(lines):
        heading = SECTION.match(line)
        # What looks like a heading within a long text or list does not end what is TOML by itself.
        if heading and _is_toml("".join(lines[start:number])):
            name = ".".join(part.strip(" \"'") for part in heading["name"].split("."))
            yield number, name, bool(heading["one_of_many"])
            start = number


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


def _with_comments_above(lines: Sequence[str], line: int, least: int) -> int:
    while line > least and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def _edited(block: str, key: str, before: Table, after: Table) -> str:
    """The block with what differs changed in it; rewritten below its comments where that is not possible."""
    if before == after:
        return block
    try:
        document = tomlkit.parse(block)
        section: Any = document
        for part in key.split("."):
            section = section[part]
        _change(section[0], before, after)
        written = tomlkit.dumps(document)
        if _table_of(written, key) == after:
            return written
    except (tomlkit.exceptions.TOMLKitError, TypeError, AttributeError, ValueError, KeyError, IndexError):
        pass
    lines = block.split("\n")
    comments = lines[: next(number for number, line in enumerate(lines) if SECTION.match(line))]
    return "\n".join([*comments, _new_block(key, after)])


def _change(table: Any, before: Table, after: Table) -> None:
    for name in before.keys() - after.keys():
        del table[name]
    for name, value in after.items():
        if name not in before:
            table[name] = _item(value)
        elif before[name] != value:
            if isinstance(table[name], Array) and isinstance(value, list):
                _change_list(table[name], before[name], value)
            elif isinstance(value, dict) and isinstance(before[name], dict):
                _change(table[name], before[name], value)
            else:
                table[name] = _item(value)


def _change_list(array: Array, before: list[Any], after: list[Any]) -> None:
    """Only what differs at the end or in one place is touched, so that comments between the lines of others stay."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    tail = 0
    while tail < min(len(before), len(after)) - same and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    for _ in range(len(before) - same - tail):
        del array[same]
    for number, value in enumerate(after[same : len(after) - tail], start=same):
        array.insert(number, _item(value))


def _new_block(key: str, table: Table) -> str:
    document = tomlkit.document()
    for name, value in table.items():
        document[name] = _item(value)
    return f"[[{key}]]\n{tomlkit.dumps(document)}"


def _item(value: Any) -> Any:
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        for name, one in value.items():
            inline[name] = _item(one)
        return inline
    if isinstance(value, list):
        array = tomlkit.array()
        for one in value:
            array.append(_item(one))
        array.multiline(len(array.as_string()) > LINE)
        return array
    if isinstance(value, str) and "\n" in value:
        return tomlkit.string(value, multiline=True)
    return tomlkit.item(value)


def _table_of(block: str, key: str) -> Any:
    section: Any = tomllib.loads(block)
    for part in key.split("."):
        section = section[part]
    return section[0] if len(section) == 1 else None


def _ended(block: str) -> str:
    return block if block.endswith("\n") else f"{block}\n"
