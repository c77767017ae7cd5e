"""What an error structure is: parameters, and a covariance on the time grid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from bayes_nqp.parameters import Parameter
    from bayes_nqp.priors import Priors

__all__ = ["Noise"]

Array = npt.NDArray[np.float64]


class Noise(ABC):
    """The error structure of a unit's rows, in multiples of the innovations' ``sigma``.

    A new one states its parameters and its covariance on the whole time grid; unobserved periods,
    weights, unit effects and deviations are the likelihood's business.
    """

    __slots__ = ()

    @abstractmethod
    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """Parameters besides ``sigma``, with their priors.

        Parameters
        ----------
        n_periods : int
            Length of the time grid.
        priors : Priors
            Those of the design.

        Returns
        -------
        tuple of Parameter
        """

    @abstractmethod
    def covariance(self, n_periods: int, values: Array) -> Array:
        """Covariance of a unit's errors at unit innovation variance.

        Parameters
        ----------
        n_periods : int
            T, length of the time grid.
        values : ndarray (B, k)
            Parameters at B points, on their own scales.

        Returns
        -------
        ndarray (B, T, T)
        """

    def draw(
        self, generator: np.random.Generator, n_periods: int, values: Array, n_units: int
    ) -> Array:
        """Draw errors of several units at every point, at unit innovation variance.

        Parameters
        ----------
        generator : Generator
        n_periods : int
        values : ndarray (B, k)
        n_units : int

        Returns
        -------
        ndarray (B, n_units, n_periods)
        """
        lower = np.linalg.cholesky(self.covariance(n_periods, values))
        normal = generator.standard_normal((len(values), n_units, n_periods))
        return np.asarray(normal @ lower.swapaxes(-1, -2))

    @property
    def takes_weights(self) -> bool:
        """Whether precision weights of rows have a meaning under it."""
        return False

    @property
    def richer(self) -> tuple[Noise, ...]:
        """Structures that a check compares it with, as it is a special case of them."""
        return ()

    @property
    def poorer(self) -> tuple[Noise, ...]:
        """Special cases of it that a check compares it with."""
        return ()

    def label(self, language: str = "en") -> str:
        """Short name in a language, for tables and figures.

        Parameters
        ----------
        language : str, default "en"

        Returns
        -------
        str
        """
        return type(self).__name__
