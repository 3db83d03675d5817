"""What each setting does, in a sentence, and what most people choose: the one table of these sentences.

A new key of study.toml gets its row here; a test names those that have none.

Over 300 lines: one table, a few lines for each setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.definition.moments import FORM


@dataclass(frozen=True)
class SettingText:
    """What is said of a setting: its name, what it does, what most people choose, and the names of its choices, where
    they are not named as in study.toml.
    """

    name: str
    does: str
    usual: str
    choices: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Settings that belong together on the page."""

    name: str
    settings: dict[str, SettingText]


GROUPS = (
    Group(
        "Title and language",
        {
            "title": SettingText(
                "Title", "What participants see above everything.", "A few plain words that do not give the aim away."
            ),
            "language": SettingText(
                "Language",
                "The language of the participants' pages.",
                "That of your own texts; each participant's own where you write none.",
                {
                    "auto": "each participant's own",
                    "en": "English",
                    "de": "German",
                    "fr": "French",
                    "es": "Spanish",
                },
            ),
        },
    ),
    Group(
        "Consent and texts",
        {
            "texts.consent": SettingText(
                "Consent",
                "What the participant agrees to before anything else, in Markdown.",
                "The text that your ethics board has approved.",
            ),
            "consent.clauses": SettingText(
                "Clauses to tick",
                "What participants tick below the consent, each by itself, before they agree. What they ticked, and "
                "when, is kept with the session.",
                "None, or one for each thing that your ethics board wants agreed to by itself.",
            ),
            "texts.instructions": SettingText(
                "Instructions",
                "What stands above the page's own pictures of how it works, in Markdown.",
                "One or two sentences about these clips; the page explains the rest.",
            ),
            "texts.thanks": SettingText(
                "Thanks", "What stands on the last page, in Markdown.", "A short thanks, and whom to ask."
            ),
            "texts.screened_out": SettingText(
                "Screened out",
                "What somebody reads whose answer to a question ends the session, in Markdown.",
                "The page's own text, which thanks and says that others are looked for.",
            ),
            "texts.quota_full": SettingText(
                "Quota full",
                "What somebody reads when enough people with the same answer have taken part, in Markdown.",
                "The page's own text, which thanks and says so.",
            ),
            "texts.replace": SettingText(
                "Other wordings",
                "Any other text of the participants' pages, by its whole English wording.",
                "None: the pages' own texts are there in four languages.",
            ),
        },
    ),
    Group(
        "Question",
        {
            "texts.question": SettingText(
                "Question",
                "One line above the arena that says what counts as similar.",
                "Leave it open, unless you ask about one kind of similarity.",
            ),
        },
    ),
    Group(
        "Questions to participants",
        {
            "questions": SettingText(
                "Questions",
                "What participants are asked before the task, between trials and after it.",
                "A few: each costs time, and answers are personal data.",
            ),
            "comment": SettingText(
                "Comment at the end", "A box on the last page in which participants can write to you.", "On."
            ),
        },
    ),
    Group(
        "Ratings of clips",
        {
            "ratings.questions": SettingText(
                "Questions about each clip",
                "The scales and choices with which participants rate clips, one clip at a time.",
                "None, or one to three: each is asked of every clip.",
            ),
            "ratings.when": SettingText(
                "Clips are rated",
                "Whether clips are rated before the arrangement or after it.",
                "After it, so that the questions do not say what to arrange by.",
                {"before": "before the arrangement", "after": "after the arrangement"},
            ),
            "ratings.clips": SettingText(
                "Clips to rate",
                "How many clips each participant rates; samples are chosen so that all clips get about equally many.",
                "All, up to about 40; a sample of many.",
            ),
            "ratings.repeats": SettingText(
                "Clips rated twice",
                "How many of them come a second time at the end, to see how alike a rater's own ratings are.",
                "0; 5 where you report the consistency of raters.",
            ),
            "ratings.watch": SettingText(
                "Watched before rated",
                "Whether a clip must have played to its end once before it can be rated.",
                "On.",
            ),
            "ratings.instructions": SettingText(
                "Instructions for rating",
                "What stands before the first clip to rate, in Markdown.",
                "The page's own text, which says how many clips there are.",
            ),
        },
    ),
    Group(
        "Playing clips",
        {
            "playback.play": SettingText(
                "Clips play",
                "When a clip in the arena plays, or a sound is heard; pictures do not play.",
                "On hover; on click where clips have sound.",
                {"hover": "on hover", "click": "on click", "always": "always, at most 8 at once"},
            ),
            "playback.loop": SettingText("Play in a loop", "Whether a clip begins again at its end.", "On."),
            "playback.watch": SettingText(
                "Clips must be seen",
                "Whether each clip must be seen, and each sound be heard, to its end once. A picture is seen when it "
                "is shown.",
                "Free, for short clips; before placing, where the end of a clip matters.",
                {"free": "no", "before_placing": "before it is moved", "before_done": "before Done"},
            ),
            "playback.enlarge": SettingText(
                "Large view", "Whether a double click, Enter or a long press shows a clip large.", "On."
            ),
        },
    ),
    Group(
        "Sound",
        {
            "playback.sound": SettingText(
                "Clips have sound",
                "Whether clips keep their sound; a sound check then comes first, as it does where items are sounds. "
                "A change converts the clips again.",
                "Off, unless what is heard is to be judged.",
            ),
        },
    ),
    Group(
        "Labels, background, sizes",
        {
            "clips.labels": SettingText(
                "Labels",
                'What participants see and hear of a clip\'s name: "numbers", "file_names", or "attributes." and a '
                "column of your table.",
                "Numbers, which tell nothing of a clip.",
            ),
            "arena.background": SettingText(
                "Background",
                "The ground behind the clips. A change converts the clips again where parts of them are transparent.",
                "Light or dark; grey for studies of vision.",
                {"auto": "light or dark, as the participant likes", "grey": "neutral grey"},
            ),
            "arena.guide_lines": SettingText("Guide lines", "Lines to the neighbours while a clip is dragged.", "Off."),
            "arena.hints": SettingText(
                "Hints", "A hint, never a block, where a layout is small or clips are stacked.", "On."
            ),
            "arena.min_window": SettingText(
                "Least window",
                "A window whose shorter side is below that many pixels cannot be used, which is said before consent.",
                "None; 500 keeps phones out.",
            ),
            "clips.max_side": SettingText(
                "Size of clips",
                "The longer side of the converted clips in pixels; none is enlarged. A change converts them again.",
                "960; less where participants have slow lines.",
            ),
        },
    ),
    Group(
        "Trials",
        {
            "design.method": SettingText(
                "Design",
                "How the clips of each trial are chosen.",
                "Posterior variance: it learns most from a minute. Lift the weakest is the published procedure.",
            ),
            "design.max_items": SettingText(
                "Clips in a trial", "How many clips a trial shows at most.", "20; about 30 still fit a large screen."
            ),
            "design.repeats": SettingText(
                "Repeated trials",
                "Earlier trials that are shown once more, to see how alike a participant arranges them.",
                "None, or 1 where you report the reliability within participants.",
            ),
            "design.checks": SettingText(
                "Attention checks",
                "A few clips and an instruction that only somebody who reads it follows.",
                "1 or 2 for participants from the internet, none in the laboratory.",
            ),
            "design.practice": SettingText(
                "Practice round",
                "A round with drawn shapes and a known layout comes first.",
                "On for people new to it.",
            ),
            "design.practice_pass": SettingText(
                "Mark for the practice",
                "The agreement with the known layout, 0 to 1, that lets the participant go on; after three rounds they "
                "go on anyway.",
                "None, or 0.7.",
            ),
            "seed": SettingText(
                "Seed", "Everything random about the study follows from this number.", "Any number; leave it as it is."
            ),
        },
    ),
    Group(
        "When a session ends",
        {
            "stop.min_evidence": SettingText(
                "Evidence", "The session ends when every pair of clips has this evidence.", "0.2; 100 switches it off."
            ),
            "stop.max_minutes": SettingText(
                "Minutes", "The session ends after so many minutes of work; breaks are not counted.", "30."
            ),
            "stop.max_trials": SettingText(
                "Trials", "The session ends after so many trials.", "200: evidence or minutes come first."
            ),
        },
    ),
    Group(
        "What is proposed to be left out",
        {
            "quality.outlier_z": SettingText(
                "Unlike the others",
                "Propose to leave out a session whose RDM correlates with the others' by more than so many robust "
                "standard deviations less than usual. Nothing is left out unless somebody says so.",
                "3; 0 switches it off.",
            ),
            "quality.repeats": SettingText(
                "Repeated trials", "Propose to leave out a session whose repeated trials do not agree.", "On."
            ),
            "quality.failed_checks": SettingText(
                "Failed checks",
                "Propose to leave out a session that failed so many attention checks.",
                "1, or 2 of several; 0 switches it off.",
            ),
            "quality.seconds_per_item": SettingText(
                "Too fast",
                "Propose to leave out a session, or a trial, that took less than so many seconds per clip.",
                "1; 0 switches it off.",
            ),
        },
    ),
    Group(
        "Recruitment",
        {
            "recruitment.opens": SettingText(
                "Opens",
                f"From when on people can begin, once the study is open: date, time and time zone, as {FORM}.",
                "None: it takes people as soon as it is open.",
            ),
            "recruitment.closes": SettingText(
                "Closes",
                "From when on nobody new can begin, written in the same way; those at the task can finish.",
                "None: it is closed by hand.",
            ),
            "recruitment.places": SettingText(
                "Places", "How many people can take part at most.", "As many as you pay; none with an open link."
            ),
            "recruitment.quotas": SettingText(
                "Quotas",
                "How many people with each answer to a question before the task, or in each range of a number, can "
                "take part at most.",
                "None; the same number for each answer where groups are to be of one size.",
            ),
            "recruitment.devices": SettingText(
                "Devices",
                "With which devices people can take part. What a device has decides, not its name; whoever lacks it is "
                "told before the consent what to do.",
                "Any; with mouse or trackpad where clips must be placed precisely.",
                {"any": "any", "mouse": "with a mouse, a trackpad or a pen; not by touch alone"},
            ),
            "recruitment.visits": SettingText(
                "Visits", "How often the same person may take part, each time after finishing.", "1."
            ),
            "recruitment.parameters": SettingText(
                "Parameters of the link",
                "The names under which the recruiter's link says who comes; the first is the person's id.",
                "Those of Prolific, as set; docs/recruiting.md has others.",
            ),
            "recruitment.without_id": SettingText(
                "Without an id",
                "Who is admitted without the person's id.",
                "By the plain link; nobody, where all come from a recruiter.",
                {"plain_link": "whoever has the plain link", "anybody": "anybody", "nobody": "nobody"},
            ),
            "recruitment.signed": SettingText(
                "Signed links", "Whether a link must be signed, so that nobody can make one up.", "Off."
            ),
            "recruitment.return_after": SettingText(
                "Automatic return",
                "After how many seconds the last page opens the way back to the recruiter; participants see them and "
                "can stop them.",
                "None: participants press the button; 15 on panels.",
            ),
            "recruitment.completion_code": SettingText(
                "Completion code", "Shown at the end, for the recruiter.", "The code that the recruiter gave you."
            ),
            "recruitment.completion_url": SettingText(
                "Completion address",
                "The way back to the recruiter; {PROLIFIC_PID} and other placeholders are filled in.",
                "The address that the recruiter gave you.",
            ),
            "recruitment.screened_out_code": SettingText(
                "Screened-out code",
                "Shown instead of the completion code where an answer to a question ends the session.",
                "The code that the recruiter gave you for it; none without such questions.",
            ),
            "recruitment.screened_out_url": SettingText(
                "Screened-out address",
                "The way back to the recruiter where an answer to a question ends the session.",
                "The address that the recruiter gave you for it.",
            ),
            "recruitment.quota_full_code": SettingText(
                "Quota-full code",
                "Shown where enough people with the same answer have taken part.",
                "The code that the recruiter gave you for it; none without quotas.",
            ),
            "recruitment.quota_full_url": SettingText(
                "Quota-full address",
                "The way back where enough people with the same answer have taken part.",
                "The address that the recruiter gave you for it.",
            ),
            "recruitment.no_consent_code": SettingText(
                "No-consent code",
                "Shown to somebody who does not agree on the first page, of whom nothing is stored.",
                "The code that the recruiter gave you for it; none: the page says that it can be closed.",
            ),
            "recruitment.no_consent_url": SettingText(
                "No-consent address",
                "The way back for somebody who does not agree on the first page.",
                "The address that the recruiter gave you for it.",
            ),
            "recruitment.withdrawn_code": SettingText(
                "Withdrawn code",
                "Shown to somebody who leaves the study for good.",
                "The code that the recruiter gave you for it; none where nothing is paid then.",
            ),
            "recruitment.withdrawn_url": SettingText(
                "Withdrawn address",
                "The way back for somebody who leaves the study for good.",
                "The address that the recruiter gave you for it.",
            ),
            "recruitment.full_code": SettingText(
                "Study-full code",
                "Shown to somebody who comes when the study is full or closed, of whom nothing is stored.",
                "The code that the recruiter gave you for it.",
            ),
            "recruitment.full_url": SettingText(
                "Study-full address",
                "The way back for somebody who comes when the study is full or closed.",
                "The address that the recruiter gave you for it.",
            ),
        },
    ),
    Group(
        "Deleting by itself",
        {
            "retention.recruiter_ids_days": SettingText(
                "Recruiter's ids",
                "Delete the recruiter's ids of a participant so many days after that participant was last here.",
                "As many days as you need to pay everybody, such as 60; none where you never want it.",
            ),
            "retention.unfinished_days": SettingText(
                "Unfinished sessions",
                "Delete all data of sessions that were left unfinished, so many days after they were last seen.",
                "None; 30 or more where your ethics board asks for it.",
            ),
            "retention.withdrawn_days": SettingText(
                "Withdrawn sessions",
                "Delete all data of sessions that were withdrawn, so many days after that.",
                "None; a few days where you tell participants that their data are deleted.",
            ),
        },
    ),
)

SETTING_TEXTS = {key: text for group in GROUPS for key, text in group.settings.items()}
