"""What participants call a clip. Its own name may give the condition away: a number, unless the study sets more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.definition.study_toml import StudyDefinition
from app.errors import Invalid

ATTRIBUTE = "attributes."


def clip_numbers(seats: Iterable[int]) -> dict[int, int]:
    """A number for each clip (by database id) that a session has shown, from 1, in the order of first sight.

    Seats are shuffled for each session, so the numbers say nothing about the clips; an assigned trial never changes,
    so that a clip keeps its number to the end of the session.

    Parameters
    ----------
    seats
        The clips of the session's trials, in the order of trials and seats.
    """
    return {clip_id: number for number, clip_id in enumerate(dict.fromkeys(seats), 1)}


def label_of(file_label: str, attributes: Mapping[str, str], definition: StudyDefinition) -> str | None:
    """The label that the study sets for its participants, or None where the clip goes by its number."""
    labels = definition.clips.labels
    if labels == "file_names":
        return file_label
    if labels.startswith(ATTRIBUTE):
        return attributes.get(labels.removeprefix(ATTRIBUTE), "").strip() or None
    return None


def check_labels(definition: StudyDefinition, attributes: Iterable[dict[str, str]]) -> None:
    """Hold `clips.labels` against the clips' rows of attributes.csv.

    Raises
    ------
    Invalid
        When it names a column that no clip has.
    """
    if problem := labels_problem(definition, attributes):
        raise Invalid(f"study.toml: clips.labels: {problem}", field="clips.labels")


def labels_problem(definition: StudyDefinition, attributes: Iterable[dict[str, str]]) -> str | None:
    """What is wrong with `clips.labels`, held against the clips' rows of attributes.csv; None where nothing is."""
    labels = definition.clips.labels
    if not labels.startswith(ATTRIBUTE):
        return None
    column = labels.removeprefix(ATTRIBUTE)
    known = sorted({name for row in attributes for name in row})
    if column in known:
        return None
    has = f"its columns are {', '.join(known)}" if known else "there is none"
    return f"attributes.csv has no column {column!r}; {has}"
