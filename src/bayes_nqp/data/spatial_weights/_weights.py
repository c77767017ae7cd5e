"""Spatial weights: links between units, and their weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import eigs

from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._csr import csr_of
from bayes_nqp.data.spatial_weights._places import EARTH, Locations
from bayes_nqp.data.spatial_weights._rules import graph_class, ruled, worded

type Islands = Literal["keep", "nearest", "error"]
type Standardised = Literal["row", "none"]
_DENSE: Final = 3_000
"""Largest number of units for which all eigenvalues are computed."""


@register("weights")
@door
@dataclass(frozen=True, eq=False, repr=False)
class SpatialWeights:
    """Spatial weights matrix W with labels of units.

    Use `contiguity`, `nearest`, `band`, `inverse_distance`, `exponential`, `economic`, `composite`,
    `nested` or `matrix` to build it. The matrix is constant over time, and is matched to a panel by
    labels, not by position.

    Parameters
    ----------
    ids : tuple of str (unit)
        Labels of the units in the panel.
    matrix : sparse array (unit, unit)
        Non-negative weights, with a zero diagonal.
    kind : str
        Type of the weights, such as "nearest".
    standardised : {"row", "none"}, default "row"
        "row": the weights of each unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        Treatment of units without neighbours: keep their empty rows, link them to the nearest unit,
        or raise an error.
    label : str, default ""
        Name in tables and figures; by default the kind.
    places : tuple of tuple of float (unit, 2), default ()
        Longitude and latitude in degrees, if available.

    Raises
    ------
    StudyError
        If the matrix is not square or does not match the labels; if values are negative, missing,
        or non-zero on the diagonal; or if there are no links.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayes_nqp.data import spatial_weights
    >>> links = pd.DataFrame([[0, 1], [1, 0]], index=["a", "b"], columns=["a", "b"])
    >>> spatial_weights.matrix(links)
    SpatialWeights('matrix', 2 units, 2 links)
    """

    ids: tuple[str, ...]
    matrix: Any
    kind: str
    standardised: Standardised = "row"
    islands: Islands = "keep"
    label: str = ""
    places: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        ids: Any = self.ids
        object.__setattr__(self, "ids", (ids,) if isinstance(ids, str) else tuple(ids))
        matrix = csr_of(self.matrix, len(self.ids))
        if matrix.shape != (len(self.ids), len(self.ids)):
            raise StudyError(
                Message(
                    "the weights are {} by {}, but there are {} units", *matrix.shape, len(self.ids)
                ),
                hint="a square matrix with one row and one column for each unit",
            )
        twice = pd.Index(self.ids).duplicated()
        if twice.any():
            raise StudyError(
                Message("'ids' contains duplicate units"),
                where=shown(np.asarray(self.ids)[twice]),
                hint="one row for each unit",
            )
        self._check_values(matrix)
        matrix.eliminate_zeros()
        matrix.sort_indices()
        if self.ids and not matrix.nnz and self.islands == "keep":
            raise StudyError(
                Message("none of the {} units is linked to another", len(self.ids)),
                hint="define more neighbours, for example with a larger distance",
            )
        object.__setattr__(self, "matrix", matrix)
        degrees = np.asarray(self.places, dtype=np.float64).reshape(-1, 2).tolist()
        object.__setattr__(self, "places", tuple(map(tuple, degrees)))

    def _check_values(self, matrix: sparse.csr_array) -> None:
        """Refuse weights that are missing, infinite or negative, and links to oneself."""
        row = np.repeat(np.arange(len(self.ids)), np.diff(matrix.indptr))
        faults = (
            (
                ~np.isfinite(matrix.data),
                Message("weights are missing or infinite"),
                "0 for pairs without a link",
            ),
            (matrix.data < 0.0, Message("weights are negative"), "weights of at least 0"),
            (
                (row == matrix.indices) & (matrix.data != 0.0),
                Message("some units are linked to themselves"),
                "zeros on the diagonal",
            ),
        )
        for bad, problem, hint in faults:
            if bad.any():
                places = np.asarray(self.ids)[np.unique(row[bad])]
                raise StudyError(problem, where=shown(places), hint=hint)

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 hash of labels, links and rules."""
        texts = (self.ids, self.kind, self.standardised, self.islands, self.label)
        seal = hashlib.sha256(repr(texts).encode("utf-8"))
        for values, form in ((self.matrix.indptr, "<i8"), (self.matrix.indices, "<i8"),
                             (self.matrix.data, "<f8")):  # fmt: skip
            seal.update(np.ascontiguousarray(values, dtype=form))
        return seal.hexdigest()

    def __eq__(self, other: object) -> bool:
        """Return True if labels, links and rules are the same."""
        return isinstance(other, SpatialWeights) and self.digest == other.digest

    def __hash__(self) -> int:
        """Return the hash of the digest."""
        return hash(self.digest)

    def __repr__(self) -> str:
        """Show the kind and the numbers of units, links and islands."""
        parts = [repr(self.name), f"{len(self.ids):,} units", f"{self.matrix.nnz:,} links"]
        n_islands = len(self.isolated)
        parts += [f"{n_islands} island{'s' * (n_islands > 1)}"] if n_islands else []
        return f"SpatialWeights({', '.join(parts)})"

    @property
    def name(self) -> Message:
        """Return the name in tables and figures."""
        return worded(self.label or self.kind)

    @property
    def isolated(self) -> tuple[str, ...]:
        """Return the labels of islands: units without a neighbour."""
        empty = np.diff(self.matrix.indptr) == 0
        return tuple(np.asarray(self.ids)[empty].tolist())

    def aligned(self, ids: Iterable[str]) -> SpatialWeights:
        """Select the units of a panel, in order, and standardise rows again if they were.

        Parameters
        ----------
        ids : iterable of str
            Labels, such as ``panel.unit_labels``.

        Raises
        ------
        PanelError
            If a unit is not in the weights, or is an island and the rule is "error".
        """
        wanted = tuple(map(str, ids))
        if wanted == self.ids:
            return self
        place = {label: k for k, label in enumerate(self.ids)}
        lacking = [label for label in wanted if label not in place]
        if lacking:
            hint = nearest(lacking[0], self.ids)
            if len(lacking) == len(wanted):
                hint = Message(
                    "{}; or, if the weights refer to cities and the units are firms, "
                    "nqp.spatial_weights.spread(weights, panel, city='city')",
                    hint,
                )
            raise PanelError(
                Message(
                    "{} of {} units are not in the weights {!r}",
                    len(lacking), len(wanted), self.name,
                ),
                where=shown(lacking),
                hint=hint,
            )  # fmt: skip
        order = np.array([place[label] for label in wanted], dtype=np.int64)
        places = tuple(self.places[k] for k in order) if self.places else ()
        part = replace(self, ids=wanted, matrix=self.matrix[order][:, order], places=places)
        return part.by_rules()

    def by_rules(self) -> SpatialWeights:
        """Apply the rule for islands, then standardise rows, as stated.

        Raises
        ------
        PanelError
            If there are islands and the rule is "error".
        StudyError
            If islands are to be linked to the nearest unit, but coordinates are not available.
        """
        links = ruled(
            self.matrix, self.ids, self.places,
            islands=self.islands, standardised=self.standardised,
        )  # fmt: skip
        return replace(self, matrix=links)

    def to_graph(self) -> Any:
        """Convert to a libpysal graph, for other spatial statistics.

        Returns
        -------
        libpysal.graph.Graph
            Graph with islands as self-links of weight zero.

        Raises
        ------
        StudyError
            If libpysal is not installed.
        """
        kind, links = graph_class("to_graph"), self.matrix.tocoo()
        ids = np.asarray(self.ids, dtype=object)
        alone = np.asarray(self.isolated, dtype=object)
        return kind.from_arrays(
            np.concatenate([ids[links.row], alone]),
            np.concatenate([ids[links.col], alone]),
            np.concatenate([links.data, np.zeros(alone.size)]),
        )

    def describe(self) -> pd.Series[Any]:
        """Describe the links.

        Returns
        -------
        Series
            ``units``, ``links``; smallest, mean and largest number of ``neighbours``; ``islands``;
            number of connected ``components``; ``symmetric`` links and weights; the smallest and
            largest real parts of eigenvalues, ``lambda_min`` and ``lambda_max``; mean and largest
            ``km`` of links, if coordinates are available.
        """
        count = np.diff(self.matrix.indptr)
        links = (self.matrix != 0).astype(np.int8)
        low, high = _spectrum(self.matrix)
        facts: dict[str, Any] = {
            "units": len(self.ids),
            "links": self.matrix.nnz,
            "neighbours_min": int(count.min()),
            "neighbours_mean": float(count.mean()),
            "neighbours_max": int(count.max()),
            "islands": len(self.isolated),
            "components": int(csgraph.connected_components(self.matrix, directed=False)[0]),
            "symmetric_links": bool((links != links.T).nnz == 0),
            "symmetric_weights": bool(abs(self.matrix - self.matrix.T).max() < 1e-12),
            "lambda_min": low,
            "lambda_max": high,
        }
        if self.places and self.matrix.nnz:
            km = self.link_km()
            facts |= {"km_mean": float(km.mean()), "km_max": float(km.max())}
        return pd.Series(facts, name=str(self.name), dtype=object)

    def link_km(self) -> npt.NDArray[np.float64]:
        """Return the great-circle length of every link (link), in the order of the matrix."""
        links = self.matrix.tocoo()
        points = Locations(self.ids, np.asarray(self.places)).points
        chord = np.linalg.norm(points[links.row] - points[links.col], axis=1)
        return np.asarray(2.0 * EARTH * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0)))


def _spectrum(matrix: sparse.csr_array) -> tuple[float, float]:
    """Return the smallest and largest real parts of the eigenvalues."""
    if matrix.shape[0] <= _DENSE:
        real = np.linalg.eigvals(matrix.toarray()).real
        return float(real.min()), float(real.max())
    ends = [eigs(matrix, 1, which=which, return_eigenvectors=False) for which in ("SR", "LR")]
    return float(ends[0][0].real), float(ends[1][0].real)
