"""Rules: practice, ratings, texts, and how people come and get back."""

from __future__ import annotations

import re

from analysis.words import counted
from app.definition.quotas import quota_doubts, quota_problems
from app.definition.ratings import Ratings
from app.definition.study_toml import StudyDefinition
from app.domain import MIN_CLIPS
from app.recruiters.endings import Ending, code_and_url
from app.recruiters.rules import recruitment_doubts, recruitment_problems
from app.studies.rules.problem import Facts, Problems, error, warning
from app.studies.rules.questions import ends_sessions

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def practice_can_be_passed(definition: StudyDefinition, _facts: Facts) -> Problems:
    design = definition.design
    if design.practice_pass is not None and not design.practice:
        yield error("design.practice_pass", "is set, but practice is off")
    elif design.practice_pass is not None and design.practice_pass > 0.98:
        yield warning(
            "design.practice_pass",
            f"hardly anybody reaches an agreement of {design.practice_pass:g}; 0.7 shows that somebody understood "
            "the task",
        )


def ratings_can_be_given(definition: StudyDefinition, facts: Facts) -> Problems:
    ratings, n = definition.ratings, facts.n_clips
    if not ratings.questions:
        if ratings != Ratings():
            yield error("ratings.questions", "nothing is asked about the clips: add a section [[ratings.questions]]")
        return
    if ratings.clips is not None and n is not None and ratings.clips > n >= MIN_CLIPS:
        yield warning("ratings.clips", f"is {ratings.clips}, but there are {n} clips: each participant rates all")
    rated = ratings.clips if n is None else ratings.n_clips(n)
    if rated is not None and ratings.repeats > rated:
        yield error(
            "ratings.repeats",
            f"is {ratings.repeats}, but only {counted(rated, 'clip is', 'clips are')} rated: none comes three times",
        )


def texts_can_be_read(definition: StudyDefinition, _facts: Facts) -> Problems:
    texts = definition.texts
    if len(definition.title.splitlines()) > 1:
        yield error("title", "must be one line")
    own = [name for name in ("consent", "instructions", "thanks", "question") if getattr(texts, name)]
    if definition.language == "auto" and (own or texts.replace):
        yield warning(
            "language",
            f'is "auto", so that the pages come in each participant\'s language, but '
            f"{'texts.' + (own or ['replace'])[0]} comes in one: set language to that of your texts, "
            'for example language = "en"',
        )
    if texts.question is not None and len(texts.question.splitlines()) > 1:
        yield error("texts.question", "must be one line; instructions may have more")
    for name in ("consent", "instructions", "thanks"):
        if getattr(texts, name) == "":
            yield warning(f"texts.{name}", "is empty: the page's own text is shown in its place")
    for old, new in texts.replace.items():
        if not new.strip():
            yield error("texts.replace", f"{old!r} is replaced by nothing: that leaves a button or a line empty")
        unknown = sorted(set(PLACEHOLDER.findall(new)) - set(PLACEHOLDER.findall(old)))
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDER.findall(old)) or "none"
            yield error(
                "texts.replace",
                f"{new!r} has {{{unknown[0]}}}, which the page fills in nowhere; the placeholders of {old!r}: {known}",
            )


def people_come_and_get_back(definition: StudyDefinition, facts: Facts) -> Problems:
    recruitment = definition.recruitment
    for key, sentence in recruitment_problems(recruitment):
        yield error(key, sentence)
    for key, sentence in quota_problems(recruitment.quotas, definition.questions):
        yield error(key, sentence)
    for key, sentence in recruitment_doubts(definition.recruitment, facts.at):
        yield warning(key, sentence)
    for key, sentence in quota_doubts(recruitment.quotas, definition.questions, recruitment.places):
        yield warning(key, sentence)
    screens_out = any(ends_sessions(one) for one in definition.questions)
    for ending, comes, reason in (
        (Ending.SCREENED_OUT, screens_out, "no answer ends a session"),
        (Ending.QUOTA_FULL, bool(recruitment.quotas), "there are no quotas"),
    ):
        for kind, value in zip(("code", "url"), code_and_url(recruitment, ending), strict=True):
            if value is not None and not comes:
                yield warning(f"recruitment.{ending}_{kind}", f"is never used: {reason}")


def network_can_be_shown(definition: StudyDefinition, _facts: Facts) -> Problems:
    models = definition.models
    for name, values in (("mean", models.mean), ("std", models.std)):
        if len(values) == 2:
            yield error(f"models.{name}", "must be one number, or three: for red, green and blue")
    if min(models.std) <= 0:
        yield error("models.std", "must be above 0: pixel values are divided by it")
    if models.resize is not None and models.size is not None and models.resize < models.size:
        yield error("models.resize", f"is {models.resize}: it must not be smaller than size, which is {models.size}")
