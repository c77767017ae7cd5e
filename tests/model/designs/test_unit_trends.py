"""Unit-specific linear trends, compared with least squares on dummies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp.data.simulation import staggered

SAMPLER = nqp.Importance(draws=2000, chains=2, seed=1)
DESIGN = nqp.StaggeredDiD(
    nqp.NoPooling(varying=None), nqp.IID(), trends=nqp.UnitTrends(), unidentified="drop"
)


def least_squares(panel: nqp.Panel) -> tuple[float, float]:
    """Average effect and its standard error, with dummies for units, periods and cells."""
    unit, time = panel.unit_codes, panel.time_codes
    cohort = panel.cohort_codes[unit]
    cells = [(g, t) for g in np.unique(cohort[cohort >= 0]) for t in range(g, panel.periods)]
    columns = [(cohort == g) & (time == t) for g, t in cells]
    rows = np.array([x.sum() for x in columns])
    columns += [unit == k for k in range(panel.n_units)]
    columns += [time == t for t in range(1, panel.periods)]
    columns += [(unit == k) * (time - 4.0) for k in range(panel.n_units)]
    x = np.stack(columns, axis=1).astype(float)
    estimate, _, rank, _ = np.linalg.lstsq(x, panel.outcome, rcond=None)
    residual = panel.outcome - x @ estimate
    variance = residual @ residual / (residual.size - rank) * np.linalg.pinv(x.T @ x)
    w = np.append(rows / rows.sum(), np.zeros(x.shape[1] - rows.size))
    return float(w @ estimate), float(np.sqrt(w @ variance @ w))


def sloped(seed: int) -> nqp.Panel:
    """Treated units grow faster by different amounts; effects are 1."""
    panel = staggered(
        units=40, periods=9, cohorts=(5, 7), strata={}, seed=seed, missing=0.05, rho=0.0,
        deviation_sd=0.0,
    ).panel  # fmt: skip
    slope = 0.4 * (panel.cohort_codes >= 0) + np.random.default_rng(seed).normal(0, 0.2, 40)
    return panel.with_outcome(panel.outcome + slope[panel.unit_codes] * panel.time_codes)


@pytest.mark.slow
def test_the_posterior_is_least_squares() -> None:
    panel = sloped(3)
    fit = nqp.fit(DESIGN, panel, SAMPLER, progress=False)
    mean, se = least_squares(panel)
    draws = nqp.att(fit)
    assert float(draws.mean()) == pytest.approx(mean, abs=0.08 * se)
    assert float(draws.std()) == pytest.approx(se, rel=0.06)
    assert "a linear time trend of each unit" in fit.notes[-1]
    assert not fit.facts.parallel


@pytest.mark.slow
def test_lines_of_units_change_nothing() -> None:
    """Slopes are flat; lines change the scale of the prior of sigma alone."""
    panel = sloped(5)
    line = np.random.default_rng(0).normal(0, 1.0, 40)[panel.unit_codes] * panel.time_codes
    one, other = (
        nqp.att(nqp.fit(DESIGN, x, SAMPLER, progress=False))
        for x in (panel, panel.with_outcome(panel.outcome + line))
    )
    assert float(other.mean()) == pytest.approx(float(one.mean()), abs=0.05 * float(one.std()))
    assert float(other.std()) == pytest.approx(float(one.std()), rel=0.05)


def test_what_they_refuse() -> None:
    panel = sloped(3)
    refused: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (IdentificationError, "flat leads", {"controls": "never"}),
        (StudyError, "does not allow", {"likelihood": nqp.StudentT()}),
    ]
    for kind, sentence, changes in refused:
        with pytest.raises(kind, match=sentence):
            nqp.StaggeredDiD(trends=nqp.UnitTrends(), **changes).spec(panel)
    short = panel.where((panel.time_codes >= 4) & (panel.time_codes <= 5))
    with pytest.raises(IdentificationError, match="three periods"):
        nqp.StaggeredDiD(trends=nqp.UnitTrends(), unidentified="drop").spec(short)
