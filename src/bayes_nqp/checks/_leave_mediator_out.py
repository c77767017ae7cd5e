"""Whether channels stay as they are when one of them is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._channels import Line, certain, drawn, plain, table_of, worst_of
from bayes_nqp.checks._judged import otherwise
from bayes_nqp.checks._labels import AS_FITTED
from bayes_nqp.checks._needs import CHANNELS, ROWS
from bayes_nqp.checks._refit import channels, numbers_of, panel_of
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.estimands import gate_of, nde, nie
from bayes_nqp.fitting import KnownDraws, Numbers, batch, known_draws, short_effects
from bayes_nqp.language import Message, joined, listed

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.designs import Mediation
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

__all__ = ["leave_mediator_out"]

_FAR = 2.0
_DIRECT = "direct effect"


@asks(
    "Do channels stay as they are when one of them is left out?",
    "leaving mediators out",
    of="channels",
    place=260,
    needs=(CHANNELS, ROWS),
)
def leave_mediator_out(fit: Fit) -> Finding:
    """Refit without each mediator, on the same rows.

    Mediators that act through one another take over what a left-out one carried. The other
    indirect effects are compared with the fit's own, and the direct effect with the fit's direct
    effect and what went through the left-out mediator together, for it should take over
    all of that and no more. It fails if an effect with a sign (97.5 %) lies more than a
    posterior sd on the other side; it is in doubt if one moves by more than two posterior sd's,
    or an indirect effect's conclusion changes: lost below 90 %, found from 99.5 % on.
    """
    design = channels(fit)
    panel = design.rows(panel_of(fit))
    names = design.facts.mediators(panel)
    if len(names) < 2:
        raise NotApplicable(Message("There is one mediator: without it the total effect is left."))
    own = {name: nie(fit, mediators=name) for name in names}
    lines = [drawn(name, AS_FITTED, own[name]) for name in names]
    lines.append(drawn(_DIRECT, AS_FITTED, nde(fit)))
    moves: list[tuple[float, Message]] = []
    unsettled = []
    for left, found in _without(fit, design, panel, names).items():
        expected = {**own, _DIRECT: nde(fit) + own[left].reset_coords(drop=True)}
        for name in (*(name for name in names if name != left), _DIRECT):
            verdict, move = _judged(expected[name], found[name])
            lines.append(drawn(name, Message("without {}", left), found[name], verdict))
            moves.append((move, _called(lines[-1])))
        if not found["settled"]:
            unsettled.append(left)
    order = [*names, _DIRECT]
    lines.sort(key=lambda line: order.index(line.mediator))
    verdict = worst_of(line.verdict for line in lines)
    largest, which = max(moves, key=lambda one: abs(one[0]))
    figure = Message(
        "{} refits; largest move: {}, {:+.2f} posterior sd", len(names), which, largest
    )
    sentence = _sentence(lines, verdict)
    if unsettled:
        failed = Message("Refits have not converged without {}.", listed(unsettled))
        sentence = joined([sentence, failed])
        verdict = DOUBT if verdict == HOLDS else verdict
    return Finding(verdict, figure, sentence, table_of(lines, [fit]), "channels")


def _without(fit: Fit, design: Mediation, panel: Panel, names: Sequence[str]) -> dict[str, Numbers]:
    """Draws of direct and indirect effects without each mediator, by short refits."""
    seed, tasks, known = int(fit.sampler.seed or 0), {}, known_draws(fit)
    for left in names:
        rest = plain(design).replace(mediators=tuple(name for name in names if name != left))
        tasks[f"paths {rest!r} {panel.digest} {seed}"] = (rest, panel, seed, known)
    found = batch(_short, tasks, kept=numbers_of(fit), what="leaving out mediators")
    return dict(zip(names, (found[key] for key in tasks), strict=True))


def _short(design: Mediation, panel: Panel, seed: int, known: KnownDraws) -> Numbers:
    effects = short_effects(design, panel, seed=seed, known=known)
    draws = {
        name: nie(effects, mediators=name).to_numpy() for name in design.facts.mediators(panel)
    }
    settled = np.array(gate_of(effects) == v.PASSED)
    return {**draws, _DIRECT: nde(effects).to_numpy(), "settled": settled}


def _judged(before: xr.DataArray, after: npt.NDArray[np.float64]) -> tuple[Verdict, float]:
    """Compare an effect with what it was, in posterior sd's of what it was."""
    sd, mean, sign = float(before.std()), float(after.mean()), certain(before)
    move = (mean - float(before.mean())) / sd
    if sign * mean < -sd:
        return FAILS, move
    other = otherwise(float((before > 0).mean()), np.array([float((after > 0).mean())]))
    return (DOUBT if abs(move) > _FAR or other.any() else HOLDS), move


def _called(line: Line) -> Message:
    return Message("{} {}", line.mediator, line.quantity, context="without")


def _sentence(lines: list[Line], verdict: Verdict) -> Message:
    bad = [_called(x) for x in lines if x.verdict in (DOUBT, FAILS)]
    if verdict == HOLDS:
        return Message(
            "Without any one mediator the other channels and the direct effect say the same."
        )
    if verdict == FAILS:
        turned = [_called(x) for x in lines if x.verdict == FAILS]
        return Message(
            "An effect has the other sign: {}. Channels are not told apart.", listed(turned)
        )
    return Message(
        "What one channel carries depends on which others are there ({}): mediators act through "
        "one another, and only their joint effect should be told.",
        listed(bad),
    )
