"""Draws of parameters to labelled draws of everything, in outcome units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from bayes_nqp.fitting._reach import reach_of
from bayes_nqp.fitting._realised import Reach
from bayes_nqp.fitting._received import own_and_received
from bayes_nqp.fitting._streams import SharedStreams, error_width
from bayes_nqp.fitting._unit_deviations import UnitDeviations, unit_deviations
from bayes_nqp.gaussian import Coefficients, SharedErrors, draw, number_count
from bayes_nqp.planning import (
    Equation,
    Plan,
    members_of,
    moderated_rows,
    moderator_means,
    stratum_of_members,
)
from bayes_nqp.terms import LAG, TIED, SlopePart

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

MEMBERS_STORED = 2_000
"""Above this many members their deviations are not stored."""

_CHUNK_NUMBERS = 16_000_000
"""Numbers of draws that are made at once."""


@dataclass(frozen=True, eq=False)
class Recovered:
    """Draws of one equation, flat over chains.

    Parameters
    ----------
    cell_mean, cell_effect : ndarray (draw, cell), outcome units
        Without and with the mean deviation of the cell's rows; the first at the moderator's
        centre, the second at the mean moderator of these rows.
    coefficients : mapping of str to ndarray (draw, label)
        By term, outcome units (slopes: outcome units per unit of the column).
    slopes : ndarray (draw, stratum, slope), outcome units per unit of the mediator, or None
        Of mediators and, last, of the moderator, in every stratum.
    tilt : ndarray (draw, cell), outcome units times the moderator's, or None
        Covariance of deviations and the moderator over the treated rows of each cell; of
        mediators' equations, where their slopes in the outcome's are moderated.
    slots : ndarray (draw, slot), multiples of s, or None
        Time effects, cells and slopes of all blocks, one block after another; None where there
        are too many to be kept.
    realised : ndarray (draw, path, cell), outcome units, or None
        Total, direct and received effects, where units receive something of others' treatment, or
        outcomes follow one another: then of the actual calendar, feedback included.
    """

    cell_mean: Array
    cell_effect: Array
    coefficients: Mapping[str, Array]
    deviation: Array | None
    slopes: Array | None = None
    tilt: Array | None = None
    slots: Array | None = None
    realised: Array | None = None


def recovered(
    plan: Plan,
    equation: Equation,
    x: Array,
    generator: np.random.Generator | SharedStreams | None,
    *,
    threads: int | None = None,
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
    """
    problem = equation.gaussian
    per_draw = number_count(problem) + equation.n_slots + equation.n_paths + problem.n_unit_numbers
    if isinstance(generator, SharedStreams):
        per_draw += error_width(equation) * len(generator.streams)
    size = int(np.clip(_CHUNK_NUMBERS // max(per_draw, 1), 256, max(len(x), 1)))
    # Equal points share a factor, where draws may be taken in any order.
    together = isinstance(generator, SharedStreams) or size >= len(x)
    order = np.arange(len(x)) if together else np.lexsort(x.T)
    chunks = [order[start : start + size] for start in range(0, len(x), size)]
    streams = _streams(generator, chunks, size)
    share = cell_shares(plan, equation)
    leaning = leaning_of(plan, equation)
    reach = reach_of(plan, equation)
    units = _single_units(plan, equation, every=leaning is not None or reach is not None)
    parts = []
    for chunk, stream in zip(chunks, streams, strict=True):
        stream_of_part, errors = None, None
        if isinstance(stream, SharedStreams):
            stream_of_part = stream.own
            numbers = stream.errors(chunk.size, error_width(equation))
            errors = SharedErrors(numbers, equation.error_sums)
        else:
            stream_of_part = stream
        coefficients = draw(problem, x[chunk], stream_of_part, errors=errors, threads=threads)
        parts.append(
            _assemble(plan, equation, coefficients, share, leaning, units, stream_of_part, reach)
        )
    place = np.argsort(np.concatenate(chunks))
    return _joined(parts, place)


def _joined(parts: Sequence[Recovered], place: Index) -> Recovered:
    """Put parts under one another, and draws into their order."""
    if len(parts) == 1:
        return parts[0]

    def joined(name: str) -> Any:
        values = [getattr(part, name) for part in parts]
        if values[0] is None:
            return None
        return np.concatenate(values)[place]

    coefficients = {
        name: np.concatenate([part.coefficients[name] for part in parts])[place]
        for name in parts[0].coefficients
    }
    names = ("cell_mean", "cell_effect", "deviation", "slopes", "tilt", "slots", "realised")
    return Recovered(coefficients=coefficients, **{name: joined(name) for name in names})


def _streams(
    generator: np.random.Generator | SharedStreams | None, chunks: Sequence[Index], size: int
) -> Sequence[np.random.Generator | SharedStreams | None]:
    """Random numbers of each part of the draws."""
    if generator is None:
        return [None] * len(chunks)
    if isinstance(generator, SharedStreams):
        return generator.spawn(range(0, size * len(chunks), size), size)
    return generator.spawn(len(chunks))


def _assemble(
    plan: Plan,
    equation: Equation,
    draws: Coefficients,
    share: Any,
    leaning: Any,
    units: UnitDeviations | None,
    stream: np.random.Generator | None,
    reach: Reach | None,
) -> Recovered:
    blocks = equation.problem.blocks
    starts = np.concatenate([[0], np.cumsum([b.columns.shape[0] for b in blocks])]).astype(np.int64)
    cells = starts[equation.cell_slots[:, 0]] + equation.cell_slots[:, 1]
    # Effect of a cell: its mean, theta times the mean moderator, the mean deviation of its rows.
    mean = draws.slots[:, cells] * equation.effect_scale
    slopes = slopes_of(equation, draws) if equation.slopes else None
    moderated = moderator_means(plan, equation)
    effect, deviation, tilt = mean, None, None
    if moderated is not None and slopes is not None:
        effect = mean + slopes[:, plan.table.stratum, -1] * moderated[0]
    if equation.problem.member_scale is not None:
        effect = effect + (share.T @ draws.deviation.T).T * equation.effect_scale
        if equation.problem.shares_deviations:
            deviation = draws.deviation * equation.effect_scale
        elif units is not None:
            deviation = units.draw(draws, equation.effect_scale, stream)
        if leaning is not None:
            tilt = np.asarray((leaning @ np.asarray(deviation).T).T)
        if deviation is not None and deviation.shape[1] > MEMBERS_STORED and reach is None:
            deviation = None
        if deviation is not None and moderated is not None and slopes is not None:
            # A member's effect holds its own moderator, as its cell's holds their mean.
            deviation = deviation + slopes[:, stratum_of_members(plan), -1] * moderated[1]
    terms, realised = terms_of(equation, draws), own_and_received(plan, equation, draws, effect)
    if reach is not None:
        lag = equation.problem.lag
        delta = None if lag is None else draws.shared[:, lag.coefficient]
        realised = reach.of_draws(delta, mean, terms, deviation)
        if deviation is not None and deviation.shape[1] > MEMBERS_STORED:
            deviation = None
    return Recovered(mean, effect, terms, deviation, slopes, tilt, draws.slots, realised)


def slopes_of(equation: Equation, draws: Coefficients) -> Array:
    """Slopes of mediators and the moderator in every stratum, its slots' last columns."""
    last = np.arange(equation.problem.n_columns)[-len(equation.slopes) :]
    out = draws.slots[:, equation.slope_slots[:, None] + last]
    return out * (equation.scale / np.array([slope.size for slope in equation.slopes]))


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
        unreported = part.place in ("time", "paths") or part.name in (LAG, TIED)
        if unreported or isinstance(part, SlopePart):
            continue
        out[part.name] = values if part.display is None else values @ part.display.T
    return out


def cell_shares(plan: Plan, equation: Equation) -> Any:
    """Share of each class (or member) in the rows of each cell.

    Returns
    -------
    csr_array (owner, cell), or None
        None where nothing deviates.
    """
    problem, cells = equation.problem, plan.cells
    if problem.member_scale is None:
        return None
    rows = np.flatnonzero((plan.cell_of_row >= 0) & plan.frame.treated)
    unit = plan.frame.unit[rows]
    if problem.shares_deviations:
        codes, _ = members_of(plan)
        owner, size = np.searchsorted(codes, plan.frame.member[unit]), codes.size
    else:
        # Units seen once are in no class: they say nothing about deviations.
        class_of = np.full(plan.frame.n_units, -1, dtype=np.int64)
        for k, c in enumerate(problem.classes):
            class_of[c.units] = k
        seen = class_of[unit] >= 0
        rows, owner, size = rows[seen], class_of[unit[seen]], len(problem.classes)
    table = csr_array(
        (np.ones(rows.size), (owner, plan.cell_of_row[rows])), shape=(size, cells.rows.size)
    )
    return table / cells.rows  # Untreated rows of a cell have no deviation, and count.


def leaning_of(plan: Plan, equation: Equation) -> Any:
    """Take deviations to their covariance with the moderator in cells.

    Returns
    -------
    csr_array (cell, member), or None
        None where nothing asks for it: the slope of what this equation explains is not moderated.
    """
    moderated = any(s.kind == "m" and s.mediator == equation.name for s in plan.equations[0].slopes)
    if not moderated or equation.problem.member_scale is None:
        return None
    rows, cell, value = moderated_rows(plan)
    count = np.bincount(cell, minlength=plan.table.size)
    # cov(u, z) = sum_rows (z - z-bar) u / n: the mean of u drops out.
    mean = np.bincount(cell, value, plan.table.size) / np.maximum(count, 1)
    codes, _ = members_of(plan)
    member = np.searchsorted(codes, plan.frame.member[plan.frame.unit[rows]])
    shape = (plan.table.size, codes.size)
    return csr_array(((value - mean[cell]) / count[cell], (cell, member)), shape=shape)


def _single_units(plan: Plan, equation: Equation, *, every: bool) -> UnitDeviations | None:
    """What deviations of single units take; None where there are none, or too many to be kept."""
    if equation.problem.member_scale is None or equation.problem.shares_deviations:
        return None
    codes, _ = members_of(plan)
    return unit_deviations(equation, codes) if codes.size <= MEMBERS_STORED or every else None
