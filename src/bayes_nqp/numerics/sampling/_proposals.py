"""Proposals of parameters: drawn around a mode, weighted, and fitted to the weighted points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.numerics.sampling._climb import Density, Mode
from bayes_nqp.numerics.sampling._transformed_space import Chart, FoldedT
from bayes_nqp.numerics.sampling._weights import Weights

_ROUNDS = (200, 400, 800)
_INFLATION = 1.2
_GOOD = 0.5
"""Effective share of a round's points above which the proposal needs no further round."""
_MOST_FOLDED = 12
"""Maximum number of folded parameters: 4,096 images. Others that may vanish are bent."""
_FLATTEST = 0.5
"""Curvature below which a scale, in multiples of its mode, counts as flat."""


@dataclass(frozen=True, eq=False)
class Proposals:
    """Weighted points of a density.

    Parameters
    ----------
    points : ndarray (point, parameter)
        Unconstrained.
    log_weights : ndarray (point)
        Log density over that of the proposal.
    proposal : FoldedT
        Distribution of the points.
    """

    points: Array
    log_weights: Array
    proposal: FoldedT

    @property
    def weights(self) -> Weights:
        """Return the weights with their diagnostics."""
        return Weights(self.log_weights)


def chart_of(folds: Mask, mode: Mode) -> Chart:
    """Fold the parameters that are nearest to zero, by their own SD, and bend the others.

    A folded proposal has an image for every choice of signs, so only a few can be folded.
    """
    # For u = log x: SD² is the diagonal of V diag(1/e) V', e the curvature's eigenvalues. A scale x
    # with little information has a large SD of its logarithm.
    values, vectors = np.linalg.eigh(mode.curvature)
    spread = np.sqrt((vectors**2 / np.maximum(values, 0.3)).sum(axis=1))
    nearest = np.argsort(np.where(folds, -spread, np.inf), kind="stable")[:_MOST_FOLDED]
    chosen = np.zeros_like(folds)
    chosen[nearest] = folds[nearest]
    # The density of u = log x, x half-normal with scale tau, is highest at log tau.
    return Chart(chosen, folds & ~chosen, mode.point)


def around(mode: Mode, chart: Chart) -> FoldedT:
    """Return the proposal from the curvature at a mode, with scales on their own scale.

    For ``x = e^u`` the log density is ``l(u) - u``. At the mode of l it has the slope -1 / x and
    the curvature ``(H - 1) / x²``. Its own mode is one Newton step lower, at ``x (h - 2) / (h -
    1)`` for a single x. This is exact for a normal density, and zero for a half-normal one.
    """
    jacobian, folds = chart.slopes(mode.point), chart.folds.astype(np.float64)
    # In multiples of dx/du: slopes -1 and curvatures H - 1 where folded, 0 and H elsewhere.
    values, vectors = np.linalg.eigh(mode.curvature - np.diag(folds))
    covariance = (vectors / np.maximum(values, _FLATTEST)) @ vectors.T
    centre = np.clip(-covariance @ folds, -1.0, 1.0)  # Not below zero where folded.
    return FoldedT(
        chart.places(mode.point) + centre * jacobian,
        covariance * np.outer(jacobian, jacobian) * _INFLATION,
        chart,
    )


def fitted(density: Density, proposal: FoldedT, generator: np.random.Generator) -> FoldedT:
    """Fit a proposal by rounds of importance sampling."""
    for size in _ROUNDS:
        proposals = propose(density, proposal, generator, size)
        proposal = refitted(proposal, proposals)
        if proposals.weights.effective >= _GOOD * size:
            break
    return proposal


def propose(
    density: Density, proposal: FoldedT, generator: np.random.Generator, size: int
) -> Proposals:
    """Draw points from a proposal and weight them."""
    places = proposal.draw(generator, size)
    # Both are densities of places, including Jacobian and images: log w = log p - log q.
    target = proposal.chart.density(density)(places)
    log_weights = target - proposal.log_density(places)
    return Proposals(proposal.chart.points(places), log_weights, proposal)


def pooled(drawn: Sequence[Proposals]) -> Proposals:
    """Combine points of several proposals, weighted by the effective size of each.

    With many parameters, a few effective points do not determine a covariance: each proposal is
    fitted to all earlier points, and none of them is lost.
    """
    if len(drawn) == 1:
        return drawn[0]
    # Z = sum_k a_k mean_k(p / q_k) for any shares a that sum to one; the best are proportional to
    # effective sizes. With N points in all, the n_k of a proposal have the weight a_k N / n_k.
    sizes = np.array([len(part.points) for part in drawn])
    worth = np.array([max(part.weights.effective, 1e-9) for part in drawn])
    more = np.log(worth / worth.sum() * sizes.sum() / sizes)
    log_weights = [part.log_weights + x for part, x in zip(drawn, more, strict=True)]
    order = interleaved(sizes)
    return Proposals(
        np.concatenate([part.points for part in drawn])[order],
        np.concatenate(log_weights)[order],
        drawn[-1].proposal,
    )


def interleaved(sizes: Sequence[int] | Index) -> Index:
    """Return an order of several sets of points in which every part has its share of each set."""
    return np.argsort(np.concatenate([np.arange(n) / n for n in sizes]), kind="stable")


def refitted(proposal: FoldedT, proposals: Proposals) -> FoldedT:
    """Compute weighted mean and covariance, with the largest 2 % of weights truncated.

    A covariance of d parameters from n effective points loses a share of about ``d (d + 1) / 4n``.
    Therefore the proposal itself counts for ``d (d + 1)`` points.
    """
    if not np.isfinite(proposals.log_weights).any():
        return proposal
    # Cut weights are biased for the moments, but a proposal may be: w = p / q is valid for any q.
    weights = np.exp(proposals.log_weights - proposals.log_weights.max())
    weights = np.minimum(weights, np.sort(weights)[-max(5, weights.size // 50)])
    if not weights.sum() > 0.0:
        return proposal
    weights /= weights.sum()
    places = proposal.chart.places(proposals.points)
    centre = weights @ places
    centred = places - centre
    covariance = (weights[:, None] * centred).T @ centred  # sum w (x - m)(x - m)'
    effective, d = 1.0 / float(weights @ weights), centre.size
    share = effective / (effective + d * (d + 1))
    centre = share * centre + (1.0 - share) * proposal.centre
    covariance = share * covariance + (1.0 - share) * proposal.covariance / _INFLATION
    # A positive diagonal: the scale matrix has a Cholesky factor even if few points have weight.
    floor = 1e-9 * np.diag(np.diag(covariance) + 1e-12)
    return FoldedT(centre, _INFLATION * covariance + floor, proposal.chart)
