"""Units are grouped by whatever key an equation gives, of which nothing else is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg as sl
from design_table import DESIGNS
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bayes_nqp import AR1, Priors
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import Block, Group, Problem, density, gaussian_problem
from bayes_nqp.numerics.parameters import FLAT, HalfNormal, Parameter, Scale
from bayes_nqp.numerics.sufficient_statistics import Rows, absorb_levels, reduce_rows

PERIODS = 8


def _finer(group: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Divide groups at random: keys in words, in numbers, or any objects that sort."""
    pairs = list(zip(group.tolist(), rng.integers(3, size=group.size).tolist(), strict=True))
    if kind == "words":
        return np.array([f"{a}, ring {b}" for a, b in pairs])
    if kind == "numbers":
        return np.array(pairs) - 0.5
    key = np.empty(len(pairs), dtype=object)
    key[:] = pairs
    return key


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["partial, units, AR(1)", "partial, none, weights", "never, leads, partial", "covariates"],
)
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["words", "numbers", "objects"]))
def test_a_finer_key_is_the_same_density(name: str, seed: int, kind: str) -> None:
    case, rng = DESIGNS[name], np.random.default_rng(seed)
    try:
        equation = model_frame_of(
            case.design, case.make(seed, missing=0.1, singletons=1)
        ).equations[0]
    except IdentificationError:
        assume(False)
    rows, problem = equation.rows, equation.problem
    finer = replace(rows, key=_finer(rows.group, kind, rng))
    numbers, first = np.unique(finer.group, return_index=True)
    groups = [problem.groups[rows.group[unit]] for unit in first[numbers >= 0]]
    absorbed = absorb_levels(finer, problem.n_periods) if problem.absorbed else ()
    classes = [] if absorbed else reduce_rows(finer)
    marks = {u: m for c, m in zip(problem.classes, problem.class_treated, strict=True)
             for u in c.units}  # fmt: skip
    other = replace(
        problem, groups=groups, classes=classes, absorbed=absorbed,
        class_treated=[marks[c.units[0]] for c in classes],
    )  # fmt: skip
    assert len(groups) > len(problem.groups)
    points = 0.5 * rng.standard_normal((4, len(problem.space)))
    ours, theirs = (density(gaussian_problem(p), points) for p in (other, problem))
    assert ours == pytest.approx(theirs, rel=1e-10)


def _exposed(seed: int) -> tuple[Rows, np.ndarray]:
    """Untreated units by when a neighbour adopts (the key, in words), and their effects' cells."""
    rng = np.random.default_rng(seed)
    start = rng.choice([3, 5, PERIODS], 30)
    seen = rng.uniform(size=(start.size, PERIODS)) < 0.9
    unit, time = np.nonzero(seen)
    key = np.where(start < PERIODS, np.char.add("from ", start.astype(str)), "alone")
    exposure = time - start[unit]
    rows = Rows(unit, time, key, rng.standard_normal(unit.size) + (exposure >= 0))
    # One cell for each period since exposure, whoever is exposed.
    return rows, np.where(exposure >= 0, exposure, -1)


def _statement(rows: Rows, cell: np.ndarray) -> Problem:
    n_cells = int(cell.max()) + 1
    numbers, first = np.unique(rows.group, return_index=True)
    cells = np.full((numbers.size, PERIODS), -1)
    cells[rows.group[rows.unit], rows.time] = cell
    positions = np.arange(1, PERIODS + n_cells)
    scale = np.where(positions < PERIODS, FLAT, 0)
    classes = reduce_rows(rows)
    assert {str(k) for k in rows.key[first]} == {"alone", "from 3", "from 5"}
    return Problem(
        n_periods=PERIODS,
        n_columns=0,
        free=sum(c.units.size * (c.times.size - 1) for c in classes),
        errors=AR1(),
        error_parameters=(
            *AR1().parameters(PERIODS, Priors()), Parameter("sigma", HalfNormal(1.0)),
        ),
        scales=[Scale("cell", HalfNormal(1.0))],
        unit_effect_scale=None,
        global_scale=np.zeros(0, dtype=np.int64),
        blocks=[Block(1, n_cells, 1, positions, scale, np.zeros((PERIODS + n_cells, 0)))],
        groups=[Group(0, 0, 0, row) for row in cells],
        classes=classes,
        class_treated=[np.zeros(c.times.size) for c in classes],
    )  # fmt: skip


def test_untreated_units_have_cells_by_exposure_cohort() -> None:
    """Effects of neighbours' policies, keyed by who is reached when, are those of dense rows."""
    rows, cell = _exposed(3)
    problem = gaussian_problem(_statement(rows, cell))
    points = 0.7 * np.random.default_rng(1).standard_normal((6, len(problem.space)))
    ours = density(problem, points) - problem.space.log_prior(points)
    same = rows.unit[:, None] == rows.unit
    in_cell = (cell[:, None] == np.arange(cell.max() + 1)).astype(float)
    flat = [(c[:, None] == np.unique(c)).astype(float) for c in (rows.unit, rows.time)]
    basis = sl.orth(np.concatenate(flat, axis=1), rcond=1e-10)
    theirs = []
    for tau, rho, sigma in problem.space.constrain(points):
        apart = abs(rows.time[:, None] - rows.time)
        covariance = sigma**2 / (1 - rho**2) * same * rho**apart + tau**2 * in_cell @ in_cell.T
        inverse = np.linalg.inv(covariance)
        inner = basis.T @ inverse @ basis
        left = inverse - inverse @ basis @ np.linalg.solve(inner, basis.T @ inverse)
        log_det = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(inner)[1]
        theirs.append(-0.5 * (log_det + rows.outcome @ left @ rows.outcome))
    assert np.diff(ours) == pytest.approx(np.diff(theirs), rel=1e-9)
