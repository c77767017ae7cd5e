"""Likelihoods: distribution of observations given the linear predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import NotApplicable, PanelError
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.plugins import needed, registered
from bayes_nqp._core.vocabulary import IDENTITY, Link
from bayes_nqp.numerics.parameters import Parameter

_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_NODE_WEIGHTS = _NODE_WEIGHTS / _NODE_WEIGHTS.sum()


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
    approximated : bool
        True if each observation has a Gaussian approximation, corrected by exact importance
        weights: `log_density`, `slopes` or `expected_slopes`, `start`, `impossible` and
        `informative` are then defined.
    has_trials : bool
        True if the outcome counts successes among the trials of the panel's column ``trials``.
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
    approximated: ClassVar[bool] = False
    has_trials: ClassVar[bool] = False
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
            Further arguments of the variable: ``observed`` and ``dims``; and ``trials``, if the
            likelihood has trials.
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
        self,
        outcome: Array,
        values: Sequence[Array],
        generator: np.random.Generator,
        *,
        trials: Any = 1.0,
    ) -> Array:
        """Draw observations given the latent outcome (draw, row), on the scale of the link."""
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

    def expected(self, outcome: Array, *, trials: Any = 1.0) -> Array:
        """Return the expected outcome given the latent outcome, on the scale of the outcome."""
        return outcome

    def log_density(
        self, outcome: Array, latent: Array, *, trials: Any = 1.0, values: Sequence[Array] = ()
    ) -> Array:
        """Return the log density of observations given the latent outcome, constants included.

        Parameters
        ----------
        trials : ndarray
            Number of trials of each observation; a family that does not use this argument or the
            next takes both as ``**given``.
        values : sequence of ndarray
            `parameters`, on their own scales; their shapes broadcast with ``latent``.
        """
        raise NotImplementedError

    def slopes(self, outcome: Array, latent: Array, *, trials: Any = 1.0) -> tuple[Array, Array]:
        """Return the first derivative of `log_density` by ``latent``, and minus the second."""
        raise NotImplementedError

    def expected_slopes(
        self, outcome: Array, mean: Array, variance: Array, *, trials: Any = 1.0
    ) -> tuple[Array, Array]:
        """Return the expected `slopes` over a normal latent outcome, by default at nine nodes."""
        first, second = np.zeros_like(mean), np.zeros_like(mean)
        for node, weight in zip(_NODES, _NODE_WEIGHTS, strict=True):
            one, two = self.slopes(outcome, mean + np.sqrt(variance) * node, trials=trials)
            first, second = first + weight * one, second + weight * two
        return first, second

    def independent_variance(self, values: Sequence[Array]) -> Array | None:
        """Return the variance of independent noise that `parameters` add to the latent outcome.

        `log_density` integrates over this noise; `slopes` are those given the noise. The variance
        is on the squared scale of the link, and None without such parameters.
        """
        return None

    def independent_mean(self, values: Sequence[Array]) -> Array | float:
        """Return the mean of the noise of `independent_variance`, which a flat level absorbs."""
        return 0.0

    def without_level(self, outcome: Array, latent: Array) -> Array | None:
        """Return the log of the density of a unit integrated over a flat level, if it is known.

        Parameters
        ----------
        outcome, latent : ndarray (..., period)
            Unobserved periods have no events, and a latent outcome far below all others.
        """
        return None

    def start(self, outcome: Array, *, trials: Any = 1.0) -> Array:
        """Return a finite latent outcome for each observation, from which a search starts."""
        raise NotImplementedError

    def impossible(self, outcome: Array, *, trials: Any = 1.0) -> tuple[Mask, Message, Message]:
        """Return True for outcomes without a density (row), the reason, and a hint."""
        return np.zeros(outcome.shape, dtype=bool), NOTHING, NOTHING

    def informative(self, outcome: Array, groups: Index, *, trials: Any = 1.0) -> Mask:
        """Return True for observations of groups with a proper posterior of the level (row)."""
        return np.ones(outcome.shape, dtype=bool)

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
