"""Outcomes that follow those of linked units, and what that makes of effects of an exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp.arrays import Array


@dataclass(frozen=True, eq=False)
class Feedback:
    """``y = delta W y + beta D + theta W D + …``, period by period.

    Rows come unit by unit, each with every period.

    Parameters
    ----------
    links : ndarray (unit, unit)
        W, whose rows sum to one.
    delta : float
        Of linked units' outcomes.
    theta : float
        Of linked units' exposure.
    """

    links: Array
    delta: float
    theta: float

    @property
    def inverse(self) -> Array:
        """``(I - delta W)^-1`` (unit, unit)."""
        return np.asarray(np.linalg.inv(np.eye(len(self.links)) - self.delta * self.links))

    def outcome(self, values: Array) -> Array:
        """Outcomes (row) of what units would have without those of others (row)."""
        return np.asarray((self.inverse @ values.reshape(len(self.links), -1)).ravel())

    def effects(self, paths: Array) -> Array:
        """Effects of one more for everyone, along own paths and then what is received (path, row).

        Parameters
        ----------
        paths : ndarray (path, row)
            The same without other units: the total, the direct effect, and through mediators.
        """
        tables, inverse = paths.reshape(len(paths), len(self.links), -1), self.inverse
        back = self.theta * np.diag(inverse @ self.links)[:, None]
        stay = np.diag(inverse)[:, None] * tables
        stay[:2] += back
        total = inverse @ (tables[0] + self.theta)
        return np.concatenate([total[None], stay[1:], (total - stay[0])[None]]).reshape(
            len(paths) + 1, -1
        )
