"""Priors, stated on the scale of the outcome's within-unit variation."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Annotated, Any

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import Words
from bayes_nqp._core.validation import value
from bayes_nqp.model.priors._deviations import (
    Deviations,
    NormalDeviations,
    StatedScale,
    plain_scale,
    scale_prior,
)
from bayes_nqp.numerics.parameters import ScalePrior


@value("priors")
class Priors:
    """Priors of a model, with scales in multiples of ``s``.

    ``s`` is the standard deviation of the outcome on untreated observations, within units and net
    of time effects. It is computed once per fit and stored with it. Rescaling the outcome therefore
    rescales the effects and changes nothing else.

    A number denotes a half-normal prior of an estimated scale; another prior, such as
    ``HalfT(3, 0.5)``, may be given. With few levels to estimate a scale from, it is fixed at the
    number or at the scale of its prior.

    Parameters
    ----------
    level : float, default 5
        Standard deviation of the overall effect at event time 0.
    drift : float, default 0.5
        Standard deviation of the effect's linear growth per period.
    walk : float or ScalePrior, default 0.5
        Scale of the effect's period-to-period steps around the linear growth.
    contrast : float, default 2
        Standard deviation of the difference between two levels of a stratum factor with at
        most four levels, and of interactions of such factors; fixed, not estimated.
    factor : float or ScalePrior, default 1
        Scale of the levels of a stratum factor with five levels or more.
    cohort : float or ScalePrior, default 1
        Scale of cohorts.
    cell : float or ScalePrior, default 0.5
        Scale of single cells around all of the above.
    member : float, ScalePrior or Deviations, default 1
        Scale of normal effect deviations of units (or cities); or another distribution of
        deviations, such as ``StudentDeviations(nu=4)``.
    sigma : float or ScalePrior, default 1
        Standard deviation of innovations.
    rho : tuple of two floats, default (3, 2)
        Beta parameters of ``(1 + rho) / 2`` under AR(1) errors.
    noise : float or ScalePrior, default 1
        White noise over innovations under `AR1PlusNoise` errors (a ratio).
    time_effect : float or ScalePrior, default 1
        Scale of partially pooled time effects (``TimeEffects(pooled=True)``).
    wide : float, default 100
        Standard deviation, in prior predictive draws only, of parameters with flat priors in the
        fit: unit effects, time effects, slopes of covariates, effects under ``NoPooling()``.

    Raises
    ------
    StudyError
        If a scale is not a positive finite number.

    References
    ----------
    Gelman, A. (2006). Prior distributions for variance parameters. Bayesian Analysis 1(3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(priors=nqp.Priors(contrast=1.0)).priors.contrast
    1.0
    """

    level: float = 5.0
    drift: float = 0.5
    walk: StatedScale = 0.5
    contrast: float = 2.0
    factor: StatedScale = 1.0
    cohort: StatedScale = 1.0
    cell: StatedScale = 0.5
    member: (
        StatedScale | Annotated[Deviations, Words("deviations such as nqp.StudentDeviations(4)")]
    ) = 1.0
    sigma: StatedScale = 1.0
    rho: tuple[float, float] = (3.0, 2.0)
    noise: StatedScale = 1.0
    time_effect: StatedScale = 1.0
    wide: float = 100.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value: Any = plain_scale(getattr(self, field.name))
            object.__setattr__(self, field.name, value)
            if isinstance(value, ScalePrior | Deviations):
                continue
            numbers: tuple[float, ...] = (value,)
            expected = 1
            if isinstance(field.default, tuple):
                value = numbers = tuple(float(x) for x in value)
                expected = len(field.default)
                object.__setattr__(self, field.name, value)
            if len(numbers) != expected or not all(math.isfinite(x) and x > 0 for x in numbers):
                raise StudyError(
                    f"'priors.{field.name}' is {value!r}, not a positive number",
                    hint=f"leave it out for the default, {field.default!r}",
                )

    def scale(self, name: str) -> ScalePrior:
        """Give the prior of a scale that is estimated.

        Parameters
        ----------
        name : str
            Of the argument: "walk", "factor", "cohort", "cell", "member", "sigma", "noise" or
            "time_effect".
        """
        value = getattr(self, name)
        return value.prior if isinstance(value, Deviations) else scale_prior(value)

    @property
    def deviations(self) -> Deviations:
        """Distribution of unit-level deviations from the effects of cells."""
        value = self.member
        return value if isinstance(value, Deviations) else NormalDeviations(value)
