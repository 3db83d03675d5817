"""The texts of the participant's pages where a study has no clips but pictures, sounds, or a mixture ("item").

The pages are written for clips. A text that speaks of clips has another wording for each of these, made here by one
word for another, or written out where that would not do. The wordings are in the catalogues like all other texts.
"""
# ruff: noqa: E501 - a text and its wording share a line.

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Kind = Literal["clip", "picture", "sound", "item"]
OTHER_KINDS: tuple[Kind, ...] = ("picture", "sound", "item")

CLIP = re.compile(r"\b(a )?(C|c)lip(s?)\b")
# Texts that nobody meets who has only pictures: nothing is watched, played or heard.
ABOUT_PLAYING = re.compile(r"\b(watch|watched|play|plays|sound|heard)\b", re.IGNORECASE)
# Texts that nobody meets who has only sounds: those of clips with sound, and of clips that play by themselves.
OF_CLIPS_ALONE = re.compile(r"with sound,|by themselves")

CONSENT = (
    "In this study you will see short video clips and arrange them on the screen by how similar they are.\n\n"
    "* Taking part is voluntary. You can stop at any time, without giving a reason.\n"
    "* We store where you put the clips, what you played, and when. We do not store your name.\n"
    "* The data are used for research and may be shared in anonymous form.\n\n"
    "Please go on only if you agree."
)
ROUND_A_CIRCLE = "You will see short video clips around a circle. Please arrange them by how similar they are to you."
KEYS = "Tab: next clip. P: pick up, put down. Arrows: move, with Shift far. Space: play. S: select."
WITHOUT_MOUSE = (
    "It also works without a mouse: Tab goes from clip to clip, P picks one up and puts it down, the arrow keys move it, "
    "Space plays it."
)
WITH_SOUND = (
    "The clips have sound, and it matters here. Please put on headphones or turn on your loudspeakers. Then play the beeps "
    "and count them."
)
TINY = "The clips are tiny on a screen this small. A computer or a tablet is better for this task."

# Written out. A text of clips that is listed with itself as its wording needs no other.
WRITTEN: dict[Kind, dict[str, str]] = {
    "picture": {
        CONSENT: CONSENT.replace("short video clips", "pictures").replace(
            "clips, what you played, and when", "pictures, and when"
        ),
        ROUND_A_CIRCLE: ROUND_A_CIRCLE.replace("short video clips", "pictures"),
        "Watch": "Look",
        "Look at the clips; they play by themselves.": "Look at the pictures.",
        KEYS: KEYS.replace("clip", "picture").replace(" Space: play.", ""),
        WITHOUT_MOUSE: "It also works without a mouse: Tab goes from picture to picture, P picks one up and puts it down, the "
        "arrow keys move it.",
    },
    "sound": {
        CONSENT: CONSENT.replace("see short video clips", "hear short sounds").replace("clips", "sounds"),
        ROUND_A_CIRCLE: "You will hear short sounds, which wait around a circle. Please arrange them by how similar they are "
        "to you.",
        "Watch": "Listen",
        "Click a clip to watch it.": "Click a sound to hear it.",
        "Tap a clip to watch it.": "Tap a sound to hear it.",
        "Point at a clip to watch it.": "Point at a sound to hear it.",
        "Watch each clip once to its end before you move it.": "Listen to each sound once to its end before you move it.",
        "Watch each clip once to its end before you press Done.": "Listen to each sound once to its end before you press Done.",
        "{n} clips still need to be watched to the end with sound": "{n} sounds still need to be heard to the end",
        "{n} clips still need to be watched to the end": "{n} sounds still need to be heard to the end",
        "1 clip still needs to be watched to the end with sound": "1 sound still needs to be heard to the end",
        "1 clip still needs to be watched to the end": "1 sound still needs to be heard to the end",
        "not yet watched": "not yet heard",
        "Please watch the clip to its end, then rate it.": "Please listen to the sound to its end, then rate it.",
        "You will see clips one at a time, {n} in all. Please rate each of them.": "You will hear sounds one at a time, {n} in all. Please rate each of them.",
        "You will see one clip. Please rate it.": "You will hear one sound. Please rate it.",
        "Watch “{name}” to its end first.": "Listen to “{name}” to its end first.",
        WITH_SOUND: WITH_SOUND.replace("The clips have sound, and it matters here.", "You will hear sounds."),
        TINY: "There is little room on a screen this small. A computer or a tablet is better for this task.",
    },
    "item": {
        CONSENT: CONSENT.replace("see short video clips", "see or hear items").replace("clips", "items"),
        ROUND_A_CIRCLE: "You will see items around a circle: pictures, clips or sounds. Please arrange them by how similar they "
        "are to you.",
        "Click a clip to watch it.": "Click an item to play it.",
        "Tap a clip to watch it.": "Tap an item to play it.",
        "Point at a clip to watch it.": "Point at an item to play it.",
        WITH_SOUND: WITH_SOUND.replace("The clips have", "Some items have"),
        "Please watch the clip to its end, then rate it.": "Please play the item to its end, then rate it.",
    },
}


def worded(text: str, kind: Kind) -> str:
    """The wording of an English text for a study of this kind; the text itself where it needs no other."""
    if kind == "clip":
        return text
    written = WRITTEN[kind].get(text)
    if written is not None:
        return written
    if (kind == "picture" and ABOUT_PLAYING.search(text)) or (kind == "sound" and OF_CLIPS_ALONE.search(text)):
        return text
    article = "an " if kind == "item" else "a "
    return CLIP.sub(lambda m: _cased(m[2], kind, article if m[1] else "") + m[3], text)


def wordings(texts: Iterable[str]) -> list[str]:
    """All wordings of these texts that differ from them, each once."""
    others = dict.fromkeys(worded(text, kind) for text in texts for kind in OTHER_KINDS)
    return [text for text in others if text not in set(texts)]


def _cased(first: str, word: str, article: str) -> str:
    return article + (word.capitalize() if first == "C" else word)
