"""How central nodes are among others, year by year, from the pairs of a panel."""

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
    """Weights of links between nodes in each period, and what a centrality is of them.

    Parameters
    ----------
    ends : ndarray of int (2, pair)
        Nodes of each pair.
    nodes : int
        How many there are.
    """

    ends: Any
    nodes: int
    kind: str
    above: float
    side: str

    def of(self, links: Array, partners: Array | None = None) -> Array:
        """Centralities of nodes.

        Parameters
        ----------
        links : ndarray (pair, T)
            Weights; zero where there is no link.
        partners : ndarray (node), optional
            How much each node counts as a partner; one by default.

        Returns
        -------
        ndarray (node, T)
            Numbers of links, their sums, or the leading eigenvector, of mean one.
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
    """Centralities of nodes by period, with the uncertainty of whom they are linked to.

    Made by `nqp.centrality`; it goes where an `Index` goes in `fit_index`.

    Parameters
    ----------
    rows : DataFrame
        One row a node and period: the node, the period, ``adoption``, and the centrality. Do not
        change it.
    time : str
        Column of the period.
    name : str
        Column of the centrality.
    links : NodeLinks
        What it is of links.
    weights : ndarray (pair, T)
        Of links.

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
        """The centrality (row)."""
        return self.rows[self.name]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what it is and of its values."""
        seal = hashlib.sha256(repr((self.name, self.links.above, self.links.side)).encode("utf-8"))
        seal.update(np.ascontiguousarray(self.values.to_numpy(), dtype="<f8"))
        return seal.hexdigest()

    def draws(self, n: Annotated[int, Ge(1)] = 20, *, seed: Seed) -> xr.DataArray:
        """Draw centralities under other nodes that a node might have been linked to.

        A Bayesian bootstrap over partners: each node counts with a weight from a flat Dirichlet
        distribution, of mean one, in the centralities of all others.

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
        """Make a panel of nodes whose outcome is the centrality.

        Parameters
        ----------
        **arguments
            Of `Panel.from_frame`, without ``unit``, ``time``, ``cohort`` and ``outcome``.
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
    """Compute how central the nodes of a panel of pairs are in each period.

    Pairs without a row in a period have no link then.

    Parameters
    ----------
    panel : Panel
        Made by `Panel.from_pairs`; its outcome is the weight of a link.
    kind : {"degree", "strength", "eigenvector"}, default "strength"
        The number of links above a weight; the sum of their weights; or the leading eigenvector of
        the table of weights, of mean one, which counts partners by how central they are themselves.
    above : float, default 0, outcome units
        Weight from which on there is a link, for "degree".
    side : {"both", "origin", "destination"}, default "both"
        Which links of a node count, where they have a direction: all, those that begin there, or
        those that lead there. Eigenvectors are of links in both directions.

    Returns
    -------
    Centrality
        A table, a panel of nodes, and draws that `fit_index` carries into effects.

    Raises
    ------
    StudyError
        If the panel is not one of pairs, or an argument is none of those above.
    PanelError
        If weights are negative, where sums or eigenvectors are asked for.

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
    """What a centrality is of links, and their weights (pair, T)."""
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
