"""Whether a mediator that cannot respond seems to carry an effect."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.exceptions import NotApplicable, PanelError, StudyError, nearest
from bayes_nqp._core.i18n import Message, spanned
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
    HOLDS,
    NOT_APPLICABLE,
    Finding,
    asks,
    excluding_zero,
    worst_of,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import att, nie
from bayes_nqp.inference.fitting import ADOPTION, CHANNELS, ROWS, Fit, panel_of, refit


@asks(
    "Does a mediator that cannot respond carry no effect?",
    "placebo mediator",
    of="channels",
    place=230,
    needs=(CHANNELS, ADOPTION, ROWS),
    assumption=True,
)
def mediator_placebo(fit: Fit, *, placebo: Column | None = None) -> Finding:
    """Add a mediator that the policy cannot move.

    It fails if the 99.5 % interval of the effect on it, or of the indirect effect via it,
    excludes zero; it asks for caution if a 98 % interval does, or if that of the effect on it is
    wider than four times the largest effect on a mediator, both in multiples of what they vary
    within units: then it could not have shown one.

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
                "No mediator that cannot respond is named. Name one: nqp.check(fit, "
                "'mediator_placebo', placebo='column'), or in a study's file placebo = 'column' "
                "under [checks.mediator_placebo]."
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
    weak = bool(high - low > 4 * largest)
    verdict = worst_of([first.verdict, second.verdict, DOUBT if weak else HOLDS])
    figure = Message(
        "effect on {} {} of its sd within units; indirect effect {}",
        placebo,
        spanned(first.value, first.lower, first.upper),
        spanned(second.value, second.lower, second.upper),
    )
    sentence = _sentence(placebo, first, second, weak)
    return finding_of(lines, figure, sentence, [wide], verdict=verdict, refit=wide)


def _sentence(placebo: str, first: EvidenceRow, second: EvidenceRow, weak: bool) -> Message:
    if first.verdict != HOLDS:
        return Message(
            "The policy cannot move {}, and it seems to: treated units differed from the others "
            "for another reason, which the effects on mediators may share.",
            placebo,
        )
    if second.verdict != HOLDS:
        return Message("Nothing should go through {}, and something seems to.", placebo)
    if weak:
        return Message(
            "The effect on {} is too uncertain to speak: its interval is wider than four times "
            "the largest effect on a mediator.",
            placebo,
        )
    return Message("As it should, {} neither responds nor carries an effect.", placebo)


def _with_mediator(panel: Panel, name: str) -> Panel:
    """Declare one more mediator."""
    if name in panel.roles.mediators:
        return panel
    if name not in panel.frame.columns:
        raise PanelError(
            f"'placebo' names the column {name!r}, which the panel does not have",
            hint=nearest(name, panel.frame.columns),
        )
    arguments = {**panel.arguments, "mediators": [*panel.roles.mediators, name]}
    return Panel.from_frame(panel.frame, **arguments)
