"""Capabilities and assumptions of designs, and the base class of their terms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint, StudyError, nearest
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.plugins import family_of
from bayes_nqp._core.types import Words
from bayes_nqp.model.errors import Noise
from bayes_nqp.model.likelihoods import Gaussian, Likelihood, exact_likelihood
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.model.priors import Deviations, NormalDeviations, Priors
from bayes_nqp.model.specification._channels import ChannelFacts
from bayes_nqp.model.specification._equation import EquationSpec
from bayes_nqp.model.specification._timing import Timing
from bayes_nqp.model.specification._validate import check_equation, check_parameters
from bayes_nqp.numerics.parameters import Parameter, answered, own

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


type Reach = Literal["none", "exposure", "lag"]
"""How units that are not treated themselves may be affected."""


class Term(ABC):
    """A frozen dataclass that adds a component to the model of a design, defined in its own file.

    The decorator ``@value(argument)`` names the argument of designs that the term fills. Under
    "terms", the term is one of those that designs take in addition to their other arguments.
    """

    __slots__ = ()
    of_sums: bool = True
    """Whether units enter by sums and cross-products of their rows alone."""
    with_dose: bool = True
    """Whether it goes with a continuous exposure, which nobody adopts."""
    with_exits: bool = True
    """Whether the term goes with treatments that end."""
    factors: tuple[str, ...] = ()
    """Factors of cells, besides strata, whose levels units change over time."""
    column: str = ""
    """Name of its one column with a slope, where adopters may differ by it before adoption."""

    @property
    def role(self) -> str:
        """Role of the term, by which other code finds it regardless of its class.

        "drift" (differential trend), "factors", "dip", "shift" (of a level), "shocks", "exposure",
        "moderators", "donut", "lag" (spatial lag of the outcome), or "linked" (columns of
        neighbours, without a spatial lag of the outcome).
        """
        return ""

    @property
    def with_channels(self) -> bool:
        """True if equations of mediators may include the term."""
        return True

    @property
    def argument(self) -> str:
        """The argument of designs that it fills."""
        return family_of(type(self).__name__) or "terms"

    @property
    def reach(self) -> Reach:
        """Way in which the term allows for spillovers on untreated units."""
        return "none"

    @property
    def shared_by(self) -> str | None:
        """Column by whose levels the term is shared, if units of a level have it in common."""
        return None

    @property
    def question(self) -> Message | None:
        """Question of a referee that no check can answer."""
        return None

    @property
    def bystanders(self) -> Message | None:
        """Untreated units with spillover effects, if the term defines them."""
        return None

    def exposed_since(self, panel: Panel) -> Index | None:
        """Period from which units are in each ring or nearer (unit, ring); None without rings."""
        return None

    @abstractmethod
    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the component and its priors for the methods section of a report.

        Parameters
        ----------
        attrs : mapping of str to object
            Attributes of the fitted effects.
        """

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """Return the term's addend in the estimating equation of reports.

        Returns
        -------
        tuple of str and mapping
            An addend of ``y_{it}``, "" if there is none; and the definitions of its symbols.
        """
        return "f_{it}", {"f_{it}": Message("contribution of the term {}", type(self).__name__)}

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """Return the sampled parameters other than scales, for the methods section of a report.

        Parameters
        ----------
        n_periods : int
            Length of the time grid.
        priors : Priors
            Priors of the design.
        """
        return ()

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that equations use."""
        return panel

    def timing(self, timing: Timing, facts: Facts, panel: Panel) -> Timing:
        """State when units are treated, or receive something, from when the design has it."""
        return timing

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the term to an equation, or refuse arguments that it cannot be combined with.

        Raises
        ------
        PanelError
            If a required value is missing in the panel.
        StudyError
            If it cannot be combined with another argument.
        IdentificationError
            If the panel does not identify it.
        """
        return equation

    def apart(self) -> Term | None:
        """Return the term with its further columns as covariates; the term itself by default.

        This allows observations of a panel to be left out, although such columns use other units.
        """
        return self

    def flat(self, *, leads: bool) -> Term | None:
        """Return the term for models with flat effects of cells; the term itself by default.

        Parameters
        ----------
        leads : bool
            True if periods before adoption have effects too.

        Returns
        -------
        Term or None
            None if cells would absorb it.
        """
        return self


SEVERAL: Final = ("terms", "moderators")
"""Arguments of designs that take several terms."""
type StatedTerm = Annotated[Term, Words("a term such as nqp.ClusterTimeEffects('region')")]
"""What an argument of a design may be that a term fills."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Capabilities and assumptions of a design, which other code reads instead of its class.

    Parameters
    ----------
    timing : {"adoption", "dose"}
        "adoption" if units adopt a treatment at a date, "dose" for a continuous exposure.
    pooling : Pooling
        Pooling of effects, and the level of random deviations.
    noise : Noise
        Error structure of every equation.
    time : TimeEffects or None
        Time effects of the design; None if they follow the strata of its effects.
    likelihood : Likelihood, default Gaussian()
        Likelihood of every equation.
    priors : Priors
        Scales of all priors.
    covariates : tuple of str, optional
        Names of covariates; all of the panel's by default.
    baseline : tuple of str, default ()
        Columns whose first value has a slope per period.
    moderator : str or None, default None
        Column that shifts effects.
    anticipation : int, default 0, periods
        Number of periods before adoption in which effects are allowed.
    leads : bool, default False
        True if periods before adoption have effects, so that only never-treated units are controls.
    exposure : str or None, default None
        Column of the exposure.
    by_period : bool, default False
        True if effects of an exposure differ by period.
    channels : ChannelFacts or None, default None
        Mediators.
    terms : tuple of Term, default ()
        Additional terms of the model.
    spillovers : {"none", "exposure", "lag"}
        Spillovers on untreated units that the design itself allows; `reach` includes those of
        terms.
    """

    timing: Literal["adoption", "dose"]
    pooling: Pooling
    noise: Noise
    time: TimeEffects | None
    likelihood: Likelihood = field(default_factory=Gaussian)
    priors: Priors = field(default_factory=Priors)
    covariates: Sequence[str] | None = None
    baseline: Sequence[str] = ()
    moderator: str | None = None
    anticipation: int = 0
    leads: bool = False
    exposure: str | None = None
    by_period: bool = False
    channels: ChannelFacts | None = None
    terms: tuple[Term, ...] = ()
    spillovers: Reach = "none"

    def term[T: Term](self, kind: type[T]) -> T | None:
        """Look up a term by its class, or by one that it is made from; None without it."""
        return next((term for term in self.terms if isinstance(term, kind)), None)

    @property
    def spatial_term(self) -> Any:
        """The term by which units follow linked ones, of role "lag" or "linked"; or None."""
        return next((term for term in self.terms if term.role in ("lag", "linked")), None)

    def has(self, role: str) -> bool:
        """Return True if a term has the role; mediators of neighbours have the role "linked"."""
        return any(x.role == role for x in self.terms) or (role == "linked" and self.links)

    @property
    def moving(self) -> tuple[str, ...]:
        """Factors of cells, other than strata, that change over time within units."""
        return tuple(name for term in self.terms for name in term.factors)

    @property
    def parallel(self) -> bool:
        """True if the design assumes parallel trends, given its time effects."""
        return not (self.has("drift") or self.has("factors") or self.differing)

    @property
    def differing(self) -> bool:
        """True if treated units may differ before adoption by one column without an effect."""
        return any(term.column for term in self.terms)

    @property
    def shared_by(self) -> tuple[str, ...]:
        """Columns by whose levels terms are shared, one per term."""
        return tuple(term.shared_by for term in self.terms if term.shared_by is not None)

    @property
    def reach(self) -> Reach:
        """Way in which the design allows for spillovers on untreated units."""
        exposure: Reach = "exposure" if self.links else self.spillovers
        return next((term.reach for term in self.terms if term.reach != "none"), exposure)

    @property
    def adopted(self) -> bool:
        """True if units adopt the treatment, so that there are cohorts and untreated periods."""
        return self.timing == "adoption"

    @property
    def exact(self) -> bool:
        """True if sufficient statistics are enough and coefficients are integrated out exactly."""
        return self.likelihood.exact and self.deviations.gaussian

    @property
    def approximated(self) -> bool:
        """True if observations have Gaussian approximations, corrected by importance weights."""
        return self.likelihood.approximated and self.deviations.gaussian

    @property
    def by_rows(self) -> bool:
        """True if every coefficient is sampled, observation by observation, which is slow."""
        return not (self.exact or self.approximated)

    @property
    def by_units(self) -> Message:
        """Parts of the design that need single units; empty if sums and cross-products suffice."""
        if not self.exact:
            return Message("{}={!r}", *self.inexact[:2])
        if self.joined:
            return Message("'vary_by'")
        if "b" in self.moderated:
            return Message("a moderator of the slopes of mediators")
        if not self.adopted and self.varying is not None:
            return Message("a continuous exposure with unit-level deviations")
        return next((Message("{!r}", term) for term in self.terms if not term.of_sums), NOTHING)

    @property
    def deviations(self) -> Deviations:
        """Distribution of unit-level deviations from the effects of cells; normal by default."""
        return NormalDeviations() if self.varying is None else self.priors.deviations

    @property
    def inexact(self) -> tuple[str, object, Message]:
        """The argument that prevents sufficient statistics, its value, and a remedy."""
        if self.deviations.gaussian:
            hint = Message("{}", Hint("likelihood", exact_likelihood()))
            return "likelihood", self.likelihood, hint
        normal = Message("normal deviations: a number, or a prior of scales, for 'priors.member'")
        return "priors.member", self.deviations, normal

    @property
    def varying(self) -> str | None:
        """Level of random deviations of the effect."""
        return self.pooling.varying

    @property
    def joined(self) -> bool:
        """True if equations are sampled jointly."""
        return self.channels is not None and self.channels.joined

    @property
    def links(self) -> bool:
        """True if mediators of neighbours enter the outcome's equation."""
        return self.channels is not None and self.channels.links is not None

    @property
    def lag(self) -> int:
        """Periods by which mediators come before the outcome."""
        return 0 if self.channels is None else self.channels.lag

    @property
    def moderated(self) -> tuple[str, ...]:
        """Paths that the moderator shifts; none without mediators or a moderator."""
        if self.channels is None or self.moderator is None:
            return ()
        return tuple(self.channels.moderated)

    def mediators(self, panel: Panel) -> tuple[str, ...]:
        """Mediators of a panel that the design takes; none without channels.

        Raises
        ------
        StudyError
            If the panel has none, or not those that are named.
        """
        return () if self.channels is None else self.channels.names(panel)

    def covariates_of(self, panel: Panel) -> tuple[str, ...]:
        """Covariates of a panel that the design takes."""
        return panel.roles.covariates if self.covariates is None else tuple(self.covariates)

    def strata(self, panel: Panel) -> tuple[str, ...]:
        """Factors by which the design lets effects vary.

        Raises
        ------
        StudyError
            If the design names strata that the panel does not have.
        """
        factors = self.pooling.factors
        return panel.roles.strata if factors is None else _strata_of(factors, panel, "effect")

    def time_strata(self, panel: Panel) -> tuple[str, ...]:
        """Factors whose combinations have separate time effects.

        Raises
        ------
        StudyError
            If the design names strata that the panel does not have.
        """
        if self.time is None:
            return self.strata(panel)
        return _strata_of(self.time.by, panel, "time")

    def equation(self, panel: Panel, mediator: str | None = None) -> EquationSpec:
        """State the equation of the outcome, or of a mediator, without terms."""
        name, outcome = "outcome", panel.outcome
        called = Message("outcome {!r}", panel.roles.outcome)
        if mediator is not None:
            outcome = panel.mediators[:, panel.roles.mediators.index(mediator)]
            name, called = mediator, Message("mediator {!r}", mediator)
        return EquationSpec(
            name, outcome, called, self.pooling, self.strata(panel), self.noise, self.priors,
            self.covariates_of(panel), tuple(self.baseline),
            pooled_time=self.time is not None and self.time.pooled,
        )  # fmt: skip

    def with_terms(self, equation: EquationSpec, timing: Timing, panel: Panel) -> EquationSpec:
        """Add the components of terms to an equation, in order."""
        for term in self.terms:
            equation = _extended(term, equation, self, timing, panel)
        return equation


def _extended(
    term: Term, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
) -> EquationSpec:
    """Return an equation with the components that a term adds."""
    if not own(term):
        return term.equation(equation, facts, timing, panel)
    call = partial(term.equation, equation, facts, timing, panel)
    changed: EquationSpec = answered(term, "equation", call, EquationSpec)
    check_parameters(term, lambda: term.parameters(panel.periods, facts.priors))
    check_equation(term, changed, equation, panel)
    return changed


def _strata_of(names: Sequence[str], panel: Panel, argument: str) -> tuple[str, ...]:
    """See that factors, named by an argument, are strata of a panel."""
    strata = panel.roles.strata
    for name in names:
        if name not in strata:
            raise StudyError(
                f"'{argument}' names the stratum {name!r}, which the panel does not have",
                hint=nearest(name, strata) if strata else f"Panel(..., strata=[{name!r}])",
            )
    return tuple(names)
