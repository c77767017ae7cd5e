"""Densities of single units: the dense ones, and those that make up the collapsed density."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg as sl
import xarray as xr
from dense import Dense, dense, values_of
from design_table import DESIGNS
from doors import Equation
from fit_at import cut, fit_at, without_coefficients
from moving_average import MovingAverage
from random_panels import random_panel
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import density, draw
from bayes_nqp.numerics.linear_gaussian.density import factorise, normal_equations
from bayes_nqp.numerics.parameters import FLAT

SAMPLER = nqp.Importance(seed=2, draws=300, chains=2)


def densities(design, panel: nqp.Panel, equation: Equation, x: np.ndarray) -> xr.DataArray:
    """Log densities of units or members at conditional means, in multiples of s (draw, group)."""
    positions = draw(equation.gaussian, x, None).positions
    found = nqp.log_likelihood(fit_at(design, panel, equation, x, positions)).isel(chain=0)
    several = found.dims[1] == "member"
    member = (
        model_frame_of(design, panel).codes.unit_effect if several else np.arange(panel.n_units)
    )
    labels = (
        model_frame_of(design, panel).codes.unit_effect_labels if several else panel.unit_labels
    )
    once = np.bincount(equation.rows.unit, minlength=panel.n_units) < 2
    row_member = member[equation.rows.unit[~once[equation.rows.unit]]]
    pairs = np.unique(np.stack([equation.rows.unit, member[equation.rows.unit]]), axis=1)
    kept = pairs[:, ~once[pairs[0]]]
    order = np.searchsorted(labels.astype(str), found[found.dims[1]].to_numpy())
    free = np.bincount(row_member, minlength=labels.size) - np.bincount(
        kept[1], minlength=labels.size
    )
    return found.assign_coords(code=(found.dims[1], order)) + xr.DataArray(
        free[order] * np.log(equation.scale), dims=found.dims[1]
    )


def expected(reference: Dense, p: dict[str, float], rows: np.ndarray) -> float:
    """Density of orthonormal contrasts within the units of some rows, written densely.

    ``reference.y`` less what the coefficients explain at their conditional mean.
    """
    covariance = reference.error_covariance(p)
    if reference.design.effect.varying is not None:
        inside = reference.in_unit_effect
        covariance = covariance + reference.deviation_variance(p) * inside @ inside.T
    lengths = np.unique(reference.unit[rows], return_counts=True)[1]
    basis = sl.block_diag(*(sl.null_space(np.ones((1, n))).T for n in lengths))
    residual = (reference.y - fitted(reference, p))[rows]
    value = stats.multivariate_normal.logpdf(
        basis @ residual, cov=basis @ covariance[np.ix_(rows, rows)] @ basis.T
    )
    # A flat unit effect moves a unit of m rows by sqrt(m) along its mean direction.
    return float(value - 0.5 * np.log(lengths).sum())


def fitted(reference: Dense, p: dict[str, float]) -> np.ndarray:
    """Rows' conditional means given the data, without deviations; unit effects do not matter."""
    inverse = np.linalg.inv(reference.covariance(p))
    x, z = reference.flat, reference.in_cell
    beta = np.linalg.lstsq(
        sl.cholesky(inverse) @ x, sl.cholesky(inverse) @ reference.y, rcond=1e-11
    )[0]
    random = z @ reference.cell_covariance(p) @ z.T
    if getattr(reference.design, "trends", None) is not None:
        random = random + reference.trend_covariance(p)
    if getattr(reference.design, "shocks", None) is not None:
        random = random + reference.shock_covariance(p)
    if reference.design.time is not None and reference.design.time.pooled:
        node = reference.levels * 1000 + reference.time
        random = random + p["scale_time_effect"] ** 2 * (node[:, None] == node)
    return x @ beta + random @ inverse @ (reference.y - x @ beta)


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("seed", [1, 2])
def test_densities_are_the_dense_ones(name: str, seed: int) -> None:
    case = DESIGNS[name]
    panel = case.make(seed, missing=0.2, singletons=1)
    model_frame = model_frame_of(case.design, panel)
    equation = model_frame.equations[0]
    names = equation.problem.parameter_names
    x = 0.5 * np.random.default_rng(seed).standard_normal((1, len(names)))
    found = densities(case.design, panel, equation, x)
    reference = dense(case.design, panel)
    several = found.dims[1] == "member"
    member = model_frame.codes.unit_effect if several else np.arange(panel.n_units)
    theirs = [
        expected(reference, values_of(names, x[0]), np.flatnonzero(member[reference.unit] == code))
        for code in found["code"].to_numpy()
    ]
    assert set(np.unique(member[reference.unit])) == set(found["code"].to_numpy().tolist())
    np.testing.assert_allclose(found[0], theirs, rtol=1e-9, atol=1e-9)


def log_marginal(equation: Equation, x: np.ndarray, units: np.ndarray) -> np.ndarray:
    """``log p(y | b) + log p(b) - log p(b | y)`` at the conditional mean of the coefficients."""
    problem = equation.gaussian
    values, head = problem.values(x), problem.arrowhead
    mean = draw(problem, x, None)
    known = head.local_scale >= FLAT
    numbers = np.concatenate([head.global_scale, head.local_scale[known]])
    b = np.concatenate([mean.shared, mean.local[:, known]], axis=1)
    tau = np.pad(values.tau, [(0, 0), (0, 1)], constant_values=1.0)[:, np.maximum(numbers, -1)]
    prior = np.where(numbers == FLAT, 0.0, stats.norm.logpdf(b, scale=tau)).sum(axis=1)
    factor = factorise(problem, values, normal_equations(problem, values).matrix)
    # At its mean a normal density is its constant.
    log_precision = factor.log_det - 2.0 * numbers.size * np.log(values.sigma)
    return units + prior + 0.5 * numbers.size * np.log(2.0 * np.pi) - 0.5 * log_precision


# Trends and shocks are integrated out before coefficients: they are in neither factor.
@pytest.mark.parametrize(
    "name", [name for name in DESIGNS if "trends" not in name and "shocks" not in name]
)
def test_units_and_priors_make_up_the_collapsed_density(name: str) -> None:
    """p(y | parameters) = p(y | coefficients) p(coefficients) / p(coefficients | y)."""
    case = DESIGNS[name]
    panel = case.make(3, missing=0.2)
    equation = model_frame_of(case.design, panel).equations[0]
    space = equation.problem.space
    x = 0.5 * np.random.default_rng(5).standard_normal((3, len(space)))
    units = densities(case.design, panel, equation, x).sum(axis=1).to_numpy()
    collapsed = density(equation.gaussian, x) - space.log_prior(x)
    np.testing.assert_allclose(log_marginal(equation, x, units), collapsed, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, cities, AR(1)"])
def test_a_structure_of_ones_own(name: str) -> None:
    design = DESIGNS[name].design.replace(errors=MovingAverage())
    panel = DESIGNS[name].make(4, missing=0.2)
    equation = model_frame_of(design, panel).equations[0]
    space = equation.problem.space
    x = 0.5 * np.random.default_rng(5).standard_normal((3, len(space)))
    units = densities(design, panel, equation, x).sum(axis=1).to_numpy()
    collapsed = density(equation.gaussian, x) - space.log_prior(x)
    np.testing.assert_allclose(log_marginal(equation, x, units), collapsed, rtol=1e-9, atol=1e-7)


@pytest.fixture(scope="module")
def by_city() -> nqp.Fit:
    design = nqp.StaggeredDiD(nqp.PartialPooling(varying="city"), unidentified="drop")
    return nqp.fit(design, random_panel(3, missing=0.1, singletons=1), SAMPLER, progress=False)


def test_draws_are_those_of_the_fit(by_city: nqp.Fit) -> None:
    """Densities sum to the rows' joint density at the coefficients that the fit reports."""
    found = nqp.log_likelihood(by_city)
    assert found.dims == ("chain", "draw", "member")
    assert found.shape == (2, 300, found.sizes["member"])
    model_frame = by_city.model_frame
    many = np.bincount(model_frame.equations[0].rows.unit) > 1
    assert int(found["rows"].sum()) == int(many[model_frame.equations[0].rows.unit].sum())
    assert np.isfinite(found).all()


def test_other_groups_add_up(by_city: nqp.Fit) -> None:
    cities, regions = nqp.log_likelihood(by_city), nqp.log_likelihood(by_city, by="region")
    np.testing.assert_allclose(cities.sum("member"), regions.sum("region"), rtol=1e-12)
    assert regions.sizes["region"] == 3


def test_units_of_one_member_are_not_divided(by_city: nqp.Fit) -> None:
    with pytest.raises(StudyError, match=r"by='unit' divides units that share one effect dev"):
        nqp.log_likelihood(by_city, by="unit")


def test_a_cut_fit_keeps_the_densities_of_its_draws(by_city: nqp.Fit) -> None:
    some, whole = cut(by_city, slice(20, 80)), nqp.log_likelihood(by_city)
    xr.testing.assert_allclose(nqp.log_likelihood(some), whole.isel(draw=slice(20, 80)), rtol=1e-9)
    assert whole.attrs["coefficients"] == "of the draws"


def test_coefficients_that_were_not_kept_are_drawn_anew(by_city: nqp.Fit) -> None:
    bare = without_coefficients(by_city)
    anew, own = (nqp.log_likelihood(f) for f in (bare, by_city))
    assert anew.attrs["coefficients"] == "drawn anew"
    dims = ("chain", "draw")
    apart = abs(anew.mean(dims) - own.mean(dims)) / own.std(dims)
    assert 0.0 < apart.max() < 0.25
    xr.testing.assert_identical(nqp.log_likelihood(bare), anew)


def test_heavy_tails_are_refused(by_city: nqp.Fit) -> None:
    design = by_city.design.replace(likelihood=nqp.StudentT())
    with pytest.raises(StudyError, match=r"all coefficients are sampled.*\n.*Gaussian"):
        nqp.log_likelihood(replace(by_city, design=design))


def test_the_scale_of_the_outcome_moves_densities_by_its_jacobian(by_city: nqp.Fit) -> None:
    panel = by_city.panel
    assert panel is not None
    larger = nqp.fit(
        by_city.design, panel.with_outcome(10.0 * panel.outcome), SAMPLER, progress=False
    )
    free = by_city.model_frame.equations[0].problem.free
    gap = nqp.log_likelihood(by_city).sum("member") - nqp.log_likelihood(larger).sum("member")
    np.testing.assert_allclose(gap, free * np.log(10.0), rtol=1e-6)
