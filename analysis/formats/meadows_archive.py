"""A study's raters as files of the Meadows platform, in one zip: 1D.mat of all, tree.json of each, and who is who."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np

from ..arrangement import Arrangement
from .meadows_writer import all_participants_name, one_task_name, tree_name, tree_text, write_1d_mat
from .petnames import petname
from .rdm_rows import RDMS, RDMs

TASK = "arrangement"
VERSION = "1"
README = """\
Raters of the study {study} as files of the Meadows platform, for scripts that read these.

{one_d}   the RDMs of all raters ({method}); NaN where a rater did not see a pair
Meadows_..._tree.json   the session of one rater each: stimuli, trials with positions, and the RDM
raters.csv   which rater has which name in the files, which have to be of the kind quiet-heron

Positions are in radii of the arena, as there. A tree has no sign for a missing pair, so its RDM is the one completed by
the estimator's model. {without}
"""


class RaterTrials(NamedTuple):
    """A rater's trials (T,), and start and end of each in milliseconds since 1970, (T, 2)."""

    arrangements: Sequence[Arrangement]
    times_ms: Sequence[tuple[float, float]]


def write_meadows(out: IO[bytes], study: str, rdms: RDMs, trials: Iterable[tuple[str, RaterTrials]]) -> None:
    """Write the zip; `trials` are those of raters of `rdms` by name, in their order, taken one at a time.

    A rater whose completed RDM lacks pairs, or whose trials are not known, has no tree, and is named in README.txt.

    Raises
    ------
    ValueError
        As `write_1d_mat`: names of stimuli need an extension, and must differ without it.
    """
    experiment = re.sub(r"[^A-Za-z0-9-]+", "-", study)
    names = {rater: petname(place) for place, rater in enumerate(rdms.raters)}
    completed = zip(rdms.raters, rdms.rows("completed" if "completed" in rdms.kinds else RDMS), strict=True)
    if len(names) == 1:
        one_d = one_task_name(experiment, VERSION, next(iter(names.values())), 1)
    else:
        one_d = all_participants_name(experiment, VERSION, TASK)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with TemporaryFile() as array, archive.open(one_d, "w", force_zip64=True) as member:
            write_1d_mat(array, rdms, list(names.values()))
            array.seek(0)
            shutil.copyfileobj(array, member)
        written = set()
        for rater, (arrangements, times) in trials:
            rdm = next(row for name, row in completed if name == rater)
            if arrangements and np.isfinite(rdm).all():
                text = tree_text(
                    task_name=TASK,
                    names=rdms.names,
                    arrangements=arrangements,
                    times_ms=np.asarray(times, dtype=np.float64).reshape(-1, 2),
                    rdm=rdm,
                )
                archive.writestr(tree_name(experiment, VERSION, names[rater]), text)
                written.add(rater)
        lacking = [rater for rater in names if rater not in written]
        without = (
            f"There is none of {', '.join(lacking)}: pairs are missing, or no trials are known." if lacking else ""
        )
        table = "".join(f"{rater},{name}\n" for rater, name in names.items())
        archive.writestr("raters.csv", f"rater,name\n{table}")
        archive.writestr("README.txt", README.format(study=study, one_d=one_d, method=rdms.method, without=without))
