"""Robust credible regions of any linear estimand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import By, at_level, names_of, sides_of
from bayes_nqp.robustness.trends import _bounds as bounds
from bayes_nqp.robustness.trends._event_study import EventStudy, event_study_of
from bayes_nqp.robustness.trends._groups import EventTime, Weights, groups_of
from bayes_nqp.robustness.trends._priors import BoundedDeviation, StepPrior
from bayes_nqp.robustness.trends._process import Violations

type Bound = Literal["relative magnitudes", "smoothness"]
type Pair = tuple[Violations | None, Violations | None]
"""The process of a group, and of the group that is taken off."""

_PRIOR = BoundedDeviation()
_RELATIVE = tuple(np.arange(0.0, 2.01, 0.25).tolist())
_FRACTIONS = np.array([0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """Arguments common to all groups."""

    bound: str
    contrast: bounds.Kind
    grid: Array
    prob: float
    prior: StepPrior | None
    seed: int


_BOUNDS: Final = frozenset({"M", "Mbar", "Mbarvec", "Mvec"})
"""Names in HonestDiD."""


@door
def trend_sensitivity(
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
    prior: StepPrior | None = _PRIOR,
    **dims: object,
) -> xr.Dataset:
    """Bound an effect under limited violations of parallel trends.

    All quantities come from a separate fit with flat priors on leads; leads and effects are
    relative to the last period before adoption. Violations after adoption are bounded by those
    before adoption, and every draw gives a set of effects.

    Parameters
    ----------
    source : Fit, or DataArray (chain, draw, event_time)
        A fit, or draws of an event study from `event_study_draws`.
    levels : mapping of str to level, optional
        Dim and level of a contrast, for names that are not identifiers.
    by : str, sequence of str or mapping, optional
        Grouping variables: stratum factors, "stratum", "cohort" or "event_time".
    minus : level, or mapping of str to level, optional
        Level of comparison, as in ``contrast``.
    contrast : {"difference", "own"}, default "difference"
        Bounded quantity of a contrast: steps of the difference between the two strata, or of each
        stratum. If one stratum is observed longer after adoption, its own steps are bounded in the
        additional periods.
    event_time : int or sequence of int, optional
        Periods averaged in the estimand; all by default.
    weights : str or mapping of int to float, default "rows"
        See `att`; or a weight for each event time, such as ``{3: 1, 0: -1}``.
    bound : {"relative magnitudes", "smoothness"}, default "relative magnitudes"
        "relative magnitudes": a step of the violation from one period to the next is at most M̄
        times the largest step before adoption. "smoothness": the slope changes by at most M in each
        period.
    grid : sequence of float, optional
        M̄ (0 to 2 by default), or M in outcome units (0 to the posterior SD of the effect).
    prob : float, default 0.95
        Posterior probability of the regions.
    prior : BoundedDeviation, SmoothnessPrior or None, default BoundedDeviation()
        Prior of the steps after adoption, for the draws ``adjusted``.
    **dims : level
        Dim and level of a contrast: ``region="inland", minus="coastal"``.

    Returns
    -------
    Dataset (..., limit), outcome units
        ``lower`` and ``upper`` ends of the robust credible region, ``lower_probability`` and
        ``upper_probability`` of a positive effect at every limit; ``estimate``, ``original_lower``,
        ``original_upper`` and ``original_probability`` of a positive effect under parallel trends;
        ``breakdown``, the largest limit at which the region excludes zero (0 if it never does);
        ``largest_step`` and ``reach``, posterior mean of Δ and half-width of the set over M̄Δ
        (relative magnitudes); ``compatible``, posterior probability that pre-adoption slopes
        satisfy the bound (smoothness); ``adjusted`` (chain, draw, ...), draws under the prior. NaN
        for groups without leads.

    Raises
    ------
    StudyError
        If an argument is unknown, or leads cannot be estimated.

    Notes
    -----
    The posterior of the largest absolute step is above its estimate, so regions under relative
    magnitudes are conservative.

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
    >>> robust = nqp.trend_sensitivity(draws, grid=[0, 1, 2])
    >>> robust["lower"].values.round(1)
    array([0.6, 0.5, 0.2])
    """
    _check(prob)
    try:
        study = event_study_of(source)
    except NotApplicable as reason:
        raise StudyError(
            str(reason), hint="sensitivity requires leads estimated on the panel of the fit"
        ) from None
    pair = {**(levels or {}), **dims}
    if minus is None and (bounds := _BOUNDS & pair.keys()):
        raise StudyError(
            f"sensitivity has no argument {min(bounds)!r}", hint="pass bounds as grid=[0, 1, 2]"
        )
    if pair and minus is None:
        raise StudyError("'minus' is missing", hint="region='inland', minus='coastal'")
    names = names_of(by) | {dim: dim for dim in pair if dim not in names_of(by)}
    groups = groups_of(study, names, event_time, weights)
    second, label = xr.full_like(groups, None), ""
    if minus is not None:
        first_levels, second_levels, label = sides_of(pair, minus)
        groups, second = at_level(groups, first_levels), at_level(groups, second_levels)
    pairs: list[Pair] = list(zip(groups.values.flat, second.values.flat, strict=True))
    question = _Question(bound, contrast, _grid(grid, bound, pairs), prob, prior, study.seed)
    parts = [_regions(*processes, question, bool(pair)) for processes in pairs]
    regions = _dataset(parts, groups, question, study)
    facts = _facts(study, by, event_time, weights, question)
    if pair:
        regions = regions.assign_coords(contrast=label)
        facts |= {"contrast": label, "contrast_bound": contrast}
    return regions.assign_attrs(facts)


def _check(prob: float) -> None:
    if not 0 < prob < 1:
        raise StudyError(f"prob={prob!r} is not a probability", hint="prob=0.95")


def _grid(grid: Sequence[float] | None, bound: str, pairs: list[Pair]) -> Array:
    if grid is not None:
        try:
            values = np.asarray(grid, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise StudyError(f"grid={grid!r} is not a list of limits", hint="grid=[0, 0.5, 1]")
        if (values < 0).any():
            raise StudyError("'grid' contains a negative limit", hint="0 is parallel trends")
        return np.unique(values)
    if bound == "relative magnitudes":
        return np.array(_RELATIVE)
    # From 0 to the largest posterior SD of an effect, rounded up to one digit.
    sd = max((float(_effect(*pair).std()) for pair in pairs if pair[0] is not None), default=1.0)
    size = 10 ** np.floor(np.log10(sd)) if sd > 0 else 1.0
    return _FRACTIONS * float(np.ceil(sd / size) * size)


def _effect(first: Violations | None, second: Violations | None) -> Array:
    assert first is not None
    return first.effect if second is None else first.effect - second.effect


def _regions(
    first: Violations | None, second: Violations | None, question: _Question, paired: bool
) -> dict[str, Array]:
    """Return regions, probabilities and breakdown of one estimand; empty without leads."""
    if first is None or (paired and second is None):
        return {}
    effect, parts = _effect(first, second), bounds.parts_of(first, second, question.contrast)
    if any(part.steps.shape[1] == 0 for part in parts):
        return {}
    values: dict[str, Array] = {}
    if question.bound == "smoothness":
        if first.differential_trend is None or (
            second is not None and second.differential_trend is None
        ):
            return {}
        sets, compatible = bounds.smoothness(first, second, question.contrast, question.seed)
        values["compatible"] = np.array([compatible(limit) for limit in question.grid])
    else:
        sets = bounds.relative_magnitudes(effect, parts)
        # Half-width at M̄ is M̄ Δ sum |r|: Δ is the half-width at 1 divided by the reach.
        reach = sum(float(np.abs(part.reach).sum()) for part in parts)
        spread = float(bounds.spread_of(parts, effect.size).mean())
        values["reach"] = np.array(reach)
        values["largest_step"] = np.array(spread / reach if reach else 0.0)
    ends = np.array([bounds.region(sets, limit, question.prob) for limit in question.grid])
    # P(lower > 0) and P(upper > 0): bounds on the posterior probability of a positive effect.
    chances = [[(end > 0).mean() for end in sets(limit)] for limit in question.grid]
    values["lower"], values["upper"] = ends.T
    values["lower_probability"], values["upper_probability"] = np.array(chances).T
    tail = (1 - question.prob) / 2
    values["estimate"] = np.array(effect.mean())
    values["original_lower"], values["original_upper"] = np.quantile(effect, [tail, 1 - tail])
    values["original_probability"] = np.array((effect > 0).mean())
    start = float(question.grid.max()) or 1.0
    values["breakdown"] = np.array(bounds.breakdown(sets, question.prob, start))
    if question.prior is not None:
        values["adjusted"] = bounds.adjusted(effect, parts, question.prior, question.seed)
    return values


def _dataset(
    parts: list[dict[str, Array]], groups: xr.DataArray, question: _Question, study: EventStudy
) -> xr.Dataset:
    sample = [study.effects.sizes[dim] for dim in v.SAMPLE_DIMS]
    dims = [str(dim) for dim in groups.dims]
    shapes = {name: values.shape for part in parts for name, values in part.items()}
    if not shapes:
        raise StudyError(
            "no group has the leads that this bound requires",
            hint="at least two periods before adoption; see nqp.identification(design, panel)",
        )
    data: dict[str, tuple[list[str], Array]] = {}
    for name, shape in shapes.items():
        values = np.stack([part.get(name, np.full(shape, np.nan)) for part in parts])
        if name == "adjusted":
            draws = values.T.reshape((*sample, *groups.shape))
            data[name] = ([*v.SAMPLE_DIMS, *dims], draws)
        else:
            limits = ["limit"][: len(shape)]
            data[name] = ([*dims, *limits], values.reshape((*groups.shape, *shape)))
    coords: dict[str, object] = {dim: groups[dim].to_numpy() for dim in dims}
    coords |= {"limit": question.grid, v.GATE: study.gate}
    if question.prior is not None:
        coords |= {dim: study.effects[dim].to_numpy() for dim in v.SAMPLE_DIMS}
    return xr.Dataset(data, coords=coords)


def _facts(
    study: EventStudy, by: By, event_time: EventTime, weights: Weights, question: _Question
) -> dict[str, str | float]:
    """Return all options as attrs that files can store."""
    attrs = {str(k): x for k, x in study.effects.attrs.items() if k != "factors"}
    times = [event_time] if isinstance(event_time, int | np.integer) else event_time
    return {
        **attrs,
        "estimand": "att",
        "by": "" if by is None else str(by),
        "event_time": "all" if times is None else ", ".join(str(e) for e in times),
        "weights": weights if isinstance(weights, str) else str(dict(weights)),
        "bound": question.bound,
        "prob": question.prob,
        "prior": "none" if question.prior is None else repr(question.prior),
        "reference": study.reference,
    }
