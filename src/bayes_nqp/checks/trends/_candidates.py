"""Designs that say how adopters would have moved, one value each, and what speaks for them.

On untreated rows, effects of treated cells flat, adopters have beside their time effects a mean of
their own at each of the last periods before adoption, ``g = (g_1, .., g_K)``, common to cohorts and
strata. A design that lets units respond k periods early has ``g_1, .., g_k ~ N(0, s^2)``, and zero
for what is earlier. With flat g the posterior is ``N(m, V)``, so that, P the prior covariance,

    log p(y | k periods) - log p(y | none) = log N(m; 0, V + P) - log N(m; 0, V),

a Savage-Dickey ratio, once without a drift and once with it. Between the two stands the log Bayes
factor of parallel trends. The leads that a design does not free, ``(g_k+1, .., g_K)``, are its own
check: they are zero if it is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from bayes_nqp.checks.shared import reason
from bayes_nqp.checks.trends._bayes_factor import evidence_against_drift, untreated
from bayes_nqp.checks.trends._differential_trend import widened
from bayes_nqp.checks.trends._leads import freedom, tail_of
from bayes_nqp.designs import Design, DifferentialTrends
from bayes_nqp.errors import Hint, IdentificationError, NQPError
from bayes_nqp.fitting import Fit, covariate_slopes, once, panel_of, refit
from bayes_nqp.language import NOTHING, Message, listed
from bayes_nqp.panel import Panel

__all__ = ["CANDIDATES", "Candidate", "Evidence", "evidence_of", "last_period_alone", "own_leads"]

Array = npt.NDArray[np.float64]

_NEAR = 3
"""Periods before adoption that have means of their own."""
_STANDS_OUT = 0.05
"""Tail probability of zero below which a mean stands out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A design beside the fit's: the same but for what is assumed of adopters before adoption.

    Parameters
    ----------
    name : Message
        In words.
    early : int, default 0, periods
        By which units may respond sooner than the fit's design lets them.
    drift : bool, default False
        Whether adopters may drift.
    """

    name: Message
    early: int = 0
    drift: bool = False

    def changes(self, fit: Fit) -> dict[str, object]:
        """Arguments by which it differs from the fit's design."""
        facts = fit.facts
        stated, ahead = facts.term(DifferentialTrends), facts.anticipation + self.early
        changes: dict[str, object] = {}
        if self.early:
            changes["anticipation"] = ahead
        if self.drift != (stated is not None) or facts.has("factors"):
            changes["trends"] = DifferentialTrends() if self.drift else None
        if self.drift and facts.leads:
            changes["controls"] = "all"
        return changes

    def design(self, fit: Fit) -> Design:
        """The design, as `fit` takes it."""
        return fit.design.variant(self.changes(fit))

    def hint(self, fit: Fit) -> Message:
        """What to write for it."""
        changes = self.changes(fit)
        return listed([Message("{}", Hint(*change)) for change in changes.items()], len(changes))


CANDIDATES: Final = (
    Candidate(Message("parallel trends")),
    Candidate(Message("a response or dip one period before adoption"), 1),
    Candidate(Message("a response two periods before adoption"), 2),
    Candidate(Message("differential trends"), drift=True),
    Candidate(
        Message("differential trends and a response or dip one period before adoption"), 1, True
    ),
)
"""Whoever adds a design adds a line."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What untreated rows say of a candidate.

    Parameters
    ----------
    value : float
        Log marginal likelihood less that of parallel trends; missing where there is none.
    error : float
        Its Monte-Carlo error.
    tail : float
        Tail probability of zero of the leads that the design does not free; missing without any.
    reason : Message
        Why there is no evidence.
    """

    candidate: Candidate
    value: float = np.nan
    error: float = 0.0
    tail: float = np.nan
    reason: Message = NOTHING


def evidence_of(fit: Fit) -> tuple[Evidence, ...]:
    """Weigh every candidate on untreated rows; the fit keeps what it rests on.

    Returns
    -------
    tuple of Evidence
        In the order of `CANDIDATES`.
    """
    return once(fit, "candidates", lambda: tuple(_weighed(fit, x) for x in CANDIDATES))


def own_leads(fit: Fit) -> float:
    """Tail probability of zero of the means just before adoption that a fit's design does not free.

    Returns
    -------
    float
        Missing where the panel cannot tell any.
    """
    own = next(x for x in CANDIDATES if not x.changes(fit))
    return _weighed(fit, own).tail


def last_period_alone(fit: Fit) -> bool:
    """Whether adopters stand out in the last period before adoption, and in none before it."""
    try:
        means = _means(fit, drift=False)
    except NQPError:
        return False
    if means is None or means[0].shape[1] < 2:
        return False
    degrees = _freedom(fit)
    last, others = (tail_of(x, degrees) for x in (means[0][:, :1], means[0][:, 1:]))
    return last < _STANDS_OUT <= others


def _freedom(fit: Fit) -> float:
    """Degrees of freedom of adopters against the never treated."""
    ever = np.asarray(panel_of(fit).cohort_codes) >= 0
    return freedom(int(ever.sum()), int((~ever).sum()))


def _means(fit: Fit, *, drift: bool) -> tuple[Array, float] | None:
    return once(fit, ("near", drift), partial(_near, fit, drift=drift))


def _weighed(fit: Fit, candidate: Candidate) -> Evidence:
    if not fit.takes("trends", "anticipation"):
        if not (candidate.early or candidate.drift):
            return Evidence(candidate, 0.0)
        return Evidence(candidate, reason=Message("this design has no such choice"))
    try:
        value, error = (
            once(fit, "drift", partial(evidence_against_drift, fit))
            if candidate.drift
            else (0.0, 0.0)
        )
        means = _means(fit, drift=candidate.drift)
        if means is None:
            if candidate.early:
                return Evidence(candidate, reason=Message("too few periods before adoption"))
            return Evidence(candidate, -value, error)
        draws, s = means
        if draws.shape[1] < candidate.early:
            return Evidence(candidate, reason=Message("too few periods before adoption"))
    except NQPError as refusal:
        return Evidence(candidate, reason=reason(refusal))
    later = draws[:, candidate.early :]
    tail = tail_of(later, _freedom(fit)) if later.size else np.nan
    return Evidence(candidate, _ratio(draws, candidate.early, s) - value, error, tail)


def _ratio(draws: Array, early: int, s: float) -> float:
    """Log marginal likelihood with means that are free, less that without (module)."""
    covariance = np.atleast_2d(np.cov(draws, rowvar=False))
    prior = np.diag(np.where(np.arange(draws.shape[1]) < early, s**2, 0.0))
    mean, zero = draws.mean(axis=0), np.zeros(draws.shape[1])
    with_, without = (
        stats.multivariate_normal(zero, c, allow_singular=True).logpdf(mean)
        for c in (covariance + prior, covariance)
    )
    return float(with_ - without)


def _near(fit: Fit, *, drift: bool) -> tuple[Array, float] | None:
    """Draws (draw, period) of adopters' means just before adoption, and ``s``; outcome units."""
    panel = panel_of(fit)
    flat = untreated(fit.outcome_design, panel, fit.facts.noise)
    if drift:
        flat = flat.variant({"trends": DifferentialTrends()})
    for number in range(_NEAR, 0, -1):
        wider, names = _with_near(panel, fit.facts.anticipation, number)
        if not names:
            continue
        stated = flat.facts.covariates
        changes = {} if stated is None else {"covariates": (*stated, *names)}
        try:
            fitted = refit(fit, flat.variant(changes), wider)
        except IdentificationError:
            continue
        slopes = covariate_slopes(fitted, names)
        return slopes.reshape(-1, number), fitted.plan.equations[0].scale
    return None


def _with_near(panel: Panel, ahead: int, number: int) -> tuple[Panel, tuple[str, ...]]:
    """Give a panel a covariate for each of the last untreated periods of adopters."""
    start = np.where(panel.cohort_codes >= 0, panel.cohort_codes - ahead, -1)[panel.unit_codes]
    distance = np.where(start >= 0, start - panel.time_codes, 0)
    columns = np.stack([distance == k for k in range(1, number + 1)]).astype(np.float64)
    if not columns.any(axis=1).all():
        return panel, ()
    return widened(panel, "period before adoption", columns)
