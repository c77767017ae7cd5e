"""Draws of a fit by cell: the only reader of effects and slopes in the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp.model.predictors import SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit
    from bayes_nqp.inference.model_frame import ModelFrame


class CellDraws:
    """Draws of a fit by cell, leads included (draw, cell).

    Parameters
    ----------
    fit : Fit
        With its rows.
    """

    def __init__(self, fit: Fit) -> None:
        self.model_frame: ModelFrame = fit.model_frame
        self.posterior = fit.posterior
        self.shape = tuple(self.posterior.sizes[dim] for dim in v.SAMPLE_DIMS)
        self.real = ~self.model_frame.cells.lead
        self.stratum = self.model_frame.table.stratum
        self.lag = fit.facts.lag

    @property
    def mean_moderator(self) -> Array:
        """Mean moderator of the treated rows of each cell, less its centre; zero without one."""
        return self.model_frame.effects.mean_of_cells

    def has(self, name: str, equation: str = "outcome") -> bool:
        """Return True if an equation has a variable of that name."""
        return f"{equation}__{name}" in self.posterior

    def flat(self, name: str, equation: str = "outcome") -> Array:
        """Draws of a variable, flat over chains."""
        values = self.posterior[f"{equation}__{name}"].to_numpy()
        return np.asarray(values.reshape(-1, *values.shape[2:]))

    def cells(self, name: str, equation: str) -> Array:
        """Draws of cells with effects; zero in leads."""
        draws = self.flat(name, equation)
        out = np.zeros((draws.shape[0], self.stratum.size))
        out[:, self.real] = draws
        return out

    def slope(self, kind: SlopeKind, mediator: str) -> Array:
        """Slope of a mediator in every cell; zero without one."""
        if not self.has(kind.draws):
            return self._nothing()
        values = self.posterior[f"outcome__{kind.draws}"].sel({v.MEDIATOR: mediator})
        return self._by_cell(values.transpose(*v.SAMPLE_DIMS, ...).to_numpy())

    def theta(self, equation: str) -> Array | None:
        """By how much the moderator shifts an equation's effect (draw, stratum), if it does."""
        name = SlopeKind.MODERATION.draws
        return self.flat(name, equation) if self.has(name, equation) else None

    def moderation(self, equation: str) -> Array:
        """The same in every cell; zero without one."""
        theta = self.theta(equation)
        return self._nothing() if theta is None else self._by_cell(theta)

    def chains(self, draws: Array) -> Array:
        """Draws of cells with effects, by chain: (draw, ..., cell) to (chain, draw, ..., cell)."""
        effects = draws[..., self.real]
        return effects.reshape(*self.shape, *effects.shape[1:])

    def _by_cell(self, values: Array) -> Array:
        return np.asarray(values.reshape(-1, values.shape[-1])[:, self.stratum])

    def _nothing(self) -> Array:
        return np.zeros((int(np.prod(self.shape)), self.stratum.size))
