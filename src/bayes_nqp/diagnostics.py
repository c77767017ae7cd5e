"""The convergence gate: whether draws can be used, and if not, why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp import vocabulary as v

__all__ = ["Gate", "convergence", "effective_size", "energy_fraction", "split_rhat"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gate:
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
        What failed, with the quantity it failed for; empty if nothing did.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Bürkner, P.-C. (2021).
    Rank-normalization, folding, and localization: an improved R-hat. Bayesian Analysis 16(2).
    """

    rhat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    energy: float
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def __str__(self) -> str:
        return v.PASSED if self.passed else "failed: " + "; ".join(self.failures)


RHAT, ESS, ENERGY = 1.01, 400.0, 0.3


def effective_size(draws: Array, *, tail: bool = False) -> Array:
    """Effective sample size of each column.

    Parameters
    ----------
    draws : ndarray (chain, draw, quantity)
    tail : bool, default False
        Of the 5 % and 95 % quantiles, the smaller, instead of the bulk.

    Returns
    -------
    ndarray (quantity)
        NaN where a quantity does not vary.
    """
    from arviz_stats.base import array

    numbers: Any = array.array_stats
    method = "tail" if tail else "bulk"
    prob = (0.05, 0.95) if tail else None
    found = numbers.ess(draws, chain_axis=0, draw_axis=1, method=method, prob=prob)
    return np.asarray(found, dtype=np.float64)


def split_rhat(draws: Array) -> Array:
    """Rank-normalised split R-hat of each column.

    Parameters
    ----------
    draws : ndarray (chain, draw, quantity)

    Returns
    -------
    ndarray (quantity)
    """
    from arviz_stats.base import array

    numbers: Any = array.array_stats
    return np.asarray(numbers.rhat(draws, chain_axis=0, draw_axis=1), dtype=np.float64)


def energy_fraction(energy: Array) -> float:
    """Smallest energy fraction of missing information (E-BFMI) of the chains.

    Parameters
    ----------
    energy : ndarray (chain, draw)

    Returns
    -------
    float
    """
    if energy.size == 0:
        return float("nan")
    steps = np.mean(np.diff(energy, axis=1) ** 2, axis=1)
    return float(np.min(steps / np.var(energy, axis=1)))


def convergence(quantities: Mapping[str, Array], stats: Mapping[str, npt.ArrayLike]) -> Gate:
    """Judge draws by R-hat, effective sample sizes, divergences and energy.

    Parameters
    ----------
    quantities : mapping of str to ndarray (chain, draw, ...)
        Parameters and effects.
    stats : mapping of str to ndarray (chain, draw)
        The sampler's statistics.

    Returns
    -------
    Gate
    """
    names: list[str] = []
    columns: list[Array] = []
    for name, values in quantities.items():
        flat = np.asarray(values, dtype=float).reshape(*values.shape[:2], -1)
        keep = np.ptp(flat, axis=(0, 1)) > 0
        names += [f"{name}[{k}]" if flat.shape[2] > 1 else name for k in np.flatnonzero(keep)]
        columns.append(flat[..., keep])
    draws = np.concatenate(columns, axis=2)
    # What is too short to be judged counts as the worst.
    rhat = np.nan_to_num(split_rhat(draws), nan=np.inf)
    bulk = np.nan_to_num(effective_size(draws), nan=0.0)
    tail = np.nan_to_num(effective_size(draws, tail=True), nan=0.0)
    divergences = int(np.sum(np.asarray(stats.get("diverging", 0))))
    energy = energy_fraction(np.asarray(stats.get("energy", np.zeros((0, 0))), dtype=float))
    failures = []
    if divergences:
        failures.append(f"{divergences} divergence{'s' if divergences > 1 else ''}")
    for what, value, worst, bad in (
        ("R-hat", rhat, int(np.nanargmax(rhat)), not np.nanmax(rhat) <= RHAT),
        ("bulk ESS", bulk, int(np.nanargmin(bulk)), not np.nanmin(bulk) >= ESS),
        ("tail ESS", tail, int(np.nanargmin(tail)), not np.nanmin(tail) >= ESS),
    ):
        if bad:
            number = f"{value[worst]:.3f}" if what == "R-hat" else f"{value[worst]:.0f}"
            failures.append(f"{what} {number} ({names[worst]})")
    if energy < ENERGY:
        failures.append(f"E-BFMI {energy:.2f}")
    return Gate(
        float(np.nanmax(rhat)), float(np.nanmin(bulk)), float(np.nanmin(tail)), divergences,
        energy, tuple(failures),
    )  # fmt: skip
