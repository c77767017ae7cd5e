"""Staggered difference-in-differences with hierarchical cell effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Self

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Natural
from bayes_nqp._core.validation import value
from bayes_nqp.model.designs._design import SingleEquation
from bayes_nqp.model.errors import AR1, Noise
from bayes_nqp.model.likelihoods import Gaussian, Likelihood
from bayes_nqp.model.pooling import PartialPooling, Pooling
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.model.priors import Priors
from bayes_nqp.model.specification import Calendar, Facts, StatedTerm, Term

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@value("design")
class StaggeredDiD(SingleEquation):
    """Staggered difference-in-differences: effects of a policy that is adopted at different times.

    The outcome of unit i in period t is ``alpha_i + lambda_t + x'beta + tau_cell +
    u_i [treated] + error``, with a group-time cell for every stratum × cohort × time. All untreated
    observations, of never-treated and not-yet-treated units, are controls.

    Parameters
    ----------
    effect : CompletePooling, PartialPooling or NoPooling, default PartialPooling()
        Pooling of the effects of cells, and the level of random deviations.
    errors : AR1, AR1PlusNoise or IID, default AR1()
        Correlation of a unit's errors over time.
    time : TimeEffects, optional
        Strata with separate time effects. By default every combination of the factors by which
        effects vary has separate time effects.
    covariates : sequence of str, optional
        Time-varying covariates in levels; all of the panel's by default.
    baseline : sequence of str, default ()
        Columns whose value in the unit's first observation has a slope per period (conditional
        parallel trends).
    anticipation : int, default 0
        Number of periods before adoption in which the effect may already appear.
    controls : {"all", "never"}, default "all"
        "never" uses only never-treated units: each stratum × cohort × pre-period but the last
        has a flat lead.
    unidentified : {"raise", "drop"}, default "raise"
        Treatment of cells whose effect no untreated observations identify.
    likelihood : Likelihood, default Gaussian()
        StudentT is robust to outliers; it is sampled observation by observation, which is slow.
    priors : Priors, default Priors()
        Scales of all priors.
    trends : DifferentialTrends or Factors, optional
        Differential trends of treated units, with sizes estimated from pre-adoption periods; or
        common factors with unit-specific loadings. Parallel trends by default.
    shocks : ClusterTimeEffects, optional
        Shocks in each period that all units of a cluster, such as a province, share; none by
        default.
    moderator : str, optional
        One of the panel's moderators Z, such as digital finance, that shifts the effect: treated
        observations add ``theta_stratum (Z - centre)``, centred at their mean, with slopes pooled
        as the effects are. It must be observed in all treated observations and should be measured
        before treatment. A moderator that varies over time should enter as a covariate too (a copy
        of the column), because it may affect the outcome directly. In a `Mediation` it shifts the
        direct effect and the effect on every mediator, and the slopes of mediators (the b-path) if
        its ``moderates`` includes "b".
    moderators : LinearModerator, SmoothModerator, or a sequence of them, default ()
        Columns, measured before treatment, along which effects of units differ from the mean of
        their cell: by a line or a smooth curve.
    spillovers : Rings, ShareTreated, Donut or SpatialLag, optional
        Spillover effects of treated neighbours, or a spatial lag of the outcome; no spillovers by
        default.
    terms : sequence of Term, default ()
        Additional components of the model: instances of subclasses of
        `bayes_nqp.model.designs.Term`, each defined in a file or a notebook cell.
    after : {"effects", "none"}, default "effects"
        Observations after a treatment that has ended, in panels with ``treatment=`` or ``exit=``.
        "effects" estimates effects after exit in cells stratum × path × time, with a mean course
        in periods since exit and separate scales. "none" assumes that the effect ends with the
        treatment: these observations are untreated, and controls.

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
    >>> design = nqp.StaggeredDiD(effect=nqp.PartialPooling(["region"]), errors=nqp.AR1())
    >>> design.errors
    AR1()
    """

    effect: Pooling = field(default_factory=PartialPooling)
    errors: Noise = field(default_factory=AR1)
    time: TimeEffects | None = None
    covariates: str | Sequence[str] | None = None
    baseline: str | Sequence[str] = ()
    anticipation: Natural = 0
    controls: Literal["all", "never"] = "all"
    unidentified: Literal["raise", "drop"] = "raise"
    likelihood: Likelihood = field(default_factory=Gaussian)
    priors: Priors = field(default_factory=Priors)
    moderator: str | None = None
    moderators: StatedTerm | Sequence[Term] = ()
    trends: StatedTerm | None = None
    spillovers: StatedTerm | None = None
    shocks: StatedTerm | None = None
    terms: StatedTerm | Sequence[Term] = ()
    after: Literal["effects", "none"] = "effects"

    def __post_init__(self) -> None:
        self._check_arguments()
        if self.moderator is not None and not self.facts.exact:
            _, value, hint = self.facts.inexact
            raise StudyError(
                Message(
                    "'moderator' needs rows that are summed up, and {} does not let them",
                    type(value).__name__,
                ),
                hint=Message("{}, or leave out 'moderator'", hint),
            )

    @property
    def facts(self) -> Facts:
        """Return the capabilities and assumptions of the design."""
        return Facts(
            "adoption", self.effect, self.errors, self.time, self.likelihood, self.priors,
            self.covariates, self.baseline, self.moderator,
            anticipation=self.anticipation,
            leads=self.controls == "never",
            terms=self.stated_terms,
        )  # fmt: skip

    def variants(self, panel: Panel) -> list[tuple[Message, Message, Self]]:
        """Return the design with other controls, anticipation, and effects after exit.

        Returns
        -------
        list of (Message, Message, StaggeredDiD)
            Name, change, and design of each.
        """
        others = []
        if self.controls == "all":
            never = self.replace(controls="never")
            others.append((Message("never-treated controls"), Message("controls"), never))
        if self.anticipation == 0:
            early = self.replace(anticipation=1, unidentified="drop")
            others.append((Message("one period of anticipation"), Message("anticipation"), early))
        if self.after == "effects" and panel.ends:
            ending = self.replace(after="none")
            others.append((Message("no effects after exit"), Message("effects after exit"), ending))
        return others

    def timing(self, panel: Panel) -> Calendar:
        """Treat units from adoption, or anticipation, until the treatment ends."""
        if panel.ends:
            return Calendar.of_paths(
                panel, effects=self.after == "effects", anticipation=self.anticipation,
                leads=self.controls == "never",
            )  # fmt: skip
        return Calendar.of_adoption(
            panel, anticipation=self.anticipation, leads=self.controls == "never"
        )
