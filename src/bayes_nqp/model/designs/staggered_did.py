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
from bayes_nqp.model.designs._facts import Facts, StatedTerm, Term
from bayes_nqp.model.designs._spec import Calendar
from bayes_nqp.model.errors import AR1, Noise
from bayes_nqp.model.likelihoods import Gaussian, Likelihood
from bayes_nqp.model.pooling import PartialPooling, Pooling
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.model.priors import Priors

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@value("design")
class StaggeredDiD(SingleEquation):
    """Effects of a policy that reaches units at different times.

    The outcome of unit i in period t is ``alpha_i + lambda_t + x'beta + tau_cell +
    u_i [treated] + error``, with a cell for every stratum × cohort × time. All untreated
    rows, of units never or not yet treated, are controls.

    Parameters
    ----------
    effect : CompletePooling, PartialPooling or NoPooling, default PartialPooling()
        How the effects of cells share strength, and what has its own deviation.
    errors : AR1, AR1PlusNoise or IID, default AR1()
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
    likelihood : Likelihood, default Gaussian()
        StudentT is robust to outlying rows; it runs row by row, and slowly.
    priors : Priors, default Priors()
        Scales of all priors.
    trends : DifferentialTrends or Factors, optional
        How those who adopt may drift from the never treated, as pre-periods teach; or series on
        which each unit has loadings of its own. Parallel trends by default.
    shocks : ClusterTimeEffects, optional
        What all units of a cluster, such as a province, have in common in each period; none by
        default.
    moderator : str, optional
        One of the panel's moderators Z, such as digital finance, that shifts the effect: treated
        rows add ``theta_stratum (Z - centre)``, centred at their mean, with slopes pooled as
        the effects are. It must be observed in all treated rows. Let it be measured before
        treatment; one that varies over time should enter as a covariate too (a copy of the
        column), as it may move the outcome by itself. In a `Mediation` it shifts the direct
        effect and the effect on every mediator, and what mediators do to the outcome (the b-path)
        where its ``moderates`` names "b".
    spillovers : Rings, ShareTreated, Donut or SpatialLag, optional
        What units near others in force receive, or how outcomes follow those of linked units; no
        spillovers by default.
    terms : sequence of Term, default ()
        What else the model has: values of classes made from `bayes_nqp.model.designs.Term`, a file
        or
        notebook's cell each.

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
    trends: StatedTerm | None = None
    spillovers: StatedTerm | None = None
    shocks: StatedTerm | None = None
    terms: StatedTerm | Sequence[Term] = ()

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
        """What the design can do and what it assumes."""
        return Facts(
            "adoption", self.effect, self.errors, self.time, self.likelihood, self.priors,
            self.covariates, self.baseline, self.moderator,
            anticipation=self.anticipation,
            leads=self.controls == "never",
            terms=self.stated_terms,
        )  # fmt: skip

    def variants(self, panel: Panel) -> list[tuple[Message, Message, Self]]:
        """State the design with never-treated controls alone, and with a period of anticipation.

        Returns
        -------
        list of (Message, Message, StaggeredDiD)
            What each is called, what changes, and the design.
        """
        others = []
        if self.controls == "all":
            never = self.replace(controls="never")
            others.append((Message("never-treated controls"), Message("controls"), never))
        if self.anticipation == 0:
            early = self.replace(anticipation=1, unidentified="drop")
            others.append((Message("one period of anticipation"), Message("anticipation"), early))
        return others

    def timing(self, panel: Panel) -> Calendar:
        """Treat units from adoption on, or as long before as is anticipated."""
        return Calendar.of_adoption(
            panel, anticipation=self.anticipation, leads=self.controls == "never"
        )
