"""Binomial outcomes from a panel to a report: their limit is logistic regression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from binary import panel_of, successes
from scipy import stats
from scipy.special import expit

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.inference.fitting._approximation import Observations, approximate
from bayes_nqp.inference.fitting._correction import Correction
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import draw

Array = npt.NDArray[np.float64]
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(), likelihood=nqp.Binomial())
SAMPLER = nqp.Importance(seed=1, draws=250, proposals=1000)
FRAME = successes(20, 7)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(DESIGN, panel_of(FRAME), SAMPLER, progress=False)


def test_the_effect_is_found_and_diagnosed(fit: nqp.Fit) -> None:
    draws = nqp.att(fit)
    assert abs(float(draws.mean()) - 0.7) < 3.0 * float(draws.std())
    assert float(draws.std()) < 0.4
    assert fit.gate.passed, fit.gate
    assert draws.attrs["link"] == "logit"


def test_probabilities_are_events_over_trials(fit: nqp.Fit) -> None:
    frame = fit.model_frame
    treated = frame.cell_of_row >= 0
    trials = frame.panel.trials[treated].sum()
    events = nqp.att(fit, scale="outcome", total=True)
    points = nqp.att(fit, scale="probability")
    np.testing.assert_allclose(points, events / trials)
    groups = nqp.att(fit, by="side", scale="outcome", total=True)
    np.testing.assert_allclose(groups.sum("side"), events)
    # The mean derivative of the probability, p (1 - p), is at most 1/4.
    log_odds = nqp.att(fit)
    assert 0.15 < float(points.mean() / log_odds.mean()) < 0.25
    assert np.corrcoef(points.to_numpy().ravel(), log_odds.to_numpy().ravel())[0, 1] > 0.97
    with pytest.raises(StudyError, match="trials"):
        nqp.att(fit.effects.drop_vars("trials"), scale="probability")


@pytest.mark.filterwarnings("ignore")
def test_without_errors_it_is_logistic_regression() -> None:
    """Coefficients of cells, and the average marginal effect on events."""
    sm = pytest.importorskip("statsmodels.api")
    df = successes(24, 7, trials=30, seed=3)
    flat = nqp.StaggeredDiD(
        nqp.NoPooling(varying=None), nqp.AR1(), likelihood=nqp.Binomial(), unidentified="drop"
    )
    frame = model_frame_of(flat, panel_of(df))
    held = frame.equations[0].problem.space.unconstrain(np.array([[0.0, 1e-5]]))[0]
    near = approximate(Observations.of(frame), at=held, laplace=True, settled=1e-10, rounds=60)
    means = draw(near.equation.gaussian, held[None], None)
    cells = means.positions[0, near.equation.positions.cells] * near.equation.scale
    panel = frame.panel
    of_cell = np.eye(frame.table.size + 1)[frame.cell_of_row][:, :-1]
    side, period = panel.strata_codes["side"][panel.unit_codes], np.eye(panel.periods)
    later = period[panel.time_codes][:, 1:]  # The first period is that of the unit effects.
    x = np.column_stack([
        of_cell, np.eye(panel.n_units)[panel.unit_codes], later * side[:, None],
        later * (1 - side[:, None]),
    ])  # fmt: skip
    y = np.column_stack([panel.outcome, panel.trials - panel.outcome])
    glm = sm.GLM(y, x, family=sm.families.Binomial()).fit(tol=1e-12, maxiter=100)
    np.testing.assert_allclose(cells, glm.params[: cells.size], atol=1e-7)


def test_weights_are_their_integrals() -> None:
    """The level does not integrate out in closed form: it is summed on a grid instead."""
    design = DESIGN.replace(effect=nqp.CompletePooling(varying=None), errors=nqp.AR1PlusNoise())
    observations = Observations.of(model_frame_of(design, panel_of(successes(12, 6, trials=5))))
    found = approximate(observations)
    problem, s, rng = found.equation.gaussian, observations.raw.scale, np.random.default_rng(3)
    coefficients = draw(problem, found.point[None], rng)
    correction = Correction(observations, found, np.random.default_rng(4), size=512)
    ours = correction.by_unit(found.point[None], coefficients)[0][0]
    grid, units, values = observations.grid, correction.units[:4], problem.values(found.point[None])
    y, n = grid(observations.outcome)[units], grid(observations.trials)[units].astype(int)
    z, v = grid(found.outcome)[units], grid(found.variances)[units]
    eta, periods = grid(observations.expected(coefficients))[0, units], y.shape[1]
    law = problem.noise.covariance(periods, values.noise)[0] * values.sigma[0] ** 2
    errors = rng.standard_normal((2000, periods)) @ np.linalg.cholesky(law).T
    for i in range(len(units)):
        levels = np.linspace(-12.0, 12.0, 161)  # multiples of s
        level = levels + (z[i] - eta[i]).mean()
        latent = eta[i] + errors[:, None] + level[:, None]
        log_p = stats.binom.logpmf(y[i], n[i], expit(s * latent))
        p = np.exp(log_p.sum(axis=-1)).sum(axis=1) * (levels[1] - levels[0])
        q, r = np.linalg.inv(law + np.diag(v[i])), z[i] - eta[i]
        one = q.sum(axis=1)
        energy = r @ q @ r - (one @ r) ** 2 / one.sum()
        log_z = 0.5 * np.linalg.slogdet(q)[1] - 0.5 * np.log(one.sum()) - 0.5 * energy
        log_z -= 0.5 * (periods - 1) * np.log(2.0 * np.pi)
        error = p.std() / p.mean() / np.sqrt(p.size)
        assert abs(ours[i] - (np.log(p.mean()) - log_z)) < 4.0 * error + 0.01


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"y": -1.0}, "successes must be whole numbers"),
        ({"y": 1.5}, "successes must be whole numbers"),
        ({"y": 900.0}, "successes must be whole numbers"),
        ({"n": 30.5}, "trials must be whole numbers"),
        ({"n": 0.0}, "trials='n' must be positive"),
        ({"n": -3.0}, "trials='n' must be positive"),
    ],
)
def test_impossible_numbers_are_refused_with_their_observation(
    wrong: dict[str, float], words: str
) -> None:
    df = FRAME.astype({"n": float})
    ((column, value),) = wrong.items()
    df.loc[df.index[9], column] = value
    with pytest.raises(PanelError, match=words) as caught:
        model_frame_of(DESIGN, panel_of(df))
    assert df["unit"].iloc[9] in str(caught.value)
    assert str(df["time"].iloc[9]) in str(caught.value)


def test_without_trials_outcomes_are_zero_or_one() -> None:
    once = FRAME.assign(y=(FRAME["y"] > 4).astype(float))
    frame = model_frame_of(DESIGN, panel_of(once, trials=None, strata=[]))
    assert (frame.equations[0].rows.trials == 1.0).all()
    with pytest.raises(PanelError, match="which is 1 without"):
        model_frame_of(DESIGN, panel_of(FRAME, trials=None))


def test_units_and_periods_at_a_bound_are_named() -> None:
    df = FRAME.copy()
    df.loc[df["unit"] == "u05", "y"] = df["n"]
    frame = model_frame_of(DESIGN, panel_of(df))
    assert any("u05" in note for note in frame.notes)
    df.loc[df["time"] == 2003, "y"] = df["n"]
    with pytest.raises(IdentificationError, match="2003"):
        model_frame_of(DESIGN, panel_of(df))


def test_it_is_saved_and_read(fit: nqp.Fit, tmp_path: Path) -> None:
    loaded = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert loaded.digest == fit.digest
    np.testing.assert_array_equal(loaded.panel.trials, fit.panel.trials)
    np.testing.assert_array_equal(
        nqp.att(loaded, scale="probability"), nqp.att(fit, scale="probability")
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("percentage points", "Odds ratio")), ("zh", ("个百分点", "优势比"))],
    ids=["en", "zh"],
)
def test_reports_state_probabilities_and_odds(
    fit: nqp.Fit, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    checks = [nqp.check(fit, "convergence", progress=False)]
    nqp.report(
        fit, tmp_path / "out", checks=checks, formats=["html"], language=language, progress=False
    )
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert all(word in text for word in words)


@pytest.mark.slow
def test_nuts_agrees() -> None:
    """The No-U-Turn sampler on the model of single observations has the same posterior."""
    design = DESIGN.replace(effect=nqp.CompletePooling(varying=None))
    panel = panel_of(successes(16, 6, seed=2), strata=[])
    ours = nqp.att(nqp.fit(design, panel, nqp.Importance(seed=1, proposals=8000), progress=False))
    nuts = nqp.fit(design, panel, nqp.NUTS(seed=1, draws=4000, tune=1000), progress=False)
    theirs = nqp.att(nuts)
    sd = float(theirs.std())
    assert abs(float(ours.mean() - theirs.mean())) < 0.08 * sd
    assert float(ours.std()) / sd == pytest.approx(1.0, abs=0.06)
