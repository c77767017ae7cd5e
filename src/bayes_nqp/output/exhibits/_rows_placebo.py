"""Placebo tests."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "placebo_time",
    Message("Placebo in time"),
    "placebo",
    'nqp.plots.check(nqp.check(fit, "placebo_time"))',
    place=10,
    check="placebo_time",
)
exhibit(
    "placebo_space",
    Message("Placebo in space: 500 random assignments of the treatment"),
    "placebo",
    'nqp.plots.check(nqp.check(fit, "placebo_space"))',
    place=20,
    check="placebo_space",
)
exhibit(
    "placebo_mixed",
    Message("Mixed placebo: random units and dates"),
    "placebo",
    'nqp.plots.check(nqp.check(fit, "placebo_mixed"))',
    place=30,
    check="placebo_mixed",
)
exhibit(
    "placebo_outcome",
    Message("Placebo outcome, which the policy cannot affect"),
    "placebo",
    'nqp.check(fit, "placebo_outcome", outcome="rainfall")',
    place=40,
    check="placebo_outcome",
)
