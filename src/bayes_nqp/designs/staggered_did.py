"""Staggered difference-in-differences with hierarchical cell effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs._equation import Ground, equation_of, ground_of
from bayes_nqp.designs._frame import DesignFrame, design_frame
from bayes_nqp.designs._moved import Moved
from bayes_nqp.designs._plan import Plan
from bayes_nqp.designs.noise import AR1, Noise
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.likelihoods import Gaussian, Likelihood, StudentT
from bayes_nqp.pooling import Complete, Partial, Pooling, Separate
from bayes_nqp.priors import Priors
from bayes_nqp.registry import register
from bayes_nqp.terms.time_effects import TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["StaggeredDiD", "known_strata"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@register("design")
@door
@dataclass(frozen=True, slots=True)
class StaggeredDiD(Moved):
    """Effects of a policy that reaches units at different times.

    The outcome of unit i in period t is ``alpha_i + lambda_t + x'beta + tau_cell +
    u_i [treated] + error``, with a cell for every stratum × cohort × time. All untreated
    rows, of units never or not yet treated, are controls.

    Parameters
    ----------
    effect : Complete, Partial or Separate, default Partial()
        How the effects of cells share strength, and what has its own deviation.
    errors : AR1, AR1Noise or IID, default AR1()
        Correlation of a unit's errors over time.
    time : TimeEffects, optional
        Which strata share time effects. By default every combination of the factors by which
        effects vary has its own.
    covariates : sequence of str, optional
        Time-varying covariates in levels; all of the panel's by default.
    baseline : sequence of str, default ()
        Columns whose value in the unit's first row gets a slope per period (conditional
        parallel trends).
    anticipation : int, default 0
        Periods before adoption in which the effect may already show.
    controls : {"all", "never"}, default "all"
        "never" uses only never-treated units: each stratum × cohort × pre-period but the last
        gets a flat lead.
    unidentified : {"raise", "drop"}, default "raise"
        What to do with cells whose effect no untreated rows identify.
    likelihood : Gaussian or StudentT, default Gaussian()
        StudentT is robust to outlying rows; it runs row by row, and slowly.
    priors : Priors, default Priors()
        Scales of all priors.
    moderator : str, optional
        One of the panel's moderators Z, such as digital finance, that shifts the effect: treated
        rows add ``theta_stratum (Z - centre)``, centred at their mean, with slopes pooled as
        the effects are. It must be observed in all treated rows. Let it be measured before
        treatment; one that varies over time should enter as a covariate too (a copy of the
        column), as it may move the outcome by itself. In a `Mediation` it shifts the direct
        effect and the effect on every mediator, and what mediators do to the outcome (the b-path)
        where its ``moderates`` names "b".

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    References
    ----------
    Borusyak, K., Jaravel, X. and Spiess, J. (2024). Revisiting event-study designs. Review of
    Economic Studies 91(6). Callaway, B. and Sant'Anna, P. (2021). Difference-in-differences
    with multiple time periods. Journal of Econometrics 225(2). Sun, L. and Abraham, S. (2021).
    Estimating dynamic treatment effects in event studies. Journal of Econometrics 225(2).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> design = nqp.StaggeredDiD(effect=nqp.Partial(["region"]), errors=nqp.AR1())
    >>> design.errors
    AR1()
    """

    effect: Pooling = field(default_factory=Partial)
    errors: Noise = field(default_factory=AR1)
    time: TimeEffects | None = None
    covariates: tuple[str, ...] | None = None
    baseline: tuple[str, ...] = ()
    anticipation: int = 0
    controls: Literal["all", "never"] = "all"
    unidentified: Literal["raise", "drop"] = "raise"
    likelihood: Likelihood = field(default_factory=Gaussian)
    priors: Priors = field(default_factory=Priors)
    moderator: str | None = None

    def __post_init__(self) -> None:
        wanted: dict[str, tuple[type, ...]] = {
            "effect": (Complete, Partial, Separate),
            "errors": (Noise,),
            "time": (TimeEffects, type(None)),
            "likelihood": (Gaussian, StudentT),
            "priors": (Priors,),
        }
        for name, types in wanted.items():
            value = getattr(self, name)
            if not isinstance(value, types):
                names = ", ".join(f"nqp.{t.__name__}()" for t in types if t is not type(None))
                hint = f"one of {names}"
                if isinstance(value, type) and issubclass(value, types):
                    hint = f"nqp.{value.__name__}() with brackets"
                raise StudyError(f"'{name}' is {value!r}", hint=hint)
        for name, choices in {
            "controls": ("all", "never"),
            "unidentified": ("raise", "drop"),
        }.items():
            if getattr(self, name) not in choices:
                raise StudyError(
                    f"'{name}' is {getattr(self, name)!r}", hint=" or ".join(map(repr, choices))
                )
        if type(self.anticipation) is not int or self.anticipation < 0:
            raise StudyError(
                f"'anticipation' is {self.anticipation!r}",
                hint="a whole number of periods, 0 or more",
            )
        if self.moderator is not None and not isinstance(self.moderator, str):
            raise StudyError(
                f"'moderator' is {self.moderator!r}", hint="the name of one moderator of the panel"
            )
        if self.moderator is not None and isinstance(self.likelihood, StudentT):
            raise StudyError(
                "'moderator' needs a likelihood that compresses, and StudentT does not",
                hint="likelihood=nqp.Gaussian(), or leave out 'moderator'",
            )
        for name in ("covariates", "baseline"):
            value = getattr(self, name)
            if value is not None:
                names_ = (value,) if isinstance(value, str) else tuple(value)
                object.__setattr__(self, name, names_)

    def replace(self, **changes: object) -> StaggeredDiD:
        """Return the same design with other arguments.

        Parameters
        ----------
        **changes
            Arguments of the design.

        Returns
        -------
        StaggeredDiD
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise StudyError(
                    f"StaggeredDiD has no argument {name!r}", hint=nearest(name, known)
                )
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def varying(self) -> str | None:
        """What has its own deviation of the effect."""
        return self.effect.varying

    def strata(self, panel: Panel) -> tuple[str, ...]:
        """Factors by which the design lets effects vary.

        Parameters
        ----------
        panel : Panel

        Returns
        -------
        tuple of str

        Raises
        ------
        StudyError
            If the design names strata that the panel does not have.
        """
        if isinstance(self.effect, Complete):
            return ()
        if isinstance(self.effect, Separate) or self.effect.strata is None:
            return panel.roles.strata
        return known_strata(self.effect.strata, panel.roles.strata, "effect")

    def time_strata(self, panel: Panel) -> tuple[str, ...]:
        """Factors whose combinations have their own time effects.

        Parameters
        ----------
        panel : Panel

        Returns
        -------
        tuple of str
        """
        if self.time is None:
            return self.strata(panel)
        return known_strata(self.time.by, panel.roles.strata, "time")

    def frame(self, panel: Panel) -> DesignFrame:
        """Codes of the panel's rows and units under this design.

        Parameters
        ----------
        panel : Panel

        Returns
        -------
        DesignFrame
        """
        return design_frame(
            panel,
            time_by=self.time_strata(panel),
            varying=self.effect.varying,
            anticipation=self.anticipation,
            leads=self.controls == "never",
        )

    def ground(self, panel: Panel) -> Ground:
        """Number rows and cells, and drop what is not identified.

        Parameters
        ----------
        panel : Panel

        Returns
        -------
        Ground
        """
        return ground_of(self, panel)

    def plan(self, panel: Panel, *, scale: float | None = None) -> Plan:
        """State the model of a panel: one equation.

        Parameters
        ----------
        panel : Panel
        scale : float, optional, outcome units
            ``s``, held at this value; computed from the outcome by default.

        Returns
        -------
        Plan

        Raises
        ------
        IdentificationError
            If the panel cannot identify what the design asks for.
        StudyError
            If ``scale`` is not a positive number.
        """
        ground = ground_of(self, panel)
        equation = equation_of(self, panel, ground, "outcome", panel.outcome, scale=scale)
        return ground.plan((equation,))


def known_strata(names: Sequence[str], strata: tuple[str, ...], argument: str) -> tuple[str, ...]:
    """See that factors are strata of a panel.

    Parameters
    ----------
    names : sequence of str
    strata : tuple of str
        The panel's.
    argument : str
        That named them, for messages.

    Returns
    -------
    tuple of str

    Raises
    ------
    StudyError
        If one is not.
    """
    for name in names:
        if name not in strata:
            raise StudyError(
                f"'{argument}' names the stratum {name!r}, which the panel does not have",
                hint=nearest(name, strata) if strata else f"Panel(..., strata=[{name!r}])",
            )
    return tuple(names)
