"""Importance sampling of the few parameters that are not integrated out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge
from scipy.special import logsumexp

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import value
from bayes_nqp.numerics.parameters import ParameterSpace
from bayes_nqp.numerics.sampling._chains import Chains
from bayes_nqp.numerics.sampling._climb import Density, Mode, climb, newton
from bayes_nqp.numerics.sampling._proposals import (
    Proposals,
    around,
    chart_of,
    fitted,
    interleaved,
    pooled,
    propose,
    refitted,
)

_APART = 5.0
"""Distance in standard deviations from which two searches have ended at different modes."""
_AS_HIGH = 0.02
"""Difference in log density allowed between ends of searches for one mode."""
_DEPTH = 12.0
"""Distance in log density below the highest mode up to which another mode counts."""
_BRIEF = (192, 256, 256)
"""Proposals of a refit, round by round, until their weights are good enough."""
_BRIEF_STEPS = 2
"""Newton steps of a refit: it starts close to its mode, and proposals adapt later."""
_SPARE = 1.3
"""Factor of proposals above the number that the share of effective ones requires."""
_MOST_BRIEF = 2048
"""Proposals of a refit that extends its last round until the weights are good enough."""
LEAST_BRIEF = 100.0
"""Effective proposals of a refit, which computes averages and not tails."""


@value("sampler")
class Importance:
    """Importance sampling: independent draws of a few parameters, with weight diagnostics.

    Proposals come from one Student-t distribution around the mode, fitted by adaptive importance
    sampling and folded at zero for scales that may vanish. They are weighted by the density, and
    each chain resamples its own proposals. If the weights are not good enough, up to five times as
    many are drawn, from a Student-t fitted to all earlier ones. If this is not enough, `Tempered`
    steps lead from the prior to the posterior.

    Parameters
    ----------
    draws : int, default 1000
        Draws kept in each chain.
    chains : int, default 4
        Streams of proposals, each resampled separately.
    proposals : int, default 2000
        Weighted points, of all chains together.
    seed : int, optional
        The same seed gives the same draws. Random by default, and recorded in the fit.

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
        """Return the maximum of points at once: up to five times the proposals."""
        return 5 * self.proposals

    def seeded(self) -> Importance:
        """Return the same sampler with a seed: its own, or a random one."""
        return self if self.seed is not None else replace(self, seed=secrets.randbits(31))


def importance(
    density: Density,
    space: ParameterSpace,
    sampler: Importance,
    start: Array | None = None,
) -> Chains:
    """Draw the parameters of a density.

    Parameters
    ----------
    density : Density
        Of the unconstrained parameters.
    sampler : Importance
        With a seed.
    start : ndarray (parameter), optional
        Unconstrained point from a similar density: a single search begins there, instead of several
        at dispersed points.

    Returns
    -------
    Chains
        One variable, "x" (chain, draw, parameter), unconstrained; facts contain the diagnostics of
        the weights, and a flag if `Tempered` was needed.
    """
    from bayes_nqp.numerics.sampling._tempered import tempered

    generator = np.random.default_rng(sampler.seed)
    mode = None if start is None else newton(density, start)
    n_modes = 1
    if mode is None or not mode.smooth:
        mode, n_modes = find_modes(density, space, generator)
    # One proposal covers one mode; w = p / q of independent points, at most five times as many.
    if n_modes == 1:
        proposal = fitted(density, around(mode, chart_of(space.folds, mode)), generator)
        drawn = [propose(density, proposal, generator, sampler.proposals)]
        while not (pool := pooled(drawn)).weights.passed:
            if len(pool.points) >= sampler.n_evaluations:
                return tempered(density, space, sampler.draws, sampler.chains, generator)
            proposal = refitted(proposal, pool)
            drawn.append(propose(density, proposal, generator, sampler.proposals // 2))
        return _resampled(pool, sampler, generator)
    return tempered(density, space, sampler.draws, sampler.chains, generator)


def corrected_importance(
    density: Density,
    space: ParameterSpace,
    sampler: Importance,
    start: Array,
    correction: Callable[[Array], Array],
) -> tuple[Chains, Index]:
    """Draw the parameters of an approximate density, and correct the weight of each point.

    A correction costs more than the density: rounds have half of the sampler's proposals and end
    as soon as the weights are good enough.

    Parameters
    ----------
    density : Density
        The approximation, of the unconstrained parameters.
    sampler : Importance
        With a seed.
    start : ndarray (parameter)
        Unconstrained starting point of the search for the mode.
    correction : callable
        From points (B, parameter) to the log of an unbiased ratio of the density to its
        approximation (B). It may draw other variables jointly with the ratio.

    Returns
    -------
    tuple of Chains and ndarray of int (chain, draw)
        As `importance` returns, with the fact ``approximate_ess``: effective proposals before the
        correction. The second array is the position of each draw among the points of all calls.
    """
    generator = np.random.default_rng(sampler.seed)
    mode = newton(density, start)
    if not mode.smooth:
        mode, _ = find_modes(density, space, generator)
    proposal = fitted(density, around(mode, chart_of(space.folds, mode)), generator)
    drawn: list[Proposals] = []
    before: list[Proposals] = []
    size, made = max(sampler.proposals // 2, 64), 0
    while True:
        made += size
        new = propose(density, proposal, generator, size)
        finite = np.isfinite(new.log_weights)
        before.append(Proposals(new.points[finite], new.log_weights[finite], proposal))
        corrected = before[-1].log_weights + correction(before[-1].points)
        drawn.append(replace(before[-1], log_weights=corrected))
        pool = pooled(drawn)
        if pool.weights.passed or made >= sampler.n_evaluations:
            break
        proposal = refitted(proposal, pool)
    share = len(pool.points) / made
    facts = {
        **pool.weights.facts,
        "refused": 1.0 - share,
        "log_marginal_likelihood": pool.weights.log_marginal + np.log(share),
        "approximate_ess": pooled(before).weights.effective,
    }
    index = _chosen(pool.log_weights, sampler, generator)
    place = interleaved([len(part.points) for part in drawn])[index]
    return Chains({"x": pool.points[index]}, {}, facts=facts), place


def refit_importance(
    density: Density, space: ParameterSpace, sampler: Importance, start: Array
) -> Chains:
    """Draw the parameters of a density that is similar to one with existing draws.

    A fit needs thousands of evaluations, a refit hundreds. If its few weights are not good enough,
    it is drawn like a fit.

    Parameters
    ----------
    density : Density
        Of the unconstrained parameters.
    sampler : Importance
        With a seed.
    start : ndarray (parameter)
        Unconstrained starting point of the search.

    Returns
    -------
    Chains
        As `importance` returns; facts are those of the proposals that were used.
    """
    generator = np.random.default_rng(sampler.seed)
    mode = newton(density, start, rounds=_BRIEF_STEPS)
    chains = _brief(density, space, sampler, mode, generator) if mode.smooth else None
    return chains or importance(density, space, sampler)


def brief_importance(density: Density, space: ParameterSpace, sampler: Importance) -> Chains:
    """Draw the parameters of a density from as few proposals as averages require.

    It works like `refit_importance`, with searches from dispersed points; a marginal likelihood has
    a Monte Carlo error of at most 0.1.
    """
    generator = np.random.default_rng(sampler.seed)
    mode, n_modes = find_modes(density, space, generator)
    chains = _brief(density, space, sampler, mode, generator) if n_modes == 1 else None
    return chains or importance(density, space, sampler)


def _brief(
    density: Density,
    space: ParameterSpace,
    sampler: Importance,
    mode: Mode,
    generator: np.random.Generator,
) -> Chains | None:
    """Draw by rounds of few proposals; None if their weights are not good enough."""
    proposal = around(mode, chart_of(space.folds, mode))
    drawn = propose(density, proposal, generator, _BRIEF[0])
    for size in _BRIEF[1:]:
        if replace(drawn.weights, least=LEAST_BRIEF).passed:
            return _resampled(drawn, sampler, generator)
        proposal = refitted(proposal, drawn)
        drawn = propose(density, proposal, generator, size)
    if replace(drawn.weights, least=LEAST_BRIEF).passed:
        return _resampled(drawn, sampler, generator)
    # More of the same proposals, as many as the last round requires, in addition to its own.
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


def find_modes(
    density: Density, space: ParameterSpace, generator: np.random.Generator
) -> tuple[Mode, int]:
    """Search from dispersed points; return the highest mode and the number of modes.

    The number is 0 if none is smooth.
    """
    typical = space.unconstrain(space.typical)
    # Scales are often well below their priors' scales; half of the starts are placed there.
    lower = np.where(space.folds, typical - 1.5, typical)
    drawn = space.unconstrain(space.draw(generator, 2))
    starts = np.stack([typical, lower, *np.clip(drawn, typical - 4.0, typical + 4.0)])
    ends, heights = climb(density, starts)
    # The first of the searches with equal height: small differences depend on rounding.
    first = int(np.argmax(heights >= heights.max() - _AS_HIGH))
    mode = newton(density, ends[first])
    if not mode.smooth:
        return mode, 0
    n_modes = 1
    for end, height in zip(ends, heights, strict=True):
        if height < mode.height - _DEPTH or mode.distance(end) < _APART:
            continue
        other = newton(density, end)
        # A separate mode: positive curvature in all directions, far from the highest one.
        concave = np.linalg.eigvalsh(other.curvature).min() > 0.0
        n_modes += int(concave and mode.distance(other.point) >= _APART)
    return mode, n_modes


def _resampled(proposals: Proposals, sampler: Importance, generator: np.random.Generator) -> Chains:
    """Resample proposals by their weights."""
    index = _chosen(proposals.log_weights, sampler, generator)
    return Chains({"x": proposals.points[index]}, {}, facts=proposals.weights.facts)


def _chosen(weights: Array, sampler: Importance, generator: np.random.Generator) -> Index:
    """Resample each stream of points by its own log weights, systematically, and shuffle."""
    streams = np.array_split(np.arange(weights.size), sampler.chains)
    index = np.empty((sampler.chains, sampler.draws), dtype=np.int64)
    for c, stream in enumerate(streams):
        log_weights = weights[stream]
        # Draw j takes the point with the share of the cumulative weight that contains (j + U) / n,
        # one U.
        share = np.cumsum(np.exp(log_weights - logsumexp(log_weights)))
        places = (np.arange(sampler.draws) + generator.random()) / sampler.draws
        chosen = np.minimum(np.searchsorted(share, places * share[-1]), stream.size - 1)
        index[c] = generator.permutation(stream[chosen])
    return index
