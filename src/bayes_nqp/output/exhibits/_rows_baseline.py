"""Exhibits on the baseline estimate: columns of controls, size, timing, layout."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._numbers import average, over_time, relative
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "baseline_steps",
    Message("Baseline regression with controls added step by step"),
    "baseline",
    'nqp.table(fit, "baseline", steps=["ln_gdp", "finance"])',
    place=10,
    section="baseline",
)
exhibit(
    "journal_table",
    Message("Three-line table with marks of significance"),
    "baseline",
    'nqp.table(fit, layout="journal", marks=True).save("table.docx")',
    place=20,
    number=average,
)
exhibit(
    "economic_size",
    Message("Economic size of the effect (in % of the mean)"),
    "baseline",
    "nqp.relative_effects(fit)",
    place=30,
    number=relative,
)
exhibit(
    "delayed_effects",
    Message("Delayed effects of the policy"),
    "baseline",
    'nqp.table(fit, "event_study")',
    place=40,
    number=over_time,
)
exhibit(
    "window",
    Message("Average effect over a window of event times"),
    "baseline",
    "nqp.att(fit, window=(0, 3))",
    place=50,
)
