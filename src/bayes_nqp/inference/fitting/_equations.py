"""Drawing the equations of a plan, one by one or side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np

from bayes_nqp._core import progress as steps
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.threads import n_threads
from bayes_nqp.inference.fitting._correlated_equations import correlated
from bayes_nqp.inference.fitting._draws import recovered
from bayes_nqp.inference.fitting._existing_draws import ExistingDraws
from bayes_nqp.inference.fitting._groups import Drawn
from bayes_nqp.inference.fitting._parameters import constrain, point_at
from bayes_nqp.inference.fitting._streams import SharedStreams
from bayes_nqp.inference.model_frame import Equation, ModelFrame
from bayes_nqp.numerics.linear_gaussian import DrawsWithDensity, density, gradient
from bayes_nqp.numerics.sampling import Chains, Density, Importance, importance

_KEPT = 4_000_000
"""Numbers of draws that are kept with proposals, over all equations: 32 MB."""
_SPARE = 2.0
"""Draws kept with a proposal, in multiples of the average number of resampled draws."""
_MANY = 1_000
"""Number of points from which they are proposals for draws, not rounds of fitting one."""

type Stream = np.random.Generator | SharedStreams


def draw_equations(
    model_frame: ModelFrame, sampler: Importance, stock: ExistingDraws, progress: bool
) -> tuple[list[Drawn], tuple[str, ...]]:
    """Draw parameters and coefficients of every equation of a plan.

    Parameters
    ----------
    sampler : Importance
        With a seed.
    stock : ExistingDraws
        Draws that can be reused.
    progress : bool
        If True, show a progress bar for several equations.

    Returns
    -------
    tuple of list of Drawn and tuple of str
        In the order of the equations; notes come second.
    """
    equations = model_frame.equations
    workers = min(n_threads(None), len(equations))
    threads = max(1, n_threads(None) // workers)
    done = 0
    keepers = [_kept(x, numbered(sampler, k), len(equations)) for k, x in enumerate(equations)]

    def sample(number: int) -> Chains:
        nonlocal done
        equation = equations[number]
        at_hand = stock.chains.get(equation.gaussian.digest)
        shape = (sampler.chains, sampler.draws)
        if at_hand is not None and at_hand.values["x"].shape[:2] == shape:
            return at_hand
        values = stock.of(equation.name)
        chains = importance(
            equation_density(equation, threads, often=True, keeper=keepers[number]),
            equation.problem.space,
            numbered(sampler, number),
            point_at(equation, values) if values else None,
        )
        done += 1
        if progress:
            steps.say(Message("drawing equations"), done, len(equations))
        return chains

    def draw(number: int) -> Drawn:
        equation, x = equations[number], chains[number].values["x"]
        flat = x.reshape(-1, x.shape[2])
        draws = recovered(
            model_frame, equation, flat, streams[number], threads=threads, keeper=keepers[number]
        )
        keepers[number].clear()
        return Drawn(equation, chains[number], x, constrain(equation, x), draws)

    numbers = range(len(equations))
    with steps.bar(progress and len(equations) > 1):
        chains = _each(sample, numbers, workers)
        streams, notes = _streams(model_frame, chains, sampler)
        return _each(draw, numbers, workers), notes


def equation_density(
    equation: Equation,
    threads: int | None = None,
    *,
    often: bool = False,
    keeper: DrawsWithDensity | None = None,
) -> Density:
    """Return the log density of an equation's parameters, for samplers.

    Parameters
    ----------
    often : bool, default False
        True if it will be evaluated at hundreds of points or more.
    keeper : DrawsWithDensity, optional
        For draws of coefficients at proposals.
    """
    refuse_latent(equation)
    problem = equation.gaussian.for_many if often else equation.gaussian

    def heights(points: Array) -> Array:
        many = keeper if len(points) >= _MANY else None
        return density(problem, points, threads=threads, keeper=many)

    return Density(heights, partial(gradient, problem, threads=threads))


def refuse_latent(equation: Equation) -> None:
    """Raise an error if observations of an equation are given latent outcomes.

    Only their Gaussian approximations have a density from sufficient statistics.

    Raises
    ------
    NotApplicable
        If the observations are not approximated.
    """
    if equation.restated is not None:
        raise NotApplicable(
            Message(
                "Observations are drawn given latent outcomes, so that they have no sufficient "
                "statistics; use the same design with a Gaussian likelihood."
            )
        )


def _kept(equation: Equation, sampler: Importance, n_equations: int) -> DrawsWithDensity:
    """Draws of coefficients that proposals of an equation are kept with."""
    times = math.ceil(_SPARE * sampler.draws * sampler.chains / sampler.proposals)
    stream = np.random.default_rng(np.random.SeedSequence([_seed(sampler), 2]))
    return DrawsWithDensity(equation.gaussian.for_many, times, _KEPT // n_equations, stream)


def numbered(sampler: Importance, number: int) -> Importance:
    """The sampler of one equation: each has its own stream of random numbers.

    Parameters
    ----------
    sampler : Importance
        With a seed.
    number : int
        Of the equation.
    """
    if number == 0:
        return sampler
    seed = np.random.SeedSequence([_seed(sampler), 3, number]).generate_state(1)[0] % (1 << 31)
    return replace(sampler, seed=int(seed))


def _each[T](make: Callable[[int], T], numbers: Iterable[int], workers: int) -> list[T]:
    """Do the same for every equation, side by side where there are workers."""
    if workers == 1:
        return [make(number) for number in numbers]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(make, numbers))


def _streams(
    model_frame: ModelFrame, chains: Sequence[Chains], sampler: Importance
) -> tuple[list[Stream], tuple[str, ...]]:
    """Random numbers of coefficients; those of mediators follow their errors' correlation."""
    # Numbers 0 and 1: the sampler itself draws from the first stream.
    streams = [
        np.random.default_rng(np.random.SeedSequence([_seed(numbered(sampler, number)), 1]))
        for number in range(len(chains))
    ]
    xs = [part.values["x"] for part in chains[1:]]
    errors = correlated(model_frame.equations[1:], xs, _seed(sampler))
    if isinstance(errors, str):
        return list(streams), (errors,)
    if errors is None:
        return list(streams), ()
    draws = max(x.shape[0] * x.shape[1] for x in xs)
    return [streams[0], *errors.streams(streams[1:], draws)], ()


def _seed(sampler: Importance) -> int:
    assert sampler.seed is not None
    return sampler.seed
