"""Slopes of a continuous exposure that varies within units over time, pooled between strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from bayes_nqp._core.exceptions import PanelError, StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Positive
from bayes_nqp._core.validation import value
from bayes_nqp.data.reading import SourceRows
from bayes_nqp.model.designs._design import SingleEquation
from bayes_nqp.model.errors import AR1, Noise
from bayes_nqp.model.pooling import PartialPooling, Pooling
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.model.priors import Priors
from bayes_nqp.model.specification import DoseSpec, Facts, StatedTerm, Term

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@value("design")
class ContinuousExposure(SingleEquation):
    """Effect of a continuous exposure, such as trade per head, per unit of it.

    The outcome of unit i in period t is ``alpha_i + lambda_t + x'gamma + (beta_stratum + u_i)
    (D_it - reference) + error``. Slopes vary by strata in the same way as effects of a
    `StaggeredDiD`: around a common slope under `PartialPooling`, and unrestricted under
    `NoPooling`. There is no adoption and no cohort. Cells are stratum × time over exposed
    observations (D different from the reference), and effects are per ``per`` units of the
    exposure.

    A slope is causal under strict exogeneity (given unit and time effects, exposure is as good as
    random in all periods, so past outcomes do not affect it) and if the response is linear and the
    same for every unit of exposure. If responses differ by dose, the slope is a weighted average
    with weights that differ from the sample shares; ``response`` then estimates a curve.
    ``check(fit, "future_exposure")`` tests whether future exposure predicts the outcome.

    Parameters
    ----------
    exposure : str
        One of the panel's ``exposures``.
    effect : CompletePooling, PartialPooling or NoPooling, default PartialPooling()
        Pooling of slopes by strata, and the level of random deviations of the slope. With
        deviations by unit, units with different exposure paths are processed separately, so that
        the cost of an evaluation grows with their number; with ``varying=None`` it does not.
    errors : AR1, AR1PlusNoise or IID, default AR1()
        Correlation of a unit's errors over time.
    time : TimeEffects, optional
        Strata with separate time effects. By default every combination of the factors by which
        slopes vary has separate time effects.
    covariates : sequence of str, optional
        Time-varying covariates in levels; all of the panel's by default.
    baseline : sequence of str, default ()
        Columns whose value in the unit's first observation has a slope per period.
    moderator : str, optional
        One of the panel's moderators Z that shifts the slope: ``theta_stratum (Z - centre) D``,
        centred at its mean over exposed observations. It must be observed in all observations; if
        it varies within units, it also enters as a covariate.
    reference : float, default 0
        Exposure without an effect: exposed observations have another value. It determines the
        observations over which cells average, and matters for a moderator and for ``by_time``.
        Constant slopes do not depend on it.
    per : {"unit", "sd"} or float, default "unit"
        Amount of exposure for which effects are stated: one unit, the standard deviation within
        units and net of time effects, or a number of units.
    by_time : bool, default False
        If True, slopes also differ by period: around the slope of the stratum, or unrestricted
        under `NoPooling`.
    unidentified : {"raise", "drop"}, default "raise"
        Treatment of strata in which exposure does not vary within units.
    priors : Priors, default Priors()
        Scales in multiples of ``s / s_D``: s is the outcome's and s_D the exposure's standard
        deviation within units and net of time effects. Rescaling either changes nothing else.
    spillovers : SpatialLag, optional
        Effect of the exposure of neighbours, and dependence on their outcomes. Effects are then of
        ``per`` more exposure for every unit: of a unit's own exposure ("direct"), of the exposure
        of all others ("received"), and "total".
    shocks : ClusterTimeEffects, optional
        Shocks in each period that all units of a cluster, such as a province, share; none by
        default.
    response : SmoothResponse, optional
        Smooth response to exposure; a line by default.
    terms : sequence of Term, default ()
        Additional terms, as in a `StaggeredDiD`.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    References
    ----------
    Callaway, B., Goodman-Bacon, A. and Sant'Anna, P. (2024). Difference-in-differences with a
    continuous treatment. NBER Working Paper 32117. de Chaisemartin, C. and D'Haultfœuille, X.
    (2020). Two-way fixed effects estimators with heterogeneous treatment effects. American
    Economic Review 110(9).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> design = nqp.ContinuousExposure("cbec", effect=nqp.PartialPooling(["region"]), per="sd")
    >>> design.errors
    AR1()
    """

    exposure: str
    effect: Pooling = field(default_factory=PartialPooling)
    errors: Noise = field(default_factory=AR1)
    time: TimeEffects | None = None
    covariates: str | Sequence[str] | None = None
    baseline: str | Sequence[str] = ()
    moderator: str | None = None
    reference: float = 0.0
    per: Literal["unit", "sd"] | Positive = "unit"
    by_time: bool = False
    unidentified: Literal["raise", "drop"] = "raise"
    priors: Priors = field(default_factory=Priors)
    spillovers: StatedTerm | None = None
    shocks: StatedTerm | None = None
    response: StatedTerm | None = None
    terms: StatedTerm | Sequence[Term] = ()

    def __post_init__(self) -> None:
        self._check_arguments()
        if not self.exposure:
            raise StudyError("'exposure' is ''", hint="the name of one exposure of the panel")
        object.__setattr__(self, "reference", float(self.reference))
        if self.per not in ("unit", "sd"):
            object.__setattr__(self, "per", float(self.per))
        for term in self.stated_terms:
            if not term.with_dose:
                raise StudyError(
                    Message(
                        "'{}' is {}, which goes by when units adopt, and nobody adopts a "
                        "continuous exposure",
                        term.argument, repr(term),
                    ),
                    hint="spillovers=nqp.SpatialLag(weights)",
                )  # fmt: skip

    @property
    def facts(self) -> Facts:
        """Return the capabilities and assumptions of the design."""
        return Facts(
            "dose", self.effect, self.errors, self.time,
            priors=self.priors,
            covariates=self.covariates,
            baseline=self.baseline,
            moderator=self.moderator,
            exposure=self.exposure,
            by_period=self.by_time,
            terms=self.stated_terms,
        )  # fmt: skip

    def variants(self, panel: Panel) -> list[tuple[Message, Message, Self]]:
        """Return the design with a slope for every period.

        Returns
        -------
        list of (Message, Message, ContinuousExposure)
            Name, change, and design.
        """
        if self.by_time or panel.periods < 3:
            return []
        return [(Message("slopes by period"), Message("slopes"), self.replace(by_time=True))]

    def timing(self, panel: Panel) -> DoseSpec:
        """Read the exposure's column, less the reference.

        Raises
        ------
        StudyError
            If the panel has no such exposure.
        PanelError
            If it is missing in a row.
        """
        name, present = self.exposure, panel.roles.exposures
        if name not in present:
            raise StudyError(
                f"'exposure' names {name!r}, which is no exposure of the panel",
                hint=nearest(name, present)
                if present
                else f"Panel.from_frame(..., exposures=[{name!r}])",
            )
        values = panel.exposures[:, present.index(name)]
        missing = np.isnan(values)
        if missing.any():
            raise PanelError(
                f"the exposure {name!r} is missing in {missing.sum()} of {values.size} rows",
                where=SourceRows(panel.frame, panel.roles.unit, panel.roles.time).shown(missing),
                hint=f"panel.complete({name!r}) keeps the rows that have it; or fill it in",
                about="values missing",
            )
        return DoseSpec(name, values - self.reference, self.reference, self.per, self.by_time)
