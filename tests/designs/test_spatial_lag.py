"""The spatial lag of a `StaggeredDiD`: density, effects of the calendar, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import linalg
from tests.doors import log_marginal

import bayes_nqp as nqp
from bayes_nqp.designs import Noise
from bayes_nqp.errors import IdentificationError, PanelError, StudyError
from bayes_nqp.gaussian import density
from bayes_nqp.planning import plan_of

UNITS, PERIODS = 40, 6
IDS = [f"c{k:02d}" for k in range(UNITS)]
LEVEL = np.arange(UNITS) % 2


def links(*, inside: bool = False) -> pd.DataFrame:
    """The three nearest of places on a line, of all units or of those of the same level."""
    x = np.random.default_rng(5).random(UNITS)
    distance = np.abs(x[:, None] - x) + np.eye(UNITS) * 9.0
    distance = distance + 9.0 * inside * (LEVEL[:, None] != LEVEL)
    near = np.zeros((UNITS, UNITS))
    near[np.arange(UNITS)[:, None], np.argsort(distance, axis=1)[:, :3]] = 1.0
    return pd.DataFrame(near, IDS, IDS)


WEIGHTS = nqp.spatial_weights.matrix(links())
W = WEIGHTS.matrix.toarray()


def panel_of(delta: float = 0.4, seed: int = 3, w: np.ndarray = W) -> nqp.Panel:
    """Half of the units adopt, at two dates; outcomes and treatment of those near them matter."""
    generator = np.random.default_rng(seed)
    cohort = np.array([2002.0, 2003.0, np.nan, np.nan])[np.arange(UNITS) // 2 % 4]
    time = 2000 + np.arange(PERIODS)
    treated = (time >= cohort[:, None]) * 1.0
    x = generator.standard_normal((UNITS, PERIODS))
    own = treated + 0.3 * x + 0.5 * w @ treated + generator.standard_normal((UNITS, 1))
    own = own + 0.5 * generator.standard_normal((UNITS, PERIODS))
    y = np.linalg.solve(np.eye(UNITS) - delta * w, own)
    frame = pd.DataFrame(
        {
            "city": np.repeat(IDS, PERIODS), "year": np.tile(time, UNITS), "y": y.ravel(),
            "x": x.ravel(), "cohort": np.repeat(cohort, PERIODS),
            "coast": np.repeat(np.array(["inland", "coastal"])[LEVEL], PERIODS),
            "m": generator.standard_normal(UNITS * PERIODS),
        }
    ).sample(frac=1.0, random_state=1)  # fmt: skip
    return nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x"],
        strata=["coast"], moderators=["m"],
    )  # fmt: skip


PANEL = panel_of()


def design_of(weights: object = WEIGHTS, **changes: object) -> nqp.StaggeredDiD:
    """Complete pooling, common time effects and independent errors, unless changed."""
    arguments: dict[str, object] = {
        "effect": nqp.Complete(varying=None), "errors": nqp.IID(), "time": nqp.TimeEffects(),
        "covariates": ["x"], "spillovers": nqp.SpatialLag(weights),  # type: ignore[arg-type]
    }  # fmt: skip
    return nqp.StaggeredDiD(**{**arguments, **changes})  # type: ignore[arg-type]


def tables(panel: nqp.Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, covariate and event time (unit, period); no event time is -1."""
    y, x = np.zeros((2, UNITS, PERIODS))
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    x[panel.unit_codes, panel.time_codes] = panel.covariates[:, 0]
    event = np.arange(PERIODS) - panel.cohort_codes[:, None]
    return y, x, np.where((panel.cohort_codes[:, None] >= 0) & (event >= 0), event, -1)


def dense(
    panel: nqp.Panel, design: nqp.StaggeredDiD, values: dict[str, float], w: np.ndarray,
    levels: np.ndarray,
) -> float:  # fmt: skip
    """Log density of all contrasts of rows; flat slopes integrated out under a density of one."""
    s, term, priors = plan_of(design, panel).equations[0].scale, design.spillovers, nqp.Priors()
    assert term is not None
    delta = values["delta"]
    y, x, event = tables(panel)
    durbin = term.durbin and not term.error
    flat = [x, *([w @ x] if durbin else [])]
    own = np.eye(UNITS) - delta * w if term.error else np.eye(UNITS)
    flat[0] = own @ x
    treated = (event >= 0) * 1.0
    noise = {k: v for k, v in values.items() if k in ("rho", "noise_ratio", "noise")}
    law = design.errors.covariance(PERIODS, np.array([list(noise.values())]))[0]
    v = np.kron(np.eye(UNITS), values["sigma"] ** 2 * law)

    def add(column: np.ndarray, sd: float) -> None:
        nonlocal v
        v = v + sd**2 * np.outer(column.ravel(), column.ravel())

    for links, first in ((own, ""), *([(w, "linked_")] if durbin else [])):
        add(links @ treated, priors.level)
        add(links @ (treated * event), priors.drift)
        for k in range(1, int(event.max()) + 1):
            add(links @ (event >= k), values.get(f"scale_{first}walk", priors.walk))
    if design.effect.varying is not None:
        omega = values.get("scale_deviation", priors.member)
        for row in range(UNITS):
            add(treated * (np.arange(UNITS) == row)[:, None], omega)
    between = linalg.null_space(np.equal.outer(np.unique(levels), levels) * 1.0)
    within = linalg.null_space(np.ones((1, PERIODS)))
    contrast = np.kron(between, within).T
    lagged = np.eye(UNITS) - delta * w
    jacobian = (PERIODS - 1) * np.linalg.slogdet(between.T @ lagged @ between)[1]
    root = np.linalg.cholesky(contrast @ v @ contrast.T)
    z = np.linalg.solve(root, contrast @ (lagged @ y / s).ravel())
    f = np.linalg.solve(root, contrast @ np.stack([c.ravel() for c in flat], axis=1))
    q, r = np.linalg.qr(f)
    e = z - q @ (q.T @ z)
    logs = np.log(np.diag(root)).sum() + np.log(np.abs(np.diag(r))).sum()
    return float(jacobian - 0.5 * e @ e - logs)


CASES = [
    (nqp.IID(), None, True, False), (nqp.AR1(), "unit", True, False),
    (nqp.AR1(), None, False, True), (nqp.AR1Noise(), "unit", False, False),
    (nqp.IID(), "unit", True, True),
]  # fmt: skip


@pytest.mark.parametrize("errors", [nqp.IID(), nqp.AR1()])
def test_errors_that_follow_linked_ones_have_the_dense_density(errors: Noise) -> None:
    design = design_of(errors=errors, spillovers=nqp.SpatialLag(WEIGHTS, error=True))
    problem = plan_of(design, PANEL).equations[0].gaussian
    points = 0.6 * np.random.default_rng(1).standard_normal((5, len(problem.space)))
    ours = density(problem, points) - problem.space.log_prior(points)
    rows = problem.space.constrain(points)
    theirs = np.array(
        [dense(PANEL, design, dict(zip(problem.space.names, row, strict=True)), W,
               np.zeros(UNITS, dtype=np.int64)) for row in rows]
    )  # fmt: skip
    assert ours - ours[0] == pytest.approx(theirs - theirs[0], rel=1e-10, abs=1e-9)
    fit = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    assert list(fit.effects["path"].to_numpy()) == ["total"]
    with pytest.raises(IdentificationError, match="deviation"):
        plan_of(design.replace(effect=nqp.Complete()), PANEL)
    with pytest.raises(StudyError, match="one curve"):
        plan_of(design.replace(effect=nqp.Partial(varying=None)), PANEL)


@pytest.mark.parametrize(("errors", "varying", "durbin", "inside"), CASES)
def test_the_density_is_the_dense_one(
    errors: Noise, varying: str | None, durbin: bool, inside: bool
) -> None:
    """One level of time effects, or two and links inside them."""
    weights = nqp.spatial_weights.matrix(links(inside=inside))
    levels = LEVEL if inside else np.zeros(UNITS, dtype=np.int64)
    panel = panel_of(w=weights.matrix.toarray())
    design = design_of(
        weights, effect=nqp.Complete(varying=varying), errors=errors,
        time=nqp.TimeEffects(by=["coast"] if inside else []),
        spillovers=nqp.SpatialLag(weights, durbin=durbin),
    )  # fmt: skip
    problem = plan_of(design, panel).equations[0].gaussian
    points = 0.6 * np.random.default_rng(1).standard_normal((5, len(problem.space)))
    ours = density(problem, points) - problem.space.log_prior(points)
    rows = problem.space.constrain(points)
    theirs = np.array(
        [dense(panel, design, dict(zip(problem.space.names, row, strict=True)),
               weights.matrix.toarray(), levels) for row in rows]
    )  # fmt: skip
    # Columns are scaled, and densities of flat slopes are one: constants of the panel.
    assert ours - ours[0] == pytest.approx(theirs - theirs[0], rel=1e-10, abs=1e-9)


def truth_of(fit: nqp.Fit, w: np.ndarray) -> dict[str, np.ndarray]:
    """Effects of the calendar from draws of coefficients, row by row (draw, unit, period)."""
    _, _, event = tables(fit.panel)
    posterior = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    delta = posterior["outcome__delta"].to_numpy()[:20]
    mean = posterior["outcome__cell_mean"].to_numpy()[:20]
    level, drift = (posterior[f"outcome__linked_{x}"].to_numpy()[:20] for x in ("level", "drift"))
    steps = posterior["outcome__linked_walk"].to_numpy()[:20]
    theta = [
        level[:, 0] + e * drift[:, 0] + steps[:, :e].sum(axis=1)
        for e in range(int(event.max()) + 1)
    ]
    cells = fit.effects.isel(cell=fit.effects["role"].to_numpy() == "treated")
    tau = np.zeros((20, UNITS, PERIODS))
    for c in range(cells.sizes["cell"]):
        coast, cohort, time = (cells[name].to_numpy()[c] for name in ("coast", "cohort", "time"))
        rows = (np.array(["inland", "coastal"])[LEVEL] == coast) & (
            fit.panel.cohort_codes == cohort - 2000
        )
        tau[:, rows, int(time) - 2000] = mean[:, [c]]
    near = sum(x[:, None, None] * (w @ (event == e)) for e, x in enumerate(theta))
    itself = sum(x[:, None, None] * (event == e) for e, x in enumerate(theta))
    inverse = np.stack([np.linalg.inv(np.eye(UNITS) - d * w) for d in delta])
    total = inverse @ (tau + near)
    once, twice = (np.diagonal(x, axis1=1, axis2=2)[..., None] for x in (inverse, inverse @ w))
    return {"total": total, "direct": once * tau + twice * itself, "event": event}


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Effects that vary by stratum, time effects common, links across strata."""
    return nqp.fit(
        design_of(effect=nqp.Partial(["coast"], varying=None)),
        PANEL, nqp.Importance(seed=1, draws=200), progress=False,
    )  # fmt: skip


def test_effects_are_those_of_the_calendar(fit: nqp.Fit) -> None:
    truth, effects = truth_of(fit, W), fit.effects
    draws = effects["effect"].stack(sample=("chain", "draw")).transpose("sample", "path", "cell")
    draws = draws.to_numpy()[:20]
    event, coast = truth["event"], np.array(["inland", "coastal"])[LEVEL]
    assert list(effects["path"].to_numpy()) == ["total", "direct", "received"]
    assert list(effects["path_role"].to_numpy()) == ["total", "direct", "spillover"]
    for c in range(effects.sizes["cell"]):
        cell = effects.isel(cell=c)
        t, inside = int(cell["time"]) - 2000, coast == str(cell["coast"].item())
        if str(cell["role"].item()) == "treated":
            rows = inside & (PANEL.cohort_codes == float(cell["cohort"]) - 2000)
            direct = truth["direct"][:, rows, t].mean(axis=1)
        else:
            rows, direct = inside & (event[:, t] < 0), np.zeros(20)
        total = truth["total"][:, rows, t].mean(axis=1)
        assert int(cell["rows"]) == rows.sum()
        assert draws[:, 0, c] == pytest.approx(total, abs=1e-10)
        assert draws[:, 1, c] == pytest.approx(direct, abs=1e-10)
    assert draws[:, 0] == pytest.approx(draws[:, 1] + draws[:, 2], abs=1e-12)


def test_deviations_reach_other_units() -> None:
    """With deviations the direct effect is theirs, and what is received holds those of others."""
    design = design_of(effect=nqp.Complete(varying="unit"), errors=nqp.AR1())
    fit = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=200), progress=False)
    assert fit.gate.passed
    total, direct, received = (nqp.att(fit, path=p) for p in ("total", "direct", "received"))
    assert total.to_numpy() == pytest.approx((direct + received).to_numpy(), abs=1e-12)
    assert float(total.mean()) > float(direct.mean()) > 0.5
    with pytest.raises(StudyError, match="by='unit'"):
        nqp.att(fit, by="unit")


def test_it_is_saved_and_loaded(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "lag.nc"))
    assert again.design == fit.design
    assert again.effects["effect"].to_numpy() == pytest.approx(fit.effects["effect"].to_numpy())
    assert again.plan.equations[0].gaussian.digest == fit.plan.equations[0].gaussian.digest


def test_links_across_levels_make_an_adjusted_likelihood(fit: nqp.Fit) -> None:
    assert "likelihood" not in nqp.att(fit).attrs
    design = design_of(time=nqp.TimeEffects(by=["coast"]))
    adjusted = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    assert nqp.att(adjusted).attrs["likelihood"] == "adjusted"
    with pytest.raises(StudyError, match="marginal likelihood"):
        log_marginal(design, PANEL, seed=1)
    assert np.isfinite(log_marginal(design_of(), PANEL, seed=1, proposals=400).value)
    with pytest.raises(StudyError, match="not stated row by row"):
        nqp.build(design, PANEL)


def test_gaps_are_refused_or_left_out() -> None:
    frame = PANEL.frame
    gappy = PANEL.where(~((frame["city"] == IDS[3]) & (frame["year"] == 2001)).to_numpy())
    with pytest.raises(PanelError, match="every unit in every period") as caught:
        plan_of(design_of(), gappy)
    assert IDS[3] in str(caught.value)
    assert "complete='units'" in str(caught.value)
    term = nqp.SpatialLag(WEIGHTS, complete="units")
    assert plan_of(design_of(spillovers=term), gappy).panel.n_units == UNITS - 1


def islands() -> object:
    """Weights in which one unit has no neighbour."""
    alone = links()
    alone.iloc[2] = 0.0
    return nqp.spatial_weights.matrix(alone)


REFUSED = {
    "have no neighbour": {"spillovers": nqp.SpatialLag(islands())},  # type: ignore[arg-type]
    "do not sum to one": {
        "spillovers": nqp.SpatialLag(nqp.spatial_weights.matrix(links(), standardised="none"))
    },
    "not among those of the weights": {
        "spillovers": nqp.SpatialLag(
            nqp.spatial_weights.matrix(links().iloc[1:, 1:].add(np.eye(UNITS - 1, k=1)))
        )
    },
    "does not go with 'moderator'": {"moderator": "m"},
    "'durbin' names 'z'": {"spillovers": nqp.SpatialLag(WEIGHTS, durbin=["z"])},  # type: ignore[arg-type]
    "not stated row by row": {"likelihood": nqp.StudentT()},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_go_with_it_is_refused(message: str) -> None:
    with pytest.raises((PanelError, StudyError), match=message) as caught:
        plan_of(design_of(**REFUSED[message]), PANEL)
    assert "Try:" in str(caught.value)


def test_arguments_are_checked() -> None:
    with pytest.raises(StudyError, match="'weights'"):
        nqp.SpatialLag(np.eye(3))  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="'complete'"):
        nqp.SpatialLag(WEIGHTS, complete="rows")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="'spillovers'"):
        nqp.StaggeredDiD(spillovers=WEIGHTS)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="reach other units"):
        nqp.Mediation(design_of())
    with pytest.raises(StudyError, match="superpopulation"):
        nqp.cell_effects(
            nqp.fit(design_of(), PANEL, nqp.Importance(seed=1, draws=100), progress=False),
            target="superpopulation",
        )


def test_rows_that_are_not_identified_leave_no_gap() -> None:
    late = PANEL.with_cohorts(np.where(PANEL.cohort_codes < 0, 4, PANEL.cohort_codes))
    with pytest.raises(IdentificationError, match="every row"):
        plan_of(design_of(unidentified="drop"), late)
