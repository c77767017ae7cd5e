"""Check for mediators that contain the outcome by construction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import chi2

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed, separated
from bayes_nqp.audit import column_of, numbers_of, slopes_of, two_ways_out
from bayes_nqp.audit._identities import identity
from bayes_nqp.checks.mediation import EvidenceRow, finding_of, innovations, left_over
from bayes_nqp.checks.shared import DOUBT, FAILS, HOLDS, Finding, Guide, asks, ladder
from bayes_nqp.inference.fitting import CHANNELS, ROWS, UNITS, Fit, error_draws

_NEAR: Final = 2.5
"""Number of standard errors within which a slope equals plus or minus one."""
_SHARP: Final = 0.15
"""Largest standard error for which a slope of one is evidence."""
_SAME: Final = 0.9
"""Squared correlation above which a mediator equals the outcome: see `near_treatment`."""
_CLOSER: Final = 0.02
"""Tolerated difference in squared correlation between scales."""
_ANY_EFFECT, _OTHER_PERIODS = 0.01, 0.001
"""Levels of tests that the remainder of a mediator responds to the policy, or to outcomes of
other periods, and is therefore not a separate quantity."""


@dataclass(frozen=True, slots=True)
class _Slope:
    """A regression of a mediator on the outcome, each on its best scale."""

    mediator: str
    outcome: str
    value: float
    se: float
    shared: float
    rest: Array
    y: Array

    @property
    def one_to_one(self) -> bool:
        near = abs(abs(self.value) - 1.0) <= _NEAR * self.se
        return near and self.se <= _SHARP and self.shared <= _SAME


@asks(
    "Is a mediator computed from the outcome?",
    "mechanical relations",
    of="channels",
    place=275,
    needs=(CHANNELS, ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Exact identities between mediator, outcome and other columns of the file; slope "
            "of the mediator's innovations on those of the outcome.",
        ),
        thresholds=Message(
            "Failed: the mediator is a ratio, product, difference, sum, share or linear "
            "function of the outcome and other columns. Caution: the slope is ± 1 within "
            "{0:.1f} standard errors (of at most {1:.2f}), and the rest of the mediator "
            "responds neither to the policy (p ≥ {2:g}) nor to outcomes of adjacent periods (p"
            " ≥ {3:g}).",
            _NEAR,
            _SHARP,
            _ANY_EFFECT,
            _OTHER_PERIODS,
        ),
        failure=Message(
            "The indirect effect via this mediator is arithmetic, because the mediator changes"
            " whenever the outcome does.",
        ),
        remedy=Message(
            "use a mediator that is measured without the outcome",
        ),
        code='nqp.check(fit, "mechanical").evidence',
        limits=Message(
            "A relation is not detected if its other part is not in the file and moves with "
            "the outcome or with the policy.",
        ),
    ),
)
def mechanical(fit: Fit) -> Finding:
    """Detect ratios, differences and shares of the outcome among the mediators.

    A mediator that is computed from the outcome responds to the policy because the outcome does,
    and its slope is arithmetic. The check fails if a mediator is a ratio, product, difference, sum
    or share of the outcome and another column of the file, up to rounding and in 90 % of the
    observations. It also fails if the mediator is an exact linear function of the outcome and other
    columns with unit and time effects, in levels or in logarithms.

    The other part can be missing from the file. The verdict is then "caution" under two conditions.
    First, the outcome's innovations enter the mediator one to one: the slope is plus or minus one
    within 2.5 standard errors, which are at most 0.15, in levels, logarithms or log odds, the scale
    with the best fit. Second, the remainder of the mediator responds neither to the policy nor to
    the outcomes of adjacent periods. A genuine mediator has such a slope only by coincidence.
    Limitation: the check does not detect a relation if the other part is not in the file and is
    correlated with the outcome or the policy.
    """
    panel = fit.rows
    outcome = column_of(panel, panel.roles.outcome, panel.outcome)
    columns = numbers_of(panel)
    lines: list[EvidenceRow] = []
    with np.errstate(all="ignore"):
        for name in fit.facts.mediators(panel):
            values = panel.mediators[:, panel.roles.mediators.index(name)]
            formula = identity(column_of(panel, name, values), outcome, columns)
            if formula is not None:
                quantity = Message("computed from {}", formula[0])
                lines.append(
                    EvidenceRow(name, quantity, formula[1], np.nan, np.nan, FAILS, "share")
                )
            else:
                lines.append(_contained(fit, name, values))
    bad = [x for x in lines if x.verdict != HOLDS]
    figure = separated(Message("{} {}: {:.2f}", x.mediator, x.quantity, x.value) for x in lines)
    sentence = Message(
        "No mediator is a ratio, difference or share of the outcome and another column of the file."
    )
    if bad:
        exact = [Message("{} is {}", x.mediator, x.quantity) for x in bad if x.verdict == FAILS]
        like = [Message("{}, {}", x.mediator, x.quantity) for x in bad if x.verdict == DOUBT]
        parts = []
        if exact:
            parts.append(Message("A mediator is computed from the outcome ({}).", listed(exact)))
            parts.append(Message("Its indirect effect is arithmetic and not a mechanism."))
        if like:
            suspect = Message(
                "Errors of the outcome enter a mediator one to one ({}), and the policy does not "
                "affect the rest of this mediator.",
                listed(like),
            )
            ratio = Message("It is probably a ratio, difference or share of the outcome.")
            parts += [*map(detailed, (suspect, ratio))] if exact else [suspect, ratio]
        step = Message("Next: use a mediator that is measured without the outcome.")
        sentence = joined([*parts, advised(step)])
    return finding_of(lines, figure, sentence, [fit])


def _contained(fit: Fit, name: str, values: Array) -> EvidenceRow:
    """Judge the slope of a mediator on the outcome, on the scales with the best fit."""
    slopes = list(_slopes(fit, name, values))
    closest = max(x.shared for x in slopes)
    near = [x for x in slopes if x.shared >= closest - _CLOSER]
    alarms = [x for x in near if x.one_to_one and _apart(fit, x)]
    best = alarms[0] if alarms else max(near, key=lambda x: x.shared)
    quantity = Message("slope of {} on {}", best.mediator, best.outcome)
    low, high = (best.value + 1.96 * side * best.se for side in (-1.0, 1.0))
    return EvidenceRow(name, quantity, best.value, low, high, ladder(doubt=alarms), "slope")


def _scales(name: str, values: Array, *, odds: bool) -> Iterator[tuple[str, Array]]:
    yield name, values
    if (values > 0.0).all():
        yield f"log({name})", np.log(values)
        most = float(values.max())
        top = 1.0 if most < 1.0 else 100.0
        if odds and most < top:
            yield f"logit({name})", np.log(values / (top - values))


def _slopes(fit: Fit, name: str, values: Array) -> Iterator[_Slope]:
    """Regress innovations of the mediator on those of the outcome, clustered by unit."""
    panel, model_frame, facts = fit.rows, fit.model_frame, fit.facts
    means = np.array([draws.mean() for draws in list(error_draws(fit, name).values())[:-1]])
    held = [panel.roles.covariates.index(x) for x in facts.covariates_of(panel)]
    more = panel.covariates[:, held] if held else None
    unit = model_frame.codes.unit[model_frame.kept]

    def left(column: Array) -> Array:
        return innovations(
            model_frame, column, facts.noise, means, varying=facts.varying is not None, more=more
        )

    outcomes = [
        (label, y, left(y)) for label, y in _scales(panel.roles.outcome, panel.outcome, odds=False)
    ]
    for label, m in _scales(name, values, odds=True):
        residual = left(m)
        for other, y, moved in outcomes:
            size = float(moved @ moved)
            slope = float(moved @ residual) / size
            scores = np.bincount(unit, moved * (residual - slope * moved))
            units = int(np.count_nonzero(scores))
            se = float(np.sqrt(scores @ scores * units / max(units - 1, 1))) / size
            shared = slope**2 * size / float(residual @ residual)
            yield _Slope(label, other, slope, se, shared, m - np.sign(slope) * y, y)


def _apart(fit: Fit, slope: _Slope) -> bool:
    """Return True if the remainder of a mediator is unrelated to policy and other periods."""
    panel, model_frame = fit.rows, fit.model_frame
    remainder, y = (column_of(panel, "", x).values for x in (slope.rest, slope.y))
    tables = np.stack([remainder[:, 1:-1], y[:, 1:-1], y[:, :-2], y[:, 2:]])
    full = np.isfinite(tables).all(axis=0)
    full &= full.sum(axis=1, keepdims=True) > 1
    left = two_ways_out(np.where(full, tables, np.nan))[:, full]
    if full.sum() > 30 and _tail(left[0], left[1:], np.nonzero(full)[0]) < _OTHER_PERIODS:
        return False
    if not fit.facts.adopted:
        return True
    treated = model_frame.codes.treated.astype(np.float64)
    left = left_over(model_frame, np.column_stack([slope.rest, treated])).T
    return _tail(left[0], left[1:], model_frame.codes.unit[model_frame.kept]) >= _ANY_EFFECT


def _tail(y: Array, x: Array, unit: Index) -> float:
    """Return the p-value of zero slopes, with standard errors clustered by unit (Wald)."""
    slopes, bread = slopes_of(y, x), np.linalg.pinv(x @ x.T, hermitian=True)
    scores = np.zeros((int(unit.max()) + 1, len(x)))
    np.add.at(scores, unit, (x * (y - slopes @ x)).T)
    units = np.unique(unit).size
    covariance = bread @ (scores.T @ scores) @ bread * units / max(units - 1, 1)
    return float(chi2.sf(slopes @ np.linalg.pinv(covariance, hermitian=True) @ slopes, len(x)))
