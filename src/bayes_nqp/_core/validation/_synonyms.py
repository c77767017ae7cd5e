"""Keywords of other packages, and their equivalents in this library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Foreign:
    """Equivalent of a keyword of another package.

    Parameters
    ----------
    ours : tuple of str
        Equivalent arguments; the first that the call has is suggested.
    elsewhere : str
        Suggestion if the call has none of them.
    """

    ours: tuple[str, ...]
    elsewhere: str


_UNIT = Foreign(
    ("unit",), "name the column of units in the panel: nqp.Panel.from_frame(df, unit=…)"
)
_TIME = Foreign(
    ("time",), "name the column of periods in the panel: nqp.Panel.from_frame(df, time=…)"
)
_OUTCOME = Foreign(
    ("outcome",), "name the outcome in the panel: nqp.Panel.from_frame(df, outcome=…)"
)
_COHORT = Foreign(
    ("cohort",),
    "name the column of first treated periods in the panel: nqp.Panel.from_frame(df, cohort=…)",
)
_TREATED = Foreign(
    ("treated", "treatment"),
    "name the treatment's column in the panel: nqp.Panel.from_frame(df, treated=…)",
)
_COVARIATES = Foreign(
    ("covariates",),
    "name covariates in the panel, nqp.Panel.from_frame(df, covariates=[…]), and in the design, "
    "nqp.StaggeredDiD(covariates=[…])",
)
_WEIGHTS = Foreign(
    ("weights",),
    "leave sizes of units out; precision weights of independent errors (errors=nqp.IID()) are a "
    "column of the panel: nqp.Panel.from_frame(df, weights=…)",
)
_ERRORS = Foreign(
    (),
    "errors are modelled, not clustered: nqp.StaggeredDiD(errors=nqp.AR1()), the default; and "
    "nqp.check(fit, 'error_model', cluster='province') compares",
)
_ABSORBED = Foreign(
    (),
    "unit and time effects are always there; nqp.StaggeredDiD(time=nqp.TimeEffects(['region'])) "
    "gives each region its own time effects",
)
_CONTROLS = Foreign(
    ("controls",),
    "nqp.StaggeredDiD(controls='never') compares with never-treated units alone; 'all' is the "
    "default",
)
_PROB = Foreign(
    ("prob",), "intervals are chosen where draws are summarised: nqp.summary(draws, prob=0.95)"
)
_DRAWS = Foreign(
    ("draws",), "there is no bootstrap; draws are the sampler's: nqp.Importance(draws=1000)"
)
_OWN_DRAWS = Foreign(
    (), "draws are the sampler's: nqp.fit(design, panel, nqp.Importance(draws=1000))"
)
_TUNE = Foreign(("tune",), "the default sampler needs no tuning; nqp.NUTS(tune=1000) has it")
_CHAINS = Foreign(("chains",), "chains are the sampler's: nqp.Importance(chains=4)")
_SEED = Foreign(("seed",), "seeds are the sampler's: nqp.Importance(seed=1)")
_FORMULA = Foreign(
    (),
    "there are no formulas: the panel names its outcome and covariates, "
    "nqp.Panel.from_frame(df, outcome=…, covariates=[…]), and the design those that it uses, "
    "nqp.StaggeredDiD(covariates=[…])",
)
_PATH = Foreign(("path",), "of one path, such as 'direct': nqp.att(fit, path=…)")
_STARS = Foreign(
    (), "tables have P(> 0), a posterior probability; for stars: layout='journal', marks=True"
)
_SPREAD = Foreign(("spread",), _ERRORS.elsewhere)
_POOLING = Foreign(
    ("effect",), "poolings are values: nqp.StaggeredDiD(effect=nqp.PartialPooling(['region']))"
)
_HEADINGS = Foreign((), "headings are the keys: nqp.table({'one': fit, 'other': other})")
_DIGITS = Foreign(
    ("digits",),
    "a summary is a data frame, fit.summary().round(3); tables take digits: fit.table(digits=3)",
)
_KIND = Foreign(
    (), "what is drawn comes first, fit.plot('event_study'); nqp.summary(draws, kind='hdi')"
)
_CORES = Foreign(
    ("threads",), "draws are independent of one another, and need no processes; nqp.fit(threads=2)"
)
_PER = Foreign((), "fit.summary(by='event_time'), or nqp.att(fit, by='event_time')")
_FORM = Foreign(
    ("formats",), "forms are methods: nqp.table(fit).to_latex(), or .save('table.docx') by ending"
)
_LOOK = Foreign(
    (),
    "plots take style={'points': {'color': 'k'}}; a figure is matplotlib's: change what the call "
    "returns, or draw into axes by ax=…",
)
_METHOD = Foreign(
    (), "estimators are designs, and options values: nqp.StaggeredDiD(effect=nqp.PartialPooling())"
)
_DATA = Foreign(
    ("df", "frame", "data", "panel"), "make a panel first: nqp.Panel.from_frame(df, unit=…, …)"
)
_BY = Foreign(("by",), "averages are nqp.att(fit), nqp.att(fit, by='event_time'), by='cohort'")
_BALANCED = Foreign(("balanced",), "a balanced window is nqp.att(fit, balanced=4)")
_STRATA = Foreign(
    ("strata",), "name groups in the panel: nqp.Panel.from_frame(df, strata=['region'])"
)
_PRIORS = Foreign(
    ("priors",), "priors are the design's: nqp.StaggeredDiD(priors=nqp.Priors(level=2.0))"
)
_SAVE = Foreign(("path",), "what is returned is saved: .savefig('figure.png'), .save('table.docx')")
_LANGUAGE = Foreign(
    ("language",), "tables, plots and reports have a language: fit.table(language='zh')"
)
_MEDIATORS = Foreign(
    ("mediators",),
    "mediators are of another design: nqp.fit(nqp.Mediation(design, mediators=['digital']), panel)",
)
_RHO = Foreign(
    ("rho",), "it is estimated; nqp.StaggeredDiD(priors=nqp.Priors(rho=…)) has its prior"
)
_FIT = Foreign(("fit_or_effects", "fit", "fit_or_fits", "draws", "source"), "give it by its place")
_LEADS = Foreign(
    (),
    "event times are read off the fit: nqp.att(fit, by='event_time'); nqp.check(fit, 'pretrends')",
)

FOREIGN: Final[dict[str, Foreign]] = {
    word: meaning
    for words, meaning in (
        ("unit ivar i id idname unitname panelvar unit_id iname", _UNIT),
        ("time tvar t tname timevar time_id year", _TIME),
        ("outcome y yname yvar depvar dependent outcome_name", _OUTCOME),
        ("cohort g gvar gname first_treat cohort_name ei", _COHORT),
        ("treated d dname treat treatment treatname treated_name post policy", _TREATED),
        ("covariates xformla covars xvars xvar x X controls control control_vars", _COVARIATES),
        ("weightsname aweight pweight fweight weight wname", _WEIGHTS),
        ("cluster clusters clustervar clustervars cluster_var vce vcov robust cov_type", _ERRORS),
        ("se std_error stderr", _SPREAD),
        ("formula fml", _FORMULA),
        ("path", _PATH),
        ("stars star", _STARS),
        ("color colour colors palette figsize style xlabel ylabel xlim ylim dpi", _LOOK),
        ("pooling pool pooled", _POOLING),
        ("names headings column_names model_names", _HEADINGS),
        ("format fmt output", _FORM),
        ("digits round_to decimals precision float_format ndigits", _DIGITS),
        ("kind which", _KIND),
        ("cores n_cores n_jobs njobs workers parallel", _CORES),
        ("by", _PER),
        ("absorb fe fixef fixed_effects entity_effects time_effects", _ABSORBED),
        ("control_group notyet never_treated nevertreated cgroup", _CONTROLS),
        ("alpha level conf_level conf ci ci_prob hdi_prob cred_mass", _PROB),
        ("bstrap biters reps nboot n_boot samples n_samples iter n_draws num_samples", _DRAWS),
        ("draws", _OWN_DRAWS),
        ("tune warmup burnin burn num_warmup n_tune", _TUNE),
        ("chains n_chains num_chains nchains", _CHAINS),
        ("seed random_seed random_state rng rseed", _SEED),
        ("method est_method estimator base_period panel_type", _METHOD),
        ("data dat dataframe df frame", _DATA),
        ("fit fits model result trace idata posterior", _FIT),
        ("type agg aggregation groupby split fsplit", _BY),
        ("balance_e max_e min_e", _BALANCED),
        ("group groups subgroup subgroups", _STRATA),
        ("leads lags window horizons pretrends autosample", _LEADS),
        ("reference ref omitted baseline_period", _LEADS),
        ("priors prior", _PRIORS),
        ("save savefig filename fname file path_out out", _SAVE),
        ("language lang locale", _LANGUAGE),
        ("mediators mediator mechanism", _MEDIATORS),
        ("rho autocorrelation ar", _RHO),
    )
    for word in words.split()
}
"""By keyword: of Stata's csdid, did_imputation and xtset, R's did, fixest and did2s, of Python's
linearmodels, PyMC and ArviZ."""
