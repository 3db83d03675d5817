"""The catalogues of the participant's pages, one a language, and the command that keeps them in step with the texts.

`python -m app.translations` reads every text that a participant can meet out of templates, scripts and views, and adds
what is new to each `<language>/LC_MESSAGES/messages.po`; texts that are gone leave it. Then translate what is empty.
"""
