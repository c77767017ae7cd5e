"""Effects along paths as functions of the strength of unmeasured confounding."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import evidence_of
from bayes_nqp.robustness.mediation._priors import RhoPrior

CONFOUNDED = "confounded"
"""Name of the dim of confounded mediators."""
_GRID = np.round(np.linspace(-0.6, 0.6, 49), 3)
_PROB = 0.95
_CURVES = ("estimate", "lower", "upper")
_HALVINGS = 14
_EDGE = 0.999


@dataclass(frozen=True, eq=False)
class ConfoundedPaths:
    """Effects of groups along paths, and the bias from confounding of a mediator.

    At correlation rho, effects are ``value − pull * strength(rho, curvature)``.

    Parameters
    ----------
    confounded : tuple of str
        Mediators assumed to be confounded, one at a time.
    paths : tuple of str
        The mediators, all of them together if there are several, and "direct".
    value : ndarray (draw, path, group), outcome units
        Without confounding.
    pull : ndarray (draw, confounded, path, group), outcome units
        Reduction of the effect per unit of strength.
    curvature : ndarray (draw, confounded)
        Part of the outcome's innovations correlated with the confounded mediator.
    labels : dict of str to ndarray
        Labels of the groups' dims, in C order.
    effects : Dataset
        Group-time effects from which `value` is computed.
    """

    confounded: tuple[str, ...]
    paths: tuple[str, ...]
    value: Array
    pull: Array
    curvature: Array
    labels: dict[str, npt.NDArray[Any]]
    effects: xr.Dataset


def axis_of(rho: npt.ArrayLike | None) -> xr.DataArray:
    """Return the correlations of the curves as a coordinate.

    Parameters
    ----------
    rho : array of float or None
        From −0.6 to 0.6 if None.

    Raises
    ------
    StudyError
        If a correlation is outside (-1, 1).
    """
    try:
        grid = np.atleast_1d(np.asarray(_GRID if rho is None else rho, dtype=np.float64))
    except (TypeError, ValueError):
        grid = np.asarray([np.nan])
    if grid.ndim != 1 or not grid.size or not (np.abs(grid) < 1).all():
        raise StudyError(f"'rho' is {rho!r}", hint="correlations between -1 and 1: [0, 0.1, 0.2]")
    axis: xr.DataArray = xr.Dataset().assign_coords(rho=np.unique(grid)).rho
    return axis


def curves(
    paths: ConfoundedPaths, axis: xr.DataArray, prior: RhoPrior | None, seed: int
) -> xr.Dataset:
    """Compute curves, crossings and the posterior under a prior.

    Parameters
    ----------
    axis : DataArray
        Correlations.
    seed : int
        Seed of draws from the prior.

    Returns
    -------
    Dataset
        See `mediation_sensitivity`.
    """
    # (draw, confounded, path, group), with length one for constant dims.
    value, curvature = paths.value[:, None], paths.curvature[:, :, None, None]
    tail = (1 - _PROB) / 2
    curve = [_summary(value - paths.pull * strength(np.array(r), curvature), tail) for r in axis]
    zero = np.quantile(crossing(value, paths.pull, curvature), [0.5, tail, 1 - tail], axis=0)
    zero = np.where(np.abs(zero) < 1, zero, np.nan)
    # Draws last, as required by `breakdown`.
    a, b, c = (np.moveaxis(x, 0, -1) for x in (value, paths.pull, curvature))
    original, ends = _summary(paths.value, tail), ("", "_lower", "_upper")
    by_draw = {"pull": paths.pull}
    by_draw |= {} if prior is None else {"adjusted": _under(prior, paths, seed)}
    path_dims = [v.PATH, *paths.labels]
    dims, points = [CONFOUNDED, *path_dims], [str(dim) for dim in axis.dims]
    parts: list[tuple[str, list[str], Array]] = [
        *zip(_CURVES, repeat([*dims, *points]), np.moveaxis(np.stack(curve), 0, -1)),
        *zip([f"crossing{end}" for end in ends], repeat(dims), zero),
        ("breakdown", dims, breakdown(a, b, c, zero[0], _PROB)),
        ("r2", dims, zero[0] ** 2),
        ("share", dims, np.abs(zero[0])),
        *zip([f"original{end}" for end in ends], repeat(path_dims), original),
        ("unconfounded", [*v.SAMPLE_DIMS, *path_dims], paths.value),
        *((name, [*v.SAMPLE_DIMS, *dims], draws) for name, draws in by_draw.items()),
        ("curvature", [*v.SAMPLE_DIMS, CONFOUNDED], paths.curvature),
    ]
    coords: dict[str, npt.NDArray[Any]] = {
        CONFOUNDED: np.asarray(paths.confounded, dtype=str),
        v.PATH: np.asarray(paths.paths, dtype=str),
        **paths.labels,
        **{dim: paths.effects[dim].to_numpy() for dim in v.SAMPLE_DIMS},
    }
    sizes: dict[Any, int] = {dim: len(labels) for dim, labels in coords.items()} | dict(axis.sizes)
    return xr.Dataset(
        {name: (names, x.reshape([sizes[dim] for dim in names])) for name, names, x in parts},
        coords={**coords, **evidence_of(paths.effects)},
        attrs={
            "estimand": "mediation_sensitivity",
            "prob": _PROB,
            "prior": repr(prior) if prior else "none",
            "outcome": str(paths.effects.attrs.get("outcome", "")),
        },
    ).assign_coords(axis.coords)


def strength(rho: Array, curvature: Array) -> Array:
    """Return the factor of the bias at a correlation: ``rho / √(1 − rho² g² m)``.

    Parameters
    ----------
    rho, curvature : ndarray
        Arrays of compatible shapes.

    Returns
    -------
    ndarray
        NaN if the correlation is impossible.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(rho / np.sqrt(1 - rho**2 * curvature))


def crossing(value: Array, slope: Array, curvature: Array) -> Array:
    """Return the correlation at which ``value − slope * strength(rho)`` is zero.

    Parameters
    ----------
    value, slope, curvature : ndarray
        Arrays of compatible shapes.

    Returns
    -------
    ndarray
        Outside ±1 if no confounding makes the effect zero.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        # rho / sqrt(1 - c rho²) = q = value / slope has the root rho = sign(q) / sqrt(1/q² + c).
        ratio = value / slope
        # This form gives the limit for a slope of zero instead of infinity over infinity.
        return np.asarray(np.sign(ratio) / np.sqrt(1 / ratio**2 + curvature))


def breakdown(value: Array, pull: Array, curvature: Array, zero: Array, prob: float) -> Array:
    """Find the weakest confounding at which the interval of an effect includes zero.

    The search runs from zero to the crossing. If no correlation makes the effect zero, it runs up
    to the strongest correlation possible in every draw.

    Parameters
    ----------
    value, pull, curvature : ndarray (..., draw)
        At correlation rho, effects are ``value − pull * strength(rho, curvature)``.
    zero : ndarray (...)
        Crossing of the posterior median; NaN if there is none.
    prob : float
        Posterior probability of the interval, equal-tailed.

    Returns
    -------
    ndarray (...)
        0 if the interval includes zero without confounding; NaN if it never does.
    """
    sign = np.sign(np.median(value, axis=-1))

    def sure(rho: Array) -> npt.NDArray[np.bool_]:
        # Zero is outside the equal-tailed interval if P(sign) is at least (1 + prob) / 2.
        effect = value - pull * strength(rho[..., None], curvature)
        return np.asarray((effect * sign[..., None] > 0).mean(axis=-1) > (1 + prob) / 2)

    # The sign of rho that moves the effect towards zero, up to 1 - c rho² > 0 in every draw.
    away = np.sign(np.median(value * pull, axis=-1)) * _EDGE
    limit = away / np.sqrt(np.maximum(curvature.max(axis=-1), 1.0))
    low, high = np.zeros_like(zero), np.where(np.isnan(zero), limit, zero)
    out = np.where(sure(high), np.nan, 0.0)
    # Bisection: `sure` is True at low, False at high.
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        stands = sure(middle)
        low, high = np.where(stands, middle, low), np.where(stands, high, middle)
    return np.asarray(np.where(sure(np.zeros_like(zero)), low + out, 0.0 * value[..., 0]))


def _summary(draws: Array, tail: float) -> Array:
    """Return the mean and interval; NaN if the correlation is impossible."""
    ends = np.quantile(draws, [tail, 1 - tail], axis=0)
    return np.stack([draws.mean(axis=0), *ends])


def _under(prior: RhoPrior, paths: ConfoundedPaths, seed: int) -> Array:
    """Draw effects with the correlation drawn from its prior, within the possible range."""
    rng, size = np.random.default_rng([seed, 11]), paths.curvature.shape
    rho = prior.draw(int(np.prod(size)), rng).reshape(size)
    # Within 1 - c rho² > 0.
    edge = _EDGE / np.sqrt(paths.curvature)
    factor = strength(np.clip(rho, -edge, edge), paths.curvature)[:, :, None, None]
    return np.asarray(paths.value[:, None] - paths.pull * factor)
