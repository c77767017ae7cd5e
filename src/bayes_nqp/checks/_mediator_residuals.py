"""Whether mediators move together for reasons that the model does not know."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from bayes_nqp.checks._channels import LEVELS, Line, innovations, table_of, worst_of
from bayes_nqp.checks._labels import labelled
from bayes_nqp.checks._refit import channels, panel_of
from bayes_nqp.checks._result import DOUBT, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.checks._said import Said, listed, said, separated
from bayes_nqp.checks._structures import error_means

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["mediator_residuals"]

LARGE: Final = 0.3
"""Correlation beyond which single channels are in doubt."""


@asks("Do mediators move together for other reasons than the policy?", "channels")
def mediator_residuals(fit: Fit) -> Finding:
    """Correlate the innovations of mediators.

    They are what is left of a mediator once unit effects, time effects, cells (and each treated
    unit's own effect where units vary) and its own past, at the posterior means of the
    parameters of its errors, are taken off by least squares. It is in doubt if a correlation is
    beyond 0.3 in size: then one mediator may act on another, or something acts on both, and a
    single indirect effect, which is "entering the outcome last through this mediator", is not
    causal by itself. The joint indirect effect is not touched by it: draws of mediators' equations
    are correlated as their innovations are, so that its interval allows for it.
    """
    design = channels(fit)
    panel = design.rows(panel_of(fit))
    names = design.names(panel)
    if len(names) < 2:
        raise NotApplicable(
            Said(
                "There is one mediator, so none can act on another.",
                "只有一个中介变量，不存在中介变量之间的影响。",
            )
        )
    plan = fit.plan
    own = design.varying is not None
    left = []
    for name in names:
        values = panel.mediators[:, panel.roles.mediators.index(name)]
        equation = next(e for e in plan.equations if e.name == name)
        means = np.array([*error_means(fit, equation).values()])
        left.append(innovations(plan, values, design.errors, means, own=own))
    matrix = np.atleast_2d(np.corrcoef(np.stack(left)))
    sd = 1.0 / np.sqrt(max(left[0].size - int(plan.frame.unit.max()) - 4, 1))
    lines = [
        _line(names[j], names[k], float(matrix[j, k]), sd)
        for j, k in combinations(range(len(names)), 2)
    ]
    verdict = worst_of(line.verdict for line in lines)
    pairs = [
        said("{} {}", "{}{}", x.mediator, Said(x.quantity, f" {labelled(x.quantity).zh}"))
        for x in lines
    ]
    figure = said(
        "correlation of innovations: {}",
        "新息的相关系数：{}",
        separated(
            said("{} {:+.2f}", "{} {:+.2f}", pair, x.value)
            for pair, x in zip(pairs, lines, strict=True)
        ),
    )
    large = [pair for pair, x in zip(pairs, lines, strict=True) if x.verdict == DOUBT]
    sentence = Said(
        "What moves one mediator, apart from the policy, hardly moves another.",
        "除政策外，影响某一中介变量的因素几乎不影响其他中介变量。",
    )
    if large:
        sentence = said(
            "Mediators move together for other reasons than the policy ({}): their single indirect "
            "effects are not separately causal; the joint one is not touched, and its interval "
            "allows for it.",
            "中介变量因政策以外的原因共同变动（{}）：各自的间接效应不能单独作因果解释；"
            "联合间接效应不受影响，其区间已计及这一相关。",
            listed(large),
        )
    return Finding(verdict, figure, sentence, table_of(lines, [fit]), "channels")


def _line(one: str, other: str, r: float, sd: float) -> Line:
    """A correlation with Fisher's interval."""
    centre = np.arctanh(np.clip(r, -0.999999, 0.999999))
    low, high = float(np.tanh(centre - 1.96 * sd)), float(np.tanh(centre + 1.96 * sd))
    told = tuple(np.tanh(centre + sd * ndtri(LEVELS)).tolist())
    verdict: Verdict = DOUBT if abs(r) > LARGE else HOLDS
    return Line(one, f"with {other}", r, low, high, verdict, "correlation", told)
