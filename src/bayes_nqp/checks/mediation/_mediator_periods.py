"""Test of mediators of neighbouring periods in the equation of the outcome."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed, spanned
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILING,
    FAILS,
    Finding,
    Guide,
    Verdict,
    asks,
    beside,
    ladder,
    shifted,
)
from bayes_nqp.inference.fitting import (
    CHANNELS,
    REFITS,
    ROWS,
    UNITS,
    Fit,
    covariate_slopes,
    refit,
    total_fit,
)

type _Mark = Literal["", "before", "after", "both", "earlier"]

_DOUBT: Final = 0.01
"""Tail probability of zero below which a slope that should be zero gets the verdict caution."""
_LARGE: Final = 0.15
"""Share of the current slope above which the slope of a neighbouring period is large."""
_LEANS: Final = 0.9
"""Probability of the current slope's sign from which a neighbouring slope has the same sign."""
_LONG: Final = 8
"""Periods of the panel from which, without a lag, two periods before are tested too."""
_TODAY, _BEFORE, _AFTER = (
    Message("slope"),
    Message("one period before"),
    Message("one period after"),
)
_EARLIER = Message("two periods before")


@asks(
    "Does the outcome depend only on mediators of the modelled period?",
    "mediators of other periods",
    of="channels",
    place=242,
    needs=(CHANNELS, ROWS, UNITS, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Slopes of each mediator one period before and one period after, added to "
            "the outcome's equation. Without a lag and with at least {} periods, two "
            "periods before is added too.",
            _LONG,
        ),
        thresholds=Message(
            "Caution: zero has a tail probability below {0:.0%}, divided by the number "
            "of slopes. Failed: below {1:.1%}, and the slope is larger than {2:.0%} of "
            "the current slope.",
            _DOUBT,
            FAILING,
            _LARGE,
        ),
        failure=Message(
            "The mediator may act with another delay, follow the outcome, or be measured with "
            "error, so the indirect effect may be biased."
        ),
        remedy=Message(
            "fit the model with a longer lag, {}, and compare the indirect effects",
            Code("nqp.Mediation(..., lag=1)", "[channels] lag = 1"),
        ),
        code="later = nqp.fit(fit.design.replace(lag=1), panel)\nnqp.nie(later)",
        limits=Message(
            "Measurement error and reverse causality have the same pattern and are not separated."
        ),
    ),
)
def mediator_periods(fit: Fit) -> Finding:
    """Add mediators of the neighbouring periods to the equation of the outcome.

    If a mediator acts within its period and shares no other cause with the outcome, the slopes of
    its neighbouring periods (flat priors, observations with both) are zero. A slope of the period
    before alone indicates a mediator that acts later. A slope of the period after alone indicates
    an outcome that precedes the mediator. Both, with the sign of the current slope, indicate a
    mediator that is measured with error or that follows the outcome. Without a lag, in panels of
    eight periods or more, two periods before is added too, because such a delay is not visible
    otherwise.

    Returns
    -------
    Finding
        Its evidence has the slopes of each mediator, outcome units per unit of it.
    """
    names = fit.facts.mediators(fit.rows)
    if fit.facts.reach != "none":
        raise NotApplicable(
            Message(
                "Mediators of other units enter the outcome in this model, which the check "
                "does not allow."
            )
        )
    slopes, after = _slopes(fit, names)
    lines: list[EvidenceRow] = []
    marks: dict[str, _Mark] = {}
    for name, draws in zip(names, slopes, strict=True):
        number = (len(draws) - 1) * len(names)
        verdicts = [_judged(draws[0], other, number) for other in draws[1:]]
        marks[name] = _mark(draws, verdicts)
        lines.append(drawn(name, _TODAY, draws[0], scale="slope"))
        for quantity, each, verdict in zip(
            (_BEFORE, _AFTER, _EARLIER), draws[1:], verdicts, strict=False
        ):
            lines.append(drawn(name, quantity, each, verdict, "slope"))
    size = len(lines) // len(names)
    parts = [_part(*lines[k : k + size]) for k in range(0, len(lines), size)]
    figure = Message("slopes: {}", listed(parts, len(parts)))
    return finding_of(lines, figure, _sentence(marks, fit.facts.lag), [fit, after], refit=after)


def _slopes(fit: Fit, names: tuple[str, ...]) -> tuple[Array, Fit]:
    """Return draws of slopes (mediator, current | before | after | two before, draw), and a fit."""
    alone, lag = total_fit(fit), fit.facts.lag
    panel, columns = alone.rows, {}
    offsets = (0, -1, 1, -2) if lag == 0 and panel.periods >= _LONG else (0, -1, 1)
    for name in names:
        values = panel.mediators[:, panel.roles.mediators.index(name)]
        for k in offsets:
            columns[f"{name} {k - lag:+d}"] = shifted(panel, values, k - lag)
    rows, added = beside(panel, columns)
    covariates = (*alone.facts.covariates_of(panel), *added)
    richer = refit(alone, alone.variant(drop=True, covariates=covariates), rows)
    draws = covariate_slopes(richer, added).reshape(-1, len(names), len(offsets))
    return np.moveaxis(draws, 0, 2), richer


def _judged(today: Array, other: Array, number: int) -> Verdict:
    tail = 2.0 * min((other > 0).mean(), (other < 0).mean()) * number
    large = abs(other.mean()) > _LARGE * abs(today.mean())
    return ladder(fails=tail < FAILING and large, doubt=tail < _DOUBT)


def _part(
    today: EvidenceRow, before: EvidenceRow, after: EvidenceRow, earlier: EvidenceRow | None = None
) -> Message:
    words = Message(
        "{!s} {:.3g}, one period before {}, one period after {}",
        today.mediator,
        today.value,
        spanned(before.value, before.lower, before.upper),
        spanned(after.value, after.lower, after.upper),
    )
    if earlier is None:
        return words
    span = spanned(earlier.value, earlier.lower, earlier.upper)
    return Message("{}, two periods before {}", words, span)


def _mark(draws: Array, verdicts: list[Verdict]) -> _Mark:
    """Return the neighbouring periods with a slope.

    "both" if one slope is clear and the other has the same sign and at least a third of its size.
    """
    before, after, *earlier = (verdict in (DOUBT, FAILS) for verdict in verdicts)
    if not (before or after):
        return "earlier" if any(earlier) else ""
    leaning = [(np.sign(draws[0].mean()) * x > 0).mean() > _LEANS for x in draws[1:3]]
    sizes = np.abs(draws[1:3].mean(axis=1))
    if sizes.min() > sizes.max() / 3.0 and ((before and after) or all(leaning)):
        return "both"
    return "before" if sizes[0] > sizes[1] else "after"


_NOTHING: Final = Message(
    "Mediators of neighbouring periods have no additional effect on the outcome."
)
_AROUND: Final = Message(
    "The outcome depends on {} of the periods before and after, in addition to "
    "that of the current period."
)
_WHY_AROUND: Final = Message(
    "The mediator may be measured with error, follow the outcome, or have a persistent cause in "
    "common with the outcome, so the indirect effect may be biased."
)
_LATER: Final = Message("{} of the period before still affects the outcome.")
_TWO_LATER: Final = Message("{} of two periods before still affects the outcome.")
_WHY_LATER: Final = Message(
    "Part of the indirect effect comes later and is counted as direct effect."
)
_REVERSED: Final = Message("The outcome depends on {} of the following period.")
_WHY_REVERSED: Final = Message(
    "The mediator may be a consequence of the outcome, so the indirect effect "
    "may be reverse causality."
)
_LONGER: Final = Message("Next: fit nqp.Mediation again with {} and compare the indirect effects.")
_MEASURE: Final = Message(
    "Next: check how the mediator is measured, and report this indirect effect as descriptive only."
)


def _sentence(marks: dict[str, _Mark], lag: int) -> Message:
    """Return the finding on one kind of mediators and its meaning; other kinds are details."""
    kinds: tuple[tuple[_Mark, Message, Message, Message], ...] = (
        ("both", _AROUND, _WHY_AROUND, _MEASURE),
        ("before", _LATER, _WHY_LATER, _LONGER.fill(Hint("lag", lag + 1))),
        ("earlier", _TWO_LATER, _WHY_LATER, _LONGER.fill(Hint("lag", 2))),
        ("after", _REVERSED, _WHY_REVERSED, _LONGER.fill(Hint("lag", lag + 1))),
    )
    found = [
        (words.fill(listed(names)), meaning, step)
        for mark, words, meaning, step in kinds
        if (names := [name for name, each in marks.items() if each == mark])
    ]
    if not found:
        return _NOTHING
    (first, meaning, step), *others = found
    return joined([first, meaning, advised(step), *(detailed(words) for words, *_ in others)])
