"""Whether rings reach as far as the policy does."""

from __future__ import annotations

from dataclasses import replace

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.i18n import NOTHING, Message, Sized, advised, joined
from bayes_nqp.checks.shared import (
    HOLDS,
    UNTOLD,
    Alternative,
    Finding,
    asks,
    compared,
    comparison,
    ladder,
)
from bayes_nqp.data.spatial_weights import located
from bayes_nqp.effects.estimands import spillover_effects
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, UNITS, Fit, short_refit
from bayes_nqp.space.checks._neighbour_weights import chance_of_shift, farther, rings_of
from bayes_nqp.space.checks._refit_agreement import kept

_FAR = 2.6
"""Posterior sds by which something received is no chance."""


@asks(
    "Do rings reach as far as the policy does?",
    "reach of rings",
    place=173,
    needs=(ADOPTION, ROWS, UNITS, REFITS),
    suits=located,
    assumption=True,
)
def ring_reach(fit: Fit) -> Finding:
    """Refit with one ring more, and with two, each as wide as the last one.

    *Caution* if the first of them receives something (2.6 posterior sd), or the average effect
    moves by more than half its posterior sd, and more than fewer controls explain; *fails* if both
    are so. It *passes* only if, by either refit, the average effect (and what treated rows have of
    their own) is inside the fit's 95 % interval with a probability of .90 or more. Rings cost
    controls: where these are few, nothing is found and the rows *inconclusive*; so it is where no
    refit can be made. What reaches farther than two rings more is not asked.

    References
    ----------
    Butts, K. (2023). Difference-in-differences estimation with spatial spillovers.
    arXiv:2105.03737.
    """
    term = rings_of(fit)
    wider, widest = (replace(term, km=farther(term, more)) for more in (1, 2))
    design = fit.variant(spillovers=wider)
    other = Alternative(Message("one ring more"), Message("spillovers"), design)
    try:
        evidence = compared(fit, [other], Message("refitting"))
    except NotApplicable as missing:
        alone = Message("Whether the policy reaches beyond the last ring cannot be asked.")
        return Finding(UNTOLD, NOTHING, joined([alone, missing.why]))
    against = comparison(evidence)
    near = spillover_effects(short_refit(fit, design), by=v.RING).sel({v.RING: wider.rings[-1]})
    mean, sd = float(near.mean()), float(near.std())
    some, moved = abs(mean) > _FAR * sd, abs(float(against.shift[0])) > chance_of_shift(against)
    stays = kept(fit, [design, fit.variant(spillovers=widest)])
    doubt = some or moved or against.unsettled
    verdict = ladder(fails=some and moved, doubt=doubt, untold=not stays.enough)
    figure = Message(
        "received {} away: {:.3g} ({:.2g}); average effect {:.3g} ({:.2g}), then {:.3g} ({:.2g})",
        wider.rings[-1], Sized(mean, sd), sd,
        against.estimates[0], against.sd[0], against.estimates[1], against.sd[1],
    )  # fmt: skip
    sentence = (
        stays.sentence(
            Message("Beyond the last ring nothing is received, and more rings change nothing.")
        )
        if verdict in (HOLDS, UNTOLD)
        else joined(
            [
                Message("The policy may reach farther than the last ring."),
                advised(Message("Next: {}.", Hint("spillovers", wider))),
            ]
        )
    )
    evidence = evidence.assign_attrs(probability=stays.probability)
    return Finding(verdict, figure, sentence, evidence, "specifications")
