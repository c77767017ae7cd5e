"""Single units left out: an outlying one is found, and a calm panel is left in peace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import otherwise, unreliable
from fit_at import cut, without_coefficients

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

SAMPLER = nqp.Importance(draws=500, chains=4, seed=3)
DESIGN = nqp.StaggeredDiD()


def panel_of(outlier: float = 0.0, units: int = 40, rho: float = 0.5) -> nqp.Panel:
    """A flat effect of one, and one treated unit with more of it."""
    panel = nqp.simulation.staggered(
        units=units, periods=9, cohorts=(5, 7), rho=rho, sigma=0.5, seed=8
    ).panel
    unit = np.flatnonzero(panel.cohort_codes >= 0)[2]
    rows = (panel.unit_codes == unit) & (panel.time_codes >= panel.cohort_codes[unit])
    return panel.with_outcome(panel.outcome + outlier * rows)


@pytest.fixture(scope="session")
def even() -> nqp.Fit:
    """No unit stands out."""
    return nqp.fit(DESIGN, panel_of(rho=0.7), SAMPLER, progress=False)


@pytest.fixture(scope="session")
def uneven() -> nqp.Fit:
    """The third treated unit has an effect of its own, of 20 sd of the errors' innovations."""
    return nqp.fit(DESIGN, panel_of(10.0), SAMPLER, progress=False)


@pytest.mark.slow
def test_it_holds_where_no_unit_stands_out(even: nqp.Fit) -> None:
    result = nqp.check(even, "influence", progress=False)
    assert result.verdict == "passed"
    assert result.kind == "influence"
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    assert len(table) == 40
    assert table["shift_in_sd"].abs().is_monotonic_decreasing
    assert list(table.columns[:3]) == ["unit", "region", "cohort"]
    assert (table.loc[table["cohort"] == "never", "treated_rows"] == 0).all()


@pytest.mark.slow
def test_an_outlying_unit_is_found(uneven: nqp.Fit) -> None:
    result = nqp.check(uneven, "influence", progress=False)
    assert result.verdict in ("caution", "failed")
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    panel = uneven.panel
    assert panel is not None
    odd = str(panel.unit_labels[np.flatnonzero(panel.cohort_codes >= 0)[2]])
    assert table.at[0, "unit"] == odd
    assert table.at[0, "shift_in_sd"] < -1.0
    assert odd in result.sentence
    # The others' effects are one, but for deviations.
    assert abs(table.at[0, "att_without"] - 1.0) < 0.5 * abs(table.attrs["att"] - 1.0)


@pytest.mark.slow
def test_weights_say_what_refits_say(even: nqp.Fit) -> None:
    table = nqp.check(even, "influence", progress=False).evidence
    assert isinstance(table, pd.DataFrame)
    panel = even.panel
    assert panel is not None
    told = table[~table["refitted"]]
    for row in (told.iloc[0], told[told["treated_rows"] == 0].iloc[0]):
        rest = panel.where(panel.unit_labels[panel.unit_codes].astype(str) != row["unit"])
        draws = nqp.att(nqp.fit(DESIGN, rest, SAMPLER, progress=False))
        assert row["att_without"] == pytest.approx(
            float(draws.mean()), abs=0.12 * float(draws.std())
        )
        assert row["sd_without"] == pytest.approx(float(draws.std()), rel=0.12)


def test_the_cap_on_refits_leaves_doubt(uneven: nqp.Fit) -> None:
    few = nqp.check(uneven, "influence", refits=0, progress=False)
    assert isinstance(few.evidence, pd.DataFrame)
    assert not few.evidence["refitted"].any()
    worst = few.evidence.sort_values("pareto_k").iloc[-1]
    assert worst["pareto_k"] > few.evidence.attrs["good_k"]
    assert worst["unit"] in few.sentence
    assert few.verdict != "passed"


@pytest.mark.slow
def test_groups_can_be_left_out(even: nqp.Fit) -> None:
    result = nqp.check(even, "influence", by="region", refits=2, progress=False)
    assert isinstance(result.evidence, pd.DataFrame)
    assert set(result.evidence["region"]) == {"inland", "coastal"}


@pytest.mark.slow
def test_a_fit_without_its_coefficients_is_not_asked(even: nqp.Fit) -> None:
    """Likelihoods of other coefficients say nothing of the effects of a draw."""
    bare = without_coefficients(even)
    for name in ("influence", "prior_sensitivity"):
        result = nqp.check(bare, name, progress=False)
        assert result.verdict == "not applicable"
        assert "does not store the coefficients of its draws" in result.sentence
    elpd = [float(nqp.loo(fit).elpd) for fit in (bare, even)]
    assert elpd[0] == pytest.approx(elpd[1], abs=0.5)
    assert elpd[0] != elpd[1]


@pytest.mark.slow
def test_a_cut_fit_is_asked(even: nqp.Fit) -> None:
    result = nqp.check(cut(even, slice(10, 200)), "influence", progress=False)
    assert result.verdict != "not applicable"


@pytest.mark.slow
def test_heavy_tails_are_not_asked(even: nqp.Fit) -> None:
    heavy = replace(even, design=even.design.replace(likelihood=nqp.StudentT()))
    result = nqp.check(heavy, "influence", progress=False)
    assert result.verdict == "not applicable"
    assert "importance weights" in result.sentence
    with pytest.raises(StudyError, match="all coefficients are sampled"):
        nqp.loo(heavy)


def test_conclusions_turn_only_when_they_are_well_past_the_edge() -> None:
    without = np.array([0.999, 0.95, 0.85, 0.001])
    assert otherwise(0.98, without).tolist() == [False, False, True, True]
    assert otherwise(0.90, without).tolist() == [True, False, False, True]
    assert otherwise(0.01, without).tolist() == [True, True, True, False]


def test_loo_names_the_units_it_cannot_leave_out(even: nqp.Fit, uneven: nqp.Fit) -> None:
    found = nqp.loo(uneven)
    named = unreliable(found)
    assert named
    assert named[0].split(" ")[0] in repr(found).split("Pareto k above")[1]
    assert float(found.elpd_i.sum()) == pytest.approx(found.elpd)
    calm = nqp.loo(even, by="region")
    assert calm.elpd_i.dims == ("region",)


@pytest.mark.slow
def test_leaving_out_costs_what_p_says(even: nqp.Fit) -> None:
    found = nqp.loo(even)
    inside = nqp.log_likelihood(even)
    peak = inside.max(("chain", "draw"))
    within = np.log(np.exp(inside - peak).mean(("chain", "draw"))) + peak
    # Leaving out can only be worse than having seen it, and p is what that costs.
    assert (found.elpd_i < within).all()
    assert found.p == pytest.approx(float((within - found.elpd_i).sum()), rel=1e-6)


@pytest.mark.slow
def test_compare_prefers_the_errors_that_made_the_panel(even: nqp.Fit) -> None:
    panel = even.panel
    assert panel is not None
    other = nqp.fit(DESIGN.replace(errors=nqp.IID()), panel, SAMPLER, progress=False)
    table = nqp.compare({"iid": other, "AR(1)": even})
    assert table["fit"].tolist() == ["AR(1)", "iid"]
    assert table.at[0, "elpd_diff"] == 0.0
    gap = nqp.loo(other).elpd_i - nqp.loo(even).elpd_i
    assert table.at[1, "elpd_diff"] == pytest.approx(float(gap.sum()))
    assert table.at[1, "se_diff"] == pytest.approx(float(gap.std() * np.sqrt(gap.size)))
    assert table["weight"].sum() == pytest.approx(1.0)
    assert table.at[0, "weight"] > 0.5


def test_what_cannot_be_compared_is_refused(even: nqp.Fit, uneven: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="different panels"):
        nqp.compare({"a": even, "b": uneven})
    with pytest.raises(StudyError, match="two fits or more"):
        nqp.compare({"a": even})
    with pytest.raises(StudyError, match="'method' is 'best'"):
        nqp.compare({"a": even, "b": even}, method="best")


def test_different_rows_are_refused(even: nqp.Fit) -> None:
    panel = even.panel
    assert panel is not None
    # Inland units are all treated from period 7 on, so that only common time effects keep them.
    late = panel.where(
        (panel.strata_codes["region"][panel.unit_codes] == 0)
        | (panel.cohort_codes[panel.unit_codes] >= 0)
    )
    drop = DESIGN.replace(unidentified="drop")
    fits = [
        nqp.fit(design, late, SAMPLER, progress=False)
        for design in (drop, drop.replace(time=nqp.TimeEffects()))
    ]
    with pytest.raises(StudyError, match="different observations"):
        nqp.compare({"by region": fits[0], "common": fits[1]})


def test_the_picture_names_units_and_flags_k(uneven: nqp.Fit) -> None:
    result = nqp.check(uneven, "influence", progress=False)
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    figure = nqp.plots.check(result)
    (ax,) = figure.axes
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert ticks[0].startswith(table.at[0, "unit"])
    assert ticks[-1] == "20 others"
    texts = {text.get_text(): text.get_color() for text in ax.texts}
    worst = table.head(20)["pareto_k"].max()
    assert texts[f"{worst:.2f}"] == "#B00020"
    chinese = nqp.plots.check(result, language="zh").axes[0]
    assert "剔除" in chinese.get_xlabel()


@pytest.mark.slow
def test_the_evidence_survives_as_a_table(even: nqp.Fit) -> None:
    one, two = (nqp.check(even, "influence", progress=False) for _ in range(2))
    assert one.digest == two.digest
    assert not isinstance(one.evidence, xr.Dataset)
