"""Effects that differ between units along a column: by a line, or by a smooth curve."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
from annotated_types import Interval

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.data.panel import first_values
from bayes_nqp.model.predictors import ESTIMATED_FROM, TREATED, EffectCurve
from bayes_nqp.model.priors import scale_prior
from bayes_nqp.model.specification import Calendar, EquationSpec, Facts, Term, Timing
from bayes_nqp.numerics.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


LEAST: Final = 5
"""Fewest knots of a smooth curve."""

_LINE: Final = Message(
    "Effects of treated units differ from the mean of their cell linearly in {name}, measured in "
    "the first period of each unit."
)
_CURVE: Final = Message(
    "Effects of treated units differ from the mean of their cell by a smooth function of {name}, "
    "measured in the first period of each unit: a natural cubic smoothing spline, whose "
    "smoothness is estimated."
)
_BY: Final = Message("Each level of {by} has its own function.")
_LINES_IN_TIME: Final = Message("Untreated outcomes depend on {name} by one slope per period.")
_CURVES_IN_TIME: Final = Message(
    "Untreated outcomes depend on {name} by one smooth function per period."
)
_QUESTION: Final = Message(
    "Do effects differ because of {name}, or because of another property of units that is "
    "correlated with it? Only if it is as good as randomly assigned among treated units would a "
    "change of it change the effect."
)


class _Moderator(Term):
    """Effects along a column that is measured before treatment."""

    __slots__ = ()
    name: str
    by: str | None
    time: str

    role = "moderators"
    with_channels = False
    of_sums = False
    with_dose = False
    with_exits = False

    @property
    def question(self) -> Message:
        """The question about properties that are correlated with the moderator."""
        return _QUESTION.fill(name=self.name)

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """The function of the moderator, less its mean over the cell."""
        return "D_{it} [f(x_{i}) − f̄_{c}]", {
            "x_{i}": Message("moderator {}", self.name),
            "f, f̄_{c}": Message("function of the moderator, and its mean over a cell"),
        }

    @abstractmethod
    def _knots(self, name: str, x: Array) -> Array:
        """Return the knots of the spline for values of treated units; none for a line."""

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the functions of the moderator, for treated units and by period.

        Raises
        ------
        StudyError
            If the data are not reduced to sufficient statistics, if untreated units are affected,
            or if the column is missing, the outcome, or already a moderator.
        PanelError
            If the column is not numeric, missing in a unit's first observation, or measured after
            treatment.
        IdentificationError
            If treated units of the same cells do not differ in the moderator.
        """
        self._check(equation, facts, panel)
        assert isinstance(timing, Calendar)
        x = first_values(panel, self.name, "moderators")
        treated = (timing.role == TREATED).any(axis=1)[timing.key]
        self._check_before(timing, panel)
        curves, units = [], dict(equation.unit_columns)
        scales = dict(equation.scales)
        prior, own = equation.priors, f"moderator_{self.name}"
        for level, inside in self._levels(panel):
            if not (treated & inside).any():
                continue
            name = self.name if level is None else f"{self.name} [{level}]"
            curve = self._curve(name, level, x, treated & inside, timing, panel)
            curves.append(curve)
            line, *bends = curve.labels
            if not equation.pooling.flat:
                # A change of x by its standard deviation has the scale of a contrast.
                of_level = own if level is None else f"{own}_{level}"
                slope = scale_prior(prior.contrast / curve.spread)
                scales[line] = Scale(of_level, slope, estimated=False)
            many = len(bends) >= ESTIMATED_FROM
            scales |= dict.fromkeys(
                bends, Scale(f"{own}_bends", prior.scale("factor"), estimated=many)
            )
            if self.time == "none":
                continue
            functions = curve.functions(x)
            of_units = (functions - functions[inside].mean(axis=0)) * inside[:, None]
            if name not in equation.baseline:
                units[name] = of_units[:, 0]
            if self.time == "smooth":
                wide = Scale(f"{own}_time", scale_prior(prior.level), estimated=False)
                for k in range(1, curve.size):
                    units[f"{name}, bend {k}"] = of_units[:, k]
                    scales[f"{name}, bend {k}"] = wide
        return replace(
            equation,
            curves=(*equation.curves, *curves),
            unit_columns=units,
            scales=scales,
        )

    def _levels(self, panel: Panel) -> list[tuple[str | None, Mask]]:
        """Return the levels that have a function each, and their units."""
        if self.by is None:
            return [(None, np.ones(panel.unit_labels.size, dtype=bool))]
        codes = panel.strata_codes[self.by]
        return [(str(x), codes == k) for k, x in enumerate(panel.levels[self.by])]

    def _curve(
        self, name: str, level: str | None, x: Array, treated: Mask, timing: Calendar, panel: Panel
    ) -> EffectCurve:
        """State the functions of one level."""
        cell = np.stack([timing.key, *panel.strata_codes.values()])[:, treated]
        group = np.unique(cell, axis=1, return_inverse=True)[1].ravel()
        mean = np.bincount(group, x[treated]) / np.maximum(np.bincount(group), 1)
        if not (np.abs(x[treated] - mean[group]) > 1e-9 * np.abs(x).max()).any():
            raise IdentificationError(
                Message(
                    "treated units of the same cohort and stratum do not differ in the "
                    "moderator {!r}",
                    name,
                ),
                hint="leave it out: the effects of cells already include such differences"
                if level is None
                else "one function for all levels: by=None",
            )
        knots = self._knots(name, x[treated])
        bends = max(knots.size - 2, 0)
        labels = (f"treated × {name}", *(f"treated × {name}, bend {k + 1}" for k in range(bends)))
        return EffectCurve(self.name, self.by, level, x, treated, knots, labels)

    def _check(self, equation: EquationSpec, facts: Facts, panel: Panel) -> None:
        """Refuse other parts of the design, and columns, that do not go with the moderator."""
        if not facts.exact or facts.reach != "none":
            argument = "spillovers" if facts.exact else facts.inexact[0]
            raise StudyError(
                Message("'moderators' is {!r}, which {!r} does not allow", self, argument),
                hint=Message("leave out {!r} or {!r}", argument, "moderators"),
            )
        if any(curve.moderator == self.name for curve in equation.curves):
            raise StudyError(
                Message("'moderators' names {!r} twice", self.name), hint="one function for each"
            )
        if self.name == panel.roles.outcome:
            raise StudyError(
                Message("the moderator {!r} is the outcome", self.name),
                hint="its value in a period before all others, as a separate column",
            )
        if self.by is not None and self.by not in panel.roles.strata:
            raise StudyError(
                Message("'by' is {!r}, which is not a stratum of the panel", self.by),
                hint=Message("{}", f"Panel(..., strata=[{self.by!r}])"),
            )

    def _check_before(self, timing: Calendar, panel: Panel) -> None:
        """Refuse values that may be results of treatment."""
        unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
        column = panel.frame[self.name].to_numpy(dtype=float, na_value=np.nan)
        first = np.searchsorted(unit, np.arange(panel.unit_labels.size))
        late = timing.role[timing.key, time[first]] == TREATED
        varies = np.bincount(
            unit, (column != column[first][unit]) & ~np.isnan(column), first.size
        ) > 0  # fmt: skip
        if (late & varies).any():
            raise PanelError(
                Message(
                    "the moderator {!r} varies over time, and the first observation of {} units "
                    "is treated, so that their values may be results of treatment",
                    self.name, int((late & varies).sum()),
                ),
                where=shown(panel.unit_labels[late & varies]),
                hint="a column measured before treatment, or a panel without these units",
            )  # fmt: skip

    def _words(self, start: Message) -> Message:
        """Add the sentences on levels and on untreated outcomes."""
        in_time = {"linear": _LINES_IN_TIME, "smooth": _CURVES_IN_TIME}
        parts = [start.fill(name=self.name)]
        parts += [_BY.fill(by=self.by)] if self.by is not None else []
        parts += [in_time[self.time].fill(name=self.name)] if self.time in in_time else []
        return Message(" ".join(["{}"] * len(parts)), *parts) if len(parts) > 1 else parts[0]


@value("moderators", "linear_moderator")
class LinearModerator(_Moderator):
    """Effects that are linear in a column of units.

    A treated unit i of cell c has the effect ``mu_c + beta (x_i - mean of x over c)``: cells keep
    their mean effects, and beta compares units of the same stratum and cohort. The value of x is
    that of the unit's first observation. So that a relation of x to untreated outcomes is not
    taken for a difference of effects, x has a flat slope in every period, unless ``time`` is
    "none".

    Parameters
    ----------
    name : str
        Numeric column of the panel's data, measured before treatment.
    by : str, optional
        A stratum factor, each level of which has a slope of its own; one slope by default.
    time : {"linear", "none"}, default "linear"
        Dependence of untreated outcomes on x: one slope per period, or none.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    Notes
    -----
    For x divided by its standard deviation among treated units, the prior of beta is normal with
    mean 0 and standard deviation ``priors.contrast``; it is flat under ``NoPooling``.

    References
    ----------
    Wooldridge, J. (2025). Two-way fixed effects, the two-way Mundlak regression, and
    difference-in-differences estimators. Empirical Economics 69: equation 6.33, moderating effects
    of covariates centred by cohort.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(moderators=nqp.LinearModerator("size")).moderators
    (LinearModerator(name='size', by=None, time='linear'),)
    """

    name: str
    by: str | None = None
    time: Literal["linear", "none"] = "linear"

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the line, and the dependence of untreated outcomes."""
        return self._words(_LINE)

    def _knots(self, name: str, x: Array) -> Array:
        return np.zeros(0)


@value("moderators", "smooth_moderator")
class SmoothModerator(_Moderator):
    """Effects that are a smooth function of a column of units.

    A treated unit i of cell c has the effect ``mu_c + f(x_i) - mean of f over c``: cells keep their
    mean effects, and f compares units of the same stratum and cohort. f is a natural cubic
    smoothing spline with knots at quantiles of x among treated units, linear outside them. The
    value of x is that of the unit's first observation. So that a relation of x to untreated
    outcomes is not taken for a difference of effects, they depend on x by a line or a smooth
    function in every period, unless ``time`` is "none". `effect_curve` returns the effect at values
    of x.

    Parameters
    ----------
    name : str
        Numeric column of the panel's data, measured before treatment.
    by : str, optional
        A stratum factor, each level of which has a function of its own; one function by default.
    time : {"smooth", "linear", "none"}, default "smooth"
        Dependence of untreated outcomes on x: a smooth function or a slope per period, or none.
    knots : int, default 8
        Number of knots, at least 5; fewer if fewer quantiles differ.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    Notes
    -----
    For x divided by its standard deviation among treated units, the slope of the linear component
    of f has a normal prior with standard deviation ``priors.contrast``; it is flat under
    ``NoPooling``. Deviations from the line have an estimated scale with the prior
    ``priors.factor``. By period, slopes are flat and deviations from a line have the scale
    ``priors.level``.

    References
    ----------
    Green, P. and Silverman, B. (1994). Nonparametric regression and generalized linear models.
    Chapman and Hall: chapter 2. Wood, S. (2017). Generalized additive models. 2nd edition. CRC
    Press: section 5.4.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(moderators=nqp.SmoothModerator("size")).moderators
    (SmoothModerator(name='size', by=None, time='smooth', knots=8),)
    """

    name: str
    by: str | None = None
    time: Literal["smooth", "linear", "none"] = "smooth"
    knots: Annotated[int, Interval(ge=5, le=50)] = 8

    def flat(self, *, leads: bool) -> Term:
        """Replace the curve by a line, which needs no prior, where all coefficients are flat."""
        if leads:
            return self
        return LinearModerator(self.name, self.by, "none" if self.time == "none" else "linear")

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the curve, and the dependence of untreated outcomes."""
        return self._words(_CURVE)

    def _knots(self, name: str, x: Array) -> Array:
        # Knots are values of units, so that splines of the knots are independent over units.
        knots = np.unique(np.quantile(x, np.linspace(0.0, 1.0, self.knots), method="nearest"))
        if knots.size < LEAST:
            raise IdentificationError(
                Message(
                    "quantiles of the moderator {!r} among treated units have {} different values, "
                    "too few for a smooth curve",
                    name, knots.size,
                ),
                hint=f"nqp.LinearModerator({self.name!r})",
            )  # fmt: skip
        return knots
