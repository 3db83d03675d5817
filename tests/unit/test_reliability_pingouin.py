"""ICC and Cronbach's alpha against pingouin."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from analysis import reliability


@pytest.fixture(scope="module")
def pingouin():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

        return pingouin


# Of pandas' next version, about pingouin's own calls.
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_icc_and_alpha_are_pingouins(pingouin, seed):
    import pandas as pd

    rng = np.random.default_rng(seed)
    n_raters, n = 4 + seed, 45
    x = rng.random(n) + rng.normal(scale=0.4, size=(n_raters, n)) + rng.normal(scale=0.3, size=(n_raters, 1))
    rater, pair = np.indices(x.shape)
    long = pd.DataFrame({"rater": rater.ravel(), "pair": pair.ravel(), "d": x.ravel()})
    icc = pingouin.intraclass_corr(long, targets="pair", raters="rater", ratings="d").set_index("Type")["ICC"]
    coefficients = reliability(x)
    names = {"icc_2_1": ("ICC2", "ICC(A,1)"), "icc_2_k": ("ICC2k", "ICC(A,k)"), "icc_3_k": ("ICC3k", "ICC(C,k)")}
    for name, types in names.items():
        theirs = next(icc[kind] for kind in types if kind in icc.index)
        assert getattr(coefficients, name).value == pytest.approx(theirs, abs=1e-9), name
    assert coefficients.cronbach_alpha.value == pytest.approx(pingouin.cronbach_alpha(pd.DataFrame(x.T))[0], abs=1e-9)
