"""Assumptions of a design about mediators, and the observations that it can use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message, either

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.data.spatial_weights import SpatialWeights


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """Assumptions of a design about mediators.

    Parameters
    ----------
    mediators : tuple of str, optional
        Names of mediators; all of the panel's by default.
    lag : int, default 0, periods
        Lag of mediators relative to the outcome.
    interaction : bool, default False
        True if treatment changes the slopes of mediators.
    joined : bool, default False
        True if equations are sampled jointly because their unit-level deviations are correlated.
    moderated : tuple of {"a", "b", "direct"}
        Paths that the moderator shifts, if there is one.
    links : SpatialWeights, optional
        Weights by which mediators of neighbours enter the outcome's equation.
    """

    mediators: Sequence[str] | None = None
    lag: int = 0
    interaction: bool = False
    joined: bool = False
    moderated: Sequence[str] = ("a", "direct")
    links: SpatialWeights | None = None

    def names(self, panel: Panel) -> tuple[str, ...]:
        """Mediators of a panel that the design takes.

        Raises
        ------
        StudyError
            If the panel has none, or not those that are named.
        """
        present = panel.roles.mediators
        names = present if self.mediators is None else self.mediators
        if not names:
            raise StudyError(
                "the panel has no mediators", hint="Panel.from_file(..., mediators=['digital'])"
            )
        if self.joined and len(names) > 1:
            raise StudyError(
                f"'vary_by' takes one mediator, and the panel has {len(names)}",
                where=shown(names),
                hint=f"mediators=[{names[0]!r}], and one fit for each of the others",
            )
        for name in names:
            if name not in present:
                raise StudyError(
                    f"'mediators' names {name!r}, which is no mediator of the panel",
                    hint=nearest(name, present) if present else f"Panel(..., mediators=[{name!r}])",
                )
            if name == "outcome":
                raise StudyError(
                    "a mediator is called 'outcome', as the outcome's own equation is",
                    hint="rename the column",
                )
        return tuple(names)


def complete_cases(
    panel: Panel, names: Sequence[str], lag: int
) -> tuple[Panel, Array, tuple[str, ...]]:
    """Keep the observations with all mediators, and return their columns of the outcome's equation.

    Parameters
    ----------
    names : sequence of str
        Mediators.
    lag : int
        Lag of mediators relative to the outcome, in periods.

    Returns
    -------
    notes : tuple of str
        Number of observations left out, with the reason.

    Raises
    ------
    PanelError
        If a mediator is missing in every treated observation of a cohort.
    StudyError
        If the lag leaves treated units without an untreated observation.
    """
    _check_lag(panel, lag)
    now = panel.mediators[:, [panel.roles.mediators.index(name) for name in names]]
    before = _lagged(panel, now, lag)
    complete = ~np.isnan(now).any(axis=1) & ~np.isnan(before).any(axis=1)
    cohort = panel.cohort_codes[panel.unit_codes]
    treated = panel.treatment_path[panel.unit_codes, panel.time_codes]
    for code in np.unique(cohort[treated]):
        of_cohort = treated & (cohort == code)
        if not complete[of_cohort].any():
            lost = [n for n, x in zip(names, now.T, strict=True) if np.isnan(x[of_cohort]).all()]
            raise PanelError(
                f"mediators are missing in all treated rows of cohort {panel.time_labels[code]}",
                where=shown(lost or names),
                hint="leave that mediator out, or these units (panel.where)",
                about="mediators missing",
            )
    if complete.all():
        return panel, before, ()
    if not complete.any():
        raise PanelError(
            "no row has all mediators", where=shown(names), hint="leave one of them out"
        )
    return panel.where(complete), before[complete], _notes(now, before, names, lag)


def _check_lag(panel: Panel, lag: int) -> None:
    """See that units which adopt keep rows before, the first of which have no earlier mediators."""
    adoption = np.unique(panel.cohort_codes)
    lost = adoption[(adoption > 0) & (adoption < lag)]
    if lost.size:
        raise StudyError(
            Message(
                "'lag' is {}, and rows before adoption in {} have no mediators so much earlier",
                lag,
                shown(panel.time_labels[lost]),
            ),
            hint=Message(
                "{}, or leave these units out (panel.where)", Hint("lag", int(lost[0]) - 1)
            ),
        )


def _lagged(panel: Panel, values: Array, lag: int) -> Array:
    """Values some periods before; missing where there is no such row."""
    if lag == 0:
        return values
    place = np.full((panel.unit_labels.size, panel.periods), -1, dtype=np.int64)
    place[panel.unit_codes, panel.time_codes] = np.arange(panel.unit_codes.size)
    earlier = panel.time_codes - lag
    row = np.where(earlier >= 0, place[panel.unit_codes, np.maximum(earlier, 0)], -1)
    return np.where(row[:, None] >= 0, values[row], np.nan)


def _notes(now: Array, before: Array, names: Sequence[str], lag: int) -> tuple[str, ...]:
    """State the number of observations that no equation uses, and their missing mediators."""
    gone = np.isnan(now).any(axis=1)
    lacking = [name for name, x in zip(names, now.T, strict=True) if np.isnan(x).any()]
    early = np.isnan(before).any(axis=1) & ~gone
    notes = []
    if gone.any():
        notes.append(
            Message(
                "{n:,} row where {lacking} is missing is left out of every equation: complete "
                "cases",
                plural="{n:,} rows where {lacking} is missing are left out of every equation: "
                "complete cases",
                n=int(gone.sum()),
                lacking=either(lacking),
            )
        )
    if early.any():
        ago = Message("one period") if lag == 1 else Message("{} periods", lag)
        notes.append(
            Message(
                "{n:,} row without {names} {ago} before is left out of every equation",
                plural="{n:,} rows without {names} {ago} before are left out of every equation",
                n=int(early.sum()),
                names=either(names),
                ago=ago,
            )
        )
    return tuple(notes)
