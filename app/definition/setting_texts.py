"""What each setting does, in a sentence, and what most people choose: the one table of these sentences.

A new key of study.toml gets its row here; a test names those that have none.

Over 300 lines: one table, a few lines for each setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.designs.registry import DESIGNS
from app.definition.moments import FORM


@dataclass(frozen=True)
class SettingText:
    """What is said of a setting: its name, what it does, what most people choose, the names of its choices, where they
    are not named as in study.toml, and what holds while its box is empty.
    """

    name: str
    does: str
    usual: str
    choices: dict[str, str] = field(default_factory=dict)
    empty: str = "none"


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
                "Title", "Shown at the top of every page.", "A few plain words that do not give away the aim."
            ),
            "language": SettingText(
                "Language",
                "The language of the participants' pages.",
                "The language of your own texts; each participant's own if you write none.",
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
                "What participants agree to before anything else. Markdown.",
                "The text that your ethics board approved.",
            ),
            "consent.clauses": SettingText(
                "Clauses to tick",
                "Statements that participants tick one by one before they agree. What they ticked, and when, is "
                "stored with the session.",
                "None, or one for each point that your ethics board wants confirmed separately.",
            ),
            "texts.instructions": SettingText(
                "Instructions",
                "Shown above the illustrated explanation that every study has. Markdown.",
                "One or two sentences about your clips; the page explains the rest.",
            ),
            "texts.thanks": SettingText(
                "Thanks", "Shown on the last page. Markdown.", "A short thank-you, and whom to contact with questions."
            ),
            "texts.screened_out": SettingText(
                "Screened out",
                "Shown to participants whose answer to a question ends the session. Markdown.",
                "The built-in text, which thanks them and says that the study is looking for other participants.",
            ),
            "texts.quota_full": SettingText(
                "Quota full",
                "Shown when enough people with the same answer have already taken part. Markdown.",
                "The built-in text, which thanks them and says so.",
            ),
            "texts.replace": SettingText(
                "Other wordings",
                "Replaces any other text on the participants' pages, found by its full English wording.",
                "None: the built-in texts come in four languages.",
            ),
        },
    ),
    Group(
        "Question",
        {
            "texts.question": SettingText(
                "Question",
                "One line above the arena that says what counts as similar.",
                "A general question, unless you study one particular kind of similarity.",
                empty="the page's own question",
            ),
        },
    ),
    Group(
        "Questions to participants",
        {
            "questions": SettingText(
                "Questions",
                "Questions before the task, between trials and afterwards.",
                "A few: each one takes time, and the answers are personal data.",
            ),
            "comment": SettingText(
                "Comment at the end", "A box on the last page where participants can leave a comment.", "On."
            ),
        },
    ),
    Group(
        "Ratings of clips",
        {
            "ratings.questions": SettingText(
                "Questions about each clip",
                "Scales and choices for rating the clips, one clip at a time.",
                "None, or one to three: every question is asked about every clip.",
            ),
            "ratings.when": SettingText(
                "Clips are rated",
                "Whether clips are rated before or after they are arranged.",
                "After, so that the questions do not suggest what to arrange by.",
                {"before": "before the arrangement", "after": "after the arrangement"},
            ),
            "ratings.clips": SettingText(
                "Clips to rate",
                "How many clips each participant rates. Samples are chosen so that all clips get about the same "
                "number of ratings.",
                "All, up to about 40 clips; a sample if there are more.",
                empty="all",
            ),
            "ratings.repeats": SettingText(
                "Clips rated twice",
                "How many clips are rated a second time at the end, to measure each rater's consistency.",
                "0; 5 if you report consistency within raters.",
            ),
            "ratings.watch": SettingText(
                "Watched before rated",
                "Whether a clip must be played to the end once before it can be rated.",
                "On.",
            ),
            "ratings.instructions": SettingText(
                "Instructions for rating",
                "Shown before the first clip to rate. Markdown.",
                "The built-in text, which says how many clips there are.",
            ),
        },
    ),
    Group(
        "Playing clips",
        {
            "playback.play": SettingText(
                "Clips play",
                "When a clip or a sound in the arena plays. Pictures do not play.",
                "On hover; on click if clips have sound.",
                {"hover": "on hover", "click": "on click", "always": "always, at most 8 at once"},
            ),
            "playback.loop": SettingText("Play in a loop", "Whether a clip starts again when it ends.", "On."),
            "playback.watch": SettingText(
                "Clips must be seen",
                "Whether each clip must be watched, and each sound heard, to the end once. A picture counts as seen "
                "as soon as it is shown.",
                "No, for short clips; before it is moved, if the end of a clip matters.",
                {"free": "no", "before_placing": "before it is moved", "before_done": "before Done"},
            ),
            "playback.enlarge": SettingText(
                "Large view", "Whether a double click, Enter or a long press enlarges a clip.", "On."
            ),
        },
    ),
    Group(
        "Sound",
        {
            "playback.sound": SettingText(
                "Clips have sound",
                "Whether clips keep their sound. If so, or if there are sounds among the items, the session starts "
                "with a sound check. Changing this converts the clips again.",
                "Off, unless participants are to judge what they hear.",
            ),
        },
    ),
    Group(
        "Labels, background, sizes",
        {
            "clips.labels": SettingText(
                "Labels",
                'How clips are named to participants, on screen and by screen readers: "numbers", "file_names", or '
                '"attributes." followed by a column of your table.',
                "Numbers, which give nothing away.",
            ),
            "arena.background": SettingText(
                "Background",
                "The background of the page. Changing it converts clips with transparent parts again.",
                "Light or dark; grey for vision studies.",
                {"auto": "light or dark, as the participant prefers", "grey": "neutral grey"},
            ),
            "arena.guide_lines": SettingText(
                "Guide lines", "Draws lines to the nearest clips while a clip is dragged.", "Off."
            ),
            "arena.hints": SettingText(
                "Hints", "Shows a hint if a layout is very small or clips are stacked. It never stops anybody.", "On."
            ),
            "arena.min_window": SettingText(
                "Smallest window",
                "The shortest side, in pixels, that a browser window must have. Participants are told before they "
                "consent.",
                "None; 500 excludes phones.",
            ),
            "clips.max_side": SettingText(
                "Size of clips",
                "The longer side of the converted clips in pixels; smaller clips are not enlarged. Changing this "
                "converts them again.",
                "960; less if participants have slow connections.",
            ),
        },
    ),
    Group(
        "Sets of clips",
        {
            "sets.column": SettingText(
                "Attribute that names the set",
                "Clips with the same value form a set. Each participant gets one or several sets and arranges them one "
                "after another.",
                "None: everybody arranges all clips. With very many clips, sets of about 60; clips in subfolders have "
                "the attribute folder.",
            ),
            "sets.per_session": SettingText(
                "Sets in a session",
                "How many sets each participant gets: those that fewest have. They share the minutes and trials.",
                "1.",
            ),
            "sets.anchors": SettingText(
                "Anchor clips",
                "The value of that attribute for clips that are in every set, so that everybody arranges them.",
                "None, or 3 to 5 clips that differ widely.",
            ),
        },
    ),
    Group(
        "Trials",
        {
            "design.method": SettingText(
                "Design",
                "How the clips of each trial are chosen.",
                "Posterior variance, which learns most per minute. Lift the weakest is the published procedure. Cohort "
                "is for more clips than one person can sort.",
                {name: entry.label for name, entry in DESIGNS.items()},
            ),
            "design.max_items": SettingText(
                "Clips in a trial",
                "The largest number of clips in one trial.",
                "20; about 30 still fit on a large screen.",
            ),
            "design.repeats": SettingText(
                "Repeated trials",
                "How many earlier trials are shown again, to measure how consistently a participant arranges them.",
                "0; 1 if you report reliability within participants.",
            ),
            "design.checks": SettingText(
                "Attention checks",
                "How many trials have a few clips and an instruction that only attentive readers follow.",
                "1 or 2 online, none in the lab.",
            ),
            "design.practice": SettingText(
                "Practice round",
                "Starts with a round in which drawn shapes are arranged in a known layout.",
                "On for people who are new to the task.",
            ),
            "design.practice_pass": SettingText(
                "Pass mark for practice",
                "The agreement with the known layout, 0 to 1, that is needed to go on. After three rounds "
                "participants go on anyway.",
                "None, or 0.7.",
            ),
            "seed": SettingText(
                "Seed", "All randomness in the study is derived from this number.", "Leave it as it is."
            ),
        },
    ),
    Group(
        "When a session ends",
        {
            "stop.min_evidence": SettingText(
                "Evidence",
                "The session ends once every pair of clips has this much evidence. Not used with the design cohort.",
                "0.2; 100 switches it off.",
            ),
            "stop.max_minutes": SettingText(
                "Minutes", "The session ends after this many minutes of work, not counting breaks.", "30."
            ),
            "stop.max_trials": SettingText(
                "Trials",
                "The session ends after this many trials; practice and attention checks do not count.",
                "200, so that evidence or minutes decide.",
            ),
        },
    ),
    Group(
        "Proposed exclusions",
        {
            "quality.outlier_z": SettingText(
                "Unlike the others",
                "Proposes a session for exclusion if its correlation with the other raters' RDMs is this many robust "
                "standard deviations below what is usual. Nothing is excluded until somebody decides.",
                "3; 0 switches it off.",
            ),
            "quality.repeats": SettingText(
                "Repeated trials", "Proposes a session whose repeated trials do not agree.", "On."
            ),
            "quality.failed_checks": SettingText(
                "Failed checks",
                "Proposes a session that failed this many attention checks.",
                "1, or 2 of several; 0 switches it off.",
            ),
            "quality.seconds_per_item": SettingText(
                "Too fast",
                "Proposes a session or a trial that took less than this many seconds per clip.",
                "1; 0 switches it off.",
            ),
        },
    ),
    Group(
        "Recruitment",
        {
            "recruitment.opens": SettingText(
                "Opens",
                f"Nobody can start before this date, time and time zone, written as {FORM}.",
                "None: people can start as soon as the study is open.",
            ),
            "recruitment.closes": SettingText(
                "Closes",
                "Nobody can start after this time, written in the same way. Those at the task can finish.",
                "None: you close the study yourself.",
            ),
            "recruitment.places": SettingText(
                "Places", "The largest number of participants.", "As many as you pay; none for an open link."
            ),
            "recruitment.quotas": SettingText(
                "Quotas",
                "The largest number of participants for each answer to a question before the task, or for each range "
                "of a number.",
                "None; the same number for each answer if you compare groups.",
            ),
            "recruitment.devices": SettingText(
                "Devices",
                "Which devices can be used. What the device offers counts, not its model; participants are told "
                "before they consent.",
                "Any; mouse or trackpad if clips must be placed precisely.",
                {"any": "any", "mouse": "with a mouse, a trackpad or a pen; not by touch alone"},
            ),
            "recruitment.visits": SettingText(
                "Visits", "How many times the same person may take part, each time after finishing.", "1."
            ),
            "recruitment.parameters": SettingText(
                "Parameters of the link",
                "The names of the parameters in the recruiter's link. The first one is the person's id.",
                "Prolific's, as preset; the page Recruit says what other recruiters need.",
            ),
            "recruitment.without_id": SettingText(
                "Without an id",
                "Who may take part without an id.",
                "Anybody with the plain link; nobody, if all participants come from a recruiter.",
                {"plain_link": "anybody with the plain link", "anybody": "anybody", "nobody": "nobody"},
            ),
            "recruitment.signed": SettingText(
                "Signed links", "Whether links must be signed, so that nobody can make one up.", "Off."
            ),
        },
    ),
    Group(
        "Codes and the way back",
        {
            "recruitment.return_after": SettingText(
                "Automatic return",
                "Seconds until the last page returns to the recruiter by itself. Participants see the countdown and "
                "can stop it.",
                "None: participants press the button; 15 for panels.",
            ),
            "recruitment.completion_code": SettingText(
                "Completion code", "Shown on the last page.", "The code from your recruiter."
            ),
            "recruitment.completion_url": SettingText(
                "Completion address",
                "Where participants return to at the end; {PROLIFIC_PID} and other placeholders are filled in.",
                "The address from your recruiter.",
            ),
            "recruitment.screened_out_code": SettingText(
                "Screened-out code",
                "Shown instead of the completion code if an answer to a question ends the session.",
                "The recruiter's code for this; none without such questions.",
            ),
            "recruitment.screened_out_url": SettingText(
                "Screened-out address",
                "Where participants return to if an answer to a question ends the session.",
                "The recruiter's address for this.",
            ),
            "recruitment.quota_full_code": SettingText(
                "Quota-full code",
                "Shown if enough people with the same answer have already taken part.",
                "The recruiter's code for this; none without quotas.",
            ),
            "recruitment.quota_full_url": SettingText(
                "Quota-full address",
                "Where participants return to if enough people with the same answer have already taken part.",
                "The recruiter's address for this.",
            ),
            "recruitment.no_consent_code": SettingText(
                "No-consent code",
                "Shown to people who do not consent. Nothing is stored about them.",
                "The recruiter's code for this; without one, the page says that it can be closed.",
            ),
            "recruitment.no_consent_url": SettingText(
                "No-consent address",
                "Where people return to who do not consent.",
                "The recruiter's address for this.",
            ),
            "recruitment.withdrawn_code": SettingText(
                "Withdrawn code",
                "Shown to participants who withdraw from the study.",
                "The recruiter's code for this; none if withdrawing is not paid.",
            ),
            "recruitment.withdrawn_url": SettingText(
                "Withdrawn address",
                "Where participants return to after withdrawing.",
                "The recruiter's address for this.",
            ),
            "recruitment.full_code": SettingText(
                "Study-full code",
                "Shown to people who arrive when the study is full or closed. Nothing is stored about them.",
                "The recruiter's code for this.",
            ),
            "recruitment.full_url": SettingText(
                "Study-full address",
                "Where people return to who arrive when the study is full or closed.",
                "The recruiter's address for this.",
            ),
        },
    ),
    Group(
        "Automatic deletion",
        {
            "retention.recruiter_ids_days": SettingText(
                "Recruiter's ids",
                "Deletes a participant's recruiter ids this many days after their last visit.",
                "As long as you need to pay everybody, such as 60; none to keep them.",
            ),
            "retention.unfinished_days": SettingText(
                "Unfinished sessions",
                "Deletes all data of unfinished sessions this many days after their last visit.",
                "None; 30 or more if your ethics board asks for it.",
            ),
            "retention.withdrawn_days": SettingText(
                "Withdrawn sessions",
                "Deletes all data of withdrawn sessions this many days after the withdrawal.",
                "None; a few days if you tell participants that their data will be deleted.",
            ),
            "retention.screened_out_days": SettingText(
                "People who were turned away",
                "Deletes all data of people who were turned away because of an answer or a full quota, this many days "
                "after their visit. They are still counted.",
                "None; a few weeks if you ask for anything personal before the task.",
            ),
        },
    ),
    Group(
        "Models out of a network",
        {
            "models.network": SettingText(
                "Network",
                "The ONNX file in the study's folder whose layers become candidate models, once the command "
                "study activations has shown it the clips.",
                "None, or a network such as resnet50.onnx, exported from PyTorch.",
            ),
            "models.layers": SettingText(
                "Layers",
                "The layers by name, separated by commas, or with a * for all that fit; study activations --list "
                "prints all.",
                "One for each stage of the network, from the first to the last.",
            ),
            "models.frames": SettingText(
                "Frames of each clip",
                "How many frames the network is shown, at times spread evenly over the clip.",
                "None: 8, or as many as a network for videos takes at once.",
            ),
            "models.over_frames": SettingText(
                "Over frames",
                "Whether a layer's values are averaged over the frames of a clip, or kept for each of them.",
                "Averaged.",
                {"mean": "averaged", "concatenate": "one after another"},
            ),
            "models.size": SettingText(
                "Size of the pictures",
                "The side in pixels of the square that the network is shown.",
                "None: as the file says, or 224 where it leaves that open.",
            ),
            "models.resize": SettingText(
                "Shorter side before cutting",
                "The length in pixels to which a picture's shorter side is brought before its middle is cut out.",
                "None: 8/7 of the size, as the usual 256 for 224.",
            ),
            "models.fit": SettingText(
                "Pictures are fitted by",
                "Whether the middle of a picture is cut out, or the whole picture squeezed into the square.",
                "Cutting, as in the training of most networks.",
                {"crop": "cutting the middle out", "stretch": "squeezing the whole picture"},
            ),
            "models.mean": SettingText(
                "Mean",
                "Subtracted from pixel values of 0 to 1: red, green and blue, or one number for all.",
                "That of ImageNet: 0.485, 0.456, 0.406.",
            ),
            "models.std": SettingText(
                "Standard deviation",
                "What pixel values are divided by after the mean is subtracted.",
                "That of ImageNet: 0.229, 0.224, 0.225.",
            ),
            "models.colours": SettingText(
                "Colours",
                "The order of the colour channels that the network was trained with.",
                "Red, green, blue.",
                {"rgb": "red, green, blue", "bgr": "blue, green, red", "grey": "grey alone"},
            ),
            "models.layout": SettingText(
                "Order of axes",
                "The order of the input's axes: items (N), channels (C), frames (T), rows (H), columns (W).",
                "Told from the file; set it only if study activations asks for it.",
                {
                    "auto": "told from the file",
                    "NCHW": "N C H W",
                    "NHWC": "N H W C",
                    "NCTHW": "N C T H W",
                    "NTCHW": "N T C H W",
                    "NTHWC": "N T H W C",
                },
            ),
            "models.distance": SettingText(
                "Distance between clips",
                "How the values of a layer become a dissimilarity of two clips.",
                "Correlation: one minus Pearson's r.",
                {
                    "correlation": "correlation",
                    "cosine": "cosine",
                    "euclidean": "Euclidean",
                    "sqeuclidean": "squared Euclidean",
                    "cityblock": "city block",
                },
            ),
        },
    ),
)

SETTING_TEXTS = {key: text for group in GROUPS for key, text in group.settings.items()}
