"""Effects along paths: total, direct and indirect effects from draws of all equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._draws import Recovered, slope_of
from bayes_nqp.inference.fitting._lag_effects import PATHS
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.fitting._mediator_lag_receivers import mediator_lag_effects
from bayes_nqp.inference.model_frame import CellInfo, ModelFrame
from bayes_nqp.model.predictors import SLOPE, TREATED, Slope, SlopeKind, linked_name


@dataclass(frozen=True, eq=False)
class Paths:
    """Draws of effects, path by path.

    Parameters
    ----------
    names : tuple of str
        "total"; in mediation models also "direct" and every mediator.
    cells : CellInfo, optional
        Cells of the effects; those of the model frame by default.
    via : ndarray (draw, mediator, treatment, mediator, cell), optional
        Effects through each mediator, by source of treatment (own, others') and by place of the
        mediator (own, neighbours'), if the two can be different units.
    """

    names: tuple[str, ...]
    effect: Array
    deviation: Array | None
    cells: CellInfo | None = None
    via: Array | None = None


def paths_of(model_frame: ModelFrame, draws: Sequence[Recovered]) -> Paths:
    """Compute total, direct and indirect effects from the draws of all equations.

    The indirect effect via a mediator is the effect on the mediator in the cell times its slope in
    the stratum, which may differ for treated observations. The direct effect is that of the
    outcome's equation, plus the treatment-mediator interaction times the untreated level of the
    mediator. Direct and indirect effects add up to the total effect in every draw. If a moderator
    shifts the slope, the indirect effect is the mean, over the cell's observations, of the effect
    on the mediator times the slope of the same observation.

    Parameters
    ----------
    model_frame : ModelFrame
        The outcome's equation first, then those of the mediators.
    draws : sequence of Recovered
        In the order of the equations; paired draw by draw.

    References
    ----------
    VanderWeele, T. (2015). Explanation in Causal Inference. Oxford University Press, chapter 2.
    """
    outcome, slopes = draws[0], model_frame.equations[0].slopes
    if draws[1:] and draws[1].across is not None:
        return _in_space(model_frame, draws)
    if outcome.realised is not None:
        return _of_links(model_frame, outcome, outcome.realised)
    if not draws[1:]:
        deviation = None if outcome.deviation is None else outcome.deviation[:, None]
        return Paths((v.TOTAL,), outcome.cell_effect[:, None], deviation)
    by_kind = {(slope.kind, slope.mediator): slope for slope in slopes}
    names = tuple(name for kind, name in by_kind if kind is SlopeKind.MEDIATOR)
    stratum, unit_effect = model_frame.effects.stratum, model_frame.effects.stratum_of_unit_effects
    means = _products_of(model_frame) if any(s.kind is SlopeKind.SHIFT for s in slopes) else None
    direct, indirect, deviation = outcome.cell_effect.copy(), [], None
    if outcome.deviation is not None:
        deviation = np.zeros((len(direct), 2 + len(names), outcome.deviation.shape[1]))
        deviation[:, 1] = outcome.deviation  # Total, direct, then one for each mediator.
    for k, (name, drawn) in enumerate(zip(names, draws[1:], strict=True)):
        slope = by_kind[SlopeKind.MEDIATOR, name]
        effect, b = lagged(model_frame, drawn.cell_effect, slope.lag), outcome.slopes[slope]
        if (extra := by_kind.get((SlopeKind.INTERACTION, name))) is not None:
            d = outcome.slopes[extra]
            direct += d[:, stratum] * _untreated_level(model_frame, extra, effect)
            b = b + d  # The indirect effect of b m + d D m: a (b + d).
            if deviation is not None and drawn.deviation is not None:
                # The untreated level is lower by the member's deviation of the effect on the
                # mediator.
                deviation[:, 1] -= d[:, unit_effect] * drawn.deviation
        if means is not None:
            product = _Product(drawn, b, outcome.slopes[by_kind[SlopeKind.SHIFT, name]])
            indirect.append(means.of_cells(product))
            if deviation is not None and drawn.deviation is not None:
                deviation[:, 2 + k] = means.of_unit_effects(product, unit_effect)
            continue
        indirect.append(effect * b[:, stratum])  # a_c b_s, draw by draw.
        if deviation is not None and drawn.deviation is not None:
            np.multiply(drawn.deviation, np.take(b, unit_effect, axis=1), out=deviation[:, 2 + k])
    total = direct + sum(indirect)
    if deviation is not None:
        deviation[:, 0] = deviation[:, 1:].sum(axis=1)  # Total = direct + all indirect ones.
    effects = np.stack([total, direct, *indirect], axis=1)
    return Paths((v.TOTAL, v.DIRECT, *names), effects, deviation)


def _in_space(model_frame: ModelFrame, draws: Sequence[Recovered]) -> Paths:
    """Compute paths in models with spillovers or with mediators of neighbours.

    Paths are the total and direct effects, the effects of own treatment through every mediator, and
    the spillover effects of others' treatment along all paths together.
    """
    outcome, reach = draws[0], mediator_lag_effects(model_frame, model_frame.equations[1])
    assert reach is not None
    by_kind = {(slope.kind, slope.mediator): x for slope, x in outcome.slopes.items()}
    names = tuple(name for kind, name in by_kind if kind is SlopeKind.MEDIATOR)
    size, stratum = model_frame.table.size, reach.stratum
    direct = np.zeros((len(outcome.cell_effect), 2, stratum.size))  # Of own, of others' treatment.
    if outcome.realised is not None:
        direct[..., : outcome.realised.shape[-1]] = outcome.realised[:, 1:]
    else:
        direct[:, :, :size] = np.where(
            reach.neighbour == np.array([[False], [True]]), outcome.cell_effect[:, None], 0.0
        )
    via = np.stack([x.across for x in draws[1:] if x.across is not None], axis=1)
    labels = {part.name: list(part.labels) for part in model_frame.equations[0].globals}.get(
        SLOPE, []
    )
    treated = np.flatnonzero(model_frame.table.role == TREATED)
    for k, name in enumerate(names):
        b = by_kind[SlopeKind.MEDIATOR, name][:, stratum]
        if (d := by_kind.get((SlopeKind.INTERACTION, name))) is not None:
            (slope,) = (
                s for s in outcome.slopes
                if s.kind is SlopeKind.INTERACTION and s.mediator == name
            )  # fmt: skip
            level = _untreated_level(model_frame, slope, via[:, k, :, 0, :size].sum(axis=1))
            direct[:, 0, treated] += (d[:, stratum[:size]] * level)[:, treated]
            b[:, treated] += d[:, stratum[treated]]
        c = np.zeros((len(b), 1))
        if (linked := linked_name(name)) in labels:
            c = outcome.coefficients[SLOPE][:, [labels.index(linked)]]
        via[:, k, :, 0] *= b[:, None]
        via[:, k, :, 1] *= c[:, None]
    of_treatment, received = (direct + via.sum(axis=(1, 3))).transpose(1, 0, 2)
    through = via[:, :, 0].sum(axis=2)  # Of own treatment, through own and neighbours' mediators.
    effects = np.concatenate(
        [(of_treatment + received)[:, None], direct[:, :1], through, received[:, None]], axis=1
    )
    return Paths((v.TOTAL, v.DIRECT, *names, v.RECEIVED), effects, None, reach.cells, via)


def _untreated_level(model_frame: ModelFrame, slope: Slope, effect: Array) -> Array:
    """Return ``m_0 - centre``: the mediator's observed mean less the policy's effect on it."""
    # Outcome b m + d D m: with m = m_0 + a the direct effect is tau + d (m_0 - centre).
    return np.asarray(model_frame.cells.mediators[slope.mediator] - slope.centre - effect)


def _of_links(model_frame: ModelFrame, outcome: Recovered, realised: Array) -> Paths:
    """Return total, direct and spillover effects in models with spatial weights."""
    reach, deviation = lag_effects_of(model_frame, model_frame.equations[0]), outcome.deviation
    if reach is not None:
        # A unit's own deviation affects others, so it belongs to no single cell.
        return Paths(PATHS, realised, None, reach.cells)
    if deviation is not None:
        direct, received = deviation, np.broadcast_to(0.0, deviation.shape)
        deviation = np.stack([deviation, direct, received], axis=1)
    return Paths(PATHS, realised, deviation)


def lagged(model_frame: ModelFrame, effect: Array, lag: int) -> Array:
    """Return the effect on the mediator some periods earlier; zero if that is before treatment."""
    if lag == 0:
        return effect
    table = model_frame.table
    where = {
        key: k
        for k, key in enumerate(
            zip(table.stratum.tolist(), table.cohort.tolist(), table.time.tolist(), strict=True)
        )
        if not table.lead[k]
    }
    out = np.zeros_like(effect)
    for k, (s, g, t) in enumerate(
        zip(table.stratum.tolist(), table.cohort.tolist(), table.time.tolist(), strict=True)
    ):
        before = where.get((s, g, t - lag))
        if before is not None:
            out[:, k] = effect[:, before]
    return out


@dataclass(frozen=True, eq=False)
class _Product:
    """The coefficients a and b of one mediator.

    In an observation with the centred moderator z and the deviation u, the effect on the mediator
    is ``cell_mean + theta z + u``, and the slope is ``b + m z``.

    Parameters
    ----------
    drawn : Recovered
        Draws of the mediator's equation.
    b : ndarray (draw, stratum), outcome units per unit of the mediator
        Slope of treated observations at the moderator's centre.
    m : ndarray (draw, stratum)
        Change of the slope per unit of the moderator.
    """

    drawn: Recovered
    b: Array
    m: Array

    @property
    def theta(self) -> Array | None:
        """Return the moderator's coefficient in the effect on the mediator (draw, stratum)."""
        return slope_of(self.drawn.slopes, SlopeKind.MODERATION)


@dataclass(frozen=True, eq=False)
class _Products:
    """Moments of the moderator over treated observations, for means of products.

    Parameters
    ----------
    mean, variance : ndarray (cell), the moderator's units
        Moments of the centred moderator over the observations of each cell; zero for leads.
    moment : csr_array (member, cell)
        Share of each cell in a member's observations times its mean moderator there.
    own, square : ndarray (member)
        Mean moderator of a member's observations, and its mean square.
    """

    stratum: Index
    mean: Array
    variance: Array
    moment: Any
    own: Array
    square: Array

    def of_cells(self, product: _Product) -> Array:
        """Average over observations of cells: the product of means plus the covariance."""
        # Over observations E[(a + theta z + u)(b + m z)] = E[a + theta z + u] E[b + m z]
        # + m (theta var(z) + cov(u, z)), the last one the tilt.
        m = product.m[:, self.stratum]
        covariance = np.zeros_like(product.drawn.cell_effect)
        theta = product.theta
        if theta is not None:
            covariance += theta[:, self.stratum] * self.variance
        if product.drawn.tilt is not None:
            covariance += product.drawn.tilt
        mean = product.drawn.cell_effect * (product.b[:, self.stratum] + m * self.mean)
        return np.asarray(mean + m * covariance)

    def of_unit_effects(self, product: _Product, stratum: Index) -> Array:
        """Average over observations of members, less the value at the moderator's centre."""
        drawn = product.drawn
        assert drawn.deviation is not None
        b, m = product.b[:, stratum], product.m[:, stratum]
        theta = product.theta
        # Deviations include the mean moderator of the member's observations, u + theta z-bar = v:
        # E[(a + theta z + u)(b + m z)] - E[a] b = b v + m (E[a z] + v z-bar + theta var(z)).
        wide = 0.0 if theta is None else theta[:, stratum] * (self.square - self.own**2)
        base = np.asarray((self.moment @ drawn.cell_mean.T).T)
        return np.asarray(b * drawn.deviation + m * (base + drawn.deviation * self.own + wide))


def _products_of(model_frame: ModelFrame) -> _Products:
    """Compute the moments of the moderator over treated observations.

    Parameters
    ----------
    model_frame : ModelFrame
        With a moderator.
    """
    effects = model_frame.effects
    z, mean = effects.z, effects.mean_of_cells
    return _Products(
        model_frame.table.stratum, mean, effects.cell_means((z - mean[effects.cell]) ** 2),
        effects.cells_of_unit_effects(z), effects.mean_of_unit_effects,
        effects.unit_effect_means(z**2),
    )  # fmt: skip
