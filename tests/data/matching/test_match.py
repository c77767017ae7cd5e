"""Matched panels: balance, effects, messages, table and figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matched_units import EFFECT, selected
from scipy.stats import ttest_ind

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError

SAMPLER = nqp.Importance(draws=300, chains=2, seed=1)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    return selected()


def baseline(panel: nqp.Panel, name: str) -> pd.Series[Any]:
    early = panel.frame[panel.frame["time"] < 2004]
    return early.groupby("unit")[name].mean()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["nearest", "radius", "exact", "kernel", "entropy"])
def test_balance_is_that_computed_by_hand(panel: nqp.Panel, method: str) -> None:
    stats = pytest.importorskip("statsmodels.stats.weightstats")
    matched = nqp.match(panel, ["x", "z"], method)
    items = matched.items.set_index("unit")
    rows = matched.balance.set_index(["covariate", "sample"])
    for name in ("x", "z"):
        x = baseline(panel, name)
        treated, controls = x[items["treated"]], x[~items["treated"]]
        scale = np.sqrt((treated.var() + controls.var()) / 2)
        before, after = rows.loc[(name, "before")], rows.loc[(name, "after")]
        assert before["difference"] == pytest.approx(
            (treated.mean() - controls.mean()) / scale, abs=1e-10
        )
        t, p = ttest_ind(treated, controls)
        assert (before["t"], before["p"]) == pytest.approx((t, p), abs=1e-10)
        assert before["variance_ratio"] == pytest.approx(treated.var() / controls.var(), abs=1e-10)
        groups = []
        for part in (treated, controls):
            w = items.loc[part.index, "weight"]
            n = w.sum() ** 2 / (w**2).sum()
            d = stats.DescrStatsW(part, weights=w)
            groups.append((d.mean, d.var * n / (n - 1)))
        gap = groups[0][0] - groups[1][0]
        assert after["difference"] == pytest.approx(gap / scale, abs=1e-10)
        assert after["variance_ratio"] == pytest.approx(groups[0][1] / groups[1][1], abs=1e-10)
        fewer = 1 - abs(after["difference"]) / abs(before["difference"])
        assert after["reduction"] == pytest.approx(fewer, abs=1e-10)
        assert abs(after["difference"]) < max(0.2, 0.5 * abs(before["difference"]))


def test_an_equal_test_after_matching_without_weights(panel: nqp.Panel) -> None:
    """With equal weights, the t test is that of the matched panel."""
    matched = nqp.match(panel, ["x", "z"], caliper=0.1)
    x, items = baseline(matched.panel, "x"), matched.items.set_index("unit")
    treated = items.loc[x.index, "treated"]
    t, p = ttest_ind(x[treated], x[~treated])
    after = matched.balance.set_index(["covariate", "sample"]).loc[("x", "after")]
    assert (after["t"], after["p"]) == pytest.approx((t, p), abs=1e-10)


@pytest.mark.slow
def test_matching_recovers_an_effect_that_selection_biases(panel: nqp.Panel) -> None:
    design = nqp.StaggeredDiD(nqp.CompletePooling(), errors=nqp.IID())
    matched = nqp.match(panel, "x", caliper=0.1).panel
    assert "treated" in matched.notes[-1]
    effects = [nqp.att(nqp.fit(design, each, SAMPLER, progress=False)) for each in (panel, matched)]
    raw, alike = ((float(x.mean()), float(x.std())) for x in effects)
    assert raw[0] - 4 * raw[1] > EFFECT
    assert abs(alike[0] - EFFECT) < 2.5 * alike[1]


def test_observations_are_matched_within_their_period(panel: nqp.Panel) -> None:
    matched = nqp.match(panel, ["x", "z"], by_period=True)
    kept = matched.panel
    assert 0 < kept.n_rows < panel.n_rows
    sizes = (
        kept.frame.assign(treated=kept.frame["cohort"].notna()).groupby("time")["treated"].mean()
    )
    assert (sizes == 0.5).all()
    assert matched.balance["period"].unique().tolist() == panel.time_labels.tolist()
    alone = nqp.match(panel, ["x", "z"], at=2003).items["weight"]
    year = matched.items.loc[matched.items["period"] == 2003, "weight"]
    assert year.to_numpy() == pytest.approx(alone.to_numpy())
    rows = panel.frame["time"].to_numpy() == 2003
    units = set(panel.frame.loc[rows, "unit"][(alone > 0).to_numpy()])
    assert set(kept.frame.loc[kept.frame["time"] == 2003, "unit"]) == units


def test_unequal_weights_have_no_panel(panel: nqp.Panel) -> None:
    matched = nqp.match(panel, "x", "kernel")
    with pytest.raises(StudyError, match=r"kernel.*no sampling weights") as error:
        _ = matched.panel
    assert "unweighted()" in str(error.value)
    equal = matched.unweighted()
    assert equal.panel.n_units == (matched.items["weight"] > 0).sum()
    controls = equal.items[~equal.items["treated"]]
    kept = equal.items["treated"] & (equal.items["weight"] > 0)
    assert controls["weight"].sum() == pytest.approx(kept.sum())
    assert equal.balance["difference"].abs().iloc[1] > matched.balance["difference"].abs().iloc[1]


def test_table_and_love_plot(panel: nqp.Panel) -> None:
    labelled = panel.with_labels({"zh": {"x": "经济规模"}})
    matched = nqp.match(labelled, ["x", "z"])
    table = nqp.table(matched)
    assert table.kind == "balance"
    after = matched.balance.iloc[1]
    assert table.to_frame().iloc[1]["Standardised difference (%)"] == pytest.approx(
        100 * after["difference"]
    )
    chinese = nqp.table(matched, "balance", language="zh").to_markdown()
    assert "匹配" in chinese
    assert "经济规模" in chinese
    figure = nqp.plots.love(matched, language="zh")
    assert [x.get_text() for x in figure.axes[0].get_yticklabels()] == ["z", "经济规模"]
    drawn = {line.get_gid(): line.get_xdata() for line in figure.axes[0].lines}
    difference = matched.balance.groupby("sample")["difference"].apply(list)
    assert drawn["after"] == pytest.approx(100 * np.array(difference["after"]))
    assert drawn["before"] == pytest.approx(100 * np.array(difference["before"]))
    assert len(nqp.match(panel, "x", by_period=True).balance) == 16
    assert "2001" in nqp.table(nqp.match(panel, "x", by_period=True)).to_markdown()


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ({"covariates": "nowhere"}, PanelError, "covariates='nowhere' is not a column"),
        ({"covariates": []}, StudyError, "'covariates' is empty"),
        ({"covariates": ["x", "x"]}, StudyError, "'covariates' contains 'x' twice"),
        ({"covariates": "same"}, PanelError, "'same' is 3 averaged over 2000 to 2003 for all"),
        ({"covariates": "gaps"}, PanelError, "'gaps' is missing .* for 2 units"),
        ({"covariates": "gaps", "by_period": True}, PanelError, "'gaps' is missing .* 2 units"),
        ({"covariates": "apart"}, PanelError, "none of the .* do not overlap"),
        ({"covariates": "word"}, PanelError, "covariates='word' is text"),
        ({"covariates": "apart", "method": "entropy"}, PanelError, "no weights of the"),
        ({"method": "closest"}, StudyError, "no method 'closest'"),
        ({"caliper": 0.0}, StudyError, "'caliper' is 0"),
        ({"caliper": -1.0}, StudyError, "'caliper' is -1"),
        ({"k": 0}, StudyError, "'k' is 0"),
        ({"method": "kernel", "caliper": 0.1}, StudyError, "'kernel' has no option 'caliper'"),
        ({"method": "kernel", "bandwidth": -1}, StudyError, "'bandwidth' is -1"),
        ({"method": "entropy", "moments": 3}, StudyError, "'moments' is 3"),
        ({"method": "exact", "cuts": {"z": [1.0]}}, StudyError, "'z' is not among"),
        ({"method": "exact", "cuts": {"x": [1.0, 0.0]}}, StudyError, "must be increasing"),
        ({"method": "exact", "cuts": {"x": 0}}, StudyError, "'x' has 0 bins"),
        ({"at": 1990}, PanelError, "at=1990 is not a period"),
        ({"at": 2001, "by_period": True}, StudyError, "by_period=True uses"),
    ],
)  # fmt: skip
def test_refusals_name_the_argument(
    panel: nqp.Panel, asked: dict[str, Any], kind: type[Exception], words: str
) -> None:
    frame = panel.frame.assign(
        same=3.0, gaps=panel.frame["x"].mask(panel.unit_codes < 2),
        apart=panel.frame["cohort"].notna() * 10.0 + 0.01 * panel.frame["x"],
        word=np.where(panel.unit_codes < 9, "low", "high"),
    )  # fmt: skip
    wider = nqp.Panel.from_frame(frame, **panel.arguments)
    with pytest.raises(kind, match=words):
        nqp.match(wider, **{"covariates": "x", **asked})


def test_too_few_units_are_not_matched(panel: nqp.Panel) -> None:
    treated = panel.cohort_codes[panel.unit_codes] >= 0
    few = panel.where(treated | (panel.unit_codes < 12))
    never = int((few.cohort_codes < 0).sum())
    if never >= 5:
        few = few.where(few.frame["cohort"].notna() | (few.unit_codes < 3))
    with pytest.raises(PanelError, match="at least 5 treated and 5 never-treated units"):
        nqp.match(few, "x")
