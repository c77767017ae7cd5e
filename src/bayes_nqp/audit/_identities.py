"""Arithmetic relations between a mediator, the outcome and another column of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import listed
from bayes_nqp.audit import Measurements, shared_with, slopes_of, two_ways_out

type Form = Callable[[Array, Array], Array]

_FORMS: Final[dict[str, Form]] = {
    "{y} / {x}": lambda y, x: y / x,
    "{x} / {y}": lambda y, x: x / y,
    "{y} / ({x} + {y})": lambda y, x: y / (x + y),
    "{y} × {x}": lambda y, x: y * x,
    "{y} + {x}": lambda y, x: y + x,
    "{y} − {x}": lambda y, x: y - x,
    "log({y} / {x})": lambda y, x: np.log(y / x),
    "log({y} × {x})": lambda y, x: np.log(y * x),
    "log({y} / ({x} + {y}))": lambda y, x: np.log(y / (x + y)),
    "log({x} / ({x} + {y}))": lambda y, x: np.log(x / (x + y)),
}
"""Formulas tested for mediators, up to a factor and a constant."""
_EXPONENT: Final = 40.0
"""Largest magnitude of logarithms."""
_DIGITS: Final = 1e-7
"""Relative precision of unrounded numbers."""
_ROWS: Final = 0.9
"""Share of observations that must satisfy a relation: a few may be winsorised."""
_COARSE: Final = (0.2, 0.005)
"""Largest rounding step, relative to the within-unit spread of the mediator, for tests of
`_FORMS`, and of regressions with free slopes."""
_MOST: Final = 2_000
"""Number of observations used."""
_COPY: Final = 0.98
_FREE: Final = 30


def identity(
    mediator: Measurements, outcome: Measurements, columns: list[Measurements]
) -> tuple[str, float] | None:
    """Find an exact relation of a mediator to the outcome, up to rounding.

    Parameters
    ----------
    columns : list of Measurements
        Other columns of the file; columns equal to the outcome or the mediator, up to unit and
        period effects, are ignored.

    Returns
    -------
    tuple of str and float or None
        A formula, and the share of observations that satisfy it.
    """
    spread = float(np.nanstd(two_ways_out(mediator.values)))
    if not spread > 0.0:
        return None
    others = [
        x
        for x in columns
        if x.name != mediator.name
        and max(shared_with(x, y, 0) for y in (outcome, mediator)) < _COPY
    ]
    identities = (_made(mediator, outcome, other, spread) for other in others)
    return next((x for x in identities if x), None) or _regressed(mediator, outcome, others)


def _made(
    mediator: Measurements, outcome: Measurements, other: Measurements, spread: float
) -> tuple[str, float] | None:
    full = np.isfinite(mediator.values + outcome.values + other.values)
    rows = np.flatnonzero(full)[:: max(full.sum() // _MOST, 1)]
    m, y, x = (z.values.flat[rows] for z in (mediator, outcome, other))
    error_m, error_y, error_x = (_rounding(z).flat[rows] for z in (mediator, outcome, other))
    step = float(np.nanstd(two_ways_out(outcome.values)))
    if rows.size < _FREE:
        return None
    for (name_y, of_y), (name_x, of_x) in product(_scales(outcome, y), _scales(other, x)):
        for formula, form in _FORMS.items():
            combined = form(of_y(y), of_x(x))
            if not np.isfinite(combined).all() or not np.ptp(combined) > 0.0:
                continue
            slope, constant = _line(m, combined)
            by_y = np.abs(form(of_y(y + error_y), of_x(x)) - combined)
            by_x = np.abs(form(of_y(y), of_x(x + error_x)) - combined)
            allowed = error_m + abs(slope) * (by_y + by_x)
            share = float((np.abs(m - constant - slope * combined) <= 1.05 * allowed).mean())
            counts = abs(slope) * np.abs(form(of_y(y + step), of_x(x)) - combined)
            limit = float(np.median(allowed))
            if (
                share >= _ROWS
                and limit <= _COARSE[0] * spread
                and np.nanmedian(counts) > 3.0 * limit
            ):
                return formula.format(y=name_y, x=name_x), share
    return None


def _scales(column: Measurements, values: Array) -> Iterator[tuple[str, Callable[[Array], Array]]]:
    """Return the column and its exponential, if it can be a logarithm."""
    yield column.name, lambda z: z
    if np.abs(values).max() < _EXPONENT:
        yield f"exp({column.name})", np.exp


def _rounding(column: Measurements) -> Array:
    return np.nan_to_num(0.5 * column.grain) + _DIGITS * np.abs(column.values)


def _line(y: Array, x: Array) -> tuple[float, float]:
    """Return slope and constant as medians, which are robust to a few other observations."""
    order, half = np.argsort(x, kind="stable"), x.size // 2
    low, high = order[:half], order[-half:]
    run = x[high] - x[low]
    steps = (y[high] - y[low])[run > 0.0] / run[run > 0.0]
    slope = float(np.median(steps)) if steps.size else 0.0
    return slope, float(np.median(y - slope * x))


def _regressed(
    mediator: Measurements, outcome: Measurements, others: list[Measurements]
) -> tuple[str, float] | None:
    """Regress the mediator on the outcome and all other columns, with unit and time effects.

    All variables are in levels or in logarithms; the outcome must have a non-zero coefficient.
    """
    for logs in product((False, True), repeat=3):
        m, y = _either(mediator, logs[0]), _either(outcome, logs[1])
        parts = [z for z in (_either(x, logs[2]) for x in others) if z is not None]
        if m is None or y is None or not parts:
            continue
        names = [name for name, *_ in (y, *parts)]
        values = np.stack([table for _, table, _ in (m, y, *parts)])
        full = np.isfinite(values).all(axis=0)
        full &= full.sum(axis=1, keepdims=True) > 1
        n_parameters = len(parts) + 1 + int(full.any(axis=0).sum() + full.any(axis=1).sum())
        if full.sum() - n_parameters < _FREE:
            continue
        left = two_ways_out(np.where(full, values, np.nan))[:, full]
        slopes = slopes_of(left[0], left[1:])
        errors = np.stack([error[full] for *_, error in (m, y, *parts)])
        allowed = errors[0] + np.abs(slopes) @ errors[1:]
        remainder = np.abs(left[0] - slopes @ left[1:])
        share = float((remainder <= 2.0 * allowed).mean())
        limit = float(np.median(allowed))
        without = left[0] - slopes_of(left[0], left[2:]) @ left[2:]
        if share >= _ROWS and limit <= _COARSE[1] * left[0].std() and without.std() > 10.0 * limit:
            return listed(names, 4), share
    return None


def _either(column: Measurements, log: bool) -> tuple[str, Array, Array] | None:
    """Return name, values and rounding of a column or of its logarithm."""
    if not log:
        return column.name, column.values, _rounding(column)
    if not column.positive:
        return None
    return f"log({column.name})", np.log(column.values), _rounding(column) / column.values
