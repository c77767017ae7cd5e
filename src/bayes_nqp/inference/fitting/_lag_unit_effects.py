"""Effects of a calendar of treatment on single units, in models with spatial weights.

The mean over a unit's observations is linear in ``(tau, theta, u)``, with loadings that depend on
delta alone: ``S^-1`` of the treated units period by period, at Chebyshev nodes of
``atanh delta``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.limits import afford
from bayes_nqp.inference.fitting._lag_effects import LagEffects, Shift
from bayes_nqp.inference.fitting._lag_loadings import back_of, nodes_of, solver
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.fitting._linked import linked_terms
from bayes_nqp.inference.fitting._linked_coefficients import linked_coefficients
from bayes_nqp.inference.fitting._over_periods import DynamicReach
from bayes_nqp.inference.fitting._reported import equation_draws
from bayes_nqp.model.predictors import DELTA, SlopeKind
from bayes_nqp.numerics.linear_gaussian import inverse_diagonal

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


def lag_unit_effects(
    fit: Fit, role: str, *, anticipated: bool = False
) -> tuple[Array, Index, Index]:
    """Return effects on units, averaged over their treated, or spillover-exposed, observations.

    Parameters
    ----------
    fit : Fit
        A fit with observations of a design in which the policy affects neighbours.
    role : {"treated", "neighbour"}
        Observations that count.
    anticipated : bool, default False
        True if observations before adoption count.

    Returns
    -------
    tuple of ndarray (chain, draw, path, unit), ndarray of int (unit) and ndarray of int (unit)
        Total, direct and spillover effects, outcome units; positions of the panel's units with such
        observations, and their number.

    Raises
    ------
    StudyError
        If the fit does not store unit-level deviations.
    """
    reach = lag_effects_of(fit.model_frame, fit.model_frame.equations[0])
    assert reach is not None
    if isinstance(reach, DynamicReach):
        raise StudyError(
            "effects of a dynamic spatial lag are not stored by unit",
            hint="by='time', by='event_time' or by='cohort'",
        )
    cell = reach.cell[reach.group]
    near = cell >= reach.n_cells
    rows = near if role == v.NEIGHBOUR else (cell >= 0) & ~near
    if not anticipated:
        rows &= near | (reach.cells.event_time[cell] >= 0)
    units = np.flatnonzero(rows.any(axis=1))
    coefficients = _coefficients(fit, reach)
    sample = coefficients.shape[:2]
    flat = coefficients.reshape(-1, coefficients.shape[-1])
    subject = f"effects on {units.size:,} units in {len(flat):,} draws"
    afford(8.0 * len(flat) * units.size * 4, subject, "fewer draws, or effects by='time'")
    delta = equation_draws(fit, DELTA) if reach.near is None else None
    basis, nodes = nodes_of(np.zeros(len(flat)) if delta is None else delta.ravel())
    itself, back = np.ones((1, len(rows))), np.zeros((0, len(nodes), len(rows)))
    if reach.near is None:
        itself = inverse_diagonal(reach.links, nodes)
        back = back_of(reach.links, nodes, itself, reach.onto)
    deviates = fit.model_frame.equations[0].problem.unit_effect_scale is not None
    # sum_k basis_dk (loads at node k) @ coefficients_d: one pass over nodes, no array by node.
    effects = np.zeros((len(flat), 2, units.size))
    for k, value in enumerate(nodes):
        loads = _UnitLoads(reach, rows, value, itself[k], back[:, k])
        for path, loading in enumerate(loads.at(units, deviates=deviates)):
            effects[:, path] += basis[:, [k]] * (flat @ loading.T)
    effects = np.concatenate([effects, effects[:, :1] - effects[:, 1:]], axis=1)
    return effects.reshape(*sample, 3, units.size), units, rows.sum(axis=1)[units]


def _coefficients(fit: Fit, reach: LagEffects) -> Array:
    """``tau`` of the plan's cells, ``theta`` and ``u`` (chain, draw, coefficient)."""
    mean, deviation = (equation_draws(fit, name) for name in ("cell_mean", "deviation"))
    assert mean is not None
    tau = np.zeros((*mean.shape[:2], reach.n_cells))
    tau[..., ~fit.model_frame.cells.lead] = mean
    parts = [tau]
    if reach.events:
        parts.append(linked_coefficients(linked_terms(fit), reach.events))
    if fit.model_frame.equations[0].problem.unit_effect_scale is not None:
        if deviation is None:
            raise StudyError(
                "this fit does not store the deviations of single units",
                hint="fit again; with more than 2,000 units they are not stored: by='time'",
            )
        parts.append(deviation)
    theta = None if reach.shift is None else equation_draws(fit, SlopeKind.MODERATION.draws)
    if theta is not None:
        if deviation is not None:
            # Stored are v_m = u_m + sum_s theta_s Z_sm, each with its own moderator.
            moderators = fit.model_frame.effects.moderator_of_unit_effects.toarray()
            parts[-1] = deviation - theta[..., : len(moderators)] @ moderators
        parts.append(theta)
    return np.concatenate(parts, axis=-1)


class _UnitLoads:
    """Contributions of coefficients to the means over the observations of units, at one delta.

    Parameters
    ----------
    rows : ndarray of bool (unit, T)
        Observations that count.
    itself : ndarray (unit)
        ``(S^-1)_ii``.
    back : ndarray (level, unit)
        ``(S^-1 1_l W)_ii``, l the level of receivers.
    """

    def __init__(
        self,
        reach: LagEffects,
        rows: npt.NDArray[np.bool_],
        delta: float,
        itself: Array,
        back: Array,
    ) -> None:
        self.reach, self.itself, self.back = reach, itself, back
        self.solve = solver(reach.links, delta)
        # Mean over the counted observations of each unit.
        self.share = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
        self.treated, self.column = reach.treated[reach.group], reach.column[:, reach.group]

    def at(self, units: Index, *, deviates: bool) -> tuple[Array, Array]:
        """Loadings of the total and of the direct effect of some units (unit, coefficient)."""
        groups = [
            self._of_labels(self.treated, self.reach.n_cells, self.itself),
            self._of_linked()
            if self.reach.near is None
            else self._without_feedback(self.reach.near),
        ]
        if deviates:
            groups.append(self._of_deviations())
        if self.reach.shift is not None:
            groups.append(self._of_moderation(self.reach.shift))
        total, direct = (np.concatenate(part, axis=1)[units] for part in zip(*groups, strict=True))
        return total, direct

    def _of_linked(self) -> tuple[Array, Array]:
        """Loadings of linked units' treatment (unit, event), of which each level has its own."""
        reach, total = self.reach, np.zeros((2, len(self.share), len(self.reach.events)))
        for label, back, onto in zip(self.column, self.back, reach.onto, strict=True):
            total += self._of_labels(label, len(reach.events), back, onto)
        return total[0], total[1]

    def _of_labels(
        self, label: Index, size: int, factor: Array, links: sparse.csr_array | None = None
    ) -> tuple[Array, Array]:
        """Loadings of effects by label of treated rows (unit, T), or of linked units' treatment."""
        # Row i of the mean over counted observations of S^-1 1_label (or S^-1 1_l W 1_label), by
        # period.
        total, direct = np.zeros((2, len(label), size))
        for t in range(label.shape[1]):
            on = np.flatnonzero(label[:, t] >= 0)
            if not on.size or not self.share[:, t].any():
                continue
            present, code = np.unique(label[on, t], return_inverse=True)
            column = np.zeros((len(label), present.size))
            column[on, code] = 1.0
            column = column if links is None else links @ column
            total[:, present] += self.share[:, [t]] * self.solve(column)
            direct[on, label[on, t]] += self.share[on, t] * factor[on]
        return total, direct

    def _without_feedback(self, near: Array) -> tuple[Array, Array]:
        """Loadings of linked units' treatment where S is the identity (unit, event)."""
        total = (near * self.share).sum(axis=2).T
        return total, np.zeros_like(total)

    def _of_moderation(self, shift: Shift) -> tuple[Array, Array]:
        """Return loadings of the change per unit of the moderator (unit, stratum)."""
        strata = range(int(shift.stratum.max()) + 1)
        z = [np.where(shift.stratum[:, None] == s, shift.values, 0.0) for s in strata]
        total = np.stack([(self.share * self.solve(x)).sum(axis=1) for x in z], axis=1)
        direct = np.stack([(self.share * x).sum(axis=1) * self.itself for x in z], axis=1)
        return total, direct

    def _of_deviations(self) -> tuple[Array, Array]:
        """Loadings of deviations (unit, unit effect)."""
        unit_effect = self.reach.unit_effect
        on = self.treated >= 0
        some = np.flatnonzero(on.any(axis=1) & (unit_effect >= 0))
        # u_j enters observation (i, t) by (S^-1)_ij if j is treated in t: the share of such t of i.
        overlap = self.share @ on[some].T.astype(np.float64)
        inverse = self.solve(np.eye(unit_effect.size)[:, some])
        total, direct = np.zeros((2, unit_effect.size, int(unit_effect.max()) + 1))
        np.add.at(total.T, unit_effect[some], (overlap * inverse).T)
        direct[some, unit_effect[some]] = overlap[some, np.arange(some.size)] * self.itself[some]
        return total, direct
