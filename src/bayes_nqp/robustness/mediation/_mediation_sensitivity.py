"""Direct and indirect effects under a common cause of a mediator and the outcome."""

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
    """Compute direct and indirect effects under unmeasured confounding of a mediator.

    ``rho`` is the correlation of the outcome's innovations with those of one mediator (``lag``
    periods earlier if the model has a lag), given the innovations of the other mediators. An
    unmeasured common cause produces such a correlation. The outcome equation is refitted with flat
    priors on unit-level effects (random effects would attenuate the bias), and the bias implied by
    ``rho`` is subtracted from slopes, draw by draw.

    Parameters
    ----------
    fit : Fit or Mediated
        Fit of a `Mediation` model, in which the refit is cached; or the result of `mediate` for a
        cross-section, which needs no refit.
    mediator : str, optional
        The confounded mediator; by default each one in turn, along the dim ``confounded``.
    rho : sequence of float, optional
        Correlations; from −0.6 to 0.6 by default.
    by, weights, balanced
        As in `att`; not by unit.
    prior : NormalCorrelation or UniformCorrelation, default NormalCorrelation(0.2)
        Prior of the correlation; None to omit the posterior under a prior.

    Returns
    -------
    Dataset
        ``estimate``, ``lower`` and ``upper`` (confounded, path, ..., rho), outcome units: posterior
        mean and 95 % interval. Paths are the mediators, "all mediators" if there are several, and
        "direct". ``crossing`` (confounded, path, ...) is the posterior median of the correlation at
        which the effect is zero, with ``crossing_lower`` and ``crossing_upper``; NaN if there is no
        such correlation. ``breakdown`` is the smallest correlation at which the 95 % interval of
        the effect includes zero. It is 0 if the interval of ``original`` (path, ...), without
        confounding, includes zero, and NaN if no interval does. ``r2`` is the square of the
        crossing: the product of the shares of the innovation variances of mediator and outcome that
        a common cause explains at the crossing; ``share`` is the common value if both shares are
        equal. ``adjusted`` (chain, draw, confounded, path, ...) are draws under the prior;
        ``unconfounded``, ``pull`` and ``curvature`` are the components of the curves, for figures
        with other intervals: ``unconfounded − pull rho / √(1 − rho² curvature)``. For a
        cross-section, ``r2_total`` is the product of the shares of total variances.

    Raises
    ------
    StudyError
        If the mediator does not exist, or the bias is not available for the model.

    Notes
    -----
    With one mediator ``b(rho) = b − (sigma_y / sigma_m) rho g / √(1 − rho² g² m)``, where g and m
    depend on the autocorrelation of both errors (both are one if these are equal). The correlation
    between the innovations of mediators is fixed at its estimate.

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
