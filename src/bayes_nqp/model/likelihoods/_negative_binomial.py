"""Negative binomial counts, with a log link and an estimated overdispersion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Gt
from scipy.special import betaln, digamma, polygamma

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp._core.vocabulary import LOG, Link
from bayes_nqp.model.likelihoods._likelihood import Likelihood
from bayes_nqp.model.likelihoods._poisson import Poisson
from bayes_nqp.numerics.parameters import HalfNormal, Parameter

_POISSON = Poisson()
"""The counts given the gamma noise of their rates."""
_LEAST = 1e-8
"""Smallest overdispersion: below, the density is that of Poisson counts to rounding."""


@value("likelihood")
class NegativeBinomial(Likelihood):
    """Counts of events with gamma overdispersion: negative binomial given a log rate.

    ``y_it`` has the mean ``mu = exposure_it exp(o_it)`` and the variance ``mu + dispersion mu²``.
    It is a Poisson count with a rate multiplied by independent gamma noise with mean one and
    variance ``dispersion``. The latent log rate ``o_it`` is that of `Poisson`, with the effects
    and errors of the design; ``errors=nqp.AR1()``, the default, adds persistent overdispersion.
    Effects, exposures and refusals are those of `Poisson`. ``Poisson()`` with
    ``errors=nqp.AR1PlusNoise()`` has log-normal instead of gamma noise; compare both.

    Parameters
    ----------
    prior : float, default 0.5
        Scale of the half-normal prior of ``dispersion``.

    Raises
    ------
    StudyError
        If ``prior`` is not above 0.
    PanelError
        If the outcome is negative or not a whole number, or a period has no events.

    References
    ----------
    Cameron, A. C. and Trivedi, P. K. (2013). Regression Analysis of Count Data, 2nd ed. Cambridge
    University Press.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(likelihood=nqp.NegativeBinomial()).likelihood
    NegativeBinomial(prior=0.5)
    """

    link: ClassVar[Link] = LOG
    approximated: ClassVar[bool] = True
    scale: ClassVar[float | None] = Poisson.scale
    scale_words: ClassVar[Message | None] = Poisson.scale_words
    label: ClassVar[Message] = Message("negative binomial")
    distribution: ClassVar[str] = "\\mathrm{NegativeBinomial}"

    prior: Annotated[float, Gt(0)] = 0.5

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """``dispersion``, which may vanish."""
        meaning = Message("the overdispersion of counts")
        prior = HalfNormal(self.prior)
        return (Parameter("dispersion", prior, in_outcome_units=False, folds=True, typical=0.2,
                          meaning=meaning),)  # fmt: skip

    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """Negative binomial with mean ``e^o`` and ``alpha = 1 / dispersion``."""
        import pymc as pm

        pm.NegativeBinomial(name, mu=pm.math.exp(location), alpha=1.0 / values[0], **rows)

    def observed(
        self,
        outcome: Array,
        values: Sequence[Array],
        generator: np.random.Generator,
        **given: Any,
    ) -> Array:
        """Poisson counts of rates times gamma noise."""
        dispersion = np.broadcast_to(np.maximum(values[0], _LEAST), outcome.shape)
        noise = generator.gamma(1.0 / dispersion) * dispersion
        return _POISSON.observed(outcome + np.log(np.maximum(noise, 1e-300)), (), generator)

    def expected(self, outcome: Array, **given: Any) -> Array:
        """``e^o``."""
        return np.exp(outcome)

    def log_density(
        self, outcome: Array, latent: Array, *, trials: Any = 1.0, values: Sequence[Array] = ()
    ) -> Array:
        """``log[Γ(y + a) / (Γ(a) y!)] + y log(mu / a) - (y + a) log(1 + mu / a)``, ``a = 1 / phi``.

        The first term is ``-log y - log B(a, y)``, and zero without events.
        """
        phi = np.maximum(values[0], _LEAST)
        some = np.maximum(outcome, 1.0)
        ways = np.where(
            outcome > 0, outcome * np.log(phi) - np.log(some) - betaln(1 / phi, some), 0
        )
        log_ratio = np.log1p(phi * np.exp(np.minimum(latent, 700.0)))
        return np.asarray(ways + outcome * latent - (outcome + 1.0 / phi) * log_ratio)

    def expected_slopes(
        self, outcome: Array, mean: Array, variance: Array, **given: Any
    ) -> tuple[Array, Array]:
        """Conditional on the gamma noise, the counts are Poisson."""
        return _POISSON.expected_slopes(outcome, mean, variance)

    def independent_variance(self, values: Sequence[Array]) -> Array:
        """``psi'(1 / dispersion)``, the variance of the log of gamma noise."""
        return np.asarray(polygamma(1, 1.0 / np.maximum(values[0], _LEAST)))

    def independent_mean(self, values: Sequence[Array]) -> Array:
        """``psi(1 / dispersion) + log(dispersion)``, the mean of the log of gamma noise."""
        phi = np.maximum(values[0], _LEAST)
        return np.asarray(digamma(1.0 / phi) + np.log(phi))

    def start(self, outcome: Array, **given: Any) -> Array:
        """``log(y + 1/2)``."""
        return _POISSON.start(outcome)

    def impossible(self, outcome: Array, **given: Any) -> tuple[Mask, Message, Message]:
        """Counts are whole numbers from zero up."""
        return _POISSON.impossible(outcome)

    def informative(self, outcome: Array, groups: Index, **given: Any) -> Mask:
        """A flat level is bounded below by events only."""
        return _POISSON.informative(outcome, groups)

    def words(self, errors: str) -> Message:
        """Errors belong to the log rate."""
        return Message("{} of the log rate of negative binomial counts", errors)
