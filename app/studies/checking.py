"""What is wrong with a study's settings, held against the clips that it has."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.words import counted
from app.clips.text_files import text_files
from app.definition.labels import labels_problem
from app.definition.study_toml import StudyDefinition, definition_of
from app.definition.text_images import images_of
from app.domain import MIN_CLIPS, ClipState, ItemKind
from app.i18n.catalogues import known_texts
from app.models import Clip, Study, now
from app.recruiters.rules import over_since
from app.studies.rules import Facts, Problem, problems_of


def facts_of(db: Session, study: Study) -> Facts:
    """What is known of the clips: all but the failed ones count, and what is in them once all are converted."""
    clips = list(db.scalars(select(Clip).where(Clip.study_id == study.id, Clip.state != ClipState.FAILED)))
    attributes = tuple(clip.attributes for clip in clips)
    if any(clip.state != ClipState.READY for clip in clips):
        return Facts(n_clips=len(clips), attributes=attributes, at=now())
    seconds = sum(clip.duration_s or 0.0 for clip in clips)
    kinds = [clip.kind for clip in clips]
    return Facts(
        n_clips=len(clips),
        seconds=seconds,
        with_sound=sum(bool(clip.has_audio) for clip in clips),
        n_pictures=kinds.count(ItemKind.PICTURE),
        n_sounds=kinds.count(ItemKind.SOUND),
        attributes=attributes,
        at=now(),
    )


def settings_problems(db: Session, study: Study, definition: StudyDefinition) -> list[Problem]:
    """All that is wrong with `definition` as the settings of the study, errors first; too few clips are no part of it.

    A draft without clips is held against the rules that need none.
    """
    facts = facts_of(db, study)
    problems = list(problems_of(definition, facts if facts.n_clips else Facts(at=facts.at)))
    of_labels = labels_problem(definition, (clip.attributes for clip in study.clips)) if facts.n_clips else None
    if of_labels is not None:
        problems.append(Problem("error", "clips.labels", of_labels))
    problems += replaced_texts_problems(definition)
    problems += text_image_problems(definition, [one.name for one in text_files(db, study)])
    return sorted((one for one in problems if one.key != "clips"), key=lambda problem: problem.severity)


def replaced_texts_problems(definition: StudyDefinition) -> Iterator[Problem]:
    """A misspelt text would silently stay as it is on the page."""
    texts = known_texts()
    for text in definition.texts.replace:
        if text not in texts:
            near = difflib.get_close_matches(text, texts, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield Problem("error", "texts.replace", f"the pages have no text {text!r}{hint}")


def text_image_problems(definition: StudyDefinition, names: Collection[str]) -> Iterator[Problem]:
    """Pictures that the texts show and nobody would see; `names` are those of the files that the study has for them."""
    for key, mark in dict.fromkeys(images_of(definition)):
        if ":" in mark.name or mark.name.startswith("/"):
            yield Problem(
                "error",
                key,
                f"shows {mark.name}, which is elsewhere: participants' browsers would tell that place who takes part. "
                "Keep the file with the study (folder texts, or Files for the texts on the page Settings)",
            )
        elif mark.name not in names:
            near = difflib.get_close_matches(mark.name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "add it (folder texts, or Files for the texts on the page)"
            yield Problem("error", key, f"shows {mark.name or 'a file without a name'}, which is not there: {hint}")
        if not mark.alt:
            yield Problem(
                "warning",
                key,
                f"{mark.name} comes without words for those who cannot see it: write ![what it shows]({mark.name})",
            )


def clips_missing(study: Study) -> list[str]:
    """What the study's clips still lack before it can be opened, as sentences."""
    states = [clip.state for clip in study.clips]
    unfinished = sum(state in {ClipState.WAITING, ClipState.CONVERTING} for state in states)
    if unfinished:
        return [f"{counted(unfinished, 'clip is', 'clips are')} not converted yet."]
    if states.count(ClipState.READY) < MIN_CLIPS:
        return [f"A study needs at least {MIN_CLIPS} clips that can be shown.{named(failed_clips(study))}"]
    return []


def missing_before_opening(db: Session, study: Study) -> list[Problem]:
    """What keeps the study from being opened: its clips, and the errors in its settings and dates."""
    of_clips = [Problem("error", "clips", sentence) for sentence in clips_missing(study)]
    of_settings = [*settings_problems(db, study, definition_of(study)), *over_already(study)]
    return of_clips + [problem for problem in of_settings if problem.severity == "error"]


def over_already(study: Study) -> Iterator[Problem]:
    """A date that has passed: a study that is opened then is one in which nobody can begin."""
    if over := over_since(definition_of(study).recruitment, now()):
        yield Problem(
            "error", "recruitment.closes", f"was {over}: nobody could begin; choose a later time, or take it out"
        )


def failed_clips(study: Study) -> list[Clip]:
    """The files that cannot be used, in the study's order."""
    return [clip for clip in study.clips if clip.state == ClipState.FAILED]


def named(clips: list[Clip]) -> str:
    """The files with their reasons, for a message; empty where there are none."""
    return "".join(f" {clip.file_name}: {clip.reason}." for clip in clips)
