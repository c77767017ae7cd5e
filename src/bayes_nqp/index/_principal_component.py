"""Weights of the first principal component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.doors import value
from bayes_nqp.errors import PanelError, StudyError
from bayes_nqp.index._scheme import Scope, linear, moments, shares, varies
from bayes_nqp.language import Message


@value("index")
class PrincipalComponent:
    """Weights of the first principal component of the standardised indicators.

    Parameters
    ----------
    loadings : {"signed", "squared"}, default "signed"
        "signed": the index is the first component, moved and rescaled so that its weights sum
        to one; an indicator that moves against the others gets a negative weight, which the
        index notes. "squared": weights are the squared loadings, each indicator's share of the
        component's variance (OECD handbook); never negative, but no longer the component.

    Raises
    ------
    StudyError
        If ``loadings`` is neither.

    References
    ----------
    Jolliffe, I. T. (2002). Principal Component Analysis, ch. 2. OECD and JRC (2008). Handbook on
    Constructing Composite Indicators, §6.1.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.PrincipalComponent()
    PrincipalComponent(loadings='signed')
    """

    loadings: Literal["signed", "squared"] = "signed"

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.loadings not in ("signed", "squared"):
            raise StudyError(
                Message("'loadings' is {!r}", self.loadings), hint="'signed' or 'squared'"
            )

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Weights of the columns of z."""
        label = varies(z)
        parts = np.zeros(z.shape[1])
        if label.any():
            sd, correlation = moments(z[:, label], rows)
            first = np.linalg.eigh(correlation)[1][:, -1]
            parts[label] = first**2 if self.loadings == "squared" else first / sd
        if parts.sum() < 0:
            parts = -parts
        if label.any() and parts.sum() < 1e-6 * np.abs(parts).sum():
            raise PanelError(
                "the first principal component sets the indicators against each other: its "
                "weights sum to nothing",
                hint="check the directions, or PrincipalComponent(loadings='squared')",
            )
        return shares(parts, "PrincipalComponent()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """What each indicator adds to the index."""
        return linear(z, weights)
