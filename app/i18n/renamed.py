"""English texts of the participant's pages that were reworded, and what they say now.

A study replaces texts by their English wording. One that was made before a text was reworded still does.
"""
# ruff: noqa: E501 - a text and its new wording stand on one line.

RENAMED = {
    "A good start. Some shapes would lie elsewhere for most people.": "A good start. Most people would put some of the shapes elsewhere.",
    "All clips are inside. Change what you like, then press Done.": "All clips are in place. Make any changes you like, then press Done.",
    "All places of this study are taken. Thank you for your interest.": "This study is full. Thank you for your interest.",
    "All shapes lie on one spot. Put different ones far apart.": "All the shapes are in one spot. Put different ones far apart.",
    "All that you have done is kept. The task continues by itself as soon as there is room.": "Everything you have done is kept. The task continues as soon as there is enough room.",
    "Being saved. It goes on by itself.": "Saving. The task continues by itself.",
    "Each must have played to its end before it can be moved.": "Each shape must play to its end before you can move it.",
    "Each must have played to its end before you press Done.": "Each shape must play to its end before you press Done.",
    "Everything is saved as you go. You can close this page and come back to its address later.": "Everything is saved as you go. You can close this page and open its address again later.",
    "Go on": "Continue",
    "Go on here instead": "Continue here",
    "I agree, and take part once more": "I agree and want to take part again",
    "If you only want a break, close the page and come back to its address later: everything is kept.": "If you only want a break, close the page and open its address again later: everything is kept.",
    "It goes on by itself as soon as the arrangement has arrived.": "The task continues as soon as it has been saved.",
    "It had already been saved from another window, in another form.": "A different version had already been saved from another window.",
    "Keys: 1 to 9 choose, Enter goes on.": "Keys: 1 to 9 choose an answer, Enter continues.",
    "Let go here, and it returns to its place outside.": "Let go here and it goes back outside the circle.",
    "No connection. We keep trying.": "No connection. We will keep trying.",
    "Not any more": "No longer available",
    "Not at the moment": "Not available right now",
    "Nothing is here": "Page not found",
    "Now click where it should go, or on a clip that is like it. Esc lets go.": "Now click where it should go, or click a clip that is similar. Esc lets go.",
    "Now tap where it should go, or on a clip that is like it. Tap it again to let go.": "Now tap where it should go, or tap a clip that is similar. Tap it again to let go.",
    "On a screen this small the clips are tiny. A computer or a tablet is better for this task.": "The clips are tiny on a screen this small. A computer or a tablet is better for this task.",
    "One on another": "Stacked clips",
    "Please keep this page open, we keep trying.": "Please keep this page open. We will keep trying.",
    "Put down what you hold": "Drop the clip you are holding",
    "Take your time. The clock stands still, and your work is saved.": "Take your time. The clock is stopped and your work is saved.",
    "That was a different number. Please play the beeps again.": "That is not the number of beeps. Please play them again.",
    "The practice is over. Now it counts.": "Practice is over. From now on it counts.",
    "The server is busy. We keep trying.": "The server is busy. We will keep trying.",
    "The server met an error that it did not expect. It is in the server's log.": "Something went wrong on the server. The error is in the server's log.",
    "The task goes on elsewhere": "This task is open in another window",
    "There is no such study.": "We do not recognise this link. Open the link from your invitation again.",
    "There is no such round.": "This round does not exist.",
    "There is nothing at this address.": "There is no page at this address.",
    "This browser keeps no copy: leave the page open until all is saved.": "This browser cannot keep a copy: keep this page open until everything is saved.",
    "This cannot be done": "Not possible",
    "This device gave no sound. Please connect headphones or loudspeakers, then try again.": "No sound came from this device. Please connect headphones or loudspeakers, then try again.",
    "This is how you left it. What you did before can’t be undone any more.": "This is how you left it. Earlier changes can no longer be undone.",
    "This link is not complete": "Incomplete link",
    "This link is not complete, or it was changed. Please open the link from your invitation again, all of it.": "This link is incomplete or has been changed. Please open the whole link from your invitation again.",
    "This link is not known": "Unknown link",
    "This link is not known. Open the link from your invitation again.": "We do not recognise this link. Open the link from your invitation again.",
    (
        "This session began in another browser, and only there can it be ended for good. You can simply "
        "close this page. The people who run the study will see that you asked to leave."
    ): (
        "This session was started in another browser and can only be ended for good there. You can "
        "simply close this page. The people who run the study will see that you asked to leave."
    ),
    "To practise: put shapes that are alike close together, and shapes that differ far apart.": "Practice: put shapes that are alike close together and shapes that differ far apart.",
    "We do not know this link. Please open the link that you were given once more.": "We do not recognise this link. Please open the link you were given again.",
    "What was sent is larger than the server takes.": "What was sent is larger than the server accepts.",
    "Which way round the whole lies makes no difference.": "It makes no difference which way round the whole arrangement is.",
    "You can take part once more, or go back to the end of your last session.": "You can take part again, or go back to the end of your last session.",
    "Your last arrangement is being saved": "Saving your last arrangement",
    "Your work is kept on this computer, we keep trying.": "Your work is kept on this computer. We will keep trying.",
    "{name} could not be loaded. You can place it all the same.": "{name} could not be loaded. You can still place it.",
    "“{name}” was not heard. Turn the sound on, then click or tap the clip.": "You have not heard “{name}” yet. Turn the sound on, then click or tap the clip.",
}


def current_texts(replaced: dict[str, str]) -> dict[str, str]:
    """A study's own texts by today's English wording; where a text stands under both wordings, today's counts."""
    return {RENAMED.get(text, text): own for text, own in replaced.items() if RENAMED.get(text) not in replaced}
