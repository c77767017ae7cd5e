"""The spatial lag: outcomes that follow those of the units they are linked to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from bayes_nqp import gaussian
from bayes_nqp.designs._facts import Facts, Reach, Term
from bayes_nqp.designs._spec import Calendar, EquationSpec, LagSpec, Timing
from bayes_nqp.doors import door
from bayes_nqp.errors import Hint, IdentificationError, PanelError, StudyError, nearest, shown
from bayes_nqp.language import Message
from bayes_nqp.likelihoods import Gaussian
from bayes_nqp.parameters import CutCorrelation, Parameter
from bayes_nqp.pooling import Complete
from bayes_nqp.registry import register
from bayes_nqp.spatial_weights import SpatialWeights
from bayes_nqp.terms import DELTA, TREATED, Linked

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["SpatialLag"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

TREATMENT: Final = "treatment"
"""What ``durbin`` calls the policy, among the names of covariates."""
_TO_ONE = 1e-9
"""How far the sum of a row of W may be from one."""
_LAG: Final = Message(
    "Outcomes follow those of linked units of the same period, by the weights {weights} and one "
    "coefficient, (1 + δ)/2 being Beta(3, 3) between −.95 and .97.{durbin} The log determinant is "
    "the one that takes the means of levels of time effects off.{adjusted} Effects are those of "
    "the actual calendar against no policy anywhere, feedback included: direct, of the unit's own "
    "treatment, and received, of others'."
)
_ERROR: Final = Message(
    "Errors follow those of linked units of the same period, by the weights {weights} and one "
    "coefficient, (1 + δ)/2 being Beta(3, 3) between −.95 and .97; there are no spillovers."
    "{adjusted}"
)
_DURBIN: Final = Message(
    " Treatment and covariates of linked units enter as well, treatment by event time, its "
    "coefficients pooled as effects are."
)
_ADJUSTED: Final = Message(
    " As links cross levels of time effects, it is an adjusted likelihood: its score is unbiased, "
    "and it has no marginal likelihood."
)
_QUESTION: Final = Message(
    "Did the same shocks hit units that are near one another? The model would take it for "
    "spillovers."
)


@register("spillovers", "lag")
@door
@dataclass(frozen=True, slots=True)
class SpatialLag(Term):
    """Outcomes follow those of linked units, ``y = delta W y + … + W X theta``.

    Policy effects are then those of the actual calendar against none, feedback through all units
    included: ``S^-1 [D (tau + u) + W D theta]`` with ``S = I - delta W``. The part that a unit
    has of its own treatment is the path "direct", what it has of others' "received"; both add up
    to "total", draw by draw.

    Parameters
    ----------
    weights : SpatialWeights
        W, whose rows sum to one; `nqp.spatial_weights` makes them.
    durbin : bool or sequence of str, default True
        Whether treatment and covariates of linked units enter as well (``W X theta``, the spatial
        Durbin model); or which do, "treatment" among them. Treatment has a theta for each event
        time, pooled as effects are: a level, a drift and a random walk. False is the plain lag
        (SAR).
    error : bool, default False
        Whether errors follow those of linked units instead of outcomes (SEM), ``theta = -delta
        beta``, so that there are no spillovers. It goes with ``effect=nqp.Complete(varying=None)``.
    complete : {None, "units"}, default None
        "units" leaves out units that are not seen in every period; by default they are refused.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    Notes
    -----
    delta has the prior ``(1 + delta) / 2 ~ Beta(3, 3)``, between -.95 and .97. The log likelihood
    has ``(T - 1) tr(M log S)``, M taking the means of levels of time effects off. Where W links
    units of different levels it is an adjusted likelihood, whose score is unbiased, and has no
    marginal likelihood.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press. Lee, L. and
    Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154(2).

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_nqp as nqp
    >>> cities = ["Hangzhou", "Ningbo", "Suzhou"]
    >>> links = pd.DataFrame([[0, 1, 1], [1, 0, 0], [1, 0, 0]], index=cities, columns=cities)
    >>> weights = nqp.spatial_weights.matrix(links)
    >>> design = nqp.StaggeredDiD(spillovers=nqp.SpatialLag(weights, durbin=False))
    >>> design.spillovers.durbin
    False
    """

    weights: SpatialWeights
    durbin: bool | tuple[str, ...] = True
    error: bool = False
    complete: Literal["units"] | None = None

    role = "lag"
    with_channels = False

    def __post_init__(self) -> None:
        if self.complete not in (None, "units"):
            raise StudyError(
                Message("'{}' is {!r}", "complete", self.complete), hint="'units' or None"
            )
        durbin: Any = self.durbin
        if isinstance(durbin, bool):
            return
        names = (durbin,) if isinstance(durbin, str) else tuple(durbin or ())
        if not all(isinstance(name, str) for name in names):
            hint = "True, False, or names of covariates and 'treatment'"
            raise StudyError(Message("'{}' is {!r}", "durbin", durbin), hint=hint)
        object.__setattr__(self, "durbin", names)

    @property
    def reach(self) -> Reach:
        """By outcomes that follow others'; not by errors that do."""
        return "none" if self.error else "lag"

    @property
    def question(self) -> Message | None:
        """Whether shocks are shared by units that are near one another."""
        return None if self.error else _QUESTION

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Say how outcomes, or errors, follow those of linked units."""
        adjusted = _ADJUSTED if "likelihood" in attrs else ""
        if self.error:
            return _ERROR.fill(weights=self.weights.name, adjusted=adjusted)
        durbin = _DURBIN if self.durbin else ""
        return _LAG.fill(durbin=durbin, weights=self.weights.name, adjusted=adjusted)

    def rows(self, panel: Panel) -> Panel:
        """Keep the units that are seen in every period, where that is asked for."""
        if self.complete is None or panel.balanced:
            return panel
        return panel.where((np.bincount(panel.unit_codes) == panel.periods)[panel.unit_codes])

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add outcomes, treatment and covariates of linked units to an equation.

        Raises
        ------
        PanelError
            If a unit has gaps, no neighbours, or no row in the weights.
        StudyError
            If the lag does not go with another argument.
        """
        _check(self, facts, panel)
        weights = self.weights.aligned(panel.unit_labels)
        _check_links(weights)
        levels = _levels(facts, panel)
        linked = Linked(weights.matrix, panel)
        names = _durbin(self, equation, panel)
        column = dict(zip(panel.roles.covariates, panel.covariates.T, strict=True))
        columns = {f"W × {name}": linked(column[name]) for name in names if name != TREATMENT}
        link = weights.matrix.tocoo()
        prior = CutCorrelation(3.0, 3.0, gaussian.LOWEST, gaussian.HIGHEST)
        lag = LagSpec(
            Parameter(DELTA, prior, in_outcome_units=False,
                      meaning=Message("the coefficient of linked units' outcomes")),
            linked(equation.outcome),
            _curve(weights, tuple(levels.tolist())),
            panel.periods - 1,
            links=weights.matrix,
            treated=_near(timing, linked) if TREATMENT in names else {},
            error=self.error,
            adjusted=bool((levels[link.row] != levels[link.col]).any()),
        )  # fmt: skip
        return replace(equation, lag=lag, columns={**equation.columns, **columns})


@lru_cache(maxsize=8)
def _curve(weights: SpatialWeights, levels: tuple[int, ...]) -> gaussian.LogDeterminant:
    """The log determinant: refits of other designs have it in common."""
    return gaussian.log_determinant(weights.matrix, np.array(levels, dtype=np.int64))


def _check(term: SpatialLag, facts: Facts, panel: Panel) -> None:
    """Refuse what a spatial lag does not go with, and gaps."""
    if not facts.compresses:
        raise StudyError(
            Message("a spatial lag is not stated row by row, as StudentT needs it"),
            hint=Message("{}", Hint("likelihood", Gaussian())),
        )
    stated = {"moderator": facts.moderator, "weights": panel.weights}
    for name in (name for name, value in stated.items() if value is not None):
        raise StudyError(
            Message("'spillovers' with a spatial lag does not go with {!r}", name),
            hint=Message("leave out {!r}", name),
        )
    if term.error and facts.varying is not None:
        raise IdentificationError(
            Message("under errors that follow linked units' a deviation is none of one unit alone"),
            hint=Message("{}", Hint("effect", Complete(varying=None))),
        )
    others = [other.argument for other in facts.terms if other != term]
    others += ["time"] if facts.time is not None and facts.time.pooled else []
    for name in others if term.error else ():
        raise StudyError(
            Message("'error' of a spatial lag does not go with {!r}", name),
            hint=Message("leave out {!r}", name),
        )
    gaps = np.flatnonzero(np.bincount(panel.unit_codes, minlength=panel.n_units) < panel.periods)
    if not gaps.size:
        return
    raise PanelError(
        Message(
            "a spatial lag needs every unit in every period, and {} of {} have gaps",
            gaps.size, panel.n_units,
        ),
        where=shown(panel.unit_labels[gaps]),
        hint="SpatialLag(…, complete='units') leaves these units out; rings of exposure "
        "(nqp.Rings) take gaps",
    )  # fmt: skip


def _check_links(weights: SpatialWeights) -> None:
    """See that rows of W sum to one, and that it can be factored."""
    if weights.isolated:
        raise PanelError(
            Message("{} units have no neighbour, and outcomes of none to follow",
                    len(weights.isolated)),
            where=shown(weights.isolated),
            hint="islands='nearest' where the weights are made, or a larger distance",
        )  # fmt: skip
    if (np.abs(weights.matrix.sum(axis=1) - 1.0) > _TO_ONE).any():
        raise StudyError(
            Message("the rows of the weights {!r} do not sum to one", weights.name),
            hint="standardised='row' where they are made",
        )
    if len(weights.ids) > gaussian.MOST_DENSE and gaussian.is_dense(weights.matrix):
        raise StudyError(
            Message(
                "the weights {!r} link nearly everyone, which a lag over {:,} units does not bear",
                weights.name, len(weights.ids),
            ),
            hint="a cut-off such as km=300, or the nearest units",
        )  # fmt: skip


def _levels(facts: Facts, panel: Panel) -> Index:
    """Level of time effects of each unit (unit): one for all where those of levels are shrunk."""
    factors = () if facts.time is not None and facts.time.pooled else facts.time_strata(panel)
    codes = np.column_stack([np.zeros(panel.n_units), *(panel.strata_codes[f] for f in factors)])
    return np.unique(codes, axis=0, return_inverse=True)[1].ravel()


def _durbin(term: SpatialLag, equation: EquationSpec, panel: Panel) -> Sequence[str]:
    """What of linked units enters besides their outcomes."""
    if term.error:
        return ()
    every = (TREATMENT, *equation.covariates)
    if isinstance(term.durbin, bool):
        return every if term.durbin else ()
    for name in term.durbin:
        if name not in every:
            raise StudyError(
                Message("'durbin' names {!r}, which is no covariate of the design", name),
                hint=nearest(name, every),
            )
    return term.durbin


def _near(timing: Timing, linked: Linked) -> dict[int, Array]:
    """``W D`` of each event time (row), ``D`` telling who is treated for so many periods."""
    assert isinstance(timing, Calendar)
    role, origin = timing.role[timing.key], timing.origin[timing.key]
    treated, event = role == TREATED, np.arange(role.shape[1]) - origin
    columns = {int(e): linked.table(treated & (event == e)) for e in np.unique(event[treated])}
    return {e: column for e, column in columns.items() if column.any()}
