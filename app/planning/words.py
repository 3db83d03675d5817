"""A plan in sentences, for page and terminal alike."""

from __future__ import annotations

from typing import Any

from app.planning.asked import COMPARATORS, TRUTHS

Content = dict[str, Any]


def sentences_of(content: Content) -> list[str]:
    """What the plan rests on, and what it does not cover: sentences to be read with its figures."""
    plan, asked, timing = content["plan"], content["asked"], content["timing"]
    found = [_timing(timing), _raters(asked), _power(content), _simulated(plan)]
    if cut := plan["ended_by"].get("cut", 0):
        found.append(
            f"{cut} of the {plan['sessions']} simulated sessions were cut after {plan['max_trials']} trials, to keep "
            "the plan's own time within bounds: real sessions are longer, and the figures of time and evidence too low."
        )
    if plan["no_rdm"]:
        found.append(
            f"Of {plan['no_rdm']} simulated sessions no RDM could be estimated; they are left out of the curves."
        )
    if (seen := plan["seen"]["median"]) is not None and seen < 0.5:
        found.append(
            f"A participant sees about {100 * seen:.1f} % of the pairs of clips, so the number of raters counts less "
            "than how many of them stand behind a pair; pairs that nobody sees are in no figure."
        )
    if content["asked"]["resample"] == "both" and plan["curve"][-1]["power"]["value"] < 0.8:
        found.append(
            "More raters alone do not bring the power to 0.8: the test also speaks of other clips, about which "
            f"{plan['n_items']} clips say too little. More clips help, or a test that speaks of these clips alone."
        )
    return found


def needed_sentence(content: Content) -> str:
    """How many raters the wanted reliability takes, with the interval."""
    needed, wanted = content["plan"]["needed"], content["asked"]["reliability"]
    if needed["value"] is None:
        return f"With these assumptions no number of raters up to 2000 reaches a reliability of {wanted:g}."
    low, high = needed["low"], needed["high"]
    most = f"to {high}" if high is not None else "upwards, without an end"
    return (
        f"About {needed['value']} raters are needed for a reliability of {wanted:g} (95 % of studies of this kind need "
        f"{low} {most})."
    )


def _timing(timing: Content) -> str:
    watching = " and each clip that is new is watched once, to its end" if timing["watch"] else ""
    model = (
        f"a trial takes {timing['seconds_per_trial']:g} s and {timing['seconds_per_placement']:g} s for each clip"
        f"{watching}"
    )
    if timing["measured"]:
        spread = ", how far they differ too" if timing["spread_measured"] else ""
        return (
            f"Minutes: {model}, times {timing['pace']:.2f}, the median pace of {timing['measured']} sessions of this "
            f"study{spread}. Consent, instructions, practice and questions are not in it."
        )
    return (
        f"Minutes: {model}. This is assumed: fewer than three people have taken part. Consent, instructions, practice "
        "and questions are not in it."
    )


def _raters(asked: Content) -> str:
    careless = f", {100 * asked['random_trials']:g} % of trials at random" if asked["random_trials"] else ""
    return (
        f"Raters: {TRUTHS[asked['truth']]}; {100 * asked['individual']:g} % of a rater's RDM is the rater's own; "
        f"placement noise {asked['noise']:g}{careless}. Noise and differences between raters are not estimated from "
        "sessions: without repeated trials they cannot be told apart."
    )


def _power(content: Content) -> str:
    asked, models = content["asked"], content["models"]
    which = "two random models" if models is None else f"{models[0]} and {models[1]}"
    of = "other raters and other clips" if asked["resample"] == "both" else "other raters with these clips"
    return (
        f"Power: {which} that correlate with what raters have in common by {asked['model_a']:g} and "
        f"{asked['model_b']:g}; {COMPARATORS[asked['comparator']]}, a two-sided test at .05 that speaks of {of}."
    )


def _simulated(plan: Content) -> str:
    return (
        f"Simulated: {plan['sessions']} sessions in {plan['worlds']} groups that each share a structure of their own. "
        "Bands hold 95 % of studies of that many raters, if the assumptions hold; that of the power says how well so "
        "few groups know it."
    )


def table_of(content: Content) -> list[list[str]]:
    """The curve as a table: raters, reliability, correlation with the truth, power, pairs seen by anybody."""
    rows = [["raters", "reliability", "band", "r with truth", "band", "power", "pairs seen"]]
    for point in content["plan"]["curve"]:
        reliability, accuracy = point["reliability"], point["accuracy"]
        rows.append(
            [
                str(point["raters"]),
                f"{reliability['value']:.2f}",
                f"{reliability['low']:.2f} to {reliability['high']:.2f}",
                f"{accuracy['value']:.2f}",
                f"{accuracy['low']:.2f} to {accuracy['high']:.2f}",
                f"{point['power']['value']:.2f}",
                f"{100 * point['seen']:.0f} %",
            ]
        )
    return rows
