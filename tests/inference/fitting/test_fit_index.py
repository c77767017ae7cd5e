"""An index's uncertain weights, carried into a fit; and the check that leaves indicators out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import applicable

import bayes_nqp as nqp
from bayes_nqp import plots, testing
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.index import recalled
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.fitting import pooled_over

DESIGN = nqp.StaggeredDiD(nqp.CompletePooling())
RECIPE = nqp.ProductivityIndex(
    nqp.IndexSystem.of({"labour": ["schooling", "wage"], "means": ["patents"]})
)
ROLES = {"cohort": "cohort"}


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    """Twenty units whose three indicators are noisy, differently skewed copies of one outcome."""
    df = staggered(
        units=24, periods=8, cohorts=(4, 5, 6), effect="flat", level=3.0, seed=2
    ).panel.frame
    rng = np.random.default_rng(3)
    for power, key in enumerate(RECIPE.system.keys):
        noisy = df["outcome"] + rng.normal(size=len(df))
        df = df.assign(**{key: np.exp(0.15 * (power + 1) * noisy)})
    return df


@pytest.fixture(scope="session")
def index(rows: pd.DataFrame) -> nqp.index.Index:
    return RECIPE.build(rows, unit="unit", time="time")


@pytest.fixture(scope="session")
def pooled(index: nqp.index.Index) -> nqp.Fit:
    sampler = nqp.Importance(draws=150, chains=2, seed=4)
    panel = index.panel(**ROLES)
    return nqp.fit_index(DESIGN, panel, index, draws=3, seed=7, sampler=sampler, progress=False)


@pytest.mark.slow
def test_every_draw_of_the_index_is_the_fit_of_its_own_outcome(
    index: nqp.index.Index, pooled: nqp.Fit
) -> None:
    values = index.draws(3, seed=7).to_numpy()
    panel = index.panel(**ROLES)
    order = panel.frame.set_index(["unit", "time"]).index
    frame = pd.Series(values[1], index=index.rows.set_index(["unit", "time"]).index)
    outcome = panel.with_outcome(frame.loc[order].to_numpy())
    seed = int(np.random.SeedSequence([4, 5, 1]).generate_state(1)[0] % (1 << 31))
    sampler = nqp.Importance(draws=150, chains=2, seed=seed)
    alone = nqp.att(nqp.fit(DESIGN, outcome, sampler, scale=pooled.scale, progress=False))
    mine = nqp.att(pooled)
    mine = mine.isel(draw=mine["index_draw"].to_numpy() == 1)
    places = np.linspace(0, 149, 50).astype(int)
    np.testing.assert_allclose(mine, alone.isel(draw=places), rtol=1e-12)
    assert pooled.scale == nqp.fit(DESIGN, panel, sampler, progress=False).scale


@pytest.mark.slow
def test_draws_take_turns_and_are_about_as_many_as_of_one_fit(pooled: nqp.Fit) -> None:
    att = nqp.att(pooled)
    assert att["index_draw"].to_numpy()[:4].tolist() == [0, 1, 2, 0]
    assert att.sizes == {v.CHAIN: 2, v.DRAW: 150}
    assert pooled_over(pooled) == 3
    assert pooled.posterior["outcome__sigma"].sizes[v.DRAW] == 150
    means = att.groupby("index_draw").mean(("chain", "draw"))
    assert np.ptp(means.to_numpy()) > 0


def test_variance_is_split_without_rest(pooled: nqp.Fit) -> None:
    att = nqp.att(pooled, by="event_time")
    parts = nqp.index_variance(att)
    xr.testing.assert_allclose(
        parts["total"].drop_vars(["rows", "weight"]),
        xr.DataArray(att.var(("chain", "draw"))).drop_vars(["rows", "weight"]),
    )
    overall = nqp.index_variance(nqp.att(pooled))
    assert pooled.record["index_within"] == pytest.approx(float(overall["within"]))
    assert pooled.record["index_between"] == pytest.approx(float(overall["between"]))
    assert f"{100 * float(overall['share']):.1f} %" in pooled.notes[-1]
    with pytest.raises(StudyError, match="the draw of the index"):
        nqp.index_variance(att.drop_vars("index_draw"))


@pytest.mark.slow
def test_the_gate_is_the_worst_and_travels(pooled: nqp.Fit) -> None:
    # 300 draws a fit are too few for 400 effective ones.
    assert not pooled.gate.passed
    assert all(failure.startswith("index draw ") for failure in pooled.gate.failures)
    assert str(nqp.att(pooled)["gate"].item()) == str(pooled.gate)
    assert nqp.summary(nqp.att(pooled))["gate"][0] == str(pooled.gate)


@pytest.mark.slow
def test_it_is_saved_whole(pooled: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(pooled.save(tmp_path / "fit.nc"))
    testing.assert_equal(again, pooled)
    assert pooled_over(again) == 3
    assert again.effects["index_draw"].equals(pooled.effects["index_draw"])
    assert again.panel is not None
    assert recalled(again.panel.frame) == {"nqp": RECIPE}


@pytest.mark.slow
def test_what_needs_one_outcome_refuses_pooled_draws(pooled: nqp.Fit) -> None:
    for function in (nqp.posterior_predictive, nqp.log_likelihood):
        with pytest.raises(StudyError, match="pooled over 3 draws"):
            function(pooled)  # type: ignore[operator]


def test_checks_are_asked_of_the_index_itself(pooled: nqp.Fit) -> None:
    found = nqp.check(pooled, "indicators", progress=False)
    assert found.verdict == "passed", found
    names = found.evidence["specification"].to_numpy().tolist()
    assert names == ["as fitted", "without schooling", "without wage", "without patents",
                     "without dimension labour"]  # fmt: skip
    assert found.evidence["change"].to_numpy().tolist()[-1] == "dimension"
    assert "without patents" in [t.get_text() for t in plots.check(found).axes[0].get_yticklabels()]


@pytest.mark.slow
def test_one_indicator_that_carries_the_effect_is_in_doubt(rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    treated = rows["time"] >= rows["cohort"]
    blind = {key: rows["outcome"] - 3.0 * treated + rng.normal(size=len(rows))
             for key in ("schooling", "wage")}  # fmt: skip
    df = rows.assign(**blind, patents=rows["outcome"] + rng.normal(size=len(rows)))
    panel = RECIPE.build(df, unit="unit", time="time").panel(**ROLES)
    fit = nqp.fit(DESIGN, panel, nqp.Importance(draws=250, chains=2, seed=1), progress=False)
    found = nqp.check(fit, "indicators", progress=False)
    assert found.verdict == "caution", found
    assert "without patents" in found.sentence


@pytest.mark.slow
def test_indicators_is_not_applicable_where_no_index_is_remembered(pooled: nqp.Fit) -> None:
    assert pooled.panel is not None
    frame = pooled.panel.frame.copy()
    frame.attrs = {}
    bare = replace(pooled, panel=replace(pooled.panel, frame=frame))
    assert "indicators" not in set(applicable(bare))
    found = nqp.check(bare, "indicators", progress=False)
    assert found.verdict == "not applicable"
    assert "index.panel(…)" in found.sentence


def test_what_it_refuses(index: nqp.index.Index, rows: pd.DataFrame) -> None:
    panel = index.panel(**ROLES)
    fixed = RECIPE.replace(weights=nqp.EqualWeights()).build(rows, unit="unit", time="time")
    with pytest.raises(StudyError, match=r"EqualWeights\(\), which do not depend on data"):
        nqp.fit_index(DESIGN, panel, fixed)
    with pytest.raises(PanelError, match="'outcome' does not match 'index'"):
        nqp.fit_index(DESIGN, panel.with_outcome("outcome"), index)
    fewer = RECIPE.build(rows[rows["time"] > 2], unit="unit", time="time")
    with pytest.raises(PanelError, match="lacks 48 of the panel's 192 observations"):
        nqp.fit_index(DESIGN, panel, fewer)
    with pytest.raises(StudyError, match="'draws' is 1"):
        nqp.fit_index(DESIGN, panel, index, draws=1)
    with pytest.raises(StudyError, match="has no sufficient statistics"):
        nqp.fit_index(DESIGN.replace(likelihood=nqp.StudentT()), panel, index)
