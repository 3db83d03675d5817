"""Sentences about an estimate: whether its parts are on one scale, and whether it converged."""

from __future__ import annotations

from ..estimators import RDMEstimate
from ..estimators.trials import share_items
from ..rdm import n_items_of

# Estimators that fit one model to all trials.
WITH_MODEL = ("latent", "arrangement", "combined")


def not_converged(whose: str = "") -> str:
    """The sentence about estimates whose `converged` is False; `whose` names the raters where there are several."""
    of_whom = f" of {whose}" if whose else ""
    return (
        f"The estimate{of_whom} did not converge: an iteration reached its bound, or found no step that lowers its "
        "loss further. What it had found by then is the result."
    )


def scale_sentences(estimate: RDMEstimate) -> list[str]:
    """Whether the trials share a scale, in a sentence; none where repeated pairs tie all of them."""
    if estimate.n_components < 2:
        return []
    groups = f"The trials fall into {estimate.n_components} groups that share no pair"
    if estimate.method in WITH_MODEL and share_items(estimate.components >= 0, n_items_of(estimate.components.size)):
        return [
            f"{groups}, but clips: the scale between these groups comes from the model that was fitted to all trials, "
            "and from no judgment that was repeated."
        ]
    return [f"{groups}, so the scale between these groups is not determined by the data."]
