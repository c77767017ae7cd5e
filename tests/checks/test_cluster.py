"""Cluster-robust variances against the model written densely, and against pyfixest."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dense import dense as dense_of
from doors import Controls, Errors, Robust, mode_averages, robust, unit_column
from random_panels import random_frame, random_panel

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.model_frame import model_frame_of

FLAT = nqp.StaggeredDiD(nqp.NoPooling(varying=None), unidentified="drop")
ERRORS = Errors(sigma=1.3, parameters={"rho": 0.55, "noise": 0.7}, deviation=0.8)


def weights_of(model_frame, seed: int = 5) -> np.ndarray:
    """The average by rows, and two random sums, over cells with effects."""
    rows = model_frame.cells.rows * ~model_frame.cells.lead
    random = np.random.default_rng(seed).normal(size=(2, rows.size)) * ~model_frame.cells.lead
    return np.concatenate([(rows / rows.sum())[None], random])


def codes_of(panel: nqp.Panel, name: str) -> np.ndarray:
    return np.arange(panel.n_units) if name == "unit" else unit_column(panel, name, "cluster")[0]


def dense_robust(
    design, panel, model_frame, weights, errors, cluster, member
) -> dict[str, np.ndarray]:
    """Everything by its definition, on all rows at once."""
    dense = dense_of(design, panel)
    parameters = {"sigma": errors.sigma / dense.s, **errors.parameters}
    if not isinstance(design.errors, nqp.AR1PlusNoise):
        parameters["noise"] = 0.0
    covariance = dense.error_covariance(parameters)
    precision = np.linalg.inv(covariance)
    x = dense.flat
    picked = np.zeros((x.shape[1], weights.shape[0]))
    picked[x.shape[1] - dense.flat_map.shape[1] :] = (weights @ dense.flat_map).T
    inverse = np.linalg.pinv(x.T @ precision @ x, rcond=1e-11, hermitian=True)
    loads = picked.T @ inverse @ x.T @ precision
    residuals = np.eye(x.shape[0]) - x @ inverse @ x.T @ precision
    groups = cluster[dense.unit]
    who = (groups[:, None] == np.unique(groups)).astype(float)
    members = member[dense.unit]
    owner = (members[:, None] == np.unique(members)) * dense.treated[:, None]
    # An exposure multiplies deviations, as it does effects; averages count its rows alike.
    exposed = isinstance(design, nqp.ContinuousExposure)
    treated = owner * dense.x[:, None] if exposed else owner
    inside = dense.inside if exposed else dense.in_cell
    size = dense.dose if exposed else 1.0
    whole = covariance + (errors.deviation / dense.s) ** 2 * treated @ treated.T
    for codes, root in errors.processes:
        shared = codes[dense.unit]
        same = (shared[:, None] == shared) & (shared >= 0)
        between = (root @ root.T)[np.ix_(dense.time, dense.time)] / dense.s**2
        whole = whole + same * between
    # Scores: columns of the design times the precision times residuals, cluster by cluster.
    columns = picked.T @ inverse @ x.T
    n = who.shape[1]
    factor = n / (n - 1)
    out: dict[str, list[float]] = {k: [] for k in (
        "variance", "expected", "spread", "model",
        "control_variance", "control_expected", "control_spread",
    )}  # fmt: skip
    shares = weights @ (inside / inside.sum(axis=0)).T @ owner
    for k in range(weights.shape[0]):
        maps = who.T @ (columns[k][:, None] * (precision @ residuals))
        c = maps @ whole @ maps.T
        out["variance"].append(factor * ((maps @ dense.y) ** 2).sum())
        out["expected"].append(factor * np.trace(c))
        out["spread"].append(factor * np.sqrt(2.0) * np.linalg.norm(c))
        off = loads[k] @ treated - shares[k]
        rest = whole - (errors.deviation / dense.s) ** 2 * treated @ treated.T
        out["model"].append(
            loads[k] @ rest @ loads[k] + (errors.deviation / dense.s) ** 2 * off @ off
        )
        mine = ~np.array([dense.treated[groups == g].any() for g in np.unique(groups)])
        own = maps[mine]
        out["control_variance"].append(factor * ((own @ dense.y) ** 2).sum())
        out["control_expected"].append(factor * np.trace(own @ whole @ own.T))
        out["control_spread"].append(factor * np.sqrt(2.0) * np.linalg.norm(own @ whole @ own.T))
    found = {k: np.array(v) * (dense.s / size) ** 2 for k, v in out.items()}
    return {"estimate": loads @ dense.y * dense.s / size, **found}


DOSE = nqp.ContinuousExposure("d", nqp.NoPooling(varying=None), unidentified="drop")
CASES = {
    "units": (FLAT.replace(time=nqp.TimeEffects()), {}, "unit", "unit"),
    "iid, weights": (FLAT.replace(errors=nqp.IID()), {"weights": True}, "unit", "unit"),
    "gaps, covariates": (FLAT, {"missing": 0.15, "covariates": True}, "unit", "unit"),
    "cities": (FLAT.replace(errors=nqp.AR1PlusNoise()), {"missing": 0.1}, "city", "unit"),
    "random effects by city": (
        FLAT.replace(time=nqp.TimeEffects()),
        {"covariates": True},
        "region",
        "city",
    ),
    "exposure": (DOSE, {}, "unit", "unit"),
    "exposure, by time": (
        DOSE.replace(by_time=True, errors=nqp.AR1PlusNoise()),
        {"missing": 0.1},
        "city",
        "city",
    ),
    "leads": (FLAT.replace(controls="never", time=nqp.TimeEffects()), {}, "city", "city"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_variances_are_those_of_the_dense_model(name: str) -> None:
    design, how, cluster_by, unit_effect_by = CASES[name]
    panel = random_panel(3, units=30, strata=("region",), **how)
    model_frame = model_frame_of(design, panel)
    weights = weights_of(model_frame)
    cluster, member = codes_of(panel, cluster_by), codes_of(panel, unit_effect_by)
    found = robust(model_frame, weights, ERRORS, cluster, member)
    wanted = dense_robust(design, panel, model_frame, weights, ERRORS, cluster, member)
    for key, values in wanted.items():
        part = found.controls if key.startswith("control_") else found
        ours = getattr(part, key.removeprefix("control_"))
        np.testing.assert_allclose(ours, values, rtol=1e-7, atol=1e-20, err_msg=key)


def test_estimates_hold_the_moderators_of_their_cells() -> None:
    """Averages by stratum, where moderators differ between strata: those of the flat posterior."""
    generator = np.random.default_rng(1)
    simulated = staggered(units=40, periods=6, cohorts=(3, 5), never=0.3, seed=2).panel
    region = simulated.strata_codes["region"][simulated.unit_codes]
    z = 2.0 * region + generator.normal(size=simulated.n_units)[simulated.unit_codes]
    panel = nqp.Panel.from_frame(
        simulated.frame.assign(z=z), **{**simulated.arguments, "moderators": ["z"]}
    )
    design = FLAT.replace(errors=nqp.IID(), moderator="z")
    model_frame = model_frame_of(design, panel)
    weights = np.stack(
        [np.where(model_frame.table.stratum == s, model_frame.cells.rows, 0.0) for s in range(2)]
    )
    weights /= weights.sum(axis=1, keepdims=True)
    units = np.arange(panel.n_units)
    found = robust(model_frame, weights, ERRORS, units, units)
    mean, _ = mode_averages(design, panel, lambda _: weights.T)
    np.testing.assert_allclose(found.estimate, mean, rtol=1e-8)
    assert np.abs(weights @ model_frame.effects.mean_of_cells).min() > 0.3


@pytest.mark.parametrize("name", ["cities", "exposure, by time", "units"])
@pytest.mark.parametrize("kind", ["shocks", "waves of some"])
def test_shared_processes_are_in_what_the_model_expects(name: str, kind: str) -> None:
    """Means whatever the clusters; spreads where processes do not cross them."""
    design, how, cluster_by, unit_effect_by = CASES[name]
    panel = random_panel(3, units=30, strata=("region",), **how)
    model_frame = model_frame_of(design, panel)
    weights, shocks = weights_of(model_frame), codes_of(panel, "city")
    root = 0.9 * np.eye(panel.periods)
    if kind != "shocks":
        angle = np.arange(panel.periods)[:, None]
        root, shocks = np.hstack([np.cos(angle), np.sin(angle)]), np.where(shocks > 1, shocks, -1)
    errors = replace(ERRORS, processes=((shocks, root),))
    cluster, member = codes_of(panel, cluster_by), codes_of(panel, unit_effect_by)
    found = robust(model_frame, weights, errors, cluster, member)
    wanted = dense_robust(design, panel, model_frame, weights, errors, cluster, member)
    for key, values in wanted.items():
        if key.endswith("spread") and cluster_by != "city":
            continue
        part = found.controls if key.startswith("control_") else found
        ours = getattr(part, key.removeprefix("control_"))
        np.testing.assert_allclose(ours, values, rtol=1e-7, atol=1e-20, err_msg=key)


def test_classes_and_single_units_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from doors import _cluster

    panel = random_panel(4, units=40, strata=("region",), covariates=True)
    model_frame = model_frame_of(FLAT, panel)
    each = np.arange(panel.n_units)
    exact = robust(model_frame, weights_of(model_frame), ERRORS, each, each)
    monkeypatch.setattr(_cluster, "_NUMBERS", 0)
    near = robust(model_frame, weights_of(model_frame), ERRORS, each, each)
    np.testing.assert_allclose(near.variance, exact.variance)
    np.testing.assert_allclose(near.expected, exact.expected, rtol=0.01)
    np.testing.assert_allclose(near.spread, exact.spread, rtol=0.03)


def test_a_quantile_of_the_ratio_grows_with_fewer_clusters() -> None:
    one = np.ones(1)
    controls = Controls(4 * one, one, 0.1 * one, 60)
    assert controls.ratio[0] == 2.0
    assert 1.0 < controls.quantile(0.975)[0] < 1.1
    many = Robust(one, one, one, 0.1 * one, one, 200, controls)
    few = Robust(one, one, one, 0.7 * one, one, 4, controls)
    assert many.freedom[0] == pytest.approx(200)
    assert many.ratio == few.ratio == 1.0
    assert many.quantile(0.975)[0] < few.quantile(0.975)[0]
    assert Robust(one, 9 * one, one, one, 4 * one, 9, controls).ratio[0] == pytest.approx(
        np.sqrt(3)
    )


@pytest.mark.parametrize("change", [
    {"time": nqp.TimeEffects(["region"], pooled=True)},
    {"effect": nqp.NoPooling()},
    {"effect": nqp.PartialPooling(varying=None)},
])  # fmt: skip
def test_designs_with_priors_are_refused(change: dict) -> None:
    panel = random_panel(3, units=30, strata=("region",))
    model_frame = model_frame_of(FLAT.replace(**change), panel)
    each = np.arange(panel.n_units)
    with pytest.raises(StudyError, match="no saturated fit"):
        robust(model_frame, weights_of(model_frame), ERRORS, each, each)


def pyfixest_se(df: pd.DataFrame, unit: str, time: str, cohort: str, outcome: str) -> tuple:
    """Estimate and CRV1 standard error of the average by rows of the saturated fit."""
    import pyfixest as pf

    df = df.rename(columns={unit: "unit", time: "time", cohort: "start", outcome: "y"})
    inside = df["start"].notna() & (df["time"] >= df["start"])
    df["cell"] = np.where(
        inside, "g" + df["start"].map("{:.0f}".format) + "t" + df["time"].astype(str), "none"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pf.feols(
            "y ~ i(cell, ref='none') | unit + time", df, vcov={"CRV1": "unit"},
            ssc=pf.ssc(k_adj=False, G_adj=True), fixef_tol=1e-12,
        )  # fmt: skip
        count = df[inside].groupby("cell").size()
        names = [str(name) for name in model._coefnames]
        labels = [name.split("::")[-1].removeprefix("T.").rstrip("]").split("[T.")[-1]
                  for name in names]  # fmt: skip
        weights = count[labels].to_numpy() / count.sum()
        return float(weights @ model.coef().to_numpy()), float(
            np.sqrt(weights @ model._vcov @ weights)
        )


def ours_se(panel: nqp.Panel) -> tuple[float, float]:
    model_frame = model_frame_of(FLAT.replace(errors=nqp.IID(), time=nqp.TimeEffects()), panel)
    each = np.arange(panel.n_units)
    found = robust(model_frame, weights_of(model_frame)[:1], Errors(sigma=1.0), each, each)
    return float(found.estimate[0]), float(np.sqrt(found.variance[0]))


@pytest.mark.slow
def test_equal_to_pyfixest_on_castle_doctrine() -> None:
    df = nqp.datasets.castle_doctrine(as_frame=True)[["state", "year", "cohort", "l_homicide"]]
    panel = nqp.Panel.from_frame(
        df, unit="state", time="year", cohort="cohort", outcome="l_homicide"
    )
    theirs = pyfixest_se(df, "state", "year", "cohort", "l_homicide")
    np.testing.assert_allclose(ours_se(panel), theirs, rtol=1e-6)


def test_equal_to_pyfixest_on_minimum_wages(shared_data: Path) -> None:
    df = pd.read_csv(shared_data / "minimum_wage" / "mpdta.csv")
    df["start"] = df["first.treat"].where(df["first.treat"] > 0)
    panel = nqp.Panel.from_frame(df, unit="countyreal", time="year", cohort="start", outcome="lemp")
    theirs = pyfixest_se(df, "countyreal", "year", "start", "lemp")
    np.testing.assert_allclose(ours_se(panel), theirs, rtol=1e-6)


def test_equal_to_pyfixest_with_gaps() -> None:
    df = random_frame(7, units=40, missing=0.15)
    panel = nqp.Panel.from_frame(df, unit="unit", time="time", cohort="cohort", outcome="y")
    theirs = pyfixest_se(df[["unit", "time", "cohort", "y"]], "unit", "time", "cohort", "y")
    np.testing.assert_allclose(ours_se(panel), theirs, rtol=1e-6)
