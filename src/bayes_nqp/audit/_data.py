"""Data-quality check for duplicated, imputed and implausible values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.i18n import Message, detailed, joined, listed
from bayes_nqp.audit._by_period import by_period
from bayes_nqp.audit._column import Codes, Measurements, Trace, column_of, columns_of_role
from bayes_nqp.audit._copies import copies
from bayes_nqp.audit._duplicate_units import misdated, strangers, twins
from bayes_nqp.audit._imputed_values import (
    carried,
    exchanged,
    interpolated,
    repeated_periods,
    smooth_periods,
)
from bayes_nqp.audit._leaks import leaks, made_elsewhere
from bayes_nqp.audit._magnitudes import far_rows, repeated_extremes, rounded, units_of_measurement
from bayes_nqp.audit._post_treatment_covariates import gaps, leavers, moved
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    Finding,
    Guide,
    asks,
    average_effect,
    labels,
    worst_of,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import ROWS, UNITS, Fit, panel_of

_COLUMNS = ("column", "fault", "verdict", "count", "where")
_MOST = 5
"""Patterns that are listed in the details; the evidence has all."""
_ALIKE: Final = 0.95
"""Minimum share of ones in treated rows, and of treated units that begin with a one."""
_FEWEST: Final = 3
"""Minimum number of units in which the policy ends."""


@asks(
    "Do the data contain duplicated, imputed or wrong values, or bad controls?",
    "data",
    of="fit",
    place=15,
    needs=(ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Search of the panel for copied, interpolated, rounded, misplaced and extreme "
            "values, indices built within periods, covariates that contain the outcome or "
            "respond to the policy, and attrition related to adoption.",
        ),
        thresholds=Message(
            "Failed: a pattern that correctly recorded data cannot have, such as identical "
            "series of two units or a covariate that is the outcome of a later period. "
            "Caution: a suspicious pattern, such as interpolated values or a covariate that "
            "changes with adoption. Patterns that chance explains do not count.",
        ),
        failure=Message(
            "The estimate is based on values that were not measured, or on controls that the "
            "outcome or the policy determines.",
        ),
        remedy=Message(
            "check the source of these values (result.evidence lists all), correct or "
            "drop them, and remove covariates that depend on the outcome or the policy",
        ),
        code='nqp.check(fit, "data").evidence',
        limits=Message(
            "Outcomes exchanged among many units, imputations with realistic noise, wrong "
            "units of measurement within the usual range, and observations that were never in "
            "the file are not detected.",
        ),
    ),
)
def data(fit: Fit) -> Finding:
    """Check the plausibility of the observations of a panel.

    The check detects duplicated values (of other units or periods, also plus a constant or times a
    factor) and values that were imputed or rounded for some units. It detects observations of
    another magnitude, and columns that were rescaled or reweighted within each period. It detects
    columns equal to the outcome of this or another period, covariates affected by the treatment,
    and units that leave after adoption. The verdict is "failed" for impossible data and "caution"
    for suspicious data.
    """
    panel = panel_of(fit)
    with np.errstate(all="ignore"):
        traces = [*_series(fit, panel), *_beside(fit, panel), *_absent(fit, panel)]
    traces.sort(key=lambda trace: trace.verdict != FAILS)
    lines = [[getattr(x, name) for name in _COLUMNS] for x in traces]
    table = pd.DataFrame(lines, columns=list(_COLUMNS))
    table.attrs = labels([*table["fault"], *table["where"]])
    verdict = worst_of(trace.verdict for trace in traces)
    if not traces:
        figure = Message("{n:,} observations, no suspicious pattern", n=panel.n_rows)
        sentence = Message(
            "No duplicated, imputed or extreme values, no column that contains the outcome, and no "
            "attrition related to adoption were found."
        )
        return Finding(verdict, figure, sentence, table)
    figure = Message(
        "{n} suspicious pattern in {rows:,} observations: {columns}",
        plural="{n} suspicious patterns in {rows:,} observations: {columns}",
        n=len(traces), rows=panel.n_rows, columns=listed(dict.fromkeys(x.column for x in traces)),
    )  # fmt: skip
    first, *more = (_said(trace) for trace in traces[: _MOST + 1])
    if len(traces) > _MOST + 1:
        more.append(Message("{} further patterns are in the evidence.", len(traces) - _MOST - 1))
    meaning = Message("Estimates that use this column may be wrong.")
    sentence = joined([first, meaning, *map(detailed, more)])
    return Finding(verdict, figure, sentence, table)


def _said(trace: Trace) -> Message:
    if not trace.where:
        return Message("Suspicious pattern in {!r}: {}.", trace.column, trace.fault)
    return Message("Suspicious pattern in {!r}: {} ({}).", trace.column, trace.fault, trace.where)


def _series(fit: Fit, panel: Panel) -> Iterator[Trace]:
    """Return findings in the outcome and in mediators separately."""
    units, times, stratum = panel.unit_labels, panel.time_labels, _strata(panel)
    outcome = column_of(panel, panel.roles.outcome, panel.outcome)
    for column in (outcome, *columns_of_role(panel, "mediators", fit.facts.mediators(panel))):
        traces = list(copies(column, units))
        yield from traces or twins(column, stratum, units)
        yield from repeated_periods(column, times)
        yield from exchanged(column, units, times)
        yield from carried(column, units)
        yield from interpolated(column, units, times)
        yield from smooth_periods(column, times)
        yield from rounded(column, units, times)
        yield from units_of_measurement(column, units)
        yield from far_rows(column, units, times)
        yield from repeated_extremes(column, units, times)
        yield from by_period(panel, column)
    if fit.facts.adopted:
        cohort = panel.cohort_codes[:, None]
        free = (cohort < 0) | (np.arange(panel.periods) < cohort)
        yield from strangers(outcome, stratum, free, units)
        yield from misdated(outcome, panel.cohort_codes, units)
    yield from made_elsewhere(panel, outcome)


def _beside(fit: Fit, panel: Panel) -> Iterator[Trace]:
    """Return findings in other columns of the model compared with the outcome."""
    facts = fit.facts
    outcome = column_of(panel, panel.roles.outcome, panel.outcome)
    held = columns_of_role(panel, "covariates", facts.covariates_of(panel))
    held += columns_of_role(panel, "moderators", _named(facts.moderator))
    innocent: list[Measurements] = []
    for column in (*held, *columns_of_role(panel, "exposures", _named(facts.exposure))):
        traces = list(leaks(column, outcome))
        yield from traces
        innocent += [column] if not traces and column in held else []
    for column in columns_of_role(panel, "mediators", facts.mediators(panel)):
        yield from leaks(column, outcome, near=False)
    if facts.adopted and innocent:
        sd = float(average_effect(fit).std())
        yield from moved(innocent, outcome, panel.cohort_codes, _strata(panel), sd)


def _absent(fit: Fit, panel: Panel) -> Iterator[Trace]:
    """Return findings on observations missing because of treatment."""
    dose = columns_of_role(panel, "exposures", _named(fit.facts.exposure))
    yield from leavers(panel, dose[0].values if dose else None, _strata(panel))
    if fit.facts.adopted:
        yield from gaps(panel, _strata(panel))
        yield from ended(panel)


def _named(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _strata(panel: Panel) -> Codes:
    """Number the combinations of the panel's strata (unit)."""
    codes = [panel.strata_codes[name] for name in panel.roles.strata]
    table = np.stack([*codes, np.zeros(panel.unit_labels.size, dtype=np.int64)], axis=1)
    return np.asarray(np.unique(table, axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)


def ended(panel: Panel) -> Iterator[Trace]:
    """Find a 0/1 column that begins with adoption and later returns to zero.

    If all later observations count as treated, the average effect since adoption differs from the
    effect while the policy is active.
    """
    roles, unit = panel.roles, panel.unit_codes
    on = panel.treatment_path[unit, panel.time_codes]
    begins = on & (panel.time_codes == panel.cohort_codes[unit])
    for name in map(str, panel.frame.columns):
        column = panel.frame[name]
        named = name in (roles.unit, roles.time, roles.outcome, roles.cohort)
        if named or column.dtype.kind not in "biuf":
            continue
        values = column.to_numpy(np.float64, na_value=np.nan)
        force = values == 1.0
        if not (force | (values == 0.0)).all() or not begins.any() or not force.any():
            continue
        off = on & ~force
        who = np.unique(unit[off])
        if on[force].mean() < _ALIKE or force[begins].mean() < _ALIKE or who.size < _FEWEST:
            continue
        share = off.sum() / on.sum()
        yield Trace(
            Message(
                "it starts with adoption and returns to zero in {:.0%} of the treated "
                "observations, so the average effect includes periods after the policy "
                "ended",
                share,
            ),
            name, DOUBT, int(who.size), listed([str(x) for x in panel.unit_labels[who]]),
        )  # fmt: skip
