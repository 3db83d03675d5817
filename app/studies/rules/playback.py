"""Rules: how clips play, and whether there is time to watch them."""

from __future__ import annotations

from analysis.words import counted
from app.definition.study_toml import StudyDefinition
from app.studies.rules.problem import Facts, Problems, error, warning


def sound_can_be_heard(definition: StudyDefinition, facts: Facts) -> Problems:
    playback = definition.playback
    if not playback.sound:
        return
    if facts.with_sound == 0:
        yield error("playback.sound", "is on, but none of the clips has sound")
    elif facts.with_sound is not None and facts.n_clips is not None and facts.with_sound < facts.n_clips:
        silent = facts.n_clips - facts.with_sound
        yield warning(
            "playback.sound",
            f"is on, but {silent} of the {facts.n_clips} clips {'has' if silent == 1 else 'have'} no sound",
        )
    only_sounds = facts.n_sounds > 0 and facts.with_sound == facts.n_sounds
    if playback.play != "click" and not only_sounds:
        yield warning(
            "playback.play",
            f'with sound, play = "{playback.play}" shows clips in silence until they are clicked, because browsers '
            'allow no other way; with "click" each playback is heard',
        )


def playing_fits_the_kinds(definition: StudyDefinition, facts: Facts) -> Problems:
    playback = definition.playback
    if facts.n_sounds and playback.play == "always":
        yield error(
            "playback.play",
            f'is "always", but {facts.n_sounds} of the {facts.n_clips} clips '
            f"{'is a sound' if facts.n_sounds == 1 else 'are sounds'}, of which one is heard at a "
            'time: choose "hover" or "click"',
        )
    if facts.n_clips and facts.n_pictures == facts.n_clips and playback.watch != "free":
        yield warning(
            "playback.watch",
            f'is "{playback.watch}", but all {facts.n_clips} clips are pictures: a picture counts as seen when it is '
            "shown",
        )


def watching_fits_the_time(definition: StudyDefinition, facts: Facts) -> Problems:
    if definition.playback.watch == "free" or facts.seconds is None:
        return
    minutes = facts.seconds / 60
    if minutes > definition.stop.max_minutes:
        yield warning(
            "stop.max_minutes",
            f'watch = "{definition.playback.watch}" asks participants to see all clips to their ends, which takes '
            f"{counted(round(minutes), 'minute')}, but sessions end after {definition.stop.max_minutes:g}",
        )
