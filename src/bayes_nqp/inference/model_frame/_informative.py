"""Observations that a likelihood with latent outcomes can use: possible values, and some events."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Index, Mask
from bayes_nqp._core.exceptions import IdentificationError, PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import SourceRows, plain
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.model.designs import ModelSpec


def informative_rows(
    model: ModelSpec, frame: PanelCodes, sample: Mask
) -> tuple[Mask, tuple[Message, ...]]:
    """Leave out units without information on effects, such as units without any event.

    With a flat unit effect, the likelihood of such a unit does not depend on effects at its
    maximum: its level has no lower bound.

    Returns
    -------
    tuple of ndarray of bool (row) and tuple of Message
        Observations that are kept, and a note.

    Raises
    ------
    PanelError
        If an outcome is impossible under the likelihood.
    IdentificationError
        If all observations of a period, within a level of time effects, are without events.
    """
    likelihood, panel = model.facts.likelihood, model.panel
    if not likelihood.approximated:
        return sample, ()
    trials = panel.number_of_trials
    wrong, reason, hint = likelihood.impossible(panel.outcome, trials=trials)
    wrong &= sample
    if wrong.any():
        raise PanelError(
            Message("outcome={!r}: {}", panel.roles.outcome, reason),
            where=SourceRows(panel.frame, panel.roles.unit, panel.roles.time).shown(
                wrong, panel.roles.outcome
            ),
            hint=hint,
        )
    keep = sample.copy()
    keep[sample] = likelihood.informative(
        panel.outcome[sample], frame.unit[sample], trials=trials[sample]
    )
    if not keep.any():
        raise IdentificationError(
            Message("outcome={!r} has no events", panel.roles.outcome),
            hint="check the column of the outcome",
        )
    if not model.equations[0].pooled_time:
        _check_periods(model, frame, keep)
    lost = np.unique(frame.unit[sample & ~keep])
    if not lost.size:
        return keep, ()
    note = Message(
        "{n:,} unit without information on effects, because all its outcomes are at the bound of "
        "their range, is left out: {}",
        shown(panel.unit_labels[lost]),
        plural="{n:,} units without information on effects, because all their outcomes are at the "
        "bound of their range, are left out: {}",
        n=lost.size,
    )
    return keep, (note,)


def _check_periods(model: ModelSpec, frame: PanelCodes, keep: Mask) -> None:
    """Refuse periods without events: their flat time effects have no lower bound."""
    panel, unit, time = model.panel, frame.unit[keep], frame.time[keep]
    period: Index = frame.level[unit] * frame.n_periods + time
    silent = ~model.facts.likelihood.informative(
        panel.outcome[keep], period, trials=panel.number_of_trials[keep]
    )
    if silent.any():
        level, at = np.divmod(np.unique(period[silent]), frame.n_periods)
        names = [
            f"{plain(panel.time_labels[t])} {frame.level_names[k]}".strip()
            for k, t in zip(level, at, strict=True)
        ]
        raise IdentificationError(
            Message(
                "all outcomes of {} are at the bound of their range, so that time effects have no "
                "finite estimate",
                shown(names),
            ),
            hint=Message(
                "leave these periods out, join groups of strata, or use time effects with a "
                "common distribution: {}",
                "time=nqp.TimeEffects(pooled=True)",
            ),
            about="periods without events",
        )
