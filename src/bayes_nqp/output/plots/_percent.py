"""Effects under a log link in per cent, with a second axis in events."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import att
from bayes_nqp.output.plots._style import MUTED
from bayes_nqp.robustness import OverTime

PERCENT_NOTE: Final = Message("Per cent: exp(x) − 1 of the average x in log points.")
EVENTS_NOTE: Final = Message("Right axis: at the mean of {} events without the policy.")
EVENTS: Final = Message("Events per treated observation")


class InPercent(OverTime):
    """Effects in per cent by event time, with the band of log points."""

    __slots__ = ()

    def band(self, prob: float) -> tuple[Array, Array]:
        """Transform the simultaneous band of log points, which stays above -100 %."""
        own, leads, effects = (
            None if x is None else x.copy(data=np.log1p(x.to_numpy() / 100.0))
            for x in (self.own, self.leads, self.effects)
        )
        assert own is not None
        lower, upper = OverTime(own, leads, effects).band(prob)
        return 100.0 * np.expm1(lower), 100.0 * np.expm1(upper)


def in_percent(course: OverTime) -> OverTime:
    """Convert log points to per cent, draw by draw.

    Raises
    ------
    StudyError
        If effects are not in log points.
    """
    if schema.link_of(course.own) != v.LOG:
        raise StudyError(
            "scale='percent' requires effects in log points of a likelihood with a log link",
            hint="scale='link', or nqp.relative_effects(fit, by='event_time')",
        )
    values = {each.name: getattr(course, each.name) for each in fields(course)}
    draws = {x: values[x] for x in ("own", "leads", "effects") if values[x] is not None}
    return InPercent(**values | {name: _percent(x) for name, x in draws.items()})


def _percent(draws: xr.DataArray) -> xr.DataArray:
    attrs = {**draws.attrs, v.LINK: v.IDENTITY, "outcome_unit": "%"}
    return draws.copy(data=100.0 * np.expm1(draws.to_numpy())).assign_attrs(attrs)


def untreated_events(effects: xr.Dataset) -> float | None:
    """Return the mean number of events of a treated observation without the policy, or None."""
    if v.UNTREATED not in effects:
        return None
    rows = effects[v.ROWS].to_numpy()[effects[v.IDENTIFIED].to_numpy()]
    observed = effects[v.OBSERVED].to_numpy()[effects[v.IDENTIFIED].to_numpy()]
    mean = float(rows @ observed / rows.sum()) - float(att(effects, scale="outcome").mean())
    return mean if mean > 0 else None


def events_axis(ax: Axes, events: float, label: str) -> None:
    """Add an axis on the right with the events that correspond to per cent."""
    factor = events / 100.0
    scales = partial(np.multiply, factor), partial(np.multiply, 1.0 / factor)
    right = ax.secondary_yaxis("right", functions=scales)
    right.set_ylabel(label, color=MUTED, fontsize=8.5)
    right.tick_params(colors=MUTED, labelsize=8)
    right.spines["right"].set_color(MUTED)
