"""The catalogues of the participant's pages, one a language.

`python -m app.web.extract_texts` reads every text that a participant can meet out of templates, scripts and views, and
adds what is new to each `<language>/LC_MESSAGES/messages.po`; texts that are gone leave it. Then translate what is
empty.
"""
