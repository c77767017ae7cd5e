"""Sampling row by row gives the posterior that the compressed rows give."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats
from random_panels import random_panel

from bayes_nqp import IMH, NUTS, Partial, StaggeredDiD, StudentT, fit
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._rows import ROWS_NOTE

DESIGN = StaggeredDiD(Partial(["region"]), unidentified="drop")


def _error(values):
    """Monte-Carlo standard error of means over chain and draw."""
    flat = np.asarray(values).reshape(*values.shape[:2], -1)
    size = array_stats.ess(flat, chain_axis=0, draw_axis=1, method="mean")
    return flat.mean(axis=(0, 1)), flat.std(axis=(0, 1)) / np.sqrt(size), flat.std(axis=(0, 1))


@pytest.mark.xdist_group("rows")
def test_both_routes_give_one_posterior():
    """With very many degrees of freedom Student-t errors are normal."""
    panel = random_panel(11, units=16, periods=6, missing=0.1, strata=("region",))
    plain = fit(DESIGN, panel, IMH(seed=1, draws=4000), progress=False)
    rows = fit(
        DESIGN.replace(likelihood=StudentT(1e7)), panel,
        NUTS(seed=1, draws=800, tune=600, chains=2, target_accept=0.95), progress=False,
    )  # fmt: skip
    assert ROWS_NOTE in rows.notes
    assert ROWS_NOTE in repr(rows)
    assert ROWS_NOTE not in plain.notes
    assert set(rows.posterior.data_vars) == set(plain.posterior.data_vars)
    assert rows.tree["effects"].to_dataset().sizes["member"] > 4
    pairs = [(rows.posterior[n], plain.posterior[n]) for n in plain.posterior.data_vars]
    for name in ("effect", "deviation"):
        pairs.append((rows.tree["effects"][name], plain.tree["effects"][name]))
    assert int(rows.tree["sample_stats"]["diverging"].sum()) == 0
    worst = []
    for ours, theirs in pairs:
        assert ours.dims == theirs.dims
        (a, ea, sa), (b, eb, sb) = _error(ours.values), _error(theirs.values)
        worst.append(np.abs((a - b) / np.sqrt(ea**2 + eb**2)).max())
        np.testing.assert_allclose(sa, sb, rtol=0.3)
    assert max(worst) < 4.5


def test_fast_sampler_needs_compression():
    panel = random_panel(11, strata=("region",))
    with pytest.raises(StudyError, match="compressed"):
        fit(DESIGN.replace(likelihood=StudentT()), panel, IMH(seed=1), progress=False)
