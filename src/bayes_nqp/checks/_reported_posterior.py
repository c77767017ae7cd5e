"""The posterior that reprs, tables, figures, studies and reports state, in one place."""

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
    """The posterior that is stated, and next to it the one under the design's own assumption.

    Parameters
    ----------
    effects : Dataset
        Of the waist: under the model average, or as fitted where there is none.
    fitted : Dataset
        Of the waist, as fitted.
    average : ModelAverage or None
        None where the design states another assumption than parallel trends, or where the panel
        identifies no alternative.
    missing : Message
        Why there is no model average; empty where there is one, or where none is called for.
    """

    effects: xr.Dataset
    fitted: xr.Dataset
    average: ModelAverage | None = None
    missing: Message = NOTHING


def reported_posterior(source: object, *, compute: bool = True) -> ReportedPosterior:
    """Return the posterior to be reported of a fit.

    Effects under a design that assumes parallel trends are reported under the model average,
    whatever a test of pre-trends finds: a choice between the two by such a test would distort both
    (Roth 2022). The fit keeps the average.

    Parameters
    ----------
    source : Fit, or Dataset of effects, or what holds one
        Effects without a fit are reported as they are.
    compute : bool, default True
        Whether to compute an average that the fit does not keep yet.
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
    # Names and units of the outcome are those of the fit, which may have been renamed since.
    effects = average.effects.assign_attrs(fitted.attrs)
    return ReportedPosterior(effects, fitted, average)


def _average(fit: Fit) -> ModelAverage | Message:
    """The model average, or why there is none."""
    try:
        average = model_average(fit)
    except NotApplicable as missing:
        return missing.why
    except NQPError as error:
        return reason(error)
    if len(average.designs) < 2:
        return Message("This panel identifies no alternative to parallel trends.")
    return average
