"""Sensitivity of direct and indirect effects to leaving one mediator out."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, detailed, joined, listed
from bayes_nqp.checks.mediation._evidence_rows import (
    CORRELATED,
    EvidenceRow,
    correlations,
    drawn,
    finding_of,
    plain,
)
from bayes_nqp.checks.shared import (
    AS_FITTED,
    DOUBT,
    FAILS,
    HOLDS,
    Finding,
    Guide,
    Verdict,
    asks,
    certain,
    ladder,
    otherwise,
    worst_of,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import convergence_of, nde, nie
from bayes_nqp.inference.fitting import (
    CHANNELS,
    ROWS,
    UNITS,
    ExistingDraws,
    Fit,
    Numbers,
    batch,
    meets,
    numbers_of,
    quick_effects,
    reused_draws,
)
from bayes_nqp.model.designs import Design

_FAR = 2.0
"""Shift of an effect, in posterior SDs, above which the verdict is caution."""
_DIRECT = "direct effect"


@asks(
    "Are direct and indirect effects stable when one mediator is left out?",
    "leaving mediators out",
    of="channels",
    place=260,
    needs=(CHANNELS, ROWS),
    guide=Guide(
        statistic=Message(
            "Direct and indirect effects in refits that leave out one mediator at a "
            "time. The direct effect is compared with the fit's direct effect plus the "
            "indirect effect of the omitted mediator."
        ),
        thresholds=Message(
            "Caution: an effect changes by more than {:g} posterior SDs, the "
            "conclusion about an effect changes, or a refit does not converge. Failed: "
            "an effect whose 95 % interval excludes zero lies more than one posterior "
            "SD on the other side of zero.",
            _FAR,
        ),
        failure=Message(
            "The mediators act through each other, so single indirect effects depend "
            "on the other mediators in the model."
        ),
        remedy=Message(
            "report the joint indirect effect of the mediators instead of single indirect effects"
        ),
        code='nqp.nie(fit).sel(mediator="all mediators")',
        limits=Message("A mediator that is missing from all models is not detected."),
    ),
)
def leave_mediator_out(fit: Fit) -> Finding:
    """Refit without each mediator, on the same observations.

    If mediators act through each other, the others take over the effect of the omitted one. The
    other indirect effects are compared with those of the fit. The direct effect is compared with
    the fit's direct effect plus the indirect effect of the omitted mediator, because it should
    absorb exactly this effect. A conclusion is lost below a probability of 90 %, and new from 99.5
    % on. If `mediator_residuals` finds correlated mediators, count the two checks as one finding.
    """
    names = fit.facts.mediators(fit.rows)
    if len(names) < 2:
        raise NotApplicable(
            Message("The model has one mediator only; without it, only the total effect remains.")
        )
    via, direct = {name: nie(fit, mediators=name) for name in names}, nde(fit)
    lines = [drawn(name, AS_FITTED, via[name]) for name in names]
    lines.append(drawn(_DIRECT, AS_FITTED, direct))
    moves: list[tuple[float, Message]] = []
    unsettled = []
    for left, numbers in _without(fit, names).items():
        expected = {**via, _DIRECT: direct + via[left].reset_coords(drop=True)}
        for name in (*(name for name in names if name != left), _DIRECT):
            verdict, move = _judged(expected[name], numbers[name])
            lines.append(drawn(name, Message("without {}", left), numbers[name], verdict))
            moves.append((move, _called(lines[-1])))
        if not numbers["settled"]:
            unsettled.append(left)
    order = [*names, _DIRECT]
    lines.sort(key=lambda line: order.index(line.mediator))
    largest, which = max(moves, key=lambda move: abs(move[0]))
    figure = Message(
        "largest change: {}, {:+.2f} posterior SDs; {} refits", which, largest, len(names)
    )
    verdict = worst_of(line.verdict for line in lines)
    sentence = _sentence(lines, verdict)
    if verdict != HOLDS and _correlated(fit):
        note = Message(
            "The mediators are also correlated with each other ('mediator_residuals'); "
            "count the two checks as one finding."
        )
        sentence = joined([sentence, detailed(note)])
    if unsettled:
        failed = Message("The refits without {} did not converge.", listed(unsettled))
        sentence = joined([sentence, failed if verdict == HOLDS else detailed(failed)])
        verdict = worst_of([verdict, DOUBT])
    return finding_of(lines, figure, sentence, [fit], verdict=verdict)


def _correlated(fit: Fit) -> bool:
    """Return True if the verdict of `mediator_residuals` is caution."""
    if not meets(fit, (UNITS,)):
        return False
    return bool(np.abs(np.triu(correlations(fit)[0], 1)).max() > CORRELATED)


def _without(fit: Fit, names: tuple[str, ...]) -> dict[str, Numbers]:
    """Return draws of direct and indirect effects without each mediator, from short refits."""
    seed, tasks, start, rows = int(fit.sampler.seed or 0), {}, reused_draws(fit), fit.rows
    for left in names:
        others = tuple(name for name in names if name != left)
        design = plain(fit, mediators=others)
        tasks[f"paths {design!r} {rows.digest} {seed}"] = (design, rows, others, seed, start)
    results = batch(_short, tasks, store=numbers_of(fit), work=Message("leaving out mediators"))
    return dict(zip(names, (results[key] for key in tasks), strict=True))


def _short(
    design: Design, panel: Panel, mediators: tuple[str, ...], seed: int, start: ExistingDraws
) -> Numbers:
    effects = quick_effects(design, panel, seed=seed, stock=start)
    draws = {name: nie(effects, mediators=name).to_numpy() for name in mediators}
    settled = np.array(convergence_of(effects) == v.PASSED)
    return {**draws, _DIRECT: nde(effects).to_numpy(), "settled": settled}


def _judged(before: xr.DataArray, after: npt.NDArray[np.float64]) -> tuple[Verdict, float]:
    """Compare an effect of a refit with that of the fit, in posterior SDs of the latter."""
    sd, mean, sign = float(before.std()), float(after.mean()), certain(before)
    move = (mean - float(before.mean())) / sd
    if sign * mean < -sd:
        return FAILS, move
    other = otherwise(float((before > 0).mean()), np.array([float((after > 0).mean())]))
    return ladder(doubt=abs(move) > _FAR or other.any()), move


def _called(line: EvidenceRow) -> Message:
    without = cast("Message", line.quantity).parts[0]
    if line.mediator == _DIRECT:
        return Message("direct effect when {} is left out", without)
    return Message("indirect effect through {} when {} is left out", line.mediator, without)


def _sentence(lines: list[EvidenceRow], verdict: Verdict) -> Message:
    bad = [x for x in lines if x.verdict in (DOUBT, FAILS)]
    if verdict == HOLDS:
        return Message(
            "Leaving out any one mediator does not change the conclusions about the other effects."
        )
    if verdict == FAILS:
        apart = Message("The data do not separate the indirect effects of the mediators.")
        return joined([_reversed([x for x in lines if x.verdict == FAILS]), apart])
    changed = listed(map(_called, bad), 3)
    depends = Message("Indirect effects change when one mediator is left out ({}).", changed)
    if any(x.mediator == _DIRECT for x in bad):
        depends = Message("Effects change when one mediator is left out ({}).", changed)
    through = Message(
        "The mediators are related to each other, so single indirect effects depend on "
        "which mediators are in the model."
    )
    return joined([depends, through])


def _reversed(turned: list[EvidenceRow]) -> Message:
    """Return the effects that change sign without a mediator."""
    first, *more = turned
    if more:
        return Message(
            "Effects change sign when a mediator is left out ({}).", listed(map(_called, turned), 4)
        )
    without = cast("Message", first.quantity).parts[0]
    if first.mediator == _DIRECT:
        return Message("The direct effect changes sign when {} is left out.", without)
    return Message(
        "The indirect effect through {} changes sign when {} is left out.", first.mediator, without
    )
