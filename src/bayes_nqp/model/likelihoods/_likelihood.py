"""Likelihoods: distribution of observations given the linear predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable, PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import needed, registered
from bayes_nqp._core.vocabulary import IDENTITY, Link
from bayes_nqp.numerics.parameters import Parameter


class Likelihood(ABC):
    """Distribution of observations given their linear predictor: a frozen dataclass.

    Under the identity link it is a distribution of innovations: of an observation given the
    previous one of the unit, as the error structure states. It must not depend on location, because
    observations are centred by unit and period, in multiples of ``s``. Under another link, errors
    are normal on the scale of the link and belong to a latent outcome; observations are drawn given
    the latent outcome and are not centred.

    A subclass defines its link, `density`, `innovations` or `observed`, and words. `parameters` are
    additional parameters.

    Attributes
    ----------
    link : {"identity", "log", "logit"}
        Link of the expected outcome; the linear predictor, and so effects, are on its scale.
    exact : bool
        True if the density depends on observations only through sums and cross-products, so that
        coefficients are integrated out exactly.
    by_sites : bool
        True if each observation has a normal approximation, corrected by importance weights. No
        likelihood of the library has one.
    robust : bool
        True if outliers receive less weight than under normal errors.
    scale : float or None
        ``s``, in which priors are stated, on the scale of the link; None for the standard
        deviation of the outcome within units.
    scale_words : Message or None
        Meaning of `scale`, in words that follow "s = 0.4,".
    label : Message
        Name in a few words, for tables.
    distribution : str
        Symbol of the distribution of innovations, for the estimating equation of reports.
    """

    __slots__ = ()

    link: ClassVar[Link] = IDENTITY
    exact: ClassVar[bool] = False
    by_sites: ClassVar[bool] = False
    robust: ClassVar[bool] = False
    scale: ClassVar[float | None] = None
    scale_words: ClassVar[Message | None] = None
    label: ClassVar[Message]
    distribution: ClassVar[str] = "F"

    @property
    def latent(self) -> bool:
        """True if errors belong to a latent outcome given which observations are drawn."""
        return self.link != IDENTITY

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Additional sampled parameters, with their priors; none is in outcome units."""
        return ()

    @abstractmethod
    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """Add the density of observations to the PyMC model in context, constants included.

        Parameters
        ----------
        name : str
            Name of the variable.
        location : tensor (row)
            The linear predictor plus the part carried over from the previous observation, multiples
            of ``s``; or the latent outcome, on the scale of the link.
        spread : tensor (row), multiples of ``s``, or None
            Standard deviation of innovations; None if they belong to a latent outcome.
        values : sequence of scalar tensor
            `parameters`, on their own scales.
        **rows
            Further arguments of the variable: ``observed`` and ``dims``.
        """

    def innovations(
        self, normal: Array, values: Sequence[Array], generator: np.random.Generator
    ) -> Array:
        """Make innovations with a standard deviation of one of standard normal ones.

        Parameters
        ----------
        normal : ndarray (draw, row)
            Independent numbers; may be overwritten.
        values : sequence of ndarray (draw, 1)
            `parameters`.
        """
        return normal

    def observed(
        self, outcome: Array, values: Sequence[Array], generator: np.random.Generator
    ) -> Array:
        """Draw rows given the outcome that nobody sees (draw, row), on the scale of the link."""
        return outcome

    def refusal(self, outcome: Array, flat: Sequence[Index]) -> PanelError | None:
        """Return the reason and a hint if data have no density or no posterior, else None.

        Parameters
        ----------
        outcome : ndarray (row)
            The outcome as in the panel.
        flat : sequence of ndarray of int (row)
            Codes of the groups with flat levels: units, and periods by level of time effects.
        """
        return None

    def words(self, errors: str) -> Message:
        """Describe the errors for reports, given their structure: "AR(1)"."""
        return Message("{}", errors)


def exact_likelihood() -> Likelihood:
    """Return a likelihood with sufficient statistics, for computations that need many fits.

    Raises
    ------
    NotApplicable
        If there is none.
    """
    likelihood = _first(lambda kind: kind.exact)
    if likelihood is None:
        raise NotApplicable(Message("There is no likelihood with sufficient statistics."))
    return likelihood


def robust_likelihood() -> Likelihood | None:
    """Give a likelihood under which outlying rows count for less; None if there is none."""
    return _first(lambda kind: kind.robust)


def _first(right: Callable[[type[Likelihood]], bool]) -> Likelihood | None:
    kinds: tuple[type[Likelihood], ...] = tuple(registered("likelihood").values())
    return next((kind() for kind in kinds if right(kind) and not needed(kind)), None)
