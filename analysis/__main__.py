"""python -m analysis FILE --out DIR: the report of a bundle, or of another program's data, without the web app.

Installed as a separate package, it is called python -m asterism_analysis.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from .estimators import ESTIMATORS
from .formats.hints import HINTS, SWITCHES, HintsError, hints_of
from .formats.recognise import bring_in
from .formats.source_bundle import Origin
from .models.activations import DISTANCES, Frames
from .report import write_report
from .results import Choice
from .results.compared import ModelOptions
from .results.model_parts import AskedParts
from .results.models_of_bundle import AskedModels
from .similarity import COEFFICIENTS

NEEDED = ("h5py", "matplotlib")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the report was written, 1 when it could not be (the reason goes to stderr)."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}",
        description="Make the report of a study from its export bundle, or from the files of another program: page, "
        "methods text, figures, tables, RDMs.",
    )
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="export bundle (zip), or the files of another program"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into; made if absent")
    parser.add_argument("--method", choices=ESTIMATORS, default=Choice.method, help="estimator (default: %(default)s)")
    parser.add_argument("--with-excluded", action="store_true", help="keep the sessions that the experimenter excluded")
    parser.add_argument("--set", metavar="NAME", help="only this set of clips, in a study of several sets")
    parser.add_argument("--without-simulated", action="store_true", help="leave simulated raters out")
    parser.add_argument("--with-unfinished", action="store_true", help="take in sessions that are not finished")
    parser.add_argument(
        "--uncertainty",
        action="store_true",
        help="add standard errors, and how well each RDM is known (takes seconds to minutes for each rater)",
    )
    parser.add_argument(
        "--group-estimates",
        action="store_true",
        help="add each rater's RDM as it is when it may borrow from the others, where raters saw little (takes up to "
        "some seconds for each rater)",
    )
    parser.add_argument("--seed", type=_count, default=Choice.seed, metavar="N", help="seed (default: %(default)s)")
    _add_models(parser.add_argument_group("models", "What the raters are compared with; see docs/formats.md."))
    for name, (metavar, text) in HINTS.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=f"{text} (only for other programs' files)")
    for name, text in SWITCHES.items():
        parser.add_argument(f"--{name}", action="store_true", help=f"{text} (only for other programs' files)")
    parser.add_argument("--jobs", type=_count, default=0, metavar="N", help="processes (default: as many as help)")
    given = parser.parse_args(arguments)
    try:
        hints = hints_of(
            {name: getattr(given, name) for name in HINTS},
            {name: getattr(given, name.replace("-", "_")) for name in SWITCHES},
        )
    except HintsError as error:
        parser.error(str(error))
    choice = Choice(
        method=given.method,
        with_excluded=given.with_excluded,
        clip_set=given.set,
        with_simulated=not given.without_simulated,
        with_unfinished=given.with_unfinished,
        uncertainty=given.uncertainty,
        seed=given.seed,
    )
    start = time.monotonic()

    def progress(message: str) -> None:
        """Tell on the error stream what is done now, and the seconds so far; standard output gets the path alone."""
        print(f"[{time.monotonic() - start:6.1f} s] {message}", file=sys.stderr, flush=True)

    # Said before the work, which takes minutes, rather than at its end.
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        needed = f"the report needs {' and '.join(missing)}: install the extra of the library that is called report"
        print(f"error: {needed}", file=sys.stderr)
        return 1
    try:
        with TemporaryDirectory() as folder:
            progress(f"Reading {', '.join(map(str, given.files[:3]))}{' …' if len(given.files) > 3 else ''}")
            bundle = bring_in([(file, file.name) for file in given.files], hints, Path(folder) / "data.zip")
            for sentence in Origin.of(bundle).sentences:
                progress(sentence)
            path = write_report(
                bundle,
                given.out,
                choice,
                progress,
                jobs=given.jobs,
                models=_models(given),
                with_group_estimates=given.group_estimates,
            )
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        told = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error
        print(f"error: {told}", file=sys.stderr)
        return 1
    progress("Done")
    print(path)
    return 0


def _add_models(group: Any) -> None:
    group.add_argument(
        "--models",
        type=Path,
        nargs="+",
        default=[],
        metavar="MODEL",
        help="files of model RDMs (npy, npz, mat, csv, xlsx, hdf5) or of a network's activations (npy, npz, mat, hdf5)",
    )
    group.add_argument("--attributes", action="store_true", help="compare the clips' attributes, also without models")
    group.add_argument(
        "--comparator",
        choices=COEFFICIENTS,
        default=ModelOptions.comparator,
        help="how a model is compared with a rater (default: %(default)s, which does not favour models with ties)",
    )
    group.add_argument(
        "--distance",
        choices=DISTANCES,
        default="correlation",
        help="between clips, where layers become RDMs (default: %(default)s)",
    )
    group.add_argument(
        "--frames", choices=get_args(Frames), help="the second axis of layers are frames: average them, or join them"
    )
    group.add_argument(
        "--bootstraps",
        type=_samples,
        default=ModelOptions.n_boot,
        metavar="N",
        help="bootstrap samples of raters and clips (default: %(default)s)",
    )
    group.add_argument("--permutations", action="store_true", help="test each model by permutation, correct for noise")
    group.add_argument(
        "--explain", nargs="+", default=[], metavar="NAME", help="divide the variance between 2 to 4 models"
    )
    group.add_argument(
        "--hold-constant", default="", metavar="NAME", help="correlate the others with this held constant"
    )
    group.add_argument("--individuals", action="store_true", help="how raters differ: by more than noise, in groups")
    group.add_argument("--weighted", action="store_true", help="fit weighted sums of models, cross-validated")
    group.add_argument("--axes", action="store_true", help="hold the axes of attributes in models against the raters'")
    group.add_argument(
        "--predictions", action="store_true", help="predict attributes and axes of the map, for clips left out"
    )


def _models(given: argparse.Namespace) -> AskedModels:
    """What is to be compared with the raters."""
    options = ModelOptions(
        comparator=given.comparator,
        n_boot=given.bootstraps,
        seed=given.seed,
        jobs=given.jobs or os.cpu_count() or 1,
        parts=AskedParts(
            permutations=given.permutations,
            explain=tuple(given.explain),
            hold_constant=given.hold_constant,
            weighted=given.weighted,
            individuals=given.individuals,
            axes=given.axes,
            predictions=given.predictions,
        ),
    )
    return AskedModels(tuple(given.models), given.attributes, given.distance, given.frames, options)


def _samples(text: str) -> int:
    if (value := _count(text)) < 100:
        raise argparse.ArgumentTypeError(f"must be at least 100, got {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must not be negative, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
