"""Names of other packages, and their equivalents in this library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bayes_nqp._core.exceptions import UnknownNameError, nearest

_FIT = (
    "estimators are designs: nqp.fit(nqp.StaggeredDiD(), panel), with nqp.Panel.from_frame(df, …)"
)
_SPECIAL = (
    "it is a special case of nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID()), or of "
    "controls='never': nqp.posterior_mean(design, panel) gives its numbers"
)
_AVERAGES = "fit.att(by='event_time'), by='cohort', by='time'; fit.summary(by=…) sums them up"
_FILE = "nqp.Panel.from_file(path, unit=…, time=…, cohort=…, outcome=…) reads a panel"
_FRAMED = "nqp.Panel.from_frame(df, unit=…, time=…, cohort=…, outcome=…) makes a panel"
_STUDY = "fit.plot('event_study') draws it, fit.att(by='event_time') has its draws"
_NO_P = "no p-values: nqp.probability(fit.att(), above=0) is a posterior probability"
_ESTIMATES = "fit.summary(), fit.summary(by='event_time'), or fit.tidy()"
_ROWS = "nqp.posterior_predictive(fit) draws outcomes of its rows"
_FRAME = "the rows are a data frame: panel.frame"
_ARVIZ = (
    "fit.to_arviz() gives ArviZ's tree, for az.summary(fit.to_arviz()) and its like; the posterior "
    "alone is fit.posterior"
)
_CHANNELS = (
    "a fit of nqp.Mediation(design) has nqp.nie(fit), nqp.nde(fit), nqp.mediation_table(fit) and "
    "nqp.plots.paths(fit)"
)
_COMPARED = "nqp.compare([fit, other]), or nqp.loo(fit)"
_GROUPS = "fit.att(by='region') has effects by a stratum, fit.att(by='unit') those of units"
_SAVED = "fit.save('fit.nc') saves a fit, and nqp.load('fit.nc') reads it"
_VARIANT = "nqp.fit(fit.design.replace(errors=nqp.IID()), fit.panel) fits another design"
_COLUMNS = "columns are made before the panel: df['ln_y'] = numpy.log(df['y'])"
_PLOTTED_CHECK = "nqp.plots.check(nqp.check(fit, 'placebo_time'))"

_ANSWERS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "nqp": (
        ("event_study eventstudy plot_event_study iplot ggdid esplot es_plot", _STUDY),
        ("aggte agg aggregate", "nqp.att(fit, by='event_time'), by='cohort', by='time'"),
        ("averaged Averaged", "nqp.model_average(fit)"),
        (
            "att_gt csdid did_imputation DiD DID did diff_in_diff DifferenceInDifferences "
            "StaggeredDifferenceInDifferences DifferenceinDifferences feols reghdfe xtreg areg "
            "xtdidregress didregress twfe TWFE TwoWayFixedEffects regress reg OLS PanelOLS "
            "Model model jwdid etwfe xthdidregress sdid fect gsynth ife mc lpdid "
            "MultiPeriodDiD StackedDiD estimate",
            _FIT,
        ),
        (
            "sunab SunAbraham CallawaySantAnna ImputationDiD BorusyakJaravelSpiess did2s "
            "TwoStageDiD eventstudyinteract",
            _SPECIAL,
        ),
        (
            "estimators estimator rivals",
            "nqp.estimators_table(fit), and nqp.plots.estimators(fit) draws it",
        ),
        (
            "bacon bacondecomp bacon_decomp bacondecomposition BaconDecomposition "
            "TwoWayFixedEffectsWeights twowayfeweights",
            "nqp.table(panel, 'bacon') has the comparisons behind the TWFE coefficient and their "
            "weights; nqp.plots.bacon(panel) draws them",
        ),
        (
            "honest_did honestdid HonestDiD honest",
            "nqp.trend_sensitivity(fit), or nqp.check(fit, 'trend_sensitivity')",
        ),
        ("pretrend_test pretrends pretrend parallel_trends", "nqp.check(fit, 'pretrends')"),
        (
            "mediation indirect indirect_effect direct_effect acme ade mechanism mechanisms "
            "medsem khb",
            _CHANNELS,
        ),
        ("waic bayes_factor bf psis_loo", _COMPARED),
        ("posterior trace draws samples", "fit.posterior, or fit.to_arviz() for ArviZ"),
        ("heterogeneity cate subgroup subgroups", _GROUPS),
        ("dynamic dynamic_effects", _STUDY),
        ("equivalence tost", "nqp.rope(draws, (-0.5, 0.5)), a range that does not matter"),
        ("league caterpillar", "nqp.plots.caterpillar(fit)"),
        ("Cluster cluster", "errors are modelled: nqp.StaggeredDiD(errors=nqp.AR1())"),
        (
            "Pooling pooling",
            "nqp.PartialPooling(['region']), nqp.CompletePooling() or nqp.NoPooling()",
        ),
        ("refit update", _VARIANT),
        ("winsorize winsor log standardize", _COLUMNS),
        ("PlaceboTest placebo placebo_test didplacebo", "nqp.check(fit, 'placebo_time')"),
        (
            "estat test diagnostics robustness",
            "nqp.check(fit), or one: nqp.check(fit, 'pretrends')",
        ),
        (
            "bootstrap wildbootstrap wildboottest boottest",
            "nothing is bootstrapped: draws of the posterior are the uncertainty, fit.summary()",
        ),
        ("etable esttab estout modelsummary msummary outreg2 regtable", "nqp.table([fit, other])"),
        ("coefplot plot_coefs forest plot_forest", "nqp.plots.forest(fit, by='region')"),
        ("panelview panelView", "panel.plot(), or nqp.plots.adoption(panel)"),
        ("plot", "fit.plot(), panel.plot(), result.plot(); all of them are in nqp.plots"),
        ("save", "fit.save(path), which nqp.load(path) reads; table.save(path)"),
        ("describe sum summarize", "panel.describe()"),
        ("tidy coef params", _ESTIMATES),
        ("predict fitted residuals", _ROWS),
        ("to_arviz to_inference_data", "fit.to_arviz()"),
        (
            "read_excel read_csv read_stata read_dta read_parquet read use load_panel "
            "from_file read_file import_data",
            _FILE,
        ),
        ("load_data load_dataset data", f"{_FILE}; dir(nqp.datasets) names examples"),
        ("from_frame from_pandas from_dataframe xtset panel", _FRAMED),
        ("i", "groups are strata of the panel: nqp.StaggeredDiD(nqp.PartialPooling(['region']))"),
        ("hdi HDI", "nqp.summary(draws, kind='hdi')"),
        ("pvalue p_value pvalues", _NO_P),
        ("ate ATE average_effect effect estimate_effect treatment_effect", "nqp.att(fit)"),
        (
            "SDM SAR SDEM SLX spatial_durbin spatial_lag spregress xsmle spreg",
            "nqp.StaggeredDiD(spillovers=nqp.SpatialLag(weights)); docs/from_other_packages.md has "
            "the others",
        ),
        (
            "SyntheticControl synth augsynth synthdid",
            "there is no synthetic control; nqp.StaggeredDiD(terms=[nqp.Factors(2)]) has shocks "
            "to which units respond differently, and nqp.estimators_table(fit, ['synthetic_did']) "
            "has synthetic difference-in-differences",
        ),
        ("simulate", "nqp.simulation.staggered(units=100)"),
        ("run new validate study", "from bayes_nqp.studies import new, run, validate"),
        ("Normal HalfNormal prior priors", "nqp.Priors() has them, by scale: help(nqp.Priors)"),
        (
            "options set_language language settings config",
            "calls that say something take language='zh'",
        ),
        ("help", "help(nqp.fit) explains a call; dir(nqp) names them all"),
    ),
    "nqp.plots": (
        ("eventstudy es iplot ggdid esplot", "nqp.plots.event_study(fit)"),
        ("coefplot coefficients groups", "nqp.plots.forest(fit, by='region')"),
        ("panelview status", "nqp.plots.adoption(panel)"),
        (
            "parallel_trends pretrends pretrend leads 平行趋势",
            "nqp.plots.event_study(fit) draws the leads, and "
            "nqp.plots.check(nqp.check(fit, 'pretrends')) the test",
        ),
        ("dynamic 事件研究 动态效应", "nqp.plots.event_study(fit)"),
        (
            "mediation mediators mechanism indirect 中介 机制",
            "nqp.plots.paths(fit), of a fit of nqp.Mediation(design)",
        ),
        ("map", "nqp.plots.effect_map(fit), or nqp.plots.zone_map()"),
        ("placebo placebo_time 安慰剂", _PLOTTED_CHECK),
        ("trace posterior ppc rank_plot pair density", "fit.to_arviz(), and ArviZ's plots of it"),
        ("effects heterogeneity subgroups 异质性", "nqp.plots.forest(fit, by='region')"),
        ("trends raw means outcome 趋势", "nqp.plots.panel(panel)"),
        ("caterpillar units ranking", "nqp.plots.caterpillar(fit)"),
        ("hist histogram", "nqp.att(fit).plot.hist(), of xarray"),
        ("bacondecomp plot_bacon", "nqp.plots.bacon(panel)"),
    ),
    "nqp.datasets": (
        ("castle", "nqp.datasets.castle_doctrine()"),
        ("list names available", "dir(nqp.datasets) names them"),
        ("load get load_dataset", "nqp.datasets.castle_doctrine(), or another of them"),
    ),
    "Draws": (
        ("hist histogram density kde", "draws.plot.hist(), of xarray"),
        ("posterior", "ArviZ's plots take az.convert_to_datatree(draws)"),
        ("to_csv to_excel to_parquet columns index", "draws.to_dataframe(), or draws.summary()"),
        ("head tail describe coefs coefficients", "draws.summary()"),
        ("to_frame to_df", "draws.to_dataframe()"),
        ("hdi ci conf_int", "draws.summary(prob=0.95, kind='hdi')"),
        ("sd se lower upper estimate coef att", "draws.summary()"),
        ("pvalue pvalues p_value", "nqp.probability(draws, above=0)"),
    ),
    "Fit": (
        (
            "coef coef_ coefs params params_ coefficients coeftable est est_att est_avg "
            "overall_att avg_att average_att estimate estimates att_ results result "
            "ate ATE ate_ mean median average overall treatment_effect "
            "conf_int confint ci hdi print_summary summary2 summary_frame "
            "effect_summary print_coefficients effect summarize head se bse std_errors "
            "standard_errors stderr to_dict",
            _ESTIMATES,
        ),
        (
            "event_study event_study_effects plot_event_study eventstudy dynamic iplot att_gt",
            _STUDY,
        ),
        ("aggte agg aggregate aggregation", _AVERAGES),
        (
            "group_effects cohort_effects att_by_group groups by cohorts",
            "fit.att(by='cohort'), or by a stratum",
        ),
        ("formula equation", "fit.design; nqp.to_pymc(fit.design, fit.panel) is the PyMC model"),
        (
            "vcov cov_params cov covariance",
            "draws hold it: fit.att(by='event_time') is (chain, draw, event_time)",
        ),
        ("pvalues pvalue p_values p_value tvalues tvalue tstats tstat zvalues zstat", _NO_P),
        ("rsquared r2 rsquared_adj", "nqp.check(fit, 'model_fit'), or nqp.loo(fit)"),
        ("nobs n_obs N nobs_ n df_resid", "fit.panel.n_rows, fit.panel.n_units"),
        ("resid residuals fittedvalues fitted fitted_values predict predictions fit_values", _ROWS),
        (
            "idata trace inference_data to_inference_data to_idata to_datatree posterior items "
            "sample_stats posterior_predictive prior prior_predictive log_likelihood observed_data",
            _ARVIZ,
        ),
        ("to_dataframe to_pandas to_frame to_df df frame to_csv", "fit.tidy()"),
        ("to_stata to_dta", "fit.tidy().to_stata(path, version=118)"),
        (
            "to_latex to_excel to_docx to_word to_html to_markdown etable",
            "fit.table().save('table.docx'), or .tex, .xlsx, .html, .md, .csv",
        ),
        ("plot_results plot_posterior plot_effects get_plot_data draw", "fit.plot(), fit.tidy()"),
        ("plot_trace plot_forest plot_ppc", "fit.to_arviz(), and ArviZ's plots of it"),
        ("model pymc_model", "nqp.to_pymc(fit.design, fit.panel) is the PyMC model"),
        ("score loo waic aic bic llf", "nqp.loo(fit), and nqp.compare({'one': fit, 'other': …})"),
        (
            "wald_test f_test t_test test contrast hypothesis",
            "nqp.contrast(fit.att(by='region'), region='North', minus='South')",
        ),
        ("data outcome y", "fit.panel, whose rows are fit.panel.frame"),
        ("to_netcdf to_pickle pickle dump write to_file to_json to_zarr save_model", _SAVED),
        (
            "export",
            "fit.report('report/'), fit.table().save('table.docx'), or fit.save('fit.nc')",
        ),
        (
            "nie nde indirect indirect_effect direct_effect acme ade mediation mediation_table "
            "paths channels mediators mechanism proportion_mediated",
            _CHANNELS,
        ),
        ("event_time event_times leads_lags", _AVERAGES),
        ("units unit unit_effects random_effects ranef", _GROUPS),
        ("heterogeneity cate subgroup subgroups strata", _GROUPS),
        ("fixef fixed_effects", _ROWS),
        ("mcse", "az.summary(fit.to_arviz()), or fit.gate"),
        ("refit update clone copy_with", _VARIANT),
        ("leave_out leave_one_out jackknife loo_units", "fit.check('leave_out')"),
        ("counterfactual counterfactuals impact synthetic", _ROWS),
        ("rope equivalence", "nqp.rope(fit.att(), (-0.5, 0.5))"),
        ("probability prob", "nqp.probability(fit.att(), above=0)"),
        ("compare model_average averaged", "nqp.model_average(fit), nqp.compare([fit, other])"),
        ("show print", "fit itself, or fit.summary()"),
        ("sample sample_posterior draws samples", "fit.posterior has all, fit.att() the effect's"),
        ("get_params set_params", "fit.design, and nqp.fit(nqp.StaggeredDiD(…), fit.panel)"),
        ("checks diagnostics", "fit.check(), or one: fit.check('pretrends')"),
        ("load", "nqp.load(path)"),
        ("converged rhat r_hat ess convergence", "fit.gate, or fit.check('convergence')"),
        ("seed", "fit.sampler.seed"),
        ("placebo placebos", "fit.check('placebo_time'), and 'placebo_space'"),
        ("pretrends pretrend pretest parallel_trends", "fit.check('pretrends')"),
        ("sensitivity honest honest_did", "fit.check('trend_sensitivity')"),
        ("robustness", "fit.table('referee'), or fit.check('specifications')"),
    ),
    "ResultFrame": (
        (
            "p p_value pvalue pvalues P pval",
            "p_positive, the posterior probability of an effect > 0",
        ),
        ("coef coefficient att effect Estimate", "mean, or estimate of fit.tidy(), the effect"),
        ("se std_error stderr std_err", "sd, the posterior SD"),
        ("ci_lower conf_low lb hdi_low", "lower, the end of the interval"),
        ("ci_upper conf_high ub hdi_high", "upper, the end of the interval"),
        ("elpd_loo loo", "elpd"),
    ),
    "ModelAverage": (
        ("summary tidy coef params", "nqp.summary(nqp.att(average))"),
        ("att draws posterior", "nqp.att(average), nqp.att(average, by='region')"),
        ("weights probabilities", "average.families, average.designs"),
        ("table save to_latex", "nqp.table(average)"),
        ("plot", "nqp.plots.model_average(average), nqp.plots.event_study(average)"),
    ),
    "nqp.spatial_weights": (
        ("queen rook borders adjacency", "nqp.spatial_weights.contiguity(…)"),
        ("knn KNN k_nearest", "nqp.spatial_weights.nearest(panel, k=5)"),
        ("distance inverse distance_band", "nqp.spatial_weights.inverse_distance(panel, …)"),
    ),
    "Panel": (
        (
            "head tail df data to_pandas to_dataframe to_frame columns shape dtypes info iloc loc "
            "query index values sample groupby merge sort_values assign drop set_index",
            _FRAME,
        ),
        ("summary summarize", "panel.describe(), or panel itself"),
        (
            "subset filter select where",
            "rows are chosen before: Panel.from_frame(df.query(…), …)",
        ),
        (
            "treated treatment post",
            "panel.frame; nqp.identification(design, panel) counts treated rows",
        ),
        ("fit", "nqp.fit(nqp.StaggeredDiD(), panel)"),
        ("panelview view", "panel.plot()"),
        ("n_obs nobs", "panel.n_rows"),
        ("cohorts adoption", "panel.cohort_labels, or panel.plot('adoption')"),
        ("balance", "panel.balanced"),
        ("unit units unit_names ids", "panel.unit_labels, or panel.n_units"),
        ("time times years periods", "panel.time_labels"),
        (
            "drop_units drop_rows exclude keep",
            "panel.where(panel.frame['region'] != 'West') keeps some rows",
        ),
        ("winsorize winsor log standardize demean transform lag diff dropna fillna", _COLUMNS),
        ("to_csv to_parquet to_excel", "panel.frame.to_csv(path)"),
        ("to_stata to_dta", "panel.frame.to_stata(path, version=118)"),
        (
            "from_csv from_excel from_stata from_dta from_parquet read_csv read_excel read load",
            _FILE,
        ),
        ("from_pandas from_dataframe from_df", _FRAMED),
    ),
    "design": (
        ("pooling groups strata heterogeneity", "design.effect is how effects are pooled"),
        ("formula model equation equations", "nqp.to_pymc(design, panel) is the PyMC model"),
        ("fit estimate run", "nqp.fit(design, panel)"),
        ("cluster vce se", "design.errors: errors are modelled, not clustered"),
        ("fe fixed_effects", "design.time, design.terms"),
        ("weights W space", "design.spillovers"),
    ),
    "Table": (
        ("to_word", "table.to_docx(path), or table.save('table.docx')"),
        ("to_csv", "table.save('table.csv')"),
        ("to_tex", "table.to_latex(path), or table.save('table.tex')"),
        ("to_pandas to_dataframe df loc iloc head", "table.to_frame()"),
        ("to_clipboard copy", "table.to_markdown()"),
        ("to_xlsx", "table.to_excel(path), or table.save('table.xlsx')"),
        ("render show print", "table itself, or table.to_markdown()"),
    ),
    "CheckResult": (
        ("pvalue p_value p statistic stat", "result.verdict, result.figure; result.evidence"),
        ("summary text", "result.said(), result.said('zh')"),
        ("passed ok holds", "result.verdict == 'passed'"),
        ("data draws", "result.evidence"),
    ),
}
"""What to write for a name, by what was asked for it: of R's did, fixest, fect, HonestDiD and
bacondecomp, of Stata, of Python's diff-diff, CausalPy, statsmodels and ArviZ."""


def answer(holder: str, name: str) -> str:
    """Return the equivalent of a name of another package, or ""."""
    answers = {word: hint for words, hint in _ANSWERS.get(holder, ()) for word in words.split()}
    folded = {word.lower(): hint for word, hint in answers.items()}
    return answers.get(name) or folded.get(name.lower(), "")


def absent(holder: str, name: str, names: Iterable[str]) -> UnknownNameError:
    """Return the error for a missing name, with its equivalent or the closest name.

    Parameters
    ----------
    holder : str
        Object without the name: "nqp", "nqp.plots", or a class.
    names : iterable of str
        Existing names.
    """
    hint = answer(holder, name) or nearest(name, names, 0.7)
    if holder.startswith("nqp"):
        return UnknownNameError(f"there is no {holder}.{name}", hint=hint)
    return UnknownNameError(f"a {holder} has no {name!r}", hint=hint)
