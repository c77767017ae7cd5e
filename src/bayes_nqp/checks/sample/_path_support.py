"""Check how many units follow each path through a treatment that ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, Guide, asks
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import ENOUGH, text
from bayes_nqp.inference.fitting import ADOPTION, EXITING, ROWS, Fit, panel_of

_SINGLE = 0.5
"""Share of leaving units with a path of their own above which flat effects are few-unit effects."""


@asks(
    "How many units follow each path?",
    "path support",
    place=22,
    needs=(ADOPTION, ROWS, EXITING),
    guide=Guide(
        statistic=Message(
            "Number of units by entry, exit and number of spells, and of units observed after exit."
        ),
        thresholds=Message(
            "Caution: fewer than {0} units leave, overall or in a stratum with leaving units; or, "
            "without pooling, more than {1:.0%} of the leaving units have a path that no other "
            "unit follows. Passed: otherwise.",
            ENOUGH,
            _SINGLE,
        ),
        failure=Message(
            "Effects after exit depend on a few units, and their intervals on the prior scales."
        ),
        remedy=Message("use fewer strata, or longer periods with more exits in each"),
        code='nqp.check(fit, "path_support").evidence',
        limits=Message("Units may be many and still leave for the same reason at the same time."),
    ),
)
def path_support(fit: Fit) -> Finding:
    """Count units by path, and units that leave in each stratum.

    Returns
    -------
    Finding
        Its evidence is a DataFrame by path: entry, exit, spells, units, and observations treated
        and after exit.
    """
    panel = panel_of(fit)
    table = _paths(panel)
    left = table["after"] > 0
    leaving, single = int(table["units"][left].sum()), int((table["units"][left] == 1).sum())
    fewest, where = _fewest(fit, panel)
    figure = Message(
        "{} paths; {} units observed after exit, {} of them with a separate path; fewest in a "
        "stratum: {}",
        len(table), leaving, single, fewest,
    )  # fmt: skip
    if min(leaving, fewest) < ENOUGH:
        found = Message(
            "Few units are observed after exit{}, so effects after exit depend on these units.",
            where,
        )
        step = Message("Next: use fewer strata, or report effects after exit as case studies.")
        return Finding(DOUBT, figure, joined([found, advised(step)]), table)
    if fit.facts.pooling.flat and single > _SINGLE * leaving:
        found = Message(
            "Most leaving units have separate paths, and without pooling each path has a separate "
            "effect."
        )
        step = Message(
            "Next: use partial pooling, {}.",
            Code("nqp.PartialPooling()", '[design] effect = { type = "PartialPooling" }'),
        )
        return Finding(DOUBT, figure, joined([found, advised(step)]), table)
    return Finding(
        HOLDS, figure, Message("Effects after exit are averages over many units."), table
    )


def _paths(panel: Panel) -> pd.DataFrame:
    """Count units and observations by path."""
    paths, unit = panel.paths, panel.unit_codes
    on = panel.treatment_path[unit, panel.time_codes]
    after = ~on & (panel.cohort_codes[unit] >= 0) & (panel.time_codes > panel.cohort_codes[unit])
    size = panel.unit_labels.size
    paths = paths.assign(
        units=panel.counts,
        treated=np.bincount(unit, on, size),
        after=np.bincount(unit, after, size),
    )
    paths["exit"] = ["" if pd.isna(x) else text(x) for x in paths["exit"]]
    keys = ["entry", "exit", "spells"]
    counted = paths[paths["spells"] > 0].groupby(keys, as_index=False)[
        ["units", "treated", "after"]
    ]
    table = counted.sum()
    return table.astype(dict.fromkeys(("units", "treated", "after"), np.int64))


def _fewest(fit: Fit, panel: Panel) -> tuple[int, Message | str]:
    """Return the smallest number of leaving units in a stratum by which effects vary, and where."""
    path = panel.treatment_path
    ends = (path[:, :-1] & ~path[:, 1:]).any(axis=1) * panel.counts
    fewest, where = round(ends.sum()), ""
    for factor in fit.facts.strata(panel):
        codes, levels = panel.strata_codes[factor], panel.levels[factor]
        for number, level in zip(np.bincount(codes, ends), levels, strict=True):
            if 0 < number < fewest:
                fewest, where = round(number), Message(" ({} = {})", factor, str(level))
    return fewest, where
