"""The spatial lag of an equation: its columns, its log determinant, and what it cannot go with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp.designs._facts import Facts
from bayes_nqp.designs._spec import Calendar, EquationSpec, LagSpec
from bayes_nqp.errors import Hint, IdentificationError, PanelError, StudyError, nearest, shown
from bayes_nqp.gaussian import (
    HIGHEST,
    LOWEST,
    MOST_DENSE,
    LogDeterminant,
    is_dense,
    log_determinant,
)
from bayes_nqp.language import Message
from bayes_nqp.likelihoods import Gaussian
from bayes_nqp.parameters import CutCorrelation, Parameter
from bayes_nqp.pooling import Complete
from bayes_nqp.spatial_weights import SpatialWeights
from bayes_nqp.terms import DELTA, TREATED, TREATMENT, SpatialLag

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["complete_units", "with_lag"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_TO_ONE = 1e-9
"""How far the sum of a row of W may be from one."""


def with_lag(equation: EquationSpec, facts: Facts, timing: Calendar, panel: Panel) -> EquationSpec:
    """Add outcomes, treatment and covariates of linked units to an equation.

    Raises
    ------
    PanelError
        If a unit has gaps, no neighbours, or no row in the weights.
    StudyError
        If the lag does not go with another argument.
    """
    term = facts.spatial
    if term is None:
        return equation
    _check(term, facts, panel)
    weights = term.weights.aligned(panel.unit_labels)
    _check_links(weights)
    levels = _levels(facts, panel)
    linked = _Linked(weights.matrix, panel)
    names = _durbin(term, equation, panel)
    near = _near(timing, weights.matrix, linked.at) if TREATMENT in names else {}
    columns = {
        f"W × {name}": linked(panel.covariates[:, panel.roles.covariates.index(name)])
        for name in names
        if name != TREATMENT
    }
    link = weights.matrix.tocoo()
    lag = LagSpec(
        Parameter(DELTA, CutCorrelation(3.0, 3.0, LOWEST, HIGHEST), in_outcome_units=False,
                  meaning=Message("the coefficient of linked units' outcomes")),
        linked(equation.outcome),
        _curve(weights, tuple(levels.tolist())),
        panel.periods - 1,
        links=weights.matrix,
        treated={e: x for e, x in near.items() if x.any()},
        error=term.error,
        adjusted=bool((levels[link.row] != levels[link.col]).any()),
    )  # fmt: skip
    return replace(equation, lag=lag, columns=columns)


class _Linked:
    """Columns of the panel to what linked units have of them.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    """

    def __init__(self, links: sparse.csr_array, panel: Panel) -> None:
        self.links, self.shape = links, (panel.n_units, panel.periods)
        self.at = panel.unit_codes, panel.time_codes

    def __call__(self, column: Array) -> Array:
        """``W x`` of a column (row)."""
        table = np.zeros(self.shape)
        table[self.at] = column
        return np.asarray((self.links @ table)[self.at])


@lru_cache(maxsize=8)
def _curve(weights: SpatialWeights, levels: tuple[int, ...]) -> LogDeterminant:
    """The log determinant: refits of other designs have it in common."""
    return log_determinant(weights.matrix, np.array(levels, dtype=np.int64))


def complete_units(facts: Facts, panel: Panel) -> Panel:
    """Keep the units that are seen in every period, where a lag asks for it."""
    if facts.spatial is None or facts.spatial.complete is None or panel.balanced:
        return panel
    count = np.bincount(panel.unit_codes, minlength=panel.n_units)
    complete = count == panel.periods
    return panel.where(complete[panel.unit_codes])


def _check(term: SpatialLag, facts: Facts, panel: Panel) -> None:
    """Refuse what a spatial lag does not go with, and gaps."""
    if not facts.compresses:
        raise StudyError(
            Message("a spatial lag is not stated row by row, as StudentT needs it"),
            hint=Message("{}", Hint("likelihood", Gaussian())),
        )
    for name, present in (("moderator", facts.moderator), ("weights", panel.weights)):
        if present is not None:
            raise StudyError(
                Message("'spillovers' with a spatial lag does not go with {!r}", name),
                hint=Message("leave out {!r}", name),
            )
    if term.error and facts.varying is not None:
        raise IdentificationError(
            Message("under errors that follow linked units' a deviation is none of one unit alone"),
            hint=Message("{}", Hint("effect", Complete(varying=None))),
        )
    pooled = facts.time is not None and facts.time.pooled
    for name, value in (("trends", facts.trends), ("shocks", facts.shocks), ("time", pooled)):
        if term.error and value:
            raise StudyError(
                Message("'error' of a spatial lag does not go with {!r}", name),
                hint=Message("leave out {!r}", name),
            )
    if panel.balanced:
        return
    count = np.bincount(panel.unit_codes, minlength=panel.n_units)
    gaps = np.flatnonzero(count < panel.periods)
    raise PanelError(
        Message(
            "a spatial lag needs every unit in every period, and {} of {} have gaps",
            gaps.size, panel.n_units,
        ),
        where=shown(panel.unit_labels[gaps]),
        hint="SpatialLag(…, complete='units') leaves these units out; rings of exposure "
        "(nqp.Rings) take gaps",
    )  # fmt: skip


def _check_links(weights: SpatialWeights) -> None:
    """See that rows of W sum to one, and that it can be factored."""
    if weights.isolated:
        raise PanelError(
            Message("{} units have no neighbour, and outcomes of none to follow",
                    len(weights.isolated)),
            where=shown(weights.isolated),
            hint="islands='nearest' where the weights are made, or a larger distance",
        )  # fmt: skip
    if (np.abs(weights.matrix.sum(axis=1) - 1.0) > _TO_ONE).any():
        raise StudyError(
            Message("the rows of the weights {!r} do not sum to one", weights.name),
            hint="standardised='row' where they are made",
        )
    if len(weights.ids) > MOST_DENSE and is_dense(weights.matrix):
        raise StudyError(
            Message(
                "the weights {!r} link nearly everyone, which a lag over {:,} units does not bear",
                weights.name, len(weights.ids),
            ),
            hint="a cut-off such as km=300, or the nearest units",
        )  # fmt: skip


def _levels(facts: Facts, panel: Panel) -> Index:
    """Level of time effects of each unit (unit): one for all where those of levels are shrunk."""
    codes = np.zeros((panel.n_units, 1), dtype=np.int64)
    if facts.time is None or not facts.time.pooled:
        factors = facts.time_strata(panel)
        codes = np.column_stack([codes, *(panel.strata_codes[f] for f in factors)])
    return np.unique(codes, axis=0, return_inverse=True)[1].ravel()


def _durbin(term: SpatialLag, equation: EquationSpec, panel: Panel) -> Sequence[str]:
    """What of linked units enters besides their outcomes."""
    if term.error:
        return ()
    every = (TREATMENT, *equation.covariates)
    if isinstance(term.durbin, bool):
        return every if term.durbin else ()
    for name in term.durbin:
        if name not in every:
            raise StudyError(
                Message("'durbin' names {!r}, which is no covariate of the design", name),
                hint=nearest(name, every),
            )
    return term.durbin


def _near(calendar: Calendar, links: sparse.csr_array, at: tuple[Index, Index]) -> dict[int, Array]:
    """``W D`` of each event time (row), ``D`` telling who is treated for so many periods."""
    role, origin = calendar.role[calendar.key], calendar.origin[calendar.key]
    event = np.arange(role.shape[1]) - origin
    times = np.unique(event[role == TREATED])
    return {int(e): (links @ ((role == TREATED) & (event == e)).astype(float))[at] for e in times}
