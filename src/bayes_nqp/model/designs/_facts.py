"""What a design can do and what it assumes, and the terms that add to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint, StudyError, nearest
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.plugins import family_of
from bayes_nqp._core.types import Words
from bayes_nqp.model.designs._channels import ChannelFacts
from bayes_nqp.model.designs._spec import EquationSpec, Timing
from bayes_nqp.model.designs._validate import equation_of
from bayes_nqp.model.errors import Noise
from bayes_nqp.model.likelihoods import Gaussian, Likelihood, exact_likelihood
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.model.priors import Deviations, NormalDeviations, Priors
from bayes_nqp.numerics.parameters import Parameter

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


type Reach = Literal["none", "exposure", "lag"]
"""How units that are not treated themselves may be affected."""


class Term(ABC):
    """A frozen dataclass that adds something to the model of a design: a file of its own.

    ``@value(argument)`` above it names the argument of designs that it fills; under "terms" it
    is one of those that designs take beside arguments of their own.
    """

    __slots__ = ()
    of_sums: bool = True
    """Whether units enter by sums and cross-products of their rows alone."""
    with_dose: bool = True
    """Whether it goes with a continuous exposure, which nobody adopts."""
    factors: tuple[str, ...] = ()
    """Factors of cells, besides strata, whose levels units change over time."""
    column: str = ""
    """Name of its one column with a slope, where adopters may differ by it before adoption."""

    @property
    def role(self) -> str:
        """What others ask for, whatever its class.

        "drift", "factors", "dip", "shift" (of a level), "shocks", "exposure", "donut", "lag"
        (outcomes follow those of linked units), or "linked" (what linked units have enters, and
        their outcomes do not).
        """
        return ""

    @property
    def with_channels(self) -> bool:
        """Whether mediators may have it in their equations."""
        return True

    @property
    def argument(self) -> str:
        """The argument of designs that it fills."""
        return family_of(type(self).__name__) or "terms"

    @property
    def reach(self) -> Reach:
        """How it lets units be affected that are not treated themselves."""
        return "none"

    @property
    def shared_by(self) -> str | None:
        """The column whose levels share it, where units of a level have it in common."""
        return None

    @property
    def question(self) -> Message | None:
        """What a referee may ask of it that no check can settle."""
        return None

    @property
    def bystanders(self) -> Message | None:
        """Which untreated units receive something of others' treatment, where it says which."""
        return None

    def exposed_since(self, panel: Panel) -> Index | None:
        """Period from which units are in each ring or nearer (unit, ring); None without rings."""
        return None

    @abstractmethod
    def words(self, attrs: Mapping[str, object]) -> Message:
        """Say for the methods of a report what it adds, with its priors.

        Parameters
        ----------
        attrs : mapping of str to object
            Of the effects that were fitted.
        """

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """State what it adds to the estimating equation of reports.

        Returns
        -------
        tuple of str and mapping
            An addend of ``y_{it}``, "" where it adds none; and the meaning of its symbols.
        """
        return "f_{it}", {"f_{it}": Message("contribution of the term {}", type(self).__name__)}

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """State sampled parameters of its own besides scales, for the methods of a report.

        Parameters
        ----------
        n_periods : int
            Length of the time grid.
        priors : Priors
            Those of the design.
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
        """Add to an equation, or refuse what the term does not go with.

        Raises
        ------
        PanelError
            If what it needs is missing in the panel.
        StudyError
            If it does not go with another argument.
        IdentificationError
            If the panel does not identify it.
        """
        return equation

    def apart(self) -> Term | None:
        """State it beside its further columns, which are then covariates: itself by default.

        Rows of a panel may be left out then, though such columns need those of other units.
        """
        return self

    def flat(self, *, leads: bool) -> Term | None:
        """State it beside flat effects of cells, as checks fit them: itself by default.

        Parameters
        ----------
        leads : bool
            Whether periods before adoption have effects too.

        Returns
        -------
        Term or None
            None where cells would absorb it.
        """
        return self


type StatedTerm = Annotated[Term, Words("a term such as nqp.ClusterTimeEffects('region')")]
"""What an argument of a design may be that a term fills."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Capabilities and assumptions of a design, which take the place of its class.

    Parameters
    ----------
    timing : {"adoption", "dose"}
        Whether units adopt a treatment at some time, or are exposed to more or less of it.
    pooling : Pooling
        How effects share strength, and what has its own deviation.
    noise : Noise
        Errors of every equation.
    time : TimeEffects or None
        As the design states them; None where they follow the strata of its effects.
    likelihood : Likelihood, default Gaussian()
        Of every equation.
    priors : Priors
        Scales of all priors.
    covariates : tuple of str, optional
        Which of the panel's; all by default.
    baseline : tuple of str, default ()
        Columns whose first value gets a slope per period.
    moderator : str or None, default None
        What shifts effects.
    anticipation : int, default 0, periods
        By which effects may come before adoption.
    leads : bool, default False
        Whether periods before adoption have effects of their own, so that only units that are
        never treated are controls.
    exposure : str or None, default None
        The column that holds the dose.
    by_period : bool, default False
        Whether effects of a dose differ by period.
    channels : ChannelFacts or None, default None
        Mediators that effects pass through.
    terms : tuple of Term, default ()
        What the model has besides.
    spillovers : {"none", "exposure", "lag"}
        How units that are not treated themselves may be affected by what the design adds itself;
        `reach` knows of its terms as well.
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
        """Tell whether a term plays a role; mediators of linked units are "linked"."""
        return any(x.role == role for x in self.terms) or (role == "linked" and self.links)

    @property
    def moving(self) -> tuple[str, ...]:
        """Factors of cells, besides strata, whose levels units change over time."""
        return tuple(name for term in self.terms for name in term.factors)

    @property
    def parallel(self) -> bool:
        """Whether trends are parallel, but for what time effects hold."""
        return not (self.has("drift") or self.has("factors") or self.differing)

    @property
    def differing(self) -> bool:
        """Whether adopters may differ before adoption by one column, without any effect."""
        return any(term.column for term in self.terms)

    @property
    def shared_by(self) -> tuple[str, ...]:
        """Columns whose levels share something, a term each."""
        return tuple(term.shared_by for term in self.terms if term.shared_by is not None)

    @property
    def reach(self) -> Reach:
        """How units that are not treated themselves may be affected."""
        exposure: Reach = "exposure" if self.links else self.spillovers
        return next((term.reach for term in self.terms if term.reach != "none"), exposure)

    @property
    def adopted(self) -> bool:
        """Whether units adopt the treatment, so that there are cohorts and rows before it."""
        return self.timing == "adoption"

    @property
    def exact(self) -> bool:
        """Whether rows are summed up, and coefficients integrated out exactly."""
        return self.likelihood.exact and self.deviations.gaussian

    @property
    def by_sites(self) -> bool:
        """Whether rows have normal stand-ins, from which weights lead to their own density."""
        return self.likelihood.by_sites and self.deviations.gaussian

    @property
    def by_rows(self) -> bool:
        """Whether every coefficient is sampled, row by row and slowly."""
        return not (self.exact or self.by_sites)

    @property
    def by_units(self) -> Message:
        """What of it looks at single units; empty where sums and cross-products are enough."""
        if not self.exact:
            return Message("{}={!r}", *self.inexact[:2])
        if self.joined:
            return Message("'vary_by'")
        if "b" in self.moderated:
            return Message("a moderator of the slopes of mediators")
        if not self.adopted and self.varying is not None:
            return Message("a continuous exposure beside deviations")
        return next((Message("{!r}", term) for term in self.terms if not term.of_sums), NOTHING)

    @property
    def deviations(self) -> Deviations:
        """How members deviate from the effects of their cells; normally where none do."""
        return NormalDeviations() if self.varying is None else self.priors.deviations

    @property
    def inexact(self) -> tuple[str, object, Message]:
        """The argument because of which rows are not summed up, its value, and what to try."""
        if self.deviations.gaussian:
            hint = Message("{}", Hint("likelihood", exact_likelihood()))
            return "likelihood", self.likelihood, hint
        normal = Message("normal deviations: a number, or a prior of scales, for 'priors.member'")
        return "priors.member", self.deviations, normal

    @property
    def varying(self) -> str | None:
        """What has its own deviation of the effect."""
        return self.pooling.varying

    @property
    def joined(self) -> bool:
        """Whether equations are drawn together."""
        return self.channels is not None and self.channels.joined

    @property
    def links(self) -> bool:
        """Whether mediators of linked units enter the outcome's equation."""
        return self.channels is not None and self.channels.links is not None

    @property
    def lag(self) -> int:
        """Periods by which mediators come before the outcome."""
        return 0 if self.channels is None else self.channels.lag

    @property
    def moderated(self) -> tuple[str, ...]:
        """Legs of channels that the moderator shifts; none without channels or a moderator."""
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
        """Factors whose combinations have their own time effects.

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
        """Add what terms have to an equation, one after another."""
        for term in self.terms:
            equation = equation_of(term, equation, self, timing, panel)
        return equation


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
