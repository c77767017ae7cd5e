"""A continuous moderator: its observations, and its columns for effects and slopes."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import SourceRows
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._columns import within
from bayes_nqp.inference.model_frame._model_frame import ModelFrame, Moderator
from bayes_nqp.model.designs import ModelSpec
from bayes_nqp.model.predictors import Slope, SlopeKind
from bayes_nqp.numerics.sufficient_statistics import VaryingColumn

_SAME = 1e-9
"""Share of a column's variation below which another explains it fully."""


def moderator_of(model: ModelSpec, frame: PanelCodes, sample: Mask) -> Moderator | None:
    """Centre the model's moderator over the treated observations; None without one.

    An error is raised if it is missing or constant in these, or is the outcome in other units.
    """
    name, panel = model.facts.moderator, model.panel
    if name is None:
        return None
    present = panel.roles.moderators
    if name not in present:
        raise StudyError(
            f"'moderator' names {name!r}, which is not a moderator of the panel",
            hint=nearest(name, present) if present else f"Panel(..., moderators=[{name!r}])",
        )
    values = panel.moderators[:, present.index(name)]
    treated = sample & frame.treated
    _complete(panel, name, values, treated, "treated rows")
    f = frame.weight[treated]
    centre = float(np.average(values[treated], weights=f))
    size = float(np.sqrt(np.average((values[treated] - centre) ** 2, weights=f)))
    if size <= 1e-12 * max(abs(centre), 1e-300):
        raise IdentificationError(
            Message("the moderator {!r} is constant over all treated observations", name),
            hint="leave out 'moderator'",
        )
    if _made_of(values[treated], panel.outcome[treated], frame.unit[treated]):
        raise IdentificationError(
            Message(
                "the moderator {!r} is the outcome {!r} in other units, in all treated "
                "observations",
                name,
                panel.roles.outcome,
            ),
            hint="use a moderator that was measured before treatment, or that the outcome "
            "does not affect",
        )
    return Moderator(name, values - centre, centre, size)


def moderation(ground: ModelFrame) -> list[tuple[Slope, Array]]:
    """Multiply treatment by the moderator, centred and scaled over treated observations (row)."""
    moderator, frame = ground.moderator, ground.codes
    if moderator is None:
        return []
    treated = ground.kept & frame.treated
    column = np.where(treated, moderator.values / moderator.size, 0.0)
    strata = tuple(np.unique(frame.stratum[frame.unit[treated]]).tolist())
    slope = Slope(
        moderator.name, SlopeKind.MODERATION, moderator.size, moderator.centre, strata=strata
    )
    return [(slope, column)]


def own_slope(ground: ModelFrame) -> list[tuple[VaryingColumn, float]]:
    """Return the main effect's column and divisor of a moderator that varies within units."""
    moderator, frame, sample = ground.moderator, ground.codes, ground.kept
    if moderator is None:
        return []
    _complete(ground.panel, moderator.name, moderator.values, sample, "rows")
    column, size = within(frame.unit[sample], moderator.values[sample], frame.counts)
    constant = size <= 1e-9 * moderator.size or not np.any(column)
    return [] if constant else [(VaryingColumn(moderator.name, column), size)]


def _made_of(x: Array, y: Array, unit: Index) -> bool:
    """Return True if a column is a linear function of another, or of it and unit effects."""
    groups, at = np.unique(unit, return_inverse=True)

    def linear(a: Array, b: Array, free: int) -> bool:
        square = float(a @ a) * float(b @ b)
        return free > 0 and square > 0 and square - float(a @ b) ** 2 <= _SAME * square

    if linear(x - x.mean(), y - y.mean(), x.size - 2):
        return True
    a, _ = within(at, x, np.ones(groups.size))
    b, _ = within(at, y, np.ones(groups.size))
    return linear(a, b, x.size - groups.size - 1)


def moderated_slope(
    ground: ModelFrame, moderator: Moderator, mediator: str, values: Array
) -> tuple[Slope, Array]:
    """Multiply a mediator (row) by the moderator, both centred."""
    frame, sample = ground.codes, ground.kept
    _complete(ground.panel, moderator.name, moderator.values, sample, "rows")
    centre = float(np.average(values[sample], weights=frame.weight[sample]))
    _, size = within(frame.unit[sample], values[sample], frame.counts)
    size *= moderator.size
    column = np.where(sample, (values - centre) * moderator.values / size, 0.0)
    return Slope(mediator, SlopeKind.SHIFT, size, centre, moderator=moderator.name), column


def _complete(panel: Panel, name: str, values: Array, wanted: Mask, called: str) -> None:
    missing = wanted & np.isnan(values)
    if missing.any():
        raise PanelError(
            f"the moderator {name!r} is missing in {missing.sum()} of {wanted.sum()} {called}",
            where=SourceRows(panel.frame, panel.roles.unit, panel.roles.time).shown(missing),
            hint=f"panel.complete({name!r}) keeps the observations that have it; or fill it in",
            about="values missing",
        )
