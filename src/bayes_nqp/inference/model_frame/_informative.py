"""Observations that a likelihood with latent outcomes can use: possible values, and some events."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Index, Mask
from bayes_nqp._core.exceptions import IdentificationError, PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import SourceRows, plain
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.model.designs import ModelSpec
from bayes_nqp.numerics.sufficient_statistics import distinct_rows


def informative_rows(
    model: ModelSpec, frame: PanelCodes, sample: Mask
) -> tuple[Mask, tuple[Message, ...]]:
    """Leave out units without information on effects, such as units without any event.

    With a flat unit effect, the likelihood of such a unit does not depend on effects at its
    maximum: its level has no lower bound. This applies also to flat effects of cells. They are left
    out if the design drops unidentified effects (Albert and Anderson 1984).

    Returns
    -------
    tuple of ndarray of bool (row) and tuple of Message
        Observations that are kept, and a note.

    Raises
    ------
    PanelError
        If an outcome is impossible under the likelihood.
    IdentificationError
        If all observations of a period, within a level of time effects, are without events; or
        those of a cell with a flat effect.
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
    keep = _told(model, sample, frame.unit)
    notes: tuple[Message, ...] = ()
    if model.facts.pooling.flat:
        inside, notes = _cells_with_events(model, frame, keep)
        keep = _told(model, inside, frame.unit)
    if not keep.any():
        raise IdentificationError(
            Message("outcome={!r} has no events", panel.roles.outcome),
            hint="check the column of the outcome",
        )
    if not model.equations[0].pooled_time:
        _check_periods(model, frame, keep)
    lost = np.setdiff1d(frame.unit[sample], frame.unit[keep])
    if not lost.size:
        return keep, notes
    note = Message(
        "{n:,} unit without information on effects, because all its outcomes are at the bound of "
        "their range, is left out: {}",
        shown(panel.unit_labels[lost]),
        plural="{n:,} units without information on effects, because all their outcomes are at the "
        "bound of their range, are left out: {}",
        n=lost.size,
    )
    return keep, (*notes, note)


def _told(model: ModelSpec, sample: Mask, groups: Index) -> Mask:
    """Return True for observations of groups with information on their level."""
    panel, keep = model.panel, sample.copy()
    keep[sample] = model.facts.likelihood.informative(
        panel.outcome[sample], groups[sample], trials=panel.number_of_trials[sample]
    )
    return keep


def _cells_with_events(
    model: ModelSpec, frame: PanelCodes, sample: Mask
) -> tuple[Mask, tuple[Message, ...]]:
    """Leave out or refuse cells with a flat effect that has no bound on one side."""
    panel, treated = model.panel, sample & frame.treated
    unit = frame.unit
    _, cell = distinct_rows(np.column_stack([frame.stratum[unit], frame.key[unit], frame.time]))
    silent = treated & ~_told(model, treated, cell)
    if not silent.any():
        return sample, ()
    first = np.unique(cell[silent], return_index=True)[1]
    row = np.flatnonzero(silent)[first]
    names = dict.fromkeys(
        Message("cohort {} in {}", plain(panel.time_labels[g]), plain(panel.time_labels[t]))
        for g, t in zip(frame.cohort[unit[row]], frame.time[row], strict=True)
    )
    if model.unidentified == "raise":
        raise IdentificationError(
            Message(
                "all outcomes of {} are at the bound of their range, so that effects without "
                "pooling have no finite estimate",
                shown(names),
            ),
            hint=Message("{}, or unidentified='drop'", "nqp.PartialPooling()"),
            about="cells without events",
        )
    note = Message(
        "observations dropped because all outcomes of their cells are at the bound of their range: "
        "{:,} ({})",
        silent.sum(),
        shown(names),
    )
    return sample & ~silent, (note,)


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
