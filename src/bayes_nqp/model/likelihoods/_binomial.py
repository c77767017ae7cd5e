"""Binomial counts of successes among known numbers of trials, with a logit link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, gammaln

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp._core.vocabulary import LOGIT, Link
from bayes_nqp.model.likelihoods._likelihood import Likelihood


@value("likelihood")
class Binomial(Likelihood):
    """Successes among trials, or yes/no outcomes: binomial given log odds of the design.

    ``y_it ~ Binomial(n_it, 1 / (1 + exp(-o_it)))``. The latent log odds ``o_it`` have unit and time
    effects, treatment effects and errors, so that shares are overdispersed and correlated over
    time. Effects are in log odds: ``np.exp(nqp.att(fit))`` is an odds ratio.
    ``nqp.att(fit, scale="probability")`` reports the effect on the probability of a success, and
    ``nqp.att(fit, scale="outcome", total=True)`` additional successes. The numbers of trials are
    the panel's column ``trials``; without one each observation is one trial, and the outcome is 0
    or 1. Units whose outcomes are all 0, or all equal to their trials, contain no information on
    effects and are left out with a note.

    Raises
    ------
    PanelError
        If the outcome is not a whole number from 0 to the number of trials, or all outcomes of a
        period are at one of these bounds.

    References
    ----------
    Wooldridge, J. M. (2023). Simple approaches to nonlinear difference-in-differences with panel
    data. The Econometrics Journal 26(3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(likelihood=nqp.Binomial()).likelihood
    Binomial()
    """

    link: ClassVar[Link] = LOGIT
    approximated: ClassVar[bool] = True
    has_trials: ClassVar[bool] = True
    scale: ClassVar[float | None] = 0.5
    scale_words: ClassVar[Message | None] = Message("a usual variation of log odds within units")
    label: ClassVar[Message] = Message("binomial")
    distribution: ClassVar[str] = "\\mathrm{Binomial}"

    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """``C(n, y) p^y (1 - p)^(n - y)`` with ``p = 1 / (1 + e^-o)``."""
        import pymc as pm

        pm.Binomial(name, n=rows.pop("trials"), logit_p=location, **rows)

    def observed(
        self,
        outcome: Array,
        values: Sequence[Array],
        generator: np.random.Generator,
        *,
        trials: Any = 1.0,
    ) -> Array:
        """Numbers of successes."""
        size = np.broadcast_to(np.asarray(trials, dtype=np.int64), outcome.shape)
        return np.asarray(generator.binomial(size, expit(outcome)), dtype=np.float64)

    def expected(self, outcome: Array, *, trials: Any = 1.0) -> Array:
        """``n / (1 + e^-o)``."""
        return np.asarray(trials * expit(outcome))

    def log_density(
        self, outcome: Array, latent: Array, *, trials: Any = 1.0, values: Sequence[Array] = ()
    ) -> Array:
        """``log C(n, y) + y o - n log(1 + e^o)``."""
        ways = gammaln(trials + 1.0) - gammaln(outcome + 1.0) - gammaln(trials - outcome + 1.0)
        # log(1 + e^o) = max(o, 0) + log(1 + e^-|o|), which is faster than logaddexp.
        normaliser = np.maximum(latent, 0.0) + np.log1p(np.exp(-np.abs(latent)))
        return np.asarray(ways + outcome * latent - trials * normaliser)

    def slopes(self, outcome: Array, latent: Array, *, trials: Any = 1.0) -> tuple[Array, Array]:
        """``y - n p`` and ``n p (1 - p)``."""
        p = expit(latent)
        return outcome - trials * p, trials * p * (1.0 - p)

    def start(self, outcome: Array, *, trials: Any = 1.0) -> Array:
        """``log((y + 1/2) / (n - y + 1/2))``."""
        return np.asarray(np.log((outcome + 0.5) / (trials - outcome + 0.5)))

    def impossible(self, outcome: Array, *, trials: Any = 1.0) -> tuple[Mask, Message, Message]:
        """Successes are whole numbers from zero to the trials, which are whole numbers too."""
        trials = np.broadcast_to(np.asarray(trials, dtype=np.float64), outcome.shape)
        hint = Message(
            "name the column with the number of trials, Panel.from_frame(…, trials=…); for a "
            "share, use the number of successes as outcome; for other outcomes leave out "
            "likelihood="
        )
        if (wrong := trials != np.round(trials)).any():
            return wrong, Message("numbers of trials must be whole numbers"), hint
        wrong = (outcome < 0) | (outcome != np.round(outcome)) | (outcome > trials)
        reason = Message(
            "successes must be whole numbers from 0 to the number of trials, which is 1 without a "
            "column trials="
        )
        return wrong, reason, hint

    def informative(self, outcome: Array, groups: Index, *, trials: Any = 1.0) -> Mask:
        """A flat level is bounded by at least one success and one failure."""
        successes = np.bincount(groups, outcome)
        failures = np.bincount(groups, trials - outcome)
        return np.asarray(((successes > 0) & (failures > 0))[groups])

    def words(self, errors: str) -> Message:
        """Errors belong to the log odds."""
        return Message("{} of the log odds of binomial counts", errors)
