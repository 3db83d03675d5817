"""How raters differ: against simulated truth in which they differ by noise alone, or in kind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from analysis.formats.tables import csv_lines
from analysis.reliability import individual_test
from analysis.results.individuals import attribute_weights, individuals
from analysis.results.model_parts import ModelParts
from analysis.results.part_tables import PART_TABLES, part_rows, parts_methods
from analysis.results.weighted_sums import WeightedSum

N_ITEMS, N_RATERS = 14, 8


def halves(rng: np.random.Generator, own: float) -> np.ndarray:
    """Two noisy halves of each rater's RDM, (R, 2, P); noise differs between raters, `own` is each rater's own part."""
    truth = pdist(rng.normal(size=(N_ITEMS, 3)))
    noise = np.linspace(0.2, 2.0, N_RATERS)[:, None, None]
    rdms = truth + own * np.array([pdist(rng.normal(size=(N_ITEMS, 3))) for _ in range(N_RATERS)])
    return np.abs(rdms[:, None] + noise * rng.normal(size=(N_RATERS, 2, truth.size)))


def test_noise_that_differs_between_raters_is_not_taken_for_kind_and_kind_is_found() -> None:
    rng = np.random.default_rng(2)
    significant = {
        own: [individual_test(*halves(rng, own).transpose(1, 0, 2), n_permutations=199, rng=rng).p for _ in range(60)]
        for own in (0.0, 0.5)
    }
    # Of 60 at a rate of .05 nine or more are found in 1 of 500 cases; the plain difference of means finds 33.
    assert sum(p <= 0.05 for p in significant[0.0]) <= 8
    assert sum(p <= 0.05 for p in significant[0.5]) >= 50


def test_the_expected_correlation_is_the_product_of_the_halves_factors() -> None:
    rng = np.random.default_rng(3)
    same = halves(rng, 0.0).transpose(1, 0, 2)
    test = individual_test(*same, n_permutations=99)
    plain = np.corrcoef(*same)[:N_RATERS, N_RATERS:]
    assert test.within == pytest.approx(np.trace(plain) / N_RATERS)
    assert test.expected == pytest.approx(test.within, abs=0.04)
    assert test.difference.interval[0] < 0 < test.difference.interval[1]
    for options, words in (({"level": 3.0}, "level must lie"), ({"n_permutations": 0}, "at least 1")):
        with pytest.raises(ValueError, match=words):
            individual_test(*same, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 4 raters"):
        individual_test(same[0][:3], same[1][:3])


def test_agreement_without_noise_is_that_of_what_raters_see_however_accurate_their_rdms_are() -> None:
    rng = np.random.default_rng(5)
    asked = {"n_permutations": 19, "level": 0.95, "seed": 0, "report": lambda *_: None}
    found = {}
    for own in (0.0, 1.0):
        studies = [halves(rng, own) for _ in range(12)]
        # The RDMs of all trials are those of an estimator that is more accurate than halves let one expect.
        names = [f"P{k}" for k in range(N_RATERS)]
        tables = [two.mean(axis=1) + 3 * two.mean(axis=(0, 1)) for two in studies]
        values = [
            individuals(table, names, two, {}, **asked)  # type: ignore[arg-type]
            for table, two in zip(tables, studies, strict=True)
        ]
        found[own] = np.mean([one.without_noise for one in values])
        assert values[0].without_noise == pytest.approx(values[0].expected / values[0].within)
        assert values[0].without_noise_low < values[0].without_noise < values[0].without_noise_high
    assert found[0.0] == pytest.approx(1, abs=0.05)
    assert found[1.0] == pytest.approx(0.5, abs=0.1)


def test_groups_weights_and_words_of_raters() -> None:
    rng = np.random.default_rng(4)
    space = rng.normal(size=(N_ITEMS, 2))
    attributes = {"one": pdist(space[:, :1]), "two": pdist(space[:, 1:])}
    # Half of the raters weigh the first dimension more, the others the second.
    kinds = np.arange(N_RATERS) % 2
    table = np.array([pdist(space * np.sqrt([1 + 8 * kind, 9 - 8 * kind])) for kind in kinds])
    two = np.abs(table[:, None] + 0.3 * rng.normal(size=(N_RATERS, 2, table.shape[1])))
    names = [f"P{k}" for k in range(N_RATERS)]
    asked = {"n_permutations": 199, "level": 0.95, "seed": 0, "report": lambda *_: None}
    differences = individuals(table, names, two, attributes, **asked)  # type: ignore[arg-type]
    assert (differences.n_clusters, differences.p < 0.05, differences.remarks) == (2, True, ())
    assert differences.silhouette > 0.8
    clusters = np.array([one.cluster for one in differences.raters])
    assert set(clusters[kinds == 0]) != set(clusters[kinds == 1])
    ratios = np.array([one.dimensions[0] / max(one.dimensions[1], 1e-9) for one in differences.raters])
    assert abs(np.log(ratios[kinds == 0].mean() / ratios[kinds == 1].mean())) > 1
    assert min(one.fit for one in differences.raters) > 0.99
    own = attribute_weights(table, list(attributes.values()))
    assert (own[kinds == 1, 0] > own[kinds == 1, 1]).all()
    x = np.array([(one - one.mean()) / one.std() for one in attributes.values()])
    y = (table[0] - table[0].mean()) / table[0].std()
    np.testing.assert_allclose(own[0], np.linalg.solve(x @ x.T, x @ y))
    np.testing.assert_allclose([one.mean for one in differences.weights], own.mean(axis=0))
    parts = ModelParts(individuals=differences)
    rows = {name: len(rows) for name in PART_TABLES if (rows := part_rows(parts, name))}
    assert rows == {"rater_test": 1, "rater_places": N_RATERS, "rater_attribute_weights": 2 * N_RATERS}
    assert len(parts_methods(parts, "ρa")) == 4
    weighted = (WeightedSum("net", ("early", "late"), (0.2, 0.8), 0.5, 0.4),)
    whole = ModelParts(individuals=differences, weighted=weighted)
    written = {name: [*csv_lines(columns, part_rows(whole, name))] for name, columns in PART_TABLES.items()}
    assert written["weighted_models"][1:] == ["net,early,0.2,0.5,0.4\n", "net,late,0.8,0.5,0.4\n"]
    assert len(written["rater_places"]) == 1 + N_RATERS
    without = individuals(table[:2], names[:2], None, {}, **asked)  # type: ignore[arg-type]
    assert len(without.remarks) == 2
    assert not parts_methods(ModelParts(individuals=without), "ρa")[1:]
