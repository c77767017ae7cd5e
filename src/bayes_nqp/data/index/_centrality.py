"""Centrality of nodes in each period, from a panel of pairs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import afford
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import pairs_of

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

NODE = "node"
"""Column of the nodes."""


@dataclass(frozen=True, slots=True, eq=False)
class NodeLinks:
    """Weights of links between nodes in each period, and the type of centrality.

    Parameters
    ----------
    ends : ndarray of int (2, pair)
        Nodes of each pair.
    nodes : int
        Number of nodes.
    """

    ends: Any
    nodes: int
    kind: str
    above: float
    side: str

    def of(self, links: Array, partners: Array | None = None) -> Array:
        """Compute the centrality of nodes.

        Parameters
        ----------
        links : ndarray (pair, T)
            Weights; zero without a link.
        partners : ndarray (node), optional
            Weight of each node as a partner; one by default.

        Returns
        -------
        ndarray (node, T)
            Numbers of links, sums of weights, or the leading eigenvector scaled to mean one.
        """
        omega = np.ones(self.nodes) if partners is None else partners
        if self.kind == "degree":
            links = (links > self.above).astype(np.float64)
        origin, destination = self.ends
        if self.kind != "eigenvector":
            out = np.zeros((self.nodes, links.shape[1]))
            if self.side != "destination":
                np.add.at(out, origin, links * omega[destination, None])
            if self.side != "origin":
                np.add.at(out, destination, links * omega[origin, None])
            return out
        root, columns = np.sqrt(omega), []
        for weights in links.T:
            table = np.zeros((self.nodes, self.nodes))
            np.add.at(table, (origin, destination), weights)
            # lambda c_i = sum_j w_ij omega_j c_j: sqrt(omega) c is an eigenvector of S W S.
            scaled = root[:, None] * (table + table.T) * root
            leading = np.abs(np.linalg.eigh(scaled)[1][:, -1]) / root
            columns.append(leading / max(float(leading.mean()), np.finfo(float).tiny))
        return np.stack(columns, axis=1)


@door
@dataclass(frozen=True, eq=False, repr=False)
class Centrality(FactSheet):
    """Centralities of nodes by period, with their uncertainty.

    Result of `nqp.centrality`; it can replace an `Index` in `fit_index`.

    Parameters
    ----------
    rows : DataFrame
        One row for each node and period: the node, the period, ``adoption``, and the centrality. Do
        not modify it.
    time : str
        Column of the period.
    name : str
        Column of the centrality.
    links : NodeLinks
        Links and type of centrality.
    weights : ndarray (pair, T)
        Weights of links.

    Examples
    --------
    >>> import numpy as np
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.network(nodes=20, seed=1).panel
    >>> strength = nqp.centrality(panel.with_outcome(np.exp(panel.outcome)))
    >>> strength.rows.columns.tolist()
    ['node', 'time', 'adoption', 'strength']
    >>> cities = strength.panel()
    >>> fit = nqp.fit_index(nqp.StaggeredDiD(), cities, strength, draws=4, seed=1, progress=False)
    >>> "index_between" in fit.record
    True
    """

    rows: pd.DataFrame
    time: str
    name: str
    links: NodeLinks
    weights: Array

    unit = NODE

    @cached_property
    def values(self) -> pd.Series[Any]:
        """Return the centrality (row)."""
        return self.rows[self.name]

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 hash of the type of centrality and its values."""
        seal = hashlib.sha256(repr((self.name, self.links.above, self.links.side)).encode("utf-8"))
        seal.update(np.ascontiguousarray(self.values.to_numpy(), dtype="<f8"))
        return seal.hexdigest()

    def draws(self, n: Annotated[int, Ge(1)] = 20, *, seed: Seed) -> xr.DataArray:
        """Draw centralities under resampled sets of partners.

        A Bayesian bootstrap over partners: in the centralities of all other nodes, each node has a
        weight from a flat Dirichlet distribution, scaled to mean one.

        Returns
        -------
        DataArray (index_draw, row)
            Rows are nodes by period, in the order of the table.

        References
        ----------
        Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9(1).
        """
        afford(16.0 * n * len(self.rows), f"'n': {n:,} draws of an index", "fewer of them")
        generator = np.random.default_rng(seed)
        out = []
        for _ in range(n):
            omega = generator.standard_exponential(self.links.nodes)
            out.append(self.links.of(self.weights, omega / omega.mean()).ravel())
        return xr.DataArray(
            np.array(out), dims=(v.INDEX_DRAW, "row"), coords={v.INDEX_DRAW: np.arange(n)},
            attrs={"seed": int(seed)}, name="index",
        )  # fmt: skip

    def panel(self, **arguments: Any) -> Panel:
        """Build a panel of nodes with the centrality as outcome.

        Parameters
        ----------
        **arguments
            Arguments of `Panel.from_frame`, without ``unit``, ``time``, ``cohort`` and ``outcome``.
        """
        from bayes_nqp.data.panel import Panel

        return Panel.from_frame(
            self.rows, unit=NODE, time=self.time, cohort="adoption", outcome=self.name, **arguments
        )

    def _facts(self) -> list[tuple[str, str]]:
        x = self.values
        return [
            ("kind", self.links.kind),
            ("rows", f"{len(x):,}, {self.links.nodes:,} nodes"),
            ("values", f"mean {x.mean():.4g}, sd {x.std():.4g}, {x.min():.4g} to {x.max():.4g}"),
        ]


@door
def centrality(
    panel: Panel,
    kind: Literal["degree", "strength", "eigenvector"] = "strength",
    *,
    above: float = 0.0,
    side: Literal["both", "origin", "destination"] = "both",
) -> Centrality:
    """Compute the centrality of the nodes of a panel of pairs in each period.

    Pairs without an observation in a period have no link in this period.

    Parameters
    ----------
    panel : Panel
        Panel from `Panel.from_pairs`, with the weight of a link as outcome.
    kind : {"degree", "strength", "eigenvector"}, default "strength"
        The number of links above a weight; the sum of their weights; or the leading eigenvector of
        the matrix of weights, scaled to mean one, in which partners are weighted by their own
        centrality.
    above : float, default 0, outcome units
        Weight above which a pair is linked, for "degree".
    side : {"both", "origin", "destination"}, default "both"
        Links of a node that are used if links are directed: all, outgoing, or incoming. Eigenvector
        centrality uses links in both directions.

    Returns
    -------
    Centrality
        A table, a panel of nodes, and draws for `fit_index`, which propagates their uncertainty to
        effects.

    Raises
    ------
    StudyError
        If the panel is not a panel of pairs, or an argument has another value.
    PanelError
        If weights are negative and sums or eigenvectors are requested.

    References
    ----------
    Bonacich, P. (1987). Power and centrality. American Journal of Sociology 92(5). Newman, M.
    (2010). Networks.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.network(nodes=12, periods=6, cohorts=(3, 4), seed=1).panel
    >>> degree = nqp.centrality(panel, "degree", above=1.0)
    >>> degree.panel().n_units
    12
    """
    if kind == "eigenvector" and side != "both":
        raise StudyError(
            Message("'side' is {!r}, which is not available for eigenvector centrality", side),
            hint="side='both', or strength",
        )
    links, weights = links_of(panel, kind, above, side)
    values = links.of(weights)
    pairs, roles = pairs_of(panel), panel.roles
    date = np.zeros(links.nodes, dtype=np.int64)
    date[pairs.ends.ravel()] = pairs.adoption.ravel()
    labels = panel.time_labels
    adoption = [None if d >= panel.periods else labels[d] for d in date]
    rows = pd.DataFrame({
        NODE: np.repeat(pairs.nodes, panel.periods), roles.time: np.tile(labels, links.nodes),
        "adoption": pd.Series(adoption).repeat(panel.periods).to_numpy(), kind: values.ravel(),
    })  # fmt: skip
    return Centrality(rows, roles.time, kind, links, weights)


def links_of(panel: Panel, kind: str, above: float, side: str) -> tuple[NodeLinks, Array]:
    """Return the links for a type of centrality, and their weights (pair, T)."""
    pairs = pairs_of(panel)
    weights = np.zeros((panel.unit_labels.size, panel.periods))
    weights[panel.unit_codes, panel.time_codes] = panel.outcome
    negative = (weights < 0.0).any(axis=1)
    if kind != "degree" and negative.any():
        raise PanelError(
            Message("{!r} is negative in {} pairs; weights of links must not be negative",
                    panel.roles.outcome, int(negative.sum())),
            where=shown(panel.unit_labels[negative]), hint="kind='degree' with above=…",
        )  # fmt: skip
    return NodeLinks(pairs.ends, pairs.nodes.size, kind, float(above), side), weights
