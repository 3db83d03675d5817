"""The ratings of clips that a study asks for: study.toml's [ratings], and the questions of [[ratings.questions]]."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from app.definition.questions import Scale, WithChoices
from app.definition.section import Section

MAX_RATING_QUESTIONS = 20


class RatingScale(Scale):
    """A scale on which each clip is rated."""

    kind: Literal["scale"]
    required: bool = True


class RatingChoice(WithChoices):
    """Choices of which one is to fit each clip."""

    kind: Literal["one_of"]
    required: bool = True


RatingQuestion = Annotated[RatingScale | RatingChoice, Field(discriminator="kind")]
RATING_KINDS = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(RatingQuestion)[0])
}


class Ratings(Section):
    """Each participant rates clips, one at a time, before the arrangement or after it.

    `clips` is how many, all where it is unset; `repeats` of them are shown a second time at the end. With `watch` a
    clip must have played to its end once before it can be rated. Without questions nothing is rated.
    """

    when: Literal["before", "after"] = "after"
    clips: int | None = Field(default=None, ge=1, le=10_000)
    repeats: int = Field(default=0, ge=0, le=100)
    watch: bool = True
    instructions: str | None = Field(default=None, max_length=50_000)
    questions: list[RatingQuestion] = Field(default=[], max_length=MAX_RATING_QUESTIONS)

    def n_clips(self, n_ready: int) -> int:
        """How many different clips of those that can be shown each participant rates; 0 without questions."""
        if not self.questions:
            return 0
        return n_ready if self.clips is None else min(self.clips, n_ready)

    def n_shown(self, n_ready: int) -> int:
        """How many clips each participant is shown, with those that come a second time."""
        n = self.n_clips(n_ready)
        return n + min(self.repeats, n)
