"""Direct, indirect and total effects, and the proportion mediated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import att
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.effects.estimands._registry import MEDIATORS, estimand

ALL = "all mediators"
"""Label of the joint indirect effect."""

_SURE = 0.975


@estimand(Message("Direct effect"), place=20, needs=(MEDIATORS,))
@door
def nde(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    balanced: int | None = None,
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Average the natural direct effect, which bypasses the mediators.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a `Mediation` model.
    by : str, sequence of str or mapping, optional
        See `att`.
    weights : str, default "rows"
        See `att`.
    balanced : int, optional
        See `att`.
    anticipated : bool, default False
        See `att`.

    Raises
    ------
    StudyError
        See `att`; also if the model has no mediators.

    References
    ----------
    VanderWeele, T. (2015). Explanation in Causal Inference. Oxford University Press.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.nde(fit).dims
    ('chain', 'draw')
    """
    effects = effects_of(fit_or_effects)
    _mediators(effects)
    return _named(att(effects, by, weights, v.DIRECT, balanced, anticipated=anticipated), "nde")


@estimand(Message("Indirect effect"), place=21, needs=(MEDIATORS,))
@door
def nie(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    mediators: str | Sequence[str] | None = None,
    balanced: int | None = None,
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Average the indirect effect through every mediator, and through all of them.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a `Mediation` model.
    by : str, sequence of str or mapping, optional
        See `att`.
    weights : str, default "rows"
        See `att`.
    mediators : str or sequence of str, optional
        One mediator, which removes the dim, or a list of mediators. By default all mediators and,
        if there are several, their sum, "all mediators".
    balanced : int, optional
        See `att`.
    anticipated : bool, default False
        See `att`.

    Raises
    ------
    StudyError
        See `att`; also if the mediator does not exist.

    Notes
    -----
    The sum is the joint indirect effect. The effect through one of several mediators is causal only
    if mediators do not affect one another.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.nie(fit)["mediator"].values.tolist()
    ['digital', 'finance', 'idle', 'all mediators']
    """
    effects = effects_of(fit_or_effects)
    channels = _mediators(effects)
    average = partial(att, effects, by, weights, balanced=balanced, anticipated=anticipated)
    if isinstance(mediators, str):
        return _via(mediators, channels, average)
    names = channels if mediators is None else tuple(mediators)
    if not names:
        raise StudyError("'mediators' is empty", hint=f"mediators={list(channels)!r}, or None")
    parts = [_via(name, channels, average) for name in names]
    labels = list(names)
    if mediators is None and len(channels) > 1:
        joint = parts[0].copy(data=sum(part.to_numpy() for part in parts))
        parts.append(joint)
        labels.append(ALL)
    stacked = xr.concat(parts, dim=v.MEDIATOR, coords="minimal", compat="override")
    stacked = stacked.assign_coords({v.MEDIATOR: np.asarray(labels, dtype=str)})
    stacked = stacked.transpose(*v.SAMPLE_DIMS, v.MEDIATOR, ...)
    return stacked.assign_attrs({**parts[0].attrs, "path": "indirect"}).rename("nie")


@estimand(Message("Total effect"), place=22, needs=(MEDIATORS,))
@door
def total(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    balanced: int | None = None,
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Average the total effect, the sum of the direct and indirect effects.

    Parameters
    ----------
    by : str, sequence of str or mapping, optional
        See `att`.
    weights : str, default "rows"
        See `att`.
    balanced : int, optional
        See `att`.
    anticipated : bool, default False
        See `att`.

    Raises
    ------
    StudyError
        See `att`.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.total(fit).dims
    ('chain', 'draw')
    """
    draws = att(fit_or_effects, by, weights, v.TOTAL, balanced, anticipated=anticipated)
    return _named(draws, v.TOTAL)


@estimand(
    Message("Proportion mediated"),
    unit=Message("share of the total effect"),
    place=23,
    needs=(MEDIATORS,),
)
@door
def proportion_mediated(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    mediators: str | Sequence[str] | None = None,
    balanced: int | None = None,
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Divide indirect effects by the total effect, draw by draw.

    If the sign of the total effect is uncertain, the ratio is not meaningful: it is NaN, and the
    attr ``withheld`` lists the groups concerned.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a `Mediation` model.
    by, weights, mediators, balanced, anticipated
        See `nie`.

    Returns
    -------
    DataArray (chain, draw, mediator, ...), dimensionless
        Values can be below 0 or above 1, because direct and indirect effects can have opposite
        signs.

    Raises
    ------
    StudyError
        See `nie`.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.proportion_mediated(fit).dims
    ('chain', 'draw', 'mediator')
    """
    effects = effects_of(fit_or_effects)
    overall = att(effects, by, weights, v.TOTAL, balanced, anticipated=anticipated)
    via = nie(effects, by, weights, mediators, balanced, anticipated=anticipated)
    chance = (overall > 0).mean(v.SAMPLE_DIMS)
    sure = (chance >= _SURE) | (chance <= 1 - _SURE)
    ratio = (via / overall.reset_coords(drop=True)).where(sure)
    unknown = int((~sure & ~np.isnan(overall.isel(chain=0, draw=0, drop=True))).sum())
    withheld = NOTHING
    if unknown and overall.ndim == 2:
        withheld = Message("the interval of the total effect includes zero")
    elif unknown:
        withheld = Message(
            "the interval of the total effect includes zero in {} of {} groups",
            unknown,
            chance.size,
        )
    return ratio.assign_attrs(
        {**via.attrs, "estimand": "proportion mediated", "withheld": withheld}
    ).rename("proportion_mediated")


def _named(draws: xr.DataArray, estimand: str) -> xr.DataArray:
    return draws.assign_attrs(estimand=estimand).rename(estimand)


def _mediators(effects: xr.Dataset) -> tuple[str, ...]:
    names = tuple(x for x, role in schema.path_roles(effects).items() if role == v.INDIRECT)
    if not names:
        raise StudyError(
            "these effects have no mediators",
            hint="nqp.fit(nqp.Mediation(design, mediators=[...]), panel)",
        )
    return names


def _via(
    name: str, channels: tuple[str, ...], average: Callable[..., xr.DataArray]
) -> xr.DataArray:
    if name not in channels:
        raise StudyError(
            f"{name!r} is not a mediator of these effects", hint=nearest(name, channels)
        )
    return _named(average(path=name), "nie")
