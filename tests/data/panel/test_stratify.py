"""Strata from baseline values."""

from __future__ import annotations

import numpy as np
import pytest
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel


def market_panel(missing: bool = False) -> Panel:
    """Return cities whose market index is 0 to 5 in 2014, and ten times that elsewhere."""
    df = city_frame()
    rank = df.groupby("城市", sort=True).ngroup()
    df["market"] = np.where(df["年份"] == 2014, rank, 10.0 * rank)
    if missing:
        df.loc[(rank == 2) & (df["年份"] == 2014), "market"] = np.nan
    return Panel.from_frame(df, **ARGUMENTS)


def levels_of(panel: Panel, name: str) -> list[str]:
    return panel.levels[name][panel.strata_codes[name]].tolist()


def test_the_median_at_a_period() -> None:
    panel = market_panel().stratify("market", cuts="median", at=2014, labels=["weak", "strong"])
    assert levels_of(panel, "market_group") == ["weak"] * 3 + ["strong"] * 3
    assert panel.roles.strata == ("region", "market_group")
    assert panel.levels["market_group"].tolist() == ["strong", "weak"]
    assert (
        "market at 2014, divided at 2.5 (median over 6 units): weak 3, strong 3" in panel.notes[-1]
    )
    assert Panel.from_frame(panel.frame, **panel.arguments).digest == panel.digest


def test_by_default_the_mean_before_anyone_is_treated() -> None:
    panel = market_panel().stratify("market", thresholds=[7.0, 21.0])
    wanted = ["low", "low", "middle", "middle", "high", "high"]
    assert levels_of(panel, "market_group") == wanted
    assert "averaged over 2012 to 2014" in panel.notes[-1]


def test_values_at_a_cut_belong_below() -> None:
    panel = market_panel().stratify("market", at=2014, thresholds=[2.0], name="m")
    assert levels_of(panel, "m") == ["low"] * 3 + ["high"] * 3


@pytest.mark.parametrize(
    ("cuts", "labels"),
    [
        ("terciles", ["low", "low", "middle", "middle", "high", "high"]),
        ([0.5], ["low"] * 3 + ["high"] * 3),
        ([0.2, 0.4, 0.6, 0.8], ["q1", "q1", "q2", "q3", "q4", "q5"]),
    ],
)
def test_quantiles(cuts: object, labels: list[str]) -> None:
    panel = market_panel().stratify("market", cuts=cuts, at=2014)
    assert levels_of(panel, "market_group") == labels


def test_missing_baselines() -> None:
    panel = market_panel(missing=True)
    with pytest.raises(
        PanelError, match=r"no value at 2014 for 1 of 6 units(?s:.*)宁波市(?s:.*)missing='drop'"
    ):
        panel.stratify("market", at=2014)
    dropped = panel.stratify("market", at=2014, missing="drop")
    assert dropped.n_units == 5
    assert "1 unit dropped, without market at 2014: 宁波市" in dropped.notes
    level = panel.stratify("market", at=2014, missing="level")
    assert level.levels["market_group"].tolist() == ["high", "low", "missing"]
    assert Panel.from_frame(level.frame, **level.arguments).digest == level.digest


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"column": "makret"}, "did you mean 'market'"),
        ({"column": "城市"}, "is text, not numbers|must be num"),
        ({"at": 2031}, "at=2031 is not a period"),
        ({"cuts": "medain"}, "did you mean 'median'"),
        ({"cuts": [2.0]}, "must be quantiles"),
        ({"thresholds": [3.0, 1.0]}, "must be increasing"),
        ({"thresholds": [99.0], "at": 2014}, "no unit belongs to 'high'"),
        ({"labels": ["a"]}, "must be 2 different names"),
        ({"labels": ["a", "a"]}, "must be 2 different names"),
        ({"name": "region"}, "is already a column"),
        ({"name": "cell"}, "is reserved"),
        ({"missing": "ignore"}, "missing='ignore' is unknown"),
    ],
)
def test_refusals(more: dict[str, object], words: str) -> None:
    with pytest.raises(PanelError, match=words):
        market_panel().stratify(**{"column": "market", **more})


def test_no_untreated_period_to_average_over() -> None:
    panel = market_panel()
    treated = panel.with_cohorts(np.array([0, -1, -1, -1, -1, -1]))
    with pytest.raises(PanelError, match="a unit is treated in the first period, 2012"):
        treated.stratify("market")
