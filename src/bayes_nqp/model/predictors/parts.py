"""A term's contribution to the linear predictor: labelled coefficients and where they load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.numerics.linear_gaussian import ErrorLaw
from bayes_nqp.numerics.parameters import Parameter, Scale

Place = Literal["time", "cells", "slopes", "paths"]


@dataclass(frozen=True, eq=False)
class GlobalPart:
    """Coefficients that several strata share.

    Parameters
    ----------
    name : str
        Name among the draws.
    place : {"time", "cells", "slopes", "paths"}
        Target of the loadings: time effects (level × period), cells, slopes (stratum × column), or
        the paths of the border (path × period).
    columns : ndarray (place, coefficient)
        Loadings, multiplied by fixed prior scales.
    scale : Scale or int
        An estimated scale, or `FIXED`, or `FLAT`.
    labels : sequence of str
        Labels of the reported quantities: coefficients, or levels that they span.
    display : ndarray (label, coefficient), optional
        Map from standardised coefficients to the reported quantities; the identity by default.
    reported : bool, default True
        True if fits store the coefficients under their name; otherwise they are part of another
        stored quantity.
    """

    name: str
    place: Place
    columns: Array
    scale: Scale | int
    labels: Sequence[str]
    display: Array | None = None
    reported: bool = True


@dataclass(frozen=True, eq=False)
class LocalPart:
    """Coefficients that each load on one element of their own block.

    Parameters
    ----------
    name : str
        Name among the draws.
    place : {"time", "cells"}
        Target of the loadings.
    index : ndarray of int (coefficient)
        The time effect (level × period) or the cell.
    scale : Scale or int
        An estimated or fixed scale, or `FLAT`.
    """

    name: str
    place: Place
    index: Index
    scale: Scale | int


def agreed(parts: Sequence[GlobalPart | LocalPart]) -> list[GlobalPart | LocalPart]:
    """Parts of which those that share a scale agree: it is estimated for all of them, or for none.

    Courses of rings share theirs, and some are too short to estimate one alone.
    """
    scales = [part.scale for part in parts if isinstance(part.scale, Scale)]
    estimated = {scale.name: scale for scale in scales if scale.estimated}
    return [
        replace(part, scale=estimated[part.scale.name])
        if isinstance(part.scale, Scale) and part.scale.name in estimated else part
        for part in parts
    ]  # fmt: skip


@dataclass(frozen=True, eq=False)
class ProcessPart:
    """A Gaussian process over periods that the observations of some units share.

    Parameters
    ----------
    name : str
        Name among the draws.
    owner : ndarray of int (unit)
        The path that each unit shares, -1 for none.
    loadings : sequence of ndarray (T, q_k)
        A path is the sum of these times standard normal numbers and ``scales``.
    scales : sequence of Scale
        One for each of the loadings.
    border : bool, default False
        If True, the standard normal numbers are coefficients instead of being integrated out block
        by block: for paths that are shared by strata in different blocks. Owners are numbered from
        0.
    errors : ErrorLaw, optional
        Error structure whose correlation over the time grid paths have: its root is multiplied with
        the sum. Loadings of paths in the border are then the identity.
    parameters : sequence of Parameter
        Parameters of these errors, with names that are unique in the model.
    mixing : ndarray (owner, source), optional
        In the border: paths of owners are these sums of paths of independent sources; by default
        each owner is a source.
    measured : bool, default False
        In the border: True if loadings are in outcome units, instead of multiples of ``s``.
    """

    name: str
    owner: Index
    loadings: Sequence[Array]
    scales: Sequence[Scale]
    border: bool = False
    errors: ErrorLaw | None = None
    parameters: Sequence[Parameter] = ()
    mixing: Array | None = None
    measured: bool = False


@dataclass(frozen=True, eq=False)
class Series:
    """Series on which every unit has flat coefficients in addition to its level.

    Parameters
    ----------
    values : ndarray (T, k)
        Linearly independent of one another and of a constant. Only their span matters.
    note : Message
        Note that a fit states.
    redraws : callable, optional
        Returns redraws (number, T, k) of estimated series: each draw of coefficients uses one of
        them. Without it the series are known.
    """

    values: Array
    note: Message
    redraws: Callable[[], Array] | None = None


def zero_sum(levels: int) -> Array:
    """Orthonormal basis of the contrasts between levels.

    Parameters
    ----------
    levels : int
        How many.

    Returns
    -------
    ndarray (level, level - 1)
        Columns sum to zero and are orthonormal.
    """
    basis = np.zeros((levels, max(levels - 1, 0)))
    for k in range(1, levels):
        basis[:k, k - 1] = -1.0
        basis[k, k - 1] = k
        basis[:, k - 1] /= np.sqrt(k * (k + 1.0))
    return basis
