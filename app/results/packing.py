"""Results as bytes and back: an NPZ archive of arrays, with all else as JSON in it. Nothing is ever unpickled."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.estimators import Interval, RDMEstimate
from analysis.noise_ceiling import NoiseCeiling
from analysis.quality import Flag, GroupQuality, ParticipantQuality, Repeats, TrialQuality
from analysis.reliability import Coefficient, GrowthCurve, Reliability
from analysis.reliability.report import COEFFICIENTS
from analysis.results import Agreement, GroupRDM, Influence, RaterResult, Together, Work
from analysis.structure import MDS
from app.results.overview import Overview

FACTS, QUALITY = "facts", "quality"
STANDARD_ERROR = "standard_error"
ESTIMATE_ARRAYS = ("rdm", "evidence", "components", "predicted")
ESTIMATE_FACTS = (
    "method",
    "n_iter",
    "converged",
    "dropped",
    "parameters",
    "correlation_with_truth",
    "uncertainty_reason",
)
GROUP_ARRAYS = tuple(field.name for field in fields(GroupRDM))
AGAINST_OTHERS = tuple(field.name for field in fields(GroupQuality))

Arrays = Mapping[str, NDArray[Any]]


def pack_rater(result: RaterResult) -> bytes:
    """A rater's result, with standard errors where it has any."""
    facts: dict[str, Any] = {"sizes": result.work.sizes, "problem": result.problem, "numbers": result.numbers}
    facts["quality"] = None if result.quality is None else asdict(result.quality)
    arrays = {"minutes": result.work.minutes, "observations": result.observations}
    if result.estimate is not None:
        facts["estimate"] = {name: getattr(result.estimate, name) for name in ESTIMATE_FACTS}
        arrays |= {name: getattr(result.estimate, name) for name in ESTIMATE_ARRAYS}
        if result.estimate.standard_error is not None:
            arrays[STANDARD_ERROR] = result.estimate.standard_error
    return _pack(facts, arrays)


def unpack_rater(content: bytes) -> RaterResult:
    """What `pack_rater` has packed."""
    facts, arrays = _unpack(content)
    work = Work(tuple(facts["sizes"]), arrays["minutes"])
    estimate = None
    if "estimate" in facts:
        about = facts["estimate"]
        about["dropped"] = tuple((number, reason) for number, reason in about["dropped"])
        about |= {name: arrays[name] for name in ESTIMATE_ARRAYS}
        if about["correlation_with_truth"] is not None:
            about["correlation_with_truth"] = Interval(*about["correlation_with_truth"])
        estimate = RDMEstimate(**about, standard_error=arrays.get(STANDARD_ERROR))
    quality = None if facts["quality"] is None else _quality(facts["quality"])
    return RaterResult(
        work, estimate, facts["problem"], arrays["observations"], quality=quality, numbers=tuple(facts["numbers"])
    )


def _quality(facts: dict[str, Any]) -> ParticipantQuality:
    repeats = facts["repeats"]
    repeats["trials"] = tuple((first, second) for first, second in repeats["trials"])
    repeats["correlations"] = tuple(repeats["correlations"])
    return ParticipantQuality(
        tuple(TrialQuality(**trial) for trial in facts["trials"]),
        facts["medians"],
        Repeats(**repeats),
        tuple(Flag(**flag) for flag in facts["flags"]),
    )


def pack_overview(overview: Overview) -> bytes:
    """What pages show of a study at once."""
    facts: dict[str, Any] = {
        name: getattr(overview, name)
        for name in (
            "raters",
            "unfinished",
            "unfinished_sentence",
            "excluded_sentence",
            "remarks",
            "orders",
            "rater_order",
        )
    }
    # By itself: of many trials it is most of all, and few pages show it.
    arrays: dict[str, NDArray[Any]] = {QUALITY: _text(overview.quality)}
    facts["maps"] = []
    for place, mds in enumerate(overview.maps):
        if isinstance(mds, MDS):
            arrays[f"map_{place}"] = mds.positions
            facts["maps"].append({"stress": mds.stress, "n_iter": mds.n_iter, "converged": mds.converged})
        else:
            facts["maps"].append(mds)
    if overview.together is not None:
        # The group's RDM is made of it again.
        facts["together"], more = _pack_together(overview.together)
        arrays |= more
    elif overview.group is not None:
        arrays |= {f"group_{name}": getattr(overview.group, name) for name in GROUP_ARRAYS}
    if overview.between is not None:
        arrays["between"] = overview.between
    if overview.against_others is not None:
        arrays |= {f"against_{name}": getattr(overview.against_others, name) for name in AGAINST_OTHERS}
    if overview.growth is not None:
        facts["growth"] = asdict(overview.growth)
    if overview.agreement is not None:
        between = overview.agreement
        facts["agreement"] = {
            "raters": between.raters,
            "reliability": asdict(between.reliability),
            "ceilings": {method: asdict(ceiling) for method, ceiling in between.ceilings.items()},
            "influence": None if between.influence is None else asdict(between.influence),
        }
        arrays |= {f"with_others_{method}": values for method, values in between.with_others.items()}
    return _pack(facts, arrays)


def unpack_overview(content: bytes, *, with_quality: bool = False) -> Overview:
    """What `pack_overview` has packed; how each rater worked is left out unless `with_quality`."""
    facts, arrays = _unpack(content, without=() if with_quality else (QUALITY,))
    # Earlier results hold it among the facts.
    quality = json.loads(arrays[QUALITY].tobytes()) if QUALITY in arrays else facts.get(QUALITY, ())
    together = _unpack_together(facts["together"], arrays) if "together" in facts else None
    group = None if together is None else together.group
    if "group_rdm" in arrays:
        group = GroupRDM(**{name: arrays[f"group_{name}"] for name in GROUP_ARRAYS})
    against = None
    if "against_outlier" in arrays:
        against = GroupQuality(**{name: arrays[f"against_{name}"] for name in AGAINST_OTHERS})
    return Overview(
        raters=facts["raters"],
        unfinished=facts["unfinished"],
        unfinished_sentence=facts["unfinished_sentence"],
        excluded_sentence=facts["excluded_sentence"],
        remarks=facts["remarks"],
        quality=quality if with_quality else (),
        group=group,
        together=together,
        agreement=_agreement(facts["agreement"], arrays) if "agreement" in facts else None,
        orders=tuple(facts["orders"]),
        maps=tuple(
            kept if isinstance(kept, str) else MDS(arrays[f"map_{place}"], **kept)
            for place, kept in enumerate(facts["maps"])
        ),
        between=arrays.get("between"),
        rater_order=facts.get("rater_order", ()),
        growth=_growth(facts["growth"]) if "growth" in facts else None,
        against_others=against,
    )


def _pack_together(together: Together) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    estimate = together.estimate
    about = {name: getattr(estimate, name) for name in ("method", "n_iter", "converged", "dropped", "parameters")}
    arrays = {f"together_{name}": getattr(estimate, name) for name in ESTIMATE_ARRAYS}
    arrays |= {f"together_with_{method}": values for method, values in together.with_others.items()}
    facts = {
        "raters": together.raters,
        "halves": together.halves,
        "estimate": about,
        "comparators": [*together.with_others],
    }
    return facts, arrays | {"together_n_raters": together.n_raters}


def _unpack_together(facts: dict[str, Any], arrays: Arrays) -> Together:
    about = facts["estimate"] | {name: arrays[f"together_{name}"] for name in ESTIMATE_ARRAYS}
    about["dropped"] = tuple((number, reason) for number, reason in about["dropped"])
    estimate = RDMEstimate(**about, standard_error=None, correlation_with_truth=None)
    return Together(
        estimate,
        raters=tuple(facts["raters"]),
        n_raters=arrays["together_n_raters"],
        halves=tuple(facts["halves"]),
        with_others={method: arrays[f"together_with_{method}"] for method in facts["comparators"]},
    )


def _growth(facts: dict[str, Any]) -> GrowthCurve:
    points = {
        name: tuple(Coefficient(**{**point, "interval": tuple(point["interval"])}) for point in facts[name])
        for name in ("rater_with_pool", "between_pools", "reliability_of_mean")
    }
    return GrowthCurve(tuple(facts["sizes"]), **points)


def _agreement(facts: dict[str, Any], arrays: Arrays) -> Agreement:
    about = facts["reliability"]
    for name in COEFFICIENTS:
        about[name]["interval"] = tuple(about[name]["interval"])
        about[name] = Coefficient(**about[name])
    return Agreement(
        raters=tuple(facts["raters"]),
        reliability=Reliability(**about),
        ceilings={method: _ceiling(ceiling) for method, ceiling in facts["ceilings"].items()},
        with_others={method: arrays[f"with_others_{method}"] for method in facts["ceilings"]},
        influence=None if facts["influence"] is None else Influence(**facts["influence"]),
    )


def _ceiling(facts: dict[str, Any]) -> NoiseCeiling:
    return NoiseCeiling(**facts | {name: tuple(facts[name]) for name in ("lower_interval", "upper_interval")})


def _pack(facts: Mapping[str, Any], arrays: Arrays) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **{FACTS: _text(facts)}, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _text(values: object) -> NDArray[np.uint8]:
    # NaN and infinity are written as Python reads them back.
    return np.frombuffer(json.dumps(values).encode(), dtype=np.uint8)


def _unpack(content: bytes, without: Collection[str] = ()) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files if name not in without}
    return json.loads(arrays.pop(FACTS).tobytes()), arrays
