"""Effects on the expected outcome of cells, from draws of latent outcomes.

Under a link g the effect on an observation with the latent outcome o is
``g^-1(o) - g^-1(o - tau)``, an average marginal effect (Wooldridge 2023). It depends on o unless
the link is the identity or, with the observed outcome in place of the expected one, the logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._approximation import Observations
from bayes_nqp.inference.pymc_model import padded
from bayes_nqp.numerics.linear_gaussian import Coefficients


@dataclass(frozen=True, eq=False)
class CellMeans:
    """Treated observations of units with latent outcomes, and their cells.

    Parameters
    ----------
    rows : ndarray of int (treated)
        Treated observations.
    place : ndarray of int (treated)
        Position of the unit of each among the units with latent outcomes.
    onto : csr_array (cell, treated)
        Averages over the treated observations of each cell.
    """

    observations: Observations
    rows: Index
    place: Index
    onto: Any

    @classmethod
    def of(cls, observations: Observations, units: Index) -> CellMeans:
        """Find the treated observations of some units."""
        layout, of_unit = observations.rows.layout, observations.raw.rows.unit
        n_cells = observations.rows.places.cells.size
        place = np.full(len(observations.raw.rows.key), -1, dtype=np.int64)
        place[units] = np.arange(units.size)
        rows = np.flatnonzero((layout.cell < n_cells) & (place[of_unit] >= 0))
        cell = layout.cell[rows]
        share = 1.0 / np.bincount(cell, minlength=n_cells)[cell]
        onto = csr_array((share, (cell, np.arange(rows.size))), shape=(n_cells, rows.size))
        return cls(observations, rows, place[of_unit[rows]], onto)

    @property
    def n_cells(self) -> int:
        """Return the number of cells, those of leads included."""
        return int(self.onto.shape[0])

    def effects(self, coefficients: Coefficients, deviation: Array, at: slice) -> Array:
        """Return effects on treated observations at some points, multiples of ``s``.

        Parameters
        ----------
        deviation : ndarray (point, unit), multiples of ``s``
            Deviations of single units; zero if several units share them.
        """
        layout, places = self.observations.rows.layout, self.observations.rows.places
        out = padded(coefficients.positions[at][:, places.cells])[:, layout.cell[self.rows]]
        own = deviation[at][:, self.observations.raw.rows.unit[self.rows]]
        if self.observations.raw.problem.shares_deviations:
            own = padded(coefficients.deviation[at])[:, layout.unit_effect[self.rows]]
        return np.asarray(out + own * layout.loading[self.rows])

    def added(self, latent: Array, effect: Array) -> Array:
        """Return mean effects on the expected outcome (point, cell), outcome units.

        Parameters
        ----------
        latent : ndarray (point, unit, period), multiples of ``s``
            Latent outcomes of units.
        effect : ndarray (point, treated), multiples of ``s``
            From `effects`.
        """
        data, s = self.observations, self.observations.raw.scale
        o = s * latent[:, self.place, data.raw.rows.time[self.rows]] + data.offset[self.rows]
        expected, trials = data.likelihood.expected, data.trials[self.rows]
        difference = expected(o, trials=trials) - expected(o - s * effect, trials=trials)
        return np.asarray((self.onto @ difference.T).T)
