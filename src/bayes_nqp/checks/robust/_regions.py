"""Robust credible regions of any linear estimand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._result import NotApplicable
from bayes_nqp.checks.robust import _bounds as bounds
from bayes_nqp.checks.robust._groups import (
    EventTime,
    Groups,
    Weights,
    contrasted,
    groups_of,
    label_of,
)
from bayes_nqp.checks.robust._priors import NormalSteps, Prior, UniformSteps
from bayes_nqp.checks.robust._process import Process
from bayes_nqp.checks.robust._study import Study, study_of
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands import By, names_of

__all__ = ["BOUNDS", "Bound", "sensitivity"]

Array = npt.NDArray[np.float64]
type Bound = Literal["relative magnitudes", "smoothness"]

BOUNDS = ("relative magnitudes", "smoothness")
_KINDS = ("difference", "own")
_PRIOR = UniformSteps()
_RELATIVE = tuple(np.arange(0.0, 2.01, 0.25).tolist())
_FRACTIONS = np.array([0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What is asked of every group."""

    bound: str
    contrast: bounds.Kind
    grid: Array
    prob: float
    prior: Prior | None
    seed: int


@door
def sensitivity(
    source: object,
    levels: Mapping[str, object] | None = None,
    /,
    *,
    by: By = None,
    minus: object = None,
    contrast: Literal["difference", "own"] = "difference",
    event_time: EventTime = None,
    weights: Weights = "rows",
    bound: Bound = "relative magnitudes",
    grid: Sequence[float] | None = None,
    prob: float = 0.95,
    prior: Prior | None = _PRIOR,
    **dims: object,
) -> xr.Dataset:
    """Bound an effect when trends need not have been parallel.

    Everything comes from a separate fit with flat leads, its effects too, measured from the last
    period before adoption. Violations after adoption are bounded by those before it, and every
    draw gives a set of effects.

    Parameters
    ----------
    source : Fit, or DataArray (chain, draw, event_time)
        Draws of an event study are made by `event_study_draws`.
    levels : mapping of str to level, optional
        Dim and level of a contrast, for names that are no identifiers.
    by : str, sequence of str or mapping, optional
        What to keep apart: stratum factors, "stratum", "cohort" or "event_time".
    minus : level, or mapping of str to level, optional
        What to compare with, as in ``contrast``.
    contrast : {"difference", "own"}, default "difference"
        What is bounded in a contrast: the steps of the difference between the two strata, or
        those of each stratum. Where one reaches farther beyond adoption than the other, its own
        steps are bounded from there on.
    event_time : int or sequence of int, optional
        Which periods the estimand averages over; all by default.
    weights : str or mapping of int to float, default "rows"
        As in ``att``; or a weight for each event time, such as ``{3: 1, 0: -1}``.
    bound : {"relative magnitudes", "smoothness"}, default "relative magnitudes"
        "relative magnitudes": a step of the violation from one period to the next is at most M̄
        times the largest before adoption. "smoothness": its slope changes by at most M a period.
    grid : sequence of float, optional
        M̄ (0 to 2 by default), or M in outcome units (0 to the posterior sd of the effect).
    prob : float, default 0.95
        Of the regions.
    prior : UniformSteps, NormalSteps or None, default UniformSteps()
        Of the steps after adoption, for the draws ``adjusted``.
    **dims : level
        Dim and level of a contrast: ``region="inland", minus="coastal"``.

    Returns
    -------
    Dataset (..., limit), outcome units
        ``lower`` and ``upper`` ends of the robust credible region, ``lower_probability`` and
        ``upper_probability`` of a positive effect at every limit; ``estimate``,
        ``original_lower`` and ``original_upper`` under parallel trends; ``breakdown``, the
        largest limit at which the region excludes zero (0 if it never does); ``largest_step``
        and ``reach``, posterior mean of Δ and half-width of the set over M̄Δ (relative
        magnitudes); ``compatible``,
        posterior probability that the bound holds before adoption (smoothness); ``adjusted``
        (chain, draw, ...), draws under the prior. NaN for groups without leads.

    Raises
    ------
    StudyError
        If an argument is unknown, or a fit cannot tell leads.

    Notes
    -----
    The posterior of a largest absolute step lies above the step that was estimated, so regions
    under relative magnitudes are conservative.

    References
    ----------
    Rambachan, A. and Roth, J. (2023). A more credible approach to parallel trends. Review of
    Economic Studies 90(5).
    Giacomini, R. and Kitagawa, T. (2021). Robust Bayesian inference for set-identified models.
    Econometrica 89(4).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> draws = nqp.event_study_draws([0.1, 1.0], [[0.01, 0], [0, 0.04]], [-2, 0])
    >>> robust = nqp.sensitivity(draws, grid=[0, 1, 2])
    >>> robust["lower"].values.round(1)
    array([0.6, 0.5, 0.2])
    """
    _check(bound, contrast, prob, prior)
    given: object = weights
    if not isinstance(given, str | Mapping):
        raise StudyError(f"weights={given!r} are none", hint="'rows', or {3: 1, 0: -1}")
    try:
        study = study_of(source)
    except NotApplicable as reason:
        raise StudyError(
            str(reason), hint="sensitivity needs leads of the fit's own panel"
        ) from None
    pair = {**(levels or {}), **dims}
    if pair and minus is None:
        raise StudyError("'minus' is missing", hint="region='inland', minus='coastal'")
    names = names_of(by) | {dim: dim for dim in pair if dim not in names_of(by)}
    groups = groups_of(study, names, event_time, weights)
    if minus is None:
        pairs: list[tuple[Process | None, Process | None]] = [(p, None) for p in groups.processes]
    else:
        groups, pairs = contrasted(groups, pair, minus)
    asked = _Asked(bound, contrast, _grid(grid, bound, pairs), prob, prior, study.seed)
    found = [_one(first, second, asked, bool(pair)) for first, second in pairs]
    made = _dataset(found, groups, asked, study)
    facts = _facts(study, by, event_time, weights, asked)
    if pair:
        label = label_of(pair, minus)
        made = made.assign_coords(contrast=label)
        facts |= {"contrast": label, "contrast_bound": contrast}
    return made.assign_attrs(facts)


def _check(bound: str, contrast: str, prob: object, prior: object) -> None:
    for name, value, known in (("bound", bound, BOUNDS), ("contrast", contrast, _KINDS)):
        if value not in known:
            raise StudyError(f"{name}={value!r} is not one", hint=nearest(str(value), known))
    if not isinstance(prob, float) or not 0 < prob < 1:
        raise StudyError(f"prob={prob!r} is no probability", hint="prob=0.95")
    if prior is not None and not isinstance(prior, UniformSteps | NormalSteps):
        raise StudyError(
            f"prior={prior!r} is no prior of steps", hint="nqp.UniformSteps() or nqp.NormalSteps()"
        )


def _grid(
    grid: Sequence[float] | None,
    bound: str,
    pairs: list[tuple[Process | None, Process | None]],
) -> Array:
    if grid is not None:
        try:
            values = np.asarray(grid, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise StudyError(f"grid={grid!r} is no list of limits", hint="grid=[0, 0.5, 1]")
        if (values < 0).any():
            raise StudyError("'grid' holds a negative limit", hint="0 is parallel trends")
        return np.unique(values)
    if bound == "relative magnitudes":
        return np.array(_RELATIVE)
    sd = max((float(_effect(*pair).std()) for pair in pairs if pair[0] is not None), default=1.0)
    size = 10 ** np.floor(np.log10(sd)) if sd > 0 else 1.0
    return _FRACTIONS * float(np.ceil(sd / size) * size)


def _effect(first: Process | None, second: Process | None) -> Array:
    assert first is not None
    return first.effect if second is None else first.effect - second.effect


def _one(
    first: Process | None, second: Process | None, asked: _Asked, paired: bool
) -> dict[str, Array]:
    """Regions, probabilities and breakdown of one estimand; nothing where it has no leads."""
    if first is None or (paired and second is None):
        return {}
    effect, parts = _effect(first, second), bounds.parts_of(first, second, asked.contrast)
    if any(part.steps.shape[1] == 0 for part in parts):
        return {}
    found: dict[str, Array] = {}
    compatible: Callable[[float], float] | None = None
    sets = bounds.relative_magnitudes(effect, parts)
    if asked.bound == "smoothness":
        if first.drift is None or (second is not None and second.drift is None):
            return {}
        sets, compatible = bounds.smoothness(first, second, asked.contrast, asked.seed)
    else:
        reach = sum(float(np.abs(part.reach).sum()) for part in parts)
        spread = float(bounds.spread_of(parts, effect.size).mean())
        found["reach"] = np.array(reach)
        found["largest_step"] = np.array(spread / reach if reach else 0.0)
    ends = np.array([bounds.region(sets, limit, asked.prob) for limit in asked.grid])
    chances = [[(end > 0).mean() for end in sets(limit)] for limit in asked.grid]
    found["lower"], found["upper"] = ends.T
    found["lower_probability"], found["upper_probability"] = np.array(chances).T
    if compatible is not None:
        found["compatible"] = np.array([compatible(limit) for limit in asked.grid])
    tail = (1 - asked.prob) / 2
    found["estimate"] = np.array(effect.mean())
    found["original_lower"], found["original_upper"] = np.quantile(effect, [tail, 1 - tail])
    start = float(asked.grid.max()) or 1.0
    found["breakdown"] = np.array(bounds.breakdown(sets, asked.prob, start))
    if asked.prior is not None:
        found["adjusted"] = bounds.adjusted(effect, parts, asked.prior, asked.seed)
    return found


def _dataset(
    found: list[dict[str, Array]], groups: Groups, asked: _Asked, study: Study
) -> xr.Dataset:
    sample = [study.effects.sizes[dim] for dim in v.SAMPLE_DIMS]
    dims = [axis.name for axis in groups.axes]
    shapes = {name: values.shape for one in found for name, values in one.items()}
    if not shapes:
        raise StudyError(
            "no group has the leads that this bound needs",
            hint="two periods before adoption; nqp.support(design, panel)",
        )
    made: dict[str, tuple[list[str], Array]] = {}
    for name, shape in shapes.items():
        values = np.stack([one.get(name, np.full(shape, np.nan)) for one in found])
        if name == "adjusted":
            values = values.T.reshape((*sample, *groups.shape))
            made[name] = ([*v.SAMPLE_DIMS, *dims], values)
        else:
            made[name] = (
                [*dims, *["limit"][: len(shape)]],
                values.reshape((*groups.shape, *shape)),
            )
    coords: dict[str, object] = {axis.name: axis.labels for axis in groups.axes}
    coords |= {"limit": asked.grid, v.GATE: study.gate}
    if asked.prior is not None:
        coords |= {dim: study.effects[dim].to_numpy() for dim in v.SAMPLE_DIMS}
    return xr.Dataset(made, coords=coords)


def _facts(
    study: Study, by: By, event_time: EventTime, weights: Weights, asked: _Asked
) -> dict[str, str | float]:
    """Say every choice, in attrs that files can hold."""
    kept = {str(k): x for k, x in study.effects.attrs.items() if k != "factors"}
    at = [event_time] if isinstance(event_time, int | np.integer) else event_time
    return {
        **kept,
        "estimand": "att",
        "by": "" if by is None else str(by),
        "event_time": "all" if at is None else ", ".join(str(e) for e in at),
        "weights": weights if isinstance(weights, str) else str(dict(weights)),
        "bound": asked.bound,
        "prob": asked.prob,
        "prior": "none" if asked.prior is None else repr(asked.prior),
        "reference": study.reference,
    }
