"""Importance sampling of the few parameters that are not integrated out."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge
from scipy.special import logsumexp

from bayes_nqp.annotations import Seed
from bayes_nqp.arrays import Array, Mask
from bayes_nqp.doors import value
from bayes_nqp.parameters import ParameterSpace
from bayes_nqp.sampling._chains import Chains
from bayes_nqp.sampling._climb import Density, Summit, climb, newton
from bayes_nqp.sampling._folded import Chart, FoldedT
from bayes_nqp.sampling._weights import Weights

_ROUNDS = (200, 400, 800)
_INFLATION = 1.2
_GOOD = 0.5
"""Effective share of a round's points from which the proposal needs no further round."""
_HELD = 0.3
"""The same of a proposal that counts for some of the points itself."""
_MOST_FOLDED = 12
"""Parameters that are folded: 4,096 images. Others that may vanish are bent."""
_APART = 5.0
"""Standard deviations at which two climbs count as ended at different modes."""
_AS_HIGH = 0.02
"""Log density by which ends of climbs to one mode may differ."""
_DEPTH = 12.0
"""How far below the highest mode another one may lie, in log density, and still count."""
_BRIEF = (128, 256, 256, 256)
"""Proposals of a refit: the first ones fit the distribution of the others."""
_BRIEF_STEPS = 2
"""Newton steps of a refit, which starts close to its mode; rounds of proposals do the rest."""
_FLATTEST = 0.5
"""Curvature below which a scale, in multiples of its mode, counts as flat."""
_SPARE = 1.3
"""How many more proposals are drawn than a share of effective ones asks for."""
_MOST_BRIEF = 2048
"""Proposals of a refit whose last round is drawn on until its weights carry it."""
LEAST_BRIEF = 100.0
"""Effective proposals that a refit needs: it is asked for averages, not for tails."""


@value("sampler")
class Importance:
    """Importance sampling: independent draws of a few parameters, with honest weights.

    Proposals come from one Student-t around the mode, fitted by adaptive importance sampling and
    folded at zero where a scale may vanish. They are weighted by the density, and each chain
    resamples its own. Where the weights do not carry it, more are drawn, from a Student-t fitted
    to all before, five times as many at most; and then the posterior is reached by `Tempered` steps
    from the prior.

    Parameters
    ----------
    draws : int, default 1000
        Draws kept in each chain.
    chains : int, default 4
        Streams of proposals, each resampled on its own.
    proposals : int, default 2000
        Weighted points, of all chains together.
    seed : int, optional
        The same seed gives the same draws; None takes one at random, which the fit records.

    Raises
    ------
    StudyError
        If a number is out of range.

    References
    ----------
    Cappé, O. et al. (2008). Adaptive importance sampling in general mixture classes. Statistics
    and Computing 18(4). Vehtari, A. et al. (2024). Pareto smoothed importance sampling. Journal
    of Machine Learning Research 25(72).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.Importance(draws=500, seed=1)
    Importance(draws=500, chains=4, proposals=2000, seed=1)
    """

    draws: Annotated[int, Ge(4)] = 1000
    chains: Annotated[int, Ge(1)] = 4
    proposals: Annotated[int, Ge(64)] = 2000
    seed: Seed | None = None

    @property
    def n_evaluations(self) -> int:
        """Points that are held at once, at most: five times the proposals where they are few."""
        return 5 * self.proposals

    def seeded(self) -> Importance:
        """The same sampler with a seed: its own, or one at random."""
        return self if self.seed is not None else replace(self, seed=secrets.randbits(31))


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
        What they were drawn from.
    """

    points: Array
    log_weights: Array
    proposal: FoldedT

    @property
    def weights(self) -> Weights:
        """What the weights allow."""
        return Weights(self.log_weights)


def importance(
    density: Density,
    space: ParameterSpace,
    sampler: Importance,
    start: Array | None = None,
    *,
    own_scale: bool = False,
) -> Chains:
    """Draw the parameters of a density.

    Parameters
    ----------
    density : Density
        Of the unconstrained parameters.
    sampler : Importance
        With a seed.
    start : ndarray (parameter), optional
        Unconstrained, of a density much like this one: the one climb begins there, not several at
        dispersed points.
    own_scale : bool, default False
        Whether the curvature at the mode is taken to the scale on which proposals are made, as
        pays where many scales may vanish: what is proposed at first then hardly needs fitting.

    Returns
    -------
    Chains
        One variable, "x" (chain, draw, parameter), unconstrained; facts say what the weights
        allow, and whether `Tempered` was needed.
    """
    from bayes_nqp.sampling._tempered import tempered

    generator = np.random.default_rng(sampler.seed)
    summit = None if start is None else newton(density, start)
    modes = 1
    if summit is None or not summit.smooth:
        summit, modes = summits(density, space, generator)
    # One proposal covers one mode; w = p / q of independent points, five times as many at worst.
    if modes == 1:
        chart, held = _chart(space.folds, summit), 0.0
        proposal = _around(summit, chart)
        if own_scale:
            proposal, held = around_places(summit, chart), float(len(space) * (len(space) + 1))
        proposal = fitted(density, proposal, generator, held)
        drawn = [propose(density, proposal, generator, sampler.proposals)]
        while not (pool := _pooled(drawn)).weights.passed:
            if len(pool.points) >= sampler.n_evaluations:
                return tempered(density, space, sampler.draws, sampler.chains, generator)
            proposal = _refitted(proposal, pool, held)
            drawn.append(propose(density, proposal, generator, sampler.proposals // 2))
        return _resampled(pool, sampler, generator)
    return tempered(density, space, sampler.draws, sampler.chains, generator)


def _chart(folds: Mask, summit: Summit) -> Chart:
    """Fold the parameters that are nearest to zero, by their own sd, and bend the others.

    A folded proposal has an image for every choice of signs, so that there may not be many.
    """
    # Of u = log x: sd² is the diagonal of V diag(1/e) V', e the curvature's eigenvalues. A scale x
    # with little information has a large sd of its logarithm.
    values, vectors = np.linalg.eigh(summit.curvature)
    spread = np.sqrt((vectors**2 / np.maximum(values, 0.3)).sum(axis=1))
    nearest = np.argsort(np.where(folds, -spread, np.inf), kind="stable")[:_MOST_FOLDED]
    chosen = np.zeros_like(folds)
    chosen[nearest] = folds[nearest]
    # The density of u = log x, x half-normal of scale tau, is highest at log tau.
    return Chart(chosen, folds & ~chosen, summit.point)


def refit_importance(
    density: Density, space: ParameterSpace, sampler: Importance, start: Array
) -> Chains:
    """Draw the parameters of a density much like one whose draws are at hand.

    A fit needs thousands of evaluations, a refit hundreds. Where its few weights do not carry it,
    it is drawn as a fit is.

    Parameters
    ----------
    density : Density
        Of the unconstrained parameters.
    sampler : Importance
        With a seed.
    start : ndarray (parameter)
        Unconstrained, where the climb begins.

    Returns
    -------
    Chains
        As `importance` gives it; facts are those of the proposals that were used.
    """
    generator = np.random.default_rng(sampler.seed)
    summit = newton(density, start, rounds=_BRIEF_STEPS)
    chains = _brief(density, space, sampler, summit, generator) if summit.smooth else None
    return chains or importance(density, space, sampler)


def brief_importance(density: Density, space: ParameterSpace, sampler: Importance) -> Chains:
    """Draw the parameters of a density from as few proposals as carry averages.

    As `refit_importance`, but for a climb from dispersed points; a marginal likelihood has a
    Monte-Carlo error of .1 or less.
    """
    generator = np.random.default_rng(sampler.seed)
    summit, modes = summits(density, space, generator)
    chains = _brief(density, space, sampler, summit, generator) if modes == 1 else None
    return chains or importance(density, space, sampler)


def _brief(
    density: Density,
    space: ParameterSpace,
    sampler: Importance,
    summit: Summit,
    generator: np.random.Generator,
) -> Chains | None:
    """Draw by rounds of few proposals; None where their weights do not carry it."""
    proposal = _around(summit, _chart(space.folds, summit))
    drawn = propose(density, proposal, generator, _BRIEF[0])
    for size in _BRIEF[1:]:
        proposal = _refitted(proposal, drawn)
        drawn = propose(density, proposal, generator, size)
        if replace(drawn.weights, least=LEAST_BRIEF).passed:
            return _resampled(drawn, sampler, generator)
    # More of the same proposals, as many as the last round says are needed, beside its own.
    size = len(drawn.points)
    share = drawn.weights.effective / size
    wanted = max(2 * size, int(np.ceil(_SPARE * LEAST_BRIEF / max(share, 1e-9))))
    if wanted > _MOST_BRIEF:
        return None
    more = propose(density, proposal, generator, wanted - size)
    drawn = Proposals(
        np.concatenate([drawn.points, more.points]),
        np.concatenate([drawn.log_weights, more.log_weights]),
        proposal,
    )
    passed = replace(drawn.weights, least=LEAST_BRIEF).passed
    return _resampled(drawn, sampler, generator) if passed else None


def summits(
    density: Density, space: ParameterSpace, generator: np.random.Generator
) -> tuple[Summit, int]:
    """Climb from dispersed points; the highest mode, and how many: 0 if none is smooth."""
    typical = space.unconstrain(space.typical)
    # Scales are often well below their priors' scales; half of the starts look there.
    lower = np.where(space.folds, typical - 1.5, typical)
    drawn = space.unconstrain(space.draw(generator, 2))
    starts = np.stack([typical, lower, *np.clip(drawn, typical - 4.0, typical + 4.0)])
    ends, heights = climb(density, starts)
    # Of climbs that ended as high the first: which is higher by a hair is rounding's to say.
    first = int(np.argmax(heights >= heights.max() - _AS_HIGH))
    summit = newton(density, ends[first])
    if not summit.smooth:
        return summit, 0
    modes = 1
    for end, height in zip(ends, heights, strict=True):
        if height < summit.height - _DEPTH or summit.distance(end) < _APART:
            continue
        other = newton(density, end)
        # A mode of its own: positive curvature in all directions, far from the highest one.
        concave = np.linalg.eigvalsh(other.curvature).min() > 0.0
        modes += int(concave and summit.distance(other.point) >= _APART)
    return summit, modes


def fitted(
    density: Density, proposal: FoldedT, generator: np.random.Generator, held: float = 0.0
) -> FoldedT:
    """Fit a proposal by rounds of importance sampling."""
    for size in _ROUNDS:
        proposals = propose(density, proposal, generator, size)
        proposal = _refitted(proposal, proposals, held)
        if proposals.weights.effective >= (_HELD if held else _GOOD) * size:
            break
    return proposal


def _around(summit: Summit, chart: Chart) -> FoldedT:
    """The proposal that the curvature at a mode gives, with scales on their own scale."""
    # Laplace's approximation in u, H^-1 with flat directions bounded; in x = e^u it is J H^-1 J
    # with J = diag(dx/du) = diag(x), and likewise where bent.
    values, vectors = np.linalg.eigh(summit.curvature)
    covariance = (vectors / np.maximum(values, 0.3)) @ vectors.T
    jacobian = chart.slopes(summit.point)
    return FoldedT(
        chart.places(summit.point), covariance * np.outer(jacobian, jacobian) * _INFLATION, chart
    )


def propose(
    density: Density, proposal: FoldedT, generator: np.random.Generator, size: int
) -> Proposals:
    """Draw points from a proposal and weight them."""
    places = proposal.draw(generator, size)
    # Both densities are of places, Jacobian and images included: log w = log p - log q.
    target = proposal.chart.density(density)(places)
    log_weights = target - proposal.log_density(places)
    return Proposals(proposal.chart.points(places), log_weights, proposal)


def _pooled(drawn: Sequence[Proposals]) -> Proposals:
    """Points of several proposals, each proposal's in proportion to what they are worth.

    Many parameters have a covariance that a few effective points do not tell: each proposal is
    fitted to all points before it, and none of them is lost.
    """
    if len(drawn) == 1:
        return drawn[0]
    # Z = sum_k a_k mean_k(p / q_k) for any shares a that sum to one; the best are as effective
    # sizes. Of N points in all, the n_k of a proposal weigh a_k N / n_k.
    sizes = np.array([len(part.points) for part in drawn])
    worth = np.array([max(part.weights.effective, 1e-9) for part in drawn])
    more = np.log(worth / worth.sum() * sizes.sum() / sizes)
    log_weights = [part.log_weights + x for part, x in zip(drawn, more, strict=True)]
    # Every stretch of the points holds its share of each proposal's.
    order = np.argsort(np.concatenate([np.arange(n) / n for n in sizes]), kind="stable")
    return Proposals(
        np.concatenate([part.points for part in drawn])[order],
        np.concatenate(log_weights)[order],
        drawn[-1].proposal,
    )


def around_places(summit: Summit, chart: Chart) -> FoldedT:
    """The proposal that the curvature at a mode gives in places, where scales have their own scale.

    Of ``x = e^u`` the log density is ``l(u) - u``. Where l has its mode that has the slope -1 / x
    and the curvature ``(H - 1) / x²``: its own mode is a Newton step lower, at ``x (h - 2) / (h -
    1)`` of a single x, which of a normal density is exact, and of a half-normal one zero.
    """
    jacobian, folds = chart.slopes(summit.point), chart.folds.astype(np.float64)
    # In multiples of dx/du: slopes -1 and curvatures H - 1 where folded, 0 and H elsewhere.
    values, vectors = np.linalg.eigh(summit.curvature - np.diag(folds))
    covariance = (vectors / np.maximum(values, _FLATTEST)) @ vectors.T
    centre = np.clip(-covariance @ folds, -1.0, 1.0)  # Not below zero where folded.
    return FoldedT(
        chart.places(summit.point) + centre * jacobian,
        covariance * np.outer(jacobian, jacobian) * _INFLATION,
        chart,
    )


def _refitted(proposal: FoldedT, proposals: Proposals, held: float = 0.0) -> FoldedT:
    """Mean and covariance by the weights, the largest of which are cut to their fiftieth.

    Parameters
    ----------
    held : float, default 0
        Effective points that the proposal itself counts for: a covariance of d parameters from n
        of them loses a share of some d (d + 1) / 4 n of what it proposes.
    """
    if not np.isfinite(proposals.log_weights).any():
        return proposal
    # Cut weights are biased for the moments, but a proposal may be: w = p / q holds for any q.
    weights = np.exp(proposals.log_weights - proposals.log_weights.max())
    weights = np.minimum(weights, np.sort(weights)[-max(5, weights.size // 50)])
    if not weights.sum() > 0.0:
        return proposal
    weights /= weights.sum()
    places = proposal.chart.places(proposals.points)
    centre = weights @ places
    centred = places - centre
    covariance = (weights[:, None] * centred).T @ centred  # sum w (x - m)(x - m)'
    effective = 1.0 / float(weights @ weights)
    if effective < 4.0 * centre.size and not held:
        # Too few points for a covariance of their own.
        covariance = 0.5 * covariance + 0.5 * proposal.covariance / _INFLATION
    if held:
        share = effective / (effective + held)
        centre = share * centre + (1.0 - share) * proposal.centre
        covariance = share * covariance + (1.0 - share) * proposal.covariance / _INFLATION
    # A positive diagonal: the scale matrix has a factor though weights may be on few points.
    floor = 1e-9 * np.diag(np.diag(covariance) + 1e-12)
    return FoldedT(centre, _INFLATION * covariance + floor, proposal.chart)


def _resampled(proposals: Proposals, sampler: Importance, generator: np.random.Generator) -> Chains:
    """Resample each stream of proposals by its own weights, systematically, and shuffle."""
    streams = np.array_split(np.arange(len(proposals.points)), sampler.chains)
    index = np.empty((sampler.chains, sampler.draws), dtype=np.int64)
    for c, stream in enumerate(streams):
        log_weights = proposals.log_weights[stream]
        # Draw j takes the point whose share of the cumulative weight holds (j + U) / n, one U.
        share = np.cumsum(np.exp(log_weights - logsumexp(log_weights)))
        places = (np.arange(sampler.draws) + generator.random()) / sampler.draws
        chosen = np.minimum(np.searchsorted(share, places * share[-1]), stream.size - 1)
        index[c] = generator.permutation(stream[chosen])
    return Chains({"x": proposals.points[index]}, {}, facts=proposals.weights.facts)
