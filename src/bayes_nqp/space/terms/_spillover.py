"""Terms for spillovers on other units, by nearness and time since exposure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint, IdentificationError, StudyError
from bayes_nqp._core.i18n import Message, joined, listed
from bayes_nqp.model.designs import Calendar, EquationSpec, Facts, Neighbours, Reach, Term, Timing
from bayes_nqp.model.predictors import BARE, EXPOSURE_TIME, LEAD, NEIGHBOUR, ONTO, TREATED
from bayes_nqp.numerics.sufficient_statistics import distinct_rows

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_QUESTION: Final = Message(
    "Does the policy affect units beyond the last distance band, or units that the "
    "weights do not link? Nearer units have separate effects, or are left out."
)
UNSEEN: Final = Message(
    "Are there treated units outside the panel? Units that are near only these are "
    "treated as unaffected."
)


class RingTerm(Term):
    """A term with classes of nearness to treated units."""

    __slots__ = ()
    role = "exposure"
    with_dose = False
    with_exits = False
    onto: Sequence[str]
    leads: int
    drops_rows: bool = False
    """Whether exposed rows leave the sample, in place of effects of their own."""

    @property
    @abstractmethod
    def rings(self) -> tuple[str, ...]:
        """Labels of how near a unit can be, from the nearest on (ring)."""

    def exposed_since(self, panel: Panel) -> Index | None:
        return self.since(panel)

    @abstractmethod
    def since(self, panel: Panel) -> Index:
        """Return the period from which a unit is in each band or nearer (unit, ring).

        Returns
        -------
        ndarray of int (unit, ring)
            Positions in the panel's periods, and their number for never. They do not increase along
            a line.

        Raises
        ------
        PanelError
            If units have no coordinates, or are not among those of the weights.
        """

    @property
    def reach(self) -> Reach:
        """By being exposed."""
        return "exposure"

    @property
    def question(self) -> Message:
        """Return questions to the author on farther spillovers and on units outside the panel."""
        return joined([_QUESTION, UNSEEN])

    @property
    def bystanders(self) -> Message:
        """Return a name for untreated units near treated ones."""
        return Message("untreated units near treated ones")

    def flat(self, *, leads: bool) -> RingTerm:
        """Leave out exposed observations if there are leads; otherwise estimate total effects only.

        Spillovers on treated observations have priors, and flat effects of cells would absorb them.
        """
        if leads:
            return Unexposed(self)
        value: Any = self
        return self if self.drops_rows else replace(value, onto=("untreated",))

    def rows(self, panel: Panel) -> Panel:
        """Leave out untreated exposed observations, if the term requires it."""
        if not self.drops_rows:
            return panel
        unit, time = panel.unit_codes, panel.time_codes
        treated = (panel.cohort_codes[unit] >= 0) & (time >= panel.cohort_codes[unit])
        keep = treated | (time < self.since(panel)[unit, -1])
        return panel if keep.all() else panel.where(keep)

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add spillover effects with the same partial pooling as effects."""
        if self.drops_rows:
            return equation
        return replace(equation, neighbours=Neighbours(facts.pooling, facts.strata(panel)))

    def timing(self, timing: Timing, facts: Facts, panel: Panel) -> Timing:
        """Count time from adoption, and before it from exposure; cells depend on both.

        Raises
        ------
        StudyError
            If no observation is exposed in one of the bands.
        IdentificationError
            If the design already has leads.
        """
        if self.drops_rows:
            return timing
        if facts.leads:
            raise IdentificationError(
                Message(
                    "'spillovers' uses observations without treated neighbours as "
                    "controls, which is not compatible with controls='never'"
                ),
                hint=Message("{}", Hint("controls", "all")),
            )
        return _exposed(self, facts, panel)

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """The spillover effects of the class of exposure that a unit is in."""
        if self.drops_rows:
            return "", {}
        return "Σ_{r} θ_{rt} R_{irt}", {
            "R_{irt}": Message("1 for unit i in exposure class r in period t"),
            "θ_{rt}": Message("spillover effects"),
        }

    def _exposed_words(self, nearness: Message) -> Message:
        """Describe the exposure and the exposed units."""
        onto = (
            Message("separate effects on untreated and on treated units")
            if "treated" in self.onto
            else Message(
                "effects on untreated units; for treated units only the total effect is estimated"
            )
        )
        return Message(
            "Spillover effects differ {}, and by periods since first exposure: {}. "
            "Observations without exposure are the controls. Exposure classes: {}.",
            nearness, onto, listed(self.rings),
        )  # fmt: skip

    def _check_onto(self) -> None:
        """Validate ``onto`` and convert it to a tuple.

        Raises
        ------
        StudyError
            If it is invalid.
        """
        value: Any = self.onto
        onto = (value,) if isinstance(value, str) else tuple(value)
        if "untreated" not in onto or not set(onto) <= set(ONTO):
            raise StudyError(
                Message("'{}' is {!r}", "onto", value),
                hint="('untreated', 'treated'), or ('untreated',)",
            )
        object.__setattr__(self, "onto", onto)


@dataclass(frozen=True, slots=True)
class Unexposed(RingTerm):
    """The same exposure without its untreated observations, as for leads.

    Parameters
    ----------
    term : RingTerm
        Exposure of the units, and its start.
    """

    term: RingTerm

    role = "donut"
    drops_rows = True
    onto = ("untreated",)
    leads = 0

    @property
    def rings(self) -> tuple[str, ...]:
        """Labels of how near a unit can be."""
        return self.term.rings

    @property
    def argument(self) -> str:
        """That of the term."""
        return self.term.argument

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the term in the methods section of a report."""
        return self.term.words(attrs)

    def since(self, panel: Panel) -> Index:
        """Return the period from which a unit is in each band or nearer (unit, ring)."""
        return self.term.since(panel)

    def timing(self, timing: Timing, facts: Facts, panel: Panel) -> Timing:
        """Let leads end where units become exposed: their later rows before adoption are left out.

        Leads of units of one cohort that become exposed at different dates are compared with
        different periods, and are different cells.
        """
        assert isinstance(timing, Calendar)
        timing = timing.without_leads()
        dates = np.column_stack([timing.key, self.since(panel)[:, -1]])
        (cohort, touched), key = _classes(dates)
        role = timing.role[cohort]
        number = len(timing.role) + np.arange(len(cohort))
        cell = np.where(role == TREATED, cohort[:, None], number[:, None])
        calendar = Calendar(key, timing.origin[cohort], role, cell=cell, touched=touched)
        return calendar.with_leads() if facts.leads else calendar


def _classes(dates: Index) -> tuple[Index, Index]:
    """Distinct rows of a table (unit, column), transposed, and the one of each unit."""
    classes, key = distinct_rows(dates)
    return classes.T, key


def _exposed(term: RingTerm, facts: Facts, panel: Panel) -> Calendar:
    """Return classes of units by adoption and by first exposure in each band."""
    first = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
    dates = np.column_stack([first, term.since(panel)])
    classes, key = _classes(dates)
    first, time = classes[1:].T, np.arange(panel.periods)
    adoption, since = classes[0, :, None], first[:, :, None] <= time
    exposed = since.any(axis=1)
    # Nearest band of a unit, and the period from which it is in this band or nearer.
    ring = np.where(exposed, since.argmax(axis=1), 0)
    start = np.take_along_axis(first, ring, axis=1)
    treated = (time >= np.maximum(adoption - facts.anticipation, 0)) & (adoption < panel.periods)
    before = time - first[:, -1:]
    lead = ~exposed & ~treated & (before <= -2) & (before >= -1 - term.leads)
    lead &= first[:, -1:] < panel.periods
    role = np.select([treated, exposed, lead], [TREATED, NEIGHBOUR, LEAD], BARE)
    bare = np.where(adoption < panel.periods, adoption, -1)
    origin = np.select([treated, exposed, lead], [adoption, start, first[:, -1:]], bare)
    onto = exposed & (~treated | ("treated" in term.onto))
    place = np.where(onto, ring, -1)
    _check_rings(term, place[key[panel.unit_codes], panel.time_codes])
    names = np.array([*term.rings, ""])[place]
    x = np.where(onto, time - start, np.where(lead, before, -1))
    table = np.stack([role, origin, place, np.where(onto, start, -1)], axis=-1)
    cell = distinct_rows(table.reshape(-1, 4))[1].reshape(role.shape)
    return Calendar(
        key, origin.astype(np.int64), role.astype(np.int64),
        {"ring": names, EXPOSURE_TIME: x.astype(np.int64)}, cell.astype(np.int64),
    )  # fmt: skip


def _check_rings(term: RingTerm, place: Index) -> None:
    """Raise an error if a band contains no observation; bands are coded from 0, -1 for none."""
    rows = np.bincount(place + 1, minlength=1 + len(term.rings))[1:]
    for ring, count in zip(term.rings, rows, strict=True):
        if not count:
            raise StudyError(
                Message("no observation of the panel is exposed in the distance band {}", ring),
                hint="other bounds: nqp.spatial_weights.band(panel, km=…).describe() has distances",
            )


def rising(values: object, name: str, *, last: float, hint: str) -> tuple[float, ...]:
    """Check that bounds increase from above zero up to a largest one.

    Parameters
    ----------
    values : object
        One bound or several.
    name : str
        Name of the argument.
    last : float
        Largest bound allowed.

    Raises
    ------
    StudyError
        If they do not.
    """
    listed: Any = (values,) if isinstance(values, int | float) else values
    try:
        bounds = tuple(float(value) for value in listed)
    except (TypeError, ValueError):
        bounds = ()
    fine = bool(bounds) and all(0.0 <= b < last for b in bounds)
    if not fine or (np.diff(bounds) <= 0).any():
        raise StudyError(Message("'{}' is {!r}", name, values), hint=hint)
    return bounds
