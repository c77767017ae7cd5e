"""The plain model has the density that its statement implies, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from dense import Dense
from design_table import DESIGNS
from scipy import stats

from bayes_nqp import Gaussian, StudentT, to_pymc

NAMES = ["partial, units, AR(1)", "partial, cities, iid", "partial, units, weights",
         "pooled time", "never, leads, partial", "baseline", "partial, many scales",
         "partial, units, AR(1) + noise",         "complete, none, common time"]  # fmt: skip


def bare(name):
    """Name of a variable without its equation."""
    return name.removeprefix("outcome__")


def evaluate(model, *points):
    """Log density at points, and every reported quantity there."""
    import pymc as pm
    from pytensor.compile.mode import Mode

    outputs = model.replace_rvs_by_values(model.deterministics)
    names = [bare(d.name) for d in model.deterministics]
    # Python, not compiled: each model is evaluated only a few times.
    function = pm.compile(model.value_vars, [model.logp(), *outputs], mode=Mode("py", None))
    for point in points:
        density, *found = function(*[point[v.name] for v in model.value_vars])
        yield float(density), dict(zip(names, map(np.asarray, found), strict=True))


def random_point(model, seed):
    rng = np.random.default_rng(seed)
    return {k: 0.5 * rng.standard_normal(np.shape(x)) for k, x in model.initial_point().items()}


def prior_density(model, point, found, reference):
    """Priors of free variables with the Jacobians of the transforms."""
    total = 0.0
    parameters = {
        n: v if n == "rho" else v / reference.s
        for n, v in found.items()
        if n.startswith("scale_") or n in ("rho", "sigma")
    }
    if "outcome__noise_log__" in point:
        parameters["noise"] = np.exp(point["outcome__noise_log__"])
    for name, x in point.items():
        if bare(name).startswith("z_"):
            total += stats.norm.logpdf(x).sum()
    return total + reference.log_prior({k: float(v) for k, v in parameters.items()})


def row_means(panel, reference, found):
    """Expected outcomes of the rows that `Dense` keeps, from reported quantities only."""
    rows, design = reference.rows, reference.design
    mean = found["alpha"][reference.unit]
    mean = mean + found["time_effects"][reference.levels, reference.time]
    mean = mean + reference.in_cell @ found["cell_mean"]
    if "deviation" in found:
        mean = mean + reference.in_unit_effect @ found["deviation"]
    if "slope" not in found:
        return mean
    slope = found["slope"]
    covariates = panel.covariates[rows]
    at = covariates.shape[1]
    centre = panel.covariates.copy()
    for i in range(panel.n_units):
        centre[panel.unit_codes == i] -= panel.covariates[panel.unit_codes == i].mean(axis=0)
    mean = mean + centre[rows] @ slope[:at]
    if design.baseline:
        first = panel.frame.groupby("unit")["base"].transform("first").to_numpy()
        first = first - panel.frame.groupby("unit")["base"].first().mean()
        growth = np.concatenate([[0.0], slope[at:]])
        mean = mean + growth[reference.time] * first[rows]
    return mean


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_log_density(name):
    case = DESIGNS[name]
    panel = case.make(6, missing=0.2)
    reference = Dense(case.design, panel)
    model = to_pymc(case.design, panel)
    y = model["outcome__y_over_s"].get_value() * reference.s
    gaps = []
    points = [random_point(model, seed) for seed in (1, 2, 3)]
    for point, (density, found) in zip(points, evaluate(model, *points), strict=True):
        values = {k: float(v) / reference.s for k, v in found.items()
                  if k.startswith("scale_") or k == "sigma"}  # fmt: skip
        if "rho" in found:
            values["rho"] = float(found["rho"])
        residual = (y - row_means(panel, reference, found)) / reference.s
        if "outcome__noise_log__" in point:
            noise = np.exp(point["outcome__noise_log__"])
            residual = residual - point["outcome__z_white"] * noise * values["sigma"]
        covariance = reference.error_covariance(values)
        expected = stats.multivariate_normal.logpdf(residual, cov=covariance)
        gaps.append(density - expected - prior_density(model, point, found, reference))
        both = found["cell_mean"]
        if "deviation" in found:
            both = np.concatenate([both, found["deviation"]])
        np.testing.assert_allclose(found["cell_effect"], reference.shares() @ both, atol=1e-10)
    # What is left are constants: those of the prior of rho.
    assert np.ptp(gaps) < 1e-8 * max(1.0, abs(expected))
    assert np.abs(gaps[0]) < 1e-6 * max(1.0, abs(expected)) or "rho" in found


@pytest.mark.parametrize("nu", [4.0, None])
def test_student_t_keeps_sigma_a_standard_deviation(nu):
    case = DESIGNS["complete, none, common time"]
    panel = case.make(6, missing=0.2)
    design = case.design.replace(likelihood=StudentT(nu))
    reference = Dense(design, panel)
    model, plain = to_pymc(design, panel), to_pymc(case.design, panel)
    point = random_point(model, 1)
    ((density, found),) = evaluate(model, point)
    rest = {k: x for k, x in point.items() if not bare(k).startswith("nu")}
    ((normal, _),) = evaluate(plain, rest)
    y = model["outcome__y_over_s"].get_value() * reference.s
    residual = (y - row_means(panel, reference, found)) / reference.s
    sigma = float(found["sigma"]) / reference.s
    freedom = 4.0 if nu else float(found["nu"])
    scale = sigma * np.sqrt((freedom - 2.0) / freedom)
    assert stats.t.std(freedom, scale=scale) == pytest.approx(sigma)
    change = stats.t.logpdf(residual, freedom, scale=scale) - stats.norm.logpdf(
        residual, scale=sigma
    )
    prior = 0.0
    if nu is None:
        extra = freedom - 2.0
        prior = stats.gamma.logpdf(extra, 2.0, scale=10.0) + np.log(extra)
    assert density - normal == pytest.approx(change.sum() + prior, rel=1e-8)


def test_labels():
    case = DESIGNS["partial, units, AR(1)"]
    panel = case.make(1)
    model = to_pymc(case.design, panel)
    assert list(model.coords["unit"]) == panel.unit_labels.tolist()
    assert model.named_vars_to_dims["outcome__cell_effect"] == ("cell",)
    assert model.named_vars_to_dims["outcome__time_effects"] == ("time_level", "time")
    assert all(len(name.split(" · ")) == 4 for name in model.coords["cell"])
    assert list(model.coords["outcome__strata_market_label"]) == ["x", "y"]
    assert isinstance(case.design.likelihood, Gaussian)
    data = {d.name for d in model.data_vars}
    assert {"outcome__y_over_s", "row_unit", "row_cell", "row_gap"} <= data
