"""Requirements that checks and refits have of a fit, and reasons if one is not met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.designs import GAP

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.fitting._fit import Fit
    from bayes_nqp.model.designs import Facts


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """A requirement of a check or a refit.

    Parameters
    ----------
    met : callable
        Function of a design and the panel of its fit that returns True if the requirement is met.
    reason : callable
        Function of a design that does not meet it; returns a sentence.
    asked_anyway : bool, default True
        If True, the list of all checks includes those that do not meet it, with the reason.
    """

    met: Callable[[Facts, Panel | None], bool]
    reason: Callable[[Facts], Message]
    asked_anyway: bool = True


def meets(fit: Fit, needs: tuple[Need, ...]) -> bool:
    """Return True if a fit meets all requirements."""
    return all(need.met(fit.facts, fit.panel) for need in needs)


def require(fit: Fit, *needs: Need) -> None:
    """Raise an error if a fit does not meet a requirement.

    Parameters
    ----------
    *needs : Need
        Requirements in order; the first that is not met gives the reason.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    for need in needs:
        if not need.met(fit.facts, fit.panel):
            raise NotApplicable(need.reason(fit.facts))


def _no_adoption(facts: Facts) -> Message:
    if facts.channels:
        return Message(
            "This check needs pre-adoption or untreated observations, and a continuous "
            "exposure has none."
        )
    return Message(
        "A continuous exposure has no adoption date, so there are no pre-adoption periods"
        " to test; the check 'future_exposure' tests if future exposure predicts the "
        "outcome."
    )


ROWS: Final = Need(
    lambda _, panel: panel is not None,
    lambda _: Message(
        "This fit was saved without its observations; load them with nqp.load(path, panel=panel)."
    ),
)
"""The panel of the fit."""

UNITS: Final = Need(
    lambda _, panel: panel is None or not panel.summed,
    lambda _: Message(
        "This needs single units, but the panel contains sums of units; use a fit to "
        "panel.sample(units=…) of the panel of single units."
    ),
)
"""Units that are not sums of several units."""

UNIT_DOSES: Final = Need(
    lambda facts, panel: facts.adopted or UNITS.met(facts, panel), UNITS.reason
)
"""The same for a continuous exposure, with effects that cannot vary by sums of units."""

REFITS: Final = Need(
    lambda facts, _: not facts.by_rows,
    lambda facts: Message(
        "Refits under {!r} sample every coefficient and take too long; use the same "
        "design with {}.",
        *facts.inexact[1:],
    ),
)
"""Coefficients that are integrated out, so that a refit takes seconds at most."""

SUMS: Final = Need(
    lambda facts, _: facts.exact,
    lambda facts: Message(
        "This check needs hundreds of refits from sufficient statistics, and {!r} has none.",
        facts.likelihood,
    ),
)
"""Sufficient statistics of the observations, for hundreds of refits in closed form."""

ADDITIVE: Final = Need(
    lambda facts, _: not facts.likelihood.latent,
    lambda facts: Message(
        "Under {!r} the outcome depends on the effects through a link ({}), so that there"
        " are no residuals on the scale of effects.",
        facts.likelihood,
        facts.likelihood.link,
    ),
)
"""Errors that are added to the outcome itself."""

RESIDUALS: Final = Need(
    lambda facts, _: facts.approximated or not facts.likelihood.latent, ADDITIVE.reason
)
"""Errors that are added to the outcome, or replications and quantile residuals of latent ones."""

ADOPTION: Final = Need(lambda facts, _: facts.adopted, _no_adoption)
"""A treatment with adoption, so that there are cohorts and pre-adoption observations."""

ABSORBING: Final = Need(
    lambda facts, panel: not facts.adopted or panel is None or not panel.ends,
    lambda _: Message(
        "Treatments end in this panel, and this check assumes that units stay treated."
    ),
)
"""A treatment that does not end."""

EXITING: Final = Need(
    lambda facts, panel: facts.adopted and panel is not None and panel.ends,
    lambda _: Message(
        "No treatment ends in this panel; name a 0/1 column that goes back to 0 with "
        "Panel.from_frame(…, treatment=…)."
    ),
    asked_anyway=False,
)
"""A treatment that ends."""

DOSE: Final = Need(
    lambda facts, _: not facts.adopted,
    lambda _: Message(
        "This design has no continuous exposure; for a treatment with adoption dates use "
        "the check 'pretrends'."
    ),
    asked_anyway=False,
)
"""A continuous exposure."""

CHANNELS: Final = Need(
    lambda facts, _: facts.channels is not None,
    lambda _: Message("The fit has no mediators; use nqp.Mediation(design, mediators=[...])."),
    asked_anyway=False,
)
"""Mediators with equations."""

TRENDS: Final = Need(
    lambda facts, _: facts.has("drift"),
    lambda _: Message("The design assumes parallel trends."),
    asked_anyway=False,
)
"""Differential trends between treated units and others."""

LAGGED: Final = Need(
    lambda facts, _: facts.has("lag"),
    lambda _: Message(
        "The model has no spatial lag of the outcome; use "
        "StaggeredDiD(spillovers=nqp.SpatialLag(…))."
    ),
    asked_anyway=False,
)
"""Outcomes with a spatial lag."""

DYNAMIC: Final = Need(
    lambda facts, _: any(getattr(term, "dynamics", False) for term in facts.terms),
    lambda _: Message(
        "The model has no temporal lag of the outcome; use nqp.SpatialLag(…, dynamics=True)."
    ),
    asked_anyway=False,
)
"""Outcomes with a temporal lag."""

SEPARATE: Final = Need(
    lambda facts, _: not facts.has("lag"),
    lambda _: Message(
        "With a spatial lag, outcomes depend on each other within a period, so that no "
        "unit, observation or period can be analysed separately."
    ),
)
"""Outcomes without a spatial lag."""

LINKED: Final = Need(
    lambda facts, _: facts.has("lag") or facts.has("linked"),
    lambda _: Message(
        "The model contains no variables of spatial neighbours; use "
        "StaggeredDiD(spillovers=nqp.SpatialLag(…))."
    ),
    asked_anyway=False,
)
"""Outcomes, errors, treatment or covariates of neighbours in the model."""

APART: Final = Need(
    lambda facts, _: facts.adopted or not LINKED.met(facts, None),
    lambda _: Message(
        "The model contains the exposure of spatial neighbours, which is unknown if their"
        " observations are left out."
    ),
)
"""Treatment of neighbours that is known without their observations, or none in the model."""

RECEIVED: Final = Need(
    lambda facts, _: facts.has("exposure") or (LINKED.met(facts, None) and facts.reach != "none"),
    lambda _: Message("This model estimates no spillover effects."),
    asked_anyway=False,
)
"""Spillover effects in the model."""

IN_SPACE: Final = Need(
    lambda facts, _: facts.channels is not None and facts.reach != "none",
    lambda _: Message(
        "The model has no mediators with spillovers; use "
        "nqp.Mediation(nqp.StaggeredDiD(spillovers=…), links=weights)."
    ),
    asked_anyway=False,
)
"""Mediators that spillovers, or mediators of neighbours, act through."""

UNSELECTED: Final = Need(
    lambda facts, _: not facts.differing,
    lambda _: Message(
        "This design already allows pre-adoption periods to differ without an effect; the"
        " check 'pretrends' tests the differences that remain."
    ),
)
"""Adoption that does not depend on earlier periods."""

GAPS: Final = Need(
    lambda facts, _: facts.has(GAP),
    lambda _: Message(
        "The design has no ineligible units of the same state; use "
        "nqp.TripleDifference(eligible=…, by=…)."
    ),
    asked_anyway=False,
)
"""Outcomes of eligible units minus those of ineligible units of their state."""
