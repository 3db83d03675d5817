"""What has to be known to read results: the sentences that page, bundle and report share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from ..estimators import RDMEstimate
from ..words import counted
from .scales import not_converged, scale_sentences
from .study import StudyResults

MAX_LISTED = 12


def notes(estimate: RDMEstimate) -> list[str]:
    """What a reader has to know about a rater's RDM, in sentences; none when all is well."""
    sentences = scale_sentences(estimate)
    if not estimate.converged:
        sentences.append(not_converged())
    if predicted := int(estimate.predicted.sum()):
        sentences.append(
            f"{counted(predicted, 'pair was', 'pairs were')} never seen together and "
            f"{'enters' if predicted == 1 else 'enter'} no figure; the completed RDM shows what the model "
            "predicts there."
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


def excluded_sentence(results: StudyResults) -> str | None:
    """What the experimenter left out, by reason, and whether it is in all the same; None without anything.

    Sessions that the choice leaves out for another reason do not count.
    """
    choice = results.choice
    sessions = [
        rater.exclusion
        for rater in results.everybody
        if rater.exclusion is not None
        and (choice.with_simulated or not rater.is_simulated)
        and (choice.with_unfinished or rater.is_finished)
    ]
    trials = [reason for left_out in results.excluded_trials.values() for _, reason in left_out]
    of = len(results.excluded_trials)
    raters = f" of {of} {'participant' if of == 1 else 'participants'}"
    parts = [
        f"{len(reasons)} {noun}{'' if len(reasons) == 1 else 's'}{whose} ({_by_reason(reasons)})"
        for reasons, noun, whose in ((sessions, "participant", ""), (trials, "trial", raters))
        if reasons
    ]
    if not parts:
        return None
    what = " and ".join(parts)
    many = len(sessions) + len(trials) > 1
    if choice.with_excluded:
        return f"{what} that {'were' if many else 'was'} excluded {'are' if many else 'is'} in these figures."
    return f"{what} {'were' if many else 'was'} excluded."


def _by_reason(reasons: Sequence[str]) -> str:
    counts = Counter(reasons).most_common()
    if len(counts) == 1:
        return counts[0][0]
    shown = "; ".join(f"{reason}: {count}" for reason, count in counts[:MAX_LISTED])
    return shown + ("; …" if len(counts) > MAX_LISTED else "")


def repeated_sentence(results: StudyResults) -> str | None:
    """Which raters are one person; None where each is a person of their own."""
    if not results.repeated:
        return None
    people = counted(len(results.repeated), "person", "people")
    shown = "; ".join(listed(names) for names in results.repeated[:MAX_LISTED])
    more = "; …" if len(results.repeated) > MAX_LISTED else ""
    return f"{people} took part more than once, and each session counts as a rater ({shown}{more})."


def listed(names: Collection[str]) -> str:
    """Names in order, up to a dozen."""
    in_order = sorted(names)
    more = len(in_order) - MAX_LISTED
    return ", ".join(in_order[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
