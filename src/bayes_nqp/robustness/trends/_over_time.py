"""Effects by event time and pre-adoption coefficients with one reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, NQPError, StudyError
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.effects.estimands import (
    By,
    by_event_time,
    effects_of,
    names_of,
    reference_of,
    simultaneous,
)
from bayes_nqp.inference.fitting import Fit, once
from bayes_nqp.robustness.trends._event_study import event_study_of
from bayes_nqp.robustness.trends._reference import cohorts_of, relative_to


@dataclass(frozen=True, slots=True, eq=False)
class OverTime:
    """Effects by event time for all units, or for one group.

    Parameters
    ----------
    own : DataArray (chain, draw, ..., event_time), outcome units
        Effects of the fit, or of the source.
    leads, effects : DataArray (chain, draw, ..., event_time) or None, outcome units
        Leads and effects of one fit, relative to the reference.
    reference : int
        Event time of the reference.
    whole : bool
        True if `own` is relative to all periods before effects begin.
    missing : Message
        Reason for missing leads, if requested.
    labels : mapping
        Labels of the group.
    averaged : bool
        True if `own` is a model average.
    left_out : int
        Number of cohorts (within strata) that are not observed in the reference period.
    """

    own: xr.DataArray
    leads: xr.DataArray | None = None
    effects: xr.DataArray | None = None
    reference: int = -1
    whole: bool = True
    missing: Message = NOTHING
    labels: Mapping[str, Any] | None = None
    averaged: bool = False
    left_out: int = 0

    @property
    def main(self) -> xr.DataArray:
        """Return effects relative to the reference, or the source's effects without leads."""
        return self.own if self.effects is None else self.effects

    @property
    def parts(self) -> tuple[xr.DataArray, ...]:
        """Return leads, then effects, with the same reference."""
        return tuple(x for x in (self.leads, self.main) if x is not None)

    @property
    def onset(self) -> float:
        """Return the position between the last period before effects begin and the first one."""
        last = self.reference if self.leads is None else int(self.leads[v.EVENT_TIME].max())
        return max(last, self.reference) + 0.5

    @property
    def baseline(self) -> str:
        """Return the reference of `own`."""
        if self.averaged:
            return "model average"
        return "all periods before" if self.whole else "as fitted"

    def band(self, prob: float) -> tuple[Array, Array]:
        """Compute the simultaneous (sup-t) band of all leads and effects of a group.

        Returns
        -------
        tuple of two arrays (event_time)
            In the order of `parts`.
        """
        flat = [x.transpose(*v.SAMPLE_DIMS, v.EVENT_TIME).to_numpy() for x in self.parts]
        return simultaneous(np.concatenate(flat, axis=-1), prob)

    def groups(self) -> Iterator[OverTime]:
        """Split into groups, each with its available event times."""
        dims = [str(d) for d in self.own.dims if d not in (*v.SAMPLE_DIMS, v.EVENT_TIME)]
        for levels in product(*(self.own[dim].to_numpy() for dim in dims)):
            labels = dict(zip(dims, levels, strict=True))
            of_group = _known(self.own, labels)
            effects = _known(self.effects, labels)
            if of_group is not None:
                leads = None if effects is None else _known(self.leads, labels)
                yield replace(self, own=of_group, effects=effects, leads=leads, labels=labels)


def over_time(
    source: object,
    by: By = None,
    weights: str = "rows",
    balanced: int | None = None,
    leads: bool | int = True,
    reference: int | None = None,
) -> OverTime:
    """Average effects and leads at every event time; a fit caches the result.

    Parameters
    ----------
    source : Fit or Dataset
        A Dataset of group-time effects has no leads.
    by : str, sequence of str or mapping, optional
        See `att`.
    weights : str, default "rows"
        See `att`.
    balanced : int, optional
        See `att`.
    leads : bool or int, default True
        If True, a fit with leads is computed and cached in the fit. A number selects that many last
        leads.

    Raises
    ------
    StudyError
        See `att`; also if `leads` is negative.
    """
    if leads < 0:
        hint = "leads=5 for the last five, leads=False for none"
        raise StudyError(f"'leads' is {leads}, but must not be negative", hint=hint)
    names = {new: old for new, old in names_of(by).items() if old != v.EVENT_TIME}
    if not isinstance(source, Fit):
        if reference is not None:
            raise StudyError(
                Message("reference={}: group-time effects have no leads", reference),
                hint="a fit with its observations, or leave out 'reference'",
            )
        return _averaged(source, names, weights, balanced, leads)
    called = tuple(str(source.effects.attrs.get(name, "")) for name in ("outcome", "outcome_unit"))
    key = (
        "over time",
        called,
        tuple(names.items()),
        weights,
        balanced,
        leads is True,
        leads,
        reference,
    )
    return once(source, key, lambda: _averaged(source, names, weights, balanced, leads, reference))


def _averaged(
    source: object,
    names: dict[str, str],
    weights: str,
    balanced: int | None,
    leads: bool | int,
    reference: int | None = None,
) -> OverTime:
    direct = by_event_time(effects_of(source), names, weights, balanced)
    alone = OverTime(direct, reference=reference_of(direct))
    if not isinstance(source, Fit):
        return alone
    alone = replace(alone, whole=source.facts.parallel)
    if reference is None and (not leads or v.CELL in names.values()):
        return alone
    try:
        natural = event_study_of(source)
    except NotApplicable as absent:
        return _without_leads(alone, reference, absent.why)
    except NQPError as error:
        return _without_leads(alone, reference, error.what)
    study = natural if reference is None else relative_to(natural, reference)
    try:
        before = by_event_time(study.leads, names, weights)
        effects = by_event_time(study.effects, names, weights, balanced)
    except NQPError as error:
        return _without_leads(alone, reference, error.what)
    if leads is not True:
        before = before.isel({v.EVENT_TIME: before[v.EVENT_TIME] >= natural.reference - int(leads)})
    lost = np.setdiff1d(cohorts_of(natural.effects), cohorts_of(study.effects)).size
    return replace(alone, leads=before, effects=effects, reference=study.reference, left_out=lost)


def _without_leads(alone: OverTime, reference: int | None, why: Message) -> OverTime:
    """Return effects without leads, unless a reference was requested."""
    if reference is not None:
        raise StudyError(
            Message("reference={}: there are no leads ({})", reference, why),
            hint="leave out 'reference'",
        )
    return replace(alone, missing=why)


def _known(draws: xr.DataArray | None, labels: Mapping[str, Any]) -> xr.DataArray | None:
    """Return one group's draws at its event times; None if there are none."""
    if draws is None or any(x not in draws[dim].to_numpy() for dim, x in labels.items()):
        return None
    draws = draws.sel(labels)
    draws = draws.isel({v.EVENT_TIME: ~np.isnan(draws.isel(chain=0, draw=0).to_numpy())})
    return draws if draws.sizes[v.EVENT_TIME] else None
