"""Checks of channels: panels in which each holds, and in which each must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from doors import (
    BayesFactor,
    EvidenceRow,
    StratumFactors,
    called,
    innovations,
    left_over,
    mediators_said,
    order_said,
    total_fit,
)
from matplotlib.collections import LineCollection
from matplotlib.text import Text

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.checks import CHECKS
from bayes_nqp.data.simulation import staggered
from bayes_nqp.model.errors import Noise

SAMPLER = nqp.Importance(draws=400, chains=2, seed=1)
DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(varying=None)))


def panel_of(
    *,
    a: Sequence[float] = (1.0, 0.8),
    b: Sequence[float] = (0.5, 0.6),
    direct: float = 0.6,
    correlation: float = 0.0,
    slow: bool = False,
    drift: float = 0.0,
    before: float = 0.0,
    size: float = 0.7,
    memory: float = 0.6,
    sigma: float = 0.5,
    seed: int = 5,
) -> nqp.Panel:
    """Two mediators, "tech" and "finance", and "weather", which cannot respond.

    With ``slow`` the effect on tech grows by steps; ``drift`` is a trend of tech in the treated;
    ``before`` the slopes of mediators a period earlier, in multiples of ``b``.
    """
    panel = staggered(
        units=90, periods=10, cohorts=(4, 5, 6), never=0.4, level=direct, sigma=sigma,
        deviation_sd=0.0, seed=seed,
    ).panel  # fmt: skip
    generator = np.random.default_rng(seed + 1)
    shape = (panel.n_units, panel.periods)
    first = np.where(panel.cohort_codes < 0, 99, panel.cohort_codes)[:, None]
    since = np.arange(panel.periods) - first
    z = generator.standard_normal((*shape, 2))
    z[..., 1] = correlation * z[..., 0] + np.sqrt(1 - correlation**2) * z[..., 1]
    error = z.copy()
    for t in range(1, panel.periods):
        error[:, t] = memory * error[:, t - 1] + np.sqrt(1 - memory**2) * z[:, t]
    reach = np.stack([np.minimum(since + 1, 5) / 5 if slow else since >= 0, since >= 0], axis=-1)
    m = size * error + generator.standard_normal((panel.n_units, 1, 2))
    m += np.where(since[..., None] >= 0, reach * np.asarray(a), 0.0)
    m[..., 0] += drift * np.arange(panel.periods) * (first < 99)
    earlier = np.concatenate([m[:, :1], m[:, :-1]], axis=1)
    through = (m + before * earlier) @ np.asarray(b)
    places = panel.unit_codes, panel.time_codes
    frame = panel.frame.assign(
        tech=m[..., 0][places],
        finance=m[..., 1][places],
        weather=generator.standard_normal(panel.n_rows),
        rain=1.5 * (since >= 0)[places] + generator.standard_normal(panel.n_rows),
    )
    frame[panel.roles.outcome] = panel.outcome + through[places]
    return nqp.Panel.from_frame(frame, **{**panel.arguments, "mediators": ["tech", "finance"]})


def fitted(design: nqp.Mediation = DESIGN, **how: object) -> nqp.Fit:
    return nqp.fit(design, panel_of(**how), SAMPLER, progress=False)  # type: ignore[arg-type]


def ask(fit: nqp.Fit, name: str, **options: object) -> nqp.CheckResult:
    result = nqp.check(fit, name, progress=False, **options)
    assert result.kind == ("none" if result.verdict == "not applicable" else "channels")
    return result


def of(result: nqp.CheckResult, mediator: str, quantity: str) -> pd.Series[float]:
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    found = table[(table["mediator"] == mediator) & (table["quantity"] == quantity)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture(scope="session")
def sound() -> nqp.Fit:
    """Everything as it should be; mediators act at once and with a period's delay."""
    return fitted(before=1.0)


@pytest.fixture(scope="session")
def tangled() -> nqp.Fit:
    """Mediators whose innovations are correlated, against the direct effect; tech drifts."""
    return fitted(correlation=0.8, a=(1.0, 0.9), b=(0.6, 0.6), direct=-0.8, drift=0.35)


@pytest.fixture(scope="session")
def slow() -> nqp.Fit:
    """A mediator that responds by steps, and an outcome that responds at once."""
    return fitted(slow=True, a=(3.0, 0.8), b=(0.1, 0.6), direct=1.5)


@pytest.mark.slow
def test_those_of_channels_are_asked_of_channels_alone(sound: nqp.Fit) -> None:
    alone = nqp.fit(sound.design.design, sound.panel, SAMPLER, progress=False)
    for name, one in CHECKS.items():
        if one.of == "channels":
            result = ask(alone, name)
            assert result.verdict == "not applicable"
            assert "no mediators" in result.sentence


@pytest.mark.slow
def test_pretrends_of_mediators_are_earned_and_fail(sound: nqp.Fit, tangled: nqp.Fit) -> None:
    """Three periods of 90 units earn no parallel trends, though leads and slopes are zero."""
    good, bad = ask(sound, "mediator_pretrends"), ask(tangled, "mediator_pretrends")
    assert good.verdict == "inconclusive"
    assert "neither support nor reject parallel trends of the mediators" in good.sentence
    assert "log Bayes factor" in good.figure
    assert bad.verdict == "failed"
    assert of(bad, "tech", "slope before adoption")["lower"] > 0.0
    assert of(bad, "tech", "slope before adoption")["verdict"] == "failed"
    assert "tech" in bad.sentence
    assert "finance" not in bad.sentence


def test_a_drift_that_no_lead_shows_is_told_as_one() -> None:
    lines = [
        EvidenceRow(name, "slope before adoption", 0.0, -1.0, 1.0, verdict)
        for name, verdict in (("tech", "failed"), ("skill", "failed"), ("finance", "inconclusive"))
    ]
    said = str(mediators_said(lines, ["skill", "finance"]))
    assert "different trends of tech before adoption" in said
    assert "a differential trend of skill" in said
    assert "not supported for finance" in said


@pytest.mark.slow
def test_mediators_that_may_drift_are_reported(tangled: nqp.Fit) -> None:
    design = tangled.design.replace(
        design=tangled.design.design.replace(trends=nqp.DifferentialTrends())
    )
    fit = nqp.fit(design, tangled.panel, SAMPLER, progress=False)
    result = ask(fit, "mediator_pretrends")
    assert result.verdict == "reported"
    assert "does not assume parallel trends" in result.sentence
    assert of(result, "tech", "slope before adoption")["lower"] > 0.0


@pytest.mark.slow
def test_a_placebo_holds_if_nothing_moves_it(sound: nqp.Fit) -> None:
    assert ask(sound, "mediator_placebo").verdict == "not applicable"
    good = ask(sound, "mediator_placebo", placebo="weather")
    assert good.verdict == "passed"
    assert abs(of(good, "weather", "indirect effect")["value"]) < 0.05
    via = of(good, "tech", "indirect effect")["value"]
    assert via == pytest.approx(float(nqp.nie(sound, mediators="tech").mean()), rel=0.1)


def test_a_placebo_that_responds_fails(sound: nqp.Fit) -> None:
    bad = ask(sound, "mediator_placebo", placebo="rain")
    assert bad.verdict == "failed"
    assert of(bad, "rain", "effect on the mediator")["lower"] > 0.0


def test_a_placebo_is_a_numeric_column_that_is_no_mediator(sound: nqp.Fit) -> None:
    with pytest.raises(PanelError, match="does not have") as caught:
        nqp.check(sound, "mediator_placebo", placebo="wether", progress=False)
    assert "weather" in str(caught.value)
    with pytest.raises(StudyError, match="a mediator of the fit"):
        nqp.check(sound, "mediator_placebo", placebo="tech", progress=False)
    with pytest.raises(StudyError, match="'placebo' is 3"):
        nqp.check(sound, "mediator_placebo", placebo=3, progress=False)


def test_timing_holds_where_mediators_come_first(sound: nqp.Fit) -> None:
    result = ask(sound, "timing")
    assert result.verdict == "passed"
    assert of(result, "tech", "indirect effect, a period earlier")["lower"] > 0.0
    delay = of(result, "tech", "delay")
    assert delay["lower"] < 0.0 < delay["upper"]


@pytest.mark.slow
def test_timing_cannot_tell_where_a_direct_effect_comes_first(slow: nqp.Fit) -> None:
    """All is right by construction: 1.5 at once is ahead of a mediator that comes by steps."""
    result = ask(slow, "timing")
    assert result.verdict == "inconclusive"
    assert "tech responded after the outcome" in result.sentence
    assert of(result, "tech", "delay")["value"] > of(result, "outcome", "delay")["value"] + 0.5


@pytest.mark.slow
def test_timing_is_in_doubt_where_the_outcome_comes_first() -> None:
    """What goes through a mediator that is dated a period late passes for direct at first."""
    made = nqp.simulation.channels(
        mediators={"tech": nqp.simulation.Channel(level=0.8, growth=0.0, sigma=0.3)},
        units=120, sigma=0.3, seed=3,
    )  # fmt: skip
    frame = made.panel.frame
    frame.loc[frame["time"] == frame["cohort"], "tech"] -= 0.8
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    panel = nqp.Panel.from_frame(frame, **roles, strata=["region"], mediators=["tech"])
    fit = nqp.fit(nqp.Mediation(nqp.StaggeredDiD(), ["tech"]), panel, SAMPLER, progress=False)
    result = ask(fit, "timing")
    assert result.verdict == "caution"
    assert "tech responded to the policy later than the outcome" in result.sentence


def test_timing_has_nothing_to_ask_where_nothing_is_certain() -> None:
    nothing = fitted(a=(0.0, 0.0), b=(0.0, 0.0), direct=0.0)
    result = ask(nothing, "timing")
    assert result.verdict == "not applicable"
    assert "timing cannot be compared" in result.sentence


def test_innovations_are_correlated_or_not(sound: nqp.Fit, tangled: nqp.Fit) -> None:
    good, bad = ask(sound, "mediator_residuals"), ask(tangled, "mediator_residuals")
    assert (good.verdict, bad.verdict) == ("passed", "caution")
    found = of(bad, "tech", "with finance")
    assert found["lower"] < 0.8 < found["upper"]
    assert "report the joint indirect effect of the mediators" in bad.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("errors", "values"), [(nqp.AR1(), [0.6]), (nqp.AR1PlusNoise(), [0.6, 0.8]), (nqp.IID(), [])]
)
def test_innovations_are_what_generalised_least_squares_leaves(
    sound: nqp.Fit, errors: Noise, values: list[float]
) -> None:
    model_frame, parameters = sound.model_frame, np.array(values)
    generator = np.random.default_rng(0)
    y = generator.standard_normal(model_frame.kept.size)
    found = innovations(model_frame, y, errors, parameters, varying=False)
    unit, time = model_frame.codes.unit, model_frame.codes.time
    level = model_frame.codes.level[unit] * 100 + time
    columns = [
        np.equal.outer(x, np.unique(x[x >= 0])) for x in (unit, level, model_frame.cell_of_row)
    ]
    x = np.concatenate(columns, axis=1).astype(float)
    same = np.equal.outer(unit, unit)
    grid = errors.covariance(model_frame.codes.n_periods, parameters[None])[0]
    root = np.linalg.inv(np.linalg.cholesky(np.where(same, grid[time[:, None], time], 0.0)))
    x, y = root @ x, root @ y
    expected = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(found / found.std(), expected / expected.std(), atol=1e-6)


@pytest.mark.slow
def test_suppression_is_named_and_the_proportion_withheld(sound: nqp.Fit, tangled: nqp.Fit) -> None:
    good, bad = ask(sound, "inconsistent"), ask(tangled, "inconsistent")
    assert good.verdict == "passed"
    limit = 100.0 - 5.0 / len(sound.facts.mediators(sound.rows))
    assert f"{limit:.1f} %" in good.sentence
    assert 0.0 < of(good, "all mediators", "proportion mediated")["value"] < 1.0
    assert bad.verdict == "caution"
    assert "suppression" in bad.sentence
    assert "the direct effect is negative" in bad.sentence
    assert np.isnan(of(bad, "all mediators", "proportion mediated")["value"])


def test_leaving_out_a_mediator_moves_others_if_they_are_tangled(
    sound: nqp.Fit, tangled: nqp.Fit
) -> None:
    good, bad = ask(sound, "leave_mediator_out"), ask(tangled, "leave_mediator_out")
    assert good.verdict == "passed"
    assert bad.verdict == "caution"
    before, after = (of(bad, "tech", x)["value"] for x in ("as fitted", "without finance"))
    assert after > 1.3 * before
    direct = of(good, "direct effect", "without tech")["value"]
    both = float((nqp.nde(sound) + nqp.nie(sound, mediators="tech").drop_vars("rows")).mean())
    assert direct == pytest.approx(both, rel=0.1)


def test_one_mediator_has_none_beside_it() -> None:
    one = fitted(DESIGN.replace(mediators=("tech",)))
    for name in ("mediator_residuals", "leave_mediator_out"):
        assert ask(one, name).verdict == "not applicable"


def test_a_mediator_that_is_nearly_the_treatment_or_the_outcome_fails(sound: nqp.Fit) -> None:
    assert ask(sound, "near_treatment").verdict == "passed"
    near = fitted(a=(3.0, 0.2), size=0.1)
    result = ask(near, "near_treatment")
    assert result.verdict == "failed"
    assert of(result, "tech", "with the treatment")["value"] > 0.9
    outcome = fitted(b=(0.1, 3.0), direct=0.0)
    assert of(ask(outcome, "near_treatment"), "finance", "with the outcome")["value"] > 0.7
    assert ask(outcome, "near_treatment").verdict in ("caution", "failed")


def test_what_is_left_over_is_what_dummies_leave(sound: nqp.Fit) -> None:
    panel = sound.panel
    left = left_over(sound.model_frame, panel.outcome[:, None])[:, 0]
    for codes in (panel.unit_codes, panel.time_codes):
        np.testing.assert_allclose(np.bincount(codes, left), 0.0, atol=1e-6)


@pytest.mark.slow
def test_effects_add_up(sound: nqp.Fit) -> None:
    result = ask(sound, "decomposition")
    assert result.verdict == "passed"
    assert set(result.evidence["mediator"]) == {"overall", "region = coastal", "region = inland"}


def test_effects_do_not_add_up_where_equations_compare_other_periods() -> None:
    """Errors near a random walk compare with the last period before a drifting mediator's
    adoption, others with all periods before."""
    design = DESIGN.replace(mediators=("tech",))
    bent = fitted(design, a=(1.0, 0.0), b=(1.0, 0.0), direct=0.0, memory=0.98, sigma=1.0, drift=0.5)
    result = ask(bent, "decomposition")
    assert result.verdict == "failed"
    assert "do not add up" in result.sentence
    found, alone = (of(result, "overall", x) for x in ("direct and indirect", "outcome alone"))
    assert found["upper"] < alone["value"]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "name", ["timing", "near_treatment", "mediator_residuals", "decomposition"]
)
def test_they_are_drawn(sound: nqp.Fit, name: str, language: str) -> None:
    result = ask(sound, name)
    figure = plots.check(result, language=language)  # type: ignore[arg-type]
    assert len(figure.axes) == result.evidence["scale"].nunique()
    ticks = [tick.get_text() for ax in figure.axes for tick in ax.get_yticklabels()]
    rows = len(result.evidence)
    groups = sum(
        0 if x["mediator"].is_unique else x["mediator"].nunique()
        for _, x in result.evidence.groupby("scale")
    )
    assert len(ticks) == rows + groups


@pytest.mark.parametrize(("value", "verdict"), [(-0.5, "inconclusive"), (-0.9, "caution")])
def test_mediators_share_the_odds_of_a_drift(
    sound: nqp.Fit, monkeypatch: pytest.MonkeyPatch, value: float, verdict: str
) -> None:
    """Of one outcome the limit is zero, of two mediators -log 2."""
    factors = (BayesFactor("", "AR(1) errors", value, 0.1),)
    monkeypatch.setattr(f"{StratumFactors.__module__}.bayes_factors", lambda fit: factors)
    assert ask(sound, "mediator_pretrends").verdict == verdict


@pytest.mark.slow
def test_pretrends_say_that_they_are_adjusted(sound: nqp.Fit) -> None:
    found = ask(sound, "mediator_pretrends")
    assert "adjusted for 2 mediators" in found.details
    assert "adjusted" in found.figure
    alone = nqp.fit(sound.design.replace(mediators=("tech",)), sound.panel, SAMPLER, progress=False)
    assert "adjusted" not in ask(alone, "mediator_pretrends").details


def test_pictures_of_channels_take_a_probability(tangled: nqp.Fit) -> None:
    result = ask(tangled, "mediator_residuals")

    def bars(prob: float) -> np.ndarray:
        figure = nqp.plots.check(result, prob=prob)
        said = " ".join(t.get_text() for t in figure.findobj(Text))
        assert f"{100 * prob:.0f}" in said
        lines = next(c for c in figure.axes[0].collections if isinstance(c, LineCollection))
        return np.array([one[:, 0] for one in lines.get_segments()])

    table = result.evidence[["lower", "upper"]].to_numpy()
    np.testing.assert_allclose(bars(0.95), table, atol=1e-4)
    assert (np.ptp(bars(0.5), axis=1) < 0.5 * np.ptp(bars(0.95), axis=1)).all()
    other = ask(tangled, "inconsistent")
    direct = nqp.nde(tangled)
    figure = nqp.plots.check(other, prob=0.8)
    lines = next(c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    np.testing.assert_allclose(lines.get_segments()[0][:, 0], direct.quantile([0.1, 0.9]))


@pytest.mark.slow
def test_what_assumes_one_slope_is_not_asked_of_moderated_ones(sound: nqp.Fit) -> None:
    frame = sound.panel.frame.copy()
    codes = sound.panel.unit_codes
    frame["z"] = np.random.default_rng(1).normal(size=sound.panel.n_units)[codes]
    panel = nqp.Panel.from_frame(frame, **{**sound.panel.arguments, "moderators": ["z"]})
    own = sound.design.design.replace(moderator="z")
    design = nqp.Mediation(own, ["tech"], moderates=("a", "b", "direct"))
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    result = ask(fit, "decomposition")
    assert result.verdict == "not applicable"
    assert "nonlinear in the moderator" in result.sentence
    assert ask(fit, "timing").verdict == "passed"
    assert ask(fit, "mediator_pretrends").verdict == "inconclusive"
    shift = nqp.mediation_sensitivity(fit, "tech", rho=[0.0, 0.2])["estimate"].sum("path")
    np.testing.assert_allclose(shift[0], shift[1], atol=1e-10)


@pytest.mark.slow
def test_checks_of_the_total_effect_name_the_fit_that_they_ask(sound):
    result = nqp.check(sound, "control_group", progress=False)
    alone = total_fit(sound)
    number = f"{float(nqp.att(alone).mean()):.3g}"
    rows = sound.panel.n_rows
    assert f"{number} (" in result.figure
    assert f"outcome equation, {rows:,} observations with all mediators" in result.figure
    assert f"结果方程（中介变量齐全的 {rows:,} 个观测）" in result.figure_in("zh")
    assert "as fitted" not in result.figure
    first = result.evidence.isel(specification=0)
    assert str(first["specification"].item()).startswith("outcome equation")
    # Asked of the outcome's own design, "as fitted" is right.
    assert called(replace(alone, record={})) == "as fitted"


def test_signs_that_turn_are_told_from_signs_that_are_lost() -> None:
    said = str(order_said([], [], ["digital"], ["innovation"], earlier=True))
    assert "the sign of the indirect effect through digital is uncertain." in said
    assert "the indirect effect through innovation has the opposite sign." in said
    assert said.count("distinguish cause from consequence") == 1


def test_a_mediator_that_is_behind_is_told_from_one_that_is_late() -> None:
    said = str(order_said(["digital"], ["finance"], [], [], earlier=True))
    assert "digital responded to the policy later than the outcome" in said
    assert "finance responded after the outcome" in said
    assert "cause from consequence" not in said
