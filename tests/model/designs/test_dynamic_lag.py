"""A spatial lag with outcomes of the period before: density, effects over time, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dynamic_cities import COHORT, PERIODS, SIDE, UNITS, WEIGHTS, W, design_of, panel_of
from same_density import assert_dense
from scipy import linalg
from scipy.linalg import logm
from tests.doors import log_marginal

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import coefficients_of, density, gradient

PANEL = panel_of()
T = PERIODS - 1
EVENT = np.arange(PERIODS) - COHORT[:, None]


def tables() -> tuple[np.ndarray, np.ndarray]:
    """Outcome and covariate (unit, period)."""
    out = np.zeros((2, UNITS, PERIODS))
    out[:, PANEL.unit_codes, PANEL.time_codes] = PANEL.outcome, PANEL.covariates[:, 0]
    return out[0], out[1]


def adjustment(coefficients: np.ndarray, levels: np.ndarray) -> float:
    """``tr(M log A)`` of all rows after the first, densely."""
    delta, tau, psi = coefficients
    same = np.equal.outer(levels, levels) * 1.0
    m = np.eye(UNITS) - same / same.sum(axis=1, keepdims=True)
    # Period by period: blocks of log A on its diagonals are those of log S and of -G^k / k.
    a = np.kron(np.eye(T), np.eye(UNITS) - delta * W)
    a -= np.kron(np.eye(T, k=-1), tau * np.eye(UNITS) + psi * W)
    return float(np.trace(np.kron(np.eye(T) - 1.0 / T, m) @ logm(a)).real)


def dense(
    design: nqp.StaggeredDiD, values: dict[str, float], levels: np.ndarray, *, durbin: bool
) -> float:
    """Log density of all contrasts of rows after the first, given these, and the adjustment."""
    s, priors = model_frame_of(design, PANEL).equations[0].scale, nqp.Priors()
    names = ("delta", "shared_persistence", "opposite_persistence")
    coefficients = coefficients_of(np.array([[values[name] for name in names]]))[0]
    delta, tau, psi = coefficients
    y, x = tables()
    now, before = y[:, 1:] / s, y[:, :-1] / s
    z = now - delta * W @ now - tau * before - psi * W @ before
    flat = [x[:, 1:], *([W @ x[:, 1:]] if durbin else [])]
    v = values["sigma"] ** 2 * np.eye(UNITS * T)
    event = EVENT[:, 1:]
    for links, first in ((np.eye(UNITS), ""), *([(W, "linked_")] if durbin else [])):
        columns = [((event >= 0) * 1.0, priors.level), ((event >= 0) * event, priors.drift)]
        walk = values.get(f"scale_{first}walk", priors.walk)
        columns += [((event >= k) * 1.0, walk) for k in range(1, int(event.max()) + 1)]
        for column, sd in columns:
            v += sd**2 * np.outer((links @ column).ravel(), (links @ column).ravel())
    between = linalg.null_space(np.equal.outer(np.unique(levels), levels) * 1.0)
    contrast = np.kron(between, linalg.null_space(np.ones((1, T)))).T
    root = np.linalg.cholesky(contrast @ v @ contrast.T)
    e = np.linalg.solve(root, contrast @ z.ravel())
    f = np.linalg.solve(root, contrast @ np.stack([c.ravel() for c in flat], axis=1))
    q, r = np.linalg.qr(f)
    e = e - q @ (q.T @ e)
    logs = np.log(np.diag(root)).sum() + np.log(np.abs(np.diag(r))).sum()
    return adjustment(coefficients, levels) - 0.5 * float(e @ e) - float(logs)


@pytest.mark.sample(2)
@pytest.mark.parametrize("by", [[], ["side"]], ids=["one level", "links across levels"])
@pytest.mark.parametrize("durbin", [True, False])
def test_the_density_is_the_dense_one(by: list[str], durbin: bool) -> None:
    term = nqp.SpatialLag(WEIGHTS, durbin=durbin, dynamics=True)
    design = design_of(time=nqp.TimeEffects(by=by), spillovers=term)
    levels = SIDE if by else np.zeros(UNITS, dtype=np.int64)
    problem = model_frame_of(design, PANEL).equations[0].gaussian
    assert_dense(problem, lambda x: dense(design, x, levels, durbin=durbin), number=3, abs=1e-8)


def test_first_rows_are_given() -> None:
    """Nothing of the density hangs on them but by the rows that follow."""
    problem = model_frame_of(design_of(), PANEL).equations[0].gaussian
    assert problem.n_free == UNITS * (T - 1)
    points = np.zeros((1, len(problem.space)))
    x = tables()[1]
    x[:, 0] += 100.0 * np.random.default_rng(1).standard_normal(UNITS)
    frame = PANEL.frame.assign(x=x[PANEL.unit_codes, PANEL.time_codes])
    moved = nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x"],
        strata=["side"],
    )  # fmt: skip
    other = model_frame_of(design_of(), moved).equations[0].gaussian
    mine, theirs = (density(p, np.concatenate([points, points + 0.1])) for p in (problem, other))
    assert theirs[1] - theirs[0] == pytest.approx(mine[1] - mine[0], abs=1e-7)


def test_the_gradient_is_that_of_the_density() -> None:
    problem = model_frame_of(design_of(), PANEL).equations[0].gaussian
    points = 0.5 * np.random.default_rng(2).standard_normal((2, len(problem.space)))
    slopes, step = gradient(problem, points)[1], 1e-5
    for k, unit in enumerate(np.eye(points.shape[1])):
        up, down = (density(problem, points + s * unit) for s in (step, -step))
        assert slopes[:, k] == pytest.approx((up - down) / (2 * step), abs=1e-5)


@pytest.mark.slow
def test_with_known_zeros_it_is_least_squares_and_lancaster() -> None:
    """delta = psi = 0: without the adjustment the climb ends at least squares, which are biased."""
    misses = []
    for seed in range(12):
        panel = panel_of((0.0, 0.5, 0.0), seed=seed)
        design = design_of(spillovers=nqp.SpatialLag(WEIGHTS, durbin=["x"], dynamics=True))
        problem = model_frame_of(design, panel).equations[0].gaussian
        names, grid = problem.space.names, np.linspace(0.05, 0.85, 161)
        fixed = {"delta": 0.0, "sigma": 1.0 / model_frame_of(design, panel).equations[0].scale}
        rows = np.array([[fixed.get(name, rho) for name in names] for rho in grid])
        ours = density(problem, problem.space.unconstrain(rows))
        ours -= problem.space.log_prior(problem.space.unconstrain(rows))
        lag = problem.lag
        assert lag is not None
        bare = ours - lag.periods * lag.log_determinant(0.0 * grid, grid, 0.0 * grid)
        misses.append([grid[bare.argmax()] - 0.5, grid[ours.argmax()] - 0.5])
        if seed == 0:
            assert grid[bare.argmax()] == pytest.approx(least_squares(panel), abs=0.01)
    biased, adjusted = np.mean(misses, axis=0)
    assert biased < -0.08
    assert abs(adjusted) < 0.035


def least_squares(panel: nqp.Panel) -> float:
    """Slope of the outcome of the year before, unit and time effects by side within."""
    y, x = np.zeros((2, UNITS, PERIODS))
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    x[panel.unit_codes, panel.time_codes] = panel.covariates[:, 0]
    event = EVENT[:, 1:]
    columns = [y[:, :-1], x[:, 1:], W @ x[:, 1:]]
    columns += [(event == e) * 1.0 for e in range(int(event.max()) + 1)]
    same = np.equal.outer(SIDE, SIDE) * 1.0
    m = np.eye(UNITS) - same / same.sum(axis=1, keepdims=True)
    within = [(m @ (c - c.mean(axis=1, keepdims=True))).ravel() for c in [*columns, y[:, 1:]]]
    return float(np.linalg.lstsq(np.stack(within[:-1], axis=1), within[-1], rcond=None)[0][0])


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """A dynamic Durbin model."""
    return nqp.fit(design_of(), PANEL, nqp.Importance(seed=1, draws=200), progress=False)


@pytest.fixture(scope="module")
def lag_alone() -> nqp.Fit:
    """A dynamic SAR: nothing of linked units but their outcomes."""
    design = design_of(spillovers=nqp.SpatialLag(WEIGHTS, durbin=False, dynamics=True))
    return nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=200), progress=False)


def draws_of(fit: nqp.Fit) -> dict[str, np.ndarray]:
    """Coefficients of twenty draws; what treatment does to rows, itself and through W."""
    posterior = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    delta, tau, psi = nqp.spatial_dynamics(fit).to_numpy().reshape(-1, 4)[:20, :3].T
    theta = np.zeros((int(EVENT.max()) + 1, 20))
    if "outcome__linked_level" in posterior:
        level, drift, steps = (
            posterior[f"outcome__linked_{x}"].to_numpy()[:20] for x in ("level", "drift", "walk")
        )
        theta = np.stack([
            level[:, 0] + e * drift[:, 0] + steps[:, :e].sum(axis=1)
            for e in range(int(EVENT.max()) + 1)
        ])  # fmt: skip
    mean = posterior["outcome__cell_mean"].to_numpy()[:20]
    cells = fit.effects.isel(cell=fit.effects["role"].to_numpy() == "treated")
    own, near = np.zeros((2, 20, UNITS, PERIODS))
    for c in range(cells.sizes["cell"]):
        side, cohort, time = (cells[n].to_numpy()[c] for n in ("side", "cohort", "time"))
        rows = (SIDE == int(side)) & (int(cohort) - 2000 == COHORT)
        own[:, rows, int(time) - 2000] = mean[:, [c]]
    for e, values in enumerate(theta):
        near += values[:, None, None] * (EVENT == e)
    return {"delta": delta, "tau": tau, "psi": psi, "own": own, "near": near}


def followed(d: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Total and own effects, period after period (draw, unit, period); and responses."""
    eye = np.eye(UNITS)
    inverse = np.stack([np.linalg.inv(eye - x * W) for x in d["delta"]])
    step = inverse @ np.stack([t * eye + p * W for t, p in zip(d["tau"], d["psi"], strict=True)])
    total, direct = np.zeros((2, 20, UNITS, PERIODS))
    last, response, out = np.zeros((20, UNITS, 1)), inverse, []
    for t in range(PERIODS):
        done = d["own"][..., [t]] + W @ d["near"][..., [t]]
        last = step @ last + inverse @ done
        total[..., t] = last[..., 0]
    for _ in range(PERIODS):
        out.append(response)
        response = step @ response
    for t in range(PERIODS):
        for h in range(t + 1):
            once, twice = (np.diagonal(x, axis1=1, axis2=2) for x in (out[h], out[h] @ W))
            direct[..., t] += once * d["own"][..., t - h] + twice * d["near"][..., t - h]
    return total, direct, out


@pytest.mark.parametrize("of", ["fit", "lag_alone"])
def test_effects_are_those_of_the_calendar_so_far(of: str, request: pytest.FixtureRequest) -> None:
    fit = request.getfixturevalue(of)
    total, direct, _ = followed(draws_of(fit))
    effects = fit.effects
    draws = effects["effect"].stack(sample=("chain", "draw")).transpose("sample", "path", "cell")
    draws = draws.to_numpy()[:20]
    for c in range(effects.sizes["cell"]):
        cell = effects.isel(cell=c)
        t, inside = int(cell["time"]) - 2000, int(cell["side"]) == SIDE
        if str(cell["role"].item()) == "treated":
            rows = inside & (int(cell["cohort"]) - 2000 == COHORT)
            own = direct[:, rows, t].mean(axis=1)
        else:
            rows, own = inside & (EVENT[:, t] < 0), np.zeros(20)
        assert draws[:, 0, c] == pytest.approx(total[:, rows, t].mean(axis=1), abs=1e-8)
        assert draws[:, 1, c] == pytest.approx(own, abs=1e-8)
    assert draws[:, 0] == pytest.approx(draws[:, 1] + draws[:, 2], abs=1e-12)


@pytest.mark.parametrize("of", ["fit", "lag_alone"])
def test_runs_and_responses_are_dense_ones(of: str, request: pytest.FixtureRequest) -> None:
    fit = request.getfixturevalue(of)
    d = draws_of(fit)
    total, direct, responses = followed(d)
    runs = nqp.long_run_effects(fit)
    flat = runs.to_numpy().reshape(-1, 3, 3)[:20]
    last = EVENT[:, -1] >= 0
    done = d["own"][..., [-1]] + W @ d["near"][..., [-1]]
    eye = np.eye(UNITS)
    end = np.stack([
        np.linalg.inv((1 - t) * eye - (x + p) * W)
        for x, t, p in zip(d["delta"], d["tau"], d["psi"], strict=True)
    ])  # fmt: skip
    for run, inverse in ((0, responses[0]), (2, end)):
        assert flat[:, run, 0] == pytest.approx((inverse @ done)[:, last, 0].mean(1), abs=1e-8)
        once, twice = (np.diagonal(x, axis1=1, axis2=2) for x in (inverse, inverse @ W))
        own = once * d["own"][..., -1] + twice * d["near"][..., -1]
        assert flat[:, run, 1] == pytest.approx(own[:, last].mean(axis=1), abs=1e-8)
    assert flat[:, 1, 0] == pytest.approx(total[:, last, -1].mean(axis=1), abs=1e-8)
    assert flat[:, 1, 1] == pytest.approx(direct[:, last, -1].mean(axis=1), abs=1e-8)
    assert (runs.sel(path="direct") + runs.sel(path="received")).to_numpy() == pytest.approx(
        runs.sel(path="total").to_numpy(), abs=1e-12
    )
    impulse = nqp.impulse_responses(fit, 5)
    flat = impulse.to_numpy().reshape(-1, 6, 3)[:20]
    for h, response in enumerate(responses[:6]):
        assert flat[:, h, 0] == pytest.approx(response.sum(axis=(1, 2)) / UNITS, abs=1e-9)
        trace = np.trace(response, axis1=1, axis2=2) / UNITS
        assert flat[:, h, 1] == pytest.approx(trace, abs=1e-9)
    lasting = nqp.impulse_responses(fit, 5, lasting=True)
    assert lasting.to_numpy() == pytest.approx(impulse.to_numpy().cumsum(axis=2), abs=1e-12)


def test_impacts_of_covariates_in_the_long_run(fit: nqp.Fit) -> None:
    d = draws_of(fit)
    slopes = fit.posterior["outcome__slope"].to_numpy().reshape(-1, 2)[:20]
    short, long = (
        nqp.impacts(fit, run).to_numpy().reshape(-1, 3)[:20] for run in ("short", "long")
    )
    eye = np.eye(UNITS)
    for k in range(20):
        inside = slopes[k, 0] * eye + slopes[k, 1] * W
        for ours, map_ in (
            (short, eye - d["delta"][k] * W),
            (long, (1 - d["tau"][k]) * eye - (d["delta"][k] + d["psi"][k]) * W),
        ):
            effects = np.linalg.solve(map_, inside)
            direct, every = np.trace(effects) / UNITS, effects.sum() / UNITS
            assert ours[k] == pytest.approx([direct, every - direct, every], abs=1e-8)


@pytest.mark.slow
def test_it_is_recovered(fit: nqp.Fit) -> None:
    draws = nqp.spatial_dynamics(fit).isel(coefficient=slice(3))
    mean, sd = draws.mean(("chain", "draw")), draws.std(("chain", "draw"))
    assert (np.abs(mean - [0.3, 0.5, -0.1]) < 3.0 * sd).all()
    assert fit.gate.passed
    assert nqp.att(fit).attrs["likelihood"] == "adjusted"


def test_rows_are_not_asked_about_beside_the_period_before(fit: nqp.Fit) -> None:
    """Given the coefficient of linked units alone, rows still need those of the period before."""
    for name in ("error_model", "trend_sensitivity"):
        assert nqp.check(fit, name, progress=False).verdict == "not applicable"


@pytest.mark.slow
def test_it_is_saved_and_loaded(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "lag.nc"))
    assert again.design == fit.design
    assert nqp.long_run_effects(again).to_numpy() == pytest.approx(
        nqp.long_run_effects(fit).to_numpy()
    )
    assert (
        again.model_frame.equations[0].gaussian.digest
        == fit.model_frame.equations[0].gaussian.digest
    )


GAPS = PANEL.where(~((PANEL.frame["city"] == "c03") & (PANEL.frame["year"] == 2001)).to_numpy())
SHORT = PANEL.where((PANEL.frame["year"] >= 2003).to_numpy())
REFUSED = {
    "independent errors": (StudyError, {"errors": nqp.AR1()}, PANEL),
    "unit-level random effects": (IdentificationError, {"effect": nqp.CompletePooling()}, PANEL),
    "every unit in every period": (PanelError, {}, GAPS),
    "treated from the second one on": (IdentificationError, {}, SHORT),
    "'dynamics' of a spatial lag cannot be combined with": (
        StudyError, {"trends": nqp.DifferentialTrends()}, PANEL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_it_does_not_go_with_is_refused(message: str) -> None:
    kind, changes, panel = REFUSED[message]
    with pytest.raises(kind, match=message) as caught:
        model_frame_of(design_of(**changes), panel)
    assert "Try:" in str(caught.value)


def test_it_is_refused_beside_errors_in_space_and_without_a_lag(fit: nqp.Fit) -> None:
    for other in ({"error": True}, {"lag": False}):
        with pytest.raises(StudyError, match="'dynamics' of a spatial lag cannot be combined with"):
            nqp.SpatialLag(WEIGHTS, dynamics=True, **other)  # type: ignore[arg-type]
    static = nqp.fit(
        design_of(spillovers=nqp.SpatialLag(WEIGHTS)), PANEL, nqp.Importance(seed=1, draws=50),
        progress=False,
    )  # fmt: skip
    for asked in (nqp.spatial_dynamics, nqp.long_run_effects, nqp.impulse_responses):
        with pytest.raises(StudyError, match="no lagged outcome"):
            asked(static)
    with pytest.raises(StudyError, match="long run"):
        nqp.impacts(static, "long")
    with pytest.raises(StudyError, match="not stored by unit"):
        nqp.att(fit, by="unit")


def test_evidence_of_it_is_refused_for_the_period_before_and_not_for_levels(fit: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="temporal lag") as caught:
        log_marginal(fit.design, PANEL, seed=1)
    assert "levels" not in str(caught.value)
