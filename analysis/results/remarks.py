"""What has to be known to read results: the sentences that page, bundle and report share."""

from __future__ import annotations

from collections.abc import Collection

from ..estimators import RDMEstimate
from .study import StudyResults

MAX_LISTED = 12


def not_converged(whose: str = "") -> str:
    """The sentence about estimates whose `converged` is False; `whose` names the raters where there are several."""
    of_whom = f" of {whose}" if whose else ""
    return (
        f"The estimate{of_whom} did not converge: an iteration reached its bound, or found no step that lowers its "
        "loss further. What it had found by then is the result."
    )


def notes(estimate: RDMEstimate) -> list[str]:
    """What a reader has to know about a rater's RDM, in sentences; none when all is well."""
    sentences = []
    if estimate.n_components > 1:
        sentences.append(
            f"The trials fall into {estimate.n_components} groups that share no pair, so the scale between these "
            "groups is not determined by the data."
        )
    if not estimate.converged:
        sentences.append(not_converged())
    if predicted := int(estimate.predicted.sum()):
        sentences.append(
            f"{predicted} pairs were never seen together: they enter no figure; the completed RDM shows what the model "
            "predicts for them."
        )
    sentences += [f"Trial {number + 1} was left out: {reason}." for number, reason in estimate.dropped]
    return sentences


def unfinished_sessions(count: int) -> str:
    """So many of them, in words: "2 unfinished sessions"."""
    return f"{count} unfinished session{'' if count == 1 else 's'}"


def unfinished_sentence(results: StudyResults) -> str | None:
    """How many sessions are not finished, and whether they are in; None without any. It has no full stop yet."""
    count, what = results.n_left_out, "left out"
    if results.choice.with_unfinished and results.unfinished:
        count, what = len(results.unfinished), "in all figures"
    return f"{unfinished_sessions(count)} {'is' if count == 1 else 'are'} {what}" if count else None


def repeated_sentence(results: StudyResults) -> str | None:
    """Which raters are one person; None where each is a person of their own."""
    if not results.repeated:
        return None
    people = "1 person" if len(results.repeated) == 1 else f"{len(results.repeated)} people"
    shown = "; ".join(listed(names) for names in results.repeated[:MAX_LISTED])
    more = "; …" if len(results.repeated) > MAX_LISTED else ""
    return f"{people} took part more than once, and each session counts as a rater ({shown}{more})."


def listed(names: Collection[str]) -> str:
    """Names in order, up to a dozen."""
    in_order = sorted(names)
    more = len(in_order) - MAX_LISTED
    return ", ".join(in_order[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
