"""Exhibits on the data: descriptive statistics, correlations, adoption dates."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._numbers import cohorts, sizes
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "descriptives",
    Message("Descriptive statistics"),
    "data",
    'nqp.table(panel, by="treated")',
    place=10,
    number=sizes,
)
exhibit(
    "correlations",
    Message("Correlations and variance inflation factors (VIF)"),
    "data",
    'nqp.table(panel, "correlations")',
    place=20,
    section="correlations",
)
exhibit(
    "group_trends",
    Message("Outcomes of treated and untreated units over time"),
    "data",
    "nqp.plots.panel(panel)",
    place=30,
    number=sizes,
)
exhibit(
    "adoption_dates",
    Message("Dates of adoption (panelView)"),
    "data",
    "nqp.plots.adoption(panel)",
    place=40,
    number=cohorts,
)
