"""Effects in a cross-section if an unmeasured cause moves a mediator and the outcome."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks.confounding._axis import CONFOUNDED, axis_of
from bayes_nqp.checks.confounding._breakdown import breakdown
from bayes_nqp.checks.confounding._priors import NormalRho, RhoPrior
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands import By, nde, nie
from bayes_nqp.fitting import Mediated

__all__ = ["confounded_effects", "cross_section_confounding"]

Array = npt.NDArray[np.float64]

_PROB = 0.95
_DEFAULT = NormalRho()


def cross_section_confounding(
    found: Mediated,
    mediator: str | None = None,
    *,
    rho: npt.ArrayLike | None = None,
    by: By = None,
    prior: RhoPrior | None = _DEFAULT,
    weights: str = "rows",
) -> xr.Dataset:
    """Find how effects in a cross-section change with unmeasured confounding of a mediator.

    ``rho`` is the correlation of the outcome's error with that of one mediator, given the
    errors of the others; it is zero under sequential ignorability, and the data say nothing of
    it. The total effect does not depend on it.

    Parameters
    ----------
    found : Mediated
        Made by `mediate`.
    mediator : str, optional
        The one that is confounded; each in turn by default, along the dim ``confounded``.
    rho : array of float, optional
        Correlations; from −.6 to .6 by default.
    by, weights
        As in `att`.
    prior : NormalRho or UniformRho, default NormalRho(0.2)
        Of the correlation; None for no posterior under one.

    Returns
    -------
    Dataset
        ``estimate``, ``lower`` and ``upper`` (confounded, path, ..., rho), outcome units:
        posterior mean and 95 % interval. Paths are the mediators, "all mediators" if there are
        several, and "direct". ``crossing`` (confounded, path, ...) is the correlation at which
        the effect is zero, its posterior median, with ``crossing_lower`` and
        ``crossing_upper``. ``breakdown`` is that from which the 95 % interval of the effect
        holds zero, 0 if that of ``original`` (path, ...), without confounding, does; NaN where
        it never does. ``r2`` is
        the square of the crossing: the product of the
        shares that an unmeasured cause explains of what the two equations leave unexplained;
        ``r2_total`` that of the shares of the whole variances. ``share`` is the share of
        each if these are equal. ``adjusted`` (chain, draw, confounded, path, ...) are draws
        under the prior; ``unconfounded``, ``pull`` and ``curvature`` are those that curves are
        made of, for pictures with other intervals.

    Raises
    ------
    StudyError
        If `found` is something else, there is no such mediator, or a correlation is not within
        (-1, 1).

    Notes
    -----
    With the sd of errors ``sigma_y`` of the outcome given mediators and ``sigma_j`` of the
    mediator given the others, ``b(rho) = b − (sigma_y / sigma_j) rho / √(1 − rho²)``, and slopes
    of other mediators move by the coefficients of their errors in the regression of the
    confounded one's. With one mediator the crossing is the correlation of its error with the
    error of the outcome in the regression without it. An interaction is taken to be the same
    at every ``rho``.

    References
    ----------
    Imai, K., Keele, L. and Yamamoto, T. (2010). Identification, inference and sensitivity
    analysis for causal mediation effects. Statistical Science 25(1).
    """
    _mediated(found)
    axis = axis_of(rho)
    names = found.mediators if mediator is None else (mediator,)
    value = _paths(found.effects, by, weights)
    shift = _stacked([_paths(_shift(found, name), by, weights) for name in names], names)
    strength = xr.apply_ufunc(_strength, axis)
    tail = (1 - _PROB) / 2
    ends = _quantiles(value + shift * strength, [tail, 1 - tail])
    plain = _quantiles(value, [tail, 1 - tail])
    crossing: xr.DataArray = xr.apply_ufunc(_crossing, value, shift)
    zero = _quantiles(crossing, [0.5, tail, 1 - tail])
    left = _stacked([_left(found, name) for name in names], names).mean(v.SAMPLE_DIMS)
    mean = value.mean(v.SAMPLE_DIMS) + (shift * strength).mean(v.SAMPLE_DIMS)
    data: dict[str, xr.DataArray] = {
        "estimate": mean,
        "lower": ends[0],
        "upper": ends[1],
        "crossing": zero[0],
        "crossing_lower": zero[1],
        "crossing_upper": zero[2],
        "breakdown": _breakdown(value, shift, zero[0]),
        "r2": zero[0] ** 2,
        "r2_total": zero[0] ** 2 * left,
        "share": abs(zero[0]),
    }
    data |= {"original": value.mean(v.SAMPLE_DIMS)}
    data |= {"original_lower": plain[0], "original_upper": plain[1]}
    order = (CONFOUNDED, v.PATH)
    data = {n: x.transpose(*order, ..., *axis.dims, missing_dims="ignore") for n, x in data.items()}
    data["unconfounded"] = value.transpose(*v.SAMPLE_DIMS, v.PATH, ...)
    data["pull"] = -shift.transpose(*v.SAMPLE_DIMS, *order, ...)
    sizes = {dim: data["pull"].sizes[dim] for dim in (*v.SAMPLE_DIMS, CONFOUNDED)}
    data["curvature"] = xr.DataArray(np.ones(tuple(sizes.values())), dims=tuple(sizes))
    if prior is not None:
        adjusted = value + shift * _under(prior, found, names)
        data["adjusted"] = adjusted.transpose(*v.SAMPLE_DIMS, *order, ...)
    dataset = xr.Dataset({name: x.rename(name) for name, x in data.items()}).assign_attrs(
        estimand="confounding", prob=_PROB, prior=repr(prior) if prior else "none",
        outcome=found.outcome,
    )  # fmt: skip
    if mediator is None:
        return dataset
    alone = dataset.sel({CONFOUNDED: mediator}, drop=True)
    return alone.assign_attrs(dataset.attrs | {CONFOUNDED: mediator})


def confounded_effects(found: Mediated, mediator: str, rho: float) -> xr.Dataset:
    """Effects in a cross-section if one mediator were confounded with a known correlation.

    Parameters
    ----------
    found : Mediated
        Made by `mediate`.
    mediator : str
        The one that is confounded.
    rho : float
        Correlation, given the other mediators' errors.

    Returns
    -------
    Dataset
        Of the waist: every estimand takes it.

    Raises
    ------
    StudyError
        If there is no such mediator, or the correlation is not within (-1, 1).
    """
    _mediated(found)
    value = axis_of([rho]).item()
    effect = found.effects[v.EFFECT] + _shift(found, mediator)[v.EFFECT] * _strength(value)
    effects = found.effects.assign({v.EFFECT: effect})
    return schema.validate(effects.assign_attrs({CONFOUNDED: mediator}, rho=value))


def _paths(effects: xr.Dataset, by: By, weights: str) -> xr.DataArray:
    """Average every path but the total (chain, draw, path, ...)."""
    via = nie(effects, by, weights).rename({v.MEDIATOR: v.PATH})
    direct = nde(effects, by, weights).expand_dims({v.PATH: [v.DIRECT]})
    whole = xr.concat([via, direct], dim=v.PATH, coords="minimal", compat="override", join="outer",
                      combine_attrs="drop")  # fmt: skip
    labels = np.asarray([*via[v.PATH].to_numpy(), v.DIRECT], dtype=str)
    return whole.drop_vars([v.ROWS, v.WEIGHT]).assign_coords({v.PATH: labels})


def _stacked(parts: list[xr.DataArray], names: tuple[str, ...]) -> xr.DataArray:
    """Put together what goes with each confounded mediator."""
    whole = xr.concat(parts, dim=CONFOUNDED, coords="minimal", compat="override", join="exact")
    return whole.assign_coords({CONFOUNDED: np.asarray(names, dtype=str)})


def _quantiles(draws: xr.DataArray, at: list[float]) -> list[xr.DataArray]:
    found = draws.quantile(at, dim=v.SAMPLE_DIMS)
    return [found.isel(quantile=k, drop=True) for k in range(len(at))]


def _breakdown(value: xr.DataArray, shift: xr.DataArray, zero: xr.DataArray) -> xr.DataArray:
    found: xr.DataArray = xr.apply_ufunc(
        _flat_breakdown, value, shift, zero,
        input_core_dims=[v.SAMPLE_DIMS, v.SAMPLE_DIMS, []],
    )  # fmt: skip
    return found


def _flat_breakdown(value: Array, shift: Array, zero: Array) -> Array:
    """Of draws whose last dims are chain and draw; a curvature of one is a cross-section's."""
    effect, pull = (np.reshape(x, (*x.shape[:-2], -1)) for x in (value, -shift))
    return breakdown(effect, pull, np.ones(1), zero, _PROB)


def _crossing(value: Array, shift: Array) -> Array:
    """Correlation whose strength takes an effect to zero."""
    return np.asarray(np.sin(np.arctan2(-value * np.sign(shift), np.abs(shift))))


def _under(prior: RhoPrior, found: Mediated, names: tuple[str, ...]) -> xr.DataArray:
    """Strengths from the prior (chain, draw, confounded)."""
    sizes = found.effects.sizes
    shape = (*(sizes[dim] for dim in v.SAMPLE_DIMS), len(names))
    rng = np.random.default_rng([int(found.facts["seed"]), 11])
    rho = prior.draw(int(np.prod(shape)), rng).reshape(shape)
    return xr.DataArray(_strength(rho), dims=(*v.SAMPLE_DIMS, CONFOUNDED))


def _strength(rho: npt.ArrayLike) -> Array:
    value = np.asarray(rho, dtype=np.float64)
    return np.asarray(value / np.sqrt(1 - value**2), dtype=np.float64)


def _shift(found: Mediated, name: str) -> xr.Dataset:
    """What paths gain for each unit of strength, in the form of the waist."""
    if name not in found.mediators:
        raise StudyError(
            f"'mediator' is {name!r}, which was not fitted", hint=nearest(name, found.mediators)
        )
    place, posterior = found.mediators.index(name), found.posterior
    precision = np.linalg.inv(posterior["mediator_covariance"].to_numpy())
    # The row over minus its diagonal: the coefficients of the other errors in the regression of
    # this one, and −1 for its own slope.
    move = -precision[..., place, :] / precision[..., place, place, None]
    size = posterior["outcome__sigma"].to_numpy() * np.sqrt(precision[..., place, place])
    a = np.stack([posterior[f"{m}__cell_effect"].to_numpy() for m in found.mediators], axis=2)
    via = (size[..., None] * move)[..., None] * a
    direct = -via.sum(axis=2, keepdims=True)
    effect = np.concatenate([np.zeros_like(direct), direct, via], axis=2)
    return found.effects.assign({v.EFFECT: (found.effects[v.EFFECT].dims, effect)})


def _left(found: Mediated, name: str) -> xr.DataArray:
    """Product of the shares of variance that the two equations leave unexplained."""
    sigma, spread = found.posterior["outcome__sigma"], found.posterior[f"{name}__sigma"]
    whole = found.facts["outcome__variance"] * found.facts[f"{name}__variance"]
    return (sigma * spread) ** 2 / whole


def _mediated(found: object) -> None:
    if not isinstance(found, Mediated):
        raise StudyError(
            f"'found' is a {type(found).__name__}", hint="found = nqp.mediate(frame, ...)"
        )
