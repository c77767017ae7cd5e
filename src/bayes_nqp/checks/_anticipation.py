"""Whether the effect begins before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._alternatives import Alternative, compared
from bayes_nqp.checks._judged import Judged, judged
from bayes_nqp.checks._needs import ADOPTION, REFITS, ROWS
from bayes_nqp.checks._options import whole_number
from bayes_nqp.checks._refit import cautious, panel_of, refit, staggered
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.effects import cell_effects
from bayes_nqp.estimands import att
from bayes_nqp.language import Message

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

_ENDS, _FAR_ENDS = (0.025, 0.975), (0.005, 0.995)


@asks(
    "Did units respond before adoption?", "anticipation", place=60, needs=(ADOPTION, ROWS, REFITS)
)
def anticipation(fit: Fit, *, periods: int = 2) -> Finding:
    """Let effects begin one period earlier, two periods earlier, and so on.

    Two things would speak of anticipation: an effect in the period before adoption, and an
    average effect from adoption on that grows once that period is no longer a control.

    Parameters
    ----------
    periods : int, default 2
        How many windows.

    Returns
    -------
    Finding
        Of kind "specifications"; the attrs hold the effect in the period before adoption.
    """
    whole_number("periods", periods, 1)
    design, panel = staggered(fit), panel_of(fit)
    first = int(panel.cohort_codes[panel.cohort_codes >= 0].min())
    most = min(periods, first - 1 - design.anticipation)
    if most < 1:
        raise NotApplicable(Message("The first cohort has no period to spare before adoption."))
    windows = [design.anticipation + k for k in range(1, most + 1)]
    designs = [design.replace(anticipation=k, unidentified="drop") for k in windows]
    others = [
        Alternative(
            Message("{n} period of anticipation", plural="{n} periods of anticipation", n=k),
            Message("anticipation"),
            one,
        )
        for k, one in zip(windows, designs, strict=True)
    ]
    evidence = compared(fit, others, "refitting with anticipation")
    sooner = refit(fit, designs[0])
    early = _before(sooner, -windows[0])
    low, high = np.quantile(early, _ENDS)
    lowest, highest = np.quantile(early, _FAR_ENDS)
    found = judged(evidence)
    verdict: Verdict = HOLDS
    if low > 0 or high < 0 or found.verdict == DOUBT:
        verdict = DOUBT
    if lowest > 0 or highest < 0 or found.verdict == FAILS:
        verdict = FAILS
    evidence = evidence.assign_attrs(before=early.mean(), before_sd=early.std())
    figure = Message(
        "effect at event time {}: {:.3g} ({:.2g}); average effect moves by {:+.1f} posterior sd",
        -windows[0],
        early.mean(),
        early.std(),
        found.shift[0],
    )
    verdict, sentence = cautious(verdict, _sentence(found, low > 0 or high < 0), sooner)
    return Finding(verdict, figure, sentence, evidence, "specifications")


def _before(early: Fit, event_time: int) -> npt.NDArray[np.float64]:
    """Draws of the effect in the first period that anticipation adds."""
    effects: xr.Dataset = cell_effects(early)
    return np.ravel(att(effects, v.EVENT_TIME).sel({v.EVENT_TIME: event_time}).to_numpy())


def _sentence(found: Judged, early: bool) -> Message:
    if early:
        return Message(
            "Treated units already differ in the period before adoption: they respond early, or "
            "move apart on a trend; see pretrends."
        )
    same = Message("Nothing moves in the period before adoption, and effects do not depend on it.")
    return found.sentence(same, Message("with {}", context="anticipation"))
