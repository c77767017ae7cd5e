"""Poisson counts, with a log link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.special import gammaln

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp._core.vocabulary import LOG, Link
from bayes_nqp.model.likelihoods._likelihood import Likelihood


@value("likelihood")
class Poisson(Likelihood):
    """Counts of events: Poisson given a log rate with the effects and errors of the design.

    ``y_it ~ Poisson(exposure_it exp(o_it))``. The latent log rate ``o_it`` has unit and time
    effects, treatment effects and errors, so that counts are overdispersed and correlated over
    time. Effects are in log points; ``nqp.relative_effects`` reports them in per cent and
    ``nqp.att(fit, scale="outcome")`` in events. Units without any event contain no information on
    effects and are left out with a note. The exposure is the panel's column ``exposure``; without
    one it is the same for all observations.

    Raises
    ------
    PanelError
        If the outcome is negative or not a whole number, or a period has no events.

    References
    ----------
    Wooldridge, J. M. (2023). Simple approaches to nonlinear difference-in-differences with panel
    data. The Econometrics Journal 26(3). Chen, J. and Roth, J. (2024). Logs with zeros? Some
    problems and solutions. Quarterly Journal of Economics 139(2).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(errors=nqp.AR1PlusNoise(), likelihood=nqp.Poisson()).likelihood
    Poisson()
    """

    link: ClassVar[Link] = LOG
    approximated: ClassVar[bool] = True
    scale: ClassVar[float | None] = 0.4
    scale_words: ClassVar[Message | None] = Message("a usual variation of log rates within units")
    label: ClassVar[Message] = Message("Poisson")
    distribution: ClassVar[str] = "\\mathrm{Poisson}"

    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """``mu^y e^-mu / y!`` with ``mu = e^o``."""
        import pymc as pm

        pm.Poisson(name, mu=pm.math.exp(location), **rows)

    def observed(
        self,
        outcome: Array,
        values: Sequence[Array],
        generator: np.random.Generator,
        **given: Any,
    ) -> Array:
        """Counts; the log rate is bounded, beyond which NumPy draws none."""
        return generator.poisson(np.exp(np.minimum(outcome, 40.0))).astype(np.float64)

    def expected(self, outcome: Array, **given: Any) -> Array:
        """``e^o``."""
        return np.exp(outcome)

    def log_density(self, outcome: Array, latent: Array, **given: Any) -> Array:
        """``y o - e^o - log y!``."""
        return np.asarray(outcome * latent - np.exp(latent) - gammaln(outcome + 1.0))

    def expected_slopes(
        self, outcome: Array, mean: Array, variance: Array, **given: Any
    ) -> tuple[Array, Array]:
        """``y - mu`` and ``mu``, ``mu = E e^o = e^(m + v/2)``."""
        mu = np.exp(np.minimum(mean + 0.5 * variance, 700.0))
        return outcome - mu, mu

    def without_level(self, outcome: Array, latent: Array) -> Array:
        """``log ∫ prod_t p(y_t | o_t + a) da = log Γ(Y) + Σ y o - Y log Σ e^o - Σ log y!``."""
        total, top = outcome.sum(axis=-1), latent.max(axis=-1)
        # A product with ones is faster than a sum over few periods.
        log_sum = top + np.log(np.exp(latent - top[..., None]) @ np.ones(latent.shape[-1]))
        along = (latent @ np.swapaxes(outcome, -1, -2))[..., 0]
        constant = gammaln(total) - gammaln(outcome + 1.0).sum(axis=-1)
        return np.asarray(along - total * log_sum + constant)

    def start(self, outcome: Array, **given: Any) -> Array:
        """``log(y + 1/2)``."""
        return np.log(outcome + 0.5)

    def impossible(self, outcome: Array, **given: Any) -> tuple[Mask, Message, Message]:
        """Counts are whole numbers from zero up."""
        wrong = (outcome < 0) | (outcome != np.round(outcome))
        return (
            wrong,
            Message("counts must be non-negative whole numbers"),
            Message("for other outcomes leave out likelihood=; for rates use the number of events "
                    "as outcome and the denominator as exposure="),
        )  # fmt: skip

    def informative(self, outcome: Array, groups: Index, **given: Any) -> Mask:
        """A flat level is bounded below by events only."""
        return np.asarray((np.bincount(groups, outcome) > 0)[groups])

    def words(self, errors: str) -> Message:
        """Errors belong to the log rate."""
        return Message("{} of the log rate of Poisson counts", errors)
