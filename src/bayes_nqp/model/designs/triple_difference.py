"""Triple differences: eligible and ineligible units of the states that enable a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint, IdentificationError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import registered
from bayes_nqp._core.validation import value
from bayes_nqp.data.panel import eligible_gaps, unit_column
from bayes_nqp.model.designs._model import ModelSpec
from bayes_nqp.model.designs.staggered_did import StaggeredDiD
from bayes_nqp.model.pooling import PartialPooling
from bayes_nqp.model.specification import Facts, Term

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

GAP: Final = "gap"
"""Role of the term by which a design is known as one of triple differences."""
_WORDS: Final = Message(
    "Triple differences (Gruber 1994): with units of group q in {by} s, the model is "
    "y_sqt = α_sq + η_st + λ_qt + τ_sqt D_sqt + ε_sqt. D_sqt is 1 for eligible groups once the "
    "policy is enabled. The effects η_st of each {by} in each period have flat priors. They are "
    "removed exactly: the mean of the ineligible units of the {by} is subtracted from each "
    "eligible unit in each period. Two assumptions are made. Without the policy, the difference "
    "between eligible and ineligible units would have changed alike with and without adoption. "
    "The policy does not affect ineligible units."
)
_QUESTION: Final = Message(
    "Does the policy leave ineligible units of the same state unaffected? Workers, customers or "
    "budgets may move between the two groups."
)


@dataclass(frozen=True, slots=True)
class EligibleGap(Term):
    """Outcomes of eligible units minus the mean of the ineligible units of their state.

    Parameters
    ----------
    eligible, by : str
        Columns of eligibility and of states.
    """

    eligible: str
    by: str

    role = GAP
    argument = "eligible"
    with_channels = False

    @property
    def question(self) -> Message:
        """The question about effects on ineligible units."""
        return _QUESTION

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the equation, and the elimination of state × time effects."""
        return _WORDS.fill(by=self.by)

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """The definition of the outcome; the state × time effects have been removed."""
        meaning = Message(
            "outcome of eligible unit i minus the mean of the ineligible units of its {}", self.by
        )
        return "", {"y_{it}": meaning}

    def rows(self, panel: Panel) -> Panel:
        """Return the panel of gaps."""
        return eligible_gaps(panel, self.eligible, self.by)


@value("design")
class TripleDifference(StaggeredDiD):
    """Triple differences with staggered adoption: only eligible units of a state are treated.

    The policy is enabled in state s at its own date and treats eligible units alone. The outcome of
    group q is ``alpha_sq + eta_st + lambda_qt + tau_cell [eligible and enabled] + error``. Effects
    ``eta_st`` of each state in each period absorb all shocks that eligible and ineligible units of
    a state share, including trends of the states that adopt. They have flat priors and are removed
    exactly: the model describes the gap between each eligible unit and the mean of the ineligible
    units of its state. Estimands, checks and reports are those of `StaggeredDiD` for these gaps.

    Parameters
    ----------
    eligible : str
        Column of zeros and ones, constant within units: 1 for units that the policy can treat.
    by : str
        Column of the states in which the policy is enabled, constant within units. All units of a
        state share their shocks in each period.
    effect, errors, time, covariates, baseline, anticipation, controls, unidentified, likelihood, \
priors, moderator, trends, shocks, terms
        See `StaggeredDiD`. ``trends`` are differential trends of the gap. Columns of covariates
        are gaps as well; covariates of the state are absorbed. ``shocks`` are required if a state
        has several eligible units: their gaps share the errors of its ineligible units.

    Raises
    ------
    StudyError
        If ``eligible`` or ``by`` is missing, the likelihood is not one of an additive outcome, or
        ``spillovers`` are given; or, for a panel, if a state has several eligible units and
        ``shocks`` is None.
    PanelError
        For a panel: if ``eligible`` is not 0 or 1, changes within units or is constant; or if a
        state has no ineligible units or different adoption dates.

    Notes
    -----
    The cohort of the panel is the date of the state, in all of its units or in the eligible ones
    only. The mean of the ineligible units of a state is taken over the same units in all periods;
    notes of the panel count the units that are left out. ``fit.panel`` is the panel of gaps, with
    the columns ``y_eligible`` and ``y_ineligible`` for an outcome ``y``, and ``ineligible_units``.

    References
    ----------
    Gruber, J. (1994). The incidence of mandated maternity benefits. American Economic Review 84(3).
    Olden, A. and Møen, J. (2022). The triple difference estimator. Econometrics Journal 25(3).
    Ortiz-Villavicencio, M. and Sant'Anna, P. (2025). Better understanding triple differences
    estimators. arXiv 2505.09942.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> simulated = nqp.simulation.triple_difference(seed=1)
    >>> design = nqp.TripleDifference(eligible="eligible", by="state")
    >>> fit = nqp.fit(design, simulated.panel, nqp.Importance(seed=1), progress=False)
    >>> fit.gate.passed
    True
    """

    eligible: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        for name, example in (("eligible", "exposed"), ("by", "state")):
            if not getattr(self, name):
                raise StudyError(
                    f"'{name}' is {getattr(self, name)!r}",
                    hint=f"a column, such as {name}='{example}'",
                )
        StaggeredDiD.__post_init__(self)
        if self.spillovers is not None:
            raise StudyError(
                "'spillovers' cannot be combined with triple differences, in which ineligible "
                "units of the same state are controls",
                hint=Message("{}, or nqp.StaggeredDiD(spillovers=…)", Hint("spillovers", None)),
            )
        if self.likelihood.latent:
            raise StudyError(
                Message(
                    "'likelihood' is {!r}, in which shocks of a state do not cancel from "
                    "differences of outcomes", self.likelihood,
                ),
                hint="likelihood=nqp.Gaussian() for the logarithm of the outcome, or a rate",
            )  # fmt: skip

    @property
    def facts(self) -> Facts:
        """Return the capabilities and assumptions of the design."""
        stated: Any = StaggeredDiD.facts
        plain: Facts = stated.__get__(self)
        return replace(plain, terms=(EligibleGap(self.eligible, self.by), *plain.terms))

    @property
    def of_eligible(self) -> StaggeredDiD:
        """The same design without eligibility, for the outcomes of eligible units."""
        values: Any = self
        names = [item.name for item in fields(values) if item.name not in ("eligible", "by")]
        return StaggeredDiD(**{name: getattr(self, name) for name in names})

    @property
    def of_ineligible(self) -> StaggeredDiD:
        """A design without strata for the means of ineligible units, one unit for each state."""
        return StaggeredDiD(
            PartialPooling((), self.effect.varying and v.UNIT), self.errors, None, self.covariates,
            anticipation=self.anticipation, unidentified="drop", likelihood=self.likelihood,
            priors=self.priors,
        )  # fmt: skip

    def prepared(self, panel: Panel) -> Panel:
        """Return the panel of gaps, which fits keep."""
        return eligible_gaps(panel, self.eligible, self.by)

    def spec(self, panel: Panel) -> ModelSpec:
        """Return the model of the gaps.

        Raises
        ------
        StudyError
            If a state has several eligible units, and no shocks are stated.
        """
        gaps = self.prepared(panel)
        state, labels = unit_column(gaps, self.by, "by")
        several = labels[np.bincount(state) > 1]
        if several.size and self.shocks is None:
            shared = registered("shocks").get("ClusterTimeEffects")
            shocks = None if shared is None else shared(self.by, errors=self.errors)
            raise IdentificationError(
                Message(
                    "by={!r}: {} states have several eligible units with gaps that share the "
                    "errors of the ineligible units", self.by, several.size,
                ),
                where=shown(several),
                hint=Message("{}", Hint("shocks", shocks)),
            )  # fmt: skip
        return StaggeredDiD.spec(self, gaps)
