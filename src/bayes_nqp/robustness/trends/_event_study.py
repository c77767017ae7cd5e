"""Leads and effects with a common reference period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp._core.limits import afford
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.effects.effects import group_time_effects, lead_effects
from bayes_nqp.effects.estimands import convergence_of
from bayes_nqp.inference.fitting import ADOPTION, Fit, lead_fit, require


@dataclass(frozen=True, slots=True, eq=False)
class EventStudy:
    """Leads and effects from one posterior.

    Group-time effects are relative to the reference period, an event time. The seed is for random
    numbers of priors and truncation. The fit is the one with leads.
    """

    leads: xr.Dataset
    effects: xr.Dataset
    reference: int = -1
    seed: Seed = 0
    fit: Fit | None = None

    @property
    def gate(self) -> str:
        """Return the verdict of the convergence diagnostics."""
        return convergence_of(self.effects)


def event_study_of(source: object) -> EventStudy:
    """Return leads and effects of a fit (by a fit with leads) or of event-study draws.

    Raises
    ------
    StudyError
        If ``source`` is neither, or has no period before the reference.
    NotApplicable
        If a fit has no observations, or no cohort is observed for two periods before adoption.
    """
    if isinstance(source, EventStudy):
        return source
    if isinstance(source, xr.DataArray):
        return _of_draws(source)
    if not isinstance(source, Fit):
        raise StudyError(
            f"'source' is a {type(source).__name__}, but bounds on violations require leads",
            hint="pass a fit, or draws from nqp.event_study_draws",
        )
    require(source, ADOPTION)
    flat = lead_fit(source)
    leads = lead_effects(flat)
    return EventStudy(
        leads=leads.isel({v.CELL: leads[v.IDENTIFIED].to_numpy()}),
        effects=group_time_effects(flat),
        reference=-1 - flat.facts.anticipation,
        seed=int(source.sampler.seed or 0),
        fit=flat,
    )


@door
def event_study_draws(
    mean: npt.ArrayLike,
    covariance: npt.ArrayLike,
    event_time: npt.ArrayLike,
    *,
    draws: int = 20_000,
    seed: Seed = 0,
) -> xr.DataArray:
    """Draw from the Gaussian posterior of an event study estimated elsewhere.

    Parameters
    ----------
    mean : array (event_time), outcome units
        Coefficients, leads and effects.
    covariance : array (event_time, event_time)
        Covariance of the coefficients.
    event_time : array of int (event_time)
        Event times of the coefficients, without the reference period, which is the last period
        before adoption.

    Returns
    -------
    DataArray (chain, draw, event_time), outcome units
        Draws for `trend_sensitivity`, with exactly the given mean and covariance.

    Raises
    ------
    StudyError
        If shapes do not match, or the covariance is not positive definite.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> draws = nqp.event_study_draws([0.1, 1.0], [[0.04, 0.02], [0.02, 0.04]], [-2, 0])
    >>> float(nqp.trend_sensitivity(draws, grid=[0])["lower"].round(2).item())
    0.61
    """
    centre, spread = _numbers("mean", mean), _numbers("covariance", covariance)
    times = _numbers("event_time", event_time)
    if not (np.isfinite(times) & (times == np.round(times))).all():
        raise StudyError(
            "'event_time' contains numbers that are not whole", hint="event_time=[-2, 0]"
        )
    size = centre.size
    if centre.shape != (size,) or spread.shape != (size, size) or times.shape != (size,):
        raise StudyError(
            f"'mean', 'covariance' and 'event_time' have the shapes {centre.shape}, "
            f"{spread.shape} and {times.shape}",
            hint="n coefficients, an n × n covariance, n event times",
        )
    if not np.isfinite(centre).all() or not np.allclose(spread, spread.T):
        raise StudyError(
            "'mean' is not finite, or 'covariance' is not symmetric", hint="check the estimates"
        )
    if draws <= size + 1:
        raise StudyError(f"'draws' is {draws}, too few for {size} coefficients", hint="draws=20000")
    afford(24.0 * draws * size, f"'draws': {draws:,} of them", "draws=20000")
    try:
        factor = np.linalg.cholesky(spread)
    except np.linalg.LinAlgError:
        raise StudyError(
            "'covariance' is not positive definite", hint="omit the reference period"
        ) from None
    noise = np.random.default_rng([seed, 3]).standard_normal((draws, size))
    # Noise z has mean 0 and covariance C C' over the draws: C^-1 z has exactly the identity.
    noise -= noise.mean(axis=0)
    root = np.linalg.cholesky(np.atleast_2d(np.cov(noise, rowvar=False)))
    noise = np.linalg.solve(root, noise.T).T
    # m + L z with L L' the covariance.
    return xr.DataArray(
        (centre + noise @ factor.T)[None],
        dims=(*v.SAMPLE_DIMS, v.EVENT_TIME),
        coords={v.CHAIN: [0], v.DRAW: np.arange(draws), v.EVENT_TIME: times.astype(np.int64)},
        name="event_study",
    )


def _of_draws(draws: xr.DataArray) -> EventStudy:
    """Convert coefficients to cells: one cohort, one observation each."""
    if set(draws.dims) != {*v.SAMPLE_DIMS, v.EVENT_TIME}:
        raise StudyError(
            f"the draws have the dims {shown(map(str, draws.dims))}",
            hint="chain, draw and event_time, as returned by nqp.event_study_draws",
        )
    times = draws[v.EVENT_TIME].to_numpy()
    if len(set(times.tolist())) < times.size:
        raise StudyError("'event_time' repeats a period", hint="one coefficient for each period")
    reference = -1
    if (times == reference).any():
        draws = draws.isel({v.EVENT_TIME: times != reference})
        times = draws[v.EVENT_TIME].to_numpy()
    if (times >= 0).sum() == 0 or (times < reference).sum() == 0:
        raise StudyError(
            "the event study has no effect, or no lead other than the reference at −1",
            hint="coefficients at event times −2 and 0 at least",
        )
    values = draws.transpose(*v.SAMPLE_DIMS, v.EVENT_TIME).to_numpy()
    attrs = {str(k): x for k, x in draws.attrs.items() if isinstance(x, str | int | float)}
    parts = [
        schema.build(
            values[:, :, None, part],
            strata={},
            cohort=np.zeros(part.sum(), dtype=np.int64),
            time=times[part],
            event_time=times[part],
            rows=np.ones(part.sum()),
            units=np.ones(part.sum()),
            gate=convergence_of(draws),
            attrs=attrs,
        )
        # Leads, then effects; both are zero in the reference period.
        for part in (times < reference, times > reference)
    ]
    return EventStudy(leads=parts[0], effects=parts[1])


def _numbers(argument: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise StudyError(
            f"'{argument}' contains a value that is not a number",
            where=shown([values]),
            hint="numbers",
        ) from None
