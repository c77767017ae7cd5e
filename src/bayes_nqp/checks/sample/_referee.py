"""Routine robustness checks that referees ask for, each a refit of the same model.

The rows are files in `referee_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bayes_nqp._core.exceptions import NotApplicable, NQPError, StudyError, nearest
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, joined, listed, separated
from bayes_nqp._core.types import Column, names_in
from bayes_nqp.checks.shared import (
    ROBUSTNESS_ROWS,
    Alternative,
    Finding,
    Guide,
    Requested,
    RobustnessRow,
    Task,
    asks,
    compared,
    comparison,
    conclusions_of,
    labels,
    messages_of,
    on_request,
    reason,
)
from bayes_nqp.inference.fitting import ADOPTION, ROWS, UNITS, Fit, panel_of


@asks(
    "Do routine robustness checks change the average effect?",
    "routine robustness checks",
    place=165,
    needs=(ADOPTION, ROWS, UNITS),
    suits=on_request,
    guide=Guide(
        statistic=Message(
            "Average effect with other outcomes, winsorised or truncated outcomes, other forms of "
            "the controls, other policies as controls, unit-specific trends, without special "
            "cities or other parts of the sample, with anticipation or a later date, in other "
            "periods, and for units matched by propensity score. Its interval with shared shocks "
            "and under other clusterings.",
        ),
        thresholds=Message(
            "Failed: the 95 % interval of the fit excludes zero, and a refit lies more than "
            "one posterior SD on the other side. Caution: a conclusion changes or a refit did "
            "not converge. A conclusion changes if the interval of a refit includes zero and its "
            "estimate has moved by more than one posterior SD of the fit and by more than chance "
            "explains, at 5 % for all rows together; or if another standard error lowers the "
            "probability of the sign below 0.9. An interval that includes zero without this is "
            "weaker evidence, which does not count.",
        ),
        failure=Message(
            "The conclusion depends on the sample, the measure of the outcome or the controls.",
        ),
        remedy=Message(
            "report the table {}, and explain the specification that differs",
            Code('nqp.table(fit, "referee")', '[checks] run = ["referee"]'),
        ),
        code=('nqp.check(fit, "referee")\nnqp.table(fit, "referee")'),
        literature="Austin (2011); Cameron, Gelbach and Miller (2011); Hausman (1978)",
        limits=Message(
            "Winsorisation and truncation take off part of the effect on units with extreme "
            "outcomes, and other samples change the population. Imprecise rows detect large "
            "changes only, such as that with unit-specific trends.",
        ),
    ),
)
def referee(
    fit: Fit,
    *,
    outcomes: Column | Sequence[Column] = (),
    policies: Column | Sequence[Column] = (),
    samples: Column | Sequence[Column] = (),
    without_periods: str | int | Sequence[str | int] = (),
) -> Finding:
    """Refit with other outcomes, controls, samples, periods, trends and clusters, one at a time.

    Each row is a refit of the same model, or the same estimate with another standard error. Other
    outcomes are scaled to the variation within units of the fitted outcome (the scale ``s`` of the
    priors). Municipalities, provincial capitals and the five cities with separate state planning
    are recognised by name or code of the unit. A row changes the conclusion only if its estimate
    differs from that of the fit by more than the variance of their difference explains, at 5 % for
    all rows together (`checks.shared.conclusions_of`). A row that does not apply to this
    panel is listed with the reason. The check runs only if it is requested by name, or a study has
    its table ``[checks.referee]``.

    Parameters
    ----------
    outcomes : str or sequence of str, default ()
        Columns of the panel's frame with other measures of the outcome.
    policies : str or sequence of str, default ()
        Columns of the panel's frame, one value for each observation, that measure other policies of
        these years and enter as covariates.
    samples : str or sequence of str, default ()
        Columns of the panel's frame with 2 to 50 values, each of which is left out in turn; with
        two values, each part is estimated by itself.
    without_periods : period or sequence of periods, default ()
        Periods that are left out together, such as ``[2020, 2021]``; by default those of 2020 to
        2022, if the panel has them.

    Raises
    ------
    StudyError
        If an option names a column or a period that the panel does not have, or a column with one
        value.

    References
    ----------
    Austin, P. C. (2011). An introduction to propensity score methods for reducing the effects of
    confounding in observational studies. Multivariate Behavioral Research 46(3), 399-424.

    Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2011). Robust inference with multiway
    clustering. Journal of Business & Economic Statistics 29(2), 238-249.

    Hausman, J. A. (1978). Specification tests in econometrics. Econometrica 46(6), 1251-1271.
    """
    columns = {"outcomes": outcomes, "policies": policies, "samples": samples}
    named = {option: _columns(fit, option, names_in(x)) for option, x in columns.items()}
    periods = (without_periods,) if isinstance(without_periods, str | int) else without_periods
    others: list[Alternative] = []
    lost: list[Message] = []
    requested = Requested(**named, without_periods=tuple(map(str, periods)))
    for found in _alternatives(fit, requested):
        if isinstance(found, Alternative):
            others.append(found)
        else:
            lost.append(found)
    evidence = compared(fit, others, Message("running routine robustness checks"))
    if lost:
        evidence.attrs["left_out"] = separated([*filter(None, [evidence.attrs["left_out"]]), *lost])
    against = comparison(evidence, far=np.inf, conclusions=conclusions_of(evidence))
    conclusions = against.conclusions
    evidence = evidence.assign_coords(conclusion=("specification", np.array(conclusions, str)))
    evidence.attrs |= labels([*messages_of(evidence).values(), *filter(None, conclusions)])
    figure = Message(
        "average effect from {1:.3g} to {2:.3g} in {0} refits ({3}: {4:.3g})", *against.span
    )
    same = Message(
        "The conclusion about the average effect is the same in all {} routine robustness checks.",
        len(against.names) - 1,
    )
    rows = Message("(rows: {})", context="robustness")
    sentence = against.sentence(same, rows)
    if against.differs:
        meaning = Message("The estimate depends on this choice of sample, outcome or controls.")
        sentence = joined([sentence, meaning])
    if against.weaker:
        weaker = Message(
            "The evidence is weaker {}: the interval includes zero, but the difference from the "
            "fit may be chance.",
            rows.fill(listed(against.weaker, 4)),
        )
        sentence = joined([sentence, weaker])
    return Finding(against.verdict, figure, sentence, evidence, "specifications")


def _columns(fit: Fit, option: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that an option names, or raise an error for one that does not exist."""
    columns = list(panel_of(fit).frame)
    for name in names:
        if name not in columns:
            problem = f"'{option}' names {name!r}, which the panel does not have"
            raise StudyError(problem, hint=nearest(name, columns))
    return names


def _alternatives(fit: Fit, requested: Requested) -> Iterator[Alternative | Message]:
    """Yield the specifications of all rows, or the reason for one that does not apply."""
    for row in ROBUSTNESS_ROWS.values():
        try:
            specifications = [*row.specifications(fit, requested)]
        except NotApplicable as missing:
            yield Message("{}: {}", row.title, missing.why)
            continue
        for label, task in specifications:
            try:
                made = task()
            except NotApplicable as missing:
                yield Message("{}, {}: {}", row.title, label, missing.why)
            except NQPError as error:
                yield Message("{}, {}: {}", row.title, label, reason(error))
            else:
                yield _alternative(fit, row, label, made)


def _alternative(fit: Fit, row: RobustnessRow, label: Message, made: Task | float) -> Alternative:
    if isinstance(made, float):
        return Alternative(label, row.title, fit.design, widened=made)
    return Alternative(label, row.title, *made, fewer=not row.errors)
