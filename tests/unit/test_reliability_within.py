"""Agreement between raters compared with their agreement with themselves."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.reliability import agreement_without_noise


def two_sessions(seed: int, kinds: int) -> tuple[np.ndarray, np.ndarray]:
    """RDMs of 8 raters, each the mean of two noisy sessions around one of some shared truths, and their reliability."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(kinds, 190))[np.arange(8) % kinds]
    first, second = (truth + rng.normal(size=truth.shape) for _ in range(2))
    r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(first, second, strict=True)])
    return (first + second) / 2, 2 * r / (1 + r)


def test_raters_who_differ_by_noise_only_agree_fully_without_it():
    values = [agreement_without_noise(*two_sessions(seed, 1)).value for seed in range(30)]
    assert np.mean(values) == pytest.approx(1, abs=0.02)


def test_raters_of_two_kinds_do_not():
    corrected = agreement_without_noise(*two_sessions(0, 2))
    # 12 of the 28 pairs of raters are of one kind.
    assert corrected.value == pytest.approx(12 / 28, abs=0.1)
    assert corrected.interval[0] < corrected.value < corrected.interval[1] < 1


def test_unknown_reliabilities_leave_raters_out():
    rdms, own = two_sessions(1, 1)
    own[3], own[5] = np.nan, -0.1
    corrected = agreement_without_noise(rdms, own)
    kept = [0, 1, 2, 4, 6, 7]
    assert corrected.value == pytest.approx(agreement_without_noise(rdms[kept], own[kept]).value)
    assert corrected.reason == "left out: 2 raters without a known reliability"
    assert "fewer than two" in agreement_without_noise(rdms, np.where(np.arange(8) == 0, own, np.nan)).reason


def test_reliabilities_that_cannot_be_are_refused():
    rdms, own = two_sessions(2, 1)
    with pytest.raises(ValueError, match="each of the 8 raters"):
        agreement_without_noise(rdms, own[:3])
    with pytest.raises(ValueError, match="rater 0 exceeds 1"):
        agreement_without_noise(rdms, own + 1)
