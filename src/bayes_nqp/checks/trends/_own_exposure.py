"""Whether units drift, or respond, otherwise as their own exposure grows, or varies, more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    Finding,
    Verdict,
    asks,
    beside,
    cautious,
    ladder,
    quantities,
    worst_of,
)
from bayes_nqp.checks.trends._leads import tail_of
from bayes_nqp.errors import IdentificationError, NotApplicable
from bayes_nqp.estimands import att
from bayes_nqp.fitting import (
    DOSE,
    REFITS,
    ROWS,
    UNIT_DOSES,
    Fit,
    covariate_slopes,
    refit,
    total_fit,
)
from bayes_nqp.language import Message, joined, listed, spanned

_FEWEST: Final = 10
"""Units whose exposure varies below which nothing is asked."""
_LEAST: Final = 0.1
"""Of the mean sd within units: what is added to that of each, so that small ones have logs."""
_LINES: Final = Message("beside lines of exposure")
_GAINS: Final = Message("slopes by how much exposure varies")
_ABOUT: Final = {
    _LINES: Message(
        "Units whose exposure grows drift apart from the others, and the slope takes their drift "
        "for a response: report the slope beside each unit's line of exposure, which the evidence "
        "has."
    ),
    _GAINS: Message(
        "Units whose exposure varies more respond otherwise, and they count for more in the slope "
        "than among rows: report the mean slope over rows, which the evidence has, or let effects "
        "vary by groups of like exposure."
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """The effect beside one more column.

    Parameters
    ----------
    draws : ndarray (draw)
        Of the effect.
    tail : float
        Tail probability of a slope of zero of the column.
    """

    draws: Array
    tail: float
    refit: Fit

    def verdict(self, plain: Array, number: int) -> Verdict:
        """In doubt by the column's slope; fails where the effect moves beyond chance too."""
        move = abs(self.draws.mean() - plain.mean())
        chance = 1.96 * np.sqrt(max(self.draws.var() - plain.var(), 0.0))
        moved = move > max(plain.std(), chance)
        chances = number * self.tail
        return ladder(fails=chances < FAILING and moved, doubt=chances < DOUBTFUL)


@asks(
    "Do units drift or respond otherwise as their own exposure grows, or varies, more?",
    "exposure of one's own",
    place=45,
    needs=(DOSE, ROWS, UNIT_DOSES, REFITS),
    assumption=True,
)
def own_exposure(fit: Fit) -> Finding:
    """Refit with each unit's line of exposure, and with slopes by how much exposure varies.

    With ``g_i`` the slope of unit i's exposure over time, the column ``g_i (t - mean t_i)`` has no
    slope beside exposure if what exposure does from period to period is what it does over the
    years (Mundlak 1978, of lines in place of means). Where units whose exposure grows have grown
    anyhow it has one, and the slope beside it is that of exposure about its lines. With ``s_i`` the
    sd of exposure within the unit and ``v_i`` its logarithm, standardised, and centred over exposed
    rows, the column ``v_i (D_it - d_0)`` has a slope if units that take much gain otherwise: the
    fit's slope weighs units by ``s_i²``, and the average beside the column is one over rows
    (Wooldridge 2005). *In doubt* if zero has a tail probability below 2 % for either, over both;
    *fails* below .5 % if the effect moves by more than a posterior sd, and by more than its own
    uncertainty explains (Hausman 1978).

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper, per as much exposure as
        the fit's effects.

    References
    ----------
    Mundlak, Y. (1978). On the pooling of time series and cross section data. Econometrica 46(1).
    Wooldridge, J. M. (2005). Fixed-effects and related estimators for correlated random-coefficient
    and treatment-effect panel data models. Review of Economics and Statistics 87(2).
    """
    line = total_fit(fit)
    plain = att(line).to_numpy().ravel()
    results = {name: _asked(line, name, x) for name, x in _columns(line).items()}
    answers = {name: x for name, x in results.items() if x is not None}
    if not answers:
        raise NotApplicable(
            Message("Exposure grows and varies alike in all units: nothing can be asked.")
        )
    verdicts = {name: x.verdict(plain, len(answers)) for name, x in answers.items()}
    table = quantities({"the fit's": plain, **{str(name): x.draws for name, x in answers.items()}})
    parts = [
        Message("{} {} (P = {:.2g})", name, spanned(*row[["mean", "lower", "upper"]]), x.tail)
        for (name, x), (_, row) in zip(answers.items(), table.iloc[1:].iterrows(), strict=True)
    ]
    figure = Message("slope {:.3g}; {}", plain.mean(), listed(parts, len(parts)))
    causes = [_ABOUT[name] for name, verdict in verdicts.items() if verdict != "holds"]
    sentence = joined(causes) if causes else Message(
        "Units whose exposure grows or varies more neither drift nor respond otherwise."
    )  # fmt: skip
    verdict = worst_of(verdicts.values())
    refits = [x.refit for x in answers.values()]
    for other in refits:
        verdict, sentence = cautious(verdict, sentence, other)
    return Finding(verdict, figure, sentence, table, refit=refits[-1])


def _columns(line: Fit) -> dict[Message, Array]:
    """Lines of exposure, and exposure times how much it varies (row)."""
    panel, exposure = line.rows, line.plan.exposure
    assert exposure is not None
    unit, dose = panel.unit_codes, exposure.values
    count = np.maximum(np.bincount(unit), 1.0)

    def within(values: Array) -> Array:
        return np.asarray(values - (np.bincount(unit, values) / count)[unit])

    time, moves = within(panel.time_codes.astype(np.float64)), within(dose)
    length = np.bincount(unit, time**2)
    growth = np.bincount(unit, time * moves) / np.where(length > 0.0, length, np.inf)
    sd = np.sqrt(np.bincount(unit, moves**2) / count)
    present = np.bincount(unit) > 0
    if (sd > 0.0).sum() < _FEWEST:
        raise NotApplicable(Message("Exposure varies within fewer than {} units.", _FEWEST))
    varies = np.log(sd / sd[present].mean() + _LEAST)
    spread = varies[present].std()
    varies = (varies - varies[unit][dose != 0.0].mean()) / (spread if spread > 0.0 else 1.0)
    return {_LINES: growth[unit] * time, _GAINS: varies[unit] * dose}


def _asked(line: Fit, name: Message, column: Array) -> _Beside | None:
    """None where nothing of the column is left beside unit and time effects and exposure."""
    panel = line.rows
    try:
        rows, names = beside(panel, {str(name): column})
        covariates = (*line.facts.covariates_of(panel), *names)
        other = refit(line, line.variant(covariates=covariates), rows)
    except IdentificationError:
        return None
    slopes = covariate_slopes(other, names).reshape(-1, 1)
    tail = tail_of(slopes, panel.unit_labels.size - 1.0)
    return _Beside(att(other).to_numpy().ravel(), tail, other)
