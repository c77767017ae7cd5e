"""What one types in the first hour, who comes from another package: an answer, or what to type."""

from __future__ import annotations

import re

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, UnknownNameError

LINES = """
nqp.att_gt(fit)
nqp.aggte(fit, type='dynamic')
nqp.aggte(fit, type='group')
nqp.ggdid(fit)
nqp.feols('y ~ x | state + year', df)
nqp.etable(fit)
nqp.iplot(fit)
nqp.coefplot(fit)
nqp.i
fit.coeftable()
fit.vcov
fit.se
nqp.fect(df)
nqp.fect
fit.est_att
fit.est_avg
nqp.esplot(fit)
nqp.panelview(df)
nqp.CallawaySantAnna()
nqp.SunAbraham
nqp.ImputationDiD()
fit.overall_att
fit.print_summary()
fit.event_study_effects
fit.group_effects
fit.to_dict()
fit.avg_att
nqp.honest
nqp.HonestDiD(fit)
nqp.PlaceboTest(fit)
nqp.StaggeredDifferenceInDifferences(df)
fit.effect_summary()
fit.plot_results()
fit.get_plot_data()
fit.print_coefficients()
fit.model
fit.score
fit.params['att']
fit.bse
fit.pvalues
fit.tvalues
fit.rsquared
fit.nobs
fit.resid
fit.fittedvalues
fit.predict()
fit.cov_params()
fit.summary2()
fit.wald_test('x = 0')
nqp.csdid('y')
nqp.xtreg(df)
nqp.estat(fit, 'pretrend')
nqp.bacondecomp(df)
nqp.esttab(fit)
nqp.wildbootstrap(fit)
fit.summary(by='event_time')
fit.att(by='region').to_dataframe().head(2)
fit.table().save('table.xlsx')
nqp.check(fit, 'pretrends').plot()
nqp.check(fit, '安慰剂')
panel.describe()
panel.to_pandas()
panel.shape
panel.columns
nqp.pretrend_test(fit)
nqp.placebo(fit)
nqp.twfe(df)
"""
"""As R's did, fixest and fect, Stata, and Python's diff-diff, CausalPy and statsmodels have it."""

HINTS = {
    "nqp.fit(design, panel, draws=500)": "nqp.Importance(draws=1000)",
    "nqp.fit(design, panel, chains=2)": "nqp.Importance(chains=4)",
    "nqp.fit(panel)": "the design comes first",
    "nqp.att(fit, by='state')": "unit, stratum, cell",
    "nqp.trend_sensitivity(fit, M=1)": "grid=[0, 1, 2]",
    "nqp.StaggeredDiD(cluster='state')": "errors are modelled, not clustered",
    "nqp.StaggeredDiD(formula='y ~ x')": "there are no formulas",
    "nqp.StaggeredDiD(trends=True)": "nqp.DifferentialTrends()",
    "nqp.StaggeredDiD(spillovers='rings')": "nqp.Rings(",
    "nqp.table(fit, stars=True)": "posterior probability",
    "nqp.nde(fit, path='direct')": "nqp.att(fit, path=…)",
    "nqp.plots.event_study(fit, color='red')": "ax=",
    "nqp.plots.eventstudy(fit)": "nqp.plots.event_study(fit)",
    "nqp.check(fit, '平行趋势')": "did you mean 'pretrends'",
    "nqp.check(fit, 'parallel trends')": "did you mean 'pretrends'",
    "nqp.table(fit).to_word('x.docx')": "table.to_docx(path)",
    "nqp.atts(fit)": "did you mean 'att'",
    "nqp.IMH()": "nqp.Importance",
    "fit.sumary()": "did you mean 'summary'",
    "fit.idata": "fit.to_arviz()",
    "nqp.att(fit, by='year')": "did you mean 'time'",
    "nqp.att(fit, by='adoption')": "did you mean 'cohort'",
    "nqp.att(fit).hist()": "draws.plot.hist()",
    "nqp.datasets.castle()": "castle_doctrine",
    "nqp.datasets.list()": "dir(nqp.datasets)",
    "nqp.StaggeredDiD(pooling='partial')": "effect=",
    "nqp.table([fit, fit], names=['a', 'b'])": "headings are the keys",
    "nqp.table(fit, format='latex')": "to_latex()",
    "nqp.table(fit, se=True)": "spread=",
    "nqp.plots.event_study(fit, ylabel='x')": "ax=",
    "nqp.plots.parallel_trends(fit)": "nqp.plots.event_study(fit)",
    "nqp.Normal(0, 1)": "nqp.Priors()",
    "nqp.ate(fit)": "nqp.att(fit)",
    "nqp.SDM": "nqp.SpatialLag(weights)",
    "nqp.run('study.toml')": "from bayes_nqp.studies import",
    "fit.pretrends()": "fit.check('pretrends')",
    "fit.placebo()": "fit.check('placebo_time')",
    "fit.converged": "fit.gate",
    "fit['region']": "fit.att(by='region')",
    "fit['coef']": "fit.summary()",
    "list(fit)": "fit.posterior",
    "len(fit)": "fit.panel.n_rows",
    "panel.cohorts": "panel.cohort_labels",
    "panel.to_csv('p.csv')": "panel.frame.to_csv",
    "panel.df": "panel.frame",
    "panel['homicid']": "did you mean 'homicide'",
    "nqp.Panel.from_csv('castle.csv')": "nqp.Panel.from_file(",
    "nqp.Panel.from_pandas(df)": "nqp.Panel.from_frame(",
    "design.pooling": "design.effect",
    "fit.plot(kind='event_study')": "fit.plot('event_study')",
    "fit.summary(round_to=3)": "fit.summary().round(3)",
    "fit.summary(by='cohort', digits=2)": "fit.summary().round(3)",
    "nqp.fit(design, panel, cores=2)": "threads=… here",
    "nqp.summary(fit, by='event_time')": "fit.summary(by='event_time')",
    "nqp.StaggeredDiD(outcome='y')": "nqp.Panel.from_frame(df, outcome=…)",
    "nqp.att(fit, region='South')": "by='region'",
    "nqp.att(fit, unit='Ohio')": "by='unit'",
    "nqp.att(fit, smooth=2)": "choose one of",
    "nqp.report(fit, 'out.docx')": "use a folder, such as 'out'",
    "nqp.export(fit, 'fit.csv')": "use a folder, such as 'fit'",
    "fit.aggregate('dynamic')": "fit.att(by='event_time')",
    "fit.parallel_trends()": "fit.check('pretrends')",
    "nqp.load_data('castle')": "dir(nqp.datasets)",
    "panel.groupby('cohort')": "panel.frame",
    "by['South']": "draws.sel(region='South')",
    "by.loc['South']": "draws.sel(region='South')",
    "by.sel(region='Sout')": "did you mean 'South'",
    "by.sel(regoin='South')": "draws.sel(region='South')",
}


@pytest.fixture(scope="module")
def names():
    panel = nqp.datasets.castle_doctrine()
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]))
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    held = {"nqp": nqp, "panel": panel, "df": panel.frame, "design": design, "fit": fit}
    return {**held, "by": nqp.att(fit, by="region")}


@pytest.mark.sample(10)
@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_a_line_answers_or_says_what_to_type(line, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        said = eval(line, dict(names))
    except NQPError as error:
        said = str(error.hint)
    assert len(repr(said)) > 2


@pytest.mark.parametrize("line", HINTS)
def test_a_hint_names_what_is_meant(line, names):
    with pytest.raises(NQPError) as caught:
        eval(line, dict(names))
    assert HINTS[line] in str(caught.value.hint)


@pytest.mark.slow
def test_a_panel_has_rows_and_columns_as_a_frame_does(names):
    panel, df = names["panel"], names["df"]
    assert len(panel) == len(df) == panel.n_rows
    assert panel["homicide"].equals(df["homicide"])
    assert [*panel[["year", "homicide"]]] == ["year", "homicide"]
    with pytest.raises(NQPError, match="no column 0"):
        list(panel)
    assert np.asarray(panel, dtype=object).shape == ()


def test_what_is_not_there_is_the_error_that_python_has(names):
    by = names["by"]
    for missing in (lambda: by["South"], lambda: by.loc["South"], lambda: names["panel"]["no"]):
        with pytest.raises(KeyError):
            missing()
    assert by.loc[{"region": "South"}].equals(by.sel(region="South"))
    with pytest.raises(KeyError):
        names["fit"]["region"]
    with pytest.raises(TypeError):
        len(names["fit"])
    assert names["fit"]
    assert np.asarray([names["fit"]], dtype=object).shape == (1,)
    assert not hasattr(nqp.Panel, "from_csv")
    assert not hasattr(names["design"], "pooling")


@pytest.mark.slow
def test_checks_go_by_their_titles_too(names):
    asked = nqp.check(names["fit"], "可识别性")
    assert asked.name == nqp.check(names["fit"], "Identification").name == "identification"


@pytest.mark.slow
def test_every_name_that_a_hint_gives_is_there(names):
    """Hints about names call functions, methods and checks that exist."""
    from bayes_nqp._core.validation import _names
    from bayes_nqp.checks import CHECKS

    result = nqp.check(names["fit"], "identification")
    holders = {**names, "result": result, "table": nqp.table(names["panel"])}
    for answers in _names._ANSWERS.values():
        for _, hint in answers:
            code = re.sub(r"'[^']*'", "", hint)
            for path in re.findall(r"\b(?:nqp|fit|panel|result|table)(?:\.[A-Za-z_]\w*)+", code):
                value = holders
                for part in path.split("."):
                    value = value[part] if value is holders else getattr(value, part)
            for name in re.findall(r"check\((?:fit, )?'(\w+)'\)", hint):
                assert name in CHECKS


@pytest.mark.slow
def test_a_console_offers_first_what_one_asks_first(names):
    offered = [name for name in dir(names["fit"]) if not name.startswith("_")]
    assert {"att", "check", "plot", "report", "save", "summary", "table", "tidy"} <= {*offered}
    assert "digest" not in offered
    assert names["fit"].digest


@pytest.mark.slow
def test_a_missing_name_is_an_attribute_error(names):
    assert not hasattr(nqp, "feols")
    assert not hasattr(names["fit"], "coef_")
    with pytest.raises(UnknownNameError):
        nqp.feols  # noqa: B018


def test_a_fit_says_the_answer(names):
    fit = names["fit"]
    summary = nqp.summary(fit).iloc[0]
    text = repr(fit)
    for number in ("mean", "lower", "upper"):
        assert f"{summary[number]:.3f}".replace("-", "−") in text
    assert "l_homicide" in text
    assert "550 of 50 units; 74 treated" in text
    assert f"{summary['mean']:.3f}" in fit._repr_html_()


def test_tidy_has_a_row_an_effect(names):
    fit = names["fit"]
    tidy = fit.tidy()
    assert [*tidy] == ["term", "estimate", "sd", "lower", "upper", "p_positive", "by"]
    assert {*tidy["by"]} == {"", "region", "event_time", "cohort"}
    south = tidy.query("term == 'South'").iloc[0]
    assert south["estimate"] == pytest.approx(float(fit.att("region").sel(region="South").mean()))


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "tex", "html", "md", "csv"])
def test_a_table_is_saved_by_its_suffix(suffix, names, tmp_path):
    made = names["fit"].table()
    path = made.save(tmp_path / f"table.{suffix}")
    assert path.stat().st_size > 100
    if suffix == "csv":
        assert path.read_text(encoding="utf-8-sig").startswith("Group,Model average Mean,")
    with pytest.raises(NQPError, match="no suffix"):
        made.save(tmp_path / "table.xyz")


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert nqp.__version__ == version("bayes-nqp")
