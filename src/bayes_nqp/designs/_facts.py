"""What a design can do and what it assumes: all that other rooms ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bayes_nqp.designs.noise import Noise
from bayes_nqp.errors import StudyError, nearest, shown
from bayes_nqp.likelihoods import Gaussian, Likelihood
from bayes_nqp.pooling import Complete, Pooling, Separate
from bayes_nqp.priors import Priors
from bayes_nqp.terms import DifferentialTrends, SharedShocks, SpatialLag, Spillover, TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["ChannelFacts", "Facts"]


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What a design with mediators assumes of them.

    Parameters
    ----------
    mediators : tuple of str, optional
        Which of the panel's; all by default.
    lag : int, default 0, periods
        By which mediators come before the outcome.
    interaction : bool, default False
        Whether treatment changes the slopes of mediators.
    joined : bool, default False
        Whether equations are drawn together, since what deviates in one does so in another.
    moderated : tuple of {"a", "b", "direct"}
        Legs that the moderator shifts, where there is one.
    """

    mediators: tuple[str, ...] | None = None
    lag: int = 0
    interaction: bool = False
    joined: bool = False
    moderated: tuple[str, ...] = ("a", "direct")

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
        return names


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
    trends : DifferentialTrends or None, default None
        How those who adopt may drift from the others; None for parallel trends.
    shocks : SharedShocks or None, default None
        What units of a cluster have in common period by period.
    channels : ChannelFacts or None, default None
        Mediators that effects pass through.
    spillovers : {"none", "exposure", "lag"}
        How units that are not treated themselves may be affected.
    spatial : SpatialLag or None, default None
        How outcomes follow those of linked units.
    exposures : Spillover or None, default None
        Who is near units in force, and whose rows receive something of it.
    """

    timing: Literal["adoption", "dose"]
    pooling: Pooling
    noise: Noise
    time: TimeEffects | None
    likelihood: Likelihood = field(default_factory=Gaussian)
    priors: Priors = field(default_factory=Priors)
    covariates: tuple[str, ...] | None = None
    baseline: tuple[str, ...] = ()
    moderator: str | None = None
    anticipation: int = 0
    leads: bool = False
    exposure: str | None = None
    by_period: bool = False
    trends: DifferentialTrends | None = None
    shocks: SharedShocks | None = None
    channels: ChannelFacts | None = None
    spillovers: Literal["none", "exposure", "lag"] = "none"
    spatial: SpatialLag | None = None
    exposures: Spillover | None = None

    @property
    def adopted(self) -> bool:
        """Whether units adopt the treatment, so that there are cohorts and rows before it."""
        return self.timing == "adoption"

    @property
    def compresses(self) -> bool:
        """Whether rows can be summed up, so that refits are quick."""
        return isinstance(self.likelihood, Gaussian)

    @property
    def varying(self) -> str | None:
        """What has its own deviation of the effect."""
        return self.pooling.varying

    @property
    def joined(self) -> bool:
        """Whether equations are drawn together."""
        return self.channels is not None and self.channels.joined

    @property
    def lag(self) -> int:
        """Periods by which mediators come before the outcome."""
        return 0 if self.channels is None else self.channels.lag

    @property
    def moderated(self) -> tuple[str, ...]:
        """Legs of channels that the moderator shifts; none without channels or a moderator."""
        return () if self.channels is None or self.moderator is None else self.channels.moderated

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
        return panel.roles.covariates if self.covariates is None else self.covariates

    def strata(self, panel: Panel) -> tuple[str, ...]:
        """Factors by which the design lets effects vary.

        Raises
        ------
        StudyError
            If the design names strata that the panel does not have.
        """
        if isinstance(self.pooling, Complete):
            return ()
        if isinstance(self.pooling, Separate) or self.pooling.strata is None:
            return panel.roles.strata
        return _strata_of(self.pooling.strata, panel, "effect")

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
