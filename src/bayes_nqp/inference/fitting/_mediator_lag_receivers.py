"""Effects of treatment on a mediator, in the treated units and in their spatial neighbours.

With D the treatment indicator, W the weights of neighbours' mediators and V the weights of
neighbours' treatment, the effect on a mediator is ``m = m_own + m_received``. Here
``m_own = D (a + theta z + u)``, and ``m_received`` is ``V D kappa`` or the effect of an
observation's spillover exposure. The part of ``W m`` that is due to own treatment is
``diag(W V) D kappa``, the feedback through neighbours; the rest is due to the treatment of others.
Spillover exposure does not distinguish between treated neighbours, so that with it all of ``W m``
is attributed to the treatment of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting._lag_receivers import (
    calendar_cells,
    dose_cells,
    lag_effects_of,
    near_of,
)
from bayes_nqp.inference.fitting._linked_coefficients import linked_coefficients
from bayes_nqp.inference.model_frame import CellInfo, Equation, ModelFrame
from bayes_nqp.model.predictors import NEIGHBOUR, TREATED, LinkedTime


@dataclass(frozen=True, eq=False)
class MediatorLagEffects:
    """Linear maps from coefficients of a mediator's equation to means over observations of cells.

    Parameters
    ----------
    cells : CellInfo
        Cells of the model frame, then those of untreated observations that neighbours' mediators
        affect.
    cell : ndarray of int (unit, T)
        Cell of each observation, -1 for none.
    stratum : ndarray of int (cell)
        Stratum of each of these cells.
    neighbour : ndarray of bool (cell)
        True for cells of the model frame that contain neighbours.
    events : tuple of LinkedTime
        Event times for which the treatment of neighbours has coefficients.
    near, beyond, back : ndarray (event, cell)
        ``V D``, ``W V D`` and ``diag(W V) D`` by event time.
    means, moderators, deviations : csr_array (cell, label)
        W times the indicators of the model frame's cells, times the moderator by stratum, and times
        the indicators of the members with deviations.
    """

    cells: CellInfo
    cell: Index
    stratum: Index
    neighbour: Mask
    events: tuple[LinkedTime, ...]
    near: Array
    beyond: Array
    back: Array
    means: sparse.csr_array
    moderators: sparse.csr_array
    deviations: sparse.csr_array

    def of_draws(
        self,
        mean: Array,
        effect: Array,
        received: Array | None,
        theta: Array | None,
        deviation: Array | None,
        terms: Mapping[str, Array],
    ) -> Array:
        """Compute effects on the mediator by source (own, others) and place (own, neighbours').

        Parameters
        ----------
        mean, effect : ndarray (draw, plan's cell), the mediator's units
            Effects of cells without and with the mean deviation.
        received : ndarray (draw, plan's cell) or None
            Part of `effect` due to the treatment of others; None if only neighbours have such
            effects.
        theta : ndarray (draw, stratum) or None
            Coefficient of the moderator.
        deviation : ndarray (draw, owner) or None
            u.
        terms : mapping of str to ndarray (draw, label)
            Coefficients by term.

        Returns
        -------
        ndarray (draw, treatment, mediator, cell)
            Effects of own and of others' treatment, on the unit's own mediator and on the mean
            mediator of its neighbours.
        """
        kappa = linked_coefficients(terms, self.events) if self.events else np.zeros((len(mean), 0))
        if received is None:
            received = np.where(self.neighbour, effect, 0.0)
        more = ((0, 0), (0, self.stratum.size - effect.shape[1]))
        direct, others = np.pad(effect - received, more), np.pad(received, more) + kappa @ self.near
        linked = (self.means @ mean.T).T + kappa @ (self.beyond - self.back)
        if theta is not None:
            linked += (self.moderators @ theta.T).T
        if deviation is not None:
            linked += (self.deviations @ deviation.T).T
        parts = np.stack([direct, kappa @ self.back, others, linked], axis=1)
        return np.asarray(parts.reshape(len(mean), 2, 2, -1))


def mediator_lag_effects(model_frame: ModelFrame, equation: Equation) -> MediatorLagEffects | None:
    """Return the maps of a mediator's effects to cells; None if the model has no spillovers.

    Raises
    ------
    IdentificationError
        If neighbours have observations whose effects are not identified.
    """
    first, facts = model_frame.model.equations[0].name, model_frame.facts
    if equation.name == first or facts.channels is None or facts.reach == "none":
        return None
    frame, size = model_frame.codes, model_frame.table.size
    shape, weights = (frame.n_units, frame.n_periods), facts.channels.links
    links = sparse.csr_array((frame.n_units, frame.n_units))
    if weights is not None:
        _need_rows(model_frame)
        links = weights.aligned(model_frame.panel.unit_labels).matrix
    affected = np.full(shape, -1, dtype=np.int64)
    of_policy = np.isin(model_frame.table.role, (TREATED, NEIGHBOUR))[model_frame.cell_of_row]
    rows = np.flatnonzero(of_policy & (model_frame.cell_of_row >= 0))
    affected[frame.unit[rows], frame.time[rows]] = model_frame.cell_of_row[rows]
    if model_frame.exposure is not None:
        treated, cell, cells = dose_cells(model_frame)
        affected = treated
    else:
        by_exposure = facts.has("exposure")
        reached = links @ (affected >= 0).astype(np.float64) > 0.0 if by_exposure else None
        treated, cell, cells = calendar_cells(model_frame, reached)
    on = treated >= 0
    events, near, back = _events(model_frame, equation, links, treated)
    unit_effect = _unit_effect_positions(model_frame)
    z = np.zeros(shape)
    z[model_frame.effects.unit, frame.time[model_frame.effects.rows]] = model_frame.effects.z
    extra = np.zeros(cells.rows.size - size, dtype=np.int64)
    unit, time = np.nonzero(cell >= size)
    extra[cell[unit, time] - size] = frame.stratum[unit]
    n_strata, means = len(frame.stratum_levels), _Means(links, cell, cells.rows)
    return MediatorLagEffects(
        cells, cell, np.concatenate([model_frame.table.stratum, extra]),
        model_frame.table.role == NEIGHBOUR, events,
        means.of(near),
        means.of(links @ x for x in near),
        means.of(back),
        means.of_linked(affected, size),
        means.of_linked(np.where(on, frame.stratum[:, None], -1), n_strata, z),
        means.of_linked(np.where(on, unit_effect[:, None], -1), model_frame.effects.codes.size),
    )  # fmt: skip


def _unit_effect_positions(model_frame: ModelFrame) -> Index:
    """Return the position of each unit's member among those with deviations; -1 for none."""
    codes, unit_effect = model_frame.effects.codes, model_frame.codes.unit_effect
    return np.where(np.isin(unit_effect, codes), np.searchsorted(codes, unit_effect), -1)


def cells_of_rows(model_frame: ModelFrame) -> tuple[Index, CellInfo]:
    """Return the cell of each observation in the effects dataset, and these cells.

    Returns
    -------
    tuple of ndarray of int (row) and CellInfo
        -1 for observations without a cell; leads included.
    """
    for equation in reversed(model_frame.equations):
        across = mediator_lag_effects(model_frame, equation)
        if across is not None:
            return across.cell[model_frame.codes.unit, model_frame.codes.time], across.cells
    reach = lag_effects_of(model_frame, model_frame.equations[0])
    if reach is None:
        return model_frame.cell_of_row, model_frame.cells
    return reach.cell[reach.group[model_frame.codes.unit], model_frame.codes.time], reach.cells


class _Means:
    """Means over the observations of cells.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    cell : ndarray of int (unit, T)
        Cell of each observation, -1 for none.
    rows : ndarray of int (cell)
        Number of observations of each cell.
    """

    def __init__(self, links: sparse.csr_array, cell: Index, rows: Index) -> None:
        self.links, self.cell, self.rows = links, cell, rows

    def of(self, tables: Iterable[Array]) -> Array:
        """Average tables (unit, T) over cells; returns (table, cell)."""
        inside = self.cell >= 0
        sums = [np.bincount(self.cell[inside], x[inside], self.rows.size) for x in tables]
        return np.reshape(sums, (len(sums), self.rows.size)) / self.rows

    def of_linked(self, label: Index, size: int, values: Array | None = None) -> sparse.csr_array:
        """Average values of neighbours over cells, by the neighbours' label (cell, label).

        Parameters
        ----------
        label : ndarray of int (unit, T)
            -1 for none.
        values : ndarray (unit, T), default 1
            Values of observations with a label.
        """
        values = np.ones(label.shape) if values is None else values
        total = sparse.csr_array((self.rows.size, size))
        for t in range(label.shape[1]):
            receiver, source = (
                np.flatnonzero(self.cell[:, t] >= 0),
                np.flatnonzero(label[:, t] >= 0),
            )
            cell = self.cell[receiver, t]
            mean = sparse.csr_array(
                (1.0 / self.rows[cell], (cell, receiver)), shape=(self.rows.size, len(label))
            )
            has = sparse.csr_array(
                (values[source, t], (source, label[source, t])), shape=(len(label), size)
            )
            total = total + mean @ (self.links @ has)
        return sparse.csr_array(total)


def _need_rows(model_frame: ModelFrame) -> None:
    """Refuse a panel with dropped observations: neighbours must be observed in every period."""
    if not model_frame.kept.all():
        raise IdentificationError(
            Message(
                "mediators of spatial neighbours require all observations, but the "
                "effects of some are not identified"),
            where=Message("{} observations", int((~model_frame.kept).sum())),
            hint="a panel that starts earlier or ends before all units are treated",
        )  # fmt: skip


def _events(
    model_frame: ModelFrame, equation: Equation, links: sparse.csr_array, treated: Index
) -> tuple[tuple[LinkedTime, ...], Array, Array]:
    """Return event times of neighbours' treatment, their exposure to it, and its feedback.

    Returns
    -------
    tuple
        Event times; two ndarrays (event time, unit, period), which are empty if the equation has no
        treatment of neighbours.
    """
    spec = next(x for x in model_frame.model.equations if x.name == equation.name).linked
    events = () if spec is None else tuple(spec.treated)
    if spec is None or not events:
        return (), *np.zeros((2, 0, *treated.shape))
    # (W 1_l V)_ii D_it, by the event time of the observation and the level l of the receiver.
    event, on = model_frame.table.event_time[treated], treated >= 0
    back = np.stack([
        links.multiply(spec.onto(time.level).T).sum(axis=1)[:, None] * (on & (event == time.event))
        for time in events
    ])  # fmt: skip
    return events, near_of(model_frame, spec, treated), back
