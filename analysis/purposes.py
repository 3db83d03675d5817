"""What a trial is for, spelled the same in code, database and files."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a trial is for; the values are those of the database, of the participant API and of the export bundle."""

    MAIN = "main"
    """A subset of the study's clips, chosen by the design."""
    REPEAT = "repeat"
    """An earlier trial once more, for reliability within the rater."""
    CHECK = "check"
    """An attention check, which says nothing about similarity."""
    PRACTICE = "practice"
    """A round with drawn shapes, before the first trial."""


# The purposes of trials that say something about similarity: only these enter RDMs.
JUDGMENTS = (Purpose.MAIN, Purpose.REPEAT)
