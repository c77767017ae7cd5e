"""Convergence diagnostics: a verdict on draws, with the reasons of a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.diagnostics._chains import effective_size, split_rhat


@dataclass(frozen=True, slots=True)
class ConvergenceDiagnostics:
    """Verdict on a fit's draws.

    Parameters
    ----------
    rhat : float
        The largest R-hat of parameters and cell effects.
    ess_bulk, ess_tail : float
        The smallest effective sample sizes.
    divergences : int
        Divergent transitions.
    energy : float
        The smallest E-BFMI of the chains.
    failures : tuple of str
        Failed conditions, each with its quantity; empty if all are met.
    importance_ess : float
        Effective number of importance weights, ``(sum w)² / sum w²``; NaN if draws are not
        resampled proposals. R-hat is NaN if it is given, because R-hat does not apply to such
        draws.
    khat : float
        Shape of the generalised Pareto distribution of the largest weights.
    khat_limit : float
        Upper limit of k-hat.
    refused : float
        Share of the proposals without a density.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Bürkner, P.-C. (2021).
    Rank-normalization, folding, and localization: an improved R-hat. Bayesian Analysis 16(2).
    Vehtari, A., Simpson, D., Gelman, A., Yao, Y. and Gabry, J. (2024). Pareto smoothed importance
    sampling. Journal of Machine Learning Research 25(72).
    """

    rhat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    energy: float
    failures: tuple[str, ...] = ()
    importance_ess: float = float("nan")
    khat: float = float("nan")
    khat_limit: float = float("nan")
    refused: float = 0.0

    @property
    def weighted(self) -> bool:
        """Return True if draws are resampled proposals, which are diagnosed by their weights."""
        return bool(np.isfinite(self.importance_ess))

    @property
    def passed(self) -> bool:
        """Return True if all conditions are met."""
        return not self.failures

    @property
    def importance(self) -> dict[str, float]:
        """Return the diagnostics of the weights, by name; empty if there are no weights."""
        if not self.weighted:
            return {}
        return {v.IMPORTANCE_ESS: self.importance_ess, v.KHAT: self.khat}

    @property
    def evidence(self) -> dict[str, str | float]:
        """Return scalar coordinates that are stored with draws: verdict and weight diagnostics."""
        return {v.GATE: str(self), **self.importance}

    def __str__(self) -> str:
        return v.PASSED if self.passed else "failed: " + "; ".join(self.failures)


RHAT, ESS, ENERGY = 1.01, 400.0, 0.3


def allowed_size(importance_ess: float, draws: int) -> float:
    """Return the effective draws after resampling: ``1 / (1 / ESS_w + 1 / n)``.

    Parameters
    ----------
    importance_ess : float
        Effective number of weights, ``ESS_w``.
    draws : int
        Number of resampled draws, n.
    """
    if not (importance_ess > 0.0 and draws > 0):
        return 0.0
    return 1.0 / (1.0 / importance_ess + 1.0 / draws)


def importance_diagnostics(
    facts: Mapping[str, float], draws: int, *, least: float = ESS
) -> ConvergenceDiagnostics:
    """Evaluate draws by the weights of the proposals from which they were resampled.

    Parameters
    ----------
    facts : mapping of str to float
        ``importance_ess``, ``khat``, ``khat_limit`` and ``refused``.
    draws : int
        Number of draws of all chains.
    least : float, default 400
        Required number of effective weights.
    """
    size, khat, limit = facts["importance_ess"], facts["khat"], facts["khat_limit"]
    failures = _failed(
        (not size >= least, f"effective weights {size:.0f}"),
        (not khat < limit, f"k-hat {khat:.2f} (limit {limit:.2f})"),
        (draws < ESS, f"{draws} draws, fewer than {ESS:.0f}"),
    )
    allowed, nan = allowed_size(size, draws), float("nan")
    return ConvergenceDiagnostics(
        nan, allowed, allowed, 0, nan, failures, size, khat, limit, facts["refused"]
    )


def population_diagnostics(facts: Mapping[str, float], draws: int) -> ConvergenceDiagnostics:
    """Evaluate draws by the agreement of independent populations of particles.

    Parameters
    ----------
    facts : mapping of str to float
        ``tempered_rhat`` and ``tempered_ess``, the worst of all parameters.
    draws : int
        Number of draws of all chains.
    """
    rhat, size = facts["tempered_rhat"], facts["tempered_ess"]
    failures = _failed(
        (not rhat <= RHAT, f"R-hat {rhat:.3f}"),
        (not size >= ESS, f"bulk ESS {size:.0f}"),
        (draws < ESS, f"{draws} draws, fewer than {ESS:.0f}"),
    )
    allowed = allowed_size(size, draws)
    return ConvergenceDiagnostics(rhat, allowed, allowed, 0, float("nan"), failures)


def _failed(*conditions: tuple[bool, str]) -> tuple[str, ...]:
    """Return descriptions of the conditions that are not met."""
    return tuple(text for failing, text in conditions if failing)


def worst_diagnostics(gates: Mapping[str, ConvergenceDiagnostics]) -> ConvergenceDiagnostics:
    """Combine diagnostics: the worst of every number, and all failures with their parts.

    Parameters
    ----------
    gates : mapping of str to ConvergenceDiagnostics
        Diagnostics by the prefix of their failures.
    """
    every = list(gates.values())
    khat = [(gate.khat, gate.khat_limit) for gate in every if gate.weighted]
    # The k-hat that comes closest to its limit.
    worst = max(khat, key=lambda pair: pair[0] - pair[1], default=(float("nan"), float("nan")))
    return ConvergenceDiagnostics(
        _most(max, [gate.rhat for gate in every]),
        min(gate.ess_bulk for gate in every),
        min(gate.ess_tail for gate in every),
        sum(gate.divergences for gate in every),
        _most(min, [gate.energy for gate in every]),
        tuple(name + failure for name, gate in gates.items() for failure in gate.failures),
        _most(min, [gate.importance_ess for gate in every]),
        *worst,
        max(gate.refused for gate in every),
    )


def _most(choose: Callable[[list[float]], float], numbers: list[float]) -> float:
    """Select among the available numbers; NaN if there are none."""
    finite = [number for number in numbers if not np.isnan(number)]
    return choose(finite) if finite else float("nan")


def energy_fraction(energy: Array) -> float:
    """Compute the smallest energy fraction of missing information (E-BFMI) of the chains."""
    if energy.size == 0:
        return float("nan")
    steps = np.mean(np.diff(energy, axis=1) ** 2, axis=1)
    return float(np.min(steps / np.var(energy, axis=1)))


def convergence(
    quantities: Mapping[str, Array], stats: Mapping[str, npt.ArrayLike]
) -> ConvergenceDiagnostics:
    """Evaluate draws by R-hat, effective sample sizes, divergences and energy.

    Parameters
    ----------
    quantities : mapping of str to ndarray (chain, draw, ...)
        Parameters and effects.
    stats : mapping of str to ndarray (chain, draw)
        The sampler's statistics.
    """
    names: list[str] = []
    columns: list[Array] = []
    for name, values in quantities.items():
        flat = np.asarray(values, dtype=float).reshape(*values.shape[:2], -1)
        keep = np.ptp(flat, axis=(0, 1)) > 0
        names += [f"{name}[{k}]" if flat.shape[2] > 1 else name for k in np.flatnonzero(keep)]
        columns.append(flat[..., keep])
    draws = np.concatenate(columns, axis=2)
    # A quantity too short to evaluate counts as the worst.
    rhat = np.nan_to_num(split_rhat(draws), nan=np.inf)
    bulk = np.nan_to_num(effective_size(draws), nan=0.0)
    tail = np.nan_to_num(effective_size(draws, tail=True), nan=0.0)
    divergences = int(np.sum(np.asarray(stats.get("diverging", 0))))
    energy = energy_fraction(np.asarray(stats.get("energy", np.zeros((0, 0))), dtype=float))
    high, low = int(rhat.argmax()), (int(bulk.argmin()), int(tail.argmin()))
    plural = "s" if divergences > 1 else ""
    failures = _failed(
        (divergences > 0, f"{divergences} divergence{plural}"),
        (not rhat[high] <= RHAT, f"R-hat {rhat[high]:.3f} ({names[high]})"),
        (not bulk[low[0]] >= ESS, f"bulk ESS {bulk[low[0]]:.0f} ({names[low[0]]})"),
        (not tail[low[1]] >= ESS, f"tail ESS {tail[low[1]]:.0f} ({names[low[1]]})"),
        (energy < ENERGY, f"E-BFMI {energy:.2f}"),
    )
    return ConvergenceDiagnostics(
        float(rhat.max()), float(bulk.min()), float(tail.min()), divergences, energy, failures
    )
