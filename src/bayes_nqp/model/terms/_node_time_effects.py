"""Random node–time effects: shocks shared by all pairs of a node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import optimize
from scipy.special import expit

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.data.panel import Pairs, pairs_of
from bayes_nqp.model.predictors import TREATED, ProcessPart
from bayes_nqp.model.priors import scale_prior
from bayes_nqp.model.specification import Calendar, EquationSpec, Facts, Term, Timing
from bayes_nqp.numerics.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_WORDS: Final = Message(
    "All pairs of a node share a shock in each period{ends}. Shocks are normal with mean "
    "zero and partly autocorrelated, so that intervals of averages over many pairs of few"
    " nodes allow for their dependence. The covariance over time is estimated by maximum "
    "likelihood on untreated observations, from differences between nodes with the same "
    "adoption date."
)
_BY_END: Final = Message(", one where links begin and another where they lead")
_LEAST = 5
"""Contrasts between nodes, of fewer of which nothing is learned."""
_TINY: Final = 1e-10


@value("terms", "node_shocks")
class NodeTimeEffects(Term):
    """Random node–time effects: shocks shared by all pairs of a node.

    The observation of pair (i, j) in period t has ``eta_it + eta_jt`` in addition to its error,
    with ``eta_i ~ N(0, Omega)`` independent across nodes. The information on the effect is then
    that of nodes, of which there are far fewer than pairs: without the term, intervals are too
    narrow if nodes have shocks. The mean shock of its nodes shifts the estimated effect of a group
    of pairs (pairs with one adoption date at each end). These means are coefficients with the
    covariance ``W W' x Omega``, W being the share of a group's pairs that have each node as an end.

    Parameters
    ----------
    directed : bool, default False
        If True, a node has one shock for links that begin there and another, independent, for links
        that lead there.

    Raises
    ------
    StudyError
        If the panel is not one of pairs (`Panel.from_pairs`).
    IdentificationError
        If fewer than five nodes can be compared with others of the same adoption date over two
        untreated periods.

    Notes
    -----
    ``Omega_ts = tau² (kappa rho^|t-s| + (1 - kappa) [t = s])`` is set to its maximum likelihood
    estimate; its estimation error is ignored. Contrasts of node means within groups remain in the
    errors of pairs, which makes these a little larger: intervals do not become narrower by this. If
    pairs are missing in some periods, the shares are those of all their observations.

    References
    ----------
    Aronow, P., Samii, C. and Assenova, V. (2015). Cluster-robust variance estimation for dyadic
    data. Political Analysis 23(4). Cameron, A. and Miller, D. (2014). Robust inference for dyadic
    data.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(terms=[nqp.EndpointEffects(), nqp.NodeTimeEffects()]).terms
    (EndpointEffects(directed=False), NodeTimeEffects(directed=False))
    """

    directed: bool = False

    role = "node shocks"
    with_channels = False
    of_sums = False
    with_dose = False

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the shocks of nodes, and the estimation of their size."""
        return _WORDS.fill(ends=_BY_END if self.directed else "")

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """The shocks of both ends of a pair."""
        meaning = Message("shocks shared by all pairs of a node")
        if self.directed:
            return "η_{o(i)t} + ζ_{d(i)t}", {"η_{o(i)t}, ζ_{d(i)t}": meaning}
        return "η_{o(i)t} + η_{d(i)t}", {"η_{o(i)t}, η_{d(i)t}": meaning}

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add mean shocks of groups of pairs, a coefficient for each direction of ``W W'``.

        Raises
        ------
        IdentificationError
            If too few nodes can be compared.
        """
        assert isinstance(timing, Calendar)
        pairs = pairs_of(panel, "NodeTimeEffects(directed=True)" if self.directed else "")
        sides = [*pairs.ends[:, None]] if self.directed else [pairs.ends]
        group = _groups(pairs, panel, directed=self.directed)
        untreated = timing.role[timing.key] != TREATED
        parts = []
        for number, ends in enumerate(sides):
            name = self.role if not self.directed else f"{self.role} {number}"
            omega = _covariance(_table(equation.outcome, panel), ends, pairs, untreated, group)
            share = np.zeros((int(group.max()) + 1, pairs.nodes.size))
            for end in ends:
                np.add.at(share, (group, end), 1.0)
            share /= np.bincount(group)[:, None]
            parts.append(
                ProcessPart(
                    name, group, (_root(omega),), (Scale(name, scale_prior(1.0), estimated=False),),
                    border=True, mixing=_root(share @ share.T), measured=True,
                )
            )  # fmt: skip
        return replace(equation, processes=(*equation.processes, *parts))


def _groups(pairs: Pairs, panel: Panel, *, directed: bool) -> Index:
    """Number the strata and dates of adoption of both ends (unit)."""
    dates = pairs.adoption if directed else np.sort(pairs.adoption, axis=0)
    strata = [panel.strata_codes[name] for name in panel.roles.strata]
    table = np.stack([*dates, *strata], axis=1)
    return np.unique(table, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


def _table(outcome: Array, panel: Panel) -> Array:
    """Outcomes (unit, T), NaN where there is no row."""
    out = np.full((panel.unit_labels.size, panel.periods), np.nan)
    out[panel.unit_codes, panel.time_codes] = outcome
    return out


def _root(covariance: Array) -> Array:
    """R with ``R R'`` a positive semidefinite matrix, of as many columns as its rank."""
    values, vectors = np.linalg.eigh(covariance)
    keep = values > _TINY * max(values[-1], np.finfo(float).tiny)
    return np.asarray(vectors[:, keep] * np.sqrt(values[keep]))


@dataclass(frozen=True, slots=True, eq=False)
class _Contrasts:
    """Cross-products of residuals of some nodes, or pairs, over the periods of a window.

    Parameters
    ----------
    products : ndarray (W, W)
        Over all of them, periods' mean taken off.
    freedom : int
        Independent contrasts among them.
    over : float
        Pairs that each is the mean of.
    """

    products: Array
    freedom: int
    over: float


def _covariance(y: Array, ends: Index, pairs: Pairs, untreated: Mask, group: Index) -> Array:
    """Omega (T, T), at its maximum likelihood from untreated rows, outcome units²."""
    windows = list(_windows(y, ends, pairs, untreated, group))
    if sum(nodes.freedom for nodes, _ in windows) < _LEAST:
        raise IdentificationError(
            Message("shocks of nodes are learned from nodes of one date of adoption, and too few "
                    "have {} untreated periods", 2),
            hint="leave NodeTimeEffects() out, and report the standard error of the dyadic check",
        )  # fmt: skip
    n_periods, size = y.shape[1], np.sqrt(np.mean([np.diag(p.products).sum() for _, p in windows]))
    size = max(float(size), np.finfo(float).tiny)
    noise = _fitted([p for _, p in windows], size)
    shock = _fitted([nodes for nodes, _ in windows], size, noise)
    return _stationary(shock, n_periods)


def _windows(
    y: Array, ends: Index, pairs: Pairs, untreated: Mask, group: Index
) -> Iterator[tuple[_Contrasts, _Contrasts]]:
    """Return contrasts before adoption: of nodes with one adoption date, and of their pairs.

    Let e_ij be the deviation of pair (i, j) from the means of its group and of the pair. The mean
    of ``eta_i + eta_j + eps_ij`` over d partners differs between nodes of a group by
    ``(1 - 1/d) eta_i`` plus the mean of errors if partners are in the same group; otherwise by
    ``eta_i``.
    """
    n_nodes, one_way = pairs.nodes.size, len(ends) == 1
    date = np.zeros(n_nodes, dtype=np.int64)
    date[pairs.ends.ravel()] = pairs.adoption.ravel()
    for first in np.unique(date):
        window = np.arange(min(int(first), y.shape[1]))
        inside = (pairs.adoption >= first).all(axis=0) & (pairs.adoption == first).any(axis=0)
        inside &= untreated[:, window].all(axis=1) & np.isfinite(y[:, window]).all(axis=1)
        if window.size < 2 or not inside.any():
            continue
        at = np.flatnonzero(inside)
        e = y[np.ix_(at, window)] - y[np.ix_(at, window)].mean(axis=1, keepdims=True)
        kind, size = np.unique(group[at], return_inverse=True, return_counts=True)[1:]
        mean = np.zeros((size.size, window.size))
        np.add.at(mean, kind.ravel(), e)
        e -= (mean / size[:, None])[kind.ravel()]
        total, count, alike = np.zeros((n_nodes, window.size)), np.zeros(n_nodes), np.zeros(n_nodes)
        same = (pairs.adoption[:, at] == first).all(axis=0) & (not one_way)
        for end in ends:
            np.add.at(total, end[at], e)
            np.add.at(count, end[at], 1.0)
            np.add.at(alike, end[at], same.astype(np.float64))
        nodes = np.flatnonzero((date == first) & (count > 1))
        if nodes.size < 3:
            continue
        shrunk = 1.0 - alike[nodes] / count[nodes] / np.maximum(alike[nodes], 1.0)
        level = total[nodes] / (count[nodes] * shrunk)[:, None]
        level -= level.mean(axis=0)
        levels = np.zeros((n_nodes, window.size))
        levels[nodes] = level
        remainder = e - sum(levels[end[at]] for end in ends)
        freedom = at.size - size.size - nodes.size
        if freedom > 0:
            yield (
                _Contrasts(level.T @ level, nodes.size - 1, float(count[nodes].mean())),
                _Contrasts(remainder.T @ remainder, freedom, 1.0),
            )


def _stationary(point: Array, n_periods: int) -> Array:
    """``v (kappa rho^|t-s| + (1 - kappa) [t = s])`` at (log v, logit kappa, logit rho)."""
    kappa, rho = expit(point[1:])
    apart = np.abs(np.subtract.outer(np.arange(n_periods), np.arange(n_periods)))
    return np.asarray(np.exp(point[0]) * (kappa * rho**apart + (1.0 - kappa) * np.eye(n_periods)))


def _fitted(every: Sequence[_Contrasts], size: float, noise: Array | None = None) -> Array:
    """Maximise the likelihood of (log v, logit kappa, logit rho), given the mean of pairs' errors.

    The log likelihood is ``-1/2 sum f (log|C| + tr(C^-1 S / f))`` over windows. S are their
    cross-products with f degrees of freedom, and C is the covariance between periods. Both refer to
    contrasts of periods, which remove unit effects.
    """

    def loss(point: Array) -> float:
        total = 0.01 * float(((point[1:] / 2.0) ** 2).sum())
        for x in every:
            n = len(x.products)
            covariance = _stationary(point, n)
            if noise is not None:
                covariance = covariance + _stationary(noise, n) / x.over
            basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]
            inner = basis.T @ covariance @ basis
            sums = basis.T @ x.products @ basis
            total += 0.5 * x.freedom * float(np.linalg.slogdet(inner)[1])
            total += 0.5 * float(np.trace(np.linalg.solve(inner, sums)))
        return total

    rows = sum(x.freedom * (len(x.products) - 1) for x in every)
    start = np.log(max(sum(float(np.trace(x.products)) for x in every) / rows, size**2 * 1e-12))
    begin = np.array([start, 0.0, 0.0])
    best = optimize.minimize(
        loss, begin, method="Nelder-Mead",
        options={
            "initial_simplex": np.vstack([begin, begin + 1.5 * np.eye(3)]), "xatol": 1e-3,
            "fatol": 1e-4, "maxiter": 2000,
        },
    )  # fmt: skip
    floor = np.log(size**2) - 30.0
    return np.array([max(best.x[0], floor), *np.clip(best.x[1:], -12.0, 12.0)])
