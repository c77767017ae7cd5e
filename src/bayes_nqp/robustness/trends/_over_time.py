"""Effects by event time, and what came before, from one baseline."""

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


@dataclass(frozen=True, slots=True, eq=False)
class OverTime:
    """Effects by event time of all units, or of one group.

    Parameters
    ----------
    own : DataArray (chain, draw, ..., event_time), outcome units
        Effects as the fit has them, or the source.
    leads, effects : DataArray (chain, draw, ..., event_time) or None, outcome units
        Of one fit, all measured from the reference.
    reference : int
        Event time of the reference.
    whole : bool
        Whether `own` is measured from all periods before effects begin.
    missing : Message
        Why there are no leads, where they were asked for.
    labels : mapping
        Of the group.
    averaged : bool
        Whether `own` is under a model average.
    """

    own: xr.DataArray
    leads: xr.DataArray | None = None
    effects: xr.DataArray | None = None
    reference: int = -1
    whole: bool = True
    missing: Message = NOTHING
    labels: Mapping[str, Any] | None = None
    averaged: bool = False

    @property
    def main(self) -> xr.DataArray:
        """Effects from the reference, or the source's where there are no leads."""
        return self.own if self.effects is None else self.effects

    @property
    def parts(self) -> tuple[xr.DataArray, ...]:
        """What one baseline measures: leads, then effects."""
        return tuple(x for x in (self.leads, self.main) if x is not None)

    @property
    def baseline(self) -> str:
        """From what `own` is measured."""
        if self.averaged:
            return "model average"
        return "all periods before" if self.whole else "as fitted"

    def band(self, prob: float) -> tuple[Array, Array]:
        """Find the sup-t band of all that one baseline measures, of a group.

        Returns
        -------
        tuple of two arrays (event_time)
            In the order of `parts`.
        """
        flat = [x.transpose(*v.SAMPLE_DIMS, v.EVENT_TIME).to_numpy() for x in self.parts]
        return simultaneous(np.concatenate(flat, axis=-1), prob)

    def groups(self) -> Iterator[OverTime]:
        """Take it apart, a group each, with the event times that are known of it."""
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
) -> OverTime:
    """Average effects at every event time, and leads with them; a fit keeps them.

    Parameters
    ----------
    source : Fit or Dataset
        Effects of the waist have no leads.
    by : str, sequence of str or mapping, optional
        As in `att`.
    weights : str, default "rows"
        As in `att`.
    balanced : int, optional
        As in `att`.
    leads : bool or int, default True
        Whether a lead fit is made, which the fit keeps; a number keeps the last so many leads.

    Raises
    ------
    StudyError
        As `att`; and if `leads` is negative.
    """
    if leads < 0:
        hint = "leads=5 for the last five, leads=False for none"
        raise StudyError(f"'leads' is {leads}, but must not be negative", hint=hint)
    names = {new: old for new, old in names_of(by).items() if old != v.EVENT_TIME}
    if not isinstance(source, Fit):
        return _averaged(source, names, weights, balanced, leads)
    called = tuple(str(source.effects.attrs.get(name, "")) for name in ("outcome", "outcome_unit"))
    key = ("over time", called, tuple(names.items()), weights, balanced, leads is True, leads)
    return once(source, key, lambda: _averaged(source, names, weights, balanced, leads))


def _averaged(
    source: object, names: dict[str, str], weights: str, balanced: int | None, leads: bool | int
) -> OverTime:
    direct = by_event_time(effects_of(source), names, weights, balanced)
    alone = OverTime(direct, reference=reference_of(direct))
    if not isinstance(source, Fit):
        return alone
    alone = replace(alone, whole=source.facts.parallel)
    if not leads or v.CELL in names.values():
        return alone
    try:
        study = event_study_of(source)
        before = by_event_time(study.leads, names, weights)
        effects = by_event_time(study.effects, names, weights, balanced)
    except NotApplicable as absent:
        return replace(alone, missing=absent.why)
    except NQPError as error:
        return replace(alone, missing=error.what)
    if leads is not True:
        before = before.isel({v.EVENT_TIME: before[v.EVENT_TIME] >= study.reference - int(leads)})
    return replace(alone, leads=before, effects=effects, reference=study.reference)


def _known(draws: xr.DataArray | None, labels: Mapping[str, Any]) -> xr.DataArray | None:
    """One group's draws at the event times that it has; None without any."""
    if draws is None or any(x not in draws[dim].to_numpy() for dim, x in labels.items()):
        return None
    draws = draws.sel(labels)
    draws = draws.isel({v.EVENT_TIME: ~np.isnan(draws.isel(chain=0, draw=0).to_numpy())})
    return draws if draws.sizes[v.EVENT_TIME] else None
