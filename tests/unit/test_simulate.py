"""Simulated truths and raters."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from analysis import StopRule, estimate_rdm, pair_evidence
from analysis.rdm import n_pairs, scale_to_rms, subset, to_square
from analysis.simulate import (
    TRUTHS,
    Behaviour,
    individual,
    make_truth,
    overall,
    part_of,
    place_items,
    simulate_rater,
)
from analysis.simulate.layout import fit_arena, principal_layout, stress_layout

CAREFUL = Behaviour(noise=0.0)
SHORT = StopRule(min_evidence=None, max_trials=6)


def correlation(a, b) -> float:
    return float(np.corrcoef(a, b)[0, 1])


class TestTruths:
    @pytest.mark.parametrize("kind", TRUTHS)
    def test_complete_positive_seeded_and_at_unit_rms(self, kind):
        truth = make_truth(kind, 20, rng=np.random.default_rng(1))
        assert truth.shape == ((2, 190) if kind == "mixture" else (190,))
        assert (np.atleast_2d(truth) > 0).all()
        np.testing.assert_allclose(np.sqrt((np.atleast_2d(truth) ** 2).mean(axis=1)), 1.0)
        assert np.array_equal(truth, make_truth(kind, 20, rng=np.random.default_rng(1)))
        assert not np.array_equal(truth, make_truth(kind, 20, rng=np.random.default_rng(2)))

    @pytest.mark.parametrize("kind", sorted(set(TRUTHS) - {"mixture"}))
    @pytest.mark.parametrize("n_items", [2, 3, 9])
    def test_the_triangle_inequality_holds(self, kind, n_items):
        d = to_square(make_truth(kind, n_items, rng=np.random.default_rng(3)))
        assert (d[:, None, :] <= d[:, :, None] + d[None, :, :] + 1e-12).all()

    def test_a_tree_metric_meets_the_four_point_condition(self):
        d = to_square(make_truth("tree", 10, rng=np.random.default_rng(4)))
        for a, b, c, e in np.random.default_rng(0).permuted(np.tile(np.arange(10), (200, 1)), axis=1)[:, :4]:
            sums = sorted([d[a, b] + d[c, e], d[a, c] + d[b, e], d[a, e] + d[b, c]])
            assert sums[1] == pytest.approx(sums[2])

    def test_an_ultrametric_is_its_own_cophenetic_distance(self):
        from scipy.cluster.hierarchy import cophenet, linkage

        truth = make_truth("ultrametric", 12, rng=np.random.default_rng(4))
        for method in ("single", "complete"):
            np.testing.assert_allclose(cophenet(linkage(truth, method)), truth)

    def test_features_count_where_one_item_alone_has_them(self):
        from analysis.simulate.truths import features

        rng = np.random.default_rng(3)
        has = rng.uniform(size=(5, 2)) < 0.5
        weight, own = rng.exponential(size=2), 0.3 * rng.exponential(size=5)
        distances = to_square(features(5, 2, np.random.default_rng(3)))
        assert distances[1, 4] == pytest.approx(own[1] + own[4] + weight @ (has[1] != has[4]))

    def test_city_block_distances_add_up_over_features(self):
        from analysis.simulate.truths import city_block

        one = np.random.default_rng(3).uniform(size=(6, 3))
        expected = sum(pdist(one[:, [feature]]) for feature in range(3))
        np.testing.assert_allclose(city_block(6, 3, np.random.default_rng(3)), expected)

    def test_clusters_have_five_groups(self):
        from scipy.cluster.hierarchy import fcluster, linkage

        truth = make_truth("clusters", 40, rng=np.random.default_rng(5))
        label = fcluster(linkage(truth, "average"), 5, "maxclust")
        within = np.concatenate([truth[_pairs_of(label == group)] for group in range(1, 6)])
        assert within.mean() < 0.6 * truth.mean()

    def test_part_of_is_a_sub_set(self):
        whole = np.arange(1.0, 46.0)
        part = part_of(whole, 4, rng=np.random.default_rng(6))
        assert part.shape == (6,)
        items = np.sort(np.random.default_rng(6).permutation(10)[:4])
        np.testing.assert_allclose(part, scale_to_rms(subset(whole, items)))
        with pytest.raises(ValueError, match="cannot draw 11"):
            part_of(whole, 11, rng=np.random.default_rng(6))

    def test_individual_keeps_or_replaces_the_common_part(self):
        truth = make_truth("gaussian_5", 30, rng=np.random.default_rng(7))
        rng = np.random.default_rng(8)
        np.testing.assert_allclose(individual(truth, 0.0, rng=rng), truth)
        assert correlation(individual(truth, 0.3, rng=rng), truth) > 0.7
        assert abs(correlation(individual(truth, 1.0, rng=rng), truth)) < 0.2
        with pytest.raises(ValueError, match="share"):
            individual(truth, 1.5, rng=rng)

    def test_an_unknown_kind_is_named(self):
        with pytest.raises(ValueError, match="'sphere'"):
            make_truth("sphere", 10, rng=np.random.default_rng(0))


def _pairs_of(members):
    return np.flatnonzero(np.logical_and.outer(members, members)[np.triu_indices(members.size, 1)])


class TestLayout:
    def test_plane_distances_are_found_again(self):
        points = np.random.default_rng(1).normal(size=(12, 2))
        for layout in (stress_layout(pdist(points)), principal_layout(pdist(points))):
            np.testing.assert_allclose(pdist(layout), pdist(points), rtol=1e-6)

    def test_stress_is_lower_than_the_projection_s_and_than_scikit_learn_s(self):
        from sklearn.manifold import MDS

        d = make_truth("gaussian_5", 15, rng=np.random.default_rng(2))

        def stress(layout):
            return np.sum((pdist(layout) - d) ** 2)

        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            rival = MDS(2, dissimilarity="precomputed", n_init=1, random_state=0, normalized_stress=False, max_iter=300)
            other = stress(rival.fit_transform(to_square(d)))
        assert stress(stress_layout(d)) < stress(principal_layout(d))
        assert stress(stress_layout(d)) < 1.05 * other

    @pytest.mark.parametrize("rdm", [np.zeros(6), np.ones(1), np.empty(0), np.array([0.0, 1.0, 1.0])])
    def test_degenerate_cases_are_finite(self, rdm):
        assert np.isfinite(stress_layout(rdm)).all()
        assert np.isfinite(fit_arena(stress_layout(rdm))).all()

    def test_fit_arena_puts_everything_inside_and_keeps_the_shape(self):
        triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])  # Needs a circle of diameter 1.155.
        placed = fit_arena(triangle)
        assert np.hypot(*placed.T).max() <= 0.5
        assert np.hypot(*placed.T).max() > 0.495
        ratio = pdist(placed) / pdist(triangle)
        np.testing.assert_allclose(ratio, ratio[0])
        small = 0.1 * triangle
        np.testing.assert_allclose(pdist(fit_arena(small)), pdist(small))


class TestRater:
    def test_without_noise_a_plane_rdm_is_placed_exactly(self):
        truth = make_truth("gaussian_2", 15, rng=np.random.default_rng(1))
        items = np.array([3, 0, 14, 7, 8])
        trial = place_items(truth, items, behaviour=CAREFUL, rng=np.random.default_rng(2))
        assert trial.items.tolist() == items.tolist()
        assert correlation(trial.distances(), subset(truth, items)) > 1 - 1e-9

    def test_noise_has_the_stated_spread(self):
        """Two sessions' placements of the same five points differ by sqrt(2) times the noise."""
        corners = np.array([[0.0, 0.0], [1.0, 0.0]])
        rng = np.random.default_rng(3)
        lengths = [
            place_items(pdist(corners), np.arange(2), behaviour=Behaviour(noise=0.02), rng=rng).distances()[0]
            for _ in range(400)
        ]
        # Longer than the arena's diameter cannot be placed, hence the lower half of the distribution only.
        shorter = np.array([length for length in lengths if length < 0.999])
        assert np.sqrt(np.mean((1 - shorter) ** 2)) == pytest.approx(np.sqrt(2) * 0.02, rel=0.15)

    @pytest.mark.parametrize(
        "behaviour",
        [
            Behaviour(noise=0.3),
            Behaviour(strategy="pca"),
            Behaviour(random_trials=1.0),
            Behaviour(laziness=0.5),
            Behaviour(laziness=1.0, noise=0.0),
        ],
    )
    def test_every_placement_lies_in_the_arena(self, behaviour):
        truth = make_truth("gaussian_5", 12, rng=np.random.default_rng(4))
        session = simulate_rater(truth, behaviour=behaviour, stop=SHORT, rng=np.random.default_rng(5))
        assert len(session.arrangements) == 6
        for trial in session.arrangements:
            assert np.hypot(*trial.positions.T).max() <= 0.5

    def test_carelessness_costs_accuracy(self):
        truth = make_truth("gaussian_2", 15, rng=np.random.default_rng(6))

        def accuracy(**habits):
            session = simulate_rater(truth, behaviour=Behaviour(**habits), stop=SHORT, rng=np.random.default_rng(7))
            return correlation(estimate_rdm(session.arrangements, 15, method="weighted_average").rdm, truth)

        careful = accuracy(noise=0.02)
        assert careful > 0.98
        for worse in ({"noise": 0.3}, {"laziness": 0.6}, {"random_trials": 0.8}):
            assert accuracy(**{"noise": 0.02} | worse) < careful - 0.03

    def test_pca_differs_from_stress_in_many_dimensions(self):
        truth = make_truth("gaussian_full", 10, rng=np.random.default_rng(8))
        items = np.arange(10)
        a = place_items(truth, items, behaviour=CAREFUL, rng=np.random.default_rng(9))
        b = place_items(truth, items, behaviour=Behaviour(noise=0.0, strategy="pca"), rng=np.random.default_rng(9))
        assert correlation(a.distances(), b.distances()) < 0.99

    def test_a_rater_of_two_strategies_uses_both(self):
        truth = make_truth("mixture", 20, rng=np.random.default_rng(10))
        rng = np.random.default_rng(11)
        trials = [place_items(truth, np.arange(20), behaviour=CAREFUL, rng=rng) for _ in range(20)]
        nearer = [correlation(t.distances(), truth[0]) > correlation(t.distances(), truth[1]) for t in trials]
        assert 3 <= sum(nearer) <= 17
        assert overall(truth).shape == (n_pairs(20),)

    def test_the_session_ends_by_its_rule_and_is_seeded(self):
        truth = make_truth("gaussian_2", 8, rng=np.random.default_rng(12))
        settings = {"design": "lift_the_weakest", "stop": StopRule(min_evidence=0.5)}
        session = simulate_rater(truth, **settings, rng=np.random.default_rng(13))
        assert pair_evidence(session.arrangements, 8).min() >= 0.5
        assert pair_evidence(session.arrangements[:-1], 8).min() < 0.5
        again = simulate_rater(truth, **settings, rng=np.random.default_rng(13))
        assert np.array_equal(session.seconds, again.seconds)
        timed = simulate_rater(truth, stop=StopRule(min_evidence=None, max_minutes=5.0), rng=np.random.default_rng(14))
        assert timed.minutes >= 5.0
        assert timed.seconds[:-1].sum() / 60 < 5.0

    def test_more_items_take_longer(self):
        truth = make_truth("gaussian_2", 30, rng=np.random.default_rng(15))
        quick = Behaviour(time_spread=0.0, seconds_per_trial=1.0, seconds_per_item=2.0, time_exponent=1.0)
        session = simulate_rater(truth, behaviour=quick, stop=SHORT, rng=np.random.default_rng(16))
        np.testing.assert_allclose(session.seconds, [1 + 2 * len(trial) for trial in session.arrangements])

    @pytest.mark.parametrize(
        ("habits", "message"),
        [({"noise": -1}, "noise"), ({"laziness": 2}, "laziness"), ({"strategy": "guess"}, "strategy")],
    )
    def test_impossible_behaviour_is_refused(self, habits, message):
        with pytest.raises(ValueError, match=message):
            Behaviour(**habits)

    def test_an_incomplete_rdm_is_refused(self):
        with pytest.raises(ValueError, match="complete"):
            simulate_rater(np.array([1.0, np.nan, 1.0]), rng=np.random.default_rng(0))
