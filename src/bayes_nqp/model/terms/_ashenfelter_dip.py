"""A dip: units that adopt since their errors just before were low, or high, and how these fade."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from annotated_types import Interval
from scipy import optimize

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import Hint, IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.errors import Noise, parameters_of
from bayes_nqp.model.priors import Priors
from bayes_nqp.model.specification import (
    BareRows,
    Calendar,
    EquationSpec,
    Facts,
    Term,
    Timing,
    bare_rows,
)
from bayes_nqp.numerics.parameters import ParameterSpace

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_WORDS: Final = Message(
    "Among units of a stratum that have not adopted yet, adoption may depend on errors in"
    " the {periods} before adoption (Ashenfelter's dip). The remainder of these errors "
    "fades with the autocorrelation of errors, which is estimated by restricted maximum "
    "likelihood on untreated observations. The size of the dip has a flat prior."
)
_AT_ONCE: Final = Message(
    "Treated units may have been selected by their errors in the {periods} before the "
    "first adoption in their stratum (Ashenfelter's dip). The remainder of these errors "
    "fades with the autocorrelation of errors, which is estimated by restricted maximum "
    "likelihood on untreated observations. The size of the dip has a flat prior."
)


@value("trends", "dip")
class AshenfelterDip(Term):
    """Ashenfelter's dip: adoption after bad or good periods, by selection on past errors.

    Given the errors on which adoption depends, the other errors follow the error structure. If unit
    effects, time effects and this selection are the only regressors, normal errors e with
    covariance V satisfy, for the cohort of period c and u the mean over the periods before c,
    ``E[e_i] = delta V u / u'Vu`` for treated units, and ``- delta p / (1 - p)`` times as much for
    units at risk that do not adopt, p being the share that adopts. One column therefore contains
    the dip, its start, and the recovery of treated units after adoption, which is no effect of the
    policy.

    Parameters
    ----------
    periods : int, default 1
        Number of periods before adoption whose errors affect adoption.
    at_once : bool, default False
        If True, all treated units were selected at one time, by errors before the first adoption;
        their adoption dates depend on other reasons (pilots chosen by a base year, started in
        turn). If False, each unit is selected by its errors before its own adoption.

    Raises
    ------
    StudyError
        If the number of periods is not an integer from 1 on.

    Notes
    -----
    The covariance of errors is estimated by restricted maximum likelihood (with priors) on
    untreated observations, with the dip among the regressors; its estimation error is ignored.
    Never-treated units are assumed to have been at risk.

    References
    ----------
    Ashenfelter, O. (1978). Estimating the effect of training programs on earnings. Review of
    Economics and Statistics 60(1). Chabé-Ferret, S. (2015). Analysis of the bias of matching and
    difference-in-difference under alternative earnings and selection processes. Journal of
    Econometrics 185(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(trends=nqp.AshenfelterDip()).trends
    AshenfelterDip(periods=1, at_once=False)
    """

    periods: Annotated[int, Interval(ge=1, le=10**9)] = 1
    at_once: bool = False

    role = "dip"
    column = "dip before adoption"
    with_channels = False
    with_dose = False

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the errors on which adoption may depend, and the recovery after it."""
        periods = Message("{n} period", plural="{n} periods", n=self.periods)
        return (_AT_ONCE if self.at_once else _WORDS).fill(periods=periods)

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """A transitory deviation before adoption."""
        return "δ P_{it}", {
            "P_{it}": Message("transitory deviation of treated units before adoption, which fades"),
            "δ": Message("size of this deviation"),
        }

    def flat(self, *, leads: bool) -> AshenfelterDip | None:
        """Omit the term in models with leads, which would absorb it."""
        return None if leads else self

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the dip's column.

        Raises
        ------
        IdentificationError
            If periods before adoption have effects, if no unit adopts after the first period while
            others are at risk, or if all units of a stratum were selected at once and adopt at one
            date, which equals the other kind of dip.
        """
        if facts.leads:
            raise IdentificationError(
                Message("a dip before adoption and flat leads are not separately identified"),
                hint=Message("{}, or leave out 'trends'", Hint("controls", "all")),
            )
        assert isinstance(timing, Calendar)
        rows = bare_rows(equation.outcome, facts, timing, panel)
        loads = _at_risk(rows, timing.start[timing.key], self.periods, at_once=self.at_once)
        covariance = _covariance(rows, loads, equation.noise, equation.priors)
        column = _faded(loads, covariance)[panel.unit_codes, panel.time_codes]
        return replace(equation, columns={**equation.columns, self.column: column})


def _at_risk(rows: BareRows, start: Index, periods: int, *, at_once: bool) -> Array:
    """Return the weights of the periods whose errors select each unit (unit, T).

    ``u`` for units selected at c; ``-p / (1 - p) u`` for units of the same level that were at risk.
    Errors of all units at risk then have mean zero.
    """
    n_units, n_periods = rows.seen.shape
    loads, several = np.zeros((n_units, n_periods)), not at_once
    for level in np.unique(rows.level):
        inside = rows.level == level
        dates = np.unique(start[inside & (start > 0)])
        several |= dates.size > 1
        for c in dates[:1] if at_once else dates:
            later = inside & ((start > c) | (start < 0))
            chosen = inside & ((start >= c) if at_once else (start == c))
            others = later & ~chosen
            first = max(int(c) - periods, 0)
            u = 1.0 / (int(c) - first)
            loads[chosen, first:c] += u
            if others.any():
                n = rows.counts
                loads[others, first:c] -= u * n[chosen].sum() / n[others].sum()
    if not (loads < 0.0).any():
        raise IdentificationError(
            Message(
                "a dip before adoption needs units that adopt after the first period, and others "
                "that had not adopted then"
            ),
            hint="trends=None",
        )
    if not several:
        raise IdentificationError(
            Message("units of a stratum adopt at one date: they are chosen at once anyway"),
            hint=Hint("trends", AshenfelterDip(periods)),
        )
    return loads


def _faded(loads: Array, covariance: Array) -> Array:
    """Mean errors of units in all periods, given those of the periods of selection (unit, T).

    ``V U (U'VU)^-1`` on the mean over periods of a cohort is, for one period s, ``V_ts / V_ss``.
    """
    return np.asarray(loads @ (covariance / np.diagonal(covariance)[:, None]))


def _covariance(rows: BareRows, loads: Array, noise: Noise, priors: Priors) -> Array:
    """The errors' covariance (T, T) at its restricted maximum likelihood, priors included."""
    return _most_likely(_sums(rows, loads), rows.seen.shape[1], noise, priors)


@lru_cache(maxsize=32)
def _most_likely(sums: _GroupSums, n_periods: int, noise: Noise, priors: Priors) -> Array:
    """Find it from sums; a design states its columns once for its plan, and once for evidence."""
    space = ParameterSpace(parameters_of(noise, n_periods, priors))
    if not len(space):
        return np.asarray(noise.covariance(n_periods, np.zeros((1, 0)))[0])

    def loss(point: Array) -> float:
        values = space.constrain(point[None])
        covariance = noise.covariance(n_periods, values)[0]
        return -_restricted(sums.groups, covariance) - float(space.log_prior(point[None])[0])

    begin = space.unconstrain(space.typical[None])[0]
    optimum = optimize.minimize(loss, begin, method="Nelder-Mead", options={"xatol": 1e-3})
    covariance = np.array(noise.covariance(n_periods, space.constrain(optimum.x[None]))[0])
    covariance.flags.writeable = False
    return covariance


@dataclass(frozen=True, slots=True, eq=False)
class _Alike:
    """Units of one level, with the same untreated periods and the same selection.

    Parameters
    ----------
    seen : ndarray of bool (T)
        Untreated periods with a row.
    level : int
        Of time effects.
    load : ndarray (T)
        As `_at_risk` has it.
    number : float
        Units.
    sums, products : ndarray (T) and (T, T)
        Of their outcomes.
    """

    seen: Mask
    level: int
    load: Array
    number: float
    sums: Array
    products: Array


class _GroupSums:
    """Sums of all groups, equal where their numbers are."""

    def __init__(self, groups: Sequence[_Alike]) -> None:
        self.groups = groups
        seal = hashlib.sha256()
        for x in groups:
            parts = (x.seen, np.array([x.level, x.number]), x.load, x.sums, x.products)
            for part in parts:
                seal.update(np.ascontiguousarray(part).tobytes())
        self.digest = seal.digest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _GroupSums) and self.digest == other.digest


def _sums(rows: BareRows, loads: Array) -> _GroupSums:
    table = np.concatenate([rows.level[:, None], rows.seen, loads], axis=1)
    kinds, number = np.unique(table, axis=0, return_inverse=True)
    n_periods = rows.seen.shape[1]
    groups = []
    for k, kind in enumerate(kinds):
        inside, seen = number.ravel() == k, kind[1 : 1 + n_periods] > 0.0
        y, f = rows.y[inside], rows.counts[inside]
        if seen.any():
            load = kind[1 + n_periods :]
            groups.append(_Alike(seen, int(kind[0]), load, f.sum(), f @ y, y.T @ (f[:, None] * y)))
    return _GroupSums(groups)


def _restricted(groups: Sequence[_Alike], covariance: Array) -> float:
    """Compute the restricted log likelihood of errors' covariance V, with sigma profiled out.

    The value is ``-1/2 (f log E + log|A| + sum_i (log|V_oo| + log 1'Q1))``. Here Q is the inverse
    of V on the observed periods o, Q~ = Q - Q1 (1'Q1)^-1 1'Q, and A = X'Q~X for time effects and
    the dip. E is the residual sum of squares y'Q~y after these regressors, with f degrees of
    freedom.
    """
    n_periods = len(covariance)
    size = (1 + max(x.level for x in groups)) * n_periods + 1
    normal, right, energy = np.zeros((size, size)), np.zeros(size), 0.0
    log_det, freedom = 0.0, 0.0
    for x in groups:
        o = np.flatnonzero(x.seen)
        q = np.linalg.inv(covariance[np.ix_(o, o)])
        ones = q.sum(axis=1)
        log_det += x.number * (np.log(ones.sum()) - np.linalg.slogdet(q)[1])
        q -= np.outer(ones, ones) / ones.sum()
        dip = _faded(x.load, covariance)[o]
        at = np.append(x.level * n_periods + o, size - 1)
        columns = np.concatenate([np.eye(o.size), dip[:, None]], axis=1)  # X of one unit.
        normal[np.ix_(at, at)] += x.number * columns.T @ q @ columns
        right[at] += columns.T @ q @ x.sums[o]
        energy += float((q * x.products[np.ix_(o, o)]).sum())
        freedom += x.number * (o.size - 1)
    # Time effects of a level sum to what unit effects absorb: A has a zero a level.
    values, vectors = np.linalg.eigh(normal)
    positive = values > 1e-9 * values[-1]
    energy -= float(((vectors[:, positive].T @ right) ** 2 / values[positive]).sum())
    freedom -= int(positive.sum())
    log_det += float(np.log(values[positive]).sum())
    return -0.5 * float(freedom * np.log(max(energy, np.finfo(float).tiny)) + log_det)
