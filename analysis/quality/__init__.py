"""How a participant worked: values and flags for the experimenter to look at, never an exclusion."""

from .group import GroupQuality, group_quality
from .participant import Flag, Limits, ParticipantQuality, participant_quality
from .repeats import Repeats, odd_even_correlation, repeat_reliability
from .trial import TrialQuality, trial_quality

__all__ = [
    "Flag",
    "GroupQuality",
    "Limits",
    "ParticipantQuality",
    "Repeats",
    "TrialQuality",
    "group_quality",
    "odd_even_correlation",
    "participant_quality",
    "repeat_reliability",
    "trial_quality",
]
