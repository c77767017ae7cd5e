"""What a likelihood is: how rows are distributed around their linear predictor, and its words."""

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
    """The distribution of rows around their linear predictor: a frozen dataclass.

    Under the identity link it is one of innovations: of what is new in a row once the unit's row
    before it is known, as the error structure states it. It must not depend on where it lies, for
    rows then come without the mean of their unit and period, in multiples of ``s``. Under another
    link errors are normal and belong to an outcome that nobody sees, on the scale of the link; rows
    are drawn from it and come as they are.

    A new one states its link, `density`, `innovations` or `observed`, and words. `parameters` are
    its own.

    Attributes
    ----------
    link : {"identity", "log", "logit"}
        Of the expected outcome, on whose scale the linear predictor, and so effects, are.
    exact : bool
        Whether rows are summed up by their sums and cross-products, which is all that the density
        needs, and coefficients integrated out exactly.
    by_sites : bool
        Whether it has a normal stand-in row by row, from whose draws weights lead to its own. None
        of the library's has one.
    robust : bool
        Whether outlying rows count for less than under normal errors.
    scale : float or None
        ``s``, on which priors are stated, on the scale of the link; None for the standard
        deviation of the outcome within units.
    scale_words : Message or None
        What `scale` is, as it follows on "s = 0.4,".
    label : Message
        In a few words, for tables.
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
        """Whether errors belong to an outcome that nobody sees, from which rows are drawn."""
        return self.link != IDENTITY

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Parameters of its own that are sampled, with their priors; none is in outcome units."""
        return ()

    @abstractmethod
    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """Add the density of rows to the PyMC model in context, constants included.

        Parameters
        ----------
        name : str
            Of the variable.
        location : tensor (row)
            The linear predictor with what is carried of the row before, multiples of ``s``; or the
            outcome that nobody sees, on the scale of the link.
        spread : tensor (row), multiples of ``s``, or None
            Standard deviation of innovations; None where they belong to an unseen outcome.
        values : sequence of scalar tensor
            `parameters`, on their own scales.
        **rows
            What the variable is told of rows: ``observed`` and ``dims``.
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
        """Say why data have no density, or no posterior, and what to try; None where they have.

        Parameters
        ----------
        outcome : ndarray (row)
            As the panel has it.
        flat : sequence of ndarray of int (row)
            What has a flat level, a code each: units, and periods by level of time effects.
        """
        return None

    def words(self, errors: str) -> Message:
        """Say in reports what errors are, given their structure: "AR(1)"."""
        return Message("{}", errors)


def exact_likelihood() -> Likelihood:
    """Give a likelihood that is summed up, as work that needs many fits asks for.

    Raises
    ------
    NotApplicable
        If there is none.
    """
    likelihood = _first(lambda kind: kind.exact)
    if likelihood is None:
        raise NotApplicable(Message("No likelihood whose rows can be summed up is there."))
    return likelihood


def robust_likelihood() -> Likelihood | None:
    """Give a likelihood under which outlying rows count for less; None if there is none."""
    return _first(lambda kind: kind.robust)


def _first(right: Callable[[type[Likelihood]], bool]) -> Likelihood | None:
    kinds: tuple[type[Likelihood], ...] = tuple(registered("likelihood").values())
    return next((kind() for kind in kinds if right(kind) and not needed(kind)), None)
