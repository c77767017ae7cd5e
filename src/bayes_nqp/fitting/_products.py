"""Mean products of both legs of a channel, where a moderator shifts the second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.fitting._draws import Recovered, slope_of
from bayes_nqp.planning import Plan
from bayes_nqp.terms import SlopeKind


@dataclass(frozen=True, eq=False)
class Product:
    """Both legs of one channel.

    In a row with the moderator z, less its centre, and the deviation u, the effect on the
    mediator is ``cell_mean + theta z + u``, and the slope ``b + m z``.

    Parameters
    ----------
    drawn : Recovered
        Of the mediator's equation.
    b : ndarray (draw, stratum), outcome units per unit of the mediator
        Slope of treated rows at the moderator's centre.
    m : ndarray (draw, stratum)
        What a unit of the moderator adds to it.
    """

    drawn: Recovered
    b: Array
    m: Array

    @property
    def theta(self) -> Array | None:
        """What a unit of the moderator adds to the effect on the mediator (draw, stratum)."""
        return slope_of(self.drawn.slopes, SlopeKind.MODERATION)


@dataclass(frozen=True, eq=False)
class Products:
    """Moments of the moderator over treated rows, that mean products are made of.

    Parameters
    ----------
    mean, variance : ndarray (cell), the moderator's units
        Of the rows of each cell, less the centre; zero in leads.
    moment : csr_array (member, cell)
        Share of each cell in a member's rows times its mean moderator there.
    own, square : ndarray (member)
        Mean moderator of a member's rows, and its mean square.
    """

    stratum: Index
    mean: Array
    variance: Array
    moment: Any
    own: Array
    square: Array

    def of_cells(self, product: Product) -> Array:
        """Mean over the rows of cells: the product of means, and the covariance."""
        # Over rows E[(a + theta z + u)(b + m z)] = E[a + theta z + u] E[b + m z] + m (theta var(z)
        # + cov(u, z)), the last one the tilt.
        m = product.m[:, self.stratum]
        covariance = np.zeros_like(product.drawn.cell_effect)
        theta = product.theta
        if theta is not None:
            covariance += theta[:, self.stratum] * self.variance
        if product.drawn.tilt is not None:
            covariance += product.drawn.tilt
        mean = product.drawn.cell_effect * (product.b[:, self.stratum] + m * self.mean)
        return np.asarray(mean + m * covariance)

    def of_members(self, product: Product, stratum: Index) -> Array:
        """Mean over the rows of members, less what a row at the centre would have."""
        drawn = product.drawn
        assert drawn.deviation is not None
        b, m = product.b[:, stratum], product.m[:, stratum]
        theta = product.theta
        # Deviations hold the mean moderator of the member's rows, u + theta z-bar = v: over these
        # E[(a + theta z + u)(b + m z)] - E[a] b = b v + m (E[a z] + v z-bar + theta var(z)).
        wide = 0.0 if theta is None else theta[:, stratum] * (self.square - self.own**2)
        base = np.asarray((self.moment @ drawn.cell_mean.T).T)
        return np.asarray(b * drawn.deviation + m * (base + drawn.deviation * self.own + wide))


def products_of(plan: Plan) -> Products:
    """Sum up the moderator over treated rows.

    Parameters
    ----------
    plan : Plan
        With a moderator.
    """
    effects = plan.effects
    z, mean = effects.z, effects.mean_of_cells
    return Products(
        plan.table.stratum, mean, effects.cell_means((z - mean[effects.cell]) ** 2),
        effects.cells_of_members(z), effects.mean_of_members, effects.member_means(z**2),
    )  # fmt: skip
