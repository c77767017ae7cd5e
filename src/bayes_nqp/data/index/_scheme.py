"""Base class of weighting schemes."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.i18n import Message

type Scope = Literal["pooled", "yearly"]


@runtime_checkable
class Scheme(Protocol):
    """A weighting scheme: a frozen value that computes weights from normalised indicators.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> isinstance(nqp.Entropy(), nqp.index.Scheme)
    True
    """

    @property
    def scope(self) -> Scope:
        """Return "pooled" for common weights of all rows, "yearly" for weights by period."""
        ...

    @property
    def estimated(self) -> bool:
        """Return True if weights depend on the data and are therefore uncertain."""
        ...

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Compute the weights of the columns of z, which sum to one.

        Parameters
        ----------
        z : ndarray (row, indicator)
            Normalised indicators.
        rows : ndarray (row)
            Weights of the rows, with mean one: ones, or weights of a Bayesian bootstrap.
        """
        ...

    def contributions(self, z: Array, weights: Array) -> Array:
        """Return the contribution of each indicator to the index.

        Returns
        -------
        ndarray (row, indicator)
            Contributions; the sum over indicators is the index.
        """
        ...


def linear(z: Array, weights: Array) -> Array:
    """Return the contributions to a weighted sum."""
    check_shapes(z, weights=weights)
    return z * weights


def varies(z: Array) -> npt.NDArray[np.bool_]:
    """Mark the columns that are not constant."""
    check_shapes(z)
    return np.asarray(np.ptp(z, axis=0) > 0)


def check_shapes(
    z: Array, *, rows: Array | None = None, weights: Array | None = None, keys: Sized | None = None
) -> None:
    """Refuse arguments that do not match the shape of z.

    Parameters
    ----------
    z : ndarray (row, indicator)
        Indicators.
    rows : ndarray (row), optional
        Values of the rows.
    weights : ndarray (indicator), optional
        Values of the indicators.
    keys : sized, optional
        One for each indicator.

    Raises
    ------
    StudyError
        If a shape differs; the message gives the shapes.
    """
    if z.ndim != 2 or not z.size:
        raise StudyError(
            Message("'z' has the shape {}", z.shape),
            hint="one row for each row of the data, and one column for each indicator",
        )
    n_rows, n_indicators = z.shape
    for name, shape, wanted in (
        ("rows", np.shape(rows) if rows is not None else None, (n_rows,)),
        ("weights", np.shape(weights) if weights is not None else None, (n_indicators,)),
        ("keys", (len(keys),) if keys is not None else None, (n_indicators,)),
    ):
        if shape is not None and shape != wanted:
            raise StudyError(
                Message("'{}' has the shape {}, and 'z' {}", name, shape, z.shape),
                hint="rows: one for each row; weights and keys: one for each indicator",
            )


def shares(parts: Array, option: str) -> Array:
    """Divide weights by their sum.

    Parameters
    ----------
    option : str
        Name of the scheme, for messages.

    Raises
    ------
    PanelError
        If all indicators are constant or the sum is zero.
    """
    total = float(parts.sum())
    if not np.isfinite(total) or total <= 1e-12:
        raise PanelError(
            Message(
                "{} cannot compute weights: all indicators are constant across "
                "observations, or their sum is zero",
                option,
            ),
            hint="check the dispersion of the indicators, or use weights=nqp.EqualWeights()",
        )
    return np.asarray(parts / total)


def moments(z: Array, rows: Array) -> tuple[Array, Array]:
    """Return standard deviations and correlations with weights of rows.

    Parameters
    ----------
    z : ndarray (row, indicator)
        Indicators without constant columns.
    """
    check_shapes(z, rows=rows)
    p = rows / rows.sum()
    centred = z - p @ z
    covariance = (centred * p[:, None]).T @ centred
    sd = np.sqrt(np.diag(covariance))
    return sd, covariance / np.outer(sd, sd)
