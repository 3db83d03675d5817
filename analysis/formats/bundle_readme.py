"""The README of an export bundle, made from what is in that very bundle."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..designs import DESIGNS
from ..words import counted
from .bundle_tables import TABLES
from .rdm_rows import RDMs

# What each table holds; a test compares with TABLES.
TABLES_HOLD = {
    "clips": "the clips, pictures and sounds; their order is the order of every RDM",
    "attributes": "attributes of the clips, as the study gives them",
    "participants": "one row a session; simulated raters are marked in `is_simulated`, sessions left out in `excluded`",
    "trials": "one row a stored trial, with its times and the arena in pixels",
    "placements": "one row a clip in a trial: where it was put",
    "moves": "every move of a clip",
    "plays": "every play of a clip",
    "answers": "answers to the study's questions, one row an answer; free text is personal data",
    "decisions": "what was left out of the results, and taken in again: by whom, when and why",
    "flow": "how many agreed, began, finished, withdrew, and were left out",
    "ratings": "participants' ratings of clips, one row a clip and question",
    "attributes_from_ratings": "what the ratings come to for each clip: mean, sd and n, or the choice of most raters",
    "candidate_models": "model RDMs that were given to the study, one row a model and pair",
    "sets": "the sets of clips, where the study has several: one row a set and clip",
    "set_agreement": "agreement between raters in each set of clips, and its mean over sets",
    "reliability": "agreement between raters, with intervals",
    "noise_ceiling": "how well any model can do, given how much raters differ",
    "with_and_without": "reliability and noise ceilings without and with what was left out; no rows if nothing was",
    "quality": "how each participant worked",
}
# Other files, by a pattern of their path.
OTHERS_HOLD = (
    (r"study\.toml", "the study as it was set up: task, question, design, stop rules"),
    (r"answers_wide\.csv", "the answers with one row a session and a column for each question"),
    (r"methods\.md", "what was done, in words, with the literature"),
    (r"data_dictionary\.(md|csv)", "every column of every table, with its unit and meaning"),
    (r"rdms/\w+/rdms\.csv", "each rater's RDM, one row a pair"),
    (r"rdms/\w+/group\.csv", "the group's RDM, one row a pair"),
    (r"rdms/\w+/group_square\.csv", "the group's RDM as a square table"),
    (r"rdms/\w+/set_\d+/rdms\.csv", "each rater's RDM of that set of clips, one row a pair"),
    (r"rdms/\w+/set_\d+/group\.csv", "the group's RDM of that set, one row a pair"),
    (r"rdms/\w+/set_\d+/group_square\.csv", "the group's RDM of that set as a square table"),
    (r"rdms/\w+/set_\d+/\w+_completed\.hdf5", "the RDMs of that set completed by the model, for rsatoolbox"),
    (r"rdms/\w+/set_\d+/\w+\.(npz|mat|hdf5)", "the same, for NumPy, MATLAB and rsatoolbox"),
    (r"rdms/\w+/\d+\.npy", "the raters' RDMs as an array of raters x pairs for NumPy, without anything else"),
    (r"rdms/\w+/\d+_clips\.txt", "the clips of that array, one a line"),
    (r"rdms/\w+/\d+_raters\.txt", "the raters of that array, one a line"),
    (r"rdms/\w+/\w+_completed\.hdf5", "the RDMs completed by the estimator's model, for rsatoolbox"),
    (r"rdms/\w+/\w+\.npz", "the same, with evidence and counts of each pair, for NumPy"),
    (r"rdms/\w+/\w+\.mat", "the same, for MATLAB"),
    (r"rdms/\w+/\w+\.hdf5", "the same, for rsatoolbox"),
)


@dataclass
class Tally:
    """What is counted while a bundle is written, for its README."""

    sessions: Counter[str] = field(default_factory=Counter)
    simulated: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    trials: Counter[str] = field(default_factory=Counter)
    left_out: set[Any] = field(default_factory=set)
    trials_left_out: int = 0
    designs: set[str] = field(default_factory=set)
    rdms: dict[str, tuple[int, int]] = field(default_factory=dict)
    sets: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def rows(self, table: str, rows: Iterable[Any]) -> Iterable[Any]:
        """The same rows; those of participants and trials are counted as they pass."""
        count = {"participants": self._session, "trials": self._trial}.get(table)
        return rows if count is None else self._passing(rows, [column.name for column in TABLES[table]], count)

    def _passing(self, rows: Iterable[Any], names: Sequence[str], count: Any) -> Iterator[Any]:
        for row in rows:
            count(row if isinstance(row, Mapping) else dict(zip(names, row, strict=False)))
            yield row

    def _session(self, row: Mapping[str, Any]) -> None:
        self.sessions[str(row.get("state"))] += 1
        self.simulated += bool(row.get("is_simulated"))
        if row.get("excluded"):
            self.left_out.add(row.get("participant"))
            self.reasons[row.get("exclusion_reason") or "no reason given"] += 1

    def _trial(self, row: Mapping[str, Any]) -> None:
        self.trials[str(row.get("purpose"))] += 1
        self.designs.add(str(row.get("design")))
        self.trials_left_out += bool(row.get("excluded")) and row.get("participant") not in self.left_out

    def rdm_set(self, rdms: RDMs) -> None:
        """Remember how many raters and clips the RDMs of a method have."""
        self.rdms[rdms.method] = (len(rdms.raters), len(rdms.names))

    def set_of_clips(self, rdms: RDMs) -> None:
        """Remember how many raters and clips the RDMs of a method and a set of clips have."""
        self.sets.setdefault(rdms.method, []).append((len(rdms.raters), len(rdms.names)))


def readme(manifest: Mapping[str, Any], tally: Tally) -> str:
    """The README, Markdown, of the bundle that this manifest is of; the manifest lists all other files already."""
    files = manifest["files"]
    methods = list(dict.fromkeys([*tally.rdms, *tally.sets]))
    parts = [
        f"# {_plain(manifest['study'])}: data and results of a multi-arrangement study",
        "Raters dragged clips (or pictures, or sounds) into a circular arena so that similar ones lay close together, "
        "trial after trial. These files hold where each clip was put, and the representational dissimilarity matrices "
        f"(RDMs) that follow from it. They were written by {_plain(manifest['software'])} at {manifest['created_at']} "
        f"(export bundle, format version {manifest['format_version']}). `methods.md` tells how the study was done.",
        "## How much there is",
        *_amounts(manifest, tally),
        "## Files",
        "| file | rows | what it holds |\n|---|---|---|\n" + "\n".join(_lines(files)),
        "`manifest.json` lists the size, the SHA-256 and (for tables) the number of rows of every file.",
        "## Units and order",
        "* Positions are in diameters of the arena, from its centre: x to the right, y upwards, so each lies within "
        "0.5 of (0, 0).\n"
        "* A list of pairs is in the order of the upper triangle, row by row: (0,1), (0,2), …, (1,2), … That is "
        "`squareform` in SciPy and MATLAB, and the vector of rsatoolbox. The clips are in the order of `clips.csv`.\n"
        "* An RDM holds what was seen; a pair that was not is missing. What a model predicts for it stands apart, as "
        "`completed`. The scale of an RDM is arbitrary: the sum of squares of a completed RDM is 1, which is that of "
        "the RDM itself where nothing was predicted. (The pages show RDMs at a root mean square of 1.)\n"
        "* Times are UTC on the server's clock; durations are milliseconds of the participant's clock.",
        "## How tables are written",
        "CSV in UTF-8, separated by commas, with a decimal point. Missing values are `NA`; what is true or false is "
        "`TRUE` or `FALSE`. A text that a program would change or run has one apostrophe before it (`'=1+1`, `'007`, "
        "`'NA`), and so has a seed, whose digits the numbers of R and spreadsheets cannot hold: take one leading "
        "apostrophe away.",
        *_examples(methods, of_sets=bool(tally.sets)),
        "## The report",
        "`python -m analysis BUNDLE.zip --out report` in the program's folder (`python -m asterism_analysis` where its "
        "analysis is installed as a library) makes page, figures and tables anew from these files alone, with the "
        "numbers that the program's own pages show for the same choice of raters.",
        "## How to cite",
        f"Name the program and its version ({_plain(manifest['software'])}), and the estimator"
        f"{'s' if len(methods) > 1 else ''} of the RDMs{_list_of(methods)}. `methods.md` has the sentences for a "
        "paper, and the references that belong to them. Of this copy of the data, name the study and the SHA-256 of "
        "the zip.",
    ]
    return "\n\n".join(parts) + "\n"


def _plain(value: Any) -> str:
    """A text on one line, in which Markdown and HTML see nothing of theirs."""
    return re.sub(r"([\\`*_<>\[\]|#])", r"\\\1", " ".join(str(value).split()))


def _list_of(methods: Sequence[str]) -> str:
    return f" ({', '.join(methods)})" if methods else ""


def _from_to(numbers: Sequence[int]) -> str:
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _amounts(manifest: Mapping[str, Any], tally: Tally) -> list[str]:
    counts, about = manifest["counts"], manifest["about"]
    states = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sorted(tally.sessions.items()))
    n_excluded = tally.reasons.total()
    told = "; ".join(f"“{_plain(reason)}”: {number}" for reason, number in sorted(tally.reasons.items()))
    purposes = ", ".join(f"{number} {purpose}" for purpose, number in sorted(tally.trials.items()))
    lines = [
        counted(counts.get("clips", 0), "clip", "clips") + ".",
        f"{counted(tally.sessions.total(), 'session', 'sessions')}{f' ({states})' if states else ''}; "
        f"{tally.simulated} of them simulated, which are not data of people.",
        f"{counted(tally.trials.total(), 'trial', 'trials')}{f' ({purposes})' if purposes else ''}.",
    ]
    if left_out := about.get("unfinished_sessions_left_out"):
        lines.append(f"{counted(left_out, 'unfinished session is', 'unfinished sessions are')} not in this bundle.")
    if n_excluded or tally.trials_left_out:
        kept = (
            "are in the RDMs all the same" if about.get("excluded_in_results") else "are in no RDM and no reliability"
        )
        lines.append(
            f"Left out of the results by the experimenter: {counted(n_excluded, 'session', 'sessions')}"
            f"{f' ({told})' if told else ''} and {counted(tally.trials_left_out, 'trial', 'trials')} of others. Their "
            f"rows are in the tables, marked `excluded`; they {kept}."
        )
    else:
        lines.append("Nothing was left out of the results by the experimenter.")
    lines += [
        f"RDMs by `{method}`: {counted(raters, 'rater', 'raters')}, {counted(n * (n - 1) // 2, 'pair', 'pairs')} each."
        for method, (raters, n) in tally.rdms.items()
    ]
    for method, sets in tally.sets.items():
        raters, clips = (sorted({one[k] for one in sets}) for k in (0, 1))
        lines.append(
            f"RDMs by `{method}`: {counted(len(sets), 'set', 'sets')} of {_from_to(clips)} clips, "
            f"{_from_to(raters)} {'rater' if raters[-1] == 1 else 'raters'} each; `sets.csv` has their names and clips."
        )
    if any(design in DESIGNS and DESIGNS[design].is_over_cohort for design in tally.designs):
        lines.append(
            "The raters shared the pairs, and none of them saw more than a part. The group's RDM is estimated from the "
            "trials of all raters as if they were one person's; the RDM of a rater holds that rater's own pairs, as a "
            "precision-weighted average of the trials, whatever the folder is called."
        )
    if isinstance(origin := about.get("brought_in"), Mapping):
        lines.append(f"These data were brought in from elsewhere: they are {_plain(origin.get('kind'))}.")
    return ["\n".join(f"* {line}" for line in lines)]


def _lines(files: Mapping[str, Any]) -> Iterator[str]:
    for path, listed in files.items():
        yield f"| `{path}` | {listed.get('rows', '')} | {_holds(path)} |"


def _holds(path: str) -> str:
    stem, _, extension = path.partition(".")
    if stem in TABLES_HOLD:
        return TABLES_HOLD[stem] if extension == "csv" else f"`{stem}.csv` as JSON"
    return next(text for pattern, text in OTHERS_HOLD if re.fullmatch(pattern, path))


def _examples(methods: Sequence[str], *, of_sets: bool) -> list[str]:
    """How to read the files in R, Python and MATLAB, with names that are in this bundle."""
    folder = f"rdms/{methods[-1]}" if methods else None
    arrays, folder = folder, f"{folder}/set_01" if folder and of_sets else folder
    r = [
        'trials <- read.csv("trials.csv")',
        'original <- function(text) sub("^\'", "", text)             # of a text with an apostrophe before it',
        'shown <- as.POSIXct(trials$shown_at, format = "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC")',
    ]
    python = ["import pandas as pd", 'trials = pd.read_csv("trials.csv")']
    matlab = ["trials = readtable('trials.csv', 'TreatAsMissing', 'NA', 'TextType', 'string');"]
    if folder:
        r += [
            f'pairs <- read.csv("{folder}/rdms.csv")                    # a row for each rater and pair',
            f'group <- as.matrix(read.csv("{folder}/group_square.csv", row.names = 1, check.names = FALSE))',
        ]
        python += [
            "import numpy as np",
            f'rdms = np.load("{arrays}/01.npy")                         # raters x pairs, NaN where a pair is missing',
            "from rsatoolbox.rdm import load_rdm",
            f'rdms = load_rdm("{folder}/rdms.hdf5")',
        ]
        matlab += [
            f"s = load('{folder}/rdms.mat');                      % rdms (raters x pairs), item_names, raters, ...",
            "D = squareform(s.rdms(1, :));",
        ]
    blocks = (("R", "r", r), ("Python", "python", python), ("MATLAB", "matlab", matlab))
    return [
        "## Reading it",
        "Unpack the zip and stand in its folder.",
        *(f"{title}:\n\n```{language}\n" + "\n".join(lines) + "\n```" for title, language, lines in blocks),
    ]
