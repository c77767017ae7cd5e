"""Lines that an economist types after README alone: each is answered, or told what to type."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError

HINTS = {
    "nqp.fit(design, panel, priors=nqp.Priors())": "nqp.StaggeredDiD(priors=",
    "units.sel(unit='广州市')": "only treated units have effects",
    "units.loc['广州市']": "draws.sel(unit='广州市')",
    "units.sel(unit=0)": "choose one of",
    "events.sel(event_time=-2)": "nqp.plots.event_study(fit)",
    "events.sel(event_time=99)": "choose one of: 0",
    "by.inland": "draws.sel(region='inland')",
    "by.to_pandas()": "draws.to_dataframe()",
    "by['mean']": "choose one of",
    "az.summary(fit)": "az.summary(fit.to_arviz())",
    "az.loo(fit)": "az.summary(fit.to_arviz())",
    "az.plot_forest(fit)": "fit.to_arviz()",
    "az.plot_forest(by)": "az.convert_to_datatree(draws)",
    "np.mean(fit)": "nqp.att(fit)",
    "float(fit)": "nqp.att(fit)",
    "fit - other": "nqp.table([fit, other])",
    "fit > 0": "nqp.att(fit)",
    "nqp.table(fit, other)": "nqp.table([fit, other])",
    "nqp.table(fit, 'journal')": "layout='journal'",
    "nqp.table(fit, 'descriptives')": "nqp.table(fit.panel, 'descriptives')",
    "nqp.table(fit)['mean']": "table.to_frame()",
    "nqp.compare(fit, other)": "nqp.compare([fit, other])",
    "nqp.loo(fit, other)": "nqp.compare([fit, other])",
    "nqp.model_average([fit, other])": "nqp.model_average(fit)",
    "nqp.plots.forest([fit, other])": "one fit at a time",
    "nqp.NoPooling(['region'])": "nqp.att(fit, by='region')",
    "nqp.NoPooling(strata=['region'])": "nqp.att(fit, by='region')",
    "nqp.Priors(effect=1.0)": "level=",
    "nqp.StaggeredDiD(effects=nqp.PartialPooling())": "did you mean 'effect'?",
    "nqp.StaggeredDiD(effect=['region'])": "nqp.PartialPooling(['region'])",
    "nqp.StaggeredDiD(controls=['ln_gdp'])": "covariates=['ln_gdp']",
    "nqp.StaggeredDiD(mediators=['digital'])": "nqp.Mediation(design, mediators=",
    "nqp.StaggeredDiD(errors='cluster')": "errors=nqp.AR1()",
    "nqp.Mediation(panel)": "nqp.Mediation(design)",
    "nqp.Panel.from_frame(df, controls=['x'])": "covariates=… here",
    "nqp.Panel.from_frame(df, **{**roles, 'outcome': 'NQP'})": "did you mean 'nqp'?",
    "nqp.Panel.from_frame(df, **{**roles, 'strata': ['province']})": "choose one of",
    "nqp.Panel.from_frame(df, **{**roles, 'unit': df['城市']})": "unit='城市'",
    "fit.to_netcdf('x.nc')": "fit.save('fit.nc')",
    "fit.nie()": "nqp.nie(fit)",
    "fit.refit()": "fit.design.replace(",
    "fit.units": "fit.att(by='unit')",
    "nqp.att(fit, by='城市')": "'unit'",
    "nqp.att(fit, by='年份')": "'time'",
    "nqp.att(fit, by='event time')": "'event_time'",
    "nqp.att(fit, by='设立时间')": "'cohort'",
    "nqp.rope(by, -0.5, 0.5)": "nqp.rope(draws, (-0.5, 0.5))",
    "nqp.rope(by, (0.5, -0.5))": "the lower end first",
    "nqp.contrast(by, 'inland', 'coastal')": "region='inland', minus='coastal'",
    "nqp.summary([by])": "nqp.summary(nqp.att(fit, by='region'))",
    "nqp.probability(by > 4, above=0)": "nqp.probability(draws > 4)",
    "nqp.plots.pretrends(fit)": "nqp.check(fit, 'pretrends')",
    "nqp.plots.mediation(fit)": "nqp.plots.paths(fit)",
    "nqp.plots.event_study(fit, save='x.png')": ".savefig(",
    "nqp.plots.event_study(fit).show()": "figure.savefig(",
    "nqp.plots.trend_sensitivity(fit)": "nqp.plots.trend_sensitivity(nqp.trend_sensitivity(fit))",
    "nqp.spatial_weights.queen(panel)": "nqp.spatial_weights.contiguity",
    "nqp.mediation(fit)": "nqp.mediation_table(fit)",
    "nqp.check(fit, 'all')": "nqp.check(fit) runs all",
    "nqp.check(fit, '平行趋势检验')": "did you mean",
    "fit.summary()['p_value']": "p_positive",
    "fit.summary().se": "sd, the posterior SD",
    "fit.summary(by='region').loc['inland']": "table.set_index('region')",
    "fit.tidy()['std_error']": "sd, the posterior SD",
}
"""Lines, and what their hint names."""


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3, 4), seed=1).panel
    df = panel.frame.rename(columns={"unit": "城市", "time": "年份", "outcome": "nqp"})
    places = dict(zip(df["城市"].unique(), range(24), strict=True))
    df["region"] = df["城市"].map(lambda x: ("inland", "coastal")[places[x] % 2])
    df["城市"] = df["城市"].map(lambda x: f"城{places[x]:02d}州市")
    roles = {
        "unit": "城市",
        "time": "年份",
        "cohort": "cohort",
        "outcome": "nqp",
        "strata": ["region"],
    }
    panel, design = (
        nqp.Panel.from_frame(df, **roles),
        nqp.StaggeredDiD(nqp.PartialPooling(["region"])),
    )
    sampler = nqp.Importance(draws=50, seed=1)
    fit = nqp.fit(design, panel, sampler, progress=False)
    other = nqp.fit(design.replace(effect=nqp.CompletePooling()), panel, sampler, progress=False)
    return {
        "nqp": nqp, "az": az, "np": np, "panel": panel, "df": df, "roles": roles, "design": design,
        "fit": fit, "other": other, "by": nqp.att(fit, by="region"),
        "events": nqp.att(fit, by="event_time"), "units": nqp.att(fit, by="unit"),
    }  # fmt: skip


@pytest.mark.parametrize("line", HINTS)
def test_a_line_is_told_what_to_type(names: dict[str, Any], line: str) -> None:
    with pytest.raises(NQPError) as caught:
        eval(line, names)
    assert HINTS[line] in str(caught.value.hint), str(caught.value)


def test_a_condition_is_labelled_as_one(names: dict[str, Any]) -> None:
    by = names["by"]
    chance = nqp.probability(by > 1)
    assert "> 0" not in chance.attrs["estimand"]
    np.testing.assert_array_equal(chance, nqp.probability(by, above=1))
    between = nqp.rope(by, (-1.0, 2.0))
    np.testing.assert_array_equal(between, nqp.probability(by, above=-1, below=2))
    assert nqp.rope(by, [-1.0, 2.0]).equals(between)
    assert round(by, 1).equals(by.round(1))


def test_tables_of_results_print_every_column(names: dict[str, Any]) -> None:
    compared = nqp.compare([names["fit"], names["other"]])
    assert {*compared["fit"]} == {"(1)", "(2)"}
    assert type(compared[["fit", "elpd"]]) is pd.DataFrame
    for table in (compared, names["fit"].tidy()):
        shown = repr(table)
        assert all(str(name) in shown for name in table.columns)
        assert "..." not in shown


@pytest.mark.slow
def test_a_fit_of_channels_names_the_indirect_effect() -> None:
    panel = nqp.simulation.channels(units=24, periods=6, cohorts=(3, 4), seed=1).panel
    fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(draws=50, seed=1), progress=False)
    assert "nqp.nie(fit)" in repr(fit)
    table = nqp.mediation_table(fit)
    assert "proportion" in repr(table)
    assert "..." not in repr(table)
