"""The texts of the participants' pages for studies that bring none of their own, in the language of the page."""

from __future__ import annotations

from app.definition.study_toml import StudyDefinition
from app.participation.time_left import longest_minutes
from app.web.language import translate


def how_long(definition: StudyDefinition) -> str:
    """How long taking part takes, by the study's time rule."""
    minutes = longest_minutes(definition.stop.max_minutes)
    if minutes == 1:
        return translate("The task takes at most a minute.")
    return translate("The task takes at most {n} minutes.").replace("{n}", str(minutes))


def default_consent(*, asks: bool = False) -> str:
    """The consent text of a study that brings none of its own, in Markdown; `asks`: whether it has questions.

    Questions about clips are among them.
    """
    text = translate(
        "In this study you will see short video clips and arrange them on the screen by how similar they are.\n\n"
        "* Taking part is voluntary. You can stop at any time, without giving a reason.\n"
        "* We store where you put the clips, what you played, and when. We do not store your name.\n"
        "* The data are used for research and may be shared in anonymous form.\n\n"
        "Please go on only if you agree."
    )
    if not asks:
        return text
    more = translate("You will also be asked a few questions. Your answers are stored with the rest.")
    # Whoever is asked to agree has read all of it.
    *before, agree = text.split("\n\n")
    return "\n\n".join([*before, more, agree])


def default_instructions() -> str:
    """What comes above the page's own pictures of how it works, for a study that says nothing itself; in Markdown."""
    return translate(
        "You will see short video clips around a circle. Please arrange them by how similar they are to you."
    )


def default_thanks() -> str:
    """The thanks of a study that brings none of its own, in Markdown."""
    return translate("Your arrangements are a real help.")


def default_screened_out() -> str:
    """What somebody reads whose answers the study is not looking for, where it says nothing itself; in Markdown."""
    return translate(
        "Thank you for your interest and for your answers. This study is looking for other participants, so it ends "
        "here for you."
    )


def default_quota_full() -> str:
    """What somebody reads when enough people with the same answer have taken part; in Markdown."""
    return translate(
        "Thank you for your interest and for your answers. Enough people whose answers are like yours have taken part "
        "already, so the study ends here for you."
    )
