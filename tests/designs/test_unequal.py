"""Errors of unequal spread: their variances, what they repair, and who tells of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.planning import plan_of

SAMPLER = nqp.Importance(draws=400, seed=1)
UNITS, PERIODS, ADOPTERS = 60, 12, 15


def spread_out(seed: int, sd: float) -> nqp.Panel:
    """Fifteen units adopt, and their errors are ``sd`` times as large as others'; no effect."""
    rng = np.random.default_rng([91, seed])
    errors = rng.normal(size=(UNITS, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] += 0.5 * errors[:, t - 1]
    errors[:ADOPTERS] *= sd
    y = errors + rng.normal(size=(UNITS, 1)) + rng.normal(size=PERIODS)
    start = np.full(UNITS, np.nan)
    start[:ADOPTERS] = np.arange(ADOPTERS) % 3 + 5
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(UNITS), PERIODS), "time": np.tile(np.arange(PERIODS), UNITS),
        "cohort": np.repeat(start, PERIODS), "y": y.ravel(),
        "half": np.repeat(np.where(np.arange(UNITS) % 2, "a", "b"), PERIODS),
    })  # fmt: skip
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")


def variances(design: nqp.StaggeredDiD, panel: nqp.Panel) -> np.ndarray:
    rows = plan_of(design, panel).equations[0].rows
    assert rows.weights is not None
    relative = 1.0 / rows.weights
    np.testing.assert_allclose(relative.mean(), 1.0, rtol=1e-12)
    return np.asarray([relative[rows.unit == k][0] for k in range(UNITS)])


def test_variances_are_those_of_the_groups() -> None:
    found = np.mean(
        [variances(nqp.StaggeredDiD(errors=nqp.Unequal()), spread_out(k, 3.0)) for k in range(8)],
        axis=0,
    )
    ratio = found[0] / found[-1]
    assert np.ptp(found[:ADOPTERS]) == np.ptp(found[ADOPTERS:]) == 0.0
    assert 7.0 < ratio < 10.0
    by = nqp.Unequal(nqp.IID(), by="half")
    halves = variances(nqp.StaggeredDiD(errors=by), spread_out(1, 3.0))
    assert np.unique(halves).size == 2


def test_intervals_are_as_wide_as_errors_of_adopters_demand() -> None:
    sds, means = [], []
    for seed in range(12):
        panel = spread_out(seed, 3.0)
        fit = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
        both = [
            nqp.att(x)
            for x in (
                fit,
                nqp.fit(fit.variant(errors=nqp.Unequal()), panel, SAMPLER, progress=False),
            )
        ]
        sds.append([float(x.std()) for x in both])
        means.append(float(both[1].mean()))
    alike, apart = np.mean(sds, axis=0)
    assert apart > 1.2 * alike
    assert 0.6 < np.std(means) / apart < 1.4


def test_the_check_of_errors_names_them_where_they_differ_and_is_silent_where_not() -> None:
    verdicts = {}
    for sd in (1.0, 3.0):
        fit = nqp.fit(nqp.StaggeredDiD(), spread_out(3, sd), SAMPLER, progress=False)
        verdicts[sd] = nqp.check(fit, "error_model")
    assert verdicts[1.0].verdict == "holds"
    assert verdicts[3.0].verdict in ("in doubt", "fails")
    assert "fit errors=nqp.Unequal()" in str(verdicts[3.0].sentence)


def test_every_structure_has_it_beyond_itself_once() -> None:
    for errors in (nqp.IID(), nqp.AR1(), nqp.AR1Noise()):
        assert nqp.Unequal(errors) in errors.richer
    assert not [x for x in nqp.Unequal(nqp.IID()).richer if isinstance(x.errors, nqp.Unequal)]
