"""The four equalities with other estimators, on real panels, without Monte-Carlo error.

Reference values are computed here by pyfixest and diff-diff, or are R's, stored in the shared
data (minimum_wage/ref_attgt.csv and ref_aggte.csv: R's package did on mpdta).
benchmarks/results/parity.md shows them; `python -m benchmarks.parity` makes it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from against import cases, peers
from against.cases import CASTLE, EQUALITIES, FLAT, MPDTA, Comparison

import bayes_nqp as nqp
from bayes_nqp.effects.estimands import att

TOLERANCE = 1e-9
# pyfixest solves the first stage of did2s iteratively, to its default tolerance.
TOLERANCES = {"pyfixest `did2s`": 1e-6}

# Largest differences where estimators must differ, as in benchmarks/results/parity.md, which
# `python -m benchmarks.parity` makes, with pyfixest 0.60, diff-diff 3.13 and R's stored values.
DIFFERENCES = {
    (2, "mpdta, 10 % of rows missing", "effects"): 0.014903,
    (2, "mpdta, 10 % of rows missing", "ATT"): 0.001695,
    (2, "mpdta, 10 % of rows missing", "by event time"): 0.014903,
    (2, "castle, 10 % missing", "effects"): 0.019580,
    (2, "castle, 10 % missing", "ATT"): 0.005937,
    (2, "castle, 10 % missing", "by event time"): 0.015667,
    (2, "castle, three covariates", "effects"): 0.037695,
    (2, "castle, three covariates", "ATT"): 0.000472,
    (2, "castle, three covariates", "by event time"): 0.037695,
    (4, "mpdta, 10 % of rows missing", "effects and leads"): 0.013071,
    (4, "mpdta, 10 % of rows missing", "ATT (simple)"): 0.002713,
    (4, "mpdta, 10 % of rows missing", "by event time"): 0.013071,
    (4, "mpdta, adjusted for lpop", "effects"): 0.002018,
    (4, "mpdta, R's not-yet-treated controls", "effects"): 0.017052,
}


def check(comparison: Comparison) -> None:
    label = comparison.label
    if comparison.equal:
        assert comparison.largest <= TOLERANCES.get(comparison.peer, TOLERANCE), label
    else:
        key = (comparison.equality, comparison.data, comparison.quantity)
        assert comparison.largest == pytest.approx(DIFFERENCES[key], abs=2e-6), label


@pytest.mark.slow
@pytest.mark.parametrize("name", EQUALITIES)
def test_castle(name: str) -> None:
    found = list(EQUALITIES[name](None))
    assert found
    for comparison in found:
        check(comparison)


@pytest.mark.slow
@pytest.mark.parametrize("name", EQUALITIES)
def test_mpdta(name: str, shared_data: Path) -> None:
    found = [c for c in EQUALITIES[name](shared_data) if c.data.startswith("mpdta")]
    assert found
    for comparison in found:
        check(comparison)


def test_known_values(shared_data: Path) -> None:
    # R's did on mpdta, as its documentation and ref_aggte.csv give them, to four digits.
    panel = cases.panel_of(cases.mpdta_frame(shared_data), MPDTA)
    effects = nqp.posterior_mean(FLAT.replace(controls="never"), panel)
    assert round(float(att(effects).item()), 4) == -0.0400
    by_time = att(effects, by="event_time").to_numpy().ravel()
    assert by_time.round(4).tolist() == [-0.0199, -0.0510, -0.1373, -0.1008]


def test_rows_weigh_as_r_does(shared_data: Path) -> None:
    # aggte weighs cohorts by their number of units: on a balanced panel, rows and units alike.
    panel = cases.panel_of(cases.mpdta_frame(shared_data), MPDTA)
    effects = nqp.posterior_mean(FLAT.replace(controls="never"), panel)
    simple = cases.r_table(shared_data, "aggte", "mpdta_nev_dr").set_index("type")["overall_att"]
    for weights in ("rows", "units"):
        ours = float(att(effects, weights=weights).item())
        assert ours == pytest.approx(simple["simple"], abs=TOLERANCE)
    assert abs(float(att(effects, weights="equal").item()) - simple["simple"]) > 0.01


def test_sigma_does_not_matter() -> None:
    panel = cases.panel_of(cases.castle_frame(), CASTLE)
    means = [nqp.posterior_mean(FLAT, panel, sigma=x).effect.to_numpy() for x in (0.01, 10.0)]
    assert np.allclose(*means, rtol=0, atol=1e-12)


def test_varying_base_to_universal(shared_data: Path) -> None:
    # The lead of 2007 in 2005 is minus the step to 2006: +.0311 for R's −.0311.
    leads = peers.universal_base(cases.r_table(shared_data, "attgt", "mpdta_nev_dr"))
    assert leads[2007, 2005] == pytest.approx(0.0310871193896889, abs=1e-15)
    assert (2004, 2003) not in leads.index
