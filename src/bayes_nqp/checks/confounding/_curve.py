"""Direct and indirect effects against the strength of unmeasured confounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._result import NotApplicable
from bayes_nqp.checks.confounding._axis import CONFOUNDED, axis_of
from bayes_nqp.checks.confounding._breakdown import breakdown
from bayes_nqp.checks.confounding._cross_section import cross_section_confounding
from bayes_nqp.checks.confounding._panel import crossing, strength
from bayes_nqp.checks.confounding._priors import NormalRho, RhoPrior
from bayes_nqp.checks.confounding._study import Groups, Study, study_of
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands import By, evidence_of
from bayes_nqp.fitting import Mediated

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["confounding", "curves"]

Array = npt.NDArray[np.float64]

_PROB = 0.95
_DEFAULT = NormalRho()


@door
def confounding(
    fit: Fit | Mediated,
    mediator: str | None = None,
    *,
    rho: Sequence[float] | None = None,
    by: By = None,
    prior: RhoPrior | None = _DEFAULT,
    weights: str = "rows",
    balanced: int | None = None,
) -> xr.Dataset:
    """Find how direct and indirect effects change with unmeasured confounding of a mediator.

    ``rho`` is the correlation of the outcome's innovations with those of one mediator (``lag``
    periods before, where the design has a lag), given the innovations of the other mediators:
    what is left if a common cause of both was not measured. The outcome's equation is fitted
    again with flat deviations of units (random ones would dilute the bias), and slopes are
    freed of the bias that ``rho`` brings, draw by draw.

    Parameters
    ----------
    fit : Fit or Mediated
        Of a `Mediation`; keeps the refit, so that asking again costs little. Or of a
        cross-section, made by `mediate`, for which nothing is refitted.
    mediator : str, optional
        The one that is confounded; each in turn by default, along the dim ``confounded``.
    rho : sequence of float, optional
        Correlations; from −.6 to .6 by default.
    by, weights, balanced
        As in `att`; not by unit.
    prior : NormalRho or UniformRho, default NormalRho(0.2)
        Of the correlation; None for no posterior under one.

    Returns
    -------
    Dataset
        ``estimate``, ``lower`` and ``upper`` (confounded, path, ..., rho), outcome units:
        posterior mean and 95 % interval. Paths are the mediators, "all mediators" if there
        are several, and "direct". ``crossing`` (confounded, path, ...) is the correlation at
        which the effect is zero, its posterior median, with ``crossing_lower`` and
        ``crossing_upper``; NaN where no correlation does that. ``breakdown`` is that from which
        the 95 % interval of the effect holds zero, 0 if that of ``original`` (path, ...), without
        confounding, does; NaN where it never does. ``r2`` is the square of the crossing: the
        product of the shares of the mediator's and of the outcome's innovations' variance that
        a common cause explains there; it explains ``share`` of each if these are equal.
        ``adjusted`` (chain, draw, confounded, path, ...) are draws under the prior;
        ``unconfounded``, ``pull`` and ``curvature`` are those that curves are made of, for
        pictures with other intervals: ``unconfounded − pull rho / √(1 − rho² curvature)``. Of a
        cross-section also ``r2_total``, the product of the shares of whole variances.

    Raises
    ------
    StudyError
        If there is no such mediator, or the design has no known bias.

    Notes
    -----
    With one mediator ``b(rho) = b − (sigma_y / sigma_m) rho g / √(1 − rho² g² m)``, where g
    and m come from the autocorrelation of both errors (both are one if these are equal).
    The innovations' correlation between mediators is taken as estimated.

    References
    ----------
    Imai, K., Keele, L. and Yamamoto, T. (2010). Identification, inference and sensitivity
    analysis for causal mediation effects. Statistical Science 25(1).
    """
    if isinstance(fit, Mediated):
        if balanced is not None:
            raise StudyError("'balanced' is given for a cross-section", hint="leave it out")
        return cross_section_confounding(
            fit, mediator, rho=rho, by=by, prior=prior, weights=weights
        )
    axis = axis_of(rho)
    try:
        study = study_of(fit)
    except NotApplicable as reason:
        raise StudyError(
            str(reason), hint="nqp.confounding(nqp.fit(nqp.Mediation(design), panel))"
        ) from None
    if mediator is not None and mediator not in study.names:
        raise StudyError(
            f"'mediator' is {mediator!r}, which is not in the fit",
            hint=nearest(str(mediator), study.names),
        )
    found = curves(study, study.groups(by, weights, balanced), axis, prior)
    if mediator is None:
        return found
    alone = found.sel({CONFOUNDED: mediator}, drop=True)
    return alone.assign_attrs({**found.attrs, CONFOUNDED: mediator})


def curves(study: Study, groups: Groups, axis: xr.DataArray, prior: RhoPrior | None) -> xr.Dataset:
    """Work out curves, crossings and the posterior under a prior.

    Parameters
    ----------
    axis : DataArray
        Correlations.

    Returns
    -------
    Dataset
        As `confounding` returns.
    """
    effects, axes = study.fit.effects, groups.average.axes
    shape = groups.average.shape
    dims = [CONFOUNDED, v.PATH, *(part.name for part in axes)]
    tail = (1 - _PROB) / 2
    curvature = groups.curvature[:, :, None, None]
    value = groups.value[:, None]
    curve = np.stack(
        [_summary(value - groups.pull * strength(np.array(r), curvature), tail) for r in axis],
        axis=-1,
    )
    zero = np.quantile(crossing(value, groups.pull, curvature), [0.5, tail, 1 - tail], axis=0)
    zero = np.where(np.abs(zero) < 1, zero, np.nan)
    original = _summary(value[:, 0], tail)

    def shaped(values: Array) -> Array:
        return values.reshape(*values.shape[:2], *shape, *values.shape[3:])

    data: dict[str, Any] = {
        name: ([*dims, *axis.dims], shaped(curve[k]))
        for k, name in enumerate(("estimate", "lower", "upper"))
    }
    data |= {
        name: (dims, shaped(x))
        for name, x in (
            ("crossing", zero[0]),
            ("crossing_lower", zero[1]),
            ("crossing_upper", zero[2]),
            ("breakdown", _breakdown(groups, zero[0])),
            ("r2", zero[0] ** 2),
            ("share", np.abs(zero[0])),
        )
    }
    data |= {
        name: (dims[1:], original[k].reshape(original.shape[1], *shape))
        for k, name in enumerate(("original", "original_lower", "original_upper"))
    }
    sample = [effects.sizes[dim] for dim in v.SAMPLE_DIMS]
    size = groups.pull.shape[1:3]
    data["unconfounded"] = (
        [*v.SAMPLE_DIMS, *dims[1:]], groups.value.reshape(*sample, size[1], *shape)
    )  # fmt: skip
    data["pull"] = ([*v.SAMPLE_DIMS, *dims], groups.pull.reshape(*sample, *size, *shape))
    data["curvature"] = ([*v.SAMPLE_DIMS, CONFOUNDED], groups.curvature.reshape(*sample, -1))
    if prior is not None:
        drawn = _under(prior, study, groups).reshape(*sample, *groups.pull.shape[1:3], *shape)
        data["adjusted"] = ([*v.SAMPLE_DIMS, *dims], drawn)
    coords: dict[str, Any] = {
        CONFOUNDED: np.asarray(study.names, dtype=str),
        v.PATH: np.asarray(groups.paths, dtype=str),
        **{part.name: part.labels for part in axes},
        **{dim: effects[dim].to_numpy() for dim in v.SAMPLE_DIMS},
    }
    coords |= evidence_of(effects)
    attrs = {"estimand": "confounding", "prob": _PROB, "prior": repr(prior) if prior else "none",
             "outcome": str(effects.attrs.get("outcome", ""))}  # fmt: skip
    return xr.Dataset(data, coords=coords, attrs=attrs).assign_coords(axis.coords)


def _summary(draws: Array, tail: float) -> Array:
    """Mean and the ends of the interval; missing where the correlation is impossible."""
    ends = np.quantile(draws, [tail, 1 - tail], axis=0)
    return np.stack([draws.mean(axis=0), *ends])


def _breakdown(groups: Groups, zero: Array) -> Array:
    value, pull, curvature = (
        np.moveaxis(x, 0, -1)
        for x in (groups.value[:, None], groups.pull, groups.curvature[:, :, None, None])
    )
    return breakdown(value, pull, curvature, zero, _PROB)


def _under(prior: RhoPrior, study: Study, groups: Groups) -> Array:
    """Draw effects with a correlation from its prior, within what is possible."""
    assert study.fit.sampler.seed is not None
    rng = np.random.default_rng([study.fit.sampler.seed, 11])
    size = groups.curvature.shape
    rho = prior.draw(int(np.prod(size)), rng).reshape(size)
    edge = 0.999 / np.sqrt(groups.curvature)
    pulled = groups.pull * strength(np.clip(rho, -edge, edge), groups.curvature)[:, :, None, None]
    return np.asarray(groups.value[:, None] - pulled)
