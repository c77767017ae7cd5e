"""The posterior that reprs, tables, figures, studies and reports use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import xarray as xr

from bayes_nqp._core.exceptions import NotApplicable, NQPError
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.checks.shared import reason
from bayes_nqp.checks.trends import ModelAverage, model_average
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import effects_of
from bayes_nqp.inference.fitting import Fit, kept, once

_KEY = "model average"


@dataclass(frozen=True, slots=True, eq=False)
class ReportedPosterior:
    """The reported posterior, and that under the assumption of the design.

    Parameters
    ----------
    effects : Dataset
        Effects dataset under the model average, or as fitted if there is none.
    fitted : Dataset
        Effects dataset as fitted.
    average : ModelAverage or None
        None if the design does not assume parallel trends, or if the panel identifies no
        alternative.
    missing : Message
        Reason for a missing model average; empty if it exists or is not needed.
    """

    effects: xr.Dataset
    fitted: xr.Dataset
    average: ModelAverage | None = None
    missing: Message = NOTHING


def reported_posterior(source: object, *, compute: bool = True) -> ReportedPosterior:
    """Return the reported posterior of a fit.

    Effects of a design with parallel trends are reported under the model average, regardless of
    pre-trend tests: a choice between the two by such a test would distort both (Roth 2022). The fit
    caches the average.

    Parameters
    ----------
    source : Fit, or Dataset of effects, or an object with one
        Effects without a fit are reported unchanged.
    compute : bool, default True
        Compute the average if the fit has not cached it.
    """
    if not isinstance(source, Fit):
        effects = effects_of(source)
        return ReportedPosterior(effects, effects)
    fitted = group_time_effects(source)
    if not (source.facts.adopted and source.facts.parallel):
        return ReportedPosterior(fitted, fitted)
    if not compute and kept(source, _KEY) is None:
        return ReportedPosterior(fitted, fitted)
    average = once(source, _KEY, partial(_average, source))
    if isinstance(average, Message):
        return ReportedPosterior(fitted, fitted, None, average)
    # The outcome of the fit may have been renamed after the average was computed.
    effects = average.effects.assign_attrs(fitted.attrs)
    return ReportedPosterior(effects, fitted, average)


def _average(fit: Fit) -> ModelAverage | Message:
    """Return the model average, or the reason why there is none."""
    try:
        average = model_average(fit)
    except NotApplicable as missing:
        return missing.why
    except NQPError as error:
        return reason(error)
    if len(average.designs) < 2:
        return Message("This panel identifies no alternative to parallel trends.")
    return average
