"""One replication: simulate, refit, and compare the draws with the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import ConvergenceError
from bayes_nqp.calibration._quantities import quantities
from bayes_nqp.calibration._sources import Source
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import Fit, Numbers, fit
from bayes_nqp.numerics.diagnostics import effective_size
from bayes_nqp.numerics.sampling import NUTS, Importance

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.model.designs import StaggeredDiD
    from bayes_nqp.numerics.sampling import Sampler


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Settings common to all replications.

    Parameters
    ----------
    design : StaggeredDiD
        Model to refit.
    source : Source
        Source of true values.
    sampler : Importance or NUTS
        Sampler of the first attempt.
    names : tuple of str
        Names of quantities.
    probs : tuple of float
        Nominal probabilities of the intervals.
    ranked : int
        Number of draws among which the truth is ranked.
    """

    design: StaggeredDiD
    source: Source
    sampler: Sampler
    names: tuple[str, ...]
    probs: tuple[float, ...]
    ranked: int
    seed: int

    def __call__(self, replication: int) -> Numbers:
        """Simulate and refit once.

        Parameters
        ----------
        replication : int
            Number of the replication, which together with the seed determines the result.

        Returns
        -------
        dict of str to ndarray
            For each quantity: truth, rank, mean, sd, ess, low, high (quantity, prob). Convergence
            diagnostics: passed, tries, rhat, divergences.
        """
        streams = np.random.SeedSequence([self.seed, replication])
        first, second, third = (int(x) for x in streams.generate_state(3))
        simulated = self.source.simulate(first)
        truth = np.array([simulated.truth[name] for name in self.names])
        try:
            refit, tries = self._refit(simulated.panel, second >> 1)
        except ConvergenceError:
            return self._without_draws(truth)
        quantity_draws = quantities(refit.posterior, group_time_effects(refit))
        draws = np.stack([quantity_draws[name] for name in self.names], axis=2)
        return {
            "truth": truth,
            **self._summarised(draws, truth, np.random.default_rng(third)),
            "passed": np.array(float(refit.gate.passed)),
            "tries": np.array(float(tries)),
            "rhat": np.array(refit.gate.rhat),
            "divergences": np.array(float(refit.gate.divergences)),
        }

    def _refit(self, panel: Panel, seed: int) -> tuple[Fit, int]:
        """Refit until the convergence diagnostics pass or no sampler is left."""
        scale = self.source.scale
        tries = samplers(self.sampler, seed)
        refit, count = fit(self.design, panel, tries[0], scale=scale, progress=False), 1
        while count < len(tries) and not refit.gate.passed:
            refit = fit(self.design, panel, tries[count], scale=scale, progress=False)
            count += 1
        return refit, count

    def _summarised(self, draws: Array, truth: Array, generator: np.random.Generator) -> Numbers:
        flat = draws.reshape(-1, truth.size)
        tails = (1.0 - np.array(self.probs)) / 2.0
        # Evenly spaced over all chains: the gate requires several effective draws between two.
        thinned = flat[((np.arange(self.ranked) + 0.5) * flat.shape[0] / self.ranked).astype(int)]
        ties = (thinned == truth).sum(axis=0)
        return {
            "rank": (thinned < truth).sum(axis=0) + generator.integers(0, ties + 1),
            "mean": flat.mean(axis=0),
            "sd": flat.std(axis=0),
            "ess": effective_size(draws),
            "low": np.quantile(flat, tails, axis=0).T,
            "high": np.quantile(flat, 1.0 - tails, axis=0).T,
        }

    def _without_draws(self, truth: Array) -> Numbers:
        none, pairs = np.full(truth.size, np.nan), np.full((truth.size, len(self.probs)), np.nan)
        return {
            "truth": truth, "rank": none, "mean": none, "sd": none, "ess": none,
            "low": pairs, "high": pairs,
            "passed": np.array(0.0), "tries": np.array(float(len(samplers(self.sampler, 0)))),
            "rhat": np.array(np.nan), "divergences": np.array(np.nan),
        }  # fmt: skip


def samplers(first: Sampler, seed: int) -> list[Sampler]:
    """List the samplers of one refit: the requested one, then its fallback."""
    if isinstance(first, Importance):
        return [
            replace(first, seed=seed),
            replace(first, draws=max(first.draws, 1000), proposals=10 * first.proposals, seed=seed),
        ]
    draws = max(first.draws, 1000)
    careful = NUTS(draws=2 * draws, tune=2000, seed=seed, cores=1, target_accept=0.95)
    return [replace(first, seed=seed), careful]
