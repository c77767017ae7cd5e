"""Conley and cluster standard errors: explicit sums, the formulas of clusters, known worlds."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from doors import clusters_by, influences, robust, saturated_model, within
from spatial_places import kilometres

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

UNITS, PERIODS = 120, 8
RNG = np.random.default_rng(2)
PLACES = np.column_stack([RNG.uniform(103, 119, UNITS), RNG.uniform(23, 37, UNITS)])
PROVINCE = np.floor((PLACES[:, 0] - 103) / 2.7).astype(int) * 5 + np.floor(
    (PLACES[:, 1] - 23) / 2.9
).astype(int)
COHORT = np.array([3.0, 5.0, np.nan])[(PROVINCE * 7) % 3]


def panel_of(shared: float, *, places: bool = True, provinces: bool = True) -> nqp.Panel:
    """Shocks of provinces in every period, that last, of some size; errors of sd one."""
    rng = np.random.default_rng(5)
    together = np.cumsum(rng.standard_normal((PROVINCE.max() + 1, PERIODS)), axis=1)[PROVINCE]
    y = shared * together + rng.standard_normal((UNITS, PERIODS)) + rng.standard_normal((UNITS, 1))
    y = y + (np.arange(PERIODS) >= COHORT[:, None])
    frame = pd.DataFrame(
        {
            "unit": np.repeat([f"u{k:03d}" for k in range(UNITS)], PERIODS),
            "time": np.tile(np.arange(PERIODS), UNITS), "y": y.ravel(),
            "cohort": np.repeat(COHORT, PERIODS),
        }
    )  # fmt: skip
    if places:
        frame["longitude"], frame["latitude"] = np.repeat(PLACES, PERIODS, axis=0).T
    if provinces:
        frame["province"] = np.repeat([f"p{k:02d}" for k in PROVINCE], PERIODS)
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")


@lru_cache
def fitted(shared: float, design: nqp.StaggeredDiD, **what: bool) -> nqp.Fit:
    return nqp.fit(
        design, panel_of(shared, **what), nqp.Importance(seed=1, draws=250), progress=False
    )


PLAIN = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), nqp.IID())


@pytest.mark.parametrize("kernel", ["bartlett", "uniform"])
def test_conleys_is_an_explicit_double_loop(kernel: str) -> None:
    """Least squares with dummies of units, periods and cells, and a sum over pairs of units."""
    fit = fitted(0.5, PLAIN)
    result = nqp.check(fit, "spatial_errors", km=400, kernel=kernel, progress=False)
    treated = np.arange(PERIODS) >= COHORT[:, None]
    unit, time = (x.ravel() for x in np.indices((UNITS, PERIODS)))
    cell = np.where(treated, np.nan_to_num(COHORT)[:, None] * 100 + np.arange(PERIODS), -1).ravel()
    names, rows = np.unique(cell[cell >= 0], return_counts=True)
    effects = np.equal.outer(cell, names) * 1.0
    x = np.column_stack([np.eye(UNITS)[unit], np.eye(PERIODS)[time], effects])
    y = np.asarray(fit.panel.outcome)
    w = np.concatenate([np.zeros(UNITS + PERIODS), rows / rows.sum()])
    a = x @ (np.linalg.pinv(x.T @ x, hermitian=True) @ w)
    e = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    psi = np.array([(a * e)[unit == k].sum() for k in range(UNITS)])
    km, total = kilometres(PLACES), 0.0
    for i in range(UNITS):
        for j in range(UNITS):
            apart = 0.0 if i == j else km[i, j]
            if apart <= 400:
                total += (1 - apart / 400 if kernel == "bartlett" else 1.0) * psi[i] * psi[j]
    table = result.evidence
    assert table["by"].tolist() == ["unit", "Conley, 400 km", "province"]
    assert table["se"][1] == pytest.approx(np.sqrt(total), rel=1e-10)
    assert table["se"][0] == pytest.approx(np.sqrt(psi @ psi * UNITS / (UNITS - 1)), rel=1e-10)


@pytest.mark.parametrize(
    "design",
    [
        nqp.StaggeredDiD(nqp.CompletePooling()),
        nqp.StaggeredDiD(nqp.CompletePooling(), shocks=nqp.ClusterTimeEffects("province")),
        nqp.StaggeredDiD(nqp.CompletePooling(varying="province"), nqp.IID()),
    ],
    ids=["deviations", "shocks", "deviations of provinces"],
)  # fmt: skip
def test_kernels_of_clusters_give_what_clusters_give(design: nqp.StaggeredDiD) -> None:
    """The covariance of influences, off the diagonal too: see `test_cluster`."""
    fit = fitted(0.5, design)
    effects = nqp.group_time_effects(fit)
    weights = (effects["rows"] / effects["rows"].sum()).to_numpy()
    for name in ("unit", "province"):
        if name == "unit" and design.effect.varying == "province":
            continue
        groups = clusters_by(fit, name)
        model_frame, everywhere, errors = saturated_model(fit, weights[None])
        theirs = robust(model_frame, everywhere, errors, groups.codes, groups.unit_effect)
        count = np.unique(groups.codes).size
        ours = influences(fit, weights, groups.unit_effect).variance(
            within(groups.codes), count / (count - 1)
        )
        # Clusters inside owners of shocks: what they share is left out of the spread there.
        exact = name == "province" or design.shocks is None
        for field in ("variance", "expected", "model", *(["spread"] if exact else [])):
            assert getattr(ours, field) == pytest.approx(getattr(theirs, field)[0], rel=1e-8)
        assert ours.ratio == pytest.approx(theirs.ratio[0], rel=1e-8)


@pytest.mark.slow
def test_verdicts_where_the_answer_is_known_and_the_hint_fits() -> None:
    alone = fitted(0.0, PLAIN.replace(errors=nqp.AR1()))
    assert nqp.check(alone, "spatial_errors", progress=False).verdict == "passed"
    fit = fitted(0.7, PLAIN.replace(errors=nqp.AR1()))
    result = nqp.check(fit, "spatial_errors", progress=False)
    assert result.verdict == "caution"
    hint = re.search(r"Next: fit again with (.*) in the design\.$", result.sentence)
    assert hint is not None
    assert hint.group(1) == "shocks=nqp.ClusterTimeEffects(by='province', errors=nqp.AR1())"
    design = eval(f"fit.variant({hint.group(1)})", {"fit": fit, "nqp": nqp})
    better = nqp.fit(design, fit.panel, nqp.Importance(seed=1, draws=250), progress=False)
    after = nqp.check(better, "spatial_errors", progress=False).evidence["ratio"][1:].max()
    assert after < result.evidence["ratio"][1:].max() - 0.2


def test_without_provinces_rings_are_proposed_and_without_places_clusters_speak() -> None:
    fit = fitted(0.7, PLAIN, provinces=False)
    result = nqp.check(fit, "spatial_errors", km=500, progress=False)
    assert result.verdict == "caution"
    assert "again with spillovers=nqp.Rings(km=(100.0, 200.0, 300.0)) in" in result.sentence
    design = fit.variant(spillovers=nqp.Rings(km=(100.0, 200.0, 300.0)))
    nqp.fit(design, fit.panel, nqp.Importance(seed=1, draws=100), progress=False)
    blind = fitted(0.7, PLAIN, places=False)
    table = nqp.check(blind, "spatial_errors", progress=False).evidence
    assert table["by"].tolist() == ["unit", "province"]
    nothing = fitted(0.7, PLAIN, places=False, provinces=False)
    result = nqp.check(nothing, "spatial_errors", progress=False)
    assert result.verdict == "not applicable"
    assert "longitude" in result.sentence
    for options in ({"km": 0}, {"km": True}, {"kernel": "normal"}):
        with pytest.raises(StudyError, match=f"'?{next(iter(options))}'?"):
            nqp.check(fit, "spatial_errors", progress=False, **options)
