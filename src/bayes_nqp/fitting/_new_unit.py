"""Effects along paths on a new unit, whose deviations are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp import vocabulary as v
from bayes_nqp.fitting._draws import moderated_rows
from bayes_nqp.fitting._paths import lagged

if TYPE_CHECKING:
    from bayes_nqp.fitting._fit import Fit
    from bayes_nqp.planning import Plan

__all__ = ["new_unit_effects"]

Array = npt.NDArray[np.float64]


def new_unit_effects(fit: Fit, generator: np.random.Generator) -> Array:
    """Draw the effects of cells on a new unit: a deviation of its own in every equation.

    Its moderator, where there is one, and the untreated level of its mediators are the means of
    the cell's rows. Where the effect on a mediator and its slope vary by unit, both deviations
    are drawn together, with their correlation.

    Parameters
    ----------
    fit : Fit
        Of a `Mediation`, and with its rows.

    Returns
    -------
    ndarray (chain, draw, path, cell), outcome units
        Adding up, draw by draw.
    """
    new = _NewUnit(fit)
    names = [str(name) for name in fit.effects[v.PATH].to_numpy()[2:]]
    size = (int(np.prod(new.shape)), 1)
    direct = new.effect("outcome", generator.standard_normal(size))
    indirect = []
    for name in names:
        own = generator.standard_normal(size)
        effect = lagged(new.plan, new.effect(name, own), new.lag)
        slope = new.slope(name)
        if new.has("corr_ab"):
            slope = slope + new.slope_deviation(own, generator.standard_normal(size))
        if new.has("d"):
            d = new.by_cell("outcome__d", name)
            direct += d * (new.untreated(name) - new.kept_effect(name))
            slope = slope + d
        indirect.append(effect * slope)
    paths = np.stack([direct + sum(indirect), direct, *indirect], axis=1)
    return paths[..., new.real].reshape(*new.shape, paths.shape[1], -1)


class _NewUnit:
    """Draws of a fit by cell, leads included (draw, cell)."""

    def __init__(self, fit: Fit) -> None:
        self.plan: Plan = fit.plan
        self.posterior = fit.posterior
        self.shape = tuple(self.posterior.sizes[dim] for dim in v.SAMPLE_DIMS)
        self.real = ~self.plan.cells.lead
        self.stratum = self.plan.table.stratum
        self.lag = fit.facts.lag
        self.mean = np.zeros(self.stratum.size)
        if self.plan.moderator is not None:
            _, cell, value = moderated_rows(self.plan)
            count = np.bincount(cell, minlength=self.mean.size)
            self.mean = np.bincount(cell, value, self.mean.size) / np.maximum(count, 1)

    def has(self, name: str) -> bool:
        return f"outcome__{name}" in self.posterior

    def flat(self, name: str) -> Array:
        values = self.posterior[name].to_numpy()
        return np.asarray(values.reshape(-1, *values.shape[2:]))

    def by_cell(self, name: str, mediator: str | None = None) -> Array:
        """Draws by stratum, in every cell."""
        found = self.posterior[name]
        if mediator is not None:
            found = found.sel({v.MEDIATOR: mediator})
        values = found.transpose(*v.SAMPLE_DIMS, ...).to_numpy()
        return np.asarray(values.reshape(-1, values.shape[-1])[:, self.stratum])

    def cells(self, name: str) -> Array:
        """Draws of cells with effects; zero in leads."""
        draws = self.flat(name)
        out = np.zeros((draws.shape[0], self.stratum.size))
        out[:, self.real] = draws
        return out

    def effect(self, name: str, normal: Array) -> Array:
        """Effect of an equation at the mean moderator of a cell's rows, with a deviation."""
        out = self.cells(f"{name}__cell_mean") + self.spread(name) * normal
        if f"{name}__moderation" in self.posterior:
            out = out + self.by_cell(f"{name}__moderation") * self.mean
        return out

    def slope(self, name: str) -> Array:
        """Slope of a mediator at the mean moderator of a cell's rows."""
        out = self.by_cell("outcome__b", name)
        if self.has("b_moderation"):
            out = out + self.by_cell("outcome__b_moderation", name) * self.mean
        return out

    def spread(self, name: str) -> Array | float:
        """Sd of units' deviations in an equation; that of its prior where it is held fixed."""
        equation = next(e for e in self.plan.equations if e.name == name)
        if f"{name}__scale_deviation" in self.posterior:
            unit = equation.effect_scale / equation.scale
            return self.flat(f"{name}__scale_deviation")[:, None] * unit
        scale = equation.problem.member_scale
        return 0.0 if scale is None else scale.prior * equation.effect_scale

    def slope_deviation(self, own: Array, other: Array) -> Array:
        """What a new unit adds to the slope, with what it adds to the effect on the mediator."""
        r, scale = (self.flat(f"outcome__{x}")[:, None] for x in ("corr_ab", "scale_b"))
        return np.asarray(scale * (r * own + np.sqrt(1 - r**2) * other))

    def untreated(self, name: str) -> Array:
        """Level of a mediator in a cell's rows, less its centre."""
        centre = next(
            s.centre for s in self.plan.equations[0].slopes if s.mediator == name and s.kind == "d"
        )
        return np.asarray(self.plan.cells.mediators[name] - centre)

    def kept_effect(self, name: str) -> Array:
        """Effect on a mediator of the cell's own rows."""
        return lagged(self.plan, self.cells(f"{name}__cell_effect"), self.lag)
