"""Test of equal spillover coefficients across groups of receiving units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, joined, listed, spanned
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    HOLDS,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    beside,
    cautious,
    ladder,
    quantities,
)
from bayes_nqp.checks.trends import tail_of
from bayes_nqp.effects.estimands import spillover_effects
from bayes_nqp.inference.fitting import (
    LINKED,
    REFITS,
    ROWS,
    UNITS,
    Fit,
    covariate_slopes,
    refit,
    total_fit,
)
from bayes_nqp.space.checks._receiver_groups import (
    ADOPTED,
    ALL,
    LAST,
    LINKS,
    SHARE,
    groups_of,
    middle,
    near_of,
    term_of,
)

_FEWEST: Final = 3
"""Units of a group linked to treated units below which the group is not tested."""
_PART: Final = 0.5
"""Difference, as a share of the common spillover effect, above which the data are too weak."""
_SHOWN: Final = {
    f"{ADOPTED}: {ADOPTED} − {ALL}": Message("treated minus untreated units"),
    f"{SHARE}: more − less": Message("units with more minus fewer treated neighbours"),
    f"{LINKS}: many − few": Message("units with many minus few links"),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Apart:
    """Spillover effects of groups relative to the first group.

    Parameters
    ----------
    draws : dict of str to ndarray (draw), outcome units
        Effect relative to the first group if links to treated units sum to one.
    tail : float
        Joint tail probability of zero.
    """

    first: str
    draws: dict[str, Array]
    tail: float
    refit: Fit


@asks(
    "Are spillover effects the same for all groups of units?",
    "heterogeneity of spillovers",
    place=176,
    needs=(LINKED, ROWS, UNITS, REFITS),
    guide=Guide(
        statistic=Message(
            "Joint test of separate spillover coefficients by group: levels of the "
            "strata, treated against untreated units, units with more treated "
            "neighbours, and units with more links."
        ),
        thresholds=Message(
            "Caution: the tail probability of zero, multiplied by the number of "
            "factors, is below {0:.0%}. Failed: below {1:.1%}. Inconclusive: a "
            "difference may be larger than {2:.0%} of the common spillover effect.",
            DOUBTFUL,
            FAILING,
            _PART,
        ),
        failure=Message(
            "A common coefficient misstates the spillover effects of groups, and the "
            "direct and total effects may be biased too."
        ),
        remedy=Message(
            "fit again with separate coefficients, {} in the design",
            Code(
                'spillovers=nqp.SpatialLag(weights, receivers="column")',
                '[design] spillovers = { type = "SpatialLag", weights = "weights", '
                'receivers = "column" }',
            ),
        ),
        code=(
            "weights = nqp.spatial_weights.nearest(panel, k=8)\n"
            "share = nqp.ShareTreated(weights)\n"
            "nqp.att(nqp.fit(design.replace(spillovers=share), panel))"
        ),
        limits=Message(
            "Only groups with at least {} units linked to treated units are tested.", _FEWEST
        ),
    ),
)
def spillover_heterogeneity(fit: Fit) -> Finding:
    """Refit with separate spillover coefficients for each group of receiving units.

    Treatment of linked units has one coefficient, or one for each event time, for all receiving
    units. Spillover effects of groups then differ only by the amount of treatment near them. With g
    the groups of a factor of the strata except the first, the columns ``1[i in g] (W D)_it`` have
    zero slopes if groups have the same coefficient. So has ``D_it (W D)_it`` if treated and
    untreated units have the same one. For a policy there are two further groups: observations with
    a treated share of links above that of half of the exposed ones, because spillovers may saturate
    or start late; and units with more links than half of all units, if they have 1.5 times as many,
    because the number and the share of treated links then differ. A difference between groups of
    the strata hardly affects the average over all exposed units. A difference between treated and
    untreated units biases direct effects, and spillovers that are not proportional bias the
    average. Factors with separate coefficients in the design (``SpatialLag(…, receivers=…)``) are
    not tested.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper: the spillover effect of
        each group minus that of the first, if links to treated units sum to one.
    """
    total = total_fit(fit)
    if total.facts.reach == "none":
        raise NotApplicable(Message("This model estimates no spillover effects."))
    differences = {
        name: x for name, groups in groups_of(total) if (x := _apart(total, name, groups))
    }
    if not differences:
        raise NotApplicable(_ALONE if term_of(total).receivers else _FEW)
    table = quantities(
        {f"{name}: {level} − {x.first}": draws
         for name, x in differences.items() for level, draws in x.draws.items()}
    )  # fmt: skip
    worst = min(differences, key=lambda name: differences[name].tail)
    chance = min(len(differences) * differences[worst].tail, 1.0)
    ends = table[["lower", "upper"]].to_numpy()
    average = _received(total)
    vague = bool(np.abs(ends).max() > _PART * abs(average))
    verdict, sentence = _judged(chance, worst, _next(total, worst), vague=vague)
    if {ADOPTED} <= {*differences} <= {*_OF_ROWS} and verdict in (HOLDS, UNTOLD):
        sentence = _ALIKE[len(differences) > 1][verdict]
    figure = _figure(table, average, chance)
    for x in differences.values():
        verdict, sentence = cautious(verdict, sentence, x.refit)
    return Finding(verdict, figure, sentence, table, refit=differences[worst].refit)


def _figure(table: pd.DataFrame, average: float, chance: float) -> Message:
    parts = [
        Message(
            "{} {}",
            _SHOWN.get(name, Message("{}", name)),
            spanned(*table.loc[k, ["mean", "lower", "upper"]]),
        )
        for k, name in enumerate(table["quantity"])
    ]
    return Message(
        "p of equal spillover effects {1:.2g}; common spillover effect {0:.3g}; "
"differences: {2}",
        average, chance, listed(parts, len(parts)),
    )  # fmt: skip


def _judged(chance: float, worst: str, other: Message, *, vague: bool) -> tuple[Verdict, Message]:
    verdict = ladder(fails=chance < FAILING, doubt=chance < DOUBTFUL)
    if verdict != HOLDS:
        return verdict, joined([_OF_ROWS.get(worst) or _among(worst), advised(other)])
    if vague:
        return UNTOLD, _VAGUE
    return HOLDS, Message("Spillover effects do not differ between groups of units.")


def _among(factor: str) -> Message:
    """Return the finding on groups of a factor of the strata, and its meaning."""
    finding = Message(
        "Spillover effects differ between groups of {}, but the model has one common coefficient.",
        factor,
    )
    meaning = Message(
        "The estimated spillover effects of single groups may be biased; their average is less "
        "affected."
    )
    return joined([finding, meaning])


_AMONG_TREATED: Final = joined(
    [
        Message(
            "Spillover effects differ between treated and untreated units, but the "
            "model has one common coefficient."
        ),
        Message("The estimated spillover and direct effects may be biased."),
    ]
)
_AMONG_SHARES: Final = joined(
    [
        Message("Spillover effects are not proportional to the share of treated neighbours."),
        Message("The estimated spillover and total effects may be biased."),
    ]
)
_AMONG_LINKS: Final = joined(
    [
        Message(
            "Spillover effects differ between units with many and with few links, so "
            "the number rather than the share of treated neighbours may matter, or the "
            "reverse."
        ),
        Message("The estimated spillover and total effects may be biased."),
    ]
)
_OF_ROWS: Final = {ADOPTED: _AMONG_TREATED, SHARE: _AMONG_SHARES, LINKS: _AMONG_LINKS}
"""Findings on groups that are not defined by a factor of the strata."""
_VAGUE: Final = Message(
    "The data are too imprecise to test if spillover effects differ between groups."
)
_ALIKE: Final[tuple[Mapping[Verdict, Message], ...]] = (
    {
        HOLDS: Message("Spillover effects on treated and on untreated units do not differ."),
        UNTOLD: Message(
            "The data are too imprecise to test if spillover effects differ between "
            "treated and untreated units."
        ),
    },
    {
        HOLDS: Message(
            "Spillover effects do not differ between treated and untreated units and "
            "are proportional to the share of treated neighbours."
        ),
        UNTOLD: Message(
            "The data are too imprecise to test equal spillover effects on treated and "
            "untreated units, or proportionality to the share of treated neighbours."
        ),
    },
)
"""Sentences if no factor of the strata is tested: treated units only, and more groups."""
_FEW: Final = Message("Fewer than two groups have enough units linked to treated units.")
_ALONE: Final = Message(
    "The model already has separate coefficients for each group linked to treated units."
)
_NEXT: Final = Message(
    "Next: fit again with {} in the design, with effects by group and by the share of treated "
    "neighbours."
)
_NEXT_LINKS: Final = Message(
    "Next: fit the same model with weights of the other standardisation, {} in the design."
)
_NEXT_BY: Final = Message(
    "Next: fit again with {} in the design, with separate coefficients for each group."
)


def _next(fit: Fit, worst: str) -> Message:
    """Return the recommended specification: coefficients by group, or by treated share."""
    term = term_of(fit)
    if worst == LINKS and not term.lag:
        other = "none" if term.weights.standardised == "row" else "row"
        return _NEXT_LINKS.fill(f'standardised="{other}"')
    if worst in _OF_ROWS or term.dynamics:
        part = f"{middle(fit):.2g}" if worst == SHARE else "0.5"
        return _NEXT.fill(f"spillovers=nqp.ShareTreated(weights, above=[0, {part}])")
    stated = "" if term.lag else ", lag=False"
    stated += ", durbin=True, error=True" if term.error else ""
    stated += f", receivers={[*term.receivers, worst]!r}"
    return _NEXT_BY.fill(f"spillovers=nqp.SpatialLag(weights{stated})")


def _apart(fit: Fit, name: str, groups: npt.NDArray[np.str_]) -> _Apart | None:
    """Refit with separate coefficients; None if fewer than two groups can be compared."""
    panel, near = fit.rows, near_of(fit)
    units = {
        level: np.unique(panel.unit_codes[(groups == level) & (near != 0.0)]).size
        for level in np.unique(groups)
    }
    first, *others = sorted(
        (level for level in units if units[level] >= _FEWEST),
        key=lambda x: (x in LAST, -units[x]),
    ) or [""]
    if not others:
        return None
    columns = {f"{name}: {level}": np.where(groups == level, near, 0.0) for level in others}
    rows, names = beside(panel, columns)
    covariates, term = fit.facts.covariates_of(panel), term_of(fit)
    durbin = ("treatment", *covariates) if term.durbin is True else term.durbin
    try:
        other = refit(
            fit, fit.variant(covariates=(*covariates, *names),
                             spillovers=replace(term, durbin=durbin)), rows
        )  # fmt: skip
    except IdentificationError:
        return None
    slopes = covariate_slopes(other, names).reshape(-1, len(names))
    tail = tail_of(slopes, panel.unit_labels.size - 1.0)
    return _Apart(first, dict(zip(others, slopes.T, strict=True)), tail, other)


def _received(fit: Fit) -> float:
    """Return the average spillover effect per unit of linked treatment."""
    draws, exposure = spillover_effects(fit), fit.model_frame.exposure
    if exposure is not None:
        return float(draws.mean()) / exposure.size
    near, frame = near_of(fit), fit.model_frame.codes
    start = frame.time[frame.treated].min()
    linked = float(near[~frame.treated & (frame.time >= start)].mean())
    return float(draws.mean()) / linked if linked else 0.0  # No untreated unit has a link.
