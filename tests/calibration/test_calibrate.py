"""Calibration on a small panel: it holds where it should, and finds what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from doors import PosteriorSource, PriorSource

import bayes_nqp as nqp
from bayes_nqp._core import progress
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.threads import within
from bayes_nqp.inference.fitting import Kept
from bayes_nqp.inference.model_frame import model_frame_of

PANEL = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), missing=0.05, seed=1).panel
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID())
SAMPLER = nqp.Importance(draws=300)
SAME = {"sampler": SAMPLER, "seed": 3, "progress": False}


@pytest.fixture(scope="session")
def right() -> nqp.Calibration:
    return nqp.calibrate(DESIGN, PANEL, 30, **SAME)


@pytest.fixture(scope="session")
def fitted() -> nqp.Fit:
    return nqp.fit(DESIGN, PANEL, nqp.Importance(seed=2), progress=False)


def test_the_right_model_is_calibrated(right: nqp.Calibration) -> None:
    assert right.verdict == "passed"
    assert right.ranks.shape == (30, len(right.quantities))
    assert {"sigma", "level", "drift", "scale_deviation", "att"} < set(right.quantities)
    assert {"att[region=inland]", "coastal − inland", "att[event_time=0]", "att[cohort=4]"} < set(
        right.quantities
    )
    assert right.ranks.to_numpy().min() >= 0
    assert right.ranks.to_numpy().max() <= 99
    assert right.verdict in repr(right)
    assert right.sentence in repr(right)


def test_coverage_is_counted_from_intervals_and_truths(right: nqp.Calibration) -> None:
    one = right.results.sel(quantity="att", prob=0.8)
    inside = (one["low"] <= one["truth"]) & (one["truth"] <= one["high"])
    row = right.coverage.query("quantity == 'att' and nominal == 0.8").iloc[0]
    assert row["coverage"] == float(inside.mean())
    assert row["mc_sd"] == pytest.approx(np.sqrt(0.8 * 0.2 / 30))
    assert row["bias"] == pytest.approx(float((one["mean"] - one["truth"]).mean()))
    assert row["width"] == pytest.approx(float((one["high"] - one["low"]).mean()))
    # Binomial: 19 of 30 or fewer happens once in 40.
    assert 0.63 <= row["coverage"] <= 0.97


def test_a_truth_above_the_draws_has_a_high_rank(right: nqp.Calibration) -> None:
    one = right.results.sel(quantity="att")
    above = (one["truth"] - one["mean"]) / one["sd"]
    assert np.corrcoef(above, one["rank"])[0, 1] > 0.9


@pytest.mark.slow
def test_a_wrong_prior_in_the_refit_is_found() -> None:
    wrong = DESIGN.replace(priors=nqp.Priors(level=0.2))
    result = nqp.calibrate(wrong, PANEL, 15, source=DESIGN, **SAME)
    assert result.source == "prior of another design"
    assert result.verdict == "failed"
    worst = result.uniformity.set_index("quantity")
    assert worst.loc["level", "p_adjusted"] < 0.01
    assert worst.loc["level", "spread"] > 1.2
    assert "level" in result.sentence


@pytest.mark.slow
def test_ignored_autocorrelation_is_found() -> None:
    truth = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), nqp.AR1(), priors=nqp.Priors(rho=(40, 4))
    )
    refitted = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), nqp.IID())
    result = nqp.calibrate(refitted, PANEL, 20, source=truth, **SAME)
    assert "rho" not in result.quantities
    table = result.coverage.query("nominal == 0.95").set_index("quantity")["coverage"]
    assert table["att"] < 0.85
    assert result.verdict == "failed"


def test_s_is_held_while_the_outcome_changes() -> None:
    source = PriorSource(DESIGN, PANEL)
    s = model_frame_of(DESIGN, PANEL).equations[0].scale
    assert source.scale == s
    drawn = source.simulate(5).panel
    assert model_frame_of(DESIGN, drawn).equations[0].scale != pytest.approx(s, rel=1e-3)
    fit = nqp.fit(DESIGN, drawn, nqp.Importance(draws=20, seed=1), scale=s, progress=False)
    assert fit.scale == fit.model_frame.equations[0].scale == s
    with pytest.raises(StudyError, match="'scale' is -1"):
        model_frame_of(DESIGN, PANEL, scale=-1)


def test_nothing_but_the_outcome_is_simulated() -> None:
    drawn = PriorSource(DESIGN, PANEL).simulate(5).panel
    columns = [name for name in PANEL.frame if name != PANEL.roles.outcome]
    assert drawn.frame[columns].equals(PANEL.frame[columns])
    assert not np.allclose(drawn.outcome, PANEL.outcome)


@pytest.mark.slow
def test_truths_of_a_posterior_are_its_draws_and_what_outcomes_are_made_of(fitted: nqp.Fit) -> None:
    source = PosteriorSource(fitted)
    att = nqp.att(fitted).to_numpy().ravel()
    cohort = PANEL.cohort_codes[PANEL.unit_codes]
    treated = (cohort >= 0) & (PANEL.time_codes >= cohort)
    scores = []
    for seed in range(100):
        drawn = source.simulate(seed)
        assert np.abs(att - drawn.truth["att"]).min() < 1e-9
        error = drawn.panel.outcome[treated].mean() - drawn.truth["att"]
        scores.append(error * np.sqrt(treated.sum()) / drawn.truth["sigma"])
    assert abs(np.mean(scores)) < 0.3
    assert 0.8 < np.std(scores) < 1.2


def test_outcomes_of_a_posterior_have_what_units_share() -> None:
    home = PANEL.unit_codes % 6
    panel = nqp.Panel.from_frame(PANEL.frame.assign(home=home.astype(str)), **PANEL.arguments)
    panel = panel.with_outcome(panel.outcome + 4.0 * np.sin(home * 7 + 5 * panel.time_codes))
    design = nqp.StaggeredDiD(nqp.CompletePooling(), shocks=nqp.ClusterTimeEffects("home"))
    fit = nqp.fit(design, panel, nqp.Importance(draws=100, seed=1), progress=False)
    drawn = PosteriorSource(fit).simulate(1)
    table = drawn.panel.frame.assign(y=drawn.panel.outcome, home=home, t=panel.time_codes)
    shared = table.groupby(["home", "t"])["y"].mean().unstack()
    own = shared.sub(shared.mean(axis=1), axis=0).sub(shared.mean(axis=0), axis=1)
    assert own.to_numpy().std() > 0.6 * drawn.truth["scale_shocks"]


def test_a_posterior_gives_coverage_and_no_ranks(fitted: nqp.Fit) -> None:
    result = nqp.calibrate(DESIGN, PANEL, 12, source=fitted, **SAME)
    assert result.source == "posterior"
    assert result.verdict == "passed"
    table = result.coverage.query("nominal == 0.95").set_index("quantity")
    assert table.loc["att", "coverage"] >= 0.75
    assert abs(table.loc["att", "bias"]) < table.loc["att", "width"] / 4
    with pytest.raises(StudyError, match="not uniform"):
        _ = result.uniformity
    other = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=9).panel
    with pytest.raises(StudyError, match="another panel"):
        nqp.calibrate(DESIGN, other, 2, source=fitted, **SAME)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_stopped(
    tmp_path: Path, right: nqp.Calibration
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with within(1), pytest.raises(KeyboardInterrupt), progress.listening(stop):
        nqp.calibrate(DESIGN, PANEL, 6, store=tmp_path, **SAME)
    before = set(Kept(tmp_path))
    assert len(before) == 3
    seen: list[int] = []
    with progress.listening(lambda what, done, total: seen.append(done)):
        result = nqp.calibrate(DESIGN, PANEL, 6, store=tmp_path, **SAME)
    assert seen == list(range(len(before), 7))
    after = set(Kept(tmp_path))
    assert before < after
    assert len(after) == 6
    np.testing.assert_array_equal(result.ranks.to_numpy(), right.ranks.to_numpy()[:6])
    assert result.digest != right.digest
    nqp.calibrate(DESIGN, PANEL, 1, store=tmp_path, **{**SAME, "seed": 4})
    assert len(Kept(tmp_path)) == 7


def test_refits_that_do_not_converge_are_repeated_and_counted() -> None:
    short = {**SAME, "sampler": nqp.Importance(draws=25)}
    result = nqp.calibrate(DESIGN, PANEL, 2, **short)
    assert (result.refits["tries"] > 1).all()
    assert result.refits["passed"].all()
    assert "2 of 2 refits required longer" in result.sentence


def test_fewer_quantities_are_adjusted_for_their_own_number(right: nqp.Calibration) -> None:
    few = right.only(["att", "sigma"])
    assert few.quantities == ("att", "sigma")
    all_ = right.uniformity.set_index("quantity")["p_adjusted"]
    assert (few.uniformity.set_index("quantity")["p_adjusted"] <= all_[["att", "sigma"]]).all()
    with pytest.raises(StudyError, match=r"'atz' was not calibrated.*\n.*'att'"):
        right.only(["atz"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replications": 0}, "'replications' is 0"),
        ({"probs": (0.5, 95)}, "'probs'"),
        ({"ranked": 500}, "'ranked' is 500"),
        ({"source": "posterior"}, "'source' is 'posterior'"),
        ({"sampler": nqp.Importance(draws=10)}, "more draws"),
    ],
)
def test_arguments_out_of_range_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        nqp.calibrate(DESIGN, PANEL, **{**SAME, **changes})  # type: ignore[arg-type]


def test_the_picture_shows_every_quantity(right: nqp.Calibration) -> None:
    figure = nqp.plots.calibration(right.only(["att", "sigma", "level"]))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[:3] == ["att", "sigma", "level"]
    cover = figure.axes[-1]
    assert [x.get_text() for x in cover.get_yticklabels()][::-1] == ["att", "sigma", "level"]
    offsets = np.concatenate([np.asarray(x.get_offsets()) for x in cover.collections])
    wanted = right.coverage.query("quantity == 'att'")["coverage"].to_numpy()
    assert set(wanted) <= set(offsets[:, 0])
    chinese = nqp.plots.calibration(right, language="zh", title="校准")
    assert "覆盖率" in chinese.axes[-1].get_xlabel()
    with pytest.raises(StudyError, match="'result' is a DataFrame"):
        nqp.plots.calibration(right.coverage)  # type: ignore[arg-type]
