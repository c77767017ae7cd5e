"""Direct and indirect effects if a mediator and the outcome had a common cause."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from bayes_nqp._core.exceptions import NotApplicable, StudyError, nearest
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import By
from bayes_nqp.inference.fitting import Fit, Mediated
from bayes_nqp.robustness.mediation._curves import CONFOUNDED, axis_of, curves
from bayes_nqp.robustness.mediation._fit import confounded_fit, paths_of_rows, unexplained
from bayes_nqp.robustness.mediation._priors import NormalCorrelation, RhoPrior

_DEFAULT = NormalCorrelation()


@door
def mediation_sensitivity(
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
    prior : NormalCorrelation or UniformCorrelation, default NormalCorrelation(0.2)
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

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> found = nqp.mediation_sensitivity(fit, "digital")
    >>> "rho" in found.dims
    True
    """
    axis = axis_of(rho)
    if isinstance(fit, Mediated):
        if balanced is not None:
            raise StudyError("'balanced' does not apply to a cross-section", hint="omit it")
        names, seed = fit.mediators, int(fit.facts["seed"])
        paths = paths_of_rows(fit, by, weights)
    else:
        try:
            study = confounded_fit(fit)
        except NotApplicable as reason:
            raise StudyError(
                str(reason), hint="nqp.mediation_sensitivity(nqp.fit(nqp.Mediation(design), panel))"
            ) from None
        names, seed = study.names, study.seed
        paths = study.paths(by, weights, balanced)
    if mediator is not None and mediator not in names:
        raise StudyError(
            f"'mediator' is {mediator!r}, which is not in the fit",
            hint=nearest(str(mediator), names),
        )
    dataset = curves(paths, axis, prior, seed)
    if isinstance(fit, Mediated):
        dataset["r2_total"] = dataset["r2"] * unexplained(fit)
    if mediator is None:
        return dataset
    alone = dataset.sel({CONFOUNDED: mediator}, drop=True)
    return alone.assign_attrs({**dataset.attrs, CONFOUNDED: mediator})
