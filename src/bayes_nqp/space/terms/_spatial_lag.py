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
    """Outcomes follow those of linked units, ``y = delta W y + … + W X theta``.

    Policy effects are then those of the actual calendar against none, feedback through all units
    included: ``S^-1 [D (tau + u) + W D theta]`` with ``S = I - delta W``; those of a continuous
    exposure are of one more for everyone, ``S^-1 [beta + u + theta]``. The part that a unit has of
    its own treatment is the path "direct", what it has of others' "received"; both add up to
    "total", draw by draw.

    Parameters
    ----------
    weights : SpatialWeights
        W; `nqp.spatial_weights` makes them. Its rows sum to one, unless ``lag=False``.
    durbin : bool or sequence of str, optional
        Whether treatment and covariates of linked units enter as well (``W X theta``, the spatial
        Durbin model); or which do, "treatment" among them. Treatment has a theta for each event
        time, pooled as effects are: a level, a drift and a random walk (without a lag, flat under
        `nqp.NoPooling`); a continuous exposure has one. False is the plain lag (SAR). By default
        True, but beside ``error=True`` False.
    error : bool, default False
        Whether errors follow those of linked units instead of outcomes. Without ``durbin`` there
        are then no spillovers (SEM, a Durbin model with ``theta = -delta beta``); with it linked
        units' treatment and covariates enter, and nothing feeds back (SDEM). It goes with
        ``effect=nqp.CompletePooling(varying=None)``.
    complete : {None, "units"}, default None
        "units" leaves out units that are not seen in every period; by default they are refused,
        unless ``lag=False`` and only the treatment that linked units adopt enters.
    lag : bool, default True
        Whether outcomes follow those of linked units. False leaves ``W X theta`` alone (SLX):
        delta is no parameter and nothing feeds back, so that units have ``tau + u`` of their own
        treatment and receive ``W D theta``.
    dynamics : bool, default False
        Whether outcomes also follow those of the period before, the unit's own and linked ones',
        ``tau y_-1 + psi W y_-1`` (dynamic SAR and SDM): a policy's effect feeds on over periods.
        The first period is given. It goes with ``errors=nqp.IID()`` and effects that do not vary by
        unit.
    receivers : str or sequence of str, default ()
        Factors of the panel's strata by which units receive differently of linked units' treatment:
        theta is that of the level, or combination of levels, of the unit that receives, each with
        its own level, drift and walk. By default one theta holds for all who receive, so that
        groups differ by how much treatment is near them alone (the check ``receivers``).

    Raises
    ------
    StudyError
        If an argument is not one of those above, or ``lag=False`` stands beside ``durbin=False``
        or ``error=True``, or ``dynamics=True`` beside one of these two; or ``receivers`` beside
        ``dynamics=True``, or where treatment of linked units does not enter.

    Notes
    -----
    delta has the prior ``(1 + delta) / 2 ~ Beta(3, 3)``, between -.95 and .97. The log likelihood
    has ``(T - 1) tr(M log S)``, M taking the means of levels of time effects off. Where W links
    units of different levels it is an adjusted likelihood, whose score is unbiased, and has no
    marginal likelihood. So it is with ``dynamics``, where ``(tau + psi) / (1 - delta)`` and
    ``(tau - psi) / (1 + delta)`` have the prior of delta between -.99 and .99, so that all draws
    are stationary.

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
        """See that receivers are told apart by factors, and that there is something to receive."""
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
                "'receivers' are told apart by what they have of linked units' treatment, and "
                "'durbin' is without it",
                hint="durbin=True, or ['treatment', …]",
            )

    def _check_alone(self) -> None:
        """See that something of linked units enters where outcomes do not."""
        if self.error:
            raise StudyError(
                "'lag' is False beside error=True, and errors that follow linked units' are a lag",
                hint="leave out 'lag' for spatial errors (SEM), or 'error' for W X alone (SLX)",
            )
        if not self.durbin:
            raise StudyError(
                "'lag' is False beside 'durbin', which is empty: nothing of linked units enters",
                hint="durbin=True for W X alone (SLX), or spillovers=None",
            )

    @property
    def form(self) -> str:
        """What literature calls it: "SDM", "SAR", "SDEM", "SEM" or "SLX"; or "dynamic SDM"."""
        if not self.lag:
            return "SLX"
        if self.error:
            return "SDEM" if self.durbin else "SEM"
        name = "SDM" if self.durbin else "SAR"
        return f"dynamic {name}" if self.dynamics else name

    @property
    def with_channels(self) -> bool:
        """Whether nothing feeds back, so that mediators have equations of their own."""
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
        """Whether treatment of linked units enters."""
        return self.durbin is True or (bool(self.durbin) and TREATMENT in tuple(self.durbin or ()))

    @property
    def question(self) -> Message | None:
        """Whether near units share shocks, and receive of units that are not there."""
        if self.reach == "none":
            return None
        return joined([_QUESTION, UNSEEN] if self.lag and not self.error else [UNSEEN])

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Say how outcomes, or errors, follow those of linked units."""
        words = link_words(
            attrs, self.weights.name, lag=self.lag, durbin=bool(self.durbin), error=self.error,
            dynamics=self.dynamics,
        )  # fmt: skip
        if not self.receivers:
            return words
        return joined([words, _RECEIVERS.fill(listed(self.receivers))])

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """What linked units' outcomes, errors, treatment and covariates add."""
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
        """Keep the units that are seen in every period, where that is asked for."""
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
            If a unit has no row in the weights, or, where outcomes or covariates of linked units
            enter, gaps; under a lag also where one has no neighbours.
        IdentificationError
            If only the treatment of linked units enters, and nobody is linked to treated ones; or
            if units of a level of ``receivers`` are linked to none, or all alike.
        StudyError
            If the lag does not go with another argument.
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
        """State errors that follow linked units' as a Durbin model, which holds them.

        ``y = X beta + S^-1 e`` is ``S y = X beta - delta W X beta + e``: theta is free, so that
        effects need be on no one curve.
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
    """What of linked units enters besides their outcomes."""
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
