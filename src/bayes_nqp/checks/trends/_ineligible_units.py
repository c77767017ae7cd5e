"""Check of triple differences: the policy leaves ineligible units of the same state unaffected."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, advised, detailed, joined
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    Finding,
    Guide,
    asks,
    average_effect,
    excluding_zero,
    ladder,
)
from bayes_nqp.data.panel import eligible_part, ineligible_part
from bayes_nqp.inference.fitting import GAPS, REFITS, ROWS, Fit, panel_of, refit
from bayes_nqp.model.designs import DifferentialTrends, TripleDifference

_LARGE: Final = 0.5
"""Effect on ineligible units, as a share of the average effect, that the data must exclude."""
TRIPLE, ELIGIBLE_DID, INELIGIBLE_DID, NET = (
    Message("triple difference"),
    Message("difference-in-differences of eligible units"),
    Message("difference-in-differences of ineligible units: removed by the third difference"),
    Message("the same, net of a differential trend"),
)


def plain_differences(fit: Fit) -> tuple[xr.DataArray, xr.DataArray, Fit]:
    """Estimate difference-in-differences of eligible and of ineligible units alone.

    Returns
    -------
    tuple of DataArray (chain, draw), DataArray (chain, draw) and Fit
        Average effects, outcome units, and the fit to ineligible units. The triple
        difference estimates their difference; the third difference removes the second.
    """
    design, panel = cast(TripleDifference, fit.outcome_design), panel_of(fit)
    eligible = refit(fit, design.of_eligible, eligible_part(panel))
    ineligible = refit(fit, design.of_ineligible, ineligible_part(panel, design.by))
    return average_effect(eligible), average_effect(ineligible), ineligible


@asks(
    "Does the policy leave ineligible units unaffected?",
    "ineligible units",
    place=101,
    needs=(GAPS, ROWS, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Difference-in-differences of ineligible units, which the third difference removes. "
            "The same is estimated with a differential trend of states that enable the policy."
        ),
        thresholds=Message(
            "Caution: net of a differential trend, the {0:.0%} interval of the effect on "
            "ineligible units excludes zero. Inconclusive: the 95 % interval includes an effect of "
            "{1:.0%} of the average effect. Passed: otherwise. The check never fails.",
            0.98,
            _LARGE,
        ),
        failure=Message(
            "An effect on ineligible units is subtracted from the effect on eligible units, so "
            "that triple differences are biased."
        ),
        remedy=Message(
            "compare with ineligible units that the policy cannot reach, or report the "
            "difference-in-differences of eligible units as well"
        ),
        code='nqp.check(fit, "ineligible_units").evidence',
        literature="Gruber (1994); Olden and Møen (2022)",
        limits=Message(
            "A shock of adopting states at the date of adoption looks the same; triple differences "
            "remove it correctly."
        ),
    ),
)
def ineligible_units(fit: Fit) -> Finding:
    """Estimate the effect on the ineligible units of adopting states.

    Ineligible units of states that enable the policy are compared with those of other states, one
    unit for each state. A trend that both groups of a state share is no problem: it is the reason
    for triple differences. A change at the date of adoption in addition to a trend can be a shock
    of the state, or an effect of the policy on ineligible units, and only the latter is a problem.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper, probability (of a positive
        value), outcome units.
    """
    design = cast(TripleDifference, fit.outcome_design)
    if design.controls != "all":
        raise NotApplicable(
            Message("This check uses all untreated observations as controls, controls='all'.")
        )
    eligible, ineligible, other = plain_differences(fit)
    drifting = design.of_ineligible.replace(trends=DifferentialTrends())
    net = average_effect(refit(fit, drifting, panel_of(other)))
    triple = average_effect(fit)
    draws = {TRIPLE: triple, ELIGIBLE_DID: eligible, INELIGIBLE_DID: ineligible, NET: net}
    evidence = pd.DataFrame([_line(name, np.ravel(x)) for name, x in draws.items()])
    low, high = np.quantile(net, [0.025, 0.975])
    large = _LARGE * abs(float(triple.mean()))
    affected = excluding_zero(net) != HOLDS
    verdict = ladder(doubt=affected, untold=max(high, -low) > large)
    figure = Message(
        "third difference removes {0:.3g} (SD {1:.2g}), P(> 0) {2:.2f}; effect on ineligible units "
        "net of a differential trend {3:.3g} [{4:.3g}, {5:.3g}]",
        float(ineligible.mean()), float(ineligible.std()), float((ineligible > 0).mean()),
        float(net.mean()), low, high,
    )  # fmt: skip
    return Finding(verdict, figure, _sentence(verdict, evidence), evidence, refit=other)


def _line(name: Message, draws: Array) -> dict[str, object]:
    """Summarise draws of an average effect."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return {
        "quantity": name, "mean": draws.mean(), "sd": draws.std(), "lower": low, "upper": high,
        "probability": (draws > 0).mean(),
    }  # fmt: skip


def _sentence(verdict: str, evidence: pd.DataFrame) -> Message:
    """State the finding, its meaning and the next step."""
    removed = Message(
        "The difference-in-differences of eligible units is {:.3g}, and the triple difference is "
        "{:.3g}.", evidence.loc[1, "mean"], evidence.loc[0, "mean"],
    )  # fmt: skip
    if verdict == HOLDS:
        finding = Message(
            "There is no evidence of an effect on ineligible units beyond a differential trend, "
            "and the data exclude an effect of half the average effect."
        )
        return joined([finding, detailed(removed)])
    if verdict == DOUBT:
        finding = Message(
            "Ineligible units of adopting states change at adoption, beyond a differential trend. "
            "If the policy caused this change, the triple difference is biased by it. A shock of "
            "these states is removed correctly."
        )
    else:
        finding = Message(
            "The data cannot exclude that the policy affects ineligible units by half of the "
            "average effect, which would bias the triple difference by as much."
        )
    step = Message(
        "Next: explain why the policy cannot reach ineligible units, or use others, and report the "
        "difference-in-differences of eligible units as well."
    )
    return joined([finding, advised(step), detailed(removed)])
