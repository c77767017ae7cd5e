"""What every weighting scheme can do."""

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
    """A weighting scheme: a frozen value that turns normalised indicators into weights.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> isinstance(nqp.Entropy(), nqp.index.Scheme)
    True
    """

    @property
    def scope(self) -> Scope:
        """Whether all rows give one set of weights, or those of each period their own."""
        ...

    @property
    def estimated(self) -> bool:
        """Whether weights depend on the data, and so are uncertain."""
        ...

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Weights of the columns of z, which sum to one.

        Parameters
        ----------
        z : ndarray (row, indicator)
            Normalised indicators.
        rows : ndarray (row)
            Weights of the rows, with mean one: ones, or those of a Bayesian bootstrap.
        """
        ...

    def contributions(self, z: Array, weights: Array) -> Array:
        """What each indicator adds to the index.

        Returns
        -------
        ndarray (row, indicator)
            Its sum over indicators is the index.
        """
        ...


def linear(z: Array, weights: Array) -> Array:
    """Contributions to a weighted sum."""
    check_shapes(z, weights=weights)
    return z * weights


def varies(z: Array) -> npt.NDArray[np.bool_]:
    """Which columns are not constant."""
    check_shapes(z)
    return np.asarray(np.ptp(z, axis=0) > 0)


def check_shapes(
    z: Array, *, rows: Array | None = None, weights: Array | None = None, keys: Sized | None = None
) -> None:
    """Refuse what does not belong to the rows and indicators of z.

    Parameters
    ----------
    z : ndarray (row, indicator)
        Indicators.
    rows : ndarray (row), optional
        What belongs to its rows.
    weights : ndarray (indicator), optional
        What belongs to its indicators.
    keys : sized, optional
        One for each indicator.

    Raises
    ------
    StudyError
        With the shapes.
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
    """Divide by the sum.

    Parameters
    ----------
    option : str
        Name of the scheme, for messages.

    Raises
    ------
    PanelError
        If nothing tells the indicators apart.
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
    """Standard deviations and correlations under row weights.

    Parameters
    ----------
    z : ndarray (row, indicator)
        No column constant.
    """
    check_shapes(z, rows=rows)
    p = rows / rows.sum()
    centred = z - p @ z
    covariance = (centred * p[:, None]).T @ centred
    sd = np.sqrt(np.diag(covariance))
    return sd, covariance / np.outer(sd, sd)
