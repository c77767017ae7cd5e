"""Whether a mediator that cannot respond seems to carry an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp.checks._channels import Line, drawn, effects_on, plain, table_of, worst_of
from bayes_nqp.checks._needs import ADOPTION, CHANNELS, ROWS
from bayes_nqp.checks._options import name_of
from bayes_nqp.checks._refit import cautious, channels, panel_of, refit
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.errors import PanelError, StudyError, nearest
from bayes_nqp.estimands import att, nie
from bayes_nqp.language import Message
from bayes_nqp.panel import Panel

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.fitting import Fit

__all__ = ["mediator_placebo"]


@asks(
    "Does a mediator that cannot respond carry no effect?",
    "placebo mediator",
    of="channels",
    place=230,
    needs=(CHANNELS, ADOPTION, ROWS),
)
def mediator_placebo(fit: Fit, *, placebo: str | None = None) -> Finding:
    """Add a mediator that the policy cannot move.

    It fails if the 99 % interval of the effect on it, or of the indirect effect via it,
    excludes zero; it is in doubt if a 95 % interval does, or if that of the effect on it is
    wider than four times the largest effect on a mediator, both in multiples of what they vary
    within units: then it could not have shown one.

    Parameters
    ----------
    fit : Fit
        Of a `Mediation`.
    placebo : str, optional
        A column of the panel's frame; without it the check does not apply.

    Returns
    -------
    Finding
        Of kind "channels".

    Raises
    ------
    StudyError
        If ``placebo`` is no name, or is one of the mediators.
    PanelError
        If there is no such column, or it is not numeric.
    """
    design, panel = channels(fit), panel_of(fit)
    if placebo is None:
        raise NotApplicable(
            Message(
                "No mediator that cannot respond is named. Name one: nqp.check(fit, "
                "'mediator_placebo', placebo='column'), or in a study's file placebo = 'column' "
                "under [checks.mediator_placebo]."
            )
        )
    name_of("placebo", placebo)
    names = design.facts.mediators(panel)
    if placebo in names:
        raise StudyError(f"'placebo' is {placebo!r}, a mediator of the fit", hint="another column")
    wide = _with_mediator(panel, placebo)
    made = refit(fit, plain(design).replace(mediators=(*names, placebo)), wide)
    sizes = {one.name: one.scale for one in made.plan.equations}
    effect = {name: att(effects_on(made, name)) / sizes[name] for name in (*names, placebo)}
    largest = max(abs(float(effect[name].mean())) for name in names)
    low, high = np.quantile(effect[placebo], (0.025, 0.975))
    weak = bool(high - low > 4 * largest)
    via = nie(made, mediators=placebo)
    first = drawn(placebo, "effect on the mediator", effect[placebo], _of(effect[placebo]), "sd")
    second = drawn(placebo, "indirect effect", via, _of(via))
    lines = [first, second]
    for name in names:
        lines.append(drawn(name, "effect on the mediator", effect[name], scale="sd"))
        lines.append(drawn(name, "indirect effect", nie(made, mediators=name)))
    verdict = worst_of([first.verdict, second.verdict, DOUBT if weak else HOLDS])
    sentence = _sentence(placebo, first, second, weak)
    verdict, sentence = cautious(verdict, sentence, made)
    figure = Message(
        "effect on {} {:.2g} [{:.2g}, {:.2g}] of its sd within units; indirect effect {:.2g} "
        "[{:.2g}, {:.2g}]",
        placebo,
        first.value,
        first.lower,
        first.upper,
        second.value,
        second.lower,
        second.upper,
    )
    return Finding(verdict, figure, sentence, table_of(lines, [made]), "channels")


def _of(draws: xr.DataArray) -> Verdict:
    low, lower, upper, high = np.quantile(draws, (0.005, 0.025, 0.975, 0.995))
    if low > 0 or high < 0:
        return FAILS
    return DOUBT if lower > 0 or upper < 0 else HOLDS


def _sentence(placebo: str, first: Line, second: Line, weak: bool) -> Message:
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
