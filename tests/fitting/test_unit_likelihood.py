"""Densities of single units: the dense ones, and those that make up the collapsed density."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg as sl
from dense import Dense, dense, values_of
from design_table import DESIGNS
from random_panels import random_panel
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp.compression import FLAT
from bayes_nqp.compression.kernel import cross_products, factorise, log_density, log_prior
from bayes_nqp.compression.moments import packed_rows
from bayes_nqp.compression.recover import Coefficients, recover
from bayes_nqp.compression.unit_likelihood import unit_densities
from bayes_nqp.designs._plan import Equation
from bayes_nqp.errors import StudyError

pytestmark = pytest.mark.xdist_group("unit_likelihood")


def units_of(equation: Equation) -> np.ndarray:
    return np.concatenate([c.units for c in equation.problem.classes])


def densities(equation: Equation, x: np.ndarray, slots: np.ndarray, member: np.ndarray):
    """Log densities of members (draw, member), in multiples of s; and the members' codes."""
    problem = equation.problem
    entries = [packed_rows(equation.rows, c.units, c).ravel() for c in problem.classes]
    found = unit_densities(x, equation.packed, slots, np.concatenate(entries))
    codes, owner = np.unique(member[units_of(equation)], return_inverse=True)
    adding = (owner[:, None] == np.arange(codes.size)).astype(float)
    sizes = [c.units.size for c in problem.classes]
    treated = np.repeat(found.treated, sizes, axis=1)
    total = found.plain @ adding
    if problem.member_scale is not None:
        total = total + found.joint(found.along @ adding, treated @ adding)
    return total, codes


def expected(reference: Dense, p: dict[str, float], rows: np.ndarray) -> float:
    """Density of orthonormal contrasts within the units of some rows, written densely.

    ``reference.y`` less what the coefficients explain at their conditional mean.
    """
    covariance = reference.error_covariance(p)
    if reference.design.effect.varying is not None:
        inside = reference.in_member
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
    if reference.design.time is not None and reference.design.time.pooled:
        node = reference.levels * 1000 + reference.time
        random = random + p["scale_time_effect"] ** 2 * (node[:, None] == node)
    return x @ beta + random @ inverse @ (reference.y - x @ beta)


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("seed", [1, 2])
def test_densities_are_the_dense_ones(name: str, seed: int) -> None:
    case = DESIGNS[name]
    panel = case.make(seed, missing=0.2, singletons=1)
    plan = case.design.plan(panel)
    equation = plan.equations[0]
    names = equation.problem.parameter_names
    x = 0.5 * np.random.default_rng(seed).standard_normal((1, len(names)))
    several = bool(equation.problem.members)
    member = plan.frame.member if several else np.arange(panel.n_units)
    ours, codes = densities(equation, x, recover(x, equation.packed, None).slots, member)
    reference = dense(case.design, panel)
    theirs = [
        expected(reference, values_of(names, x[0]), np.flatnonzero(member[reference.unit] == code))
        for code in codes
    ]
    assert set(reference.unit) == set(units_of(equation))
    np.testing.assert_allclose(ours[0], theirs, rtol=1e-9, atol=1e-9)


def log_posterior(x: np.ndarray, equation: Equation, noise: np.ndarray, draws: Coefficients):
    """Log prior less log posterior density of drawn coefficients, as their noise gives it."""
    problem, packed = equation.problem, equation.packed
    estimated = iter(np.exp(x))
    scale = [next(estimated) if s.estimated else s.prior for s in problem.scales]
    numbers = np.concatenate([problem.global_scale, *(b.local_scale for b in problem.blocks)])
    values = np.concatenate([draws.shared, draws.local], axis=1)
    z = values / np.array([scale[k] if k >= 0 else 1.0 for k in numbers])
    known = numbers != FLAT
    prior = stats.norm.logpdf(z[:, known]).sum(axis=1)
    ints = packed.ints
    _, blocks = cross_products(
        x, ints, packed.floats, np.zeros((ints[10], ints[13])), np.zeros(ints[10])
    )
    found = factorise.py_func(x, ints, packed.floats, blocks)
    log_det = found[1] - found[8][0] + found[8][1]
    return prior - stats.norm.logpdf(noise).sum(axis=1) - 0.5 * log_det


@pytest.mark.parametrize("name", DESIGNS)
def test_units_and_priors_make_up_the_collapsed_density(name: str) -> None:
    """p(y | parameters) = p(y | coefficients) p(coefficients) / p(coefficients | y), anywhere."""
    case = DESIGNS[name]
    panel = case.make(3, missing=0.2)
    plan = case.design.plan(panel)
    equation = plan.equations[0]
    packed = equation.packed
    points = 0.5 * np.random.default_rng(5).standard_normal((3, packed.n_parameters))
    several = bool(equation.problem.members)
    member = plan.frame.member if several else np.arange(panel.n_units)
    for x in points:
        xs = np.tile(x, (4, 1))
        draws = recover(xs, packed, np.random.default_rng(9))
        size = draws.shared.shape[1] + draws.local.shape[1]
        width = size + draws.deviation.shape[1]
        noise = np.random.default_rng(9).standard_normal((4, width))[:, :size]
        ours = densities(equation, xs, draws.slots, member)[0].sum(axis=1)
        ours += log_posterior(x, equation, noise, draws)
        gradient = np.zeros(x.size)
        collapsed = log_density(x, packed.ints, packed.floats, gradient)
        collapsed -= log_prior(x, packed.ints, packed.floats, gradient)
        np.testing.assert_allclose(ours, collapsed, rtol=1e-9, atol=1e-7)


SAMPLER = nqp.IMH(seed=2, draws=300, chains=2)


@pytest.fixture(scope="module")
def by_city() -> nqp.Fit:
    design = nqp.StaggeredDiD(nqp.Partial(varying="city"), unidentified="drop")
    return nqp.fit(design, random_panel(3, missing=0.1, singletons=1), SAMPLER, progress=False)


def test_draws_are_those_of_the_fit(by_city: nqp.Fit) -> None:
    """Densities sum to the rows' joint density at the coefficients that the fit reports."""
    found = nqp.log_likelihood(by_city)
    assert found.dims == ("chain", "draw", "member")
    assert found.shape == (2, 300, found.sizes["member"])
    plan = by_city.plan
    many = np.bincount(plan.equations[0].rows.unit) > 1
    assert int(found["rows"].sum()) == int(many[plan.equations[0].rows.unit].sum())
    assert np.isfinite(found).all()


def test_other_groups_add_up(by_city: nqp.Fit) -> None:
    cities, regions = nqp.log_likelihood(by_city), nqp.log_likelihood(by_city, by="region")
    np.testing.assert_allclose(cities.sum("member"), regions.sum("region"), rtol=1e-12)
    assert regions.sizes["region"] == 3


def test_units_of_one_member_are_not_divided(by_city: nqp.Fit) -> None:
    with pytest.raises(StudyError, match=r"by='unit' divides units that share one effect dev"):
        nqp.log_likelihood(by_city, by="unit")


def test_a_cut_fit_is_refused(by_city: nqp.Fit) -> None:
    tree = by_city.tree.isel(draw=slice(20, 80))
    with pytest.raises(StudyError, match="not those that its seed makes"):
        nqp.log_likelihood(replace(by_city, tree=tree))


def test_heavy_tails_are_refused(by_city: nqp.Fit) -> None:
    design = by_city.design.replace(likelihood=nqp.StudentT())
    with pytest.raises(StudyError, match=r"row by row.*\n.*Gaussian"):
        nqp.log_likelihood(replace(by_city, design=design))


def test_the_scale_of_the_outcome_moves_densities_by_its_jacobian(by_city: nqp.Fit) -> None:
    panel = by_city.panel
    assert panel is not None
    larger = nqp.fit(
        by_city.design, panel.with_outcome(10.0 * panel.outcome), SAMPLER, progress=False
    )
    free = by_city.plan.equations[0].problem.free
    gap = nqp.log_likelihood(by_city).sum("member") - nqp.log_likelihood(larger).sum("member")
    np.testing.assert_allclose(gap, free * np.log(10.0), rtol=1e-6)
