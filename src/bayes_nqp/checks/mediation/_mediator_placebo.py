"""Placebo test with a mediator that the policy cannot affect."""

from __future__ import annotations

from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import NotApplicable, PanelError, StudyError, nearest
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, detailed, joined, spanned
from bayes_nqp._core.types import Column
from bayes_nqp.checks.mediation._evidence_rows import (
    EvidenceRow,
    drawn,
    effects_on,
    finding_of,
    plain,
)
from bayes_nqp.checks.shared import (
    DOUBT,
    DOUBTFUL,
    FAILING,
    HOLDS,
    NOT_APPLICABLE,
    Finding,
    Guide,
    asks,
    excluding_zero,
    worst_of,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import att, nie
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, Fit, panel_of, refit

_WIDE: Final = 4
"""Width of the placebo's interval, in largest effects on a mediator, that is too wide to judge."""


@asks(
    "Does a mediator that the policy cannot affect show no effect?",
    "placebo mediator",
    of="channels",
    place=230,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Effect of the policy on a placebo mediator that you name "
            '(placebo="column"), in SDs within units, and the indirect effect through '
            "it."
        ),
        thresholds=Message(
            "Caution: the {0:.0%} interval of one of the two effects excludes zero. "
            "Caution too if the 95 % interval of the effect on the placebo is wider "
            "than {2} times the largest effect on a mediator. Failed: the {1:.1%} "
            "interval excludes zero.",
            1 - DOUBTFUL,
            1 - FAILING,
            _WIDE,
        ),
        failure=Message(
            "Treated units differ from untreated units for another reason than the "
            "policy, and this may also bias the effects on the real mediators."
        ),
        remedy=Message(
            "test the trends of the mediators with {} and add covariates that explain "
            "the difference",
            Code('nqp.check(fit, "mediator_pretrends")', '[checks] run = ["mediator_pretrends"]'),
        ),
        code='nqp.check(fit, "mediator_pretrends")',
        limits=Message(
            "The check is only as good as the placebo: the policy must not be able to "
            "affect it, and it should share the confounders of the real mediators."
        ),
    ),
)
def mediator_placebo(fit: Fit, *, placebo: Column | None = None) -> Finding:
    """Add a mediator that the policy cannot affect.

    Effects on mediators are in multiples of their SD within units. If the interval of the effect on
    the placebo is much wider than the largest effect on a mediator, the check could not detect one.

    Parameters
    ----------
    placebo : str, optional
        A column of the panel's frame; without it the check does not apply.

    Raises
    ------
    StudyError
        If ``placebo`` is one of the mediators.
    PanelError
        If there is no such column, or it is not numeric.
    """
    panel = panel_of(fit)
    if placebo is None:
        raise NotApplicable(
            Message(
                "No placebo mediator is named. Name a column that the policy cannot "
                "affect: nqp.check(fit, 'mediator_placebo', placebo='column'), or in a "
                "study's file placebo = 'column' under [checks.mediator_placebo]."
            )
        )
    names = fit.facts.mediators(panel)
    if placebo in names:
        raise StudyError(f"'placebo' is {placebo!r}, a mediator of the fit", hint="another column")
    wide = refit(fit, plain(fit, mediators=(*names, placebo)), _with_mediator(panel, placebo))
    sizes = {equation.name: equation.scale for equation in wide.model_frame.equations}
    lines, effect = [], {}
    for name in (placebo, *names):
        effect[name] = att(effects_on(wide, name)) / sizes[name]
        via = nie(wide, mediators=name)
        pair = (effect[name], via)
        verdicts = [excluding_zero(x) if name == placebo else NOT_APPLICABLE for x in pair]
        lines.append(drawn(name, "effect on the mediator", effect[name], verdicts[0], "sd"))
        lines.append(drawn(name, "indirect effect", via, verdicts[1]))
    first, second, *_ = lines
    largest = max(abs(float(effect[name].mean())) for name in names)
    low, high = np.quantile(effect[placebo], (0.025, 0.975))
    weak = bool(high - low > _WIDE * largest)
    verdict = worst_of([first.verdict, second.verdict, DOUBT if weak else HOLDS])
    figure = Message(
        "effect on {} {} SDs within units; indirect effect {}",
        placebo,
        spanned(first.value, first.lower, first.upper),
        spanned(second.value, second.lower, second.upper),
    )
    sentence = _sentence(placebo, first, second, weak)
    return finding_of(lines, figure, sentence, [wide], verdict=verdict, refit=wide)


def _sentence(placebo: str, first: EvidenceRow, second: EvidenceRow, weak: bool) -> Message:
    if first.verdict != HOLDS:
        found = Message(
            "The estimated effect of the policy on the placebo mediator {} differs from zero.",
            placebo,
        )
        meaning = Message(
            "Treated units differ from untreated units for another reason, which may "
            "also bias the effects on the other mediators."
        )
        return joined([found, meaning])
    if second.verdict != HOLDS:
        found = Message(
            "The estimated indirect effect through the placebo mediator {} differs from zero.",
            placebo,
        )
        return joined([found, Message("The other indirect effects may be biased in the same way.")])
    if weak:
        return joined(
            [
                Message(
                    "The effect on the placebo mediator {} is too uncertain to test the design.",
                    placebo,
                ),
                detailed(
                    Message(
                        "Its interval is wider than {} times the largest effect on a mediator.",
                        _WIDE,
                    )
                ),
            ]
        )
    return Message(
        "The placebo mediator {} shows no effect of the policy and no indirect effect.", placebo
    )


def _with_mediator(panel: Panel, name: str) -> Panel:
    """Add a mediator to the panel."""
    if name in panel.roles.mediators:
        return panel
    if name not in panel.frame.columns:
        raise PanelError(
            f"'placebo' names the column {name!r}, which the panel does not have",
            hint=nearest(name, panel.frame.columns),
        )
    arguments = {**panel.arguments, "mediators": [*panel.roles.mediators, name]}
    return Panel.from_frame(panel.frame, **arguments)
