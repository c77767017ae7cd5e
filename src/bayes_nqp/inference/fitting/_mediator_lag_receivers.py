"""What treatment does to a mediator, own and others', in rows and in the units linked to them.

With D who is treated, W the weights of linked units' mediators and V those by which treatment of
linked units enters, the effect on a mediator is ``m = m_own + m_received``, with ``m_own = D (a +
theta z + u)`` and ``m_received = V D kappa`` or what rows have by their exposure. ``W m`` of own
treatment is ``diag(W V) D kappa``, what comes back from linked units; the rest is of others'. By
exposure nobody is told apart among those in force, and all of ``W m`` is of others'.
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
    """Linear maps from coefficients of a mediator's equation to means over the rows of cells.

    Parameters
    ----------
    cells : CellInfo
        Of the plan, and then those of untreated rows that linked units' mediators reach.
    cell : ndarray of int (unit, T)
        Of each row, -1 for none.
    stratum : ndarray of int (cell)
        Of all of these.
    neighbour : ndarray of bool (cell)
        Which of the plan's are those of neighbours.
    events : tuple of LinkedTime
        Event times that the treatment of linked units has coefficients of.
    near, beyond, back : ndarray (event, cell)
        ``V D``, ``W V D`` and ``diag(W V) D`` by event time.
    means, moderators, deviations : csr_array (cell, label)
        W of who is in each of the plan's cells, of the moderator by stratum, and of who has each
        deviation.
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
        """Effects on the mediator by whose treatment and in whom.

        Parameters
        ----------
        mean, effect : ndarray (draw, plan's cell), the mediator's units
            Without and with what deviates in the cell.
        received : ndarray (draw, plan's cell) or None
            Part of `effect` that is of others' treatment; None where only neighbours have any.
        theta : ndarray (draw, stratum) or None
            What the moderator adds.
        deviation : ndarray (draw, owner) or None
            u.
        terms : mapping of str to ndarray (draw, label)
            Coefficients by term.

        Returns
        -------
        ndarray (draw, treatment, mediator, cell)
            Own and others' treatment; the row's own mediator and the mean of linked units'.
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
    """Where the effects of a mediator's equation arrive; None where nobody reaches others.

    Raises
    ------
    IdentificationError
        If linked units have rows whose effects are not identified.
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
    """Slot of each unit's member among those with deviations of effects; -1 without one."""
    codes, unit_effect = model_frame.effects.codes, model_frame.codes.unit_effect
    return np.where(np.isin(unit_effect, codes), np.searchsorted(codes, unit_effect), -1)


def cells_of_rows(model_frame: ModelFrame) -> tuple[Index, CellInfo]:
    """Cell of each row among those of the waist, and these.

    Returns
    -------
    tuple of ndarray of int (row) and CellInfo
        -1 for none; leads included.
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
    """Means over the rows of cells.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    cell : ndarray of int (unit, T)
        Of each row, -1 for none.
    rows : ndarray of int (cell)
        How many each has.
    """

    def __init__(self, links: sparse.csr_array, cell: Index, rows: Index) -> None:
        self.links, self.cell, self.rows = links, cell, rows

    def of(self, tables: Iterable[Array]) -> Array:
        """Means of tables (unit, T): (table, cell)."""
        inside = self.cell >= 0
        sums = [np.bincount(self.cell[inside], x[inside], self.rows.size) for x in tables]
        return np.reshape(sums, (len(sums), self.rows.size)) / self.rows

    def of_linked(self, label: Index, size: int, values: Array | None = None) -> sparse.csr_array:
        """Means of what linked units have, by their label (cell, label).

        Parameters
        ----------
        label : ndarray of int (unit, T)
            -1 for none.
        values : ndarray (unit, T), default 1
            What those with a label have.
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
    """Refuse a plan without some rows: linked units are there in every period, or in none."""
    if not model_frame.kept.all():
        raise IdentificationError(
            Message("mediators of linked units need every row, and the effects of some are not "
                    "identified"),
            where=Message("{} rows", int((~model_frame.kept).sum())),
            hint="a panel that starts earlier or ends before everyone is treated",
        )  # fmt: skip


def _events(
    model_frame: ModelFrame, equation: Equation, links: sparse.csr_array, treated: Index
) -> tuple[tuple[LinkedTime, ...], Array, Array]:
    """Event times of linked units' treatment; what is near, and own treatment handed back.

    Returns
    -------
    tuple
        Event times; two ndarrays (event time, unit, period), without any where nothing is linked.
    """
    spec = next(x for x in model_frame.model.equations if x.name == equation.name).linked
    events = () if spec is None else tuple(spec.treated)
    if spec is None or not events:
        return (), *np.zeros((2, 0, *treated.shape))
    # (W 1_l V)_ii D_it, by the event time of the row and the level l of who receives.
    event, on = model_frame.table.event_time[treated], treated >= 0
    back = np.stack([
        links.multiply(spec.onto(time.level).T).sum(axis=1)[:, None] * (on & (event == time.event))
        for time in events
    ])  # fmt: skip
    return events, near_of(model_frame, spec, treated), back
