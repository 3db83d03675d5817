"""What ratings come to: means and agreement, held against published figures and what was simulated."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.ratings import choice_ratings, scale_ratings
from analysis.reliability import reliability

# Shrout & Fleiss (1979), table 2: six targets (columns here) and four judges.
SHROUT = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]], dtype=float)
# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", example C: four coders, twelve units.
X = np.nan
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, X, X, X],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, X, 3],
        [X, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, X],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, X],
    ]
)


def test_a_published_table_gives_its_published_coefficients() -> None:
    scale = scale_ratings(SHROUT)
    assert scale.icc_2_1.value == pytest.approx(0.29, abs=0.005)
    assert scale.icc_2_k.value == pytest.approx(0.62, abs=0.005)
    # Their ICC(3,4) is Cronbach's alpha of the four judges.
    assert scale.cronbach_alpha.value == pytest.approx(0.91, abs=0.005)
    assert (scale.raters_per_clip, scale.mean.tolist()) == (4, SHROUT.mean(axis=0).tolist())
    assert scale.sd == pytest.approx(SHROUT.std(axis=0, ddof=1))
    low, high = scale.icc_2_k.interval
    assert low < scale.icc_2_k.value < high


def test_alpha_of_kinds_and_of_intervals_are_krippendorffs_own_figures() -> None:
    assert scale_ratings(KRIPPENDORFF).krippendorff_alpha.value == pytest.approx(0.849, abs=0.0005)
    choice = choice_ratings(KRIPPENDORFF - 1, 5)
    assert choice.krippendorff_alpha.value == pytest.approx(0.743, abs=0.0005)
    assert choice.most[:7] == [0, 1, 2, 2, 1, None, 3]
    assert choice.counts.sum(axis=1).tolist() == np.isfinite(KRIPPENDORFF).sum(axis=0).tolist()


def test_clips_and_raters_without_ratings_are_missing_and_change_nothing() -> None:
    holes = np.full((6, 8), np.nan)
    holes[:4, :6] = SHROUT
    scale = scale_ratings(holes)
    assert scale.icc_2_k.value == pytest.approx(scale_ratings(SHROUT).icc_2_k.value)
    assert np.isnan(scale.mean[6:]).all()
    assert scale.n.tolist() == [4] * 6 + [0, 0]
    nothing = scale_ratings(np.full((0, 3), np.nan))
    assert np.isnan([nothing.icc_2_k.value, nothing.raters_per_clip]).all()
    alone = scale_ratings(SHROUT[:1])
    assert alone.icc_2_1.reason == "agreement needs at least two raters"
    assert np.isnan(alone.sd).all()
    same = scale_ratings(np.ones((3, 4)))
    assert np.isnan(same.icc_2_k.value)
    assert same.icc_2_k.reason is not None
    for table in ([1.0, 2.0], [[np.inf]]):
        with pytest.raises(ValueError, match="rating"):
            scale_ratings(table)


def test_the_reliability_of_samples_is_that_of_the_raters_simulated() -> None:
    # Each of 40 raters sees 15 of 30 clips: clips vary by 1, raters by 0.5, the rest is noise of 1.
    rng = np.random.default_rng(5)
    values = []
    for _ in range(40):
        table = rng.normal(size=30) + 0.5 * rng.normal(size=(40, 1)) + rng.normal(size=(40, 30))
        for row in table:
            row[rng.permutation(30)[:15]] = np.nan
        values.append(scale_ratings(table).icc_2_1.value)
    assert np.mean(values) == pytest.approx(1 / (1 + 0.25 + 1), abs=0.03)


def test_repeats_say_how_alike_a_raters_own_ratings_are() -> None:
    scale = scale_ratings(SHROUT, [(1, 2), (3, 3), (5, 6), (np.nan, 4)])
    assert (scale.n_repeats, scale.self_difference) == (3, pytest.approx(2 / 3))
    assert scale.self_r == pytest.approx(np.corrcoef([1, 3, 5], [2, 3, 6])[0, 1])
    assert np.isnan(scale_ratings(SHROUT, [(1, 2)]).self_r)
    assert choice_ratings([[0, 1]], 2, [(0, 0), (1, 0)]).self_same == 0.5


def test_halves_of_the_raters_agree_as_the_coefficients_of_rdms_say() -> None:
    split_half = scale_ratings(SHROUT).split_half_corrected
    expected = reliability(SHROUT).split_half_corrected
    assert (split_half.value, *split_half.interval) == pytest.approx((expected.value, *expected.interval))
    # Of many raters the interval would take long; the value is still there, and near what alpha says of the same means.
    rng = np.random.default_rng(5)
    many = scale_ratings(rng.normal(size=30) + 2 * rng.normal(size=(60, 30)))
    assert many.split_half_corrected.value == pytest.approx(many.cronbach_alpha.value, abs=0.02)
    assert many.split_half_corrected.reason == "no interval: it is computed for up to 50 raters"
    assert np.isnan(many.split_half_corrected.interval).all()
