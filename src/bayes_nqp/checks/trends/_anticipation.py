"""Check for anticipation effects before adoption."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.i18n import NOTHING, Message, advised, joined
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    FAR,
    HOLDS,
    Alternative,
    Finding,
    Guide,
    asks,
    compared,
    comparison,
    excluding_zero,
    worst_of,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, UNSELECTED, Fit, panel_of, refit
from bayes_nqp.model.predictors import NEIGHBOUR

_SAME: Final = Message(
    "The effect in the last period before adoption is compatible with zero, and the conclusion is "
    "the same if this period is not used as a control."
)
_EARLY: Final = Message(
    "In the last period before adoption, treated units already deviate from untreated "
    "units, compared with earlier periods. They may respond early or follow another "
    "trend, so this period is no valid baseline."
)
_MOVED: Final = Message(
    "The average effect therefore depends on the assumption that units do not respond early."
)


@asks(
    "Did units respond before adoption?",
    "anticipation",
    place=60,
    needs=(ADOPTION, ROWS, REFITS, UNSELECTED),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Effect in the last period before adoption, and the average effect after adoption, if "
            "effects may begin one period earlier, two periods earlier, and so on."
        ),
        thresholds=Message(
            "Failed: the {0:.1%} interval of the effect in the period before adoption excludes "
            "zero, or the average effect changes sign. Caution: the {1:.0%} interval excludes "
            "zero, the conclusion about the average effect changes, or it moves by more than "
            "{2:.0f} posterior SDs and more than chance explains. Passed: otherwise.",
            1.0 - FAILING,
            1.0 - DOUBTFUL,
            FAR,
        ),
        failure=Message(
            "The period before adoption is already affected or the groups diverge, so effects "
            "measured from it are biased."
        ),
        remedy=Message(
            "allow for an early response with {}, and report both estimates",
            Hint("anticipation", 1),
        ),
        code="early = nqp.fit(nqp.StaggeredDiD(anticipation=1), panel)\nnqp.att(early)",
        limits=Message(
            "An early response and a differential trend look the same in one period; the check "
            "pretrends compares them."
        ),
    ),
)
def anticipation(fit: Fit, *, periods: Annotated[int, Ge(1)] = 2) -> Finding:
    """Estimate the effect if responses may begin one period early, two periods early, and so on.

    Anticipation would show in two ways: an effect in the period before adoption, and a larger
    average effect after adoption if this period is no longer a control. The effect before adoption
    excludes spillovers from linked units. Observations just before adoption of units that already
    lie in a distance band of treated units are excluded from both.

    Parameters
    ----------
    periods : int, default 2
        Number of windows.

    Returns
    -------
    Finding
        Evidence of kind "specifications"; the attrs contain the effect in the period before
        adoption.
    """
    panel, ahead = panel_of(fit), fit.facts.anticipation
    first = int(panel.cohort_codes[panel.cohort_codes >= 0].min())
    most = min(periods, first - 1 - ahead)
    if most < 1:
        raise NotApplicable(
            Message("The first cohort has too few periods before adoption to omit one.")
        )
    unreached = _unreached(fit, ahead + most)
    windows = [
        Alternative(
            Message("{n} period of anticipation", plural="{n} periods of anticipation", n=k),
            Message("anticipation"),
            fit.variant(anticipation=k, drop=True),
            unreached,
            fewer=True,
        )
        for k in range(ahead + 1, ahead + most + 1)
    ]
    evidence = compared(fit, windows, Message("refitting with anticipation"))
    against = comparison(evidence)
    sooner, before = refit(fit, windows[0].design, unreached), -1 - ahead
    early = _itself(group_time_effects(sooner), before)
    response = excluding_zero(early)
    figure = Message(
        "effect at event time {}: {:.3g} (SD {:.2g}); average effect moves by {:+z.1f} posterior "
        "SDs if this period is no control",
        before,
        early.mean(),
        early.std(),
        against.shift[0],
    )
    with_periods = Message("with {}", context="anticipation")
    sentence = _EARLY
    if response == HOLDS:
        meaning = NOTHING if against.verdict == HOLDS else _MOVED
        sentence = joined([against.sentence(_SAME, with_periods), meaning])
    verdict = worst_of([response, against.verdict])
    if verdict != HOLDS:
        step = Message(
            "Next: allow for an early response with {}, report both estimates, and compare with "
            "{}.",
            Hint("anticipation", ahead + 1),
            Hint("check", "pretrends"),
        )
        sentence = joined([sentence, advised(step)])
    evidence = evidence.assign_attrs(before=early.mean(), before_sd=early.std())
    return Finding(verdict, figure, sentence, evidence, "specifications", sooner)


def _unreached(fit: Fit, periods: int) -> Panel:
    """Return a fit's panel without observations just before adoption that spillovers already reach.

    With distance bands, treated units receive other spillovers than untreated units. If a unit were
    assumed to respond early, the spillovers of that period would count as its response.
    """
    panel, frame = panel_of(fit), fit.model_frame.codes
    cohort = panel.cohort_codes[frame.unit]
    reached = (frame.role == NEIGHBOUR) & (cohort >= 0) & (frame.time >= cohort - periods)
    return panel.where(~reached) if reached.any() else panel


def _itself(effects: xr.Dataset, event_time: int) -> Array:
    """Return draws of the direct effect at an event time, without spillovers from linked units."""

    def at(path: str) -> Array:
        return np.ravel(att(effects, v.EVENT_TIME, path=path).sel({v.EVENT_TIME: event_time}))

    return at(v.TOTAL) - (at(v.RECEIVED) if v.RECEIVED in effects[v.PATH] else 0.0)
