"""A spatial lag that a test defines: a second outcome row, and a log determinant, held to dense."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest
from same_density import assert_dense
from scipy import linalg

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.plugins import register
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Calendar, EquationSpec, Facts, LagSpec, Noise, SingleEquation
from bayes_nqp.model.pooling import CompletePooling, Pooling
from bayes_nqp.numerics.linear_gaussian import draw
from bayes_nqp.numerics.parameters import Correlation, Parameter

UNITS, PERIODS = 16, 6
RING = np.zeros((UNITS, UNITS))
for place in range(UNITS):
    RING[place, [place - 1, (place + 1) % UNITS]] = 0.5
"""Neighbours on a circle; rows sum to one."""


@register("design")
@dataclass(frozen=True, slots=True)
class Lagged(SingleEquation):
    """Effects from adoption on, and outcomes that follow their neighbours'."""

    effect: Pooling = field(default_factory=CompletePooling)
    errors: Noise = field(default_factory=nqp.IID)

    @property
    def facts(self) -> Facts:
        """What it assumes."""
        return Facts("adoption", self.effect, self.errors, nqp.TimeEffects(), spillovers="lag")

    def timing(self, panel: nqp.Panel) -> Calendar:
        """Treat from adoption on."""
        return Calendar.of_adoption(panel)

    def equation(self, panel: nqp.Panel) -> EquationSpec:
        """Add ``W y``, with Lee and Yu's log determinant."""
        table = np.zeros((panel.n_units, panel.periods))
        table[panel.unit_codes, panel.time_codes] = panel.outcome
        lagged = (RING @ table)[panel.unit_codes, panel.time_codes]
        eigenvalues = np.linalg.eigvalsh(RING)

        def log_determinant(delta: np.ndarray) -> np.ndarray:
            # Time effects take the mean over units: M drops the eigenvalue one.
            return np.log1p(-delta[:, None] * eigenvalues[:-1]).sum(axis=1)

        delta = Parameter("delta", Correlation(3.0, 3.0), in_outcome_units=False)
        lag = LagSpec(delta, lagged, log_determinant, panel.periods - 1)
        return replace(self.facts.equation(panel), lag=lag)


def panel_of(delta: float = 0.4, seed: int = 3) -> nqp.Panel:
    """Half of the units adopt, at two dates; outcomes follow those next to them."""
    frame = nqp.simulation.staggered(
        units=UNITS, periods=PERIODS, cohorts=(2, 4), effect="flat", level=1.0, rho=0.0,
        sigma=0.5, seed=seed,
    ).panel.frame.sort_values(["unit", "time"])  # fmt: skip
    own = frame["outcome"].to_numpy().reshape(UNITS, PERIODS)
    frame["outcome"] = np.linalg.solve(np.eye(UNITS) - delta * RING, own).ravel()
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="outcome")


def dense(panel: nqp.Panel, design: Lagged, values: dict[str, float]) -> float:
    """Log density of all contrasts of rows, coefficients and deviations integrated out."""
    model_frame = model_frame_of(design, panel)
    s, priors = model_frame.equations[0].scale, design.facts.priors
    unit, time = panel.unit_codes, panel.time_codes
    s_inverse = np.kron(np.eye(UNITS) - values["delta"] * RING, np.eye(PERIODS))
    y = s_inverse @ (panel.outcome / s)
    event = time - panel.cohort_codes[unit]
    treated = (panel.cohort_codes[unit] >= 0) & (event >= 0)
    steps = [(treated & (event >= k)) * 1.0 for k in range(1, int(event[treated].max()) + 1)]
    covariance = (
        values["sigma"] ** 2
        * design.errors.covariance(
            PERIODS, np.array([[values["rho"]]] if "rho" in values else np.zeros((1, 0)))
        )[0]
    )
    v = np.kron(np.eye(UNITS), covariance)
    column = treated * 1.0
    v = v + priors.level**2 * np.outer(column, column)
    v = v + priors.drift**2 * np.outer(column * event, column * event)
    walk = values.get("scale_walk", priors.walk)
    v = v + walk**2 * sum(np.outer(step, step) for step in steps)
    if design.effect.varying is not None:
        omega = values.get("scale_deviation", priors.member)
        v = v + omega**2 * np.equal.outer(unit, unit) * np.outer(column, column)
    # Contrasts over periods times contrasts over units: no unit effect and no time effect is left.
    between, within = (linalg.null_space(np.ones((1, n))) for n in (UNITS, PERIODS))
    contrast = np.kron(between, within).T
    projected = between.T @ (np.eye(UNITS) - values["delta"] * RING) @ between
    jacobian = (PERIODS - 1) * np.linalg.slogdet(projected)[1]
    root = np.linalg.cholesky(contrast @ v @ contrast.T)
    z = np.linalg.solve(root, contrast @ y)
    return float(jacobian - 0.5 * z @ z - np.log(np.diag(root)).sum())


@pytest.mark.slow
@pytest.mark.parametrize("errors", [nqp.IID(), nqp.AR1()])
@pytest.mark.parametrize("varying", [None, "unit"])
def test_the_density_is_the_dense_one(errors: Noise, varying: str | None) -> None:
    panel, design = panel_of(), Lagged(CompletePooling(varying=varying), errors)
    problem = model_frame_of(design, panel).equations[0].gaussian
    assert problem.space.names[-2:] == ("delta", "sigma")
    assert_dense(problem, partial(dense, panel, design), 0.7, 6, rel=1e-9, abs=1e-8)


def test_draws_take_the_lag_at_its_point() -> None:
    """Conditional means at delta are those of a plain design of ``y - delta W y``."""
    panel, delta = panel_of(), 0.35
    equation = model_frame_of(Lagged(), panel).equations[0]
    space = equation.problem.space
    values = space.typical
    values[space.names.index("delta")] = delta
    ours = draw(equation.gaussian, space.unconstrain(values[None]), None)
    table = np.zeros((UNITS, PERIODS))
    table[panel.unit_codes, panel.time_codes] = panel.outcome
    rest = (table - delta * RING @ table)[panel.unit_codes, panel.time_codes]
    plain = model_frame_of(
        nqp.StaggeredDiD(CompletePooling(), nqp.IID(), time=nqp.TimeEffects()),
        panel.with_outcome(rest), scale=equation.scale,
    ).equations[0]  # fmt: skip
    kept = [k for k, name in enumerate(space.names) if name != "delta"]
    point = plain.problem.space.unconstrain(values[None, kept])
    theirs = draw(plain.gaussian, point, None)
    assert ours.shared[:, :-1] == pytest.approx(theirs.shared, abs=1e-9)
    assert ours.shared[:, -1] == pytest.approx(delta)
    assert ours.deviation == pytest.approx(theirs.deviation, abs=1e-9)


@pytest.mark.slow
def test_it_is_fitted() -> None:
    fit = nqp.fit(Lagged(), panel_of(), nqp.Importance(seed=1), progress=False)
    assert fit.gate.passed
    delta = fit.posterior["outcome__delta"]
    assert float(delta.mean()) == pytest.approx(0.4, abs=3.0 * float(delta.std()))
    with pytest.raises(StudyError, match=r"single observations|row by row"):
        nqp.to_pymc(fit.design, fit.panel)
