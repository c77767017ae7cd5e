"""Test of spillovers beyond the last distance band."""

from __future__ import annotations

from dataclasses import replace

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, Sized, advised, detailed, joined
from bayes_nqp.checks.shared import (
    HOLDS,
    UNTOLD,
    Alternative,
    Finding,
    Guide,
    asks,
    compared,
    comparison,
    ladder,
)
from bayes_nqp.data.spatial_weights import located
from bayes_nqp.effects.estimands import spillover_effects
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, UNITS, Fit, short_refit
from bayes_nqp.space.checks._neighbour_weights import chance_of_shift, farther, rings_of
from bayes_nqp.space.checks._refit_agreement import ENOUGH, kept

_FAR = 2.6
"""Posterior SDs above which a spillover effect differs from zero."""


_NOT_TESTED = Message(
    "No wider distance band can be estimated, so spillovers beyond the last band are not tested."
)
_NONE_BEYOND = Message(
    "No spillovers are found beyond the last distance band, and more bands do not change the "
    "average effect."
)
_BEYOND = Message("The policy may affect units beyond the last distance band.")
_NO_CONTROLS = Message(
    "These units are then no valid controls, and the average effect may be biased."
)


@asks(
    "Do the distance bands cover all spillovers?",
    "reach of distance bands",
    place=173,
    needs=(ADOPTION, ROWS, UNITS, REFITS),
    suits=located,
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Spillover effect in one more distance band, as wide as the last one, and "
            "the average effect with one and with two more bands."
        ),
        thresholds=Message(
            "Caution: the spillover effect in the next band exceeds {0:g} posterior "
            "SDs, or the average effect moves by more than half a posterior SD and "
            "more than fewer controls explain. Failed: both. Passed: both refits place "
            "the average effect inside the fit's 95 % interval with probability "
            "{1:.2f} or more. Otherwise inconclusive.",
            _FAR,
            ENOUGH,
        ),
        failure=Message(
            "The policy may affect units beyond the last band, which are then no valid "
            "controls, so the average effect may be biased."
        ),
        remedy=Message(
            "fit again with one distance band more in the design, for example {}, and "
            "report both estimates",
            Code(
                "spillovers=nqp.Rings([100, 200, 300])",
                '[design] spillovers = { type = "Rings", km = [100, 200, 300] }',
            ),
        ),
        code=(
            "wider = nqp.fit(design.replace(spillovers=nqp.Rings([100, 200, 300])), panel)\n"
            'nqp.check(wider, "ring_reach")'
        ),
        literature="Butts (2023); Hausman (1978)",
        limits=Message("Spillovers that reach farther than two more bands are not detected."),
    ),
)
def ring_reach(fit: Fit) -> Finding:
    """Refit with one distance band more, and with two, each as wide as the last one.

    Bands cost controls: with few controls nothing is found and the check is inconclusive, as it is
    if no refit is possible. The average effect and the direct effect of treated observations are
    compared.

    References
    ----------
    Butts, K. (2023). Difference-in-differences estimation with spatial spillovers.
    arXiv:2105.03737.
    """
    term = rings_of(fit)
    wider, widest = (replace(term, km=farther(term, more)) for more in (1, 2))
    design = fit.variant(spillovers=wider)
    other = Alternative(Message("one distance band more"), Message("spillovers"), design)
    try:
        evidence = compared(fit, [other], Message("refitting"))
    except NotApplicable as missing:
        return Finding(UNTOLD, NOTHING, joined([_NOT_TESTED, detailed(missing.why)]))
    against = comparison(evidence)
    near = spillover_effects(short_refit(fit, design), by=v.RING).sel({v.RING: wider.rings[-1]})
    mean, sd = float(near.mean()), float(near.std())
    some, moved = abs(mean) > _FAR * sd, abs(float(against.shift[0])) > chance_of_shift(against)
    stays = kept(fit, [design, fit.variant(spillovers=widest)])
    doubt = some or moved or against.unsettled
    verdict = ladder(fails=some and moved, doubt=doubt, untold=not stays.enough)
    figure = Message(
        "spillover effect at {}: {:.3g} (SD {:.2g}); average effect {:.3g} "
"({:.2g}), with one band more {:.3g} ({:.2g})",
        wider.rings[-1], Sized(mean, sd), sd,
        against.estimates[0], against.sd[0], against.estimates[1], against.sd[1],
    )  # fmt: skip
    if verdict in (HOLDS, UNTOLD):
        sentence = stays.sentence(_NONE_BEYOND)
    else:
        step = Message(
            "Next: fit again with {} in the design, and report both estimates.",
            Hint("spillovers", wider),
        )
        sentence = joined([_BEYOND, _NO_CONTROLS, advised(step)])
    evidence = evidence.assign_attrs(probability=stays.probability)
    return Finding(verdict, figure, sentence, evidence, "specifications")
