"""Exhibits on parallel trends and anticipation."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._numbers import over_time
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "event_study",
    Message("Event study (test of parallel trends)"),
    "trends",
    "nqp.plots.event_study(fit)",
    place=10,
    number=over_time,
)
exhibit(
    "pretrends",
    Message("Joint test of pre-adoption coefficients, with its power"),
    "trends",
    'nqp.check(fit, "pretrends")',
    place=20,
    check="pretrends",
)
exhibit(
    "trend_sensitivity",
    Message("Sensitivity to violations of parallel trends (HonestDiD)"),
    "trends",
    'nqp.plots.check(nqp.check(fit, "trend_sensitivity"))',
    place=30,
    check="trend_sensitivity",
)
exhibit(
    "anticipation",
    Message("Anticipation effects"),
    "trends",
    'nqp.check(fit, "anticipation")',
    place=40,
    check="anticipation",
)
