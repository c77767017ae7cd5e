"""Whether treated and untreated units' mediators moved in parallel before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp.checks._channels import drawn, table_of, worst_of
from bayes_nqp.checks._pretrends import pretrends
from bayes_nqp.checks._refit import channels, panel_of, refit
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, asks
from bayes_nqp.errors import shown

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["mediator_pretrends"]


@asks(
    "Did the mediators of treated and untreated units move in parallel before adoption?", "channels"
)
def mediator_pretrends(fit: Fit) -> Finding:
    """Ask every mediator what `pretrends` asks of the outcome.

    The effect on a mediator rests on parallel trends as the effect on the outcome does, so the
    outcome's own design, fitted to the mediator, is judged by the same rule, and the verdict is
    the worst. Evidence: the differential slope before adoption, in multiples of the mediator's
    own variation within units.
    """
    design = channels(fit)
    panel = design.rows(panel_of(fit))
    lines, fits, said = [], [], []
    names = design.names(panel)
    for name, equation in zip(names, fit.plan.equations[1:], strict=True):
        own = refit(fit, design.design, panel.with_outcome(name))
        found = pretrends.find(own)
        evidence = found.evidence
        assert isinstance(evidence, xr.Dataset)
        slope = np.asarray(evidence["slope"]) / equation.scale
        lines.append(drawn(name, "slope before adoption", slope, found.verdict, "sd"))
        facts = evidence.attrs
        tails = (facts["tail_probability"], facts["slope_tail_probability"])
        said.append(f"{name}: {found.verdict} (leads {tails[0]:.2g}, slope {tails[1]:.2g})")
        fits.append(own)
    verdict = worst_of(line.verdict for line in lines)
    figure = f"tail probability of zero: {'; '.join(said)}"
    by = {x: shown([one.mediator for one in lines if one.verdict == x]) for x in (FAILS, DOUBT)}
    if verdict == HOLDS:
        sentence = "Before adoption every mediator moved alike in treated and untreated units."
    elif verdict == FAILS:
        sentence = (
            f"Before adoption {by[FAILS]} already moved apart in the treated, so its effect on "
            "it, and what goes through it, is not all due to the policy."
        )
        sentence += f" In doubt: {by[DOUBT]}." if by[DOUBT] else ""
    else:
        sentence = (
            f"Before adoption {by[DOUBT]} may have moved apart in the treated: a trend that the "
            "leads allow would be as large as the effect, or there is one in some level."
        )
    return Finding(verdict, figure, sentence, table_of(lines, [fit, *fits]), "channels")
