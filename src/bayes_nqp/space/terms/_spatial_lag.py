"""The spatial lag: outcomes that follow those of the units they are linked to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, StudyError, nearest
from bayes_nqp._core.i18n import Message, joined, listed
from bayes_nqp._core.validation import value
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.model.designs import (
    Calendar,
    EquationSpec,
    Facts,
    LagSpec,
    LinkedSpec,
    Reach,
    Term,
    Timing,
    before_of,
    check_design,
    check_dynamics,
    check_errors,
    check_first,
    check_links,
    check_receivers,
    check_rows,
    first_period,
    link_words,
    receivers_of,
    without_first,
)
from bayes_nqp.model.predictors import DELTA, TREATED, Linked, LinkedTime, linked_name
from bayes_nqp.numerics import linear_gaussian as gaussian
from bayes_nqp.numerics.parameters import CutCorrelation, Parameter
from bayes_nqp.space.terms._spillover import UNSEEN

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


TREATMENT: Final = "treatment"
"""What ``durbin`` calls the policy, among the names of covariates."""
_QUESTION: Final = Message(
    "Do neighbouring units share shocks? The model would attribute them to spillovers."
)
_RECEIVERS: Final = Message(
    "Spillover coefficients differ by {} of the receiving unit, and each level is "
    "estimated without pooling."
)


@value("spillovers", "lag")
class SpatialLag(Term):
    """Spatial lag of the outcome and of regressors, ``y = delta W y + … + W X theta``.

    Policy effects compare the actual adoption dates with no policy, including feedback through all
    units: ``S^-1 [D (tau + u) + W D theta]`` with ``S = I - delta W``. Those of a continuous
    exposure refer to an increase of one for all units, ``S^-1 [beta + u + theta]``. The effect of
    the unit's treatment is the path "direct", the spillover effect the path "received"; they sum to
    "total", draw by draw.

    Parameters
    ----------
    weights : SpatialWeights
        W, from `nqp.spatial_weights`. Its rows sum to one, unless ``lag=False``.
    durbin : bool or sequence of str, optional
        True to add treatment and covariates of linked units (``W X theta``, the spatial Durbin
        model), or the names of those to add, such as "treatment". Treatment has a theta for each
        event time, pooled as effects are: a level, a slope and a random walk (without a lag, flat
        under `nqp.NoPooling`); a continuous exposure has one. False is the plain lag (SAR). The
        default is True, or False with ``error=True``.
    error : bool, default False
        True for a spatial lag of the errors instead of the outcome. Without ``durbin`` there are
        then no spillovers (SEM, a Durbin model with ``theta = -delta beta``); with it linked units'
        treatment and covariates enter, without feedback (SDEM). It requires
        ``effect=nqp.CompletePooling(varying=None)``.
    complete : {None, "units"}, default None
        "units" leaves out units that are not observed in every period; by default they raise an
        error, unless ``lag=False`` and only the adopted treatment of linked units enters.
    lag : bool, default True
        True for a spatial lag of the outcome. False leaves only ``W X theta`` (SLX): there is no
        delta and no feedback, so the direct effect is ``tau + u`` and the spillover effect
        ``W D theta``.
    dynamics : bool, default False
        True to add outcomes of the period before, of the unit and of linked units,
        ``tau y_-1 + psi W y_-1`` (dynamic SAR and SDM): effects of a policy then build up over
        periods. The model conditions on the first period. It requires ``errors=nqp.IID()`` and
        effects that do not vary by unit.
    receivers : str or sequence of str, default ()
        Factors of the panel's strata with separate spillover coefficients: theta differs by level,
        or combination of levels, of the receiving unit, each with a separate level, slope and
        random walk. By default theta is common to all units, so that spillover effects of groups
        differ only by the amount of treatment near them (the check ``spillover_heterogeneity``).

    Raises
    ------
    StudyError
        If an argument is invalid; or ``lag=False`` is combined with ``durbin=False`` or
        ``error=True``; or ``dynamics=True`` with one of these two; or ``receivers`` with
        ``dynamics=True``, or without treatment of linked units.

    Notes
    -----
    delta has the prior ``(1 + delta) / 2 ~ Beta(3, 3)``, between -0.95 and 0.97. The log likelihood
    includes ``(T - 1) tr(M log S)``, where M removes the means of levels of time effects. If W
    links units of different levels, the likelihood is adjusted: its score is unbiased, but there
    is no marginal likelihood. The same applies with ``dynamics``. There
    ``(tau + psi) / (1 - delta)`` and ``(tau - psi) / (1 + delta)`` have the prior of delta between
    -0.99 and 0.99, so that all draws are stationary.

    References
    ----------
    Halleck Vega, S. and Elhorst, J. P. (2015). The SLX model. Journal of Regional Science 55(3).
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press. Lee, L. and
    Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154(2). Lancaster, T. (2002). Orthogonal parameters and panel data.
    Review of Economic Studies 69(3). Yu, J., de Jong, R. and Lee, L. (2008). Quasi-maximum
    likelihood estimators for spatial dynamic panel data with fixed effects when both n and T are
    large. Journal of Econometrics 146(1).

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_nqp as nqp
    >>> cities = ["Hangzhou", "Ningbo", "Suzhou"]
    >>> links = pd.DataFrame([[0, 1, 1], [1, 0, 0], [1, 0, 0]], index=cities, columns=cities)
    >>> weights = nqp.spatial_weights.matrix(links)
    >>> lag = nqp.SpatialLag(weights, durbin=False)
    >>> design = nqp.StaggeredDiD(spillovers=lag)
    >>> lag.form
    'SAR'
    """

    weights: SpatialWeights
    durbin: bool | str | Sequence[str] | None = None
    error: bool = False
    complete: Literal["units"] | None = None
    lag: bool = True
    dynamics: bool = False
    receivers: str | Sequence[str] = ()

    of_sums = False
    with_exits = False

    def __post_init__(self) -> None:
        durbin: Any = self.durbin
        if durbin is None:
            object.__setattr__(self, "durbin", not self.error)
        elif not isinstance(durbin, bool):
            names = (durbin,) if isinstance(durbin, str) else tuple(durbin)
            if not all(isinstance(name, str) for name in names):
                hint = "True, False, or names of covariates and 'treatment'"
                raise StudyError(Message("'{}' is {!r}", "durbin", durbin), hint=hint)
            object.__setattr__(self, "durbin", names)
        self._check_receivers()
        if self.dynamics and (self.error or not self.lag):
            raise StudyError(
                Message("'dynamics' of a spatial lag cannot be combined with {}",
                        "error=True" if self.error else "lag=False"),
                hint="leave out one of the two",
            )  # fmt: skip
        if not self.lag:
            self._check_alone()

    def _check_receivers(self) -> None:
        """Require receivers that are factors, and spillovers of the treatment."""
        stated: Any = self.receivers
        factors = (stated,) if isinstance(stated, str) else tuple(stated)
        object.__setattr__(self, "receivers", factors)
        if not all(isinstance(factor, str) and factor for factor in factors):
            raise StudyError(
                Message("'{}' is {!r}", "receivers", stated),
                hint="a factor of the panel's strata, such as receivers='region', or several",
            )
        if factors and self.dynamics:
            raise StudyError(
                Message("'receivers' of a spatial lag cannot be combined with {}", "dynamics=True"),
                hint="leave out one of the two",
            )
        if factors and not self._treated:
            raise StudyError(
                "'receivers' have separate coefficients of linked units' treatment, which "
                "'durbin' leaves out",
                hint="durbin=True, or ['treatment', …]",
            )

    def _check_alone(self) -> None:
        """See that something of linked units enters where outcomes do not."""
        if self.error:
            raise StudyError(
                "'lag' is False with error=True, but spatial errors need the lag",
                hint="leave out 'lag' for spatial errors (SEM), or 'error' for W X alone (SLX)",
            )
        if not self.durbin:
            raise StudyError(
                "'lag' is False and 'durbin' is empty, so no variable of linked units enters",
                hint="durbin=True for W X alone (SLX), or spillovers=None",
            )

    @property
    def form(self) -> str:
        """Return the name of the model: "SDM", "SAR", "SDEM", "SEM" or "SLX"; or "dynamic SDM"."""
        if not self.lag:
            return "SLX"
        if self.error:
            return "SDEM" if self.durbin else "SEM"
        name = "SDM" if self.durbin else "SAR"
        return f"dynamic {name}" if self.dynamics else name

    @property
    def with_channels(self) -> bool:
        """Return True if there is no feedback, so that mediators have separate equations."""
        return not self.lag

    @property
    def role(self) -> str:
        """Outcomes, or errors, that follow linked units' are a lag; W X alone is linked."""
        return "lag" if self.lag else "linked"

    @property
    def reach(self) -> Reach:
        """By outcomes that follow others', or by treatment of linked units; not by errors."""
        if self.lag and not self.error:
            return "lag"
        return "exposure" if self._treated else "none"

    @property
    def _treated(self) -> bool:
        """Return True if treatment of linked units enters."""
        return self.durbin is True or (bool(self.durbin) and TREATMENT in tuple(self.durbin or ()))

    @property
    def question(self) -> Message | None:
        """Return questions to the author on shared shocks and on units outside the panel."""
        if self.reach == "none":
            return None
        return joined([_QUESTION, UNSEEN] if self.lag and not self.error else [UNSEEN])

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the spatial lag or the spatial errors."""
        words = link_words(
            attrs, self.weights.name, lag=self.lag, durbin=bool(self.durbin), error=self.error,
            dynamics=self.dynamics,
        )  # fmt: skip
        if not self.receivers:
            return words
        return joined([words, _RECEIVERS.fill(listed(self.receivers))])

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """Return the terms of linked units' outcomes, errors, treatment and covariates."""
        links = Message("spatial weights ({})", self.weights.name)
        parts, meanings = [], {"w_{il}": links}
        if self.lag:
            parts.append(f"δ Σ_{{l}} w_{{il}} {'v' if self.error else 'y'}_{{lt}}")
            meanings["δ"] = Message("spatial autoregressive coefficient")
        if self.error:
            meanings["v_{it}"] = Message("error with its spatial part")
        if self.dynamics:
            parts.append("φ y_{i,t−1} + ψ Σ_{l} w_{il} y_{l,t−1}")
            meanings["φ, ψ"] = Message("coefficients of the outcomes of the period before")
        if self.durbin:
            meaning: Message = Message("treatment and covariates of linked units")
            if self.durbin is not True:
                meaning = Message("variables of linked units ({})", listed(self.durbin))
            parts.append("Σ_{l} w_{il} Z_{lt}′θ")
            meanings |= {"Z_{lt}": meaning, "θ": Message("their coefficients")}
        return " + ".join(parts), meanings

    def rows(self, panel: Panel) -> Panel:
        """Keep the units that are observed in every period, if requested."""
        if self.complete is None or panel.balanced:
            return panel
        return panel.where((np.bincount(panel.unit_codes) == panel.periods)[panel.unit_codes])

    def timing(self, timing: Timing, facts: Facts, panel: Panel) -> Timing:
        """Leave out effects before treatment in the first period, where that is given."""
        if self.dynamics and isinstance(timing, Calendar):
            return without_first(timing)
        return timing

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add outcomes, treatment and covariates of linked units to an equation.

        Raises
        ------
        PanelError
            If a unit has no line in the weights, or, if outcomes or covariates of linked units
            enter, has gaps; with a spatial lag also if a unit has no neighbours.
        IdentificationError
            If only the treatment of linked units enters and no unit is linked to treated ones; or
            if units of a level of ``receivers`` are linked to none, or all alike.
        StudyError
            If the lag cannot be combined with another argument.
        """
        check_design(facts, panel, lag=self.lag, error=self.error, dynamics=self.dynamics)
        if self.error:
            check_errors(self, facts)
        if self.dynamics:
            check_dynamics(self, equation, facts, panel)
            check_first(timing, panel)
        weights = self.weights.aligned(panel.unit_labels)
        if self.lag:
            check_links(weights)
        linked = Linked(weights.matrix, panel)
        names = _durbin(self, equation, panel)
        column = dict(zip(panel.roles.covariates, panel.covariates.T, strict=True))
        for name in names:
            if name != TREATMENT or not facts.adopted:
                check_rows(linked, panel, name)
        columns = {linked_name(name): linked(column[name]) for name in names if name != TREATMENT}
        levels = receivers_of(self.receivers, panel) if self.receivers else None
        treated = _near(timing, linked, panel, levels) if TREATMENT in names else {}
        if levels is not None:
            check_receivers(treated, levels, _levels(facts, panel), panel)
        if TREATMENT in names and not (self.reach == "lag" or treated):
            raise IdentificationError(
                Message(
                    "no unit is linked to a treated unit, so spillover effects are not identified"
                ),
                hint="other weights, or durbin=[…] with covariates alone",
            )
        flat = not self.lag and facts.pooling.flat
        return replace(
            equation,
            lag=self._lag(equation, facts, panel, weights) if self.lag else None,
            linked=None
            if self.form == "SEM"
            else LinkedSpec(weights.matrix, treated, flat, levels),
            columns={**equation.columns, **columns},
            series=first_period(panel) if self.dynamics else equation.series,
        )

    def apart(self) -> SpatialLag | None:
        """Keep the treatment of linked units, where outcomes do not follow theirs."""
        if self.lag:
            return self
        return replace(self, durbin=(TREATMENT,), complete=None) if self._treated else None

    def flat(self, *, leads: bool) -> SpatialLag:
        """Write spatial errors as a Durbin model, which includes them.

        ``y = X beta + S^-1 e`` is ``S y = X beta - delta W X beta + e``: theta is free, so effects
        need not be on one curve.
        """
        return replace(self, error=False, durbin=True) if self.error else self

    def _lag(
        self, equation: EquationSpec, facts: Facts, panel: Panel, weights: SpatialWeights
    ) -> LagSpec:
        """Outcomes of linked units, with the prior of their coefficient."""
        levels, link = _levels(facts, panel), weights.matrix.tocoo()
        linked, periods = Linked(weights.matrix, panel), panel.periods - 1 - self.dynamics
        prior = CutCorrelation(3.0, 3.0, gaussian.LOWEST, gaussian.HIGHEST)
        return LagSpec(
            Parameter(DELTA, prior, in_outcome_units=False,
                      meaning=Message("the coefficient of the spatially lagged outcome")),
            linked(equation.outcome),
            _curve(weights, tuple(levels.tolist()), periods + 1 if self.dynamics else 0),
            periods,
            adjusted=self.dynamics or bool((levels[link.row] != levels[link.col]).any()),
            ties=weights.matrix if self.error else None,
            before=before_of(linked, equation, panel) if self.dynamics else None,
        )  # fmt: skip


@lru_cache(maxsize=8)
def _curve(
    weights: SpatialWeights, levels: tuple[int, ...], periods: int
) -> gaussian.LogDeterminant:
    """The log determinant: refits of other designs have it in common.

    Parameters
    ----------
    periods : int
        That follow another; zero without outcomes of the period before.
    """
    codes = np.array(levels, dtype=np.int64)
    if periods:
        return gaussian.dynamic_determinant(weights.matrix, codes, periods)
    return gaussian.log_determinant(weights.matrix, codes)


def _levels(facts: Facts, panel: Panel) -> Index:
    """Level of time effects of each unit (unit): one for all where those of levels are shrunk."""
    factors = () if facts.time is not None and facts.time.pooled else facts.time_strata(panel)
    codes = np.column_stack(
        [np.zeros(panel.unit_labels.size), *(panel.strata_codes[f] for f in factors)]
    )
    return np.unique(codes, axis=0, return_inverse=True)[1].ravel()


def _durbin(term: SpatialLag, equation: EquationSpec, panel: Panel) -> Sequence[str]:
    """Return the names of spatially lagged columns other than the outcome."""
    every = (TREATMENT, *equation.covariates)
    if isinstance(term.durbin, bool):
        return every if term.durbin else ()
    for name in term.durbin or ():
        if name not in every:
            raise StudyError(
                Message("'durbin' names {!r}, which is not a covariate of the design", name),
                hint=nearest(name, every),
            )
    return tuple(term.durbin or ())


def _near(
    timing: Timing, linked: Linked, panel: Panel, levels: npt.NDArray[np.str_] | None
) -> dict[LinkedTime, Array]:
    """``1_l W D`` of each level l and event time (row), D telling who is treated for so long.

    A continuous exposure has no event times: ``D`` is the exposure itself, at 0.

    Parameters
    ----------
    levels : ndarray of str (unit) or None
        Of those who receive; None of one for all.
    """
    if isinstance(timing, Calendar):
        role, origin = timing.role[timing.key], timing.origin[timing.key]
        treated, event = role == TREATED, np.arange(role.shape[1]) - origin
        columns = {int(e): linked.table(treated & (event == e)) for e in np.unique(event[treated])}
        columns = {e: column for e, column in columns.items() if column.any()}
    else:
        columns = {0: linked(timing.values)}
    if levels is None:
        return {LinkedTime(e): column for e, column in columns.items()}
    of_row = levels[panel.unit_codes]
    parts = {
        LinkedTime(e, level): np.where(of_row == level, column, 0.0)
        for level in np.unique(levels).tolist()
        for e, column in columns.items()
    }
    return {time: column for time, column in parts.items() if column.any()}
