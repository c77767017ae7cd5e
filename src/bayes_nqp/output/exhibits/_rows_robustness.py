"""Robustness checks: samples, variables, fixed effects, standard errors."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._numbers import signs
from bayes_nqp.output.exhibits._registry import exhibit

_REFEREE = 'nqp.table(fit, "referee")'

exhibit(
    "special_cities",
    Message("Without municipalities, provincial capitals and cities with separate planning"),
    "robustness",
    _REFEREE,
    place=10,
    check="referee",
    change=("special cities",),
)
exhibit(
    "other_periods",
    Message("Other sample periods, without the years of the pandemic"),
    "robustness",
    f'nqp.check(fit, "referee", without_periods=[2020, 2021, 2022])\n{_REFEREE}',
    place=20,
    check="referee",
    change=("another window", "periods left out"),
)
exhibit(
    "winsorised",
    Message("Winsorised and trimmed variables (1 %, 5 %)"),
    "robustness",
    _REFEREE,
    place=30,
    check="referee",
    change=("winsorised outcome", "winsorised controls", "truncated outcome"),
)
exhibit(
    "other_outcomes",
    Message("Other measures of the outcome"),
    "robustness",
    'nqp.check(fit, "referee", outcomes=["tfp"])',
    place=40,
    check="referee",
    change=("another outcome",),
)
exhibit(
    "other_treatment",
    Message("Other measures of the treatment (intensity, next year)"),
    "robustness",
    f'nqp.fit(nqp.ContinuousExposure("intensity"), panel)\n{_REFEREE}',
    place=50,
    check="referee",
    change=("date of adoption",),
)
exhibit(
    "lagged_controls",
    Message("Controls of the previous period"),
    "robustness",
    _REFEREE,
    place=60,
    check="referee",
    change=("lagged controls",),
)
exhibit(
    "interacted_fixed_effects",
    Message("High-dimensional fixed effects (province × year, industry × year)"),
    "robustness",
    'nqp.check(fit, "time_effects")\nnqp.StaggeredDiD(time=nqp.TimeEffects(["province"]))',
    place=70,
    check="time_effects",
)
exhibit(
    "baseline_trends",
    Message("Baseline variables × time"),
    "robustness",
    f'nqp.fit(nqp.StaggeredDiD(baseline=["ln_gdp"]), panel)\n{_REFEREE}',
    place=80,
    check="referee",
    change=("baseline controls",),
)
exhibit(
    "unit_trends",
    Message("Linear trends of units or provinces"),
    "robustness",
    f"nqp.fit(nqp.StaggeredDiD(terms=nqp.UnitTrends()), panel)\n{_REFEREE}",
    place=90,
    check="referee",
    change=("unit trends",),
)
exhibit(
    "other_clusters",
    Message("Other clusters; few clusters"),
    "robustness",
    f'nqp.check(fit, "error_model", cluster="province")\n{_REFEREE}',
    place=100,
    check="referee",
    change=("robust standard errors", "shared shocks"),
)
exhibit(
    "two_way_clusters",
    Message("Two-way clustered standard errors"),
    "robustness",
    _REFEREE,
    place=110,
)
exhibit(
    "multiple_testing",
    Message("Multiple testing (Romano–Wolf)"),
    "robustness",
    'nqp.simultaneous_signs(nqp.att(fit, by="region"))',
    place=120,
    number=signs,
)
