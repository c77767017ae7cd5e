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
    change="special cities",
)
exhibit(
    "other_periods",
    Message("Other sample periods, without the years of the pandemic"),
    "robustness",
    f'nqp.fit(fit.design, panel.where(panel.frame["year"] < 2020))\n{_REFEREE}',
    place=20,
    check="referee",
    change="another window",
)
exhibit(
    "winsorised",
    Message("Winsorised and trimmed variables (1 %, 5 %)"),
    "robustness",
    _REFEREE,
    place=30,
    check="referee",
    change="winsorised outcome",
)
exhibit(
    "other_outcomes",
    Message("Other measures of the outcome"),
    "robustness",
    'nqp.check(fit, "referee", outcomes=["tfp"])',
    place=40,
    check="referee",
    change="another outcome",
)
exhibit(
    "other_treatment",
    Message("Other measures of the treatment (intensity, next year)"),
    "robustness",
    f'nqp.fit(nqp.ContinuousExposure("intensity"), panel)\n{_REFEREE}',
    place=50,
)
exhibit(
    "lagged_controls",
    Message("Controls of the previous period"),
    "robustness",
    _REFEREE,
    place=60,
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
    'nqp.fit(nqp.StaggeredDiD(baseline=["ln_gdp"]), panel)',
    place=80,
)
exhibit(
    "unit_trends",
    Message("Linear trends of units or provinces"),
    "robustness",
    f"nqp.fit(nqp.StaggeredDiD(trends=nqp.DifferentialTrends()), panel)\n{_REFEREE}",
    place=90,
)
exhibit(
    "other_clusters",
    Message("Other clusters; few clusters"),
    "robustness",
    'nqp.check(fit, "error_model", cluster="province")',
    place=100,
    check="error_model",
)
exhibit(
    "two_way_clusters",
    Message("Two-way clustered standard errors"),
    "robustness",
    """
import pyfixest as pf

clustered = pf.feols("outcome ~ treated | unit + time", rows, vcov={"CRV1": "unit + time"})
""",
    place=110,
    because=Message(
        "Clustered standard errors correct least squares. The models here include serial "
        "correlation within units, and nqp.ClusterTimeEffects adds shocks that units of a "
        "cluster share in a period."
    ),
)
exhibit(
    "multiple_testing",
    Message("Multiple testing (Romano–Wolf)"),
    "robustness",
    'nqp.simultaneous_signs(nqp.att(fit, by="region"))',
    place=120,
    number=signs,
)
