"""Mixtures of draws of several designs in one effects dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index


def cell_labels(effects: xr.Dataset) -> list[tuple[str, ...]]:
    """Return the labels that identify each cell."""
    counts = {v.CELL, v.ROWS, v.UNITS, v.IDENTIFIED, v.WEIGHT, v.EVENT_TIME}
    names = sorted(str(n) for n, x in effects.coords.items() if x.dims == (v.CELL,))
    columns = [effects[n].to_numpy().astype(str) for n in names if n not in counts]
    return list(zip(*columns, strict=True))


def identified_cells(effects: xr.Dataset) -> set[tuple[str, ...]]:
    """Return the labels of cells with identified effects."""
    identified = effects[v.IDENTIFIED].to_numpy()
    return {label for label, mark in zip(cell_labels(effects), identified, strict=True) if mark}


def mixture(
    effects_dataset: xr.Dataset, parts: Sequence[Mapping[str, Array]], weights: Array, seed: int
) -> xr.Dataset:
    """Combine draws of designs in one effects dataset.

    Parameters
    ----------
    effects_dataset : Dataset
        Template for the variables.
    parts : sequence of mapping of str to ndarray (draw, ...)
        Draws of each design, by variable, otherwise in the form of the template.
    weights : ndarray (design)
        Weights in proportion to which draws are taken.
    """
    shape = (effects_dataset.sizes[v.CHAIN], effects_dataset.sizes[v.DRAW])
    turns = turns_of(weights, shape[0] * shape[1], seed)
    out = effects_dataset.drop_vars([v.IMPORTANCE_ESS, v.KHAT], errors="ignore").copy(deep=True)
    for name in parts[0]:
        values = taken([part[name] for part in parts], turns)
        out[name] = (effects_dataset[name].dims, values.reshape(effects_dataset[name].shape))
    return out


def turns_of(weights: Array, size: int, seed: int) -> Index:
    """Return the design of each draw, in proportion to weights (draw)."""
    counts = _counts(weights / weights.sum(), size)
    turns = np.repeat(np.arange(weights.size), counts)
    return np.random.default_rng([seed, 7]).permutation(turns)


def taken(parts: Sequence[Array], turns: Index) -> Array:
    """Return evenly spaced draws of each design at its positions (draw, ...)."""
    values = np.empty((turns.size, *parts[0].shape[1:]))
    for k, draws in enumerate(parts):
        rows = np.flatnonzero(turns == k)
        values[rows] = draws[np.linspace(0, len(draws) - 1, rows.size).round().astype(int)]
    return values


def _counts(weights: Array, size: int) -> Index:
    """Return numbers of draws; the largest remainders receive the rest."""
    exact = weights * size
    counts = np.floor(exact).astype(np.int64)
    short = np.argsort(counts - exact, kind="stable")[: size - counts.sum()]
    counts[short] += 1
    return counts
