"""Whether one coefficient of linked units' treatment does for all who receive it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError, NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, listed, spanned
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    HOLDS,
    UNTOLD,
    Finding,
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
"""Units of a group that are linked to treated ones, below which it is not asked about."""
_PART: Final = 0.5
"""Of what all receive: differences that may be larger are not known."""
_SHOWN: Final = {
    f"{ADOPTED}: {ADOPTED} − {ALL}": Message("treated − untreated units"),
    f"{SHARE}: more − less": Message("with more − less of their links in force"),
    f"{LINKS}: many − few": Message("with many − few links"),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Apart:
    """What groups receive apart from the first of them.

    Parameters
    ----------
    draws : dict of str to ndarray (draw), outcome units
        More than the first group receives where links to treated units add up to one.
    tail : float
        Tail probability of zero for all of them.
    """

    first: str
    draws: dict[str, Array]
    tail: float
    refit: Fit


@asks(
    "Do groups of units receive alike of linked units' treatment?",
    "spillover_heterogeneity",
    place=176,
    needs=(LINKED, ROWS, UNITS, REFITS),
)
def spillover_heterogeneity(fit: Fit) -> Finding:
    """Refit with what each group of receivers has of linked units' treatment beside all others.

    Treatment of linked units has one coefficient, or one for each event time, whoever receives it:
    received effects of groups then differ by how much treatment is near them alone. With g the
    groups of a factor of the strata but the first, the columns ``1[i in g] (W D)_it`` have no
    slopes beside it if groups receive alike; nor has ``D_it (W D)_it`` if treated units receive as
    untreated ones do. Of a policy, rows that have more of their links in force than half of those
    that receive are such a group, since what is received may stop rising, or begin late; and so are
    units with more links than half of all, where they have 1.5 times as many: number and part of
    links in force are then not the same. *Caution* if zero has a tail probability below 2 % for
    all columns of a factor, over all factors; *fails* below .5 %. It *passes* if no difference may
    be larger than half of what all receive (95 %); otherwise the check is *inconclusive*. The
    average
    over all units that receive is least concerned by groups of the strata; effects of own treatment
    are where treated units differ, and the average is where proportions are wrong. Factors by which
    the design lets units receive differently (``SpatialLag(…, receivers=…)``) are not asked about.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper: how much more each group
        receives than the first where links to treated units add up to one.
    """
    total = total_fit(fit)
    if total.facts.reach == "none":
        raise NotApplicable(Message("This design has no spillover effects."))
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
        "where links to treated units add up to one, all receive {:.3g}; groups differ "
        "(P = {:.2g}): {}",
        average, chance, listed(parts, len(parts)),
    )  # fmt: skip


def _judged(chance: float, worst: str, other: Message, *, vague: bool) -> tuple[Verdict, Message]:
    verdict = ladder(fails=chance < FAILING, doubt=chance < DOUBTFUL)
    if verdict != HOLDS:
        return verdict, joined([_OF_ROWS.get(worst, _AMONG.fill(worst)), advised(other)])
    if vague:
        return UNTOLD, _VAGUE
    return HOLDS, Message("Groups receive alike, as one coefficient for all has it.")


_AMONG: Final = Message(
    "Groups of {} do not receive alike of linked units' treatment, which has one coefficient for "
    "all: what each of them receives is wrong, though less so the average of all."
)
_AMONG_TREATED: Final = Message(
    "Treated units receive otherwise than untreated ones of linked units' treatment, which has one "
    "coefficient for both: what either receives is wrong, and so are effects of own treatment."
)
_AMONG_SHARES: Final = Message(
    "What units receive does not go in proportion to how much of their links is in force: from "
    "some on more adds less, or little does nothing. Then one coefficient gives wrong effects, of "
    "those who receive and in total."
)
_AMONG_LINKS: Final = Message(
    "Units with many links receive otherwise of linked units' treatment than those with few: it "
    "may be how many are in force that counts, and not their part, or the other way round. What "
    "units receive is wrong then, and the total."
)
_OF_ROWS: Final = {ADOPTED: _AMONG_TREATED, SHARE: _AMONG_SHARES, LINKS: _AMONG_LINKS}
"""What is said where receivers differ by what no factor of the strata tells."""
_VAGUE: Final = Message(
    "Nothing tells groups of receivers apart, and these rows could not have told: what groups "
    "receive differs in this model by how much treatment is near them alone."
)
_ALIKE: Final[tuple[Mapping[Verdict, Message], ...]] = (
    {
        HOLDS: Message("Treated units receive as untreated ones do."),
        UNTOLD: Message(
            "Nothing tells treated units from untreated ones as receivers, and these rows could "
            "not have told."
        ),
    },
    {
        HOLDS: Message(
            "Treated units receive as untreated ones do, and all in proportion to what is in force."
        ),
        UNTOLD: Message(
            "Nothing tells treated units from untreated ones as receivers, or what is received "
            "from a proportion of what is in force, and these rows could not have told."
        ),
    },
)
"""What is said where no factor of the strata is asked about: of treated units alone, and more."""
_FEW: Final = Message("Too few units of more than one group are near treated ones.")
_ALONE: Final = Message(
    "Each group of units has coefficients of its own here, and no other is near treated ones."
)
_NEXT: Final = Message("Next: {}, whose effects differ by group and by who receives.")
_NEXT_LINKS: Final = Message(
    "Next: the same with weights of the other kind, {}, by which all of them add up, or none."
)
_NEXT_BY: Final = Message("Next: {}, by which each group has coefficients of its own.")


def _next(fit: Fit, worst: str) -> Message:
    """The design to fit next: coefficients by group, or by who receives where nothing else does."""
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
    """None where fewer than two groups are near treated units, or cannot be told apart."""
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
    """What rows receive on average, over how much linked treatment they have."""
    draws, exposure = spillover_effects(fit), fit.model_frame.exposure
    if exposure is not None:
        return float(draws.mean()) / exposure.size
    near, frame = near_of(fit), fit.model_frame.codes
    start = frame.time[frame.treated].min()
    linked = float(near[~frame.treated & (frame.time >= start)].mean())
    return float(draws.mean()) / linked if linked else 0.0  # No untreated row is near anyone.
