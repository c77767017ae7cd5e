"""Designs made from others: leads before adoption, and flat deviations of units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

from bayes_nqp._core import vocabulary as v
from bayes_nqp.model.designs._design import SingleEquation
from bayes_nqp.model.designs._model import ModelSpec
from bayes_nqp.model.designs.mediation import Mediation
from bayes_nqp.model.pooling import flat_pooling
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.model.priors import scale_prior
from bayes_nqp.model.specification import SEVERAL, Calendar, EquationSpec, Facts
from bayes_nqp.numerics.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.model.designs._design import Design


@dataclass(frozen=True, slots=True)
class FlatCells(SingleEquation):
    """Any design of one equation with flat effects, without differential trends.

    Parameters
    ----------
    design : SingleEquation
        A design with adoption.
    time : TimeEffects
        Time effects of the design on the panel; effects that follow pooled strata would change.
    leads : bool, default True
        True if never-treated units are the only controls.
    unidentified : {"raise", "drop"}, default "raise"
        Treatment of observations in cells that the data do not identify.
    """

    design: SingleEquation
    time: TimeEffects
    leads: bool = True
    unidentified: Literal["raise", "drop"] = "raise"

    @property
    def facts(self) -> Facts:
        """Facts of the design, with flat effects."""
        flat = flat_pooling(None)
        return replace(self.design.facts, pooling=flat, time=self.time, leads=self.leads)

    @property
    def arguments(self) -> frozenset[str]:
        """Names that `variant` takes: leads, and those of the design."""
        return self.design.arguments | {"leads"}

    def variant(self, changes: Mapping[str, object]) -> Self:
        """State the same with leads or without, or of a design with other arguments.

        Raises
        ------
        ChoiceError
            If the design has no such argument.
        """
        inner = dict(changes)
        leads = bool(inner.pop("leads", self.leads))
        return replace(self, design=self.design.variant(inner), leads=leads)

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that the design keeps."""
        return self.design.rows(panel)

    def timing(self, panel: Panel) -> Calendar:
        """When units are treated, with leads before or without."""
        timing = self.design.timing(panel)
        assert isinstance(timing, Calendar)
        return timing.with_leads() if self.leads else timing.without_leads()

    def equation(self, panel: Panel) -> EquationSpec:
        """The design's, with flat effects."""
        facts = self.facts
        return replace(
            self.design.equation(panel), pooling=facts.pooling, strata=facts.strata(panel),
            pooled_time=self.time.pooled,
        )  # fmt: skip


def lead_design(design: SingleEquation, panel: Panel) -> FlatCells:
    """Turn a design into its lead fit: flat leads and effects, never-treated controls.

    Parameters
    ----------
    design : SingleEquation
        A design with adoption; its time effects stay as they are. Untreated observations that are
        exposed to the treatment of others leave the sample, and so do cells that lose their
        comparison by this. A lead fit is its own lead fit.
    """
    if isinstance(design, FlatCells):
        return design
    changes, time = _flat_terms(design, leads=True), _time_of(design, panel)
    if not changes:
        # Counts can have cells without events, whose flat effects have no finite estimate.
        drop = design.facts.likelihood.approximated
        return FlatCells(design, time, unidentified="drop" if drop else design.unidentified)
    return FlatCells(design.variant(changes), time, unidentified="drop")


def saturated_design(design: Design, panel: Panel, **changes: object) -> Design:
    """Turn a design into its saturated fit: flat effects, no deviations, no differential trends.

    Parameters
    ----------
    design : Design
        A design with adoption; its time effects stay as they are.
    **changes
        Further arguments.
    """
    flat = {"effect": flat_pooling(None), "time": _time_of(design, panel), **changes}
    return design.variant(flat | _flat_terms(design, leads=False))


def _flat_terms(design: Design, *, leads: bool) -> dict[str, object]:
    """Return the arguments whose terms change in a model with flat effects of cells."""
    terms = [(term.argument, term, term.flat(leads=leads)) for term in design.facts.terms]
    changes: dict[str, object] = {
        name: flat for name, term, flat in terms if name not in SEVERAL and flat != term
    }
    for argument in SEVERAL:
        further = [(term, flat) for name, term, flat in terms if name == argument]
        if any(flat != term for term, flat in further):
            changes[argument] = tuple(flat for _, flat in further if flat is not None)
    return changes


def _time_of(design: Design, panel: Panel) -> TimeEffects:
    """Time effects that stay as they are, whatever becomes of effects."""
    return design.facts.time or TimeEffects(design.facts.time_strata(panel))


WIDE = 100.0
"""Scale of flat deviations, in multiples of ``s``."""


class FlatDeviations(Mediation):
    """A mediation model in which the direct effect of each treated unit is unrestricted.

    In the outcome's equation the scale of deviations is fixed and so wide that they are flat. The
    effect of treatment on a unit's mediators beyond its cell then carries no information on slopes.
    Under random deviations it would dilute the bias. Equations of mediators are unchanged.
    """

    __slots__ = ()

    def spec(self, panel: Panel) -> ModelSpec:
        """State the model of a panel."""
        model = Mediation.spec(self, panel)
        outcome, *mediators = model.equations
        outcome = replace(outcome, deviation=Scale("deviation", scale_prior(WIDE), estimated=False))
        return replace(model, equations=(outcome, *mediators))


def flat_deviations(design: Design) -> FlatDeviations:
    """Free the direct effect of each treated unit of a design with mediators."""
    facts = design.facts
    assert facts.channels is not None
    outcome = design.outcome_design.variant({"effect": facts.pooling.with_varying(v.UNIT)})
    return FlatDeviations(
        outcome,
        facts.channels.mediators,
        facts.channels.interaction,
        facts.channels.lag,
        moderates=facts.channels.moderated,
        links=facts.channels.links,
    )
