"""Columns of the export bundle's tables, as plain data; `data_dictionary` writes them out.

A change of a column's name, kind, unit or meaning is a new format version (`FORMAT_VERSION` in `bundle_writer.py`).
A new column at the end of a table is not.

Over 300 lines: one list of columns, a line or a few for each.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """One column: its name, the kind of its cells, its unit ("" for none), its meaning.

    Kinds are text, int, digits (whole numbers too long for a double), float, bool and time.
    `required` columns have a value in every row; in the others NA means "not known" or "does not apply".
    """

    name: str
    kind: str
    unit: str
    meaning: str
    required: bool = False


PARTICIPANT = Column("participant", "text", "", "The rater's name in this study, such as P001", True)
SESSION = Column("session", "text", "", "Id of the participant's sitting", True)
TRIAL_KEY = Column("trial_key", "text", "", "Id of the trial, unique in the study", True)
NUMBER = Column("number", "int", "", "Place of the trial in its session, from 1", True)
CLIP = Column("clip", "text", "", "Name of the clip: its file name, unique in the study", True)
METHOD = Column("method", "text", "", "Estimator of the RDMs, as in analysis.estimate_rdm", True)
ACTIVE_MS = Column("active_ms", "float", "ms", "Part of duration_ms during which the participant was at work")
ENTERED = Column("n_raters", "int", "", "Raters that entered it; each session of a person counts as one", True)
REMARK = Column("remark", "text", "", "Why the value or its interval is not given, or what was left out of it")

TABLES: dict[str, tuple[Column, ...]] = {
    "clips": (
        Column("item", "int", "", "Index of the clip in the study's order, from 0; the order of every RDM", True),
        CLIP,
        Column("label", "text", "", "Name shown to people"),
        Column("sha256", "text", "", "SHA-256 of the experimenter's file"),
        Column("duration_ms", "float", "ms", "Playing time; NA for a picture"),
        Column("width_px", "int", "px", "Width of the picture, or of a sound's drawn waveform"),
        Column("height_px", "int", "px", "Height of the picture, or of a sound's drawn waveform"),
        Column("frame_rate", "float", "1/s", "Mean frame rate; NA for pictures and sounds"),
        Column("has_sound", "bool", "", "Whether participants could hear it"),
        Column(
            "converted_at",
            "time",
            "UTC",
            "When it was last converted: trials shown before saw an earlier conversion of the same file (server clock)",
        ),
        Column("kind", "text", "", "clip, picture or sound; NA in bundles of before there were pictures and sounds"),
    ),
    "attributes": (
        CLIP,
        Column("attribute", "text", "", "Name of the attribute, from the study's attributes.csv", True),
        Column("value", "text", "", "The clip's value"),
    ),
    "participants": (
        PARTICIPANT,
        SESSION,
        Column("state", "text", "", "instructed, arranging, finished, withdrawn, screened_out or quota_full", True),
        Column("is_simulated", "bool", "", "True for a simulated rater: not data of a person", True),
        Column(
            "recruiter", "text", "", "The recruiter's other parameters as a JSON object, where the study exports them"
        ),
        Column("recruiter_id", "text", "", "The recruiter's id of the person, where the study exports it"),
        Column("language", "text", "", "Language of the participant's pages (BCP 47)"),
        Column("seed", "digits", "", "Seed of the session's random numbers, a whole number of up to 19 digits"),
        Column(
            "admitted_at",
            "time",
            "UTC",
            "When the session was admitted: at the consent, so as consented_at (server clock)",
        ),
        Column("consented_at", "time", "UTC", "When consent was given (server clock)"),
        Column("started_at", "time", "UTC", "When the first trial was asked for (server clock)"),
        Column("finished_at", "time", "UTC", "When the session ended with all its trials stored (server clock)"),
        Column("ended_by", "text", "", "Rule that ended it, such as evidence or time"),
        Column("n_trials", "int", "", "Number of trials stored"),
        Column("excluded", "bool", "", "True when the experimenter left the session out of the results"),
        Column("exclusion_reason", "text", "", "The experimenter's reason for that, such as test"),
        Column("n_checks", "int", "", "Number of attention checks stored; they are among n_trials"),
        Column("n_checks_passed", "int", "", "Number of attention checks passed"),
        Column("person", "int", "", "Number of the person: sessions with the same one are one person's"),
        Column("visit", "int", "", "Which of the person's sessions this is, from 1"),
        Column(
            "id_note",
            "text",
            "",
            "What was odd about the recruiter's id: plain_link, missing, empty, unfilled, repeated, unusable (such "
            "sessions may be anybody's) or near_name (the id came under another spelling of its name)",
        ),
        Column(
            "n_unproven_trials",
            "int",
            "",
            "Trials sent from another browser than the session's own, by a link whose id can be guessed",
        ),
        Column("study_version", "int", "", "Version of the study's settings that the session began with and kept"),
        Column("experimenter_note", "text", "", "What an experimenter wrote about the session"),
        Column(
            "clip_sets",
            "text",
            "",
            "Names of the sets of clips that the session was given, as it arranged them, with ; between them; NA where "
            "the study has no sets",
        ),
    ),
    "trials": (
        PARTICIPANT,
        SESSION,
        TRIAL_KEY,
        NUMBER,
        Column("purpose", "text", "", "main, repeat, practice or check; only main and repeat enter the RDMs", True),
        Column("repeat_of", "text", "", "trial_key of the trial whose clips this one repeats"),
        Column("design", "text", "", "Design that chose the clips"),
        Column("n_clips", "int", "", "Number of clips in the trial", True),
        Column("shown_at", "time", "UTC", "When the trial was given out (server clock)"),
        Column("submitted_at", "time", "UTC", "When the trial was stored (server clock)", True),
        Column("duration_ms", "float", "ms", "From the arena being shown to the submit, the page's monotonic clock"),
        Column("hidden_ms", "float", "ms", "Part of duration_ms during which the page was hidden"),
        ACTIVE_MS,
        Column("viewport_width_px", "float", "CSS px", "Width of the browser's viewport at the submit"),
        Column("viewport_height_px", "float", "CSS px", "Height of the browser's viewport at the submit"),
        Column("arena_center_x_px", "float", "CSS px", "Centre of the arena from the viewport's left edge"),
        Column("arena_center_y_px", "float", "CSS px", "Centre of the arena from the viewport's top edge"),
        Column("arena_diameter_px", "float", "CSS px", "Diameter of the arena: 1 arena unit"),
        Column("item_size_px", "float", "CSS px", "Width of a clip in the arena"),
        Column("device_pixel_ratio", "float", "", "Device pixels in a CSS pixel"),
        Column("sha256", "text", "", "SHA-256 of the body that the participant's page sent"),
        Column("excluded", "bool", "", "True when the experimenter left this trial out of the results"),
        Column("exclusion_reason", "text", "", "The experimenter's reason for that"),
    ),
    "placements": (
        PARTICIPANT,
        SESSION,
        TRIAL_KEY,
        NUMBER,
        CLIP,
        Column("seat", "int", "", "Seat on which the clip waited, from 0"),
        Column("x", "float", "arena diameters", "Centre of the clip, to the right of the arena's centre", True),
        Column("y", "float", "arena diameters", "Centre of the clip, upwards from the arena's centre", True),
        Column("watched", "text", "", "Whether it was watched to its end (with sound: and heard): yes, no, unplayable"),
    ),
    "moves": (
        PARTICIPANT,
        SESSION,
        TRIAL_KEY,
        Column("sequence", "int", "", "Number of the move in its trial, from 0; a very long record has a gap", True),
        CLIP,
        Column("kind", "text", "", "How it was moved: drag, click, key, lasso, undo or redo"),
        Column("at_ms", "float", "ms", "When it was put down, from the arena being shown, monotonic clock", True),
        Column("from_x", "float", "arena diameters", "Where it last was, on record; NA when it came from its seat"),
        Column("from_y", "float", "arena diameters", "Where it last was, on record; NA when it came from its seat"),
        Column("x", "float", "arena diameters", "Where it was put; NA when it went back to its seat"),
        Column("y", "float", "arena diameters", "Where it was put; NA when it went back to its seat"),
    ),
    "plays": (
        PARTICIPANT,
        SESSION,
        TRIAL_KEY,
        Column("sequence", "int", "", "Number of the play in its trial, from 0; a very long record has a gap", True),
        CLIP,
        Column("trigger", "text", "", "What started it: hover, focus, tap, click, always or enlarged"),
        Column("started_ms", "float", "ms", "When it began, from the arena being shown, monotonic clock", True),
        Column("played_ms", "float", "ms", "How long it played"),
        Column("completed", "bool", "", "Whether it was played to its end"),
        Column(
            "muted", "bool", "", "Whether its sound was off at any time of it, as always without sound in the study"
        ),
    ),
    "answers": (
        PARTICIPANT,
        SESSION,
        Column("question", "text", "", "Name of the question or clause in study.toml, or comment", True),
        Column(
            "asked", "text", "", "Where it was asked: consent (a clause), before, after-trial-5, after or comment", True
        ),
        Column("kind", "text", "", "text, number, one_of, several_of, scale or consent, by study.toml"),
        Column(
            "value",
            "text",
            "",
            "The answer: a text, the value of a choice, true or false of a clause, a number; NA without an answer. "
            "Several choices have a row each",
        ),
        Column("number", "float", "", "The answer to a number or scale as a number"),
        Column("answered_at", "time", "UTC", "When it was stored (server clock)", True),
    ),
    "decisions": (
        PARTICIPANT,
        SESSION,
        Column("trial_key", "text", "", "Id of the trial that it is about; NA for the whole session"),
        Column("number", "int", "", "Place of that trial in its session, from 1"),
        Column(
            "verdict",
            "text",
            "",
            "exclude (from the results), include (again), or dismiss (what a rule had proposed); the last one holds",
            True,
        ),
        Column("reason", "text", "", "Why, in the words of whoever decided"),
        Column("rule", "text", "", "The rule of study.toml that had proposed it; NA where no rule did"),
        Column("decided_by", "text", "", "E-mail address of whoever decided, or command line", True),
        Column("decided_at", "time", "UTC", "When (server clock)", True),
    ),
    "flow": (
        Column(
            "stage",
            "text",
            "",
            "What became of the sessions: not_begun, screened_out, quota_full, withdrew_before (the first trial), "
            "withdrew, unfinished or finished",
            True,
        ),
        Column("is_simulated", "bool", "", "True for simulated raters", True),
        Column("with_trials", "bool", "", "Whether they hold a stored trial that can enter results", True),
        Column("excluded", "bool", "", "True when the experimenter left them out of the results", True),
        Column("exclusion_reason", "text", "", "The experimenter's reason for that"),
        Column("sessions", "int", "", "Number of such sessions, of all that agreed to take part", True),
    ),
    "ratings": (
        PARTICIPANT,
        SESSION,
        Column("place", "int", "", "Place of the clip among those that the session rated, from 1", True),
        CLIP,
        Column("is_repeat", "bool", "", "True where the session had rated the clip before", True),
        Column("question", "text", "", "Name of the question in [[ratings.questions]] of study.toml", True),
        Column("kind", "text", "", "scale or one_of, by study.toml"),
        Column("value", "text", "", "The step of the scale or the value of the choice; NA without an answer"),
        Column("number", "float", "", "The step of a scale as a number"),
        Column("revisions", "int", "", "How often the participant went back and changed it; the last one is here"),
        Column(
            "watched",
            "text",
            "",
            "Whether the clip was watched to its end (with sound: and heard): yes, no, unplayable",
        ),
        Column("plays", "int", "", "How often the clip was played"),
        Column("played_ms", "float", "ms", "How long it played in all"),
        Column("duration_ms", "float", "ms", "From the clip being shown to the rating, the page's monotonic clock"),
        Column("hidden_ms", "float", "ms", "Part of duration_ms during which the page was hidden, or on a break"),
        ACTIVE_MS,
        Column("rated_at", "time", "UTC", "When it was stored (server clock)", True),
    ),
    "attributes_from_ratings": (
        CLIP,
        Column("attribute", "text", "", "rated_ and the name of the question: no attribute of the study's own", True),
        Column("question", "text", "", "Name of the question in [[ratings.questions]] of study.toml", True),
        Column("mean", "float", "", "Mean over raters, each rater's first rating of the clip; NA for a choice"),
        Column("sd", "float", "", "Standard deviation over raters (n - 1)"),
        Column("n", "int", "", "Raters who rated the clip; excluded sessions are left out", True),
        Column(
            "choice", "text", "", "The choice of most raters; NA for a scale, or where two are chosen equally often"
        ),
        Column("share", "float", "", "Share of the n raters with that choice"),
    ),
    "candidate_models": (
        Column("name", "text", "", "The file of models, without its ending", True),
        Column("kind", "text", "", "rdms, or layers of one network", True),
        Column("number", "int", "", "Place of the model in its file, from 1; for layers their order", True),
        Column("model", "text", "", "Name of the model or layer", True),
        Column("clip_a", "text", "", "One clip of the pair, by its name when the model was added", True),
        Column("clip_b", "text", "", "The other clip", True),
        Column("dissimilarity", "float", "", "What the model predicts for the pair; empty where it has no value"),
        Column(
            "remarks", "text", "", "Where the models come from and how they were read; in the first row of each file"
        ),
    ),
    "sets": (
        Column("set", "text", "", "Name of a set of clips; no rows where the study has no sets", True),
        Column("number", "int", "", "Its number, from 1: NN in the names of files", True),
        CLIP,
        Column("is_anchor", "bool", "", "True for a clip that is in every set", True),
    ),
    "set_agreement": (
        METHOD,
        Column("set", "text", "", "Name of the set of clips; NA for the mean over sets"),
        Column("n_clips", "int", "", "Clips in the set"),
        Column("n_raters", "int", "", "Raters who have an RDM of the set; in all sets, for the mean", True),
        Column(
            "measure", "text", "", "Measure of reliability.csv, or ceiling_lower, ceiling_upper (by Pearson's r)", True
        ),
        Column("value", "float", "", "The measure; NA when it is not defined for these data"),
        Column("low", "float", "", "Lower end of its interval over raters; of the mean's over sets"),
        Column("high", "float", "", "Upper end of its interval over raters; of the mean's over sets"),
        REMARK,
    ),
    "reliability": (
        METHOD,
        Column("measure", "text", "", "Measure of agreement, such as pairwise_spearman", True),
        Column("value", "float", "", "The measure; NA when it is not defined for these data"),
        Column("low", "float", "", "Lower end of its interval over raters"),
        Column("high", "float", "", "Upper end of its interval over raters"),
        ENTERED,
        REMARK,
    ),
    "noise_ceiling": (
        METHOD,
        Column("comparator", "text", "", "pearson, spearman, rho_a, tau_a or cosine", True),
        Column("lower", "float", "", "Mean similarity of each rater to the pool of the others"),
        Column("upper", "float", "", "Mean similarity of each rater to the pool of all"),
        ENTERED,
        Column("remark", "text", "", "Why a bound or its interval is not given, or what was left out of it"),
        Column("lower_low", "float", "", "Lower end of the 95 % interval of lower over raters"),
        Column("lower_high", "float", "", "Upper end of the 95 % interval of lower"),
        Column("upper_low", "float", "", "Lower end of the 95 % interval of upper over raters"),
        Column("upper_high", "float", "", "Upper end of the 95 % interval of upper"),
    ),
    "with_and_without": (
        METHOD,
        Column(
            "measure",
            "text",
            "",
            "A measure of reliability.csv, a bound of noise_ceiling.csv, or pooled_rdms_pearson: the correlation of "
            "both pooled RDMs",
            True,
        ),
        Column("value", "float", "", "As decided: without what the experimenter left out"),
        Column("value_with_all", "float", "", "With all sessions and trials"),
        Column("n_raters", "int", "", "Raters as decided", True),
        Column("n_raters_with_all", "int", "", "Raters with all", True),
    ),
    "quality": (
        PARTICIPANT,
        Column("index", "text", "", "Name of the quality index", True),
        Column("value", "float", "", "Its value, in the unit of the index"),
        Column("flagged", "bool", "", "True when the value asks for a look at the participant"),
    ),
}

# One row for each rater and pair, in rdms/<method>/rdms.csv and rdms/<method>/group.csv.
RDM_COLUMNS: tuple[Column, ...] = (
    METHOD,
    Column("rater", "text", "", "Participant, or group for the pooled RDM", True),
    Column("clip_a", "text", "", "First clip of the pair, the one of lower item index", True),
    Column("clip_b", "text", "", "Second clip of the pair", True),
    Column(
        "dissimilarity", "float", "", "The estimate of a pair that was seen, in the RDM's scale; NA when it was not"
    ),
    Column(
        "evidence",
        "float",
        "arena diameters^2",
        "Evidence over the rater's trials, summed (0: never seen); in group.csv its mean over raters, or the sum "
        "where they shared the pairs",
    ),
    Column(
        "standard_error",
        "float",
        "",
        "Standard error of completed, in rdms.csv alone. It takes minutes, so it is there where it was asked for "
        "(with uncertainty), for raters whose trials allow one",
    ),
    Column("observations", "int", "", "Trials that held the pair; in group.csv raters (sessions) who saw it"),
    Column("predicted", "bool", "", "True when the pair was never seen and completed holds what a model predicts"),
    Column(
        "completed",
        "float",
        "",
        "dissimilarity, or where predicted is true what the model predicts; its sum of squares is 1",
    ),
)

# Tables that are also written as JSON beside the CSV, because they are small and scripts read them.
JSON_TABLES = ("answers", "attributes_from_ratings", "reliability", "noise_ceiling")
