"""A plan in sentences, for page and terminal alike."""

from __future__ import annotations

import math
from typing import Any

from analysis.words import counted
from app.planning.cohort_words import cohort_needed, cohort_sentences, cohort_table, is_of_cohort
from app.planning.plan_settings import COMPARATORS, TRUTHS

Content = dict[str, Any]


def sentences_of(content: Content) -> list[str]:
    """What the plan rests on, and what it does not cover: sentences to be read with its figures."""
    plan, asked, timing = content["plan"], content["asked"], content["timing"]
    sentences = [_timing(timing), _raters(asked)]
    sentences += cohort_sentences(content) if is_of_cohort(content) else [_power(content), _simulated(plan)]
    if cut := plan["ended_by"].get("cut", 0):
        sentences.append(
            f"{cut} of the {plan['sessions']} simulated sessions were stopped after "
            f"{counted(plan['max_trials'], 'trial')} to "
            "limit the computing time: real sessions are longer, and the figures for time and evidence are too low."
        )
    if (sets := content["facts"].get("sets")) is not None:
        sentences.insert(0, sets_sentence(content, sets))
    if is_of_cohort(content):
        return sentences
    if plan["no_rdm"]:
        sentences.append(
            f"No RDM could be estimated for {counted(plan['no_rdm'], 'simulated session')}; the curves do without."
        )
    if (seen := plan["seen"]["median"]) is not None and seen < 0.5:
        sentences.append(
            f"A participant sees about {100 * seen:.1f} % of the pairs of clips, so the number of raters matters less "
            "than how many of them saw each pair; pairs that nobody sees are not included in any figure."
        )
    if content["asked"]["resample"] == "both" and plan["curve"][-1]["power"]["value"] < 0.8:
        sentences.append(
            "More raters alone do not bring the power to 0.8: the test also generalises to other clips, for "
            f"which {plan['n_items']} clips are too few. More clips help, or a test for these clips only."
        )
    return sentences


def needed_sentence(content: Content) -> str:
    """How many raters the wanted reliability takes, with the interval; of a cohort, the wanted correlation."""
    if is_of_cohort(content):
        return cohort_needed(content)
    needed, wanted = content["plan"]["needed"], content["asked"]["reliability"]
    if needed["value"] is None:
        return f"Under these assumptions, even 2000 raters do not reach a reliability of {wanted:g}."
    low, high = needed["low"], needed["high"]
    most = f"{low} to {high}" if high is not None else f"{low} or more"
    return (
        f"About {needed['value']} raters are needed for a reliability of {wanted:g} (95 % of studies of this kind need "
        f"{most})."
    )


def sets_sentence(content: Content, sets: int) -> str:
    """What the figures of one set mean for the whole study."""
    clips, each = content["facts"]["clips"], content["facts"]["sets.per_session"]
    told = f"All figures are for one set of {clips} clips, of {sets} sets."
    if each > 1:
        told += f" A session arranges {each} of them, one after another, and takes {each} times as long."
    if (needed := content["plan"]["needed"]["value"]) is not None:
        told += f" {needed} raters of every set take {counted(math.ceil(needed * sets / each), 'session')} in all."
    return told


def _timing(timing: Content) -> str:
    watching = " and each clip that is new is watched once, to its end" if timing["watch"] else ""
    model = (
        f"a trial takes {timing['seconds_per_trial']:g} s and {timing['seconds_per_placement']:g} s for each clip"
        f"{watching}"
    )
    if timing["measured"]:
        spread = ", with the variation between them" if timing["spread_measured"] else ""
        return (
            f"Minutes: {model}, times {timing['pace']:.2f}, the median pace of "
            f"{counted(timing['measured'], 'session')} of this "
            f"study{spread}. Consent, instructions, practice and questions come on top."
        )
    return (
        f"Minutes: {model}. This is an assumption, as fewer than three people have taken part. Consent, instructions, "
        "practice and questions come on top."
    )


def _raters(asked: Content) -> str:
    careless = f", {100 * asked['random_trials']:g} % of trials at random" if asked["random_trials"] else ""
    return (
        f"What raters have in common: {TRUTHS[asked['truth']]}; {100 * asked['individual']:g} % of a rater's "
        "RDM is individual; "
        f"placement noise {asked['noise']:g}{careless}. Noise and differences between raters are not estimated from "
        "sessions: without repeated trials they cannot be told apart."
    )


def _power(content: Content) -> str:
    asked, models = content["asked"], content["models"]
    which = "two random models" if models is None else f"{models[0]} and {models[1]}"
    of = "other raters and other clips" if asked["resample"] == "both" else "other raters with these clips"
    return (
        f"Power: {which} whose correlations with what raters have in common are {asked['model_a']:g} and "
        f"{asked['model_b']:g}; {COMPARATORS[asked['comparator']]}, a two-sided test at .05 that generalises to {of}."
    )


def _simulated(plan: Content) -> str:
    return (
        f"Simulated: {plan['sessions']} sessions in {plan['worlds']} groups, each with its own shared structure. "
        "Bands contain 95 % of studies with that many raters if the assumptions hold; the band of the power shows how "
        "precisely so few groups determine it."
    )


def table_of(content: Content) -> list[list[str]]:
    """The curve as a table: raters, reliability, correlation with the truth, power, pairs seen by anybody."""
    if is_of_cohort(content):
        return cohort_table(content)
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
