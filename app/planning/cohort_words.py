"""The plan of a cohort in sentences: what is said of it alone."""

from __future__ import annotations

from typing import Any

Content = dict[str, Any]


def is_of_cohort(content: Content) -> bool:
    """Whether the plan is of participants who share the pairs."""
    return bool(content.get("pairs_are_shared"))


def cohort_sentences(content: Content) -> list[str]:
    """What the figures of a cohort rest on, and what they do not cover."""
    plan, asked = content["plan"], content["asked"]
    *fewer, last = [str(point["raters"]) for point in plan["curve"]]
    sizes = f"{', '.join(fewer)} and {last}" if fewer else last
    sentences = [
        f"Simulated: {plan['sessions']} sessions in {plan['cohorts']} cohorts, each with its own shared structure. "
        "Raters come one after the other and all finish; the RDM of all their trials is estimated once there are "
        f"{sizes} of them. Bands contain 95 % of studies with that many raters if the "
        "assumptions hold.",
    ]
    if plan["raters"] < asked["raters"]:
        sentences.append(
            f"To limit the computing time no more than {plan['raters']} of the {asked['raters']} raters that you plan "
            "with are simulated."
        )
    at = next(point for point in plan["curve"] if point["raters"] == plan["raters"])
    correlation = "The correlation with the truth is over all pairs of clips"
    if at["seen"] < 0.9995:
        correlation += (
            f", also the {_share(1 - at['seen'])} that nobody sees with {at['raters']} raters: they are predicted"
        )
    sentences.append(f"{correlation}.")
    if plan["reliability"] is not None:
        sentences.append(
            f"With {plan['raters']} raters the results would show a reliability of about {plan['reliability']:.2f}, "
            "from two halves of the raters."
        )
    sentences.append("Whether models can be told apart is not part of a plan for this design.")
    return sentences


def _share(value: float) -> str:
    return f"{100 * value:.0f} %" if value >= 0.1 else f"{100 * value:.1f} %"


def cohort_needed(content: Content) -> str:
    """How many raters the wanted correlation takes, with the interval."""
    plan, wanted = content["plan"], content["asked"]["accuracy"]
    needed, first, last = plan["needed"], plan["curve"][0], plan["curve"][-1]
    what = f"a correlation of {wanted:g} with what raters have in common"
    if needed["value"] is None:
        said = "" if last["accuracy"]["value"] is None else f" They reach {last['accuracy']['value']:.2f}."
        return f"Even {last['raters']} raters, the most that were simulated, do not reach {what}.{said}"
    if needed["high"] == first["raters"]:
        return f"No more than {needed['value']} raters are needed for {what}."
    low = f"{needed['low']} or fewer" if needed["low"] == first["raters"] else str(needed["low"])
    high = f"more than {last['raters']}" if needed["high"] is None else str(needed["high"])
    many = "No more than" if needed["value"] == first["raters"] else "About"
    return f"{many} {needed['value']} raters are needed for {what} (95 % of studies of this kind need {low} to {high})."


def cohort_table(content: Content) -> list[list[str]]:
    """The curve as a table: raters, correlation with the truth, pairs that anybody saw, trials that show a pair."""
    rows = [["raters", "r with truth", "band", "pairs seen", "trials a pair", "nine in ten"]]
    for point in content["plan"]["curve"]:
        accuracy = point["accuracy"]
        known = accuracy["value"] is not None
        rows.append(
            [
                str(point["raters"]),
                f"{accuracy['value']:.2f}" if known else "",
                f"{accuracy['low']:.2f} to {accuracy['high']:.2f}" if known else "",
                _share(point["seen"]),
                f"{point['together']:.1f}",
                f"{point['together_low']:.0f} to {point['together_high']:.0f}",
            ]
        )
    return rows
