"""Treatment and covariates of linked units without a lag of outcomes (SLX)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linked_cities import LEVEL, PANEL, UNITS, WEIGHTS, W, dense, design_of, tables, truth_of
from marginal import Marginal
from tests.doors import log_marginal

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Translator
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Noise
from bayes_nqp.numerics.linear_gaussian import density

SLX = nqp.SpatialLag(WEIGHTS, lag=False)
COAST = np.array(["inland", "coastal"])[LEVEL]


def slx_of(**changes: object) -> nqp.StaggeredDiD:
    """The design of the other forms, without a lag."""
    return design_of(**{"spillovers": SLX, **changes})


def fit_of(draws: int = 200, **changes: object) -> nqp.Fit:
    """Fit it to the panel."""
    return nqp.fit(slx_of(**changes), PANEL, nqp.Importance(seed=1, draws=draws), progress=False)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Effects that vary by stratum."""
    return fit_of(effect=nqp.PartialPooling(["coast"], varying=None))


CASES = [(nqp.IID(), None, False), (nqp.AR1(), "unit", False), (nqp.AR1PlusNoise(), "unit", True)]


@pytest.mark.slow
@pytest.mark.parametrize(("errors", "varying", "levels"), CASES)
def test_the_density_is_the_dense_one_and_that_of_the_row_model(
    errors: Noise, varying: str | None, levels: bool
) -> None:
    """Levels of time effects that links cross too: there is no determinant to adjust."""
    design = slx_of(
        effect=nqp.CompletePooling(varying=varying), errors=errors,
        time=nqp.TimeEffects(["coast"] if levels else []),
    )  # fmt: skip
    problem = model_frame_of(design, PANEL).equations[0].gaussian
    assert "delta" not in problem.space.names
    points = 0.6 * np.random.default_rng(1).standard_normal((4, len(problem.space)))
    ours = density(problem, points)
    groups = LEVEL if levels else np.zeros(UNITS, dtype=np.int64)
    theirs = np.array(
        [dense(PANEL, design, dict(zip(problem.space.names, row, strict=True)), W, groups)
         for row in problem.space.constrain(points)]
    )  # fmt: skip
    bare = ours - problem.space.log_prior(points)
    assert bare - bare[0] == pytest.approx(theirs - theirs[0], rel=1e-10, abs=1e-9)
    row = Marginal(nqp.to_pymc(design, PANEL), [f"outcome__{name}" for name in problem.space.names])
    gap = np.array([row(point) for point in points[:2]]) - ours[:2]
    assert gap == pytest.approx(0.0, abs=1e-6)
    assert np.ptp(gap) < 1e-9


def test_effects_are_tau_and_what_neighbours_treatment_gives(fit: nqp.Fit) -> None:
    truth, effects = truth_of(fit, W), fit.effects
    draws = effects["effect"].stack(sample=("chain", "draw")).transpose("sample", "path", "cell")
    assert list(effects["path"].to_numpy()) == ["total", "direct", "received"]
    for c in range(effects.sizes["cell"]):
        cell, ours = effects.isel(cell=c), draws.to_numpy()[:20, :, c]
        t, rows = int(cell["time"]) - 2000, str(cell["coast"].item()) == COAST
        treated = str(cell["role"].item()) == "treated"
        rows &= (
            PANEL.cohort_codes == float(cell["cohort"]) - 2000
            if treated
            else (truth["event"][:, t] < 0)
        )
        total, direct = (truth[x][:, rows, t].mean(axis=1) for x in ("total", "direct"))
        assert ours[:, 0] == pytest.approx(total, abs=1e-12)
        assert ours[:, 1] == pytest.approx(direct if treated else np.zeros(20), abs=1e-12)
        assert ours[:, 0] == pytest.approx(ours[:, 1] + ours[:, 2], abs=1e-12)


def test_deviations_stay_with_their_units() -> None:
    fit = fit_of(effect=nqp.CompletePooling(varying="unit"), errors=nqp.AR1())
    _, _, event = tables(PANEL)
    near = np.sum([x * (W @ (event == e)) for e, x in enumerate(thetas(fit))], axis=0)
    received = float(nqp.att(fit, path="received").mean())
    assert received == pytest.approx(float(near[event >= 0].mean()), abs=1e-10)
    treated = fit.effects["role"].to_numpy() == "treated"
    direct = fit.effects["effect"].sel(path="direct").to_numpy()[..., treated]
    apart = direct - fit.posterior["outcome__cell_mean"].to_numpy()
    assert (apart.std(axis=(0, 1)) > 0.0).all()  # the mean deviation of a cell's rows
    effects = (nqp.att(fit, path=path).to_numpy() for path in ("total", "direct", "received"))
    total, own, others = effects
    assert total == pytest.approx(own + others, abs=1e-12)


def thetas(fit: nqp.Fit) -> list[float]:
    """Posterior means of the coefficients of linked units' treatment, by event time."""
    mean = fit.posterior.mean(["chain", "draw"])
    level, drift = (mean[f"outcome__linked_{x}"].item() for x in ("level", "drift"))
    steps = mean["outcome__linked_walk"].to_numpy()
    return [level + e * drift + steps[:e].sum() for e in range(len(steps) + 1)]


def test_impacts_are_beta_and_theta(fit: nqp.Fit) -> None:
    draws = nqp.impacts(fit).sel(covariate="x")
    slopes = fit.posterior["outcome__slope"]
    beta, theta = (slopes.sel(outcome__slope_label=name).to_numpy() for name in ("x", "W × x"))
    derivatives = beta[..., None, None] * np.eye(UNITS) + theta[..., None, None] * W
    direct = np.diagonal(derivatives, axis1=2, axis2=3).mean(axis=-1)
    total = derivatives.sum(axis=-1).mean(axis=-1)
    assert draws.sel(path="direct").to_numpy() == pytest.approx(direct, abs=1e-12)
    assert draws.sel(path="total").to_numpy() == pytest.approx(total, abs=1e-12)
    assert draws.sel(path="indirect").to_numpy() == pytest.approx(theta, abs=1e-12)


@pytest.mark.slow
def test_it_is_saved_has_a_marginal_likelihood_and_replications(
    fit: nqp.Fit, tmp_path: Path
) -> None:
    again = nqp.load(fit.save(tmp_path / "slx.nc"))
    assert again.design == fit.design
    assert again.effects["effect"].to_numpy() == pytest.approx(fit.effects["effect"].to_numpy())
    design = slx_of(time=nqp.TimeEffects(["coast"]))
    assert np.isfinite(log_marginal(design, PANEL, seed=1, proposals=400).value)
    assert nqp.check(fit, "model_fit", progress=False).verdict == "passed"
    result = nqp.check(fit, "spatial_lag", progress=False)
    assert result.verdict == "not applicable"
    assert "no spatial lag" in result.sentence


@pytest.mark.slow
def test_the_form_is_named_and_the_lag_that_is_missing(fit: nqp.Fit) -> None:
    """The panel has a lag of .4."""
    result = nqp.check(fit, "spatial_form", progress=False)
    assert result.verdict == "failed"
    assert "The data support a spatial lag of the outcome" in result.sentence
    rows = {row.label: row.cells for row in nqp.table({"a": fit}, "spatial").rows}
    assert rows["Spatial model"][0].text == "SLX"
    assert rows["Weights"][0].text == "matrix"
    assert "ρ" not in rows
    assert rows["W × treatment"][0].text


def test_covariates_of_linked_units_alone_let_no_policy_through() -> None:
    fit = fit_of(spillovers=nqp.SpatialLag(WEIGHTS, durbin=["x"], lag=False))
    assert list(fit.effects["path"].to_numpy()) == ["total"]
    assert list(nqp.impacts(fit)["path"].to_numpy()) == ["direct", "indirect", "total"]


def test_methods_say_what_enters() -> None:
    english, chinese = (Translator(language)(SLX.words({})) for language in ("en", "zh"))
    assert "follows another's (SLX)" in english
    assert "空间滞后解释变量模型（SLX）" in chinese
    assert "feedback" not in english


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"durbin": False}, "no variable of linked units enters"), ({"durbin": []}, "'lag' is False"),
     ({"error": True}, "'lag' is False with error=True")],
)  # fmt: skip
def test_what_leaves_nothing_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message) as caught:
        nqp.SpatialLag(WEIGHTS, lag=False, **arguments)  # type: ignore[arg-type]
    assert "Try:" in str(caught.value)


def test_what_does_not_go_with_linked_units_is_refused() -> None:
    with pytest.raises(StudyError, match="cannot be combined with lag=False"):
        model_frame_of(slx_of(moderator="m"), PANEL)
