"""Whether the outcome goes with mediators of its own period alone."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, listed, spanned
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILING,
    FAILS,
    Finding,
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
"""Share of the slope from which that of a neighbouring period is no trifle."""
_LEANS: Final = 0.9
"""Probability of the sign of this period's slope from which a neighbour leans its way."""
_LONG: Final = 8
"""Periods of the panel from which, without a lag, two periods before are asked as well."""
_TODAY, _BEFORE, _AFTER = Message("slope"), Message("a period before"), Message("a period after")
_EARLIER = Message("two periods before")


@asks(
    "Does the outcome go with mediators of its own period alone?",
    "mediators of other periods",
    of="channels",
    place=242,
    needs=(CHANNELS, ROWS, UNITS, REFITS),
    assumption=True,
)
def mediator_periods(fit: Fit) -> Finding:
    """Enter mediators of the periods before and of the period after beside those of today.

    If a mediator acts within its period and nothing else ties it to the outcome, its neighbours in
    time say nothing of the outcome: their flat slopes in the outcome's equation, on the rows that
    have both, are zero. A slope of the period before alone is that of a mediator that acts later;
    one of the period after alone that of an outcome that comes before its mediator; both, with the
    sign of today's, are the mark of a mediator that is measured with error (its neighbours tell
    of it too) or that follows the outcome. Without a lag, in panels of eight periods or more, that
    of two periods before is entered too: one that acts so much later leaves no other mark. In doubt
    if zero has a tail probability below 1 % (over the number of slopes that are asked), and it
    fails below .5 % if the slope is 15 % of today's or more.

    Returns
    -------
    Finding
        With the slopes of each mediator, outcome units per unit of it.
    """
    names = fit.facts.mediators(fit.rows)
    if fit.facts.reach != "none":
        raise NotApplicable(Message("Channels lie in space here; ask it of those that do not."))
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
    """Draws of slopes (mediator, today | before | after | two before, draw), and the refit."""
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
        "{!s} {:.3g}, a period before {}, after {}",
        today.mediator,
        today.value,
        spanned(before.value, before.lower, before.upper),
        spanned(after.value, after.lower, after.upper),
    )
    if earlier is None:
        return words
    span = spanned(earlier.value, earlier.lower, earlier.upper)
    return Message("{}, two before {}", words, span)


def _mark(draws: Array, verdicts: list[Verdict]) -> _Mark:
    """Say which neighbours speak: both if one is clear and the other a third of it, its way."""
    before, after, *earlier = (verdict in (DOUBT, FAILS) for verdict in verdicts)
    if not (before or after):
        return "earlier" if any(earlier) else ""
    leaning = [(np.sign(draws[0].mean()) * x > 0).mean() > _LEANS for x in draws[1:3]]
    sizes = np.abs(draws[1:3].mean(axis=1))
    if sizes.min() > sizes.max() / 3.0 and ((before and after) or all(leaning)):
        return "both"
    return "before" if sizes[0] > sizes[1] else "after"


_NOTHING: Final = Message("Beside mediators of its own period, those next to it say nothing of it.")
_AROUND: Final = Message(
    "The outcome goes with {} of the periods before and after, beside that of its own: "
    "this is the mark of a mediator that is measured with error, that follows the "
    "outcome, or that moves with it for another reason that lasts, and the indirect "
    "effect is then not what goes through it."
)
_LATER: Final = Message(
    "{} of the period before still acts: part of what goes through it comes "
    "later, and is counted as direct."
)
_TWO_LATER: Final = Message(
    "{} of two periods before still acts: what goes through it comes later, "
    "and is counted as direct."
)
_REVERSED: Final = Message(
    "The outcome comes before {}: what looks like a channel may be its consequence."
)


def _sentence(marks: dict[str, _Mark], lag: int) -> Message:
    def of(mark: _Mark, words: Message, longer: int | None = None) -> list[Message]:
        names = [name for name, each in marks.items() if each == mark]
        if not names:
            return []
        words = words.fill(listed(names))
        if longer is None:
            return [words]
        return [joined([words, advised(Message("Fit with {}.", Hint("lag", longer)))])]

    parts = [
        *of("both", _AROUND), *of("before", _LATER, lag + 1), *of("earlier", _TWO_LATER, 2),
        *of("after", _REVERSED),
    ]  # fmt: skip
    return joined(parts) if parts else _NOTHING
