"""Effects of the actual calendar of treatment in dynamic spatial models.

Treatment in period s shifts outcomes by ``b_s = D_s tau + W D_s theta``; h periods later the
effect is ``G^h S^-1 b_s`` (`gaussian.dynamics`). Effects are therefore ``sum_h G^h S^-1 b_(t-h)``.
The direct effect of a unit is ``sum_h (G^h S^-1)_ii tau + (G^h S^-1 W)_ii theta``; the rest is
due to the treatment of others. These are power series in W: their coefficients change between
draws, but the powers of W do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._lag_effects import LagEffects
from bayes_nqp.numerics.linear_gaussian import lasting_response, responses, series_length

RUNS: Final = ("short", "actual", "long")
"""Immediate effect of this period's treatment; effect of all treatment so far; long-run effect of
the present treatment."""
CHUNK = 250
"""Draws that are computed at once."""


@dataclass(frozen=True, eq=False)
class DynamicReach(LagEffects):
    """Units affected by treatment over several periods, in models without unit-level deviations.

    Parameters
    ----------
    known : dict of int to tuple of ndarray
        Powers of W, by exponent.
    """

    known: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    def of_draws(
        self,
        delta: Array | None,
        tau: Array,
        terms: Mapping[str, Array],
        u: Array | None,
        slope: Array | None = None,
    ) -> Array:
        """Compute effects of cells along paths, for the actual calendar (draw, path, cell).

        Parameters
        ----------
        delta : ndarray (draw, 3)
            delta, tau and psi.
        """
        assert delta is not None
        parts = [
            self.along_paths(*self._courses(delta[k], tau[k], theta), tau[k])
            for k, theta in self._chunks(self.of_linked(terms, len(tau)))
        ]
        return np.concatenate(parts)

    def runs(self, delta: Array, tau: Array, theta: Array) -> Array:
        """Compute effects of `RUNS` on observations treated last (draw, run, path)."""
        size = np.where(self.treated[:, -1] >= 0, np.bincount(self.group), 0)
        parts = []
        for k, of_linked in self._chunks(theta):
            local, near = self._done(tau[k], of_linked)
            series = self._series(delta[k])
            actual = tuple(x[:, -1] for x in self._courses(delta[k], tau[k], of_linked))
            ends = [
                self._response(x, local[:, -1:], near[:, -1:])
                for x in (series[:, 0], lasting_response(delta[k], series.shape[2]))
            ]
            short, long = (tuple(x[:, 0] for x in end) for end in ends)
            paths = np.stack([short, actual, long], axis=1)  # (path, run, draw, group)
            parts.append(paths @ (size / size.sum()))
        total, direct = np.concatenate(parts, axis=2).swapaxes(1, 2)
        return np.stack([total, direct, total - direct], axis=2)

    def _chunks(self, theta: Array) -> list[tuple[slice, Array]]:
        starts = range(0, len(theta), CHUNK)
        return [(slice(k, k + CHUNK), theta[k : k + CHUNK]) for k in starts]

    def _done(self, tau: Array, theta: Array) -> tuple[Array, Array]:
        """Return the impulses of treatment on groups, own and through W (draw, T, group)."""
        # -1, for observations without treatment, is a last column of zeros.
        pads = (np.pad(x, ((0, 0), (0, 1))) for x in (tau, theta))
        direct, near = (
            x[:, label.T] for x, label in zip(pads, (self.treated, self.column[0]), strict=True)
        )
        return direct, near

    def _series(self, delta: Array) -> Array:
        horizons = self.cell.shape[1]
        return responses(delta, horizons, series_length(delta, horizons))

    def _courses(self, delta: Array, tau: Array, theta: Array) -> tuple[Array, Array]:
        """Compute total and direct effects of groups period by period (draw, T, group)."""
        local, near = self._done(tau, theta)
        series, first = self._series(delta), int((self.treated >= 0).any(axis=0).argmax())
        total, direct = np.zeros((2, *local.shape))
        for h in range(local.shape[1] - first):
            end = local.shape[1] - h
            parts = self._response(series[:, h], local[:, first:end], near[:, first:end])
            total[:, first + h :] += parts[0]
            direct[:, first + h :] += parts[1]
        return total, direct

    def _response(self, series: Array, local: Array, near: Array) -> tuple[Array, Array]:
        """Compute the total and direct response ``sum_j c_j W^j`` to impulses (draw, T, group)."""
        size = series.shape[1]
        onto, itself = self._powers(size + 1)
        # e_g' f(W) 1_h of groups treated h, and with one W more for spillovers.
        of_own, of_near = (
            (series @ onto[k : k + size].reshape(size, -1)).reshape(-1, *onto.shape[1:])
            for k in (0, 1)
        )
        total = local[..., self.sources] @ of_own + near[..., self.sources] @ of_near
        alone, back = ((series @ itself[k : k + size])[:, None] for k in (0, 1))
        return total, local * alone + near * back

    @cached_property
    def sources(self) -> Index:
        """Return the groups that are treated in some period."""
        return np.flatnonzero((self.treated >= 0).any(axis=1))

    def _powers(self, size: int) -> tuple[Array, Array]:
        """Return powers of W by group.

        These are means over group g of ``W^j 1_h`` (power, source h, g), and ``(W^j)_ii`` (power,
        g).
        """
        if size not in self.known:
            n, n_groups = self.group.size, len(self.cell)
            inside = np.equal.outer(np.arange(n_groups), self.group) * 1.0
            mean = inside / inside.sum(axis=1, keepdims=True)
            power, onto, itself = np.eye(n), [], []
            for _ in range(size):
                onto.append((mean @ power @ inside[self.sources].T).T)
                itself.append(mean @ np.diagonal(power))
                power = self.links @ power
            self.known[size] = np.stack(onto), np.stack(itself)
        return self.known[size]
