"""Covariates and digital finance, which the policy does not affect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp.data.simulation._constants import Constants
from bayes_nqp.data.simulation._errors import errors_of, stream


@dataclass(frozen=True, slots=True)
class Control:
    """A covariate: its level, variation and effect on productivity.

    Parameters
    ----------
    mean, between : float
        Mean in the first period, and standard deviation between units.
    rho, sigma : float
        Autocorrelation, and standard deviation of innovations.
    trend : float
        Increase per period, for all units.
    slope : float
        Slope of productivity on the covariate, per standard deviation of its stationary errors.
    """

    mean: float
    between: float
    rho: float
    sigma: float
    trend: float
    slope: float


CITY: Final[Mapping[str, Control]] = Constants(
    {
        "ln_gdp": Control(6.83, 0.93, 0.90, 0.10, 0.081, 0.15),
        "ln_loans": Control(15.70, 1.09, 0.83, 0.13, 0.131, 0.10),
        "ln_fdi": Control(5.61, 1.49, 0.80, 0.67, 0.007, 0.05),
        "ln_science": Control(4.68, 0.82, 0.87, 0.34, 0.008, 0.05),
    }
)
"""Spread and dynamics of the city panel described in docs/datasets.md; slopes are chosen."""

FIRM: Final[Mapping[str, Control]] = Constants(
    {
        "size": Control(22.0, 1.20, 0.90, 0.15, 0.05, 0.10),
        "leverage": Control(0.42, 0.18, 0.70, 0.06, 0.0, -0.05),
        "roa": Control(0.04, 0.04, 0.40, 0.04, 0.0, 0.05),
    }
)
"""Values typical of a listed firm's log assets, debt ratio and return on assets."""

_FINANCE: Final = (105.5, 16.0, 14.7)  # level, SD between places, advantage of the coast


def picked(names: Iterable[str], controls: Mapping[str, Control]) -> dict[str, Control]:
    """Select covariates by name.

    Raises
    ------
    StudyError
        If a name is unknown.
    """
    wanted = (names,) if isinstance(names, str) else tuple(names)
    for name in wanted:
        if name not in controls:
            raise StudyError(f"'covariates' contains {name!r}", hint=nearest(str(name), controls))
    return {name: controls[name] for name in wanted}


def controls_of(
    controls: Mapping[str, Control], seed: int, shape: tuple[int, int], noise: float
) -> tuple[Array, Array]:
    """Draw covariates and their contribution to productivity.

    Parameters
    ----------
    shape : tuple of int
        Units, periods.
    noise : float
        Factor of all errors.

    Returns
    -------
    ndarray (unit, period)
        Contribution in standard deviations of productivity's innovations.
    """
    values, added = np.empty((len(controls), *shape)), np.zeros(shape)
    for k, (name, control) in enumerate(controls.items()):
        rng = stream(seed, "control", name)
        unit = control.between * rng.standard_normal((shape[0], 1))
        errors = noise * errors_of("ar1", rng, shape, control.rho, control.sigma)
        values[k] = control.mean + unit + control.trend * np.arange(shape[1]) + errors
        added += control.slope * errors * np.sqrt(1.0 - control.rho**2) / control.sigma
    return values, added


def digital_finance(seed: int, coastal: npt.NDArray[np.bool_]) -> Array:
    """Draw the level of digital finance before the policy."""
    level, spread, ahead = _FINANCE
    deviation = spread * stream(seed, "digital finance").standard_normal(coastal.size)
    return np.asarray(level + deviation + ahead * (coastal - 0.5))
