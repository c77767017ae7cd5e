"""Draws of parameters to labelled draws of everything, in outcome units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._effect_curves import curves_of_unit_effects
from bayes_nqp.inference.fitting._lag_effects import LagEffects
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.fitting._mediator_lag_receivers import (
    MediatorLagEffects,
    mediator_lag_effects,
)
from bayes_nqp.inference.fitting._received import own_and_received
from bayes_nqp.inference.fitting._streams import SharedStreams, error_width
from bayes_nqp.inference.fitting._unit_deviations import UnitDeviations, unit_deviations
from bayes_nqp.inference.model_frame import Equation, ModelFrame
from bayes_nqp.model.predictors import Slope, SlopeKind
from bayes_nqp.numerics.linear_gaussian import (
    Coefficients,
    DrawsWithDensity,
    SharedErrors,
    draw,
    number_count,
)

UNIT_EFFECTS_STORED = 2_000
"""Above this many members, deviations are not stored."""

_MANY = 1_000
"""Number of draws from which nodes for all normal equations are faster."""
_ROWS = 500
"""Draws for which a product is transposed within the cache."""
_CHUNK_NUMBERS = 16_000_000
"""Numbers of draws that are computed at once."""


@dataclass(frozen=True, eq=False)
class Recovered:
    """Draws of one equation, flat over chains.

    Parameters
    ----------
    cell_mean, cell_effect : ndarray (draw, cell), outcome units
        Without and with the mean deviation of the cell's observations. The first is at the
        moderator's centre, the second at the mean moderator of these observations.
    coefficients : mapping of str to ndarray (draw, label)
        By term, outcome units (slopes: outcome units per unit of the column).
    slopes : mapping of Slope to ndarray (draw, stratum), outcome units per unit of the mediator
        Slopes of mediators and of the moderator, in every stratum.
    tilt : ndarray (draw, cell), outcome units times the moderator's, or None
        Covariance of deviations and the moderator over the treated observations of each cell; for
        equations of mediators whose slopes in the outcome's equation are moderated.
    positions : ndarray (draw, slot), multiples of s, or None
        Time effects, cells and slopes of all blocks, one block after another; None if there are too
        many to be kept.
    realised : ndarray (draw, path, cell), outcome units, or None
        Total, direct and spillover effects under the actual calendar, feedback included, if the
        model has spillovers or lagged outcomes.
    across : ndarray (draw, treatment, mediator, cell), the mediator's units, or None
        For equations of mediators with spillovers: effects of own treatment and of that of others,
        on the unit's own mediator and on those of neighbours.
    added : ndarray (draw, cell), outcome units, or None
        Effects on the expected outcome under a logit link.
    """

    cell_mean: Array
    cell_effect: Array
    coefficients: Mapping[str, Array]
    deviation: Array | None
    slopes: Mapping[Slope, Array] = field(default_factory=dict)
    tilt: Array | None = None
    positions: Array | None = None
    realised: Array | None = None
    across: Array | None = None
    added: Array | None = None


def recovered(
    model_frame: ModelFrame,
    equation: Equation,
    x: Array,
    generator: np.random.Generator | SharedStreams | None,
    *,
    threads: int | None = None,
    keeper: DrawsWithDensity | None = None,
) -> Recovered:
    """Draw coefficients, cell effects and deviations given parameters.

    Parameters
    ----------
    x : ndarray (draw, parameter)
        Unconstrained.
    generator : Generator, SharedStreams or None
        None gives conditional means; with `SharedStreams` draws move with those of other
        equations.
    threads : int, optional
        Draws do not depend on their number.
    keeper : DrawsWithDensity, optional
        Of coefficients at some of the points.
    """
    problem = equation.gaussian.for_many if len(x) >= _MANY else equation.gaussian
    share = cell_shares(model_frame, equation)
    leaning = leaning_of(model_frame, equation)
    reach = lag_effects_of(model_frame, equation)
    across = mediator_lag_effects(model_frame, equation)
    every = leaning is not None or reach is not None or across is not None
    units = _single_units(model_frame, equation, every=every)
    per_draw = number_count(problem) + equation.n_positions + equation.n_paths
    per_draw += 0 if units is None else problem.n_unit_numbers
    if isinstance(generator, SharedStreams):
        per_draw += error_width(equation) * len(generator.streams)
    size = int(np.clip(_CHUNK_NUMBERS // max(per_draw, 1), 256, max(len(x), 1)))
    # Equal points share a factor, if draws may be taken in any order.
    together = isinstance(generator, SharedStreams) or size >= len(x)
    order = np.arange(len(x)) if together else np.lexsort(x.T)
    chunks = [order[start : start + size] for start in range(0, len(x), size)]
    streams = _streams(generator, chunks, size)
    single = units is not None
    parts = []
    for chunk, stream in zip(chunks, streams, strict=True):
        rng, errors = None, None
        if isinstance(stream, SharedStreams):
            rng = stream.own
            numbers = stream.errors(chunk.size, error_width(equation))
            errors = SharedErrors(numbers, equation.error_sums)
        else:
            rng = stream
        coefficients = draw(
            problem, x[chunk], rng, errors=errors, single=single, threads=threads,
            keeper=keeper,
        )  # fmt: skip
        parts.append(
            assembled_draws(
                model_frame, equation, coefficients, share, leaning, units, rng, reach, across
            )
        )
    return parts[0] if len(parts) == 1 else joined(parts, np.argsort(np.concatenate(chunks)))


def joined(parts: Sequence[Recovered], place: Index) -> Recovered:
    """Put parts under one another, and draws into the order of places."""
    return combined(parts, lambda values: np.concatenate(values)[place])


def combined(parts: Sequence[Recovered], arrays: Callable[[Sequence[Array]], Array]) -> Recovered:
    """Make one of several, array by array."""

    def one(values: Sequence[Any]) -> Any:
        if isinstance(values[0], Mapping):
            return {key: one([value[key] for value in values]) for key in values[0]}
        return None if values[0] is None else arrays(values)

    names = [field.name for field in fields(Recovered)]
    return Recovered(**{name: one([getattr(part, name) for part in parts]) for name in names})


def _streams(
    generator: np.random.Generator | SharedStreams | None, chunks: Sequence[Index], size: int
) -> Sequence[np.random.Generator | SharedStreams | None]:
    """Random numbers of each part of the draws."""
    if generator is None:
        return [None] * len(chunks)
    if isinstance(generator, SharedStreams):
        return generator.spawn(range(0, size * len(chunks), size), size)
    return generator.spawn(len(chunks))


def assembled_draws(
    model_frame: ModelFrame,
    equation: Equation,
    draws: Coefficients,
    share: Any,
    leaning: Any,
    units: UnitDeviations | None,
    stream: np.random.Generator | None,
    reach: LagEffects | None,
    across: MediatorLagEffects | None,
) -> Recovered:
    """Return effects, terms and deviations of draws of coefficients, in outcome units."""
    effects, unit = model_frame.effects, equation.effect_scale
    slopes = slopes_of(equation, draws)
    # Draws are contiguous in memory: an index along the last axis would put cells first.
    mean = np.take(draws.positions, equation.positions.cells, axis=1)
    mean *= unit
    theta = slope_of(slopes, SlopeKind.MODERATION)
    average: Array | float = 0.0
    deviation, tilt = None, None
    if share is not None:
        average = _product(draws.deviation, share * unit)
        if equation.problem.shares_deviations:
            deviation = draws.deviation * unit
        elif units is not None:
            deviation = units.draw(draws, unit, stream)
        if leaning is not None:
            tilt = _product(np.asarray(deviation), leaning.T)
    effect, terms = effects.of_cells(mean, theta, average), terms_of(equation, draws)
    if reach is None:
        realised = own_and_received(model_frame, equation, draws, effect)
    else:
        lag = equation.problem.lag
        delta = None if lag is None else draws.shared[:, lag.columns]
        realised = reach.of_draws(delta, mean, terms, deviation, theta)
    by_whom = None
    if across is not None:
        others = None if realised is None else realised[:, 2]
        by_whom = across.of_draws(mean, effect, others, theta, deviation, terms)
    deviation = kept_unit_effects(model_frame, equation, deviation, theta, terms)
    return Recovered(
        mean, effect, terms, deviation, slopes, tilt, draws.positions, realised, by_whom
    )


def _product(draws: Array, loads: Any) -> Array:
    """Draws times a sparse matrix (draw, column), laid out draw by draw."""
    out = np.empty((len(draws), loads.shape[1]))
    for start in range(0, len(draws), _ROWS):
        rows = slice(start, start + _ROWS)
        out[rows] = (loads.T @ draws[rows].T).T
    return out


def unit_effects_stored(model_frame: ModelFrame) -> bool:
    """Return True if unit-level deviations are kept: for few members that are single units."""
    alone = model_frame.facts.varying == "unit" and model_frame.panel.summed
    return model_frame.effects.codes.size <= UNIT_EFFECTS_STORED and not alone


def kept_unit_effects(
    model_frame: ModelFrame,
    equation: Equation,
    deviation: Array | None,
    theta: Array | None,
    terms: Mapping[str, Array],
) -> Array | None:
    """Deviations as they are kept, with functions of moderators; None where they are not."""
    if deviation is None or not unit_effects_stored(model_frame):
        return None
    kept = model_frame.effects.of_unit_effects(deviation, theta)
    return kept + curves_of_unit_effects(model_frame, equation, terms)


def slopes_of(equation: Equation, draws: Coefficients) -> dict[Slope, Array]:
    """Slopes of mediators and the moderator in every stratum (draw, stratum)."""
    positions = equation.positions.slopes[:, equation.problem.n_columns - len(equation.slopes) :]
    return {
        slope: draws.positions[:, positions[:, k]] * (equation.scale / slope.size)
        for k, slope in enumerate(equation.slopes)
    }


def slope_of(
    slopes: Mapping[Slope, Array], kind: SlopeKind, mediator: str | None = None
) -> Array | None:
    """Draws of the slope of a kind, of one mediator where there are several; None without it."""
    wanted = (s for s in slopes if s.kind is kind and mediator in (None, s.mediator))
    slope = next(wanted, None)
    return None if slope is None else slopes[slope]


def terms_of(equation: Equation, draws: Coefficients) -> dict[str, Array]:
    """Coefficients that several strata share, as they are reported.

    Returns
    -------
    dict of str to ndarray (draw, label)
        By term.
    """
    out: dict[str, Array] = {}
    start = 0
    for part in equation.globals:
        size = part.columns.shape[1]
        values = draws.shared[:, start : start + size] * equation.scale
        start += size
        if part.reported:
            out[part.name] = values if part.display is None else values @ part.display.T
    return out


def cell_shares(model_frame: ModelFrame, equation: Equation) -> Any:
    """Share of each class (or member) in the rows of each cell.

    Returns
    -------
    csr_array (owner, cell), or None
        None where nothing deviates.
    """
    problem, effects = equation.problem, model_frame.effects
    if problem.unit_effect_scale is None:
        return None
    if problem.shares_deviations:
        return effects.shares
    # Units observed once are in no class: they carry no information on deviations.
    class_of = np.full(model_frame.codes.n_units, -1, dtype=np.int64)
    for k, c in enumerate(problem.classes):
        class_of[c.units] = k
    return effects.shares_of(class_of[effects.unit], len(problem.classes))


def leaning_of(model_frame: ModelFrame, equation: Equation) -> Any:
    """Return the map from deviations to their covariance with the moderator in cells.

    Returns
    -------
    csr_array (cell, member), or None
        None if it is not needed, because the slope of this equation's variable is not moderated.
    """
    shifted = any(
        s.kind is SlopeKind.SHIFT and s.mediator == equation.name
        for s in model_frame.equations[0].slopes
    )
    if not shifted or equation.problem.unit_effect_scale is None:
        return None
    # cov(u, z) = sum_rows (z - z-bar) u / n: the mean of u drops out.
    effects = model_frame.effects
    count = np.bincount(effects.cell, effects.weight)[effects.cell]
    weight = effects.weight * (effects.z - effects.mean_of_cells[effects.cell]) / count
    shape = (effects.sizes.size, effects.codes.size)
    return csr_array((weight, (effects.cell, effects.unit_effect)), shape=shape)


def _single_units(
    model_frame: ModelFrame, equation: Equation, *, every: bool
) -> UnitDeviations | None:
    """Return the inputs of unit-level deviations; None if there are none, or none are kept."""
    if equation.problem.unit_effect_scale is None or equation.problem.shares_deviations:
        return None
    wanted = unit_effects_stored(model_frame) or every
    return unit_deviations(equation, model_frame.effects.codes) if wanted else None
